"""Which columns of an unknown delivery say year, municipality, grade, sex, school and class. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from assets.catalogue.active import GRADES
from assets.catalogue.models import Codebook
from assets.intake.delivery import RawDelivery
from assets.intake.evidence import LIKELY, SURE, UNSURE, Column, squash, text_share
from assets.intake.wordings import normal_form

ROLES_SV = {
    "wave": "år",
    "school_municipality": "skolkommun",
    "grade": "årskurs",
    "sex": "kön",
    "home_municipality": "hemkommun",
    "home_area": "hemområde",
    "school_code": "skolenhetskod",
    "school_name": "skolans namn",
    "district": "stadsdelsområde",
    "class_": "klass",
}
REQUIRED = ("wave", "school_municipality", "grade", "sex")
_WORDS: dict[str, tuple[str, ...]] = {
    "wave": ("ar", "år", "undersökningsår", "mätår", "enkätår", "year"),
    "school_municipality": ("skolkommun", "skolans kommun", "kommun", "municipality"),
    "grade": ("årskurs", "arskurs", "grade"),
    "sex": ("kön", "kon", "sex", "gender", "är du pojke flicka eller har du en annan könstillhörighet"),
    "home_municipality": ("hemkommun", "boendekommun"),
    "home_area": ("hemområde", "bostadsområde kod", "vilket stadsdelsområde i stockholm eller vilken kommun bor du i"),
    "school_code": ("skolenhetskod", "skolkod"),
    "school_name": ("skolnamn", "skolans namn", "skola"),
    "district": ("skolans stadsdelsområde", "stadsdelsområde", "stadsdel", "skolsdo"),
    "class_": ("klass", "class"),
}
_SEX_GUESSES = {
    "boy": ("pojke", "pojkar", "kille", "man", "m", "p"),
    "girl": ("flicka", "flickor", "tjej", "kvinna", "k", "f"),
    "other": ("annan", "annat", "ickebinär", "annan könstillhörighet", "annat kön"),
}
_GRADE_GUESSES = (
    ("ak", re.compile(r"^(?:åk|årskurs|ak|klass)?\s*([1-9])$")),
    ("gy", re.compile(r"^(?:gy|gymnasiet)\s*(?:år|åk)?\s*([1-3])$|^år ([1-3])(?: på)? gymnasiet$")),
)
_GRADE_NAMES = {"sjuan": "ak7", "åttan": "ak8", "nian": "ak9"}


@dataclass(frozen=True)
class RoleColumn:
    """The column proposed for a role (None: none was found), how sure, and why."""

    role: str
    column: str | None
    confidence: str
    reasons: tuple[str, ...]


def find_roles(
    delivery: RawDelivery,
    columns: Sequence[Column],
    books: Sequence[Codebook],
    waves: Collection[int],
    municipalities: Collection[str],
) -> dict[str, RoleColumn]:
    """Role -> its column. A column serves one role; roles that a delivery must have choose first.

    Args:
        waves: years of the calendar. municipalities: names and numbers that mean a municipality.
    """
    found: dict[str, RoleColumn] = {}
    free = list(columns)
    for role in ROLES_SV:
        ranked = sorted(
            ((_points(role, c, delivery, books, waves, municipalities), -n, c) for n, c in enumerate(free)),
            reverse=True,
            key=lambda e: e[:2],
        )
        (points, reasons), _, best = ranked[0] if ranked else ((0, ()), 0, None)
        if best is None or points < 2:
            found[role] = RoleColumn(role, None, UNSURE, ("ingen kolumn känns igen",))
            continue
        free.remove(best)
        found[role] = RoleColumn(role, best.name, SURE if points >= 4 else LIKELY if points >= 3 else UNSURE, reasons)
    return found


def _points(
    role: str,
    column: Column,
    delivery: RawDelivery,
    books: Sequence[Codebook],
    waves: Collection[int],
    municipalities: Collection[str],
) -> tuple[int, tuple[str, ...]]:
    points, reasons = 0, []
    if any(column.name in getattr(book.columns, role) for book in books):
        points, reasons = 3, ["namnet finns i en kodbok"]
    words = [normal_form(column.text), normal_form(column.name)]
    if any(w == word or w.startswith(f"{word} ") for w in words if w for word in _WORDS[role]):
        points, reasons = max(points, 3), [*reasons, "namnet eller etiketten säger det"]
    values = _values_agree(role, column, delivery, books, waves, municipalities)
    if values:
        return points + 2, (*reasons, "värdena stämmer")
    if values is False and points:
        return points - 1, (*reasons, "men värdena känns inte igen")
    return points, tuple(reasons)


def _values_agree(
    role: str,
    column: Column,
    delivery: RawDelivery,
    books: Sequence[Codebook],
    waves: Collection[int],
    municipalities: Collection[str],
) -> bool | None:
    """Whether the values are those of the role; None when the role's values can't be told from others'."""
    cells = delivery.cells[column.name]
    missing = {squash(label) for book in books for label in book.missing_labels}
    labels = {squash(text) for text in column.labels.values()} - missing
    if role == "wave":
        return not column.declared and text_share(cells, map(str, waves)) > 0.5
    if role in {"grade", "sex"}:
        known = {squash(text) for book in books for text in (*getattr(book.values, role), *book.values.grade_ignored)}
        guessed = {text for text in labels if guess(role, text)}
        return bool(labels) and len(labels & known | guessed) >= max(1, len(labels) - 1) and bool(labels & known or guessed)
    if role == "school_municipality":
        named = {squash(name) for name in municipalities if not name.isdigit()}
        if labels:
            return len(labels & named) >= 0.8 * len(labels)
        return text_share(cells, municipalities) > 0.9 if not column.numbers_only else None
    return None


def guess(role: str, label: str) -> str | None:
    """Product key of a grade or sex label that no codebook has, or None: never used without a person's eye on it."""
    text = squash(label)
    if role == "sex":
        return next((key for key, texts in _SEX_GUESSES.items() if text in texts), None)
    found = ((stem, pattern.search(text)) for stem, pattern in _GRADE_GUESSES)
    key = _GRADE_NAMES.get(text) or next((stem + next(filter(None, hit.groups())) for stem, hit in found if hit), None)
    return key if key in GRADES else None


def value_map(
    role: str, column: Column | None, known: Mapping[str, str], ignored: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Guessed keys of labels that the codebook lacks, and labels that nothing is known about (declared labels only).

    Returns:
        label -> key to be checked, and label -> `""`.
    """
    if column is None:
        return {}, {}
    fresh = [text for text in column.labels.values() if text not in known and text not in ignored]
    guessed = {text: key for text in fresh if (key := guess(role, text))}
    unknown = {text: "" for text in fresh if text not in guessed and column.declared}
    return guessed, unknown
