"""Raw texts of a filled form, checked against its definition and gathered into a `FilledForm`. Pure.

Both readers put what they find here, so a workbook and a saved page are judged alike. What cannot be an answer is a problem with
its place; all problems of a file make one sentence. A text that looks as if it held personal data goes no further than here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from assets.forms.types import ROUND_PATTERN, Field, FilledForm, FormAnswer, FormDefinition, SourceFormat
from assets.methods.errors import PipelineError, count_sv
from assets.methods.personal_data import NameWords, find_personal_data

KIND_NAMES = {
    "personnummer": "ett personnummer", "phone": "ett telefonnummer", "email": "en e-postadress", "name": "namnet på en person",
}  # fmt: skip
FIRST_ROUND = 2020
SHOWN_PLACES = 4
AGAIN = "Rätta det i filen, spara och lägg den i inkorgen igen."
_DATE = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:[ T]00:00(?::00(?:\.0+)?)?)?$")
_WHOLE = re.compile(r"^-?\d{1,9}(?:\.0+)?$")
_NUMBER = re.compile(r"^-?[\d\s\u00a0]+(?:[.,]\d+)?%?$")
_TICKS = frozenset({"x", "ja", "1", "1.0", "true", "sant", "✓", "✔"})

_DIGEST = re.compile(r"[.+-][0-9a-f]{8}$")
_EMPTY_TICKS = frozenset({"", "nej", "0", "0.0", "-", "false", "falskt"})


@dataclass(frozen=True)
class Around:
    """What a file is judged against besides its form: municipalities (code -> name), the day it is read, words of names."""

    municipalities: Mapping[str, str]
    today: date
    words: NameWords


@dataclass(frozen=True)
class Problem:
    """A place that cannot be read as an answer."""

    code: str
    place: str
    expected: str
    got: str


@dataclass
class Collector:
    """What has been read of one file so far. `older`: the file's form is of an earlier version, whose lost answers are notes."""

    definition: FormDefinition
    file_name: str
    source_format: SourceFormat
    version: str
    around: Around
    older: bool = False
    answers: list[FormAnswer] = field(default_factory=list)
    head: dict[str, str] = field(default_factory=dict)
    head_places: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lost: int = 0
    left_out: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, section: str, item: str, asked: Field, raw: str, place: str) -> None:
        """Take one answer of a table; an empty one is none. For several choices `raw` is their codes with `;` between."""
        value = self._value(asked, raw.strip(), place)
        if value:
            self.answers.append(FormAnswer(section, item, asked.name, value, place))
        elif raw.strip():
            self.left_out.add((section, item, asked.name))

    def add_head(self, asked: Field, raw: str, place: str) -> None:
        """Take one head field."""
        if asked.name in {"municipality_code", "round", "answered_on"} and asked.kind != "date":
            value = raw.strip().removesuffix(".0")  # judged when all is known
        else:
            value = self._value(asked, raw.strip(), place)
        self.head_places[asked.name] = place
        if value:
            self.head[asked.name] = value

    def problem(self, code: str, place: str, expected: str, got: str) -> None:
        """Note what cannot be read."""
        self.problems.append(Problem(code, place, expected, got))

    def lose(self, place: str) -> None:
        """An answer to what the form doesn't ask: of an older version it is counted, else it is a problem."""
        if self.older:
            self.lost += 1
        else:
            self.problem(
                "unknown_item", place, "svar på formulärets egna frågor", "ett svar på en rad eller fråga som inte finns"
            )

    def _value(self, asked: Field, raw: str, place: str) -> str:
        if not raw:
            return ""
        if asked.kind == "choice":
            return self._choice(asked, raw, place)
        if asked.kind == "choices":
            return self._choices(asked, raw, place)
        if asked.kind == "date":
            return self._date(raw, place)
        if asked.kind == "whole_number":
            return self._number(asked, raw, place)
        return self._text(asked, raw, place)

    def _choice(self, asked: Field, raw: str, place: str) -> str:
        plain = raw.removesuffix(".0")
        for choice in asked.choices:
            if plain == choice.code or _same(plain, choice.label):
                return choice.code
        if self.older:
            self.lost += 1
            return ""
        self.problem("unknown_answer", place, "ett av svaren i listan", kind_of(raw))
        return ""

    def _choices(self, asked: Field, raw: str, place: str) -> str:
        given = {part.strip() for part in raw.split(";") if part.strip()}
        found = [c.code for c in asked.choices if c.code in given or any(_same(g, c.label) for g in given)]
        if len(found) < len(given):
            if self.older:
                self.lost += len(given) - len(found)
            else:
                self.problem("unknown_answer", place, "svar ur listan", kind_of(raw))
                return ""
        return ";".join(found)

    def _date(self, raw: str, place: str) -> str:
        found = _DATE.match(raw)
        day = _day(found[1]) if found else None
        if day is None or not 1990 <= day.year <= 2099:
            self.problem("bad_date", place, "ett datum som 2026-11-22", kind_of(raw))
            return ""
        return day.isoformat()

    def _number(self, asked: Field, raw: str, place: str) -> str:
        low, high = asked.low or 0, asked.high if asked.high is not None else 1_000_000
        number = int(float(raw)) if _WHOLE.match(raw) else None
        if number is None or not low <= number <= high:
            self.problem("bad_number", place, f"ett heltal från {low} till {high}", kind_of(raw, low, high))
            return ""
        return str(number)

    def _text(self, asked: Field, raw: str, place: str) -> str:
        if len(raw) > asked.max_length:
            self.problem("too_long_text", place, f"högst {asked.max_length} tecken", f"{len(raw)} tecken")
            return ""
        kinds = sorted({hit.kind for hit in find_personal_data(raw, self.around.words)})
        if not kinds:
            return raw
        self.held_back.append(place)
        what = words_sv([KIND_NAMES[kind] for kind in kinds])
        self.notes.append(f"{_capital(place)}: texten innehåller något som liknar {what} och lämnades därför utanför.")
        return ""

    def finish(self) -> FilledForm:
        """The filled form, when everything in it could be read.

        Raises:
            PipelineError: `no_head` (a head field that is needed is empty), `unknown_municipality`, `bad_round`, `future_round`,
                `future_date`, or the code of the first problem, with the places of the others.
        """
        municipality, round_, answered_on = self._required_head()
        if self.problems:
            first, *others = self.problems
            places = ", ".join(p.place for p in others[:SHOWN_PLACES])
            rest = f" och {len(others) - SHOWN_PLACES} ställen till" if len(others) > SHOWN_PLACES else ""
            more = f" Titta också på {places}{rest}." if others else ""
            raise PipelineError(first.code, f"{self.file_name}, {first.place}", first.expected, first.got, AGAIN + more)
        if self.held_back:
            self.notes.append("Filen kopierades inte till arkivet; be om en rättad fil och ta bort den här ur inkorgen.")
        if self.older:
            self.notes.append("Formuläret är av en annan version; det som fortfarande frågas lästes.")
        if self.lost:
            self.notes.append(f"{count_sv(self.lost, 'svar', 'svar')} hör till sådant som inte frågas längre och lästes inte.")
        self.notes += self._unanswered()
        return FilledForm(
            kind=self.definition.kind,
            version=self.version,
            municipality_code=municipality,
            round=round_,
            answered_on=answered_on,
            role=self.head.get("role", ""),
            source_format=self.source_format,
            head=dict(self.head),
            answers=tuple(self.answers),
            held_back=tuple(self.held_back),
            notes=tuple(self.notes),
        )

    def _required_head(self) -> tuple[str, str, date]:
        wrong = {p.place for p in self.problems} | set(self.held_back)
        for asked in self.definition.head:
            given = self.head.get(asked.name)
            basic = asked.name in {"municipality_code", "round", "answered_on", "role"}
            if not given and (asked.required or basic) and self.head_places.get(asked.name) not in wrong:
                where = f"{self.file_name}, {self.head_places.get(asked.name, 'Om formuläret')}"
                raise PipelineError(
                    "no_head", where, f"uppgiften {asked.label}", "ingen uppgift", f"Fyll i {asked.label}. {AGAIN}"
                )
        code, round_ = self.head.get("municipality_code", ""), self.head.get("round", "")
        where = f"{self.file_name}, {self.head_places.get('municipality_code', 'Om formuläret')}"
        if code not in self.around.municipalities:
            hint = f"Skriv kommunens fyrsiffriga kod. {AGAIN}"
            raise PipelineError("unknown_municipality", where, "en kommun i länet", "en kod eller ett namn som inte är det", hint)
        where = f"{self.file_name}, {self.head_places.get('round', 'Om formuläret')}"
        if not re.match(ROUND_PATTERN, round_) or int(round_[:4]) < FIRST_ROUND:
            raise PipelineError("bad_round", where, "en omgång som 2026 eller 2026-2", "något annat", AGAIN)
        if int(round_[:4]) > self.around.today.year:
            raise PipelineError(
                "future_round", where, "en omgång som har börjat", f"omgången {round_}", f"Kontrollera året. {AGAIN}"
            )
        day = _day(self.head.get("answered_on", ""))
        where = f"{self.file_name}, {self.head_places.get('answered_on', 'Om formuläret')}"
        if day is None:
            raise PipelineError("bad_date", where, "ett datum som 2026-11-22", "något annat", AGAIN)
        if day > self.around.today + timedelta(days=1):
            raise PipelineError("future_date", where, "dagen då formuläret fylldes i", "ett datum som inte har varit", AGAIN)
        return code, round_, day

    def _unanswered(self) -> list[str]:
        """How many of the named rows have no answer at all; of decisions, which fields of a begun row are empty."""
        if self.definition.kind == "decisions":
            return self._half_rows()
        answered = {(a.section, a.item_id) for a in self.answers}
        rows = [(s.id, item.id) for s in self.definition.sections for item in s.items]
        left = sum(row not in answered for row in rows)
        if not left:
            return []
        return [f"{left} av {count_sv(len(rows), 'rad', 'rader')} är obesvarade; de räknas varken som ja eller nej."]

    def _half_rows(self) -> list[str]:
        """A sentence for each row that is begun and lacks something that should be there; what was left out is told elsewhere."""
        there = {(a.section, a.item_id, a.field) for a in self.answers} | self.left_out
        notes = []
        for section in self.definition.sections:
            begun = sorted({item for of, item, _ in there if of == section.id}, key=_free_place)
            for item in begun:
                empty = [f.label for f in section.fields if f.required and (section.id, item, f.name) not in there]
                if empty:
                    where = f"{section.title}, rad {_free_place(item)[0]}"
                    notes.append(f"{where}: {words_sv(empty)} är inte ifyllt. Raden sparas som den är.")
        return notes


