"""Which sentence a chart may carry, decided by the verdicts and intervals that are published.

No sentence ranks areas, names a cause or says more than the intervals do. "Kan inte avgöras" is an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assets.charts import numbers
from assets.charts.cells import Cell
from assets.charts.types import ChartMeta, IndexMeta, Scope

SMALL_POINTS = 3.0


def say(meta: ChartMeta, path: str, **values: object) -> str:
    """A catalogue text (`faktorprofil.title.none`) with its words filled in."""
    text = lookup(meta.texts, path)
    return str(text).format(**values).replace("  ", " ").strip()


def lookup(texts: Mapping[str, Any], path: str) -> Any:
    """The catalogue entry at a dotted path; `KeyError` when the catalogue lacks it."""
    found: Any = texts
    for part in path.split("."):
        found = found[part]
    return found


def grade_name(meta: ChartMeta, grade: str) -> str:
    return str(lookup(meta.texts, f"common.grades.{grade}"))


def names(indices: Sequence[IndexMeta]) -> str:
    """Index labels as they stand inside a sentence."""
    return numbers.words([numbers.lower_first(index.label_sv) for index in indices])


def grouped_names(indices: Sequence[IndexMeta]) -> str:
    """Labels after the group that is counted: `låg skyddsnivå (välbefinnande)`; the bare name could be read as good."""
    groups = list(dict.fromkeys(index.focus_band_label_sv for index in indices))
    parts = [f"{group} ({names([index for index in indices if index.focus_band_label_sv == group])})" for group in groups]
    return numbers.words(parts)


def verdict(cell: Cell) -> str:
    """What a difference row lets us say: `higher`, `lower`, `unclear`, `small` or `hidden`, with `_small` for clear but small.

    `small`: the difference isn't clear, but the whole interval lies strictly inside the small band (points).
    The release's own verdict rules; where it has none, the published interval does.
    """
    if cell.value is None:
        return "hidden"
    found = cell.verdict or _by_interval(cell)
    if found == "unclear":
        inside = cell.low is not None and cell.high is not None and cell.low > -SMALL_POINTS and cell.high < SMALL_POINTS
        return "small" if inside else "unclear"
    return f"{found}_small" if abs(cell.value) < SMALL_POINTS else found


def _by_interval(cell: Cell) -> str:
    if cell.low is not None and cell.low > 0:
        return "higher"
    return "lower" if cell.high is not None and cell.high < 0 else "unclear"


def survey_subtitle(meta: ChartMeta, scope: Scope, grade: str, cells: Sequence[Cell]) -> str:
    """Population, year, n (the range over the factors when it differs) and area basis."""
    counts = sorted({cell.n for cell in cells if cell.n is not None})
    n_text = say(meta, "common.subtitle_no_n")
    if counts:
        low, high = numbers.thousands(counts[0]), numbers.thousands(counts[-1])
        n_text = say(meta, "common.subtitle_n", n=low if low == high else f"{low}{numbers.DASH}{high}")
    return say(meta, "common.subtitle", grade=grade_name(meta, grade), area=scope.area_name, year=scope.wave, n=n_text)


def all_hidden_title(meta: ChartMeta, scope: Scope, grade: str, reason: str) -> str:
    """The title when not a single value of the area can be shown."""
    return say(meta, "common.all_hidden", area=scope.area_name, grade=grade_name(meta, grade), year=scope.wave, reason=reason)


def one_sentence(parts: Sequence[str]) -> str:
    """Several short findings as one sentence, so that a text alternative stays at about four sentences."""
    bare = [part.strip().removesuffix(".") for part in parts if part.strip()]
    return "; ".join([bare[0], *(numbers.lower_first(part) for part in bare[1:])]) + "." if bare else ""


def complete_alt(meta: ChartMeta, text: str, *, synthetic: bool) -> str:
    """The text alternative with the synthetic sentence last, and single spaces."""
    parts = [" ".join(text.split(" ")), say(meta, "common.synthetic_alt") if synthetic else ""]
    return " ".join(part.strip() for part in parts if part).replace("  ", " ")
