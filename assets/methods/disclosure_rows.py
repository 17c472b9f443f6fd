"""The published rows: rounded values with a reason each, and the log of what is hidden by which rule."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from assets.methods.disclosure_blocks import BANDS, BOY, GIRL, GROUP_KEYS, ROW_KEYS, SEXES, Blocks
from assets.methods.disclosure_policy import DisclosurePolicy, PolicyNumbers
from assets.methods.disclosure_rounding import half_away, nearest, share_percent
from assets.methods.disclosure_state import RULES, SPLIT, Floors, Hidden
from assets.methods.errors import PipelineError
from assets.methods.estimate import WEIGHTED_METHOD
from assets.methods.interval_limits import kept_apart, leaves_out

COUNT_MEASURES = ("n_respondents", "n_scored", "share_unscored")
SHARES = tuple(f"share_{band}" for band in BANDS)
DERIVED = {
    "mean": "logit",
    "sd": "logit",
    "diff_share_focus": "points",
    "diff_mean": "logit",
    "sex_gap_share_focus": "points",
    "sex_gap_mean": "logit",
}
MEASURES = (*COUNT_MEASURES, *SHARES, *DERIVED)
_COMPARISONS = [name for name in DERIVED if name.startswith(("diff_", "sex_gap_"))]
RESULT_COLUMNS = (
    "edition", *GROUP_KEYS, "sex", "index_key", "measure", "value", "low", "high", "n", "reason", "unit", "method",
    "interval_method", "confidence_level", "verdict",
)  # fmt: skip
LOG_COLUMNS = ("edition", *GROUP_KEYS, "sex", "index_key", "cell", "kind", "rule")
_EVIDENCE = {
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "confidence_level": pl.Float64,
    "method": pl.String,
    "interval_method": pl.String,
    "is_clear": pl.Boolean,
}


def keys_frame(blocks: Blocks) -> pl.DataFrame:
    """Row keys of every present block and sex, with the position (`slot`) in arrays [group, index, sex] laid flat."""
    group, index = np.nonzero(blocks.present)
    group, index, sex = np.repeat(group, 3), np.repeat(index, 3), np.tile(np.arange(3), len(group))
    slot = (group * len(blocks.index_keys) + index) * 3 + sex
    return blocks.groups[group].with_columns(
        pl.Series("sex", np.array(SEXES, dtype=object)[sex].tolist(), dtype=pl.String),
        pl.Series("index_key", [blocks.index_keys[i] for i in index], dtype=pl.String),
        pl.Series("slot", slot, dtype=pl.Int64),
    )


def _measure(keys: pl.DataFrame, name: str, unit: str, columns: dict[str, np.ndarray]) -> pl.DataFrame:
    at = keys["slot"].to_numpy()
    return keys.with_columns(
        pl.lit(name).alias("measure"),
        pl.lit(unit).alias("unit"),
        *(pl.Series(column, values.reshape(-1)[at]) for column, values in columns.items()),
    )


def _columns(value: np.ndarray | None, rule: np.ndarray, few: np.ndarray, n: np.ndarray) -> dict[str, np.ndarray]:
    columns = {"rule": rule.astype(np.int64), "few": few, "n": n}
    return columns if value is None else columns | {"value": value.astype(np.float64)}


def _spread_to_blocks(array: np.ndarray, blocks: Blocks) -> np.ndarray:
    return np.repeat(array[:, None, :], len(blocks.index_keys), axis=1)


def base_rows(
    blocks: Blocks, hidden: Hidden, floors: Floors, numbers: PolicyNumbers, focus: np.ndarray, telling: np.ndarray
) -> pl.DataFrame:
    """Rows of all measures; counts and shares with their value, derived measures still without.

    Args:
        focus: [index] position 0..2 of the band whose share is compared between areas and sexes.
        telling: [group, index] where the sexes' means are hidden for the numbers they tell (`telling_means`).
    """
    keys = keys_frame(blocks)
    respondents = _spread_to_blocks(blocks.respondents, blocks)
    # "too few" tells of the floor of numbers only: on which side of the districts' own floor a hidden number lies stays unsaid
    few_respondents, few = respondents < floors.respondents, blocks.scored < floors.count[None, :, None]
    n = np.where(hidden.scored == 0, nearest(blocks.scored, numbers.count_step), -1)
    step = numbers.share_step
    parts = [
        _measure(keys, "n_respondents", "count", _columns(
            nearest(respondents, numbers.count_step), _spread_to_blocks(hidden.respondents, blocks),
            few_respondents, n)),
        _measure(keys, "n_scored", "count", _columns(
            nearest(blocks.scored, numbers.count_step), hidden.scored, few, n)),
        _measure(keys, "share_unscored", "percent", _columns(
            share_percent(blocks.unscored, respondents, step), hidden.unscored, few_respondents, n)),
    ]  # fmt: skip
    for band, name in enumerate(SHARES):
        value = share_percent(blocks.bands[..., band], blocks.scored, step)
        parts.append(_measure(keys, name, "percent", _columns(value, hidden.bands[..., band], few, n)))
    for name, rule in _derived_rules(blocks, hidden, focus, telling).items():
        columns = _columns(None, rule, few, n)
        parts.append(_measure(keys, name, DERIVED[name], columns).with_columns(pl.lit(None, pl.Float64).alias("value")))
    return pl.concat(parts, how="diagonal")


def _derived_rules(blocks: Blocks, hidden: Hidden, focus: np.ndarray, telling: np.ndarray) -> dict[str, np.ndarray]:
    """Rule code [group, index, sex] of each derived measure.

    Means and spreads are computed from all bands of a group and are hidden with any of them; those of the sexes also where they
    would tell a hidden number of pupils. Differences of shares are formed
    from the two published shares, so they tell nothing more and are hidden only with one of those.
    """
    any_band = (hidden.bands > 0).any(axis=-1)
    no_mean = any_band.copy()
    no_mean[..., SPLIT] |= telling[..., None]
    focus_band = np.take_along_axis(hidden.bands, focus[None, :, None, None], axis=-1)[..., 0] > 0
    to_county = (blocks.county >= 0)[:, None, None]
    derived = RULES.index("derived")
    floor_codes = [RULES.index(name) for name in ("group_floor", "group_floor_sensitive", "district_floor")]
    floor = np.where(np.isin(hidden.bands[..., 0], floor_codes), hidden.bands[..., 0], 0)

    def either_sex(closed: np.ndarray) -> np.ndarray:
        return np.repeat((closed[:, :, GIRL] | closed[:, :, BOY])[:, :, None], 3, axis=2)

    return {
        name: np.where(floor > 0, floor, np.where(closed, derived, 0))
        for name, closed in {
            "mean": no_mean,
            "sd": no_mean,
            "diff_share_focus": focus_band | (focus_band[blocks.county] & to_county),
            "diff_mean": no_mean | (no_mean[blocks.county] & to_county),
            "sex_gap_share_focus": either_sex(focus_band),
            "sex_gap_mean": either_sex(no_mean),
        }.items()
    }


def evidence(estimates: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """The columns of `indices.area_estimates` that are published, one row per key and measure.

    Raises:
        PipelineError: a row is doubled or stands for a group without counts, or the measure is unknown.
    """
    frame = estimates.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in _EVIDENCE.items() if name not in estimates.columns
    )
    frame = frame.select(*ROW_KEYS, "measure", *(pl.col(name).cast(dtype) for name, dtype in _EVIDENCE.items()))
    frame = frame.with_columns(pl.col("estimate", "low", "high").fill_nan(None))
    orphans = frame.join(keys, on=list(ROW_KEYS), how="anti").height
    unknown = frame.filter(~pl.col("measure").is_in([*SHARES, *DERIVED])).height
    doubled = frame.height - frame.select(*ROW_KEYS, "measure").unique().height
    if orphans or unknown or doubled:
        raise PipelineError(
            code="inconsistent_estimates",
            where="Tabellen indices.area_estimates",
            expected="en rad per grupp och mått, med antal i indices.area_counts",
            got=f"{orphans} rader utan antal, {unknown} med okänt mått och {doubled} dubbla",
            hint="Räkna om indexen innan något publiceras.",
        )
    return frame


def weighted_shares(proof: pl.DataFrame, blocks: Blocks) -> np.ndarray | None:
    """[group, index, sex, band] shares 0..1 that come from a weighted survey, NaN elsewhere; None when there are none."""
    found = proof.filter((pl.col("method") == WEIGHTED_METHOD) & pl.col("measure").is_in(list(SHARES)))
    if found.is_empty():
        return None
    at = found.join(keys_frame(blocks), on=list(ROW_KEYS), how="inner")
    shares = np.full((int(np.prod(blocks.scored.shape)), len(SHARES)), np.nan)
    band = at["measure"].replace_strict(SHARES, range(len(SHARES)), return_dtype=pl.Int64).to_numpy()
    # an area where nobody has a score has no share; it is hidden by its number
    shares[at["slot"].to_numpy(), band] = at["estimate"].fill_null(0.0).to_numpy()
    return shares.reshape(*blocks.scored.shape, len(SHARES))


def barred_rows(barred: pl.DataFrame | None, blocks: Blocks) -> tuple[np.ndarray, np.ndarray] | None:
    """[group, index, sex, band] where `bars_bands` (or its own `bars_band1` .. `bars_band3`, when the table has them), and
    [group, index, sex] where `bars_counts`, of a table keyed as the counts; None without a table."""
    if barred is None:
        return None
    at = barred.join(keys_frame(blocks), on=list(ROW_KEYS), how="inner")
    one_by_one = [f"bars_{band}" if f"bars_{band}" in barred.columns else "bars_bands" for band in BANDS]
    found = []
    for column in ("bars_counts", *one_by_one):
        flags = np.zeros(int(np.prod(blocks.scored.shape)), dtype=bool)
        flags[at.filter(column)["slot"].to_numpy()] = True
        found.append(flags.reshape(blocks.scored.shape))
    return np.stack(found[1:], axis=-1), found[0]


def published(rows: pl.DataFrame, proof: pl.DataFrame, edition: str, decimals: int, focus: Mapping[str, str]) -> pl.DataFrame:
    """The rows with values, intervals and reasons; nothing of a hidden row is left but its keys.

    A difference is the difference of the two published numbers, so that a reader who subtracts gets the same, and nobody
    learns more by it; its interval (from the joint estimate) is widened to hold it when rounding took it outside.

    Derived measures come only where `proof` has them. One that should be shown but has no estimate is `missing`.
    """
    joined = rows.join(proof, on=[*ROW_KEYS, "measure"], how="left", maintain_order="left", coalesce=True)
    found = joined.join(proof.select(*ROW_KEYS, "measure"), on=[*ROW_KEYS, "measure"], how="semi", maintain_order="left")
    joined = pl.concat(
        [joined.filter(~pl.col("measure").is_in(list(DERIVED))), found.filter(pl.col("measure").is_in(list(DERIVED)))]
    )
    joined = _subtracted(_rounded(joined, decimals), focus, decimals)
    shown = pl.col("rule") == 0
    reason = (
        pl.when(~shown & pl.col("few")).then(pl.lit("too_few"))
        .when(~shown).then(pl.lit("suppressed"))
        .when(pl.col("value").is_null()).then(pl.lit("missing"))
        .otherwise(pl.lit("ok"))
    )  # fmt: skip
    keep = ("value", "low", "high", "n", "method", "interval_method", "confidence_level", "verdict")
    clear = pl.col("is_clear").fill_null(False) & (pl.col("value") != 0) & leaves_out(0)  # with the published numbers too
    sign = pl.when(pl.col("value") > 0).then(pl.lit("higher")).otherwise(pl.lit("lower"))
    return (
        joined.with_columns(
            pl.lit(edition).alias("edition"),
            reason.alias("reason"),
            pl.when(pl.col("n") >= 0).then(pl.col("n")).alias("n"),
            pl.when(pl.col("measure").is_in(_COMPARISONS))
            .then(pl.when(clear).then(sign).otherwise(pl.lit("unclear")))
            .alias("verdict"),
            pl.col("method").fill_null("count"),
        )
        .with_columns(pl.when(pl.col("reason") == "ok").then(pl.col(name)).alias(name) for name in keep)
        .with_columns(_order=pl.col("measure").replace_strict(MEASURES, range(len(MEASURES)), return_dtype=pl.Int64))
        .sort(*ROW_KEYS, "_order")
    )


def _rounded(joined: pl.DataFrame, decimals: int) -> pl.DataFrame:
    """Display units: whole per cent and points, logits with `decimals`; counts and shares keep the value from the counts.

    No interval is left without width, however narrow it is before rounding.
    """
    percent = joined["unit"].is_in(["percent", "points"]).to_numpy()
    columns = []
    for name in ("estimate", "low", "high"):
        raw = joined[name].fill_null(np.nan).to_numpy()
        columns.append(
            pl.Series(name + "_shown", np.where(percent, half_away(100 * raw, 0), half_away(raw, decimals))).fill_nan(None)
        )
    estimated = pl.col("measure").is_in(list(DERIVED)) | (
        pl.col("measure").is_in(list(SHARES)) & (pl.col("method") == WEIGHTED_METHOD).fill_null(False)
    )
    is_share = pl.col("unit") == "percent"
    step = pl.when(pl.col("unit").is_in(["percent", "points"])).then(1.0).otherwise(10.0**-decimals)
    ends = kept_apart(step, pl.when(is_share).then(0.0), pl.when(is_share).then(100.0))
    return (
        joined.with_columns(columns)
        .with_columns(
            pl.when(estimated).then(pl.col("estimate_shown")).otherwise(pl.col("value")).alias("value"),
            pl.col("low_shown").alias("low"),
            pl.col("high_shown").alias("high"),
        )
        .with_columns(end.round(decimals) for end in ends)
    )


def _subtracted(rows: pl.DataFrame, focus: Mapping[str, str], decimals: int) -> pl.DataFrame:
    """Set the value of comparisons to the difference of the published shares or means they compare."""
    focused = pl.col("measure") == pl.col("index_key").replace_strict(dict(focus), return_dtype=pl.String)
    shares = rows.filter(focused).with_columns(_kind=pl.lit("share_focus"))
    means = rows.filter(pl.col("measure") == "mean").with_columns(_kind=pl.lit("mean"))
    place = ["area_level", "area_code", "wave", "grade", "index_key"]
    numbers = pl.concat([shares, means]).select(*place, "sex", "_kind", _number="value")
    county = numbers.filter(pl.col("area_level") == "county").select(
        "wave", "grade", "index_key", "sex", "_kind", _whole="_number", _county="area_code"
    )
    own = numbers.with_columns(_county=pl.col("area_code").str.slice(0, 2)).join(
        county, on=["_county", "wave", "grade", "index_key", "sex", "_kind"], how="inner"
    )
    diff = own.select(*place, "sex", measure=pl.format("diff_{}", "_kind"), _difference=pl.col("_number") - pl.col("_whole"))
    girls, boys = (
        numbers.filter(pl.col("sex") == sex).select(*place, "_kind", pl.col("_number").alias(sex)) for sex in ("girl", "boy")
    )
    gap = girls.join(boys, on=[*place, "_kind"], how="inner").select(
        *place, sex=pl.lit("all"), measure=pl.format("sex_gap_{}", "_kind"), _difference=pl.col("girl") - pl.col("boy")
    )
    keys = [*place, "sex", "measure"]
    joined = rows.join(pl.concat([diff, gap]), on=keys, how="left", maintain_order="left")
    value = pl.col("_difference").round(decimals) + 0.0
    compared = pl.col("measure").is_in(_COMPARISONS) & pl.col("value").is_not_null() & value.is_not_null()
    return joined.with_columns(
        value=pl.when(compared).then(value).otherwise("value"),
        low=pl.when(compared & (pl.col("low") > value)).then(value).otherwise("low"),
        high=pl.when(compared & (pl.col("high") < value)).then(value).otherwise("high"),
    ).drop("_difference")


def suppression_log(rows: pl.DataFrame, policy: DisclosurePolicy) -> pl.DataFrame:
    """One row per hidden cell with the rule that hid it; no counts."""
    kinds = {code: policy.kind(rule) for code, rule in enumerate(RULES) if code}
    return (
        rows.filter(pl.col("rule") > 0)
        .with_columns(
            cell=pl.col("measure"),
            kind=pl.col("rule").replace_strict(kinds, return_dtype=pl.String),
            rule=pl.col("rule").replace_strict(dict(enumerate(RULES)), return_dtype=pl.String),
        )
        .select(LOG_COLUMNS)
    )
