"""The join: per municipality, wave, grade and factor the level, what is known to be done, and how ready the municipality is.

Only published values go in, so nothing new can be worked out of what comes out. What isn't published keeps its reason; nothing
that is unknown becomes zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.methods.readiness import quantile

KEYS = ("edition", "area_code", "area_name", "wave", "grade", "factor", "kind")
TEXTS = ("edition", "area_code", "area_name", "grade", "factor", "kind", "diff_verdict", "trend_verdict")
REASONS = ("reason_level", "reason_coverage", "reason_readiness")
_LEVEL = ("share_focus", "low", "high", "diff_county", "diff_low", "diff_high")
_GAP = ("sex_gap", "sex_gap_low", "sex_gap_high")
_COVERAGE = ("n_known", "n_activities", "coverage_low", "coverage_high", "n_fragile", "n_blind")
_READINESS = ("readiness_median", "readiness_q1", "readiness_q3")
COLUMNS = (*KEYS, *_LEVEL, "diff_verdict", "trend_verdict", *_GAP, *_COVERAGE, *_READINESS, *REASONS)
_COUNTS = ("n_known", "n_activities", "n_fragile", "n_blind")
SCHEMA: dict[str, type[pl.DataType]] = {
    name: pl.String if name in (*TEXTS, *REASONS) else pl.Int32 if name in (*_COUNTS, "wave") else pl.Float64 for name in COLUMNS
}
ALL = "*"
NOT_INVENTORIED, NOT_APPLICABLE = "not_inventoried", "not_applicable"


def factor_overview(
    index_results: pl.DataFrame,
    trends: pl.DataFrame,
    coverage: pl.DataFrame,
    readiness: pl.DataFrame,
    kinds: Mapping[str, str],
) -> pl.DataFrame:
    """`release.factor_overview`.

    Args:
        index_results, trends, coverage, readiness: `release.index_results`, `release.trends`, `release.activity_coverage` and
            `release.readiness`; the latter three may be empty frames without columns. Of the preconditions the municipality's
            newest round is taken.
        kinds: index key -> `risk` or `protective`, in the catalogue's order.

    Returns:
        A row per municipality x wave x grade x factor that `index_results` has, in that order. Shares in per cent, differences in
        points, coverage 0-1, readiness 0-3.
    """
    rows = index_results.filter(
        (pl.col("area_level") == "municipality") & (pl.col("sex") == "all") & pl.col("index_key").is_in(list(kinds))
    )
    focus = {key: "share_band3" if kind == "risk" else "share_band1" for key, kind in kinds.items()}
    found = rows.filter(pl.col("measure") == pl.col("index_key").replace_strict(focus, default="")).select(
        *("edition", "area_code", "area_name", "wave", "grade"), factor="index_key", share_focus="value", low="low", high="high",
        reason_level="reason",
    )  # fmt: skip
    found = _beside(found, _measure(rows, "diff_share_focus", ("diff_county", "diff_low", "diff_high"), verdict=True))
    found = _beside(found, _measure(rows, "sex_gap_share_focus", _GAP))
    found = _beside(found, _trend_verdicts(trends))
    known = _coverage_of(coverage)
    found = found.join(known, on=["edition", "area_code", "factor"], how="left", maintain_order="left")
    found = found.join(_readiness_of(readiness), on=["edition", "area_code"], how="left", maintain_order="left")
    order = {key: place for place, key in enumerate(kinds)}
    return (
        found.with_columns(
            kind=pl.col("factor").replace_strict(dict(kinds)),
            reason_coverage=pl.col("reason_coverage").fill_null(NOT_INVENTORIED),
            reason_readiness=pl.col("reason_readiness").fill_null(NOT_INVENTORIED),
            place=pl.col("factor").replace_strict(order, return_dtype=pl.Int32),
        )
        .sort("area_code", "wave", "grade", "place")
        .select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
    )


_ROW = ("edition", "area_code", "wave", "grade", "factor")


def _beside(found: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    return found.join(other, on=list(_ROW), how="left", maintain_order="left")


def _measure(rows: pl.DataFrame, measure: str, names: tuple[str, ...], *, verdict: bool = False) -> pl.DataFrame:
    value, low, high = names
    columns = {"factor": "index_key", value: "value", low: "low", high: "high"} | ({"diff_verdict": "verdict"} if verdict else {})
    return rows.filter(pl.col("measure") == measure).select(*_ROW[:-1], **columns)


def _trend_verdicts(trends: pl.DataFrame) -> pl.DataFrame:
    if trends.is_empty():
        return pl.DataFrame(schema={name: pl.Int32 if name == "wave" else pl.String for name in (*_ROW, "trend_verdict")})
    wanted = (pl.col("series_kind") == "index") & (pl.col("measure") == "share_focus") & (pl.col("sex") == "all")
    return trends.filter(wanted & (pl.col("area_level") == "municipality")).select(*_ROW[:-1], "trend_verdict", factor="series")


def _coverage_of(coverage: pl.DataFrame) -> pl.DataFrame:
    """Totals per municipality and factor. Activities that nobody was asked about give no coverage, only their number."""
    schema = {name: SCHEMA[name] for name in ("edition", "area_code", "factor", *_COVERAGE, "reason_coverage")}
    if coverage.is_empty():
        return pl.DataFrame(schema=schema)
    whole = [pl.col(name) == ALL for name in ("arena", "level", "age_band")]
    rows = coverage.filter((pl.col("factor_kind") == "index"), *whole)
    unasked = pl.col("n_not_inventoried") == pl.col("n_activities")
    reason = pl.when(pl.col("n_activities") == 0).then(pl.lit(NOT_APPLICABLE)).when(unasked).then(pl.lit(NOT_INVENTORIED))
    rows = rows.with_columns(n_known=pl.col("n_yes"), reason_coverage=reason.otherwise(pl.lit("ok")))
    hidden = [name for name in _COVERAGE if name != "n_activities"]
    shown = pl.col("reason_coverage") == "ok"
    rows = rows.with_columns(pl.when(shown).then(pl.col(name)).alias(name) for name in hidden)
    return rows.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def _readiness_of(readiness: pl.DataFrame) -> pl.DataFrame:
    """The middle and the quartiles of the conditions' medians in each municipality's newest round."""
    schema = {name: SCHEMA[name] for name in ("edition", "area_code", *_READINESS, "reason_readiness")}
    if readiness.is_empty():
        return pl.DataFrame(schema=schema)
    rated = readiness.filter(pl.col("reason") != NOT_INVENTORIED)
    rows = []
    for (edition, code), group in sorted(rated.partition_by("edition", "area_code", as_dict=True).items()):
        newest = group.filter(pl.col("round") == max(group["round"].to_list()))
        medians = sorted(newest.filter(pl.col("reason") == "ok")["median"].to_list())
        spread = [quantile(medians, quarter) for quarter in (2, 1, 3)] if medians else [None] * 3
        rows.append((edition, code, *spread, "ok" if medians else "too_few_raters"))
    return pl.DataFrame(rows, schema=schema, orient="row")
