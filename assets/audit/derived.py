"""Numbers formed from others: none may be shown unless all that it is formed from is shown. Pure.

A mean, a difference, a rank or a change over time says something about the cells that it is computed from. When those are shown,
rounded, and it is a function of them, it adds little; when one of them is hidden, it may give it away.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.audit.types import CELL_KEY, REPORT_SCHEMA, AuditRules

_PLACE = ["edition", "area_level", "area_code", "wave", "grade"]
_CELL = [*_PLACE, "sex", "key", "measure"]
_BANDS = ("share_band1", "share_band2", "share_band3")
TOLD_BY = "derived:"
"""What the attack is called before the name of a table of its own that shows a number formed from a hidden one."""
_TABLES = {"index_results": "index_key", "accumulated_results": "count_key", "indicator_results": "indicator"}


def derived_cells(published: Mapping[str, pl.DataFrame], rules: AuditRules) -> pl.DataFrame:
    """`REPORT_SCHEMA`, one row per hidden number that a shown derived number is formed from: verdict `narrow`, no bounds."""
    shown = _shown(published)
    if shown.is_empty():
        return pl.DataFrame(schema=REPORT_SCHEMA)
    own = _compared(shown, rules).with_columns(attack=pl.lit("linked"))
    others = [rows.with_columns(attack=pl.lit(f"{TOLD_BY}{name}")) for name, rows in _others(published, rules)]
    needed, cell = pl.concat([own, *others]), ["table_name", *_CELL]
    lacking = needed.join(shown.select(cell), on=cell, how="anti").unique().sort(*cell, "attack")
    named = lacking.with_columns(
        low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64), width=pl.lit(0.0), required=pl.lit(float("nan")),
        verdict=pl.lit("narrow"),
    )  # fmt: skip
    return named.with_columns(required=pl.lit(float(min(one.width for one in rules.editions.values())))).select(*REPORT_SCHEMA)


def _shown(published: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    parts = [
        published[name].filter(pl.col("reason") == "ok").rename({key: "key"}).select(*_CELL, table_name=pl.lit(name))
        for name, key in _TABLES.items()
        if name in published
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema={name: REPORT_SCHEMA[name] for name in CELL_KEY})


def _compared(shown: pl.DataFrame, rules: AuditRules) -> pl.DataFrame:
    """What means, spreads, differences to the county and gaps between the sexes are formed from."""
    index = pl.col("table_name") == "index_results"
    measure = pl.col("measure")
    what = measure.str.replace("^(diff|sex_gap)_", "")
    focus = pl.col("key").replace_strict(dict(rules.focus), default="share_band3", return_dtype=pl.String)
    whole = index & what.is_in(["mean", "sd"])
    parents = (
        pl.when(whole)
        .then(pl.lit(list(_BANDS)))
        .when(what == "share_focus")
        .then(pl.concat_list(focus))
        .otherwise(pl.concat_list(what))
    )
    formed = shown.filter(measure.str.contains("^(diff|sex_gap)_") | whole).with_columns(
        sides=pl.when(measure.str.starts_with("diff_")).then(pl.lit(["own", "county"]))
        .when(measure.str.starts_with("sex_gap_")).then(pl.lit(["girl", "boy"])).otherwise(pl.lit(["own"])),
        measure=parents,
    )  # fmt: skip
    rows = formed.explode("sides").explode("measure")
    county = pl.col("sides") == "county"
    code = pl.col("area_code").str.slice(0, 2)
    return rows.with_columns(
        area_level=pl.when(county).then(pl.lit("county")).otherwise("area_level"),
        area_code=pl.when(county).then(code).otherwise("area_code"),
        sex=pl.when(pl.col("sides").is_in(["girl", "boy"])).then("sides").otherwise("sex"),
    ).select("table_name", *_CELL)


def _others(published: Mapping[str, pl.DataFrame], rules: AuditRules) -> list[tuple[str, pl.DataFrame]]:
    """Table -> what it is formed from: ranks, funnels, weighted shares, the overview of factors and changes over time."""
    found = []
    for name in ("rank_sets", "funnel", "weighted_comparison"):
        if name in published:
            rows = published[name].filter(pl.col("reason") == "ok").rename({"index_key": "key"})
            found.append((name, rows.select(pl.lit("index_results").alias("table_name"), *_CELL)))
    focus = pl.col("key").replace_strict(dict(rules.focus), default="share_band3", return_dtype=pl.String)
    if "factor_overview" in published:
        rows = published["factor_overview"].filter(pl.col("share_focus").is_not_null()).rename({"factor": "key"})
        rows = rows.with_columns(
            table_name=pl.lit("index_results"), area_level=pl.lit("municipality"), sex=pl.lit("all"), measure=focus
        )
        found.append(("factor_overview", rows.select("table_name", *_CELL)))
    if "trends" in published:
        rows = published["trends"].filter((pl.col("reason") == "ok") & pl.col("change").is_not_null()).rename({"series": "key"})
        both = pl.concat([rows, rows.with_columns(wave=pl.col("from_wave").cast(pl.Int32))])
        index = pl.col("key").is_in(list(rules.focus))
        parents = pl.when(pl.col("measure") == "share_focus").then(pl.concat_list(focus))
        parents = (
            parents.when(index & (pl.col("measure") == "mean")).then(pl.lit(list(_BANDS))).otherwise(pl.concat_list("measure"))
        )
        both = both.with_columns(
            table_name=pl.when(index).then(pl.lit("index_results")).otherwise(pl.lit("indicator_results")), measure=parents
        )
        found.append(("trends", both.explode("measure").select("table_name", *_CELL)))
    return found
