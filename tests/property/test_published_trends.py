"""What is published of a development is a function of published numbers and of standard errors, and of nothing that is hidden."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.change_table import SCHEMA, change_table
from assets.methods.published_trends import COLUMNS, published_trends
from assets.methods.series_breaks import SeriesDefinition, series_breaks
from assets.methods.wave_trends import CELL, GROUP, ChangeRules

WAVES = (2016, 2018, 2020, 2022, 2024)
KEYS = {"area_level": "municipality", "area_code": "0127", "grade": "ak9", "sex": "all", "series_kind": "index",
        "measure": "share_focus"}  # fmt: skip
SERIES = ("a", "b", "c")
STEPS = {"percent": 1.0}
RULES = ChangeRules()
COMPARABLE = series_breaks([SeriesDefinition("index", key, ()) for key in SERIES], WAVES)
NO_SCHOOLS = pl.DataFrame(schema={name: SCHEMA[name] for name in (*GROUP, "from_wave", "wave", "se", "df")})

point = st.tuples(
    st.floats(0.02, 0.6), st.floats(0.005, 0.05), st.sampled_from(["ok", "ok", "ok", "suppressed", "too_few", "no_delivery"])
)
worlds = st.lists(point, min_size=len(SERIES) * len(WAVES), max_size=len(SERIES) * len(WAVES))


def frames(drawn: list, shift: float = 0.0, hidden: float = 0.0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(published cells, unrounded evidence). `shift` moves shown shares within their rounding, `hidden` those that are hidden."""
    cells, own = [], []
    places = [(key, wave) for key in SERIES for wave in WAVES]
    for (key, wave), (share, se, reason) in zip(places, drawn, strict=True):
        value = float(round(100 * share))
        cell = KEYS | {"series": key, "wave": wave}
        cells.append(cell | {"edition": "intern", "area_name": "Botkyrka", "value": value if reason == "ok" else None,
                             "reason": reason, "unit": "percent"})  # fmt: skip
        estimate = value / 100 + shift if reason == "ok" else share + hidden
        own.append(
            cell
            | {"estimate": estimate, "se": se, "df": 40.0, "n": 0 if reason == "no_delivery" else 200, "minimum": 0.03}
            | {"n_psu": 41, "sum_w": 200.0}
        )
    evidence = pl.DataFrame(own, schema_overrides={"wave": pl.Int32, "estimate": pl.Float64})
    published = pl.DataFrame(cells, schema_overrides={"wave": pl.Int32, "value": pl.Float64})
    return published.sort(CELL), change_table(evidence, COMPARABLE, NO_SCHOOLS, RULES)


def release(drawn: list, **moved: float) -> pl.DataFrame:
    cells, evidence = frames(drawn, **moved)
    return published_trends(cells, evidence, COMPARABLE, STEPS, 3.0, RULES)


@settings(max_examples=40, deadline=None)
@given(worlds, st.floats(-0.0049, 0.0049), st.floats(0.001, 0.3))
def test_unrounded_and_hidden_values_leave_no_trace(drawn, shift, hidden):
    assert release(drawn).equals(release(drawn, shift=shift, hidden=hidden))


@settings(max_examples=40, deadline=None)
@given(worlds)
def test_every_row_has_numbers_or_a_reason_and_hidden_ends_hide_the_change(drawn):
    cells, _ = frames(drawn)
    table = release(drawn)
    assert table.columns == list(COLUMNS)
    assert table.height == cells.height
    value = {(row["series"], row["wave"]): row["value"] for row in cells.iter_rows(named=True)}
    for row in table.iter_rows(named=True):
        shown = row["reason"] == "ok"
        assert (row["change"] is not None) == shown
        assert (row["verdict"] is not None) == shown
        if shown:
            assert row["change"] == value[row["series"], row["wave"]] - value[row["series"], row["from_wave"]]
            assert row["high"] - row["change"] == row["change"] - row["low"] >= 1, "symmetric and never without width"
            if row["verdict"] in ("increase", "decrease"):
                assert abs(row["change"]) >= 3
                assert row["low"] * row["high"] > 0
        else:
            assert all(row[name] is None for name in ("low", "high", "value_from", "confidence_level", "method"))
        if value[row["series"], row["wave"]] is None:
            assert all(row[name] is None for name in ("slope", "slope_low", "slope_high", "first_wave", "trend_verdict"))
        if row["slope"] is not None:
            assert row["n_waves"] >= 3
    assert not {"p_value", "p_adjusted", "se", "df", "slope_p"} & set(table.columns)


@settings(max_examples=25, deadline=None)
@given(worlds)
def test_missing_evidence_closes_and_never_opens(drawn):
    cells, evidence = frames(drawn)
    table = published_trends(cells, evidence.clear(), COMPARABLE, STEPS, 3.0, RULES)
    assert set(table["verdict"].drop_nulls()) <= {"cannot_tell"}
    assert table["low"].null_count() == table["slope"].null_count() == table.height
