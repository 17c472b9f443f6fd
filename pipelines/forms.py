"""`did formular`: forms to send out, one workbook and one offline page per municipality, and workbooks to go on from last time.

Only what a municipality itself has answered about its activities is shown to it again; raters of preconditions are anonymous, and
decisions belong to the workshop where they were made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from assets.asset_keys import reached
from assets.catalogue.load import load_catalogue
from assets.catalogue.personal_data import load_name_words
from assets.forms.definitions import form_definitions
from assets.forms.harmonise import standing
from assets.forms.layout import KIND_WORDS, form_file_stem
from assets.forms.page import form_page
from assets.forms.types import ROUND_PATTERN, FilledForm, FormAnswer, FormDefinition
from assets.forms.workbook import form_workbook
from assets.methods.errors import PipelineError, count_sv
from assets.whole_files import put
from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse

FILES, ANSWERS = TableName("raw", "form_files"), TableName("raw", "form_answers")


def write_forms(
    home: Path, round_: str, municipality: str | None = None, kind: str | None = None, only: Sequence[str] = ()
) -> list[str]:
    """Write the forms of a round to `<home>/formular/<round>/<code>_<name>/`.

    Args:
        round_: `2026` or `2026-2`. municipality: a code; all of them when none is given. kind: one of `KIND_WORDS`' words.
        only: codes of the municipalities when no single one is given; a pilot's.

    Returns:
        Lines for the terminal.

    Raises:
        PipelineError: `no_forms_here` (the profile has none), `bad_round`, `unknown_municipality`.
    """
    if not reached("raw", "form_files"):
        raise PipelineError("no_forms_here", "Profilen", "en profil med formulär", "en utan", "Kör utan --profil.")
    if not re.match(ROUND_PATTERN, round_):
        raise PipelineError("bad_round", "Omgången", "ett år som 2026 eller 2026-2", "något annat", "Ange året efter --omgang.")
    places = {m.municipality_code: (m.municipality_code, m.name, m.ascii_name) for m in load_catalogue().municipalities}
    if municipality is not None and municipality not in places:
        raise PipelineError(
            "unknown_municipality", "Kommunen", "en av länets kommunkoder", "en annan", f"Välj bland {', '.join(sorted(places))}."
        )
    wanted = {word: name for name, word in KIND_WORDS.items()}
    definitions = {k: d for k, d in form_definitions().items() if kind is None or k == wanted[kind]}
    folder = Paths(home).blank_forms / round_
    earlier = _earlier(Warehouse(Paths(home).warehouse))
    written = 0
    for code in [municipality] if municipality else sorted(only or places):
        place = folder / f"{code}_{places[code][2]}"
        place.mkdir(parents=True, exist_ok=True)
        for name, content in _files(definitions.values(), (code, places[code][1]), round_, earlier.get(code, ())).items():
            put(place / name, content)
            written += 1
    return [
        f"{count_sv(written, 'formulär', 'formulär')} skrevs i {folder}",
        "Excel-filerna och webbsidorna har samma frågor; kommunen väljer en av dem.",
        f"Lägg de ifyllda filerna i {Paths(home).forms} och kör did kor.",
    ]


def _files(
    definitions: Iterable[FormDefinition], municipality: tuple[str, str], round_: str, earlier: Sequence[FilledForm]
) -> dict[str, bytes]:
    """The files of one municipality by name."""
    made: dict[str, bytes] = {}
    for definition in definitions:
        stem = form_file_stem(definition, municipality, round_)
        made[f"{stem}.xlsx"] = form_workbook(definition, municipality, round_)
        made[f"{stem}.html"] = form_page(definition, load_name_words(), municipality, round_)
        for form in earlier if definition.kind == "activities" else ():
            name = f"{form_file_stem(definition, municipality, round_, form.role)}_fran_{form.round}.xlsx"
            made[name] = form_workbook(definition, municipality, round_, form)
    return made


def _earlier(warehouse: Warehouse) -> Mapping[str, list[FilledForm]]:
    """Municipality -> each role's newest form about activities, to go on from."""
    files = warehouse.read(FILES)
    if files.is_empty():
        return {}
    newest = (
        standing(files, "activities")
        .files.sort("municipality_code", "role", "round")
        .unique(["municipality_code", "role"], keep="last", maintain_order=True)
    )
    cells = warehouse.read(ANSWERS, {"form_id": newest["form_id"].to_list()})
    found: dict[str, list[FilledForm]] = {}
    for row in newest.iter_rows(named=True):
        own = cells.filter(pl.col("form_id") == row["form_id"]).sort("section", "item_id", "field")
        answers = tuple(FormAnswer(*cell) for cell in own.select("section", "item_id", "field", "value", "place").iter_rows())
        form = FilledForm(
            kind="activities",
            version=row["version"],
            municipality_code=row["municipality_code"],
            round=row["round"],
            answered_on=row["answered_on"],
            role=row["role"],
            source_format=row["source_format"],
            head={},
            answers=answers,
        )
        found.setdefault(row["municipality_code"], []).append(form)
    return found


def this_year() -> str:
    """The round when none is given."""
    return str(date.today().year)  # noqa: DTZ011 - the year on the calendar where the person sits
