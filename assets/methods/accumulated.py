"""How many risk factors, and how many weak protective ones, a pupil has; and how outcomes differ with the number. Pure.

An equal-weight count assumes that the factors' cut-offs are comparable. It describes where risks gather (Pollard, Hawkins &
Arthur 1999, Soc Work Res 23:145); outcomes by count are association, never effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from assets.methods import design_estimates as de
from assets.methods.design import Sample

Kind = Literal["risk", "protective"]


@dataclass(frozen=True)
class CountRule:
    """Which indices are counted.

    Args:
        key: name of the count. indices: index keys, all of one kind. kind: a risk factor counts from band 2 on (above the 75th
            percentile of the reference population), a protective one in band 1 (below the 15th: low protection). least_scored:
            with fewer scored indices there is no count. top: counts from here on are shown together.
    """

    key: str
    indices: tuple[str, ...]
    kind: Kind
    least_scored: int
    top: int

    def __post_init__(self) -> None:
        if not 0 < self.least_scored <= len(self.indices) or not 0 < self.top <= len(self.indices):
            raise ValueError(f"{self.key}: least_scored and top must lie within the number of indices")


def with_counts(persons: pl.DataFrame, rules: Sequence[CountRule]) -> pl.DataFrame:
    """Add `<key>_count` (Int64; null with too few scored indices, never "no risk") and `<key>_scored` (Int64) per rule.

    Args:
        persons: `<index>_band` (1..3 or null) of every index named.
    """
    added = []
    for rule in rules:
        bands = [pl.col(f"{index}_band") for index in rule.indices]
        scored = pl.sum_horizontal(band.is_not_null().cast(pl.Int64) for band in bands)
        beyond = [(band >= 2) if rule.kind == "risk" else (band == 1) for band in bands]
        count = pl.sum_horizontal(flag.fill_null(False).cast(pl.Int64) for flag in beyond)
        added += [pl.when(scored >= rule.least_scored).then(count).alias(f"{rule.key}_count"), scored.alias(f"{rule.key}_scored")]
    return persons.with_columns(added)


SCHEMA = {"count": pl.Int64, "and_more": pl.Boolean, "measure": pl.String} | de.SCHEMA


def count_table(sample: Sample, count: str, top: int, outcome: str | None = None, level: float = 0.95) -> pl.DataFrame:
    """Share of pupils with each count, with at least that count, and the outcome's share among them.

    Args:
        count: column of counts, null where unknown. top: this and higher counts together. outcome: 1, 0 or null.

    Returns:
        `count` 0..top, `and_more` (true on the last), `measure` (`share`, `share_at_least`, `outcome_share`), and the columns of
        `design_estimates.SCHEMA` with design-based logit intervals; sorted by measure and count. `n`: for shares pupils with this
        count (the estimate's own base is all with a count), for `outcome_share` pupils with this count and a known outcome.
    """
    work = sample.frame.with_columns(
        __capped=pl.min_horizontal(pl.col(count), pl.lit(top)), __known=pl.col(count).is_not_null(), __none=pl.lit(None, pl.Int8)
    )
    rows = []
    for k in range(top + 1):
        at, from_here = pl.col("__capped") == k, pl.col("__capped") >= k
        wanted = [("share", at, None), ("share_at_least", from_here, None)]
        wanted += [("outcome_share", pl.col(outcome).cast(pl.Float64), at)] if outcome else []
        for measure, value, where in wanted:
            frame = work.with_columns(__y=pl.when("__known").then(value.cast(pl.Float64)))
            view = Sample(frame, sample.weight, sample.lonely, sample.stages, sample.adjusters)
            row = de.described(view, de.mean(view, "__y", where), measure, level, "logit")
            if measure != "outcome_share":
                row["n"] = int(
                    (
                        frame.select((value & pl.col("__known")).fill_null(False)).to_series().to_numpy() & (sample.weight > 0)
                    ).sum()
                )
            rows.append({"count": k, "and_more": k == top, "measure": measure} | row)
    return pl.DataFrame(rows, schema=SCHEMA).sort("measure", "count")
