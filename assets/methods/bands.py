"""Bands of an index score: below, between and above two published cut-points.

Bands follow the index's own direction (protective scores are already multiplied by -1): `1` lowest scores, `2` middle, `3`
highest. The focus band is 3 for a risk index (raised risk) and 1 for a protective one (low protection).

Rule (`strict`, the published practice): the score is rounded to three decimals and compared strictly with the cut exactly as it
is stored. A score that equals the cut is in band 2 at the upper cut; at the lower cut it is in band 1 for risk (not above) and in
band 2 for protective (not below). `inclusive` lets a score at a cut count as having passed it outwards: at the upper cut band 3,
at the lower cut band 2 for risk and band 1 for protective.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import polars as pl

Kind = Literal["risk", "protective"]
Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

SCORE_DECIMALS = 3
FOCUS_BAND: Mapping[str, int] = {"risk": 3, "protective": 1}


@dataclass(frozen=True)
class CutSet:
    """A version of the cut-points: `cuts` maps index key to (lower, upper) in logits, as stored in the source."""

    id: str
    cuts: Mapping[str, tuple[float, float]]
    policy: Literal["strict", "inclusive"] = "strict"

    def __post_init__(self) -> None:
        if self.policy not in ("strict", "inclusive"):
            raise ValueError(f"cut set {self.id}: policy must be strict or inclusive")
        for key, (lower, upper) in self.cuts.items():
            if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
                raise ValueError(f"cut set {self.id}, {key}: the lower cut must be below the upper")

    def of(self, index_key: str) -> tuple[float, float]:
        """The two cuts of an index, looked up by key."""
        if index_key not in self.cuts:
            raise ValueError(f"cut set {self.id} has no cuts for {index_key}")
        return self.cuts[index_key]


def band_expr(index_key: str, kind: Kind, cut_set: CutSet) -> pl.Expr:
    """Band 1, 2 or 3 (Int8) of the score in column `index_key`; null when there is no score."""
    if kind not in FOCUS_BAND:
        raise ValueError("kind must be risk or protective")
    lower, upper = cut_set.of(index_key)
    score = _rounded(index_key)
    strict = cut_set.policy == "strict"
    highest = score > upper if strict else score >= upper
    takes_tie = strict == (kind == "risk")  # does a score at the lower cut belong to band 1?
    lowest = score <= lower if takes_tie else score < lower
    band = pl.when(score.is_null()).then(None).when(highest).then(3).when(lowest).then(1).otherwise(2)
    return band.cast(pl.Int8)


def with_bands(frame: Frame, kinds: Mapping[str, Kind], cut_set: CutSet) -> Frame:
    """Add a column `<index_key>_band` for every index in `kinds`."""
    return frame.with_columns(band_expr(key, kind, cut_set).alias(f"{key}_band") for key, kind in kinds.items())


def tie_mass(frame: pl.DataFrame | pl.LazyFrame, index_keys: Sequence[str], cut_set: CutSet) -> pl.DataFrame:
    """How many scored pupils stand exactly at a cut, when both are rounded to three decimals.

    Returns:
        One row per index and cut, in the order given: `index_key`, `cut` (`lower`, `upper`), `cut_value` (as stored),
        `n_scored`, `n_tied`, `share_tied` (0..1; null when nobody is scored).
    """
    names = [(key, cut, value) for key in index_keys for cut, value in zip(("lower", "upper"), cut_set.of(key), strict=True)]
    counts = [
        expr.alias(f"{position}:{what}")
        for position, (key, _, value) in enumerate(names)
        for what, expr in (
            ("scored", _rounded(key).is_not_null().sum()),
            ("tied", (_rounded(key) == pl.lit(value).round(SCORE_DECIMALS)).sum()),
        )
    ]
    found = frame.lazy().select(counts).collect().row(0, named=True) if names else {}
    rows = [
        {"index_key": key, "cut": cut, "cut_value": value, "n_scored": found[f"{i}:scored"], "n_tied": found[f"{i}:tied"]}
        for i, (key, cut, value) in enumerate(names)
    ]
    schema = {"index_key": pl.String, "cut": pl.String, "cut_value": pl.Float64, "n_scored": pl.Int64, "n_tied": pl.Int64}
    share = pl.when(pl.col("n_scored") > 0).then(pl.col("n_tied") / pl.col("n_scored")).alias("share_tied")
    return pl.DataFrame(rows, schema=schema).with_columns(share)


def _rounded(index_key: str) -> pl.Expr:
    return pl.col(index_key).fill_nan(None).round(SCORE_DECIMALS)