def words_sv(items: Sequence[str]) -> str:
    """`a`, `a och b`, `a, b och c`."""
    return f"{', '.join(items[:-1])} och {items[-1]}" if len(items) > 1 else "".join(items)


def _free_place(item: str) -> tuple[int, str]:
    """The number of a free row (`decisions+2` is 2), and its id."""
    number = item.rpartition("+")[2]
    return (int(number) if number.isdigit() else 0, item)


def ticked(raw: str) -> bool | None:
    """Whether the cell of one of several choices is marked; None for what is no mark."""
    plain = raw.strip().casefold()
    return True if plain in _TICKS else False if plain in _EMPTY_TICKS else None


def kind_of(raw: str, low: int | None = None, high: int | None = None) -> str:
    """What kind of thing a cell holds, in words; never the thing itself."""
    text = raw.strip()
    if not text:
        return "en tom cell"
    if _DATE.match(text):
        return "ett datum som inte finns" if _day(text[:10]) is None else "ett datum"
    if _NUMBER.match(text):
        outside = low is not None and high is not None and _WHOLE.match(text)
        return "ett tal utanför gränserna" if outside else "ett tal"
    return "en text"


def version_order(version: str) -> tuple[int, ...]:
    """By which versions of a form are compared: their numbers from left to right, without a digest of the content at the end."""
    return tuple(int(number) for number in re.findall(r"\d{1,9}", _DIGEST.sub("", version)))


def newer_form(file_name: str, version: str, known: str) -> PipelineError:
    """The error for a form of a later version than the program's."""
    shown = version if re.fullmatch(r"[\w.-]{1,20}", version) else "en okänd version"
    return PipelineError(
        "newer_form",
        file_name,
        f"formuläret i version {known} eller äldre",
        f"version {shown}",
        "Uppdatera programmet och lägg filen i inkorgen igen.",
    )


def check_version(file_name: str, version: str, definition: FormDefinition) -> bool:
    """Whether a file's form is another than the definition, and not a newer one. Raises PipelineError `newer_form`.

    Versions that differ only in the digest of their content can't be put in order; what is known in both is read.
    """
    if version == definition.version:
        return False
    if version_order(version) > version_order(definition.version):
        raise newer_form(file_name, version, definition.version)
    return True


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
