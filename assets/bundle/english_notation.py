"""How numbers, and the few words that the code itself writes, stand in English: one pass over finished texts. Pure.

The report's functions write numbers the Swedish way (`12,5 %`, `1 035`, `−2 till +5`, `tre`, `12 mars 2026`) into the texts of
the catalogue they are given. With English texts this pass is what is left to do. It is safe since no English text of the
catalogue may hold the Swedish words that it replaces, nor a comma between digits (a test sees to it).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

import polars as pl

from assets.charts.numbers import NBSP, upper_first
from assets.charts.types import ChartCard

KEPT = frozenset({"id", "chart_id", "kind", "tone", "scope", "summary"})
"""Fields of a report that are no text for the reader."""
SPEC_TEXTS = frozenset({"text", "title", "subtitle"})
"""Keys of a chart's specification that hold drawn text."""
ENGLISH_NUMBERS = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["SEK ", ""]}
_DECIMAL = re.compile(r"(?<=\d),(?=\d)")
_THOUSANDS = re.compile(rf"(?<=\d){NBSP}(?=\d{{3}}(?!\d))")
_PERCENT = re.compile(rf"(?<=\d){NBSP}%")


@dataclass(frozen=True)
class Notation:
    """`words` and `phrases`: Swedish -> English, whole words in either case; `months`: names of months."""

    words: Mapping[str, str]
    phrases: Mapping[str, str]
    months: Mapping[str, str]
    stamp: tuple[str, str]
    """The mark of simulated data in a chart, and what it becomes: of the same width or shorter."""

    @cached_property
    def _told(self) -> re.Pattern[str]:
        every = sorted([*self.words, *self.phrases], key=len, reverse=True)
        return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, every))})(?![\w-])", re.IGNORECASE)

    @cached_property
    def _date(self) -> re.Pattern[str]:
        return re.compile(rf"(?<=\d{NBSP})(?:{'|'.join(self.months)})(?={NBSP}\d{{4}})")

    def __call__(self, text: str) -> str:
        """The text with English numbers and words: `12,5 %, tre` -> `12.5%, three`."""
        text = _PERCENT.sub("%", _THOUSANDS.sub(",", _DECIMAL.sub(".", text)))
        text = self._date.sub(lambda found: self.months[found[0]], text)
        return self._told.sub(self._word, text)

    def _word(self, found: re.Match[str]) -> str:
        word = found[0]
        known = {**self.words, **self.phrases}[word.lower()]
        return upper_first(known) if word[0].isupper() else known


def in_english(value: Any, notation: Notation) -> Any:
    """The same value with every text for the reader in English notation: texts, tuples, tables, charts and report parts.

    Ids, kinds and what a report is about stay as they are.
    """
    if isinstance(value, str):
        return notation(value)
    if isinstance(value, tuple):
        return tuple(in_english(part, notation) for part in value)
    if isinstance(value, pl.DataFrame):
        told = value.with_columns(pl.col(pl.String).map_elements(notation, return_dtype=pl.String)) if value.width else value
        return told.rename({name: notation(name) for name in value.columns})
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: getattr(value, f.name) for f in fields(value) if f.name not in KEPT}
        if isinstance(value, ChartCard):
            changed["spec"] = spec_in_english(changed["spec"], notation)
        return replace(value, **{name: part if name == "spec" else in_english(part, notation) for name, part in changed.items()})
    return value


def spec_in_english(node: Any, notation: Notation, key: str = "") -> Any:
    """A chart's specification with its drawn texts, its axes and its number format in English."""
    if isinstance(node, str):
        if key == "labelExpr":
            return node.replace(f"'{NBSP}%'", "'%'")
        return notation(node.replace(*notation.stamp)) if key in SPEC_TEXTS else node
    if isinstance(node, dict):  # not Mapping: asked for every number of every specification, and an abstract class answers slowly
        if key == "locale":
            return {**node, "number": ENGLISH_NUMBERS}
        return {name: spec_in_english(part, notation, name) for name, part in node.items()}
    if isinstance(node, (list, tuple)):
        return [spec_in_english(part, notation, key) for part in node]
    return node
