"""A JSON file that the offline page or the workshop board saved, as a `FilledForm`. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assets.forms import layout
from assets.forms.collect import Around, Collector, check_version, newer_form
from assets.forms.types import (
    FILE_FORMAT,
    FILE_FORMAT_VERSION,
    Field,
    FilledForm,
    FormDefinition,
    FormKind,
    Section,
    SourceFormat,
)
from assets.methods.errors import PipelineError

AGAIN = "Öppna filen på sidan som sparade den, spara på nytt och lägg den nya filen i inkorgen."
SOURCES: Mapping[str, SourceFormat] = {"html": "html", "board": "board"}


def read_json(file_name: str, content: bytes, definitions: Mapping[FormKind, FormDefinition], around: Around) -> FilledForm:
    """The filled form of a saved file. `source` in it tells the page (`html`) from the board (`board`, decisions' default).

    Raises:
        PipelineError: `unreadable` (no JSON), `not_a_form`, `unknown_form`, `newer_form`, `bad_structure`, and those of
            `Collector.finish`.
    """
    saved = _parsed(file_name, content)
    if not isinstance(saved, dict) or saved.get("format") != FILE_FORMAT:
        raise PipelineError("not_a_form", file_name, "ett sparat formulär", "en JSON-fil av något annat slag", AGAIN)
    if _text(saved.get("format_version")).split(".")[0] != FILE_FORMAT_VERSION.split(".")[0]:
        raise newer_form(file_name, _text(saved.get("format_version")), FILE_FORMAT_VERSION)
    kind = _text(saved.get("kind"))
    if kind not in definitions:
        raise PipelineError("unknown_form", file_name, "ett formulär som programmet känner", "ett annat", AGAIN)
    definition, version = definitions[kind], _text(saved.get("version"))
    older = check_version(file_name, version, definition)
    source = SOURCES.get(_text(saved.get("source")), "board" if kind == "decisions" else "html")
    found = Collector(definition, file_name, source, version, around, older)
    head, sections = saved.get("head"), saved.get("sections")
    if not isinstance(head, dict) or not isinstance(sections, dict):
        raise _structure(file_name)
    for field in definition.head:
        found.add_head(field, _given(file_name, head.get(field.name), field), f"Om formuläret, {field.label}")
    for name in head.keys() - {field.name for field in definition.head}:
        if head[name] not in ("", None, []):
            found.lose("en uppgift om formuläret som det inte frågar efter")
    known = {section.id: section for section in definition.sections}
    for section_id, rows in sections.items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise _structure(file_name)
        if section_id in known:
            _section(found, known[section_id], rows)
        elif rows:
            found.lose("ett avsnitt som inte finns i formuläret")
    return found.finish()


def _parsed(file_name: str, content: bytes) -> Any:
    """What the file says. A file may be cut, of another encoding, or nested deeper than any of ours."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PipelineError("unreadable", file_name, "en hel JSON-fil", "en fil som inte går att läsa som JSON", AGAIN) from error


def _section(found: Collector, section: Section, rows: list[dict[str, Any]]) -> None:
    known = {row.id: row for row in layout.rows(section)}
    fields = {field.name: field for field in section.fields}
    if layout.own_names(section):
        fields[layout.NAME_FIELD] = layout.name_field()
    taken: set[str] = set()
    for number, saved in enumerate(rows, 1):
        row_id = _text(saved.get("id"))
        row, free = known.get(row_id), layout.free_number(section, row_id)
        where = f"{section.title}, {row.label if row and not row.free else f'rad {number}'}"
        if row_id in taken or (row is None and free is None):
            found.lose(where)
            continue
        taken.add(row_id)
        asked = row.asked if row else frozenset(fields)
        for name, value in saved.items():
            if name == "id" or value in ("", None, []):
                continue
            field = fields.get(name)
            if field is None or not (name in asked or (free and name == layout.NAME_FIELD)):
                found.lose(where)
                continue
            found.add(section.id, row_id, field, _given(found.file_name, value, field), f"{where}, {field.label}")


def _given(file_name: str, value: object, field: Field | None = None) -> str:
    """A saved value as text; several choices with `;` between. Raises PipelineError `bad_structure` for anything else."""
    if isinstance(value, list) and field is not None and field.kind == "choices" and all(isinstance(v, str) for v in value):
        return ";".join(value)
    if isinstance(value, bool) or not isinstance(value, (str, int, float, type(None))):
        raise _structure(file_name)
    return "" if value is None else str(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _structure(file_name: str) -> PipelineError:
    return PipelineError(
        "bad_structure", file_name, "ett formulär så som sidan sparar det", "en fil som har ändrats för hand", AGAIN
    )
