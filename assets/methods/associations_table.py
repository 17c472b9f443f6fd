"""Factors and outcomes side by side for one county, wave and grade; and what of it may be told. Pure.

Within a grade, adjusted for sex; girls and boys only, as in every published table. The factor is the focus group of an index. The
words are those of association (`statistics.yml`): cross-sectional answers show nothing else.

Disclosure: only a whole county is told of; only pairs whose factor and outcome are published there; only when every cell of the
four is above the cell floor, and a whole per cent of the exposed and of the others is more pupils than the policy's interval, so
that a rounded share leaves every cell open. Crude ratios are left out: as functions of the four cells they would narrow them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from assets.methods.association import SCHEMA as MEASURE_SCHEMA
from assets.methods.association import associate
from assets.methods.bands import FOCUS_BAND
from assets.methods.design import draw_up
from assets.methods.design_options import DesignOption, prepared
from assets.methods.disclosure import DisclosurePolicy
from assets.methods.disclosure_rounding import nearest
from assets.methods.interval_limits import kept_apart, leaves_out
from assets.methods.multiplicity import benjamini_hochberg

Pair = tuple[str, str]
ADJUSTMENT = "girl"
SCHEMA = {
    "area_code": pl.String,
    "wave": pl.Int32,
    "grade": pl.String,
    **MEASURE_SCHEMA,
    "n_exposed": pl.Int64,
    "p_adjusted": pl.Float64,
}
TOLD = ("share_exposed", "share_unexposed", "difference", "rr_adjusted", "odds_adjusted")
UNITS = {"difference": "points", "rr_adjusted": "ratio", "odds_adjusted": "ratio"}
RATIO_DECIMALS = 1
RESULT_COLUMNS = (
    *("edition", "area_level", "area_code", "area_name", "wave", "grade", "sex", "factor", "outcome", "measure"),
    *("value", "low", "high", "n", "unit", "reason", "method", "confidence_level", "adjusted_for", "verdict", "sentence"),
)
RESULT_KEYS = ("area_code", "wave", "grade", "factor", "outcome", "measure")


def association_table(
    persons: pl.DataFrame,
    pairs: Sequence[Pair],
    kinds: Mapping[str, str],
    option: DesignOption,
    least_cell: int,
    grades: Sequence[str],
) -> pl.DataFrame:
    """Every pair within each grade of one county and wave.

    Args:
        persons: `municipality_code, school_code, psu, stratum, wave, grade, sex`, `<index>_band` and a column per outcome (1, 0,
            null) of one county and wave. option: the design. least_cell: with fewer in one of the four cells there is no row's
            value, but a reason.

    Returns:
        `SCHEMA`: `association.SCHEMA` per pair, `n_exposed` (pupils with the factor and a known outcome), `p_adjusted` (risk
        ratio; Benjamini & Hochberg over the pairs of a grade).
    """
    chosen = persons.filter(pl.col("sex").is_in(["girl", "boy"]), pl.col("municipality_code").is_not_null())
    exposed = [
        (pl.col(f"{key}_band") == FOCUS_BAND[kind]).cast(pl.Float64).alias(f"exposed:{key}") for key, kind in kinds.items()
    ]
    unit = pl.concat_str("municipality_code", "school_code", "psu", separator="/", ignore_nulls=True)
    frame = chosen.with_columns(*exposed, psu=unit, **{ADJUSTMENT: (pl.col("sex") == "girl").cast(pl.Float64)})
    parts = []
    for grade in grades:
        own = frame.filter(pl.col("grade") == grade).sort("psu", "respondent_key")
        if own.is_empty():
            continue
        sample = draw_up(prepared(own, option), option.design())
        rows = []
        for factor, outcome in pairs:
            found = associate(sample, f"exposed:{factor}", outcome, (ADJUSTMENT,), least_cell=least_cell)
            known = own.filter(pl.col(outcome).is_not_null() & (pl.col(f"exposed:{factor}") == 1)).height
            rows.append(found.with_columns(factor=pl.lit(factor), n_exposed=pl.lit(known, pl.Int64)))
        parts.append(_with_family(pl.concat(rows)).with_columns(grade=pl.lit(grade)))
    if not parts:
        return pl.DataFrame(schema=SCHEMA)
    place = {"area_code": chosen["municipality_code"][0][:2], "wave": chosen["wave"][0]}
    return pl.concat(parts).with_columns(pl.lit(v).alias(k) for k, v in place.items()).select(list(SCHEMA)).cast(SCHEMA)


def _with_family(rows: pl.DataFrame) -> pl.DataFrame:
    tested = rows.filter(pl.col("measure") == "rr_adjusted")
    p = tested["p_value"].fill_null(np.nan).to_numpy()
    adjusted = tested.select("factor", "outcome").with_columns(
        p_adjusted=pl.Series(benjamini_hochberg(p), dtype=pl.Float64).fill_nan(None)
    )
    return rows.join(adjusted, on=["factor", "outcome"], how="left", maintain_order="left")


def published_associations(
    table: pl.DataFrame,
    shown: pl.DataFrame,
    policy: DisclosurePolicy,
    edition: str,
    sensitive: frozenset[str],
    false_discovery_rate: float,
    words: Mapping[str, str],
    names: Mapping[str, Mapping[str, str]],
) -> pl.DataFrame:
    """`release.associations`.

    Args:
        table: from `association_table`. shown: `wave, grade, factor, outcome` whose factor and outcome the county publishes.
        sensitive: outcomes that need the wider margins. words: sentences of `statistics.yml`. names: `factor`, `outcome`, `area`
            -> words for each key.

    Returns:
        `RESULT_COLUMNS`, sorted: shares and their difference (of the rounded shares) in whole per cent and points, ratios with
        one decimal, all null unless `reason` is `ok`; `n` to the nearest five; `verdict` `association` or `unclear` on the
        ratios; the `sentence` on the ratio to lead with.
    """
    numbers = policy.numbers(edition)
    strict = pl.col("outcome").is_in(sorted(sensitive)) | pl.col("factor").is_in(list(policy.sensitive_indices))
    cell = pl.when(strict).then(numbers.cell_floor_sensitive).otherwise(numbers.cell_floor)
    width = pl.when(strict).then(numbers.interval_width_sensitive).otherwise(numbers.interval_width)
    fewest = pl.min_horizontal("n_exposed", pl.col("n") - pl.col("n_exposed"))
    coarse = fewest * numbers.share_step > 100 * (width + 1)
    pair = ["wave", "grade", "factor", "outcome"]
    base_n = pl.col("n").max().over(pair)
    rows = table.with_columns(n=base_n).join(shown.select(pair).unique().with_columns(shown=pl.lit(True)), on=pair, how="left")
    rows = rows.with_columns(
        safe=(pl.col("shown").fill_null(False) & (pl.col("smallest_cell") >= cell) & coarse).all().over(pair)
    )
    rows = rows.filter(pl.col("measure").is_in(TOLD)).sort(RESULT_KEYS).with_columns(_rounded(name) for name in _NUMBERS)
    rows = _subtracted(rows.with_columns(_ends()))
    known = pl.col("safe") & pl.col("estimate").is_not_null()
    likely = (pl.col("p_adjusted") < false_discovery_rate).fill_null(False)
    clear = likely & leaves_out(1)  # also with the numbers that are published
    rows = rows.with_columns(
        pl.lit(edition).alias("edition"),
        pl.lit("county").alias("area_level"),
        pl.lit("all").alias("sex"),
        pl.col("area_code").replace_strict(dict(names["area"]), return_dtype=pl.String).alias("area_name"),
        pl.col("measure").replace_strict(UNITS, default="percent").alias("unit"),
        *(pl.when(known).then(source).alias(name) for name, source in (("value", "estimate"), ("low", "low"), ("high", "high"))),
        confidence_level=pl.when(known).then("level"),
        n=pl.when(known).then(pl.Series(nearest(rows["n"].to_numpy(), numbers.count_step), dtype=pl.Int64)),
        reason=pl.when(known).then(pl.lit("ok")).when(pl.col("safe")).then(pl.lit("missing")).otherwise(pl.lit("suppressed")),
        verdict=pl.when(known & (pl.col("unit_is_ratio"))).then(
            pl.when(clear).then(pl.lit("association")).otherwise(pl.lit("unclear"))
        ),
    )
    sentences = [_sentence(row, words, names) for row in rows.iter_rows(named=True)]
    return rows.with_columns(sentence=pl.Series(sentences, dtype=pl.String)).select(RESULT_COLUMNS).sort(RESULT_KEYS)


_NUMBERS = ("estimate", "low", "high")


def _rounded(name: str) -> pl.Expr:
    """Shares to whole per cent, ratios to one decimal; half away from zero."""
    scale = pl.when(pl.col("measure").is_in(["rr_adjusted", "odds_adjusted"])).then(10.0**RATIO_DECIMALS).otherwise(100.0)
    back = pl.when(pl.col("measure").is_in(["rr_adjusted", "odds_adjusted"])).then(10.0**RATIO_DECIMALS).otherwise(1.0)
    size = (pl.col(name).abs() * scale + 0.5 + 1e-9).floor()
    signed = size * pl.col(name).sign() / back
    return pl.when(size == 0).then(0.0).otherwise(signed).alias(name)


def _ends() -> list[pl.Expr]:
    """The rounded limits, never equal: a share stays within 0 and 100, a ratio above 0."""
    difference, ratio = pl.col("measure") == "difference", pl.col("measure").is_in(["rr_adjusted", "odds_adjusted"])
    step = pl.when(ratio).then(10.0**-RATIO_DECIMALS).otherwise(1.0)
    ends = kept_apart(step, pl.when(~difference).then(0.0), pl.when(~difference & ~ratio).then(100.0))
    return [end.round(RATIO_DECIMALS) for end in ends]


def _subtracted(rows: pl.DataFrame) -> pl.DataFrame:
    """The difference of the two rounded shares, its interval widened to hold it (ADR 0010)."""
    pair = ["wave", "grade", "factor", "outcome"]
    share = {name: pl.col("estimate").filter(pl.col("measure") == name).first().over(pair) for name in TOLD[:2]}
    is_difference = pl.col("measure") == "difference"
    value = share["share_exposed"] - share["share_unexposed"]
    return rows.with_columns(
        estimate=pl.when(is_difference).then(value).otherwise("estimate"),
        low=pl.when(is_difference).then(pl.min_horizontal("low", value)).otherwise("low"),
        high=pl.when(is_difference).then(pl.max_horizontal("high", value)).otherwise("high"),
        unit_is_ratio=pl.col("measure").is_in(["rr_adjusted", "odds_adjusted"]),
    )


def _sentence(row: Mapping[str, Any], words: Mapping[str, str], names: Mapping[str, Mapping[str, str]]) -> str | None:
    """The association in plain words, on the ratio to lead with; None for every other row."""
    if row["reason"] != "ok" or not row["lead_measure"] or row["low"] is None:
        return None
    kind = "unclear" if row["verdict"] == "unclear" else "rr"
    ratio, low, high = (f"{row[name]:.{RATIO_DECIMALS}f}".replace(".", ",") for name in ("value", "low", "high"))
    return words[kind].format(
        factor=names["factor"][row["factor"]], outcome=names["outcome"][row["outcome"]], ratio=ratio, interval=f"{low}–{high}"
    )
