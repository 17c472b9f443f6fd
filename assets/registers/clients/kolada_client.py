"""Kolada's API v3: one vintage of the wanted key figures for the county, in the layout of the bundled vintages.

What the API does and a client must know: at most 25 ids in each part of the address and 5 000 rows a page; 429 when asked too
often; unknown ids give nothing at all and no error, so what was asked for is compared with what came; deleted values are sent
with `isdeleted`. A key figure's id can get another meaning, so its title is compared with the catalogue's before anything is
fetched.
"""

from __future__ import annotations

import itertools
import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from assets.methods.errors import PipelineError
from assets.registers.clients.http import Fetcher
from assets.registers.models import Indicator

BASE_URL = "https://api.kolada.se/v3"
IDS_PER_SEGMENT = 25
ROWS_PER_PAGE = 5000
MOST_PAGES = 1000
FIRST_YEAR = 2010
#: As the bundled vintages, and the title that the key figure had on the day.
COLUMNS: dict[str, pl.DataType] = {
    "kpi": pl.String(),
    "municipality_id": pl.String(),
    "year": pl.Int32(),
    "count": pl.Int32(),
    "gender": pl.String(),
    "status": pl.String(),
    "value": pl.Float64(),
    "municipality": pl.String(),
    "municipality_type": pl.String(),
    "kpi_title": pl.String(),
}
_KEY = ["kpi", "municipality_id", "year", "gender"]
#: What a number is counted in, by the words of a title; when it changes, the numbers aren't of the same kind any more.
_UNITS = {
    "percent": r"%|\bandel\b|\bprocent\b",
    "per_100000": r"(?:per|/)\s*100\s?000\b",
    "per_10000": r"(?:per|/)\s*10\s?000\b",
    "per_1000": r"(?:per|/)\s*1\s?000\b",
    "per_head": r"(?:per |/)(?:inv|barn|elev)",
    "money": r"\b(?:t|m)?kr\b|\bmnkr\b",
    "score": r"\bindex\b|\bpoäng\b|\bmedelvärde\b|\bmeritvärde\b",
}
_SAME_MEANING = 0.5
"""Share of the words that two titles must have in common to mean the same thing."""


@dataclass(frozen=True)
class KoladaVintage:
    """What was fetched: `frame` in `COLUMNS` sorted by key, and Swedish sentences about what was odd."""

    frame: pl.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()


def fetch(fetcher: Fetcher, kpis: Sequence[Indicator], areas: Sequence[str], years: Sequence[int]) -> KoladaVintage:
    """Fetch one vintage.

    Args:
        fetcher: at Kolada's address; its cache makes an interrupted run go on.
        kpis: key figures wanted, with their expected titles.
        areas: municipality codes wanted.
        years: years wanted.

    Raises:
        PipelineError: as `Fetcher.json`; `wrong_title` when an id means something else than expected; `empty_answer`;
            `bad_answer` when pages go in circles or two values collide.
    """
    described = [row for piece in _pieces([k.key for k in kpis]) for row in _pages(fetcher, f"/kpi/{piece}")[0]]
    titles = {str(row.get("id")): str(row.get("title") or "") for row in described}
    notes = check_titles(kpis, titles)
    towns = {str(row.get("id")): row for row in _pages(fetcher, "/municipality", {"region_type": "K"})[0]}
    lacking = [code for code in areas if code not in towns]
    if lacking:
        notes.append(f"Kolada känner inte till kommunkoderna {', '.join(lacking)}.")
    records, cut_short = _values(fetcher, [k.key for k in kpis], areas, years)
    if cut_short:
        notes.append(f"{cut_short} sidor som Kolada hade utlovat var tomma; något kan saknas i årgången.")
    frame = _frame(records, titles, towns)
    notes += _absences(frame, kpis, areas)
    return KoladaVintage(frame, tuple(notes))


def check_titles(kpis: Sequence[Indicator], titles: dict[str, str]) -> list[str]:
    """Compare the titles with the expected ones.

    Returns:
        A sentence per title with another wording; a key figure without a title isn't told here (see `fetch`).

    Raises:
        PipelineError: `wrong_title` when less than half of the words are the same, or the unit is another.
    """
    notes = []
    for kpi in kpis:
        got, expected = titles.get(kpi.key, ""), kpi.title_official or kpi.title_sv
        if not got or _plain(got) == _plain(expected):
            continue
        ours, theirs = set(_plain(expected).split()), set(_plain(got).split())
        alike = len(ours & theirs) / len(ours | theirs)
        if alike < _SAME_MEANING or _units(expected) != _units(got):
            raise PipelineError(
                "wrong_title",
                f"Kolada, nyckeltalet {kpi.key}",
                f"titeln ”{expected}”",
                f"”{got}”",
                "Nyckeltalet kan ha bytt innebörd. Kontrollera det hos Kolada och rätta title_official i "
                "assets/catalogue/registers/kolada.yml.",
            )
        notes.append(f"{kpi.key} heter nu ”{got}” hos Kolada. I katalogen står ”{expected}”.")
    return notes


def _plain(title: str) -> str:
    """Without case, punctuation, kinds of dashes and the mark "(-2021)" of a questionnaire that ended."""
    text = re.sub(r"\(\s*-?\s*\d{4}\)", " ", title.casefold()).replace("–", "-")
    return re.sub(r"\s+", " ", re.sub(r"[^\w%/ ]+", " ", text)).strip()


