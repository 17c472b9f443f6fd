"""What a pass has to say of the forms it read, for the console: texts held back in full, the rest as a number."""

from __future__ import annotations

from assets.methods.errors import count_sv
from pipelines.warehouse import TableName, Warehouse

FILES = TableName("raw", "form_files")


def known_forms(warehouse: Warehouse) -> frozenset[str]:
    """Ids of the forms that have been read."""
    files = warehouse.read(FILES)
    return frozenset(files["form_id"]) if files.width else frozenset()


def form_notes(warehouse: Warehouse, before: frozenset[str]) -> tuple[str, ...]:
    """Sentences on the forms that are new since `before`: all notes of a form with held-back texts, and how many others have one.

    A form with personal data must be seen by the person at the keyboard, who has the file in the inbox; a row that nobody has
    answered can wait until it is looked for.
    """
    files = warehouse.read(FILES)
    if not files.width:
        return ()
    told, others = [], 0
    for form, name, held, notes in files.sort("source_file").select("form_id", "source_file", "held_back", "notes").iter_rows():
        if form in before or not notes:
            continue
        if held:
            told += [f"{name}: {line}" for line in notes.splitlines()]
        else:
            others += 1
    if others:
        told.append(
            f"{count_sv(others, 'formulär', 'formulär')} till har anmärkningar. De står vid raw/form_files i Dagster (make ui)."
        )
    return tuple(told)
