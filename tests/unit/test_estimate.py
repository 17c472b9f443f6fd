"""Counts and estimates: against the general survey functions (themselves checked against R), and in every empty corner."""

from __future__ import annotations

from typing import get_args

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods import intervals
from assets.methods.errors import PipelineError
from assets.methods.estimate import MEASURES, area_counts, area_estimates
from assets.methods.estimate_reasons import Reason
from assets.methods.linearise import Design, differences_to_whole, domain_contrast, domain_ratios
from tests.support.estimate_sample import KINDS, sample_persons

FOCUS = {"acting_out": 3, "wellbeing": 1}
CELL = ["area_code", "wave", "grade", "sex", "index_key"]


@pytest.fixture(scope="module")
def persons() -> pl.DataFrame:
    return sample_persons(7, classes=48)


@pytest.fixture(scope="module")
def estimates(persons: pl.DataFrame) -> pl.DataFrame:
    return area_estimates(persons, KINDS)


def _published(persons: pl.DataFrame) -> pl.DataFrame:
    """What the general functions need: exact millionths, a stratum and a class name."""
    stratum = pl.concat_str("municipality_code", "grade", pl.col("wave").cast(pl.String), separator="-")
    return persons.filter(pl.col("sex").is_in(["girl", "boy"])).with_columns(
        *((pl.col(key) * 1e6).round() / 1e6 for key in KINDS),
        *((pl.col(f"{key}_band") == FOCUS[key]).cast(pl.Float64).alias(f"{key}_focus") for key in KINDS),
        stratum=stratum,
        class_id=pl.concat_str(stratum, "school_code", "psu", separator="-"),
        county=pl.lit("01"),
    )


DESIGN = Design(psu="class_id", stratum="stratum")
AREA_COLUMN = {"county": "county", "municipality": "municipality_code", "district": "district_code"}


def _close(got: pl.Series, truth: pl.Series) -> bool:
    return got.is_null().equals(truth.is_null()) and (got - truth).abs().fill_null(0).max() < 1e-9


@pytest.mark.parametrize("level", list(AREA_COLUMN))
@pytest.mark.parametrize("key", list(KINDS))
@pytest.mark.parametrize("sexes", ["girl", "boy", "all"])
def test_means_and_shares_equal_the_general_formula(
    persons: pl.DataFrame, estimates: pl.DataFrame, level: str, key: str, sexes: str
) -> None:
    people, area = _published(persons), AREA_COLUMN[level]
    outside = pl.lit(False) if sexes == "all" else pl.col("sex") != sexes
    for measure, value in (("mean", key), (f"share_band{FOCUS[key]}", f"{key}_focus")):
        domain = people.with_columns(pl.when(~outside).then(value).alias(value))  # others stay in the design
        truth = domain_ratios(domain, value, [area, "wave", "grade"], DESIGN).with_columns(
            se=pl.when(pl.col("df") > 0).then("se")
        )
        mine = estimates.filter(
            pl.col("area_level") == level, pl.col("index_key") == key, pl.col("sex") == sexes, pl.col("measure") == measure
        ).filter(pl.col("n") > 0)
        assert mine["area_code"].to_list() == truth[area].to_list()
        for column in ("estimate", "se", "df", "n", "n_psu"):
            assert _close(mine[column].cast(pl.Float64), truth[column].cast(pl.Float64)), column
        assert mine.height >= 4


@pytest.mark.parametrize("level", ["municipality", "district"])
@pytest.mark.parametrize("key", list(KINDS))
def test_difference_to_the_county_equals_the_general_formula(
    persons: pl.DataFrame, estimates: pl.DataFrame, level: str, key: str
) -> None:
    compared = 0
    for (wave, grade), people in _published(persons).group_by("wave", "grade"):
        for measure, value in (("diff_mean", key), ("diff_share_focus", f"{key}_focus")):
            mine = estimates.filter(
                pl.col("area_level") == level, pl.col("index_key") == key, pl.col("sex") == "all",
                pl.col("measure") == measure, pl.col("wave") == wave, pl.col("grade") == grade,
            )  # fmt: skip
            # The general function's whole is the sum of the areas: everyone must stand in one.
            whole = people.with_columns(pl.col(AREA_COLUMN[level]).fill_null("outside"))
            truth = differences_to_whole(whole, value, AREA_COLUMN[level], DESIGN).filter(pl.col(AREA_COLUMN[level]) != "outside")
            assert _close(mine["estimate"], truth["estimate"])
            known = mine["se"].is_not_null()
            assert _close(mine.filter(known)["se"], truth.filter(known)["se"])
            assert known.any()
            compared += int(known.sum())
    assert compared > 10


