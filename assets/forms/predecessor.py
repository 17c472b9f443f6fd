"""The predecessor's Excel forms of Preventionspaletten, read from rows of cells: one filled form per date column.

One workbook per protective factor with two sheets. `Sammanfattning`: activities in rows, dates in columns, Ja or Nej.
`Kartläggande frågor`: under each activity its statements in the palette's order, dates in columns, a cross. A blank is no answer,
never a no: the old forms can't tell the two apart. Statements are known by their place under the activity, not by their wording;
a block with another number of rows than the palette has is left out and said so.

The old forms don't say who answered. Each workbook is a respondent of its own (role `palett_<factor>`), so that an activity that
is answered differently under two factors shows as a disagreement instead of one workbook replacing the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from assets.catalogue.prevention import ActivityCatalogue
from assets.catalogue.prevention_models import CONTENT_CRITERIA, Activity, Statement
from assets.forms.activities_form import DETAIL, SUMMARY
from assets.forms.types import FilledForm, FormAnswer
from assets.methods.errors import PipelineError

SUMMARY_SHEET, STATEMENT_SHEET = "Sammanfattning", "Kartläggande frågor"
ROLE_PREFIX = "palett_"
VERSION = "predecessor"
CROSSES = {"x", "×", "✓", "✔"}
YES_NO = {"ja": "yes", "nej": "no"}
_DATE = re.compile(r"^(?:20)?(\d{2})-?(?:(\d{2})-?(\d{2}))?(?: 00:00:00)?$")
_YEAR = re.compile(r"^(20\d{2})$")
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class _Column:
    """A date column. `whole`: false where the header gives the year only."""

    number: int
    day: date
    whole: bool
    header: str


@dataclass
class _Found:
    """What one date column holds: (activity, field) -> value and place."""

    answers: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def is_predecessor(sheet_names: Sequence[str]) -> bool:
    """Whether a workbook with these sheets is one of the predecessor's."""
    return {SUMMARY_SHEET.casefold(), STATEMENT_SHEET.casefold()} <= {name.strip().casefold() for name in sheet_names}


def predecessor_forms(
    sheets: Mapping[str, Rows], catalogue: ActivityCatalogue, municipality_code: str, source: str = "arbetsboken"
) -> tuple[FilledForm, ...]:
    """One filled form per date column with any answer, oldest first.

    Args:
        sheets: sheet name -> rows of cells as text, as the workbook reader gives them.
        source: what the workbook is called, for messages.

    Raises:
        PipelineError: when a sheet is missing, no date column is found, or the activities don't belong to one factor.
    """
    by_name = {name.strip().casefold(): rows for name, rows in sheets.items()}
    summary, statements = by_name.get(SUMMARY_SHEET.casefold()), by_name.get(STATEMENT_SHEET.casefold())
    if summary is None or statements is None:
        raise _error("sheets", source, f"bladen {SUMMARY_SHEET} och {STATEMENT_SHEET}", f"{len(sheets)} blad med andra namn")
    names = _names(catalogue)
    factor = _factor(summary, names, catalogue, source)
    found: dict[date, _Found] = {}
    columns = [
        *_read_summary(summary, names, found, source),
        *_read_statements(statements, names, factor, catalogue, found, source),
    ]
    partial = {column.day: column for column in columns if not column.whole}
    forms, rounds = [], _rounds(day for day, held in sorted(found.items()) if held.answers)
    for day, round_ in rounds.items():
        notes = list(dict.fromkeys(found[day].notes))
        if day in partial:
            notes.append(f"Kolumnen {partial[day].header} har bara ett årtal; 1 januari {day.year} används som datum.")
        forms.append(_form(day, round_, factor, found[day], municipality_code, catalogue, notes))
    return tuple(forms)


