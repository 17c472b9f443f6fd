"""What differs between two runs: files, definitions, code, choices, and every released number. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import polars as pl

from assets.ledger.types import Output, Run

Kind = Literal["ändrad", "ny", "borta"]
CHANGED: Kind = "ändrad"
NEW: Kind = "ny"
GONE: Kind = "borta"
CELL_KEYS = ("table_name", "edition", "area_level", "area_code", "wave", "grade", "sex", "key", "measure")
FACTS = ("value", "low", "high", "n", "reason")


class Named(Protocol):
    """A row of one of a run's lists."""

    kind: str
    name: str


@dataclass(frozen=True)
class Change:
    """A file, a definition, a package, a choice or a bundle that is another one in the later run."""

    what: str
    name: str
    change: Kind
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class TableChange:
    """How many numbers of a released table changed. `unknown`: the numbers of one of the runs are kept no longer."""

    table_name: str
    changed: int = 0
    new: int = 0
    gone: int = 0
    unknown: bool = False

    @property
    def total(self) -> int:
        """Numbers that differ."""
        return self.changed + self.new + self.gone


@dataclass(frozen=True)
class Difference:
    """All of it; `cells`: a row per number that differs, `CELL_KEYS`, `change`, and each of `FACTS` before and after."""

    before: Run
    after: Run
    inputs: tuple[Change, ...] = ()
    definitions: tuple[Change, ...] = ()
    choices: tuple[Change, ...] = ()
    bundles: tuple[Change, ...] = ()
    tables: tuple[TableChange, ...] = ()
    cells: pl.DataFrame = field(default_factory=lambda: cell_changes(None, None))


def named_changes(what: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Name -> version, before and after: what is new, gone or another."""
    return [
        Change(what, name, _kind(before.get(name), after.get(name)), before.get(name, ""), after.get(name, ""))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def listed_changes(before: Iterable[tuple[str, str, str]], after: Iterable[tuple[str, str, str]]) -> list[Change]:
    """(kind, name, version) before and after. A name may have several versions: a corrected file under the same name."""
    then, now = _versions(before), _versions(after)
    found = []
    for kind, name in sorted({*then, *now}):
        old, new = then.get((kind, name), set()), now.get((kind, name), set())
        if old == new:
            continue
        gone, come = sorted(old - new), sorted(new - old)
        if gone and come:
            found.append(Change(kind, name, CHANGED, ", ".join(gone), ", ".join(come)))
        else:
            found.append(Change(kind, name, NEW if come else GONE, ", ".join(gone), ", ".join(come)))
    return found


def _versions(rows: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for kind, name, version in rows:
        found.setdefault((kind, name), set()).add(version)
    return found


def _kind(before: str | None, after: str | None) -> Kind:
    return NEW if before is None else GONE if after is None else CHANGED


def differing(before: Sequence[Output], after: Sequence[Output]) -> list[tuple[Output | None, Output | None]]:
    """The slices of released tables whose content differs, by table and wave."""
    then = {(one.table_name, one.wave): one for one in before if one.content_hash}
    now = {(one.table_name, one.wave): one for one in after if one.content_hash}
    pairs = [(then.get(key), now.get(key)) for key in sorted({*then, *now}, key=lambda k: (k[0], k[1] is not None, k[1] or 0))]
    return [(a, b) for a, b in pairs if (a and a.content_hash) != (b and b.content_hash)]


def cell_changes(before: pl.DataFrame | None, after: pl.DataFrame | None) -> pl.DataFrame:
    """The numbers that differ between two frames of cells (None: no such table), sorted.

    Rows of the same key, of which there are none but for mended tables, are paired in the order of their numbers.
    """
    then, now = _prepared(before), _prepared(after)
    both = then.join(now, on=[*CELL_KEYS, "number"], how="full", coalesce=True, nulls_equal=True, suffix="_after")
    was, is_now = pl.col("there").is_not_null(), pl.col("there_after").is_not_null()
    other = pl.any_horizontal(pl.col(one).ne_missing(pl.col(f"{one}_after")) for one in FACTS)
    change = pl.when(~was).then(pl.lit(NEW)).when(~is_now).then(pl.lit(GONE)).otherwise(pl.lit(CHANGED))
    facts = [pair for one in FACTS for pair in (pl.col(one).alias(f"{one}_before"), pl.col(f"{one}_after"))]
    return both.filter(other | ~was | ~is_now).select(*CELL_KEYS, change.alias("change"), *facts).sort(pl.all())


def _prepared(cells: pl.DataFrame | None) -> pl.DataFrame:
    if cells is None:
        schema = dict.fromkeys(CELL_KEYS, pl.String) | {"wave": pl.Int32} | dict.fromkeys(FACTS, pl.Float64)
        cells = pl.DataFrame(schema=schema | {"reason": pl.String})
    ordered = cells.select(*CELL_KEYS, *FACTS).sort(pl.all())
    return ordered.with_columns(number=pl.int_range(pl.len()).over(CELL_KEYS), there=pl.lit(True))


def table_changes(cells: pl.DataFrame, unknown: Iterable[str], differed: Iterable[str]) -> tuple[TableChange, ...]:
    """The numbers that differ counted by table; a table that differs in texts only has none."""
    counted = {(table, change): n for table, change, n in cells.group_by("table_name", "change").len().iter_rows()}
    lost = set(unknown)
    return tuple(
        TableChange(name, *(counted.get((name, kind), 0) for kind in (CHANGED, NEW, GONE)), unknown=name in lost)
        for name in sorted({*differed, *lost})
    )
