"""The one place of the forms that touches files: from a path in the inbox to a `FilledForm`.

A workbook goes through the same gates as a delivery: size, archive bombs, a parser in a process of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
PREDECESSOR_SHEETS = frozenset({"Sammanfattning", "Kartläggande frågor"})
_FORMULA = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3}\d{1,7})"[^>]*>\s*<f\b')
_SHEET = re.compile(r'<sheet\b[^>]*?\bname="([^"]*)"[^>]*?\br:id="([^"]+)"')
_RELATION = re.compile(r"<Relationship\b[^>]*>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))


def read_form_file(path: Path, definitions: Mapping[FormKind, FormDefinition], around: Around) -> FilledForm:
    """Read one file from the inbox.

    Raises:
        PipelineError: `bad_name`, `empty`, `unsupported_format`, `too_large`, `unreadable`, and those of `read_workbook` and
            `read_json`.
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
        return read_json(name, content, definitions, around)
    if suffix != ".xlsx":
        hint = "Spara formuläret som Excel-arbetsbok (.xlsx), eller spara från webbsidan (.json)."
        got = f"filtypen {suffix}" if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else "en annan filtyp"
        raise PipelineError("unsupported_format", name, "en fil av typen .xlsx eller .json", got, hint)
    sheets = workbook_sheets(path, limits)
    if not is_form_workbook(sheets) and {sheet.name for sheet in sheets} >= PREDECESSOR_SHEETS:
        return _predecessor(name, sheets, definitions, around)
    return read_workbook(name, sheets, definitions, around)


def _predecessor(
    name: str, sheets: Sequence[Sheet], definitions: Mapping[FormKind, FormDefinition], around: Around
) -> FilledForm:
    """The workbooks that municipalities filled before; what they ask is known beside the activities."""
    from assets.forms.predecessor import read_predecessor

    return read_predecessor(name, sheets, definitions["activities"], around)


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
