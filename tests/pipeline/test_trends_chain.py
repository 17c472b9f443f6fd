"""Developments through the real chain: every published change has both its values, and the bundles say what the release says."""

from __future__ import annotations

import polars as pl

from assets.methods.change_table import COMMON_SCHOOLS, SCHEMA
from assets.methods.published_trends import COLUMNS
from pipelines.warehouse import TableName


def test_changes_are_formed_from_the_released_values(small_demo):
    table = small_demo.warehouse.read(TableName("release", "trends"), {"edition": ["intern"]})
    assert table.columns == list(COLUMNS)
    shown = table.filter(pl.col("reason") == "ok")
    assert shown.height
    assert (shown["change"] - (shown["value"] - shown["value_from"])).abs().max() < 1e-9
    released = small_demo.warehouse.read(
        TableName("release", "indicator_results"), {"edition": ["intern"], "measure": ["share", "mean"]}
    )
    values = released.select("area_code", "wave", "grade", "sex", series="indicator", measure="measure", there="value")
    keys = ["area_code", "wave", "grade", "sex", "series", "measure"]
    series = table.filter(pl.col("series_kind") != "index").join(values, on=keys, how="left")
    assert series.filter(pl.col("value").ne_missing(pl.col("there"))).height == 0
    hidden = table.filter(pl.col("value").is_null())
    assert (
        hidden.select(pl.col("change", "low", "high", "slope", "verdict", "trend_verdict").null_count()).row(0)
        == (hidden.height,) * 6
    )


def test_the_indices_layer_has_a_reason_for_every_null(small_demo):
    table = small_demo.warehouse.read(TableName("indices", "trends"))
    assert table.columns == list(SCHEMA)
    assert table["reason"].null_count() == 0
    assert table.filter(pl.col("reason") == "ok")["p_value"].null_count() == 0
    assert (table.filter(pl.col("p_value").is_null())["reason"] != "ok").all()
    assert set(table["method"].drop_nulls()) <= {COMMON_SCHOOLS, "wave_change_independent"}
    for name in ("area_estimates", "indicator_estimates", "scale_estimates"):
        rows = small_demo.warehouse.read(TableName("indices", name), columns=["estimate", "low", "reason", "sum_w", "n"])
        assert rows["reason"].null_count() == rows["sum_w"].null_count() == 0
        assert (rows.filter(pl.col("low").is_null() | pl.col("estimate").is_null())["reason"] != "ok").all()


def test_bundles_hold_the_table_and_no_p_value(small_demo):
    tables = sorted(small_demo.root.rglob("4_tabeller/utveckling.csv"))
    assert tables
    for path in tables:
        frame = pl.read_csv(path, infer_schema=False)
        assert frame.height
        assert set(frame["Bedömning"].drop_nulls()) <= {
            "har ökat",
            "har minskat",
            "liten eller ingen förändring",
            "kan inte avgöras",
            "",
        }
        assert not [name for name in frame.columns if name.lower().startswith("p-") or "medelfel" in name.lower()]