def _form(
    day: date, round_: str, factor: str, found: _Found, code: str, catalogue: ActivityCatalogue, notes: Sequence[str]
) -> FilledForm:
    answers = []
    for (activity, name), (value, place) in sorted(found.answers.items()):
        section = SUMMARY if name == "exists" else f"{DETAIL}_{catalogue.activity_by_id[activity].section}"
        answers.append(FormAnswer(section, activity, name, value, place))
    role = ROLE_PREFIX + factor
    head = {"municipality_code": code, "round": round_, "answered_on": day.isoformat(), "role": role}
    return FilledForm(
        kind="activities", version=VERSION, municipality_code=code, round=round_, answered_on=day, role=role,
        source_format="predecessor_xlsx", head=head, answers=tuple(answers), notes=tuple(notes),
    )  # fmt: skip


def _rounds(days: Iterable[date]) -> dict[date, str]:
    """Each date's round: its year, and for a second date of the year which of its rounds it is."""
    found: dict[date, str] = {}
    for day in days:
        before = sum(other.year == day.year for other in found)
        found[day] = f"{day.year}-{before + 1}" if before else str(day.year)
    return found


def normalised(text: str) -> str:
    """A name without case, punctuation and double spaces; the old forms spell the same activity in several ways."""
    return re.sub(r"[^0-9a-zåäöé]+", " ", text.casefold()).strip()


def _names(catalogue: ActivityCatalogue) -> dict[str, Activity]:
    return {normalised(name): a for a in catalogue.activities for name in (a.name_sv, a.short_sv, *a.source_names)}


def _factor(rows: Rows, names: Mapping[str, Activity], catalogue: ActivityCatalogue, source: str) -> str:
    """The factor that the workbook's activities stand under."""
    there = {a.id: a for row in rows for cell in row if (a := names.get(normalised(cell)))}
    counts = {f.key: sum(f.key in a.factors for a in there.values()) for f in catalogue.activity_file.protective_factors}
    best = sorted(counts, key=lambda key: -counts[key])
    if not there or counts[best[0]] == counts[best[1]]:
        raise _error("factor", f"{source}, bladet {SUMMARY_SHEET}", "verksamheter ur en skyddsfaktor", f"{len(there)} kända namn")
    return best[0]


def _columns(rows: Rows, where: str) -> tuple[int, list[_Column]]:
    """The header row's number and its date columns."""
    for number, row in enumerate(rows):
        found = [c for place, cell in enumerate(row) if (c := _column(place, cell)) is not None]
        if found:
            return number, found
    raise _error("dates", where, "en rad med datum över kolumnerna", "inget datum")


