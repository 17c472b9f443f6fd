"""Finds what looks like personal data in free text: identity numbers, telephone numbers, e-mail addresses, names of persons.

Pure, and silent: what comes back is places and kinds, never the text. The search prefers a false alarm to a miss for numbers and
addresses; for names it takes words around them into account, because schools, streets and parishes are named after people.

The check digit of a Swedish personal identity number: Skatteverket, SKV 704 ("Personnummer"), the Luhn algorithm over the ten
last digits. In a co-ordination number 60 is added to the day (SKV 707).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

PersonalKind = Literal["personnummer", "phone", "email", "name"]
_IDENTITY = re.compile(r"(?<!\d)(?:18|19|20)?(\d{2})(\d{2})(\d{2})([-–+ ]?)(\d{4})(?!\d)")
_EMAIL = re.compile(r"[\w.+%-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_GAP = r"[\s\u00a0/–-]{1,3}"
_MAYBE = r"[\s\u00a0/–-]{0,2}"
_PHONE = re.compile(
    rf"(?<![\d.,])(?:(?:\+|00)46{_MAYBE}(?:\(0\))?{_MAYBE}\d|0\d)\d{{0,2}}"
    rf"(?:\d{{5,8}}|{_GAP}\d{{5,8}}|{_GAP}\d{{2,4}}(?:[\s\u00a0–-]\d{{2,4}}){{1,3}})(?!\d)"
)
_PHONE_DIGITS = range(8, 11)
_WORD = re.compile(r"[^\W\d_]+(?:[-'’:][^\W\d_]+)*\.?")
_NAME_WORDS_BETWEEN = 3


@dataclass(frozen=True)
class Hit:
    """Something that looks like personal data, at `text[start:end]`."""

    kind: PersonalKind
    start: int
    end: int


@dataclass(frozen=True)
class NameWords:
    """What names are known by; all in lower case.

    Args:
        first_names: names that are hardly ever other words. ambiguous: names that are, and count only before a last name.
        last_names: common last names. last_name_endings: endings that last names have. not_first: words that stand before a
            capitalised word without being a name ("stora", "norra"). place_words: endings of words that tell a place or an
            institution ("skolan", "kyrka"). weak_place_words: the same, but only after two names ("hem", "plats"). saints: words
            before a name that make it a place ("sankt"). roles: words after which two capitalised words are a person
            ("kontaktperson", "ring").
    """

    first_names: frozenset[str]
    ambiguous: frozenset[str]
    last_names: frozenset[str]
    last_name_endings: tuple[str, ...]
    not_first: frozenset[str]
    place_words: tuple[str, ...]
    weak_place_words: tuple[str, ...]
    saints: frozenset[str]
    roles: frozenset[str]


def find_personal_data(text: str, words: NameWords) -> tuple[Hit, ...]:
    """Everything in a text that looks like personal data, by place; several kinds may be found in one place."""
    hits = [*_identities(text), *_phones(text), *(Hit("email", m.start(), m.end()) for m in _EMAIL.finditer(text))]
    return tuple(sorted([*hits, *_names(text, words)], key=lambda hit: (hit.start, hit.end, hit.kind)))


def _identities(text: str) -> Iterator[Hit]:
    """A plausible day with a mark before the last four digits is enough; without one the check digit decides."""
    for found in _IDENTITY.finditer(text):
        year, month, day, mark, last = found.groups()
        if not (1 <= int(month) <= 12 and (1 <= int(day) <= 31 or 61 <= int(day) <= 91)):
            continue
        if mark.strip() or luhn(year + month + day + last):
            yield Hit("personnummer", found.start(), found.end())


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (Luhn, 1960; SKV 704)."""
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits))]
    return sum(n // 10 + n % 10 for n in doubled) % 10 == 0


def _phones(text: str) -> Iterator[Hit]:
    for found in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", found[0].replace("(0)", ""))
        national = "0" + digits.removeprefix("00").removeprefix("46") if found[0][:2] in ("00", "+4") else digits
        if len(national) in _PHONE_DIGITS:
            yield Hit("phone", found.start(), found.end())


@dataclass(frozen=True)
class _Word:
    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        return self.text.lower().rstrip(".")

    @property
    def capital(self) -> bool:
        return self.text[:1].isupper()


def _names(text: str, words: NameWords) -> Iterator[Hit]:
    found = [_Word(m[0], m.start(), m.end()) for m in _WORD.finditer(text)]
    for place, word in enumerate(found):
        if not word.capital or (place and found[place - 1].low in words.saints):
            continue
        after = _following(text, found, place)
        if _is_name(word, after, found[place - 1].low if place else "", words) and not _is_place(word, after, words):
            yield Hit("name", word.start, word.end)


def _following(text: str, found: list[_Word], place: int) -> list[_Word]:
    """The next words in the same sentence part: those with nothing but blanks before them."""
    after: list[_Word] = []
    for word in found[place + 1 : place + 1 + _NAME_WORDS_BETWEEN]:
        last = after[-1] if after else found[place]
        if text[last.end : word.start].strip() or last.text.endswith("."):
            break
        after.append(word)
    return after


def _is_name(word: _Word, after: list[_Word], before: str, words: NameWords) -> bool:
    known = _listed(word.low, words.first_names)
    surname = bool(after) and after[0].capital and not _ends(after[0].low, words.place_words)
    if known:
        return True
    if not surname or word.low in words.not_first:
        return False
    last = after[0].low
    typical = _listed(last, words.last_names) or _ends(last.removesuffix("s"), words.last_name_endings)
    if word.low in words.ambiguous or typical:
        return word.low in words.ambiguous or not _ends(word.low, words.place_words)
    return before in words.roles and not _ends(word.low, words.place_words) and not word.text.isupper()


def _is_place(word: _Word, after: list[_Word], words: NameWords) -> bool:
    """A school, a street or the like named after somebody: a telling word follows, with only capitalised words between.

    `Karl Johans skola`, `Maria kyrka`; a weak place word tells so only after two names: `Emmas hem` is a person's home.
    """
    for names_before, other in enumerate(after, 1):
        if _ends(other.low, words.place_words) or (names_before > 1 and _ends(other.low, words.weak_place_words)):
            return True
        if not other.capital:
            return False
    return False


def _listed(word: str, names: frozenset[str]) -> bool:
    """Whether a word is a name of the list, itself or in the genitive; of two names with a hyphen both have to be."""
    parts = word.split("-")
    return all(part in names or (part.endswith("s") and part[:-1] in names) for part in parts)


def _ends(word: str, endings: tuple[str, ...]) -> bool:
    return word.endswith(endings)