def _gap_variance(people: pl.DataFrame, value: str) -> float:
    """The textbook sum, one class at a time, for one stratum."""
    means = dict(people.group_by("sex").agg(pl.col(value).mean()).iter_rows())
    counts = dict(people.group_by("sex").agg(pl.col(value).count()).iter_rows())
    totals = []
    for _, members in people.group_by("class_id"):
        parts = {
            sex: sum(score - means[sex] for score in members.filter(pl.col("sex") == sex)[value].drop_nulls()) / counts[sex]
            for sex in ("girl", "boy")
        }
        totals.append(parts["girl"] - parts["boy"])
    centre = sum(totals) / len(totals)
    return len(totals) / (len(totals) - 1) * sum((total - centre) ** 2 for total in totals)


@pytest.mark.parametrize("measure", ["mean", "share_focus"])
def test_sex_gap_is_linearised_jointly(persons: pl.DataFrame, estimates: pl.DataFrame, measure: str) -> None:
    value = "acting_out" if measure == "mean" else "acting_out_focus"
    gaps = estimates.filter(
        pl.col("area_level") == "municipality", pl.col("index_key") == "acting_out", pl.col("measure") == f"sex_gap_{measure}"
    )
    compared = 0
    for gap in gaps.filter(pl.col("se").is_not_null()).iter_rows(named=True):
        people = _published(persons).filter(
            pl.col("municipality_code") == gap["area_code"], pl.col("wave") == gap["wave"], pl.col("grade") == gap["grade"]
        )
        means = dict(people.group_by("sex").agg(pl.col(value).mean()).iter_rows())
        assert gap["estimate"] == pytest.approx(means["girl"] - means["boy"], abs=1e-12)
        assert gap["se"] ** 2 == pytest.approx(_gap_variance(people, value), rel=1e-9)
        compared += 1
    assert compared >= 8
    assert set(gaps["sex"]) == {"all"}


def test_difference_of_a_domain_that_cuts_through_all_strata(persons: pl.DataFrame) -> None:
    people = _published(persons).filter(pl.col("acting_out").is_not_null())
    girls = people.filter(pl.col("sex") == "girl")
    means = (girls["acting_out"].mean(), people["acting_out"].mean())
    total = 0.0
    for _, stratum in people.group_by("stratum"):
        linearised = []
        for _, members in stratum.group_by("class_id"):
            mine = members.filter(pl.col("sex") == "girl")["acting_out"]
            own = sum(score - means[0] for score in mine) / girls.height
            linearised.append(own - sum(score - means[1] for score in members["acting_out"]) / people.height)
        centre = sum(linearised) / len(linearised)
        total += len(linearised) / (len(linearised) - 1) * sum((value - centre) ** 2 for value in linearised)
    got = differences_to_whole(people, "acting_out", "sex", DESIGN).filter(pl.col("sex") == "girl").row(0, named=True)
    assert got["estimate"] == pytest.approx(means[0] - means[1], abs=1e-12)
    assert got["se"] ** 2 == pytest.approx(total, rel=1e-9)


def test_sex_gap_takes_the_smaller_degrees_of_freedom() -> None:
    persons = sample_persons(9, classes=16, waves=(2024,)).filter(pl.col("municipality_code") == "0114")
    first = pl.col("psu") == persons["psu"][0]
    few_girls = persons.with_columns(sex=pl.when(first).then(pl.col("sex")).otherwise(pl.lit("boy")))
    for table, known in ((persons, True), (few_girls, False)):
        gaps = area_estimates(table, KINDS, levels=["municipality"]).filter(
            pl.col("measure") == "sex_gap_mean", pl.col("grade") == persons["grade"][0], pl.col("index_key") == "acting_out"
        )
        assert gaps["estimate"].null_count() == 0
        assert gaps["low"].is_not_null().to_list() == [known]


def test_classes_alike_inside_widen_the_exact_interval() -> None:
    rows = [("0127", f"a{c}", 2.0 if c < 4 else 0.0) for c in range(12) for _ in range(10)]  # whole classes alike
    rows += [("0114", f"b{c}", 0.0) for c in range(3) for _ in range(10)]  # nobody above the cut
    persons = pl.DataFrame(rows, schema=["municipality_code", "psu", "acting_out"], orient="row").with_columns(
        district_code=pl.lit(None, dtype=pl.String), wave=2024, grade=pl.lit("ak9"), sex=pl.lit("girl"), school_code=pl.lit("s"),
        acting_out_band=pl.when(pl.col("acting_out") > 1).then(3).otherwise(1).cast(pl.Int8),
    )  # fmt: skip
    cell = area_estimates(persons, {"acting_out": "risk"}).filter(
        pl.col("area_code") == "0114", pl.col("sex") == "girl", pl.col("measure") == "share_band3"
    )
    # one third of twelve classes of ten: share 1/3, variance 12/11 x 12 (10/120)^2 (1/3)(2/3), design effect 120 / 11
    assert cell["high"][0] == pytest.approx(1 - 0.025 ** (120 / 11 / 30))
    assert cell["low"][0] == 0


