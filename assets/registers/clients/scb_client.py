"""SCB's PxWeb API v2: the tables of the catalogue for the county's municipalities, one file per table and day.

Limits (cells per answer, calls per window) are read from `/config` before anything else. What the catalogue asks for is compared
with the table's metadata first, so a table that has changed stops with a sentence instead of giving something else.

From reference year 2025 SCB adds small random numbers to every population figure, totals included (Cell Key Method): parts no
longer add up to totals. Those rows have `perturbed` = true, totals are fetched as published and nothing is added up here.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from assets.methods.errors import PipelineError
from assets.registers import jsonstat
from assets.registers.clients.http import Fetcher, Pace
from assets.registers.models import RegisterSource, ScbTable

BASE_URL = "https://statistikdatabasen.scb.se/api/v2"
DIMENSION = "dim_"
#: Besides these, one text column `dim_<code>` per dimension; a dimension that was left out of the question is empty.
FIXED_COLUMNS: dict[str, pl.DataType] = {
    "scb_table": pl.String(),
    "value": pl.Float64(),
    "status": pl.String(),
    "perturbed": pl.Boolean(),
    "updated": pl.String(),
    "title": pl.String(),
}


@dataclass(frozen=True)
class Limits:
    """What `/config` allows: cells per answer, calls per window and the window's length in seconds."""

    cells: int
    calls: int
    seconds: float


@dataclass(frozen=True)
class ScbVintage:
    """What was fetched of one table: `frame` (`FIXED_COLUMNS` and the dimensions) and Swedish sentences about it."""

    frame: pl.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()


def read_limits(fetcher: Fetcher) -> Limits:
    """Ask for the limits and pace the fetcher by them.

    Raises:
        PipelineError: as `Fetcher.json`; `old_api` when the address answers as another version than 2.
    """
    config = fetcher.json("/config", accept=lambda answer: "apiVersion" in answer)
    version = str(config["apiVersion"])
    if not version.startswith("2."):
        raise PipelineError(
            "old_api", f"SCB ({fetcher.base_url})", "PxWeb API version 2", f"version {version}", "Kontrollera --bas-url."
        )
    limits = Limits(
        int(config.get("maxDataCells") or 100_000),
        int(config.get("maxCallsPerTimeWindow") or 1),
        float(config.get("timeWindow") or 1),
    )
    fetcher.pace = Pace(limits.calls, limits.seconds, sleep=fetcher.sleep)
    return limits


def fetch(fetcher: Fetcher, source: RegisterSource, areas: Sequence[str]) -> ScbVintage:
    """Fetch the catalogue's table.

    Args:
        fetcher: at SCB's address.
        source: catalogue `scb.yml`; its `table` says what to ask for and its indicators which categories.
        areas: region codes wanted.

    Raises:
        PipelineError: as `Fetcher.json`; `changed_table`, `empty_answer`, `bad_answer`.
    """
    table = source.table
    if table is None:
        raise ValueError(f"{source.source} has no table")
    limits = read_limits(fetcher)
    metadata = fetcher.json(f"/tables/{table.id}/metadata", {"lang": "sv"}, accept=lambda answer: "dimension" in answer)
    asked = questions(metadata, table, source, areas)
    frames = []
    for selection in asked:
        for part in split(selection, limits.cells):
            answer = fetcher.json(f"/tables/{table.id}/data", {"lang": "sv", "outputFormat": "json-stat2"}, _body(part), _is_data)
            frames.append(_rows(answer, table, metadata))
    frame = pl.concat([part.select(_columns(metadata)) for part in frames]).unique(maintain_order=True)
    if frame["value"].drop_nulls().is_empty():
        raise PipelineError("empty_answer", f"SCB, tabellen {table.id}", "värden", "ett svar utan värden", "Försök igen senare.")
    dimensions = [name for name in frame.columns if name.startswith(DIMENSION)]
    held = set(frame[DIMENSION + table.region])
    silent = [code for code in areas if code not in held]
    notes = [f"SCB:s tabell {table.id} har inga värden för {', '.join(silent)}."] if silent else []
    if frame["perturbed"].any():
        notes.append(
            f"Från {table.perturbed_from} lägger SCB en slumpmässig osäkerhet i värdena (CKM): delar summerar inte till totaler."
        )
    return ScbVintage(frame.sort(dimensions), tuple(notes))


