"""Municipalities beside each other, from published numbers only: sets of ranks, and a funnel. Pure.

Nobody gets a single rank. A set holds every rank that a municipality may have, all sets right at once (Klein, Wright & Wieczorek
2020), and always at least two. The funnel tells shares that chance and what municipalities ordinarily differ by don't explain
(Spiegelhalter 2005); one outside it is a question to ask, no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from assets.catalogue.estimate_models import Compared
from assets.methods.design import Floats
from assets.methods.funnel import funnel
from assets.methods.intervals import wilson
from assets.methods.rank_sets import rank_sets
from assets.methods.released_shares import COUNTY, KEYS, MUNICIPALITY, released_shares, within_rounding

GROUP = ("wave", "grade", "index_key")
HEAD = {
    "edition": pl.String,
    "area_level": pl.String,
    "area_code": pl.String,
    "area_name": pl.String,
    "wave": pl.Int32,
    "grade": pl.String,
    "sex": pl.String,
    "index_key": pl.String,
    "measure": pl.String,
}
RANKS = HEAD | {
    "best_rank": pl.Int64,
    "worst_rank": pl.Int64,
    "ranked": pl.Int64,
    "undecided": pl.Boolean,
    "method": pl.String,
    "confidence_level": pl.Float64,
    "reason": pl.String,
}
LIMITS = ("limit95_low", "limit95_high", "limit998_low", "limit998_high")
FUNNEL = HEAD | {
    "value": pl.Float64,
    "n": pl.Int64,
    "target": pl.Float64,
    "dispersion": pl.Float64,
    **dict.fromkeys(LIMITS, pl.Float64),
    "position": pl.String,
    "areas": pl.Int64,
    "reason": pl.String,
}
NOT_COMPARED = "not_applicable"
"""Reason of a shown share that isn't compared: too few municipalities, no interval or no count beside it."""


def published_ranks(
    results: pl.DataFrame, focus: Mapping[str, str], rules: Compared, edition: str, step: float = 1.0
) -> pl.DataFrame:
    """`release.rank_sets`: the ranks that each municipality's focus share may have; 1 is the highest share.

    Args:
        results: `release.index_results`. focus: index key -> measure of its focus share. rules: `estimates.yml`. step: rounding
        of shares in points.

    Returns:
        `RANKS`, sorted. `best_rank` < `worst_rank`; `ranked`: municipalities compared; `undecided`: the set holds more than half
        of them. Nulls with the share's own reason, or `not_applicable` where fewer than `least_areas` can be compared.
    """
    areas = _municipalities(results, focus, edition, step)
    parts = [_ranks(group, rules) for _, group in areas.group_by(GROUP, maintain_order=True)]
    table = pl.concat(parts) if parts else areas.with_columns(best_rank=None, worst_rank=None, ranked=None, compared=False)
    span = pl.col("worst_rank") - pl.col("best_rank") + 1
    return table.select(
        *_head(edition),
        *("best_rank", "worst_rank", "ranked"),
        (2 * span > pl.col("ranked")).alias("undecided"),
        pl.lit(f"klein_{rules.joint}").alias("method"),
        pl.when("compared").then(pl.lit(rules.confidence_level)).alias("confidence_level"),
        _reason(),
    ).cast(RANKS).sort(KEYS)  # fmt: skip


def _ranks(group: pl.DataFrame, rules: Compared) -> pl.DataFrame:
    got = rank_sets(group.with_columns(se=pl.col("variance").sqrt()), rules.joint, rules.confidence_level, "share", "se")
    enough = pl.col("best_rank").is_not_null() & (pl.col("ranked") >= rules.least_areas)
    alone = pl.col("best_rank") == pl.col("worst_rank")  # a wider set is still right
    return got.with_columns(
        best_rank=pl.when(enough).then(pl.max_horizontal(pl.col("best_rank") - alone.cast(pl.Int64), pl.lit(1, pl.Int64))),
        worst_rank=pl.when(enough).then(pl.min_horizontal(pl.col("worst_rank") + alone.cast(pl.Int64), "ranked")),
        ranked=pl.when(enough).then("ranked"),
        compared=enough,
    )


