"""The one place of the forms that touches files: from a path in the inbox to a `FilledForm`.

A workbook goes through the same gates as a delivery: size, archive bombs, a parser in a process of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

from assets.forms.collect import Around
from assets.forms.read_json import read_json
from assets.forms.read_workbook import Sheet, is_form_workbook, read_workbook
from assets.forms.types import FilledForm, FormDefinition, FormKind
from assets.intake.guards import check_size, too_large
from assets.intake.isolated import ParserFailed, parse
from assets.intake.limits import IntakeLimits, load_limits
from assets.intake.names import check_name, linked_file, shown_name
from assets.intake.workbook import check_workbook, unreadable_workbook
from assets.methods.errors import PipelineError

FORM_SUFFIXES = (".xlsx", ".json")
MAX_BYTES, MAX_UNPACKED, PARSE_SECONDS = 10_000_000, 80_000_000, 60.0
"""Of a form, which is small beside a delivery."""
PREDECESSOR_SHEETS = frozenset({"sammanfattning", "kartläggande frågor"})
_FORMULA = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3}\d{1,7})"[^>]*>\s*<f\b')
_SHEET = re.compile(r'<sheet\b[^>]*?\bname="([^"]*)"[^>]*?\br:id="([^"]+)"')
_RELATION = re.compile(r"<Relationship\b[^>]*>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))


def read_forms(path: Path, definitions: Mapping[FormKind, FormDefinition], around: Around) -> tuple[FilledForm, ...]:
    """The forms of one file from the inbox: one, but of a predecessor's workbook one per date that was filled in.

    Raises:
        PipelineError: `bad_name`, `empty`, `unsupported_format`, `too_large`, `unreadable`, and those of `read_workbook`,
            `read_json` and the predecessor's reader.
    """
    limits = _limits()
    if path.is_symlink():
        raise linked_file(path.name)
    check_name(path.name, limits.max_name_characters)
    name = shown_name(path.name)
    check_size(path, MAX_BYTES)
    content = path.read_bytes()
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise PipelineError(
            "empty", name, "ett ifyllt formulär", "en tom fil", "Spara filen på nytt och lägg den i inkorgen igen."
        )
    suffix = path.suffix.lower()
    if suffix == ".json":
        return (_with_name_note(read_json(name, content, definitions, around), name, around),)
    if suffix != ".xlsx":
        hint = "Spara formuläret som Excel-arbetsbok (.xlsx), eller spara från webbsidan (.json)."
        got = f"filtypen {suffix}" if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else "en annan filtyp"
        raise PipelineError("unsupported_format", name, "en fil av typen .xlsx eller .json", got, hint)
    sheets = workbook_sheets(path, limits)
    if not is_form_workbook(sheets) and {sheet.name.strip().casefold() for sheet in sheets} >= PREDECESSOR_SHEETS:
        return _predecessor(name, sheets, around)
    return (_with_name_note(read_workbook(name, sheets, definitions, around), name, around),)


def _with_name_note(form: FilledForm, file_name: str, around: Around) -> FilledForm:
    """The form, with a note where its file is named after another municipality. What the form says counts."""
    named = _named(file_name, around.municipalities)
    if len(named) != 1 or form.municipality_code in named:
        return form
    (other,) = named
    own = form.municipality_code
    note = (
        f"Filens namn nämner {around.municipalities[other]} ({other}) men formuläret gäller "
        f"{around.municipalities[own]} ({own}). Det är formulärets uppgift som räknas."
    )
    return replace(form, notes=(*form.notes, note))


def _predecessor(name: str, sheets: Sequence[Sheet], around: Around) -> tuple[FilledForm, ...]:
    """The forms of a workbook as municipalities filled them before; it doesn't say whose it is, so its name has to."""
    from assets.catalogue.prevention import load_activities
    from assets.forms.predecessor import predecessor_forms

    code = _municipality(name, around.municipalities)
    forms = predecessor_forms({sheet.name: sheet.rows for sheet in sheets}, load_activities(), code, name)
    if not forms:
        hint = "Fyll i arbetsboken, eller ta bort den ur inkorgen."
        raise PipelineError("empty", name, "minst en kolumn med svar", "en arbetsbok utan svar", hint)
    if any(form.answered_on > around.today for form in forms):
        hint = "Rätta datumet överst i kolumnen, spara och lägg filen i inkorgen igen."
        raise PipelineError("future_date", name, "datum som har varit", "ett datum som inte har varit", hint)
    return forms


def _municipality(file_name: str, municipalities: Mapping[str, str]) -> str:
    """The code of the municipality that a file name tells, by code or name. Raises PipelineError `unknown_municipality`."""
    found = _named(file_name, municipalities)
    if len(found) == 1:
        return found.pop()
    got = "ett namn utan kommun" if not found else "namnet på flera kommuner"
    hint = "Döp om filen så att den börjar med kommunkoden, till exempel 0127, och lägg den i inkorgen igen."
    raise PipelineError("unknown_municipality", file_name, "kommunens kod eller namn i filnamnet", got, hint)


def _named(file_name: str, municipalities: Mapping[str, str]) -> set[str]:
    """Codes of the municipalities that a file name tells, by code or, without any code, by name."""
    words = unicodedata.normalize("NFC", Path(file_name).stem).casefold()
    codes = {code for code in re.findall(r"(?<!\d)\d{4}(?!\d)", words) if code in municipalities}
    plain = f" {' '.join(re.split(r'[^a-zåäöé]+', words))} "
    named = {code for code, name in municipalities.items() if f" {' '.join(name.casefold().split('-'))} " in plain}
    return codes or named


def workbook_sheets(path: Path, limits: IntakeLimits | None = None) -> list[Sheet]:
    """The sheets of a workbook as texts, after the gates that every workbook passes.

    Raises:
        PipelineError: `unreadable` (also one with a password), `too_large`.
    """
    check_workbook(path, limits or _limits())
    try:
        parsed = parse("xlsx", path, PARSE_SECONDS)
    except ParserFailed as failed:
        if failed.kind == "slow":
            raise too_large(path.name, "ett formulär av rimlig storlek", "en fil som tar för lång tid att läsa") from None
        raise unreadable_workbook(path.name) from None
    formulas = _formulas(path)
    return [
        Sheet(
            about["name"],
            tuple(tuple(cell or "" for cell in row) for row in frame.rows()),
            formulas.get(about["name"], frozenset()),
        )
        for about, frame in zip(parsed.about["sheets"], parsed.tables, strict=True)
    ]


def _limits() -> IntakeLimits:
    limits = load_limits()
    book = limits.workbook.model_copy(update={"max_bytes": MAX_BYTES, "max_unpacked_bytes": MAX_UNPACKED})
    return limits.model_copy(update={"workbook": book})


def _formulas(path: Path) -> dict[str, frozenset[str]]:
    """Sheet name -> the cells that hold a formula. Only for an archive that `check_workbook` has let through."""
    with ZipFile(path) as archive:
        parts = set(archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= parts:
            return {}
        relations = {}
        for tag in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")):
            told = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            relations[told.get("Id", "")] = "xl/" + told.get("Target", "").removeprefix("/xl/").removeprefix("./")
        found = {}
        for name, relation in _SHEET.findall(archive.read("xl/workbook.xml").decode("utf-8", "replace")):
            part = relations.get(relation, "")
            if part in parts:
                found[_unescaped(name)] = frozenset(cell.decode() for cell in _FORMULA.findall(archive.read(part)))
    return found


def _unescaped(text: str) -> str:
    for entity, letter in _ENTITIES:
        text = text.replace(entity, letter)
    return text
