"""Which sentences a report may lead with: chosen by the published tests, strengths first, few, each with a grade of certainty.
Pure.

A finding is a difference that was tested (adjusted for the number of comparisons), is large enough to matter and is published.
What cannot be told is no finding. Rules and sentences are catalogue data (`assets/catalogue/findings.yml`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

Tone = Literal["strength", "attention"]
Certainty = Literal["high", "moderate", "low"]
GRADES: tuple[Certainty, ...] = ("high", "moderate", "low")
CLEAR = ("higher", "lower")
CHANGED = {"increase": "higher", "decrease": "lower"}
QUESTION, GOOD_QUESTION = "question", "good_question"
"""Kinds of single questions: where a high share is unwanted, and where it is wanted."""


@dataclass(frozen=True)
class CertaintyRule:
    """Signs of a less certain finding; each costs one grade, from `high` over `moderate` to `low`.

    `widest_interval`: width of the difference's interval (points) above which it counts; `fewest_pupils`, `lowest_response` (per
    cent): below which they count (an unknown response rate counts too); `break_counts`: a changed question between the waves of
    a change counts.
    """

    widest_interval: float
    fewest_pupils: int
    lowest_response: float
    break_counts: bool = True


@dataclass(frozen=True)
class FindingRules:
    """How findings are chosen.

    `most`: at most so many together, half of them strengths as far as there are enough of both. `minimum_points`: least
    difference. `measures`: measure -> weight in the order (1 = first; the largest difference first within a weight), those not
    named are never findings. `lower_is_strength`: shares of raised risk and low protection: fewer is better for both. Questions
    where a high share is wanted are turned round.
    """

    most: int
    minimum_points: float
    measures: Mapping[str, int]
    certainty: CertaintyRule
    lower_is_strength: bool = True


@dataclass(frozen=True)
class Finding:
    """One sentence to be: what, for whom, how large, how certain, why not more. `template` names the catalogue's sentence."""

    tone: Tone
    template: str
    area_code: str
    wave: int
    grade: str
    sex: str
    index_key: str
    kind: str
    measure: str
    difference: float
    difference_low: float
    difference_high: float
    share: float | None
    share_low: float | None
    share_high: float | None
    n: int | None
    certainty: Certainty
    doubts: tuple[str, ...] = field(default=())
    from_wave: int | None = None


COLUMNS = {
    "area_code": pl.String,
    "wave": pl.Int64,
    "grade": pl.String,
    "sex": pl.String,
    "index_key": pl.String,
    "kind": pl.String,
    "measure": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "verdict": pl.String,
    "reason": pl.String,
    "share": pl.Float64,
    "share_low": pl.Float64,
    "share_high": pl.Float64,
    "response_pct": pl.Float64,
    "has_break": pl.Boolean,
    "from_wave": pl.Int64,
}


def finding_rows(results: pl.DataFrame, kinds: Mapping[str, str], response: pl.DataFrame) -> pl.DataFrame:
    """Differences of indices to the county and between the sexes, with what `select_findings` needs, from the release.

    Args:
        results: rows of `release.index_results` of one edition. kinds: index key -> risk or protective. response: `area_code,
            wave, grade, response_pct` of `release.response_rates`.

    Returns:
        Rows of girls and boys together with `COLUMNS`: the focus share of the same cell beside each difference.
    """
    differences = results.filter(pl.col("verdict").is_not_null(), pl.col("sex") == "all")
    return _completed(differences, _focus_shares(results, kinds), kinds, response)


def question_rows(results: pl.DataFrame, good: Mapping[str, bool], response: pl.DataFrame) -> pl.DataFrame:
    """Differences of single questions to the county, in the same form.

    Args:
        results: rows of `release.indicator_results` of one edition. good: the questions that may be findings -> whether a high
            share is wanted. response: see `finding_rows`.
    """
    named = results.rename({"indicator": "index_key"}).filter(pl.col("index_key").is_in(list(good)), pl.col("sex") == "all")
    kinds = _question_kinds(good)
    return _completed(
        named.filter(pl.col("measure") == "diff_share"), named.filter(pl.col("measure") == "share"), kinds, response
    )


def change_rows(
    trends: pl.DataFrame,
    results: pl.DataFrame,
    kinds: Mapping[str, str],
    good: Mapping[str, bool],
    response: pl.DataFrame,
    broken: Sequence[tuple[str, int]] = (),
) -> pl.DataFrame:
    """Changes since the wave before, in the same form.

    Args:
        trends: rows of `release.trends` of one edition. results: index and indicator results in one frame with `index_key`, for
            the shares' intervals and n. kinds, good, response: see above. broken: (series, wave) with a changed question in that
            wave: it counts when it lies after the wave compared with.
    """
    of_index, of_question = pl.col("measure") == "share_focus", pl.col("measure") == "share"
    series = pl.col("series")
    chosen = trends.filter(
        pl.col("sex") == "all", (of_index & series.is_in(list(kinds))) | (of_question & series.is_in(list(good)))
    )
    turned = chosen.with_columns(
        pl.format("change_{}", "measure").alias("measure"),
        pl.col("verdict").replace_strict(CHANGED, default="unclear", return_dtype=pl.String),
        index_key="series",
        value="change",
    )
    shares = pl.concat([_focus_shares(results, kinds), results.filter(of_question, pl.col("index_key").is_in(list(good)))])
    rows = _completed(turned, shares, {**kinds, **_question_kinds(good)}, response)
    changed = [
        (key, wave, since)
        for key, wave, since in rows.select("index_key", "wave", "from_wave").unique().iter_rows()
        if since is not None and any(name == key and since < at <= wave for name, at in broken)
    ]
    known = pl.DataFrame(changed, schema={"index_key": pl.String, "wave": pl.Int64, "from_wave": pl.Int64}, orient="row")
    joined = rows.drop("has_break").join(
        known.with_columns(has_break=True), on=["index_key", "wave", "from_wave"], how="left", maintain_order="left"
    )
    return joined.with_columns(pl.col("has_break").fill_null(False)).select(list(COLUMNS))