def published_funnel(
    results: pl.DataFrame, focus: Mapping[str, str], rules: Compared, edition: str, step: float = 1.0
) -> pl.DataFrame:
    """`release.funnel`: each municipality's focus share against the limits at its number of answers.

    Args: see `published_ranks`.

    Returns:
        `FUNNEL`, sorted. `value`, `target` (the municipalities' share together, within the rounding of the county's) and limits
        in per cent; `dispersion`: how many times wider than chance the variance is (at least 1), part of the limits; `position`:
        `inside`, `above95`, `above998`, `below95`, `below998`: outside only when all shares that round to the published one are.
    """
    shares = released_shares(results, focus, edition, step)
    county = {row[:3]: row[3] for row in shares.filter(pl.col("area_level") == COUNTY).select(*GROUP, "share").iter_rows()}
    areas = _municipalities(results, focus, edition, step)
    parts = [_funnel(group, rules, county.get(key), step) for key, group in areas.group_by(GROUP, maintain_order=True)]
    empty = dict.fromkeys(("target", "dispersion", *LIMITS, "position", "areas"))
    table = pl.concat(parts) if parts else areas.with_columns(compared=False, **empty)
    columns = [pl.when("compared").then(name).alias(name) for name in ("value", "n", "target", "dispersion", *LIMITS)]
    rows = table.with_columns(value=pl.col("share") * 100).select(
        *_head(edition), *columns, pl.when("compared").then("position").alias("position"), "areas", _reason()
    )
    return rows.with_columns(pl.col("value").round(0), pl.col("target", "dispersion", *LIMITS).round(1)).cast(FUNNEL).sort(KEYS)


def _funnel(group: pl.DataFrame, rules: Compared, county: float | None, step: float) -> pl.DataFrame:
    shown = group["share"].is_not_null() & (group["n"].fill_null(0) > 0)
    n = group["n"].fill_null(0).cast(pl.Float64).to_numpy()
    share = group["share"].fill_null(0.0).to_numpy()
    used = shown.to_numpy()
    enough = int(used.sum()) >= rules.least_areas
    mean = float(np.average(share[used], weights=n[used])) if used.any() else 0.0
    target = within_rounding(mean, county, step / 100)
    if not enough or not 0 < target < 1:
        nothing = {name: pl.lit(None, pl.Float64) for name in ("target", "dispersion", *LIMITS)}
        return group.with_columns(
            **nothing, position=pl.lit(None, pl.String), areas=pl.lit(int(used.sum()), pl.Int64), compared=pl.lit(False)
        )
    _, spread = funnel(pl.DataFrame({"x": share * n, "n": np.where(used, n, 0.0)}), target, rules.winsorise)
    dispersion = max(spread.phi, 1.0)
    limits = funnel_limits(target, dispersion, n)
    half = step / 2
    position = [
        _position(value, half, *(float(limits[name][place]) for name in LIMITS)) for place, value in enumerate(share * 100)
    ]
    return group.with_columns(
        target=pl.lit(target * 100),
        dispersion=pl.lit(dispersion),
        **{name: pl.Series(values) for name, values in limits.items()},
        position=pl.Series(position, dtype=pl.String),
        areas=pl.lit(int(used.sum()), pl.Int64),
        compared=shown,
    )


def funnel_limits(target: float, dispersion: float, n: Floats) -> dict[str, Floats]:
    """Limits in per cent at `n` answers: Wilson around the target (0..1) with n / dispersion answers, since the variance is
    `dispersion` times what chance alone gives."""
    effective = np.asarray(n, dtype=float) / dispersion
    pairs = (wilson(target * effective, effective, level) for level in (0.95, 0.998))
    return dict(zip(LIMITS, (100 * limit for pair in pairs for limit in pair), strict=True))


def _position(value: float, half: float, low: float, high: float, far_low: float, far_high: float) -> str:
    if value - half > high:
        return "above998" if value - half > far_high else "above95"
    if value + half < low:
        return "below998" if value + half < far_low else "below95"
    return "inside"


def _municipalities(results: pl.DataFrame, focus: Mapping[str, str], edition: str, step: float) -> pl.DataFrame:
    return released_shares(results, focus, edition, step).filter(pl.col("area_level") == MUNICIPALITY).sort(*GROUP, "area_code")


def _head(edition: str) -> list[pl.Expr]:
    given = {"edition": edition, "sex": "all"}
    return [pl.lit(given[name]).alias(name) if name in given else pl.col(name) for name in HEAD]


def _reason() -> pl.Expr:
    absent = pl.when(pl.col("share").is_null()).then("reason").otherwise(pl.lit(NOT_COMPARED))
    return pl.when("compared").then(pl.lit("ok")).otherwise(absent).alias("reason")
