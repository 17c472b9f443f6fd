"""Swedish words for rounded counts, lists of names and texts of the catalogue. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assets.bundle.words import say
from assets.charts import numbers
from assets.charts.findings import lookup
from assets.intake.names import shown_name
from assets.quality.settings import QualitySettings
from assets.quality.types import DeliveryFacts

Touched = Callable[[DeliveryFacts, Sequence[str] | None], tuple[str, ...]]
"""A delivery and the columns that are wrong in it (None: all of it) -> what that touches, as lines."""


@dataclass(frozen=True)
class Phrases:
    """The texts of `texts/quality.yml` with the settings that decide how numbers are rounded.

    `items`: question -> its short label. `areas`: municipality code -> name. `synthetic`: the answers are simulated.
    `screen`: plausibility rule -> what it says. `touched`: says what a fault touches.
    """

    texts: Mapping[str, Any]
    settings: QualitySettings
    items: Mapping[str, str]
    areas: Mapping[str, str]
    synthetic: bool
    screen: Mapping[str, str] = field(default_factory=dict)
    touched: Touched | None = None

    def say(self, path: str, **values: object) -> str:
        """The text at a dotted path with its words filled in; words in braces inside a value stay as they are."""
        return say(self.texts, path, **values)

    def entry(self, path: str) -> Any:
        """A catalogue entry that isn't one text."""
        return lookup(self.texts, path)

    def count(self, value: int | None) -> str:
        """`inga`, `färre än 5`, `cirka 125`; `uppgift saknas` for None."""
        if value is None:
            return self.say("counts.unknown")
        return self.at_least(value, self.settings.count_step) if value else self.say("counts.none")

    def at_least(self, value: int, least: int) -> str:
        """`cirka 125`, or `färre än 10` for everything below `least`, zero too."""
        if value < least:
            return self.say("counts.few", step=least)
        return self.say("counts.about", count=numbers.thousands(self._rounded(value)))

    def change(self, now: int, then: int) -> str:
        """Change of a count as whole per cent, nothing when one of them is under the floor."""
        if min(now, then) < self.settings.least_rows:
            return ""
        return f"{numbers.signed(round(100 * (self._rounded(now) / self._rounded(then) - 1)))}{numbers.NBSP}%"

    def _rounded(self, value: int) -> int:
        step = self.settings.count_step
        return (value + step // 2) // step * step

    def share(self, value: int | None) -> str:
        """`12 %`, or an empty text."""
        return "" if value is None else numbers.percent(value)

    def number_of(self, count: int, nouns: str) -> str:
        """`1 fråga`, `3 frågor`, with the nouns of a catalogue entry."""
        one, several = self.entry(nouns)
        return f"{numbers.thousands(count)}{numbers.NBSP}{one if count == 1 else several}"

    def problem_counts(self, stops: int, warnings: int) -> str:
        """`1 stopp och 2 varningar`; `inget` when there is nothing to look at."""
        counted = [self.number_of(n, f"index.{name}") for name, n in (("stops", stops), ("warnings", warnings)) if n]
        return numbers.words(counted) or self.say("index.quiet")

    def names(self, found: Sequence[str]) -> str:
        """Names in a row, those after the first `names_shown` counted."""
        shown = [shown_name(name) for name in found[: self.settings.names_shown]]
        rest = len(found) - len(shown)
        if rest:
            return self.say("recognised.more", names=", ".join(shown), count=rest)
        return numbers.words(shown)

    def questions(self, keys: Sequence[str]) -> str:
        """Questions by code and short label."""
        return self.names([self.question(key) for key in keys])

    def knows(self, key: str) -> bool:
        """Whether a reader knows the column: a question, or a background column that has words."""
        return key in self.items or key in self.entry("background")

    def question(self, key: str) -> str:
        """`F55e Skolkat`, or a background column in words; the code alone when the catalogue has no label."""
        background: Mapping[str, str] = self.entry("background")
        if key in background:
            return background[key]
        return f"{key} {self.items.get(key, '')}".strip()