def test_sd_is_the_spread_between_pupils(persons: pl.DataFrame, estimates: pl.DataFrame) -> None:
    people = _published(persons).filter(pl.col("municipality_code") == "0127")
    truth = people.group_by("wave", "grade").agg(pl.col("wellbeing").std()).sort("wave", "grade")
    mine = estimates.filter(
        pl.col("area_code") == "0127", pl.col("measure") == "sd", pl.col("sex") == "all", pl.col("index_key") == "wellbeing"
    )
    assert _close(mine["estimate"], truth["wellbeing"])
    assert mine["low"].null_count() == mine.height


def test_intervals_follow_their_method(estimates: pl.DataFrame) -> None:
    shares = estimates.filter(pl.col("interval_method") == "logit_t")
    low, high = intervals.logit_t(shares["estimate"], shares["se"], shares["df"])
    assert _close(shares["low"], pl.Series(low))
    assert _close(shares["high"], pl.Series(high))
    tested = estimates.filter(pl.col("p_value").is_not_null())
    assert set(tested["measure"]) == set(MEASURES[5:])
    outside = (tested["low"] > 0) | (tested["high"] < 0)
    assert outside.equals(tested["p_value"] < 0.05)


def test_shares_of_nought_and_one_get_an_exact_interval_with_the_design_effect() -> None:
    persons = sample_persons(3, classes=32, size=4)
    got = area_estimates(persons, KINDS).filter(pl.col("measure").str.starts_with("share"))
    ends = got.filter(pl.col("estimate").is_in([0.0, 1.0]), pl.col("df") > 0)
    assert ends.height > 5
    assert set(ends["interval_method"]) == {"clopper_pearson_deff"}
    exact_low, exact_high = intervals.clopper_pearson(ends["estimate"] * ends["n"], ends["n"])
    assert (ends["high"] - ends["low"] >= pl.Series(exact_high - exact_low) - 1e-12).all()
    assert (ends["low"] <= ends["estimate"]).all()
    assert (ends["estimate"] <= ends["high"]).all()


def test_difference_with_a_share_of_nought_has_no_interval() -> None:
    got = area_estimates(sample_persons(3, classes=32, size=4), KINDS)
    wide = got.filter(pl.col("measure").is_in(["share_band3", "diff_share_focus"]), pl.col("index_key") == "acting_out")
    wide = wide.filter(pl.col("area_level") == "municipality").pivot(
        on="measure", index=CELL, values=["estimate", "se", "p_value"]
    )
    nought = wide.filter(pl.col("estimate_share_band3") == 0)
    assert nought.height > 0
    assert nought["se_diff_share_focus"].null_count() == nought.height
    assert nought["p_value_diff_share_focus"].null_count() == nought.height
    assert nought["estimate_diff_share_focus"].null_count() == 0


def test_one_class_has_an_estimate_but_no_interval() -> None:
    persons = sample_persons(5, classes=2, size=9, waves=(2024,))
    got = area_estimates(persons, KINDS).filter(pl.col("area_level") == "municipality", pl.col("n") > 0)
    assert got["df"].drop_nulls().max() == 0
    assert got.filter(pl.col("measure") != "sd")["estimate"].null_count() < got.height
    for column in ("se", "low", "high", "p_value", "interval_method"):
        assert got[column].null_count() == got.height
    with pytest.raises(PipelineError, match="grupper med en enda klass"):
        area_estimates(persons, KINDS, lonely="fail")


def test_one_county_only_area_equals_its_county() -> None:
    persons = sample_persons(5, classes=40).filter(pl.col("municipality_code") == "0114")
    got = area_estimates(persons, KINDS).filter(pl.col("area_level") == "municipality", pl.col("measure") == "diff_mean")
    assert got["estimate"].drop_nulls().abs().max() == 0
    assert got["low"].null_count() == got.height


