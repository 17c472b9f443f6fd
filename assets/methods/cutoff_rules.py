"""Cut-offs recomputed from a reference population: the documented percentile rule, and labelled alternatives. Pure.

Documented rule of the published sets: per wave the percentiles of the scored pupils (75 and 90 for risk, 15 and 85 for protective
scores; R's default quantile, type 7) on scores of three decimals, then the mean over waves weighted by the number of scored
pupils. Unrounded scores would put the cut a hair below a score that many pupils share, and all of them beyond a cut that they
stand at: the bands compare at three decimals. Cuts are bound by index key and direction, never by position. Alternatives (frozen
median, Communities That Care, Youden) have one cut each and say which side owns a tie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal

import numpy as np
import polars as pl

from assets.methods.bands import SCORE_DECIMALS, CutSet, Kind
from assets.methods.errors import PipelineError
from assets.methods.mean_scores import CTC_STEP, Reference, flag, reference

Rule = Literal["frozen_median", "ctc", "youden"]
PERCENTILES: Mapping[str, tuple[int, int]] = {"risk": (75, 90), "protective": (15, 85)}
DECIMALS = 9  # scores by two routes must compare equal


def percentile(values: Sequence[float], percent: float) -> float:
    """Quantile type 7 (Hyndman & Fan 1996, Am Stat 50:361; R's default): linear between order statistics.

    Raises:
        ValueError: no values, or `percent` outside 0..100.
    """
    if not values or not 0 <= percent <= 100:
        raise ValueError("need values and a percentage between 0 and 100")
    ordered = sorted(values)
    position = (len(ordered) - 1) * percent / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def recomputed_cuts(persons: pl.DataFrame, kinds: Mapping[str, Kind], waves: Sequence[int] | None = None) -> pl.DataFrame:
    """Cuts of every index from a reference population.

    Args:
        persons: `wave` and one column of scores per index (null = not scored; protective scores already times -1).
        kinds: index key -> direction. waves: reference waves; None = all. A wave without scored pupils counts nothing.

    Returns:
        One row per index in the order of `kinds`: `index_key`, `kind`, `lower`, `upper`, `lower_percentile`, `upper_percentile`,
        `n` (scored pupils), `waves` (list). Cuts have nine decimals, so that a mean of equal percentiles is that score.

    Raises:
        PipelineError: an index has no scored pupil in the reference waves (`no_reference`), or too many pupils share a score for
            two different cuts (`cuts_coincide`).
    """
    chosen = persons if waves is None else persons.filter(pl.col("wave").is_in(list(waves)))
    rows = []
    for key, kind in kinds.items():
        percents = PERCENTILES[kind]
        by_wave = chosen.select("wave", key).with_columns(pl.col(key).fill_nan(None).round(SCORE_DECIMALS)).drop_nulls()
        groups = [
            (int(wave), rows[key].to_list()) for (wave,), rows in by_wave.sort("wave", key).group_by("wave", maintain_order=True)
        ]
        if not groups:
            raise _problem("no_reference", key, "elever med poäng i referensåren", "inga", "Välj andra år.")
        n = sum(len(values) for _, values in groups)
        cuts = [round(fsum(len(v) * percentile(v, p) for _, v in groups) / n, DECIMALS) for p in percents]
        if not cuts[0] < cuts[1]:
            raise _problem("cuts_coincide", key, "två skilda gränser", "en", "Välj en större referensgrupp.")
        rows.append((key, kind, *cuts, *percents, n, [wave for wave, _ in groups]))
    schema = {"index_key": pl.String, "kind": pl.String, "lower": pl.Float64, "upper": pl.Float64}
    schema |= {"lower_percentile": pl.Int64, "upper_percentile": pl.Int64, "n": pl.Int64, "waves": pl.List(pl.Int64)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def as_cut_set(table: pl.DataFrame, set_id: str, policy: Literal["strict", "inclusive"] = "strict") -> CutSet:
    """A recomputed table as a cut set, bound by key."""
    return CutSet(set_id, {row["index_key"]: (row["lower"], row["upper"]) for row in table.iter_rows(named=True)}, policy)


def compare_cuts(recomputed: pl.DataFrame, published: CutSet) -> pl.DataFrame:
    """Recomputed minus published, for the steward who judges drift: `index_key`, `lower_shift`, `upper_shift`."""
    rows = [
        (row["index_key"], row["lower"] - published.of(row["index_key"])[0], row["upper"] - published.of(row["index_key"])[1])
        for row in recomputed.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema={"index_key": pl.String, "lower_shift": pl.Float64, "upper_shift": pl.Float64}, orient="row")


@dataclass(frozen=True)
class SingleCut:
    """One cut of one index. `strict`: a score at the cut is not beyond it. `quality`: Youden's index in the other half, else
    null.

    `label` names the rule wherever a number made with it is shown; numbers of different rules are never put in one series.
    """

    index_key: str
    kind: Kind
    rule: Rule
    value: float
    strict: bool
    label: str
    n: int
    quality: float | None = None

    def beyond(self) -> pl.Expr:
        """1 beyond the cut in the direction of more risk (or less protection), 0 not, null without a score."""
        return flag(pl.col(self.index_key).round(DECIMALS), round(self.value, DECIMALS), self.kind, self.strict)


def frozen_median(key: str, kind: Kind, score: pl.Series, weight: pl.Series, wave: int) -> SingleCut:
    """The weighted median of a reference wave, kept for all later ones; a score at it counts as beyond. Ties can put far from
    half of the pupils there."""
    found = _reference(key, kind, score, weight, None)
    return SingleCut(key, kind, "frozen_median", found.median, False, f"median_{wave}", found.n)


def ctc_cut(key: str, kind: Kind, score: pl.Series, weight: pl.Series, wave: int, step: float = CTC_STEP) -> SingleCut:
    """Median -/+ `step` mean absolute deviations, strictly beyond (after Arthur et al. 2007, Eval Program Plann 30:197). The step
    is a parameter: 0.15 is often cited, its source was not verified. Experimental."""
    found = _reference(key, kind, score, weight, None)
    sign = 1 if kind == "risk" else -1
    return SingleCut(key, kind, "ctc", found.median + sign * step * found.mean_abs_dev, True, f"ctc_{step:g}_{wave}", found.n)


def youden_cut(
    key: str, kind: Kind, score: pl.Series, weight: pl.Series, outcome: pl.Series, chosen_on: pl.Series | None = None
) -> SingleCut:
    """The cut with the highest weighted sensitivity + specificity - 1 (Youden 1950, Cancer 3:32) against an outcome.

    Args:
        outcome: 1, 0 or null. chosen_on: true for the half that chooses the cut; the other half judges it (`quality`). None:
            chosen on everybody and not judged: the index there would flatter.

    Raises:
        PipelineError: the outcome does not vary in the half that chooses (`outcome_constant`).
    """
    everyone = pl.Series([True] * len(score))
    half = everyone if chosen_on is None else chosen_on
    found = _reference(key, kind, score.filter(half), weight.filter(half), outcome.filter(half))
    if found.cut_youden is None:
        raise _problem("outcome_constant", key, "elever med och utan utfallet", "bara den ena gruppen", "Välj ett annat utfall.")
    quality = (
        None
        if chosen_on is None
        else youden_index(score.filter(~half), weight.filter(~half), outcome.filter(~half), kind, found.cut_youden)
    )
    return SingleCut(key, kind, "youden", found.cut_youden, False, "youden", found.n, quality)


def youden_index(score: pl.Series, weight: pl.Series, outcome: pl.Series, kind: Kind, cut: float) -> float | None:
    """Weighted sensitivity + specificity - 1 of a cut; null when the outcome does not vary."""
    beyond = pl.select(flag(pl.lit(score), cut, kind)).to_series()
    table = pl.DataFrame({"beyond": beyond, "w": weight.cast(pl.Float64), "outcome": outcome}).drop_nulls()
    total = {case: table.filter(pl.col("outcome") == case)["w"].sum() for case in (0, 1)}
    if not min(total.values()) > 0:
        return None
    caught = table.filter(pl.col("outcome") == 1, pl.col("beyond") == 1)["w"].sum() / total[1]
    wrong = table.filter(pl.col("outcome") == 0, pl.col("beyond") == 1)["w"].sum() / total[0]
    return float(np.round(caught - wrong, 12))


def _reference(key: str, kind: Kind, score: pl.Series, weight: pl.Series, outcome: pl.Series | None) -> Reference:
    try:
        return reference(score.fill_nan(None).round(DECIMALS), weight, kind, outcome)
    except ValueError as error:
        raise _problem("no_reference", key, "elever med poäng i referensgruppen", "inga", "Välj en annan grupp.") from error


def _problem(code: str, key: str, expected: str, got: str, hint: str) -> PipelineError:
    return PipelineError(code=code, where=f"Gränserna för {key}", expected=expected, got=got, hint=hint)
