"""A form's workbook, already unpacked to texts, as a `FilledForm`. Pure.

Sheets, rows and columns are known by hidden ids (`layout.py`), so that renamed sheets and moved columns are read all the same.
Where somebody has deleted the ids, headers and row labels are used; a sheet that can't be known that way stops the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assets.forms import layout
from assets.forms.collect import Around, Collector, check_version, ticked
from assets.forms.types import FILE_FORMAT, Choice, Field, FilledForm, FormDefinition, FormKind, Section
from assets.methods.errors import PipelineError

AGAIN = "Använd det utskickade formuläret, för över svaren dit och lägg filen i inkorgen igen."
FACTS = {"format": "Format", "kind": "Typ", "version": "Version", "municipality": "Kommun", "municipality_code": "Kommunkod"}
LEAST_HEADERS = 0.6
"""Share of a section's headers that tells its sheet when the ids are gone."""


@dataclass(frozen=True)
class Sheet:
    """A worksheet as texts; empty cells are empty texts. `formulas`: cells (`D7`) that hold one."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    formulas: frozenset[str] = frozenset()

    def cell(self, row: int, place: int) -> str:
        """The text of a cell; empty beyond the sheet's edge."""
        return self.rows[row][place] if row < len(self.rows) and 0 <= place < len(self.rows[row]) else ""


@dataclass(frozen=True)
class _Table:
    """Where a section's table lies: the sheet, its first row of answers, and place of column -> (field, choice)."""

    section: Section
    sheet: Sheet
    first: int
    label_place: int
    places: Mapping[int, layout.Column]


def is_form_workbook(sheets: Sequence[Sheet]) -> bool:
    """Whether a workbook is one of our forms."""
    return _about_sheet(sheets) is not None


def read_workbook(
    file_name: str, sheets: Sequence[Sheet], definitions: Mapping[FormKind, FormDefinition], around: Around
) -> FilledForm:
    """The filled form of a workbook.

    Raises:
        PipelineError: `not_a_form`, `unknown_form`, `newer_form`, `missing_sheet`, `duplicate_sheet`, `formula`, and those of
            `Collector.finish`.
    """
    about = _about_sheet(sheets)
    if about is None:
        raise _not_a_form(file_name)
    facts = _facts(about, {FACTS[key]: key for key in FACTS})
    kind = facts.get("kind", ("", 0))[0]
    if kind not in definitions:
        raise PipelineError(
            "unknown_form", f"{file_name}, bladet {about.name}", "ett formulär som programmet känner", "ett annat", AGAIN
        )
    definition, version = definitions[kind], facts.get("version", ("", 0))[0]
    older = check_version(file_name, version, definition)
    found = Collector(definition, file_name, "xlsx", version, around, older)
    _head(found, about, facts)
    for section in definition.sections:
        table = _table(file_name, section, sheets)
        if table is not None:
            _answers(found, table)
        elif not older:
            raise _missing_sheet(file_name, section)
    known = {id(t.sheet) for s in definition.sections if (t := _table(file_name, s, sheets))} | {id(about)}
    ours = {layout.GUIDE_SHEET, layout.LIST_SHEET}
    for sheet in sheets:
        if id(sheet) not in known and sheet.name not in ours and not _marked(sheet) and any(any(row) for row in sheet.rows):
            found.notes.append("Ett blad som inte hör till formuläret lästes inte.")
    return found.finish()


def _about_sheet(sheets: Sequence[Sheet]) -> Sheet | None:
    for sheet in sheets:
        if any(row and row[0] == layout.ABOUT_MARK for row in sheet.rows[:20]):
            return sheet
    for sheet in sheets:
        facts = _facts(sheet, {FACTS[key]: key for key in FACTS})
        if facts.get("format", ("", 0))[0] == FILE_FORMAT:
            return sheet
    return None