def test_counts_add_up_and_the_grid_is_whole(persons: pl.DataFrame, estimates: pl.DataFrame) -> None:
    counts = area_counts(persons, list(KINDS))
    assert (counts["band1"] + counts["band2"] + counts["band3"]).equals(counts["n_scored"])
    assert (counts["n_scored"] + counts["n_unscored"]).equals(counts["n_respondents"])
    cells = counts.group_by("area_level", "area_code", "wave", "grade").agg(pl.len())
    assert set(cells["len"]) == {3 * len(KINDS)}
    assert [name for name in counts.columns if counts.schema[name] == pl.Int64] == [
        "n_respondents", "n_scored", "n_unscored", "band1", "band2", "band3", "n_schools", "n_psu",
        "largest_school", "second_school",
    ]  # fmt: skip
    published = persons.filter(pl.col("sex").is_in(["girl", "boy"]))
    county = counts.filter(pl.col("area_level") == "county", pl.col("sex") == "all", pl.col("index_key") == "acting_out")
    assert county["n_respondents"].sum() == published.height < persons.height
    joined = counts.join(estimates.filter(pl.col("measure") == "share_band3"), on=["area_level", *CELL])
    assert joined.height == counts.height
    assert joined["n_scored"].equals(joined["n"].rename("n_scored"))
    assert joined["n_psu"].equals(joined["n_psu_right"].rename("n_psu"))
    assert _close(joined["estimate"], (joined["band3"] / joined["n_scored"]).fill_nan(None))


def test_schools_and_classes_with_a_scored_pupil_are_counted() -> None:
    rows = [("a", "1", 1.0), ("a", "2", None), ("b", "1", 2.0), ("b", "1", None), (None, "x", 0.5)]
    persons = pl.DataFrame(
        {
            "municipality_code": "0127", "district_code": pl.Series([None] * 5, dtype=pl.String), "wave": 2024, "grade": "ak9",
            "sex": "girl", "school_code": [row[0] for row in rows], "psu": [row[1] for row in rows],
            "i": [row[2] for row in rows],
        }
    ).with_columns(i_band=pl.when(pl.col("i").is_not_null()).then(pl.lit(2, dtype=pl.Int8)))  # fmt: skip
    got = area_counts(persons, ["i"]).filter(pl.col("area_level") == "municipality", pl.col("sex") == "all").row(0, named=True)
    assert (got["n_schools"], got["n_psu"], got["n_scored"], got["n_unscored"]) == (2, 3, 3, 2)
    assert (got["largest_school"], got["second_school"]) == (1, 1)


def test_the_two_largest_schools_count_their_scored_pupils_and_a_class_stands_in_for_an_unnamed_school() -> None:
    rows = [("a", "1")] * 5 + [("a", "2")] * 4 + [("b", "1")] * 3 + [(None, "x")] * 6 + [(None, None)] * 2
    persons = pl.DataFrame(
        {
            "municipality_code": "0127", "district_code": "0127-1", "wave": 2024, "grade": "ak9",
            "sex": ["girl", "boy"] * 10, "school_code": [row[0] for row in rows], "psu": [row[1] for row in rows],
            "i": [None, *[1.0] * 19],
        }
    ).with_columns(i_band=pl.when(pl.col("i").is_not_null()).then(pl.lit(2, dtype=pl.Int8)))  # fmt: skip
    got = area_counts(persons, ["i"], ["district"]).select("sex", "largest_school", "second_school").rows()
    assert got == [("girl", 4, 3), ("boy", 4, 3), ("all", 8, 6)]


@pytest.mark.parametrize("level", ["municipality", "district"])
@pytest.mark.parametrize("key", list(KINDS))
def test_difference_to_the_rest_of_the_county_equals_the_general_formula(persons: pl.DataFrame, level: str, key: str) -> None:
    found = area_estimates(persons, KINDS, rest=True).filter(pl.col("area_level") == level, pl.col("index_key") == key)
    assert not area_estimates(persons, KINDS)["measure"].str.starts_with("diff_rest").any(), (
        "only on request: it is not published"
    )
    people = _published(persons)
    checked = 0
    for measure, value in (("diff_rest_mean", key), ("diff_rest_share_focus", f"{key}_focus")):
        for sex in ("girl", "all"):
            rows = found.filter(pl.col("measure") == measure, pl.col("sex") == sex, pl.col("se").is_not_null())
            for row in rows.iter_rows(named=True):
                where = (pl.col("wave") == row["wave"]) & (pl.col("grade") == row["grade"])
                where = where if sex == "all" else where & (pl.col("sex") == sex)
                own = (pl.col(AREA_COLUMN[level]) == row["area_code"]).fill_null(False)
                estimate, se = domain_contrast(people, value, where & own, where & ~own, DESIGN)
                assert row["estimate"] == pytest.approx(estimate, abs=1e-9)
                assert row["se"] == pytest.approx(se, abs=1e-9)
                checked += 1
    assert checked > 10