def _question_kinds(good: Mapping[str, bool]) -> dict[str, str]:
    return {key: GOOD_QUESTION if wanted else QUESTION for key, wanted in good.items()}


def _focus_shares(results: pl.DataFrame, kinds: Mapping[str, str]) -> pl.DataFrame:
    measures = {index: "share_band3" if kind == "risk" else "share_band1" for index, kind in kinds.items()}
    return results.filter(pl.col("measure") == pl.col("index_key").replace_strict(measures, default=None))


def _completed(differences: pl.DataFrame, shares: pl.DataFrame, kinds: Mapping[str, str], response: pl.DataFrame) -> pl.DataFrame:
    """The differences with kind, share of the same cell and response rate, in `COLUMNS`."""
    key = ["area_code", "wave", "grade", "sex", "index_key"]
    shown = shares.filter(pl.col("value").is_not_null())
    shown = shown.select(*key, share="value", share_low="low", share_high="high", share_n="n")
    answered = response.select("area_code", "wave", "grade", pl.col("response_pct").cast(pl.Float64)).unique(
        ["area_code", "wave", "grade"]
    )
    rows = differences.with_columns(kind=pl.col("index_key").replace_strict(dict(kinds), default=None), has_break=False)
    rows = rows.join(shown, on=key, how="left", maintain_order="left")
    rows = rows.join(answered, on=["area_code", "wave", "grade"], how="left", maintain_order="left")
    absent = {name: pl.lit(None, kind).alias(name) for name, kind in COLUMNS.items() if name not in rows.columns}
    rows = rows.with_columns(list(absent.values()))
    return rows.with_columns(n=pl.coalesce("n", "share_n")).select(list(COLUMNS)).cast(COLUMNS)


def clear_findings(rows: pl.DataFrame, rules: FindingRules) -> list[Finding]:
    """All that may be a finding, in order.

    Args:
        rows: `COLUMNS`; values in points. Only rows with a clear verdict, reason `ok`, an interval that leaves out 0 and at least
            `minimum_points` can be one.

    Returns:
        The measures with the least weight first and the largest within each; ties by grade, sex and index key, so that the same
        rows give the same findings in whatever order they come.
    """
    clear = rows.filter(
        pl.col("verdict").is_in(CLEAR),
        pl.col("reason") == "ok",
        pl.col("measure").is_in(list(rules.measures)),
        pl.col("value").abs() >= rules.minimum_points,
        (pl.col("low") > 0) | (pl.col("high") < 0),
    )
    found = [_finding(row, rules) for row in clear.iter_rows(named=True)]
    return sorted(
        found,
        key=lambda f: (
            rules.measures[f.measure],
            -abs(f.difference),
            f.measure,
            f.grade,
            f.sex,
            f.index_key,
            f.wave,
            f.area_code,
        ),
    )


def select_findings(rows: pl.DataFrame, rules: FindingRules) -> list[Finding]:
    """Choose the findings of one report: strengths first, half of the places each as far as there are enough of both.

    Of one share that is both changed and unlike the county the first stands: two sentences with the same share in one list read
    as a mistake. Gaps between girls and boys are another matter and have sentences of their own.
    """
    found = _one_of_each(clear_findings(rows, rules))
    strengths, attention = ([f for f in found if f.tone == tone] for tone in ("strength", "attention"))
    half = rules.most // 2
    first = min(len(strengths), max(half, rules.most - len(attention)))
    return strengths[:first] + attention[: rules.most - first]


def _one_of_each(found: Sequence[Finding]) -> list[Finding]:
    """The first finding of each area, wave, grade, sex, series, tone and whether it is about a gap, in the same order."""
    first: dict[tuple[object, ...], Finding] = {}
    for one in found:
        gap = one.measure.startswith("sex_gap")
        first.setdefault((one.area_code, one.wave, one.grade, one.sex, one.index_key, one.tone, gap), one)
    return list(first.values())


def _finding(row: dict, rules: FindingRules) -> Finding:
    better = (row["value"] < 0) == (rules.lower_is_strength != (row["kind"] == GOOD_QUESTION))
    tone: Tone = "strength" if better else "attention"
    if row["measure"].startswith("sex_gap"):  # a gap between girls and boys is never a strength
        tone = "attention"
    doubts = _doubts(row, rules.certainty)
    return Finding(
        tone=tone,
        template=f"{row['measure']}.{tone}.{row['kind']}",
        area_code=row["area_code"],
        wave=row["wave"],
        grade=row["grade"],
        sex=row["sex"],
        index_key=row["index_key"],
        kind=row["kind"],
        measure=row["measure"],
        difference=row["value"],
        difference_low=row["low"],
        difference_high=row["high"],
        share=row["share"],
        share_low=row["share_low"],
        share_high=row["share_high"],
        n=row["n"],
        certainty=GRADES[min(len(doubts), len(GRADES) - 1)],
        doubts=doubts,
        from_wave=row["from_wave"],
    )


def _doubts(row: dict, rule: CertaintyRule) -> tuple[str, ...]:
    response = row["response_pct"]
    signs = {
        "wide_interval": row["high"] - row["low"] > rule.widest_interval,
        "few_pupils": row["n"] is None or row["n"] < rule.fewest_pupils,
        "low_response": response is not None and response < rule.lowest_response,
        "unknown_response": response is None,
        "series_break": rule.break_counts and bool(row["has_break"]),
    }
    return tuple(name for name, present in signs.items() if present)
