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


@dataclass(frozen=True)
class CertaintyRule:
    """Signs of a less certain finding; each costs one grade, from `high` over `moderate` to `low`.

    `widest_interval`: width of the difference's interval (points) above which it counts; `fewest_pupils`, `lowest_response` (per
    cent): below which they count (an unknown response rate counts too); `break_counts`: a changed question within the series
    counts.
    """

    widest_interval: float
    fewest_pupils: int
    lowest_response: float
    break_counts: bool = True


@dataclass(frozen=True)
class FindingRules:
    """How findings are chosen.

    `most`: at most so many together, half of them strengths as far as there are enough of both. `minimum_points`: least
    difference. `measures`: measure -> weight in the order (1 = first), those not named are never findings. `lower_is_strength`:
    shares of raised risk and low protection: fewer is better for both.
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
}


def finding_rows(
    results: pl.DataFrame, kinds: Mapping[str, str], response: pl.DataFrame, broken: Sequence[tuple[str, int]] = ()
) -> pl.DataFrame:
    """Join what `select_findings` needs from the release.

    Args:
        results: rows of `release.index_results` of one edition. kinds: index key -> risk or protective. response: `area_code,
            wave, grade, response_pct` of `release.response_rates`. broken: (index key, wave) with a changed question in that
            wave.

    Returns:
        Difference rows with `COLUMNS`: the focus share of the same cell beside each difference.
    """
    key = ["area_code", "wave", "grade", "sex", "index_key"]
    differences = results.filter(pl.col("verdict").is_not_null()).with_columns(
        kind=pl.col("index_key").replace_strict(kinds, default=None)
    )
    focus = pl.col("index_key").replace_strict(
        {index: "share_band3" if kind == "risk" else "share_band1" for index, kind in kinds.items()}, default=None
    )
    shares = results.filter(pl.col("measure") == focus, pl.col("value").is_not_null())
    shares = shares.select(*key, share="value", share_low="low", share_high="high")
    answered = response.select("area_code", "wave", "grade", pl.col("response_pct").cast(pl.Float64)).unique(
        ["area_code", "wave", "grade"]
    )
    changed = pl.DataFrame(list(broken), schema={"index_key": pl.String, "wave": results.schema["wave"]}, orient="row").unique()
    joined = differences.join(shares, on=key, how="left", maintain_order="left")
    joined = joined.join(answered, on=["area_code", "wave", "grade"], how="left", maintain_order="left")
    joined = joined.join(changed.with_columns(has_break=True), on=["index_key", "wave"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("has_break").fill_null(False)).select(list(COLUMNS)).cast(COLUMNS)


def select_findings(rows: pl.DataFrame, rules: FindingRules) -> list[Finding]:
    """Choose the findings of one report.

    Args:
        rows: `COLUMNS`; values in points. Only rows with a clear verdict, reason `ok`, an interval that leaves out 0 and at least
            `minimum_points` can be chosen.

    Returns:
        Strengths first, the largest first within each; ties by the measure's weight, then grade, sex and index key, so that the
        same rows give the same findings in whatever order they come.
    """
    clear = rows.filter(
        pl.col("verdict").is_in(CLEAR),
        pl.col("reason") == "ok",
        pl.col("measure").is_in(list(rules.measures)),
        pl.col("value").abs() >= rules.minimum_points,
        (pl.col("low") > 0) | (pl.col("high") < 0),
    )
    found = [_finding(row, rules) for row in clear.iter_rows(named=True)]
    found.sort(key=lambda f: (-abs(f.difference), rules.measures[f.measure], f.grade, f.sex, f.index_key, f.wave, f.area_code))
    strengths, attention = ([f for f in found if f.tone == tone] for tone in ("strength", "attention"))
    half = rules.most // 2
    first = min(len(strengths), max(half, rules.most - len(attention)))
    return strengths[:first] + attention[: rules.most - first]


def _finding(row: dict, rules: FindingRules) -> Finding:
    better = (row["value"] < 0) == rules.lower_is_strength
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