def questions(
    metadata: Mapping[str, Any], table: ScbTable, source: RegisterSource, areas: Sequence[str]
) -> list[dict[str, list[str]]]:
    """The selections (dimension -> codes) that answer the catalogue's wishes, checked against the table's metadata.

    Both sexes together are asked for by their own code, or by leaving the dimension out: never by adding up.

    Raises:
        PipelineError: `changed_table`, naming what the table no longer has.
    """
    held = {name: set(d["category"]["label"]) for name, d in metadata["dimension"].items()}
    title = str(metadata.get("label", ""))
    if not title.casefold().startswith(table.label.casefold()):
        raise _changed(table, f"en titel som börjar med ”{table.label}”", f"”{title}”")
    wanted: dict[str, list[str]] = {table.region: [code for code in areas if code in held.get(table.region, set())]}
    wanted |= {name: [code] for name, code in table.fixed.items()}
    for name, code in (pair for indicator in source.indicators for pair in indicator.where.items()):
        wanted[name] = [*wanted.get(name, []), *([] if code in wanted.get(name, []) else [code])]
    pattern = re.compile(table.period)
    periods = sorted(held.get(table.time, set()))
    wanted[table.time] = [p for p in periods if pattern.search(p) and int(p[:4]) >= table.first_year]
    sexes = [*table.sex_codes, *([table.sex_total] if table.sex_total else [])]
    if table.sex and sexes:
        wanted[table.sex] = sexes
    _check(table, held, wanted, metadata)
    if not table.sex or table.sex_total:
        return [wanted]
    together = {name: codes for name, codes in wanted.items() if name != table.sex}
    _check(table, held, together, metadata)
    return [wanted, together]


def _check(table: ScbTable, held: Mapping[str, set[str]], wanted: Mapping[str, list[str]], metadata: Mapping[str, Any]) -> None:
    for name, codes in wanted.items():
        if name not in held:
            raise _changed(table, f"dimensionen {name}", "en tabell utan den")
        lacking = [code for code in codes if code not in held[name]]
        if lacking or not codes:
            raise _changed(
                table, f"koderna {', '.join(codes) or 'för de önskade områdena och åren'} i {name}", "en tabell utan dem"
            )
    for name, dimension in metadata["dimension"].items():
        if name not in wanted and not dimension.get("extension", {}).get("elimination"):
            raise _changed(table, "att katalogen väljer ur alla dimensioner", f"en ny dimension, {name}")


def split(selection: Mapping[str, list[str]], most_cells: int) -> list[dict[str, list[str]]]:
    """Cut a selection into parts of at most `most_cells` cells, along its longest dimension first."""
    cells = math.prod(len(codes) for codes in selection.values())
    if cells <= most_cells:
        return [dict(selection)]
    name = max(selection, key=lambda n: len(selection[n]))
    codes = selection[name]
    if len(codes) == 1:
        raise ValueError(f"one cell is more than {most_cells}")
    step = max(1, most_cells * len(codes) // cells)
    parts = [dict(selection) | {name: codes[start : start + step]} for start in range(0, len(codes), step)]
    return list(itertools.chain.from_iterable(split(part, most_cells) for part in parts))


def _body(selection: Mapping[str, list[str]]) -> dict[str, Any]:
    return {"selection": [{"variableCode": name, "valueCodes": codes} for name, codes in selection.items()]}


def _is_data(answer: dict[str, Any]) -> bool:
    return "dimension" in answer and "value" in answer


def _rows(answer: Mapping[str, Any], table: ScbTable, metadata: Mapping[str, Any]) -> pl.DataFrame:
    frame = jsonstat.parse(answer, table.id)
    absent = [pl.lit(None, pl.String).alias(DIMENSION + name) for name in metadata["id"] if name not in frame.columns]
    return frame.rename({name: DIMENSION + name for name in frame.columns if name not in ("value", "status")}).with_columns(
        *absent,
        scb_table=pl.lit(table.id),
        perturbed=perturbed(DIMENSION + table.time, table),
        updated=pl.lit(str(answer.get("updated") or "")),
        title=pl.lit(str(metadata.get("label") or "")),
    )


def perturbed(column: str, table: ScbTable) -> pl.Expr:
    """Whether the period (text that begins with the year) is one that SCB adds noise to."""
    return pl.col(column).str.slice(0, 4).cast(pl.Int32) >= table.perturbed_from


def _columns(metadata: Mapping[str, Any]) -> list[pl.Expr]:
    names = [DIMENSION + name for name in metadata["id"]]
    fixed = [pl.col(name).cast(kind) for name, kind in FIXED_COLUMNS.items()]
    return [fixed[0], *[pl.col(n).cast(pl.String) for n in names], *fixed[1:]]


def _changed(table: ScbTable, expected: str, got: str) -> PipelineError:
    return PipelineError(
        "changed_table",
        f"SCB, tabellen {table.id}",
        expected,
        got,
        "Har tabellen ändrats? Rätta catalogue/registers/scb.yml.",
    )