def _column(place: int, cell: str) -> _Column | None:
    text = cell.strip().rstrip("-").strip()
    year = _YEAR.match(text)
    if year:
        return _Column(place, date(int(year[1]), 1, 1), whole=False, header=cell.strip())
    match = _DATE.match(text) if text else None
    if match is None or (match[2] is None and not cell.strip().endswith("-")):
        return None
    try:
        day = date(2000 + int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return None
    return _Column(place, day, whole=match[2] is not None, header=cell.strip())


def _read_summary(rows: Rows, names: Mapping[str, Activity], found: dict[date, _Found], source: str) -> list[_Column]:
    head, columns = _columns(rows, f"{source}, bladet {SUMMARY_SHEET}")
    for number, row in enumerate(rows[head + 1 :], head + 2):
        activity = _activity(row, columns, names)
        for column, cell in _filled(row, columns):
            place = _place(SUMMARY_SHEET, column, number)
            held = found.setdefault(column.day, _Found())
            value = YES_NO.get(cell.casefold())
            if activity is None or value is None:
                held.notes.append(f"Cell {place} kunde inte läsas och är utelämnad.")
            else:
                held.answers[activity.id, "exists"] = (value, place)
    return columns


def _read_statements(
    rows: Rows,
    names: Mapping[str, Activity],
    factor: str,
    catalogue: ActivityCatalogue,
    found: dict[date, _Found],
    source: str,
) -> list[_Column]:
    head, columns = _columns(rows, f"{source}, bladet {STATEMENT_SHEET}")
    prefix = next(f.source_code for f in catalogue.activity_file.protective_factors if f.key == factor)
    of_code = {code: statement for statement in catalogue.statements for code in statement.sources}
    for activity, lines in _blocks(rows, head, columns, names):
        code = next((c for c in activity.source_codes if c.startswith(prefix)), None)
        expected = sum(known.startswith(f"{code}-") for known in of_code)
        if len(lines) != expected:
            other = f"Under {activity.name_sv} står {len(lines)} påståenden i stället för {expected}; de är inte lästa."
            for column in {c for number in lines for c, _ in _filled(rows[number], columns)}:
                found.setdefault(column.day, _Found()).notes.append(other)
            continue
        for rank, number in enumerate(lines, 1):
            statement = of_code[f"{code}-{rank:02d}"]
            for column, cell in _filled(rows[number], columns):
                place = _place(STATEMENT_SHEET, column, number + 1)
                held = found.setdefault(column.day, _Found())
                if cell.casefold() in CROSSES:
                    _cross(held, activity.id, statement, place)
                else:
                    held.notes.append(f"Cell {place} kunde inte läsas och är utelämnad.")
    return columns


def _cross(held: _Found, activity: str, statement: Statement, place: str) -> None:
    """One cross. A cross at "is offered" says that it exists, unless the summary says that it doesn't."""
    criterion, programme = statement.criterion, statement.programme
    if programme is not None:
        before = held.answers.get((activity, "programmes"), ("", place))[0]
        codes = [*before.split(";"), programme] if before else [programme]
        held.answers[activity, "programmes"] = (";".join(dict.fromkeys(codes)), place)
    elif criterion == "offered":
        given = held.answers.setdefault((activity, "exists"), ("yes", place))[0]
        if given == "no":
            held.notes.append(f"Cell {place} säger emot Nej i {SUMMARY_SHEET}; svaret i {SUMMARY_SHEET} gäller.")
    elif criterion in CONTENT_CRITERIA:
        held.answers[activity, criterion] = ("yes", place)


def _blocks(rows: Rows, head: int, columns: Sequence[_Column], names: Mapping[str, Activity]) -> list[tuple[Activity, list[int]]]:
    """Each activity with the numbers of its statement rows: from its name to the next activity's."""
    starts = [(n, a) for n in range(head + 1, len(rows)) if (a := _activity(rows[n], columns, names)) is not None]
    ends = [*starts, (len(rows), None)]
    found = []
    for (first, activity), (last, _) in pairwise(ends):
        if activity is not None:
            same_row = len(_labels(rows[first], columns)) > 1  # the first statement may stand beside the activity's name
            lines = range(first if same_row else first + 1, last)
            found.append((activity, [n for n in lines if _labels(rows[n], columns)]))
    return found


def _labels(row: Sequence[str], columns: Sequence[_Column]) -> list[str]:
    return [cell for cell in row[: columns[0].number] if cell.strip()]


def _activity(row: Sequence[str], columns: Sequence[_Column], names: Mapping[str, Activity]) -> Activity | None:
    return next((a for cell in _labels(row, columns) if (a := names.get(normalised(cell))) is not None), None)


def _filled(row: Sequence[str], columns: Sequence[_Column]) -> list[tuple[_Column, str]]:
    return [(c, row[c.number].strip()) for c in columns if c.number < len(row) and row[c.number].strip()]


def _place(sheet: str, column: _Column, number: int) -> str:
    return f"{chr(ord('A') + column.number)}{number} i bladet {sheet}"


def _error(code: str, where: str, expected: str, got: str) -> PipelineError:
    hint = "Använd Preventionspalettens arbetsbok som den är, med bladen och rubrikerna orörda, eller fyll i det nya formuläret."
    return PipelineError(f"predecessor_{code}", where, expected, got, hint)
