"""Impossible designs and answers: a null with its reason or an error that says what to do; never NaN, never a silent drop.

What cannot be estimated of a measurement model stands in `test_rasch_cml.py` and `test_psychometric_report.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods import design_estimates as de
from assets.methods.association import associate
from assets.methods.bands import with_bands
from assets.methods.design import Lonely, Sample, Stage, SurveyDesign, draw_up
from assets.methods.errors import PipelineError
from assets.methods.estimate import area_estimates
from assets.methods.funnel import funnel
from assets.methods.rank_sets import rank_sets
from assets.methods.rasch_answers import count_answers
from assets.methods.rasch_item_fit import unconditional_item_fit
from assets.methods.rasch_persons import locate
from assets.methods.reliability import cronbach_alpha, separation_index
from assets.methods.series_estimates import series_estimates
from assets.methods.small_area import fit_areas
from assets.methods.trends import cochran_armitage, logit_slope, share_variance, trend
from benchmarks.cube_task.cube import full_table, moments, plain_table
from benchmarks.cube_task.pattern_sums import class_sums
from tests.support.estimate_sample import CUTS, KINDS, sample_persons
from tests.support.pattern_answers import DESIGN, INDICES, ITEMS, pupils
from tests.support.rasch_simulation import THRESHOLDS, answers, spec_of

Spoil = Callable[[pl.DataFrame], pl.DataFrame]
NAN = float("nan")
REASONS = load_catalogue().statistics.reasons


def spoilt(**columns: object) -> Spoil:
    """Replace columns by one value for everybody, or by an expression."""
    return lambda frame: frame.with_columns(
        (value if isinstance(value, pl.Expr) else pl.lit(value)).alias(name) for name, value in columns.items()
    )


def assert_numbers(table: pl.DataFrame) -> None:
    """No NaN and no infinity, and an interval only around an estimate and wider than nothing."""
    for column in table.select(pl.selectors.float()):
        assert column.is_finite().fill_null(True).all(), column.name
    if {"estimate", "low", "high"} <= set(table.columns):
        bounded = table.filter(pl.col("low").is_not_null() | pl.col("high").is_not_null())
        assert bounded.select((pl.col("low") < pl.col("high")).all()).item()
        assert bounded["estimate"].null_count() == 0


def persons() -> pl.DataFrame:
    return sample_persons(3, classes=20)


ONE_PSU = ["municipality_code", "wave", "grade"]
AREAS: dict[str, Spoil] = {
    "one_psu_in_every_stratum": spoilt(psu="c", school_code="s"),
    "one_pupil_in_every_psu": lambda frame: frame.unique("psu", maintain_order=True),
    "one_pupil": lambda frame: frame.head(1),
    "nobody_scored": spoilt(acting_out=pl.lit(None, pl.Float64), wellbeing=pl.lit(None, pl.Float64)),
    "everybody_alike": spoilt(acting_out=0.123456789, wellbeing=-2.0),
    "all_in_the_focus_band": spoilt(acting_out=3.0, wellbeing=-3.0),
    "no_girls": lambda frame: frame.filter(pl.col("sex") != "girl"),
    "no_sex_known": spoilt(sex=pl.lit(None, pl.String)),
    "nobody": lambda frame: frame.head(0),
}


@pytest.mark.parametrize("name", AREAS)
@pytest.mark.parametrize("weighted", [False, True])
def test_areas(name: str, weighted: bool) -> None:
    frame = AREAS[name](persons()).with_columns(weight=pl.int_range(pl.len()) % 7 + 0.3)
    frame = with_bands(frame.drop(f"{key}_band" for key in KINDS), KINDS, CUTS)
    table = area_estimates(frame, KINDS, weight="weight" if weighted else None)
    assert_numbers(table)
    known = frame.filter(pl.col("sex").is_in(["girl", "boy"]))
    areas = table.filter(pl.col("area_level") == "municipality").select([*ONE_PSU[1:], "area_code"]).unique().height
    assert areas == known.select(ONE_PSU).unique().height, "no area is dropped"
    if name in ("one_psu_in_every_stratum", "one_pupil"):
        alone = table.filter(pl.col("area_level") == "municipality")
        assert alone.select(pl.col("se", "low", "high", "p_value").is_null().all()).row(0) == (True,) * 4
        assert alone.filter(pl.col("measure") == "share_band1", pl.col("n") > 0)["estimate"].null_count() == 0
        assert alone["df"].drop_nulls().unique().to_list() == [0.0]
    if name == "nobody_scored":
        assert table["estimate"].null_count() == table.height > 0
        assert table["n"].sum() == 0
    if name == "all_in_the_focus_band":
        focus = table.filter(pl.col("measure") == "share_band3", pl.col("index_key") == "acting_out", pl.col("df") > 0)
        assert set(focus["interval_method"]) == {"clopper_pearson_deff"}
        differences = table.filter(pl.col("measure") == "diff_share_focus", pl.col("n") > 0)
        assert differences["estimate"].drop_nulls().unique().to_list() == [0.0]
        assert differences["low"].null_count() == differences.height


@pytest.mark.parametrize("kind", ["share", "mean"])
@pytest.mark.parametrize("value", [None, 0, 1])
@pytest.mark.parametrize("spoil", [spoilt(), spoilt(psu="c", school_code="s"), spoilt(weight=2.5)])
def test_series(kind: str, value: int | None, spoil: Spoil) -> None:
    frame = persons().with_columns(
        q=pl.lit(value, pl.Int8),
        stratum=pl.format("{}/{}/{}", *ONE_PSU),
        respondent_key=pl.int_range(pl.len()).cast(pl.String),
    )
    table = series_estimates(spoil(frame), ["q"], kind)
    assert_numbers(table)
    assert table.height > 0
    assert table.filter(pl.col("n") == 0)["estimate"].null_count() == table.filter(pl.col("n") == 0).height


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    f"weight {weight}": (
        lambda weight=weight: area_estimates(persons().with_columns(weight=pl.lit(weight, pl.Float64)), KINDS, weight="weight"),
        "weight_out_of_range",
    )
    for weight in (0.0, -1.0, None, NAN, 1e-9, 1e9)
}
REFUSED |= {
    f"score {value}": (lambda value=value: area_estimates(spoilt(acting_out=value)(persons()), KINDS), "not_a_number")
    for value in (NAN, math.inf)
}
REFUSED |= {
    "stratum unknown": (
        lambda: area_estimates(spoilt(h=pl.lit(None, pl.String))(persons()), KINDS, stratum="h"),
        "design_incomplete",
    ),
    "lonely PSU": (lambda: area_estimates(AREAS["one_pupil"](persons()), KINDS, lonely="fail"), "lonely_psu"),
    "cube, weight 0": (lambda: cube(pupils(3, n=50).with_columns(weight=pl.lit(0.0))), "design_incomplete"),
    "small areas without a value": (lambda: fit_areas(np.array([NAN, 0.2, 0.3]), np.ones(3), np.ones((3, 1))), "area_value"),
    "wave twice": (lambda: trend([2020, 2020, 2022], [0.1, 0.2, 0.3], [0.1] * 3), "wave_twice"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_counted_is_refused_in_words(name: str) -> None:
    call, code = REFUSED[name]
    with pytest.raises(PipelineError) as caught:
        call()
    assert caught.value.code == code
    said = str(caught.value)
    assert "väntade" in said
    assert said.endswith(".")
    assert "nan" not in said.lower()


def cube(frame: pl.DataFrame) -> pl.DataFrame:
    sums = moments(class_sums(frame.lazy(), INDICES, DESIGN), INDICES)
    assert_numbers(plain_table(sums, INDICES))
    return full_table(sums, INDICES, "wave", "area", "grade")


CUBES: dict[str, Spoil] = {
    "one_psu": spoilt(**{"class": pl.lit(1, pl.Int64)}),
    "one_pupil": lambda frame: frame.head(1),
    "nobody": lambda frame: frame.head(0),
    "no_answers": spoilt(**{item: pl.lit(None, pl.Int64) for item in ITEMS}),
    "constant_items": spoilt(**{item: pl.lit(2, pl.Int64) for item in ITEMS}),
}


@pytest.mark.parametrize("name", CUBES)
def test_cube(name: str) -> None:
    table = cube(CUBES[name](pupils(3, n=200)))
    assert_numbers(table)
    assert table.is_empty() == (name in ("nobody", "no_answers"))
    if name == "constant_items":
        assert table["mean_lo"].null_count() == table.height


def sample(lonely: Lonely = "adjust", **columns: pl.Expr) -> Sample:
    frame = pl.DataFrame({"h": list("aaaabbbb"), "c": list("wwxxyyzz"), "w": [1.0] * 8, "y": [0.0, 1, 1, 0, 1, 0, 0, 1]})
    frame = frame.with_columns(g=pl.col("h") == "b").with_columns(**columns)
    return draw_up(frame, SurveyDesign((Stage("c", "h"),), "w", lonely))


DESIGNED: dict[str, tuple[Callable[[], pl.DataFrame], str]] = {
    "one PSU": (lambda: de.domain_table(sample(c=pl.col("h")), "y", ["g"]), "no_degrees_of_freedom"),
    "one PSU, average": (lambda: de.domain_table(sample("average", c=pl.col("h")), "y", ["g"]), "lonely_stratum"),
    "empty domain": (lambda: de.domain_table(sample(y=pl.lit(None, pl.Float64)), "y", ["g"]), "no_answers"),
    "value that is no number": (lambda: de.domain_table(sample(y=pl.lit(NAN)), "y", ["g"]), "no_answers"),
    "weights 0 in a domain": (lambda: de.domain_table(sample(w=pl.col("g").cast(pl.Float64)), "y", ["g"]), "no_weight"),
    "everybody": (lambda: de.domain_table(sample(y=pl.lit(1.0)), "y", ["g"], "share"), "no_spread"),
    "nobody": (lambda: de.domain_table(sample(y=pl.lit(0.0)), "y", ["g"], "share"), "no_spread"),
    "nothing to compare": (lambda: de.against_whole(sample(y=pl.lit(0.0)), "y", "g"), "not_positive"),
    "empty cell": (lambda: associate(sample(x=pl.lit(1), y=pl.col("y").cast(pl.Int8)), "x", "y"), "zero_cell"),
    "funnel, nobody": (lambda: funnel(pl.DataFrame({"x": [0, 0], "n": [10, 0]}))[0], "target_extreme"),
    "rank sets": (lambda: rank_sets(pl.DataFrame({"estimate": [1.0, NAN], "se": [0.1, 0.1]})), "no_estimate"),
}


@pytest.mark.parametrize("name", DESIGNED)
def test_every_null_has_its_reason(name: str) -> None:
    call, reason = DESIGNED[name]
    table = call()
    assert_numbers(table)
    column = "rank_reason" if "rank_reason" in table.columns else "reason"
    assert reason in table[column].to_list()
    assert set(table[column]) <= REASONS.keys()
    if {"low", "reason"} <= set(table.columns):
        assert table.select(((pl.col("reason") == "ok") == pl.col("low").is_not_null()).all()).item()


TRENDS: Mapping[str, tuple[list[float | None], list[float | None], str]] = {
    "no wave": ([], [], "no_estimate"),
    "absent values": ([None, NAN, 0.3], [0.1, 0.1, 0.1], "too_few_waves"),
    "no spread": ([0.1, 0.2, 0.3], [0.0, 0.0, 0.0], "no_estimate"),
    "constant": ([0.1, 0.1, 0.1], [0.01, 0.01, 0.01], "too_uncertain"),
}


@pytest.mark.parametrize("name", TRENDS)
def test_trends(name: str) -> None:
    estimates, errors, reason = TRENDS[name]
    found = trend([2018, 2020, 2022][: len(estimates)], estimates, errors)
    assert (found.verdict, found.reason) == ("cannot_tell", reason)
    numbers = (found.slope, found.se, found.low, found.high, found.p_value)
    assert all(number is None or math.isfinite(number) for number in numbers)


def test_waves_without_answers_are_left_out_of_trends_of_counts() -> None:
    years, x, n = [2016, 2018, 2020, 2022], [0, 10, 20, 30], [0, 100, 100, 100]
    assert logit_slope(years, x, n) == logit_slope(years[1:], x[1:], n[1:])
    assert cochran_armitage(years, x, n) == pytest.approx(cochran_armitage(years[1:], x[1:], n[1:]))
    assert math.isnan(cochran_armitage([2020, 2022], [0, 0], [0, 0])[0])
    assert np.isnan(share_variance(x, n)).tolist() == [True, False, False, False]


MEASURED: dict[str, Spoil] = {
    "constant": spoilt(**{key: pl.lit(1, pl.Int8) for key in THRESHOLDS}),
    "all lowest": spoilt(**{key: pl.lit(0, pl.Int8) for key in THRESHOLDS}),
    "nobody answered": spoilt(**{key: pl.lit(None, pl.Int8) for key in THRESHOLDS}),
    "one item never asked": spoilt(a=pl.lit(None, pl.Int8)),
    "nobody": lambda frame: frame.head(0),
}


@pytest.mark.parametrize("name", MEASURED)
def test_reliability_and_item_fit(name: str) -> None:
    counts = count_answers(MEASURED[name](answers(200, 5)), spec_of(), [])
    assert cronbach_alpha(counts) is None
    table = unconditional_item_fit(counts, spec_of())
    assert_numbers(table)
    assert table["outfit_biased"].is_null().to_list() == (table["n"] == 0).to_list()
    psi = separation_index(locate(counts, spec_of())).all
    assert (psi is not None) == (name == "one item never asked")
