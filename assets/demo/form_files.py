"""A filled form as the JSON file that the offline page saves: the demo's forms go through the inbox like any. SYNTHETIC."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from assets.forms.types import FILE_FORMAT, FILE_FORMAT_VERSION, Field, FilledForm, FormDefinition, FormKind


def as_json(form: FilledForm, definition: FormDefinition) -> bytes:
    """The file's bytes: the same every time for the same form."""
    several = {(s.id, f.name) for s in definition.sections for f in s.fields if f.kind == "choices"}
    sections: dict[str, dict[str, dict[str, object]]] = {}
    for answer in form.answers:
        row = sections.setdefault(answer.section, {}).setdefault(answer.item_id, {"id": answer.item_id})
        row[answer.field] = answer.value.split(";") if (answer.section, answer.field) in several else answer.value
    known = {"municipality_code": form.municipality_code, "round": form.round, "answered_on": form.answered_on.isoformat()}
    saved = {
        "format": FILE_FORMAT,
        "format_version": FILE_FORMAT_VERSION,
        "kind": form.kind,
        "version": form.version,
        "head": {**form.head, **known} | ({"role": form.role} if _asks_role(definition.head) else {}),
        "sections": {section: list(rows.values()) for section, rows in sections.items()},
    }
    return (json.dumps(saved, ensure_ascii=False) + "\n").encode()


def write_forms(forms: Iterable[FilledForm], definitions: Mapping[FormKind, FormDefinition], folder: Path) -> list[Path]:
    """Write each form as `<kind>_<municipality>_<round>_<number>.json`; one with the same bytes is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers: dict[tuple[str, str, str], int] = {}
    written = []
    for form in forms:
        key = (form.kind, form.municipality_code, form.round)
        numbers[key] = numbers.get(key, 0) + 1
        path = folder / f"{'_'.join(key)}_{numbers[key]:02d}.json"
        content = as_json(form, definitions[form.kind])
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
        written.append(path)
    return written


def _asks_role(head: Iterable[Field]) -> bool:
    return any(field.name == "role" for field in head)
