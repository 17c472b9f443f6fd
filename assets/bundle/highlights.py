"""The findings that the overview leads with, chosen from the bundle's own released rows by the catalogue's rules. Pure.

They are chosen here and not in a table of their own: each rests on rows that the bundle shows anyway, so there is nothing more to
protect, and a bundle's sentences can't differ from its numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from assets.bundle.words import Context
from assets.charts.read_once import ReadOnce
from assets.methods.finding_sentences import sentence
from assets.methods.findings import (
    COLUMNS,
    Finding,
    change_rows,
    clear_findings,
    finding_rows,
    question_rows,
    select_findings,
)

_candidates: ReadOnce[tuple[pl.DataFrame, list[pl.DataFrame]]] = ReadOnce()
_SHARE = ["area_code", "wave", "grade", "sex", "index_key", "measure", "value", "low", "high", "n"]


@dataclass(frozen=True)
class Listed:
    """Sentences of one tone, and how many more findings of that tone there are."""

    sentences: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class Highlights:
    """What the overview leads with. `compared`: published comparisons with the county and the wave before; `most`: the limit."""

    strengths: Listed
    attention: Listed
    compared: int
    most: int


def candidate_rows(context: Context) -> pl.DataFrame:
    """The municipality's released comparisons of the scope's wave, in the form that findings are chosen from."""
    frames = context.frames
    if context.meta.findings is None:
        return pl.DataFrame(schema=COLUMNS)
    # slides, print, the easy page and both languages ask for the same; the other tables are held so that no id is used again
    others = [frames.response_rates, frames.indicator_results, frames.trends, frames.series_breaks]
    asked = (context.scope, *map(id, others))
    return _candidates.get(frames.index_results, asked, lambda: (_candidate_rows(context), others))[0]


def _candidate_rows(context: Context) -> pl.DataFrame:
    frames, scope, meta = context.frames, context.scope, context.meta
    questions = meta.findings.questions
    own = (pl.col("area_code") == scope.area_code) & (pl.col("wave") == scope.wave) & (pl.col("edition") == scope.edition)
    kinds = {key: index.kind for key, index in context.indices.items()}
    results, lowest = frames.index_results.filter(own), meta.findings.rules.certainty.lowest_response
    enough = pl.when(pl.col("response_least_pct") >= lowest).then("response_least_pct")  # a lower bound says no more than that
    response = frames.response_rates.filter(own).with_columns(response_pct=pl.coalesce("response_pct", enough))
    parts, shares = [finding_rows(results, kinds, response)], [results.select(_SHARE)]
    if frames.indicator_results.width:
        series = frames.indicator_results.filter(own)
        parts.append(question_rows(series, questions, response))
        shares.append(series.rename({"indicator": "index_key"}).select(_SHARE))
    if frames.trends.width:
        trends, together = frames.trends.filter(own), pl.concat(shares)
        parts.append(change_rows(trends, together, kinds, questions, response, _changed_questions(context)))
    return pl.concat(parts)


def highlights(context: Context) -> Highlights:
    """Strengths and what needs attention, in the catalogue's words."""
    found = context.meta.findings
    rows = candidate_rows(context)
    if found is None:
        return Highlights(Listed((), 0), Listed((), 0), 0, 0)
    chosen, every = select_findings(rows, found.rules), clear_findings(rows, found.rules)

    def listed(tone: str) -> Listed:
        shown = [one for one in chosen if one.tone == tone]
        words = tuple(sentence(one, found.templates, found.words) for one in shown)
        return Listed(words, sum(one.tone == tone for one in every) - len(shown))

    tested = rows.filter(pl.col("reason") == "ok", pl.col("measure").is_in(list(found.rules.measures)))
    compared = tested.filter(~pl.col("measure").str.starts_with("sex_gap")).height
    return Highlights(listed("strength"), listed("attention"), compared, found.rules.most)


def chosen_findings(context: Context) -> list[Finding]:
    """The findings behind the sentences."""
    found = context.meta.findings
    return [] if found is None else select_findings(candidate_rows(context), found.rules)


def _changed_questions(context: Context) -> list[tuple[str, int]]:
    """(series, wave) with a changed question, small or large."""
    breaks = context.frames.series_breaks
    if breaks.width:
        changed = breaks.filter(pl.col("break_level") != "").select("series", "wave").unique()
        return sorted(changed.iter_rows())
    return [(key, change.year) for key, index in context.indices.items() for change in index.breaks]
