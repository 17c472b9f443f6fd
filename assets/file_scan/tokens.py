"""Numbers in Swedish and English text: per cents, points and counts with the word before them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

TokenKind = Literal["percent", "points", "count"]
_NUMBER = r"[+\u2212-]?\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:,\d+)?|[+\u2212-]?\d+(?:[.,]\d+)?"
_PLAIN = str.maketrans({" ": "", "\u00a0": "", "\u202f": "", "\u2212": "-", ",": "."})
NUMBER = re.compile(rf"(?<![\w.,])(?:{_NUMBER})(?![\w]|[.,]\d)")
_RANGE = rf"(?<![\w.,])(?P<a>{_NUMBER})(?:\s?(?:–|-|till|to|och|and|\u2013)\s?(?P<b>{_NUMBER}))?"
_UNTIL = rf"(?:\s?(?:–|-|till|to)\s?(?P<b>{_NUMBER}))?"
"""The end of a range of counts: `3 055–3 470 elever` is two numbers, and neither is 470."""
_PERCENT = re.compile(rf"{_RANGE}\s?(?:%|procent\b|per ?cent\b)")
_POINTS = re.compile(rf"{_RANGE}\s(?:procentenhet|percentage point)")
ENGLISH = re.compile(r"_en\.\w+")
"""Files in English, where a comma stands between thousands."""
_BEFORE = re.compile(r"(\w+)\W*$")
ONLY_NUMBERS = re.compile(
    rf"[\s(\[]*(?:{_NUMBER})\s?%?(?:\s?(?:–|-|till|to|/|;|,|\()\s?(?:{_NUMBER})\s?%?\)?)*[\s)\]]*(?:procentenhet(?:er)?|procent)?"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A number in a text. `before`: the word before it; `unit`: the word after it."""

    kind: TokenKind
    value: float
    before: str
    unit: str
    decimals: int


def number_of(text: str) -> tuple[float, int]:
    """`−1 234,5` -> (-1234.5, 1)."""
    plain = text.translate(_PLAIN)
    return float(plain), len(plain.partition(".")[2])


def swedish_numbers(text: str) -> str:
    """English thousands (`1,140`) as Swedish ones."""
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "\u00a0", text)


@lru_cache(maxsize=4)
def _counting(words: tuple[str, ...], labels: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    after = "|".join(map(re.escape, words))
    before = "|".join(map(re.escape, labels))
    return (
        re.compile(rf"(?<![\w.,–-])(?P<a>{_NUMBER}){_UNTIL}(?:[^\S\t\n]|\n(?=[a-z]))(?P<unit>(?i:{after}))\b"),
        re.compile(rf"(?<!\w)(?P<unit>{before})\s?[=:]\s?(?P<a>{_NUMBER}){_UNTIL}(?![\w%]|\s?%|[.,]\d)", re.IGNORECASE),
    )


def tokens(text: str, words: Sequence[str], labels: Sequence[str]) -> Iterator[Token]:
    """Every per cent, difference in points and count in a running text."""
    if not any(map(str.isdigit, text)):
        return
    for pattern, kind in ((_PERCENT, "percent"), (_POINTS, "points")):
        for match in pattern.finditer(text):
            for part in (match["a"], match["b"]):
                if part:
                    yield _token(kind, part, text, match.start(), kind)  # type: ignore[arg-type]
    for pattern in _counting(tuple(words), tuple(labels)):
        for match in pattern.finditer(text):
            for part in (match["a"], match["b"]):
                if part:
                    yield _token("count", part, text, match.start(), match["unit"].lower())


def bare_numbers(text: str) -> Iterator[float]:
    """All numbers of a text, whatever stands around them."""
    for match in NUMBER.finditer(text):
        yield number_of(match[0])[0]


def _token(kind: TokenKind, number: str, text: str, start: int, unit: str) -> Token:
    value, decimals = number_of(number)
    before = _BEFORE.search(text[max(0, start - 40) : start])
    return Token(kind, value, before[1].lower() if before else "", unit, decimals)


def phrase_of(token: Token) -> str:
    """A token as it may stand in the catalogue's own texts: `minst 5 elever`."""
    return f"{token.before} {token.value:g} {token.unit}"