def _units(title: str) -> set[str]:
    return {unit for unit, words in _UNITS.items() if re.search(words, _plain(title))}


def _pieces(ids: Sequence[str]) -> list[str]:
    return [",".join(ids[start : start + IDS_PER_SEGMENT]) for start in range(0, len(ids), IDS_PER_SEGMENT)]


def _values(
    fetcher: Fetcher, kpis: Sequence[str], areas: Sequence[str], years: Sequence[int]
) -> tuple[list[dict[str, Any]], int]:
    records: list[dict[str, Any]] = []
    cut_short = 0
    for kpi, area, year in itertools.product(_pieces(kpis), _pieces(areas), _pieces([str(y) for y in years])):
        rows, empty = _pages(fetcher, f"/data/kpi/{kpi}/municipality/{area}/year/{year}")
        records += rows
        cut_short += empty
    return records, cut_short


def _pages(fetcher: Fetcher, path: str, choice: Mapping[str, str] | None = None) -> tuple[list[dict[str, Any]], int]:
    """All rows of a question, and 1 when a page that was promised came empty."""
    rows: list[dict[str, Any]] = []
    page = 1
    for _ in range(MOST_PAGES):
        query = dict(choice or {}) | {"per_page": str(ROWS_PER_PAGE)} | ({"page": str(page)} if page > 1 else {})
        answer = fetcher.json(path, query, accept=_is_page)
        rows += answer["values"]
        following = next_page(answer)
        if not answer["values"]:
            return rows, int(page > 1)
        if following is None:
            return rows, 0
        if following <= page:
            break
        page = following
    raise PipelineError(
        "bad_answer", f"Kolada ({fetcher.base_url})", "sidor i följd", "sidor som går i cirkel", "Försök igen senare."
    )


def _is_page(answer: dict[str, Any]) -> bool:
    values = answer.get("values")
    return isinstance(values, list) and all(isinstance(row, dict) for row in values)


def next_page(answer: dict[str, Any]) -> int | None:
    """The number of the next page, out of `next_url` (v3) or `next_page` (v2): an address, its query alone, or a number.

    The host that the address names isn't followed: all pages are asked for at the base address.
    """
    link = answer.get("next_url") or answer.get("next_page")
    if not link:
        return None
    text = str(link)
    query = urllib.parse.urlsplit(text).query or (text if "=" in text else f"page={text}")
    number = urllib.parse.parse_qs(query).get("page", [""])[0]
    return int(number) if number.isdigit() else None


def _flat(records: Sequence[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    for record in records:
        for value in record.get("values") or []:
            if not value.get("isdeleted"):
                number = value.get("value")
                yield (
                    str(record["kpi"]),
                    str(record["municipality"]),
                    int(record["period"]),
                    value.get("count"),
                    value.get("gender"),
                    value.get("status") or "",
                    None if number is None else float(number),
                )


def _frame(records: Sequence[dict[str, Any]], titles: dict[str, str], towns: dict[str, dict[str, Any]]) -> pl.DataFrame:
    try:
        rows = list(_flat(records))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PipelineError(
            "bad_answer",
            "Kolada",
            "värden med nyckeltal, kommun, år, kön och tal",
            f"en rad utan något av dem ({type(error).__name__})",
            "Har gränssnittet ändrats? Se docs/registers.md.",
        ) from error
    schema = dict(itertools.islice(COLUMNS.items(), 7))
    values = pl.DataFrame(rows, schema=schema, orient="row").unique(maintain_order=True)
    if values.is_empty():
        raise PipelineError("empty_answer", "Kolada", "värden", "ett svar utan värden", "Försök igen senare.")
    doubled = values.height - values.unique(_KEY).height
    if doubled:
        raise PipelineError(
            "bad_answer",
            "Kolada",
            "ett värde per nyckeltal, kommun, år och kön",
            f"{doubled} som säger emot",
            "Försök igen.",
        )
    by_code = {code: str(row.get("title") or "") for code, row in towns.items()}
    kinds = {code: str(row.get("type") or "") for code, row in towns.items()}
    named = values.with_columns(
        municipality=pl.col("municipality_id").replace_strict(by_code, default="", return_dtype=pl.String),
        municipality_type=pl.col("municipality_id").replace_strict(kinds, default="", return_dtype=pl.String),
        kpi_title=pl.col("kpi").replace_strict(titles, default="", return_dtype=pl.String),
    )
    return named.select(list(COLUMNS)).sort(_KEY)


def _absences(frame: pl.DataFrame, kpis: Sequence[Indicator], areas: Sequence[str]) -> list[str]:
    """What was asked for and didn't come."""
    held, towns = set(frame["kpi"]), set(frame["municipality_id"])
    gone = [k.key for k in kpis if k.key not in held and k.expected == "present"]
    back = [k.key for k in kpis if k.key in held and k.expected == "absent_in_vintage"]
    silent = [code for code in areas if code not in towns]
    return (
        ([f"Kolada lämnade inga värden för {', '.join(gone)}. De visas som ”saknas i årgången”."] if gone else [])
        + ([f"Kolada lämnar nu värden för {', '.join(back)}, som saknades tidigare."] if back else [])
        + ([f"Kolada lämnade inga värden för kommunerna {', '.join(silent)}."] if silent else [])
    )