def _facts(sheet: Sheet, labels: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Key -> value and row, known by the hidden key or by the label before the value."""
    by_label = {label.casefold(): key for label, key in labels.items()}
    found: dict[str, tuple[str, int]] = {}
    for number, row in enumerate(sheet.rows[:200]):
        if len(row) > 2 and row[0].strip() and not row[0].startswith(layout.MARK + ":"):
            found.setdefault(row[0].strip(), (row[2], number))
        for place, cell in enumerate(row[:3]):
            key = by_label.get(_plain(cell))
            if key:
                found.setdefault(key, (sheet.cell(number, place + 1), number))
                break
    return found


def _head(found: Collector, about: Sheet, facts: Mapping[str, tuple[str, int]]) -> None:
    labels = {field.label: field.name for field in found.definition.head if field.name != "municipality_code"}
    several = [(field, choice) for field in found.definition.head if field.kind == "choices" for choice in field.choices]
    labels |= {f"{field.label}: {choice.label}": f"{field.name}={choice.code}" for field, choice in several}
    told = dict(facts) | {key: value for key, value in _facts(about, labels).items() if key not in FACTS}
    for field in found.definition.head:
        raw, row = told.get(field.name, ("", 0))
        place = f"bladet {layout.ABOUT_SHEET}, {field.label}"
        if field.name == "municipality_code":
            raw = _municipality(found, raw, told.get("municipality", ("", 0))[0], place)
        if f"C{row + 1}" in about.formulas:
            found.problem("formula", place, "en inskriven uppgift", "en formel")
            continue
        if field.kind == "choices":
            marks = {choice.code: ticked(told.get(f"{field.name}={choice.code}", ("", 0))[0]) for choice in field.choices}
            if None in marks.values():
                found.problem("unknown_answer", place, "x eller en tom cell", "något annat")
            raw = ";".join(code for code, mark in marks.items() if mark)
        found.add_head(field, raw, place)


def _municipality(found: Collector, code: str, name: str, place: str) -> str:
    """The code, from the name when only that is given; digits that lost their first zero get it back."""
    plain = code.strip().removesuffix(".0")
    plain = plain.zfill(4) if plain.isdigit() else plain
    by_name = {known.casefold(): own for own, known in found.around.municipalities.items()}
    named = by_name.get(name.strip().casefold().removesuffix(" kommun"), "")
    if plain and named and plain != named:
        found.problem("two_municipalities", place, "samma kommun i kod och namn", "två olika kommuner")
    return plain or named or name.strip()


def _marked(sheet: Sheet) -> bool:
    return any(row and row[0].startswith(layout.MARK + ":") for row in sheet.rows[:20])


def _table(file_name: str, section: Section, sheets: Sequence[Sheet]) -> _Table | None:
    """The sheet of a section. Raises PipelineError `duplicate_sheet` when two sheets hold answers of it."""
    marked = [table for sheet in sheets if (table := _by_mark(section, sheet))]
    if not marked:
        marked = [table for sheet in sheets if not _marked(sheet) and (table := _by_headers(section, sheet))]
    filled = [table for table in marked if _has_answers(table)]
    if len(filled) > 1:
        raise PipelineError(
            "duplicate_sheet",
            file_name,
            f"ett blad med frågorna i {section.title}",
            f"{len(filled)} blad med svar på dem",
            "Ta bort det blad som inte gäller, spara och lägg filen i inkorgen igen.",
        )
    return (filled or marked or [None])[0]


def _by_mark(section: Section, sheet: Sheet) -> _Table | None:
    keys = {column.key: column for column in layout.columns(section)}
    for number, row in enumerate(sheet.rows[:20]):
        if row and row[0] == layout.SECTION_MARK + section.id:
            places = {place: keys[cell] for place, cell in enumerate(row) if place and cell in keys}
            return _Table(section, sheet, number + 1, 1, places)
    return None


def _by_headers(section: Section, sheet: Sheet) -> _Table | None:
    labels = {column.label.casefold(): column for column in layout.columns(section)}
    for number, row in enumerate(sheet.rows[:40]):
        places = {place: labels[_plain(cell)] for place, cell in enumerate(row) if _plain(cell) in labels}
        if len(places) >= max(1, LEAST_HEADERS * len(labels)) and _knows_a_row(section, sheet, number):
            return _Table(section, sheet, number + 1, min(places) - 1, places)
    return None


def _knows_a_row(section: Section, sheet: Sheet, header: int) -> bool:
    ids = {row.id for row in layout.rows(section)}
    names = {item.label.casefold() for item in section.items}
    cells = (cell for row in sheet.rows[header + 1 :] for cell in row[:2])
    return any(cell in ids or _first_line(cell) in names for cell in cells)


def _has_answers(table: _Table) -> bool:
    """Whether anything is written in the answer columns below the header. The header itself holds its own labels."""
    headers = {column.label.casefold() for column in table.places.values()}
    return any(
        (cell := table.sheet.cell(row, place)) and _plain(cell) not in headers
        for row in range(table.first, len(table.sheet.rows))
        for place in table.places
    )


def _answers(found: Collector, table: _Table) -> None:
    section, known = table.section, {row.id: row for row in layout.rows(table.section)}
    by_label = {item.label.casefold(): item.id for item in section.items}
    headers = {column.label.casefold() for column in table.places.values()}
    named, taken = layout.own_names(section), set()
    for number in range(table.first, len(table.sheet.rows)):
        if any(_plain(table.sheet.cell(number, place)) in headers for place in table.places):
            continue
        label = table.sheet.cell(number, table.label_place)
        row_id = table.sheet.cell(number, 0).strip()
        if row_id not in known and layout.free_number(section, row_id) is None:
            row_id = row_id if row_id and table.label_place == 1 else by_label.get(_first_line(label), "")
        cells = [place for place in table.places if _filled(table.sheet, number, place)]
        own_name = named and (row_id not in known or known[row_id].free) and bool(label.strip())
        if not cells and not (own_name and layout.free_number(section, row_id)):
            continue
        if not row_id and section.free_rows:
            row_id = _next_free(section, taken)
        row = known.get(row_id)
        if row_id in taken or (row is None and layout.free_number(section, row_id) is None):
            found.lose(_place(table, number, cells[0]))
            continue
        taken.add(row_id)
        if own_name and layout.free_number(section, row_id):
            found.add(section.id, row_id, layout.name_field(), label, _place(table, number, table.label_place))
        asked = row.asked if row else {field.name for field in section.fields}
        _row_answers(found, table, number, row_id, frozenset(asked))


def _row_answers(found: Collector, table: _Table, number: int, row_id: str, asked: frozenset[str]) -> None:
    chosen: dict[str, list[Choice]] = {}
    fields: dict[str, tuple[Field, str]] = {}
    for place, column in sorted(table.places.items()):
        raw, where = table.sheet.cell(number, place), _place(table, number, place)
        if _cell_name(number, place) in table.sheet.formulas:
            found.problem("formula", where, "ett inskrivet svar", "en formel")
            continue
        if not raw.strip():
            continue
        if column.field.name not in asked:
            found.lose(where)
        elif not column.choice:
            found.add(table.section.id, row_id, column.field, raw, where)
        elif (mark := ticked(raw)) is None:
            found.problem("unknown_answer", where, "x eller en tom cell", "något annat")
        elif mark:
            chosen.setdefault(column.field.name, []).append(Choice(column.choice, ""))
            fields.setdefault(column.field.name, (column.field, where))
    for name, choices in chosen.items():
        field, where = fields[name]
        found.add(table.section.id, row_id, field, ";".join(choice.code for choice in choices), where)


def _filled(sheet: Sheet, row: int, place: int) -> bool:
    return bool(sheet.cell(row, place).strip()) or _cell_name(row, place) in sheet.formulas


def _next_free(section: Section, taken: set[str]) -> str:
    """The first free row, also beyond the printed ones, that nothing has been read for."""
    number = 1
    while f"{section.id}+{number}" in taken or number <= section.free_rows:
        number += 1
    return f"{section.id}+{number}"


def _place(table: _Table, row: int, place: int) -> str:
    return f"bladet {table.section.title}, cell {_cell_name(row, place)}"


def _cell_name(row: int, place: int) -> str:
    letters, left = "", place + 1
    while left:
        left, rest = divmod(left - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def _plain(text: str) -> str:
    return text.strip().removesuffix("*").strip().casefold()


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0].strip().casefold()


def _not_a_form(file_name: str) -> PipelineError:
    return PipelineError("not_a_form", file_name, f"ett formulär med bladet {layout.ABOUT_SHEET}", "en arbetsbok utan det", AGAIN)


def _missing_sheet(file_name: str, section: Section) -> PipelineError:
    got = "inget blad som går att känna igen som det"
    return PipelineError("missing_sheet", file_name, f"bladet {section.title}", got, AGAIN)
