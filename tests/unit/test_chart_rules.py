"""What charts are made of before they are drawn: quartiles, where a text stands, how a title tells the development."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from assets.charts import bortfall, kolada, theme, trend
from assets.charts.types import IndicatorMeta, ReleaseFrames
from tests.support.sample_release import sample_meta, sample_release, sample_scope


def test_quartiles_are_type_seven():
    assert kolada.quantile([1.0, 2.0, 3.0, 4.0], 0.25) == pytest.approx(1.75)
    assert kolada.quantile([1.0, 2.0, 3.0, 4.0], 0.75) == pytest.approx(3.25)


@pytest.mark.parametrize(
    ("values", "below"),
    [((40, 46, 35), True), ((40, 36, 35), False), ((40, 30, 35), False), ((40, 46, 11), False)],
    ids=["steep", "gentle", "rising", "no room"],
)
def test_the_last_value_of_a_falling_line_stands_below_it(values, below):
    own = dict(zip((2020, 2021, 2022), map(float, values), strict=True))
    item = kolada.Measure(IndicatorMeta("kolada", "N1", "Mått", "procent"), own, "ok", {"a": {2020: 10.0, 2022: 50.0}})
    assert kolada._falls(item, 2022) == below


def test_a_heading_keeps_a_number_and_its_unit_on_one_line():
    assert kolada._whole_ages("Deltagare, 7–20 år, i årskurs 9") == "Deltagare, 7–20\u00a0år, i årskurs 9"


def test_wrapping_keeps_every_word_and_the_width():
    text = "Psykiska och psykosomatiska besvär, gymnasiets år\u00a02: andelen med förhöjd risk är högre 2024 än 2016"
    lines = theme.wrap(text, 200)
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert all(theme.text_width(line) <= 200 for line in lines)


def test_more_answers_than_pupils_is_said_and_no_share_is_formed():
    frames, scope = sample_release("0127"), sample_scope("0127")
    here = (pl.col("area_code") == "0127") & (pl.col("wave") == scope.wave) & (pl.col("grade") == "ak9")
    rates = frames.response_rates.with_columns(
        response_pct=pl.when(here).then(None).otherwise("response_pct"),
        enrolled=pl.when(here).then(pl.lit(500, pl.Int64)).otherwise("enrolled"),
        reason=pl.when(here).then(pl.lit("over_100")).otherwise("reason"),
    )
    steps = bortfall.read_steps(
        ReleaseFrames(frames.index_results, rates, frames.register_values, frames.delivery_quality), scope
    )
    ninth = next(item for item in steps if item.grade == "ak9")
    assert ninth.response_pct is None
    assert [step.share for step in ninth.steps] == [None, None, None]
    assert ninth.steps[1].loss is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"change": 4.0, "low": 1.0, "high": 7.0, "verdict": "increase"}, "är högre 2024 än 2022"),
        ({"change": -4.0, "low": -7.0, "high": -1.0, "verdict": "decrease"}, "är lägre 2024 än 2022"),
        ({"change": 0.0, "low": -2.0, "high": 2.0, "verdict": "stable"}, "ändringen sedan 2022 är liten eller ingen"),
        ({"change": 9.0, "low": 1.0, "high": 17.0, "verdict": "cannot_tell"}, "om den har ändrats sedan 2022 kan inte avgöras"),
        (
            {"change": None, "verdict": None, "reason": "suppressed"},
            "värdet för 2022 kan inte visas (skyddat av sekretesskäl [c])",
        ),
        ({"change": None, "verdict": None, "reason": "series_break", "from_wave": None}, "tidigare år är inte jämförbara"),
        ({"change": None, "verdict": None, "reason": "no_earlier_wave", "from_wave": None}, "inget tidigare värde kan visas"),
        ({"trend_verdict": "increase", "n_waves": 4, "slope": 1.25, "slope_low": 0.5, "slope_high": 2.0}, ""),
    ],
)
def test_trend_title_says_what_the_release_says_of_the_development(row, said):
    """The chart has no rule of its own: the same values carry whatever verdict the release publishes."""
    frames, scope, meta = sample_release("0127"), sample_scope("0127"), sample_meta()
    mine = (pl.col("area_code") == "0127") & (pl.col("series") == "parenting") & (pl.col("measure") == "share_focus")
    new = {name: pl.lit(value, frames.trends.schema[name]) for name, value in row.items()}
    changed = frames.trends.with_columns(pl.when(mine).then(value).otherwise(name).alias(name) for name, value in new.items())
    item = trend.build(replace(frames, trends=changed), scope, meta, grade="ak9", index_key="parenting")
    assert said in item.title
    if "slope" in row:
        assert "ökar andelen i snitt 1,3 procentenheter på två år (+0,5\u00a0till\u00a0+2,0)" in item.alt
    without = trend.build(replace(frames, trends=pl.DataFrame()), scope, meta, grade="ak9", index_key="parenting")
    assert "änd" not in without.title
    assert "2022" not in without.title
