"""The charts of the presentation before they are on a slide: read from the cards, cut at breaks, marked where hidden."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.slide_charts import ends, number, sex_chart, trend_chart, who_chart
from assets.bundle.slides import outside
from assets.bundle.slides_pptx import fitting
from assets.bundle.words import Context
from assets.charts import bortfall, konsskillnad, trend
from assets.charts.types import SeriesBreak
from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta

META = sample_report_meta()


def test_a_line_is_cut_at_a_major_break_and_the_break_is_told():
    frames, scope = sample_bundle_frames("0127")
    key = "wellbeing"
    index = replace(META.charts.indices[key], breaks=(SeriesBreak(2020, "frågan byttes", "major"),))
    card = trend.build(frames, scope, META.charts, grade="ak9", index_key=key)
    chart = trend_chart(Context(frames, scope, META), card, index, "ak9")
    names = [series.name for series in chart.series]
    assert f"{scope.area_name} från 2020" in names
    first = chart.series[0]
    later = [place for place, year in enumerate(card.table["År"]) if int(year) >= 2020]
    assert all(first.values[place] is None for place in later)
    assert any("frågan byttes" in mark for mark in chart.marks)
    assert "frågan byttes" in chart.alt


def test_one_hidden_sex_leaves_the_others_value_and_a_mark():
    frames, scope = sample_bundle_frames("0127")
    hidden = (pl.col("sex") == "girl") & (pl.col("index_key") == "wellbeing") & (pl.col("measure").str.starts_with("share_"))
    own = hidden & (pl.col("area_code") == "0127") & (pl.col("wave") == 2024)
    emptied = [pl.when(own).then(None).otherwise(pl.col(name)).alias(name) for name in ("value", "low", "high", "n", "verdict")]
    reason = pl.when(own).then(pl.lit("suppressed")).otherwise(pl.col("reason")).alias("reason")
    frames = replace(frames, index_results=frames.index_results.with_columns(*emptied, reason))
    card = konsskillnad.build(frames, scope, META.charts, grade="ak9")
    chart = sex_chart(Context(frames, scope, META), card, "ak9")
    place = next(n for n, name in enumerate(chart.categories) if name.startswith("Välbefinnande"))
    assert chart.series[0].values[place] is None
    assert chart.series[1].values[place] is not None
    assert "flickor [c], pojkar" in chart.categories[place]
    assert any(mark.startswith("[c]") for mark in chart.marks)


def test_hidden_respondents_stand_with_their_least_number_in_the_table_and_on_the_slide():
    frames, scope = sample_bundle_frames("0127")
    hidden = (pl.col("area_code") == "0127") & (pl.col("wave") == scope.wave) & (pl.col("grade") == "ak9")
    told = {"respondents": None, "response_pct": None, "reason": "suppressed", "respondents_least": 543, "response_least_pct": 61}
    changed = [pl.when(hidden).then(pl.lit(value)).otherwise(pl.col(name)).alias(name) for name, value in told.items()]
    card = bortfall.build(replace(frames, response_rates=frames.response_rates.with_columns(changed)), scope, META.charts)
    row = card.table.row(1, named=True)
    assert row["Antal elever (avrundat till 5)"] == "skyddat av sekretesskäl [c]"
    assert (row["Antal elever, minst"], row["Andel av eleverna i årskursen"]) == ("543", "minst 61\u00a0%")
    assert row["Skäl till bortfallet"] == ""
    chart = who_chart(Context(frames, scope, META), card)
    assert chart.marks[0] == "Årskurs\u00a09: Har svarat – minst 543 elever, minst 61\u00a0% av årskursen [c]."
    usual = bortfall.build(frames, scope, META.charts)
    assert "Antal elever, minst" not in usual.table.columns


@pytest.mark.parametrize(
    ("text", "value"),
    [("12\u00a0%", 12.0), ("\u22123", -3.0), ("+8", 8.0), ("1\u00a0140", 1140.0), ("52,8", 52.8), ("", None), ("[c]", None)],
)
def test_numbers_are_read_from_the_tables_words(text, value):
    assert number(text) == value


def test_intervals_are_read_from_the_tables_words():
    assert ends("9–16\u00a0%") == (9.0, 16.0)
    assert ends("\u22126\u00a0till\u00a0+3") == (-6.0, 3.0)
    assert ends("13\u00a0%") == (13.0, 13.0)
    assert ends("skyddat av sekretesskäl [c]") == (None, None)


def test_register_values_outside_the_middle_half_are_found():
    assert outside("91,4", "76,9–83,6")
    assert not outside("80,0", "76,9–83,6")
    assert not outside("80,0", "")


def test_text_that_has_no_room_is_counted_out():
    items = tuple("ett ord till " * 20 for _ in range(9))
    size, kept = fitting(items, 5.0, 3.0)
    assert size == 18
    assert 1 <= kept < 9
