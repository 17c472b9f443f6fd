"""Numbers as Swedish text: decimal comma, no-break spaces, real minus signs. Pure functions over rounded release values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

NBSP = "\u00a0"
MINUS = "\u2212"
DASH = "\u2013"
MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december",
)  # fmt: skip


def decimal(value: float, decimals: int = 0) -> str:
    """`1234.5` with one decimal -> `1 234,5`. Halves are rounded away from zero, as Swedish readers expect; no `−0`."""
    whole = _whole(value, decimals)
    digits = f"{whole:0{decimals + 1}d}"
    integer, fraction = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
    grouped = f"{int(integer):,}".replace(",", NBSP)
    sign = MINUS if value < 0 and whole else ""
    return f"{sign}{grouped},{fraction}" if fraction else f"{sign}{grouped}"


def rounded(value: float, decimals: int = 0) -> float:
    """The number that `decimal` shows, for what is drawn or compared: 53.25 with one decimal is 53.3, as spreadsheets have it."""
    size = _whole(value, decimals) / 10**decimals
    return -size if value < 0 and size else size


def _whole(value: float, decimals: int) -> int:
    """Size in units of the last decimal."""
    return int(abs(value) * 10**decimals + 0.5 + 1e-9)


def thousands(count: float) -> str:
    """A whole number with no-break spaces: `18 285`."""
    return decimal(count, 0)


def percent(value: float, decimals: int = 0) -> str:
    """Per cent 0..100 -> `12 %` with a no-break space."""
    return f"{decimal(value, decimals)}{NBSP}%"


def percent_interval(low: float, high: float) -> str:
    """`9–16 %`; one number when both ends are the same after rounding."""
    first, last = decimal(low), decimal(high)
    return f"{last}{NBSP}%" if first == last else f"{first}{DASH}{last}{NBSP}%"


def signed(value: float, decimals: int = 0) -> str:
    """`+3`, `−2`, `0`."""
    text = decimal(value, decimals)
    return f"+{text}" if value > 0 and text.strip("0,") else text


def points(value: float) -> str:
    """A difference of shares in words: `+3 procentenheter`, `+1 procentenhet`."""
    word = "procentenhet" if abs(round(value)) == 1 else "procentenheter"
    return f"{signed(value)}{NBSP}{word}"


def signed_interval(low: float, high: float, decimals: int = 0) -> str:
    """`−2 till +5`, never broken over two lines. A dash between signed numbers can't be told from a minus."""
    return f"{signed(low, decimals)}{NBSP}till{NBSP}{signed(high, decimals)}"


def years(values: Sequence[int]) -> str:
    """Years as a span or a list: `2024`, `2016–2024`, `2016, 2018 och 2024` when waves between are missing (biennial)."""
    ordered = sorted(set(values))
    if not ordered:
        return ""
    if len(ordered) <= 2:
        return words([str(year) for year in ordered])
    steps = {after - before for before, after in pairwise(ordered)}
    if len(steps) == 1:
        return f"{ordered[0]}{DASH}{ordered[-1]}"
    return words([str(year) for year in ordered])


def words(items: Sequence[str]) -> str:
    """`a`, `a och b`, `a, b och c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} och {items[-1]}"


SMALL_NUMBERS = ("noll", "en", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv")


def spelled(count: int, *, neuter: bool = False) -> str:
    """Whole numbers up to twelve in words, the rest in digits. `neuter`: `ett` for words such as "mått"."""
    if neuter and count == 1:
        return "ett"
    return SMALL_NUMBERS[count] if 0 <= count < len(SMALL_NUMBERS) else thousands(count)


def lower_first(label: str) -> str:
    """A label inside a sentence: `Vantrivsel i skolan` -> `vantrivsel i skolan`."""
    return label[:1].lower() + label[1:]


def upper_first(sentence: str) -> str:
    """The first letter as a capital, the rest untouched."""
    return sentence[:1].upper() + sentence[1:]


def swedish(name: str) -> tuple[int, ...]:
    """Sort key for Swedish names: å, ä, ö last, in that order."""
    alphabet = "abcdefghijklmnopqrstuvwxyzåäö"
    return tuple(alphabet.find(c) if c in alphabet else -1 for c in name.lower())


def date_text(day: date) -> str:
    """`12 mars 2026`, with no-break spaces."""
    return f"{day.day}{NBSP}{MONTHS[day.month - 1]}{NBSP}{day.year}"