def test_every_row_has_its_reason_and_nothing_is_nan(persons: pl.DataFrame, estimates: pl.DataFrame) -> None:
    """One class, nobody, a share of nought, everybody alike: each null says why; nothing is null without a reason, or NaN."""
    few = persons.filter(pl.col("municipality_code") == persons["municipality_code"].min())
    one = few.filter(pl.struct("school_code", "psu").rank("dense") == 1)
    nobody = persons.with_columns(pl.lit(None, pl.Float64).alias(key) for key in KINDS).with_columns(
        pl.lit(None, persons.schema[f"{key}_band"]).alias(f"{key}_band") for key in KINDS
    )
    alike = persons.with_columns(acting_out=pl.lit(0.5), acting_out_band=pl.lit(2, persons.schema["acting_out_band"]))
    known = set(get_args(Reason))
    found: set[str] = set()
    for sample in (estimates, *(area_estimates(some, KINDS, rest=True) for some in (one, nobody, alike, persons.head(1)))):
        floats = [name for name, kind in sample.schema.items() if kind == pl.Float64]
        assert not sample.select(pl.any_horizontal(pl.col(floats).is_nan().fill_null(False)).any()).item()
        assert sample["reason"].null_count() == 0
        bare = sample.filter(pl.any_horizontal(pl.col("estimate", "low", "high").is_null()))
        assert (bare["reason"] != "ok").all()
        assert (sample.filter(pl.col("reason") == "ok").select("se", "low", "high", "df").null_count().row(0)) == (0, 0, 0, 0)
        found |= set(sample["reason"])
    assert found == known
    assert known <= set(load_catalogue().statistics.reasons)
    assert (estimates["sum_w"] == estimates["n"]).all()


def test_order_of_rows_is_stated(estimates: pl.DataFrame) -> None:
    assert estimates["area_level"].unique(maintain_order=True).to_list() == list(AREA_COLUMN)
    first = estimates.filter(pl.col("area_level") == "municipality").head(20)
    assert first["area_code"].unique().to_list() == ["0114"]
    assert first["measure"].unique(maintain_order=True).to_list() == list(MEASURES[:7])


def test_nobody_gives_empty_tables(persons: pl.DataFrame, estimates: pl.DataFrame) -> None:
    nobody = persons.clear()
    assert area_estimates(nobody, KINDS).schema == estimates.schema
    assert area_counts(nobody, list(KINDS)).height == 0


def test_swapping_two_kinds_changes_the_focus(persons: pl.DataFrame, estimates: pl.DataFrame) -> None:
    swapped = area_estimates(persons, {"acting_out": "protective", "wellbeing": "risk"})
    mine, other = (table.filter(pl.col("measure") == "diff_share_focus")["estimate"] for table in (estimates, swapped))
    assert not mine.equals(other)


def test_a_missing_column_and_unfit_bands_are_told(persons: pl.DataFrame) -> None:
    with pytest.raises(PipelineError, match="psu"):
        area_counts(persons.drop("psu"), list(KINDS))
    with pytest.raises(PipelineError, match="wellbeing"):
        area_counts(persons.with_columns(wellbeing_band=pl.lit(None, dtype=pl.Int8)), list(KINDS))
    with pytest.raises(ValueError, match="area level"):
        area_counts(persons, list(KINDS), levels=["region"])


@pytest.mark.parametrize("weight", [0, -1.0, float("nan"), float("inf"), 10_001, None])
def test_impossible_weights_are_refused(persons: pl.DataFrame, weight: float | None) -> None:
    weighted = persons.with_columns(weight=pl.lit(weight, dtype=pl.Float64))
    with pytest.raises(PipelineError, match="Vikten weight"):
        area_estimates(weighted, KINDS, weight="weight")


def test_weights_count_pupils_several_times(persons: pl.DataFrame) -> None:
    weighted = persons.with_columns(weight=pl.when(pl.col("sex") == "girl").then(3).otherwise(1))
    got = area_estimates(weighted, KINDS, weight="weight").filter(pl.col("measure") == "mean", pl.col("area_code") == "0180")
    people = _published(weighted)
    truth = domain_ratios(people, "wellbeing", ["municipality_code", "wave", "grade"], Design("weight", "class_id", "stratum"))
    truth = truth.filter(pl.col("municipality_code") == "0180")
    mine = got.filter(pl.col("sex") == "all", pl.col("index_key") == "wellbeing")
    assert _close(mine["estimate"], truth["estimate"])
    assert _close(mine["se"], truth["se"])
