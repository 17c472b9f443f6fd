"""Accumulated factors and association against plain R and R survey."""

from __future__ import annotations

import polars as pl
import pytest

from assets.methods import design_estimates as de
from assets.methods.accumulated import CountRule, count_table, with_counts
from assets.methods.association import MEASURES, associate
from assets.methods.design import Sample, Stage, SurveyDesign, draw_up
from tests.oracle.rasch_reference import DATA
from tests.oracle.test_design_survey import DESIGNS, SURVEY, micro, relative

SCORING = DATA / "scoring"
RISK = CountRule("risk", ("a", "b", "c", "d", "e"), "risk", 4, 3)
PROTECTION = CountRule("protection", ("f", "g"), "protective", 2, 2)


def banded(*rows: list[int | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={f"{index}_band": pl.Int8 for index in "abcdefg"}, orient="row")


def test_counts_follow_the_rule() -> None:
    got = with_counts(
        banded(
            [3, 2, 1, 1, 1, 1, 3],
            [3, 3, 2, 2, None, 1, 1],
            [3, 3, 2, None, None, 2, None],
            [1, 1, 1, 1, 1, 2, 2],
        ),
        [RISK, PROTECTION],
    )
    assert got["risk_count"].to_list() == [2, 4, None, 0]
    assert got["risk_scored"].to_list() == [5, 4, 3, 5]
    assert got["protection_count"].to_list() == [1, 2, None, 0]
    with pytest.raises(ValueError, match="least_scored"):
        CountRule("x", ("a",), "risk", 2, 1)


def test_table_of_counts() -> None:
    scores = pl.read_csv(SCORING / "expected_scores.csv", infer_schema_length=None)
    persons = pl.read_csv(SCORING / "raw.csv").select("id", "w", "outcome").with_columns(scores["risk_count"].cast(pl.Int64))
    sample = draw_up(persons, SurveyDesign((Stage(),), "w"))
    got = count_table(sample, "risk_count", 3, "outcome")
    truth = pl.read_csv(SCORING / "expected_accumulated.csv")
    for measure, column in (("share", "pct"), ("share_at_least", "pct_at_least"), ("outcome_share", "outcome_pct")):
        rows = got.filter(pl.col("measure") == measure).sort("count")
        assert (rows["estimate"] * 100).to_list() == pytest.approx(truth[column].to_list(), rel=1e-9)
    shares = got.filter(pl.col("measure") == "share")
    assert shares["n"].to_list() == truth["n"].to_list()
    assert shares["and_more"].to_list() == [False, False, False, True]
    everybody = got.filter(pl.col("measure") == "share_at_least", pl.col("count") == 0).row(0, named=True)
    assert (everybody["low"], everybody["reason"]) == (None, "no_spread")
    assert got.filter(pl.col("reason") == "ok").select((pl.col("low") < pl.col("estimate")).all()).item()


def test_table_of_indices_by_area() -> None:
    scores = pl.read_csv(SCORING / "expected_scores.csv", infer_schema_length=None)
    persons = pl.concat([pl.read_csv(SCORING / "raw.csv").select("mun", "w"), scores], how="horizontal")
    sample = draw_up(persons, SurveyDesign((Stage(),), "w"))
    truth = pl.read_csv(SCORING / "expected_table.csv")
    for row in truth.iter_rows(named=True):
        where = None if row["mun"] is None else pl.col("mun") == row["mun"]
        mean = de.described(sample, de.mean(sample, f"{row['index']}_pomp", where), "mean")
        assert (mean["n"], mean["estimate"]) == (row["n"], pytest.approx(row["mean"], rel=1e-9))
        assert mean["sum_w"] == pytest.approx(row["sum_w"], rel=1e-9)
        for cut in ("fixed", "median"):
            share = de.mean(sample, f"{row['index']}_flag_{cut}", where).value
            assert share * 100 == pytest.approx(row[f"pct_{cut}"], rel=1e-9)
    assert truth.height == 12


@pytest.fixture(scope="module")
def sample() -> Sample:
    persons = micro().with_columns(girl=(pl.col("sex") == 2).cast(pl.Int8), g11=(pl.col("grade") == 11).cast(pl.Int8))
    return draw_up(persons, SurveyDesign(DESIGNS["strat_cluster_fpc"], "w"))


def test_association_against_svyglm(sample: Sample) -> None:
    import math

    truth = pl.read_csv(SURVEY / "expected_svyglm.csv")
    values = {(model, term): (b, se) for model, term, b, se in truth.select("model", "term", "estimate", "se").iter_rows()}
    got = {row["measure"]: row for row in associate(sample, "risk", "drunk", ["girl", "g11"]).iter_rows(named=True)}
    assert list(got) == list(MEASURES)
    for measure, model in (("odds", "logit_drunk_risk"), ("rr_adjusted", "poisson_drunk")):
        estimate, se = values[model, "risk"]
        assert relative(math.log(got[measure]["estimate"]), estimate) < 1e-6
        assert relative(got[measure]["se"], se) < 1e-6
        assert got[measure]["low"] < got[measure]["estimate"] < got[measure]["high"]
    estimate, se = values["linear_prob_drunk", "risk"]
    assert relative(got["difference"]["estimate"], estimate) < 1e-6
    assert relative(got["difference"]["se"], se) < 1e-6
    shares = got["share_exposed"]["estimate"], got["share_unexposed"]["estimate"]
    assert got["rr"]["estimate"] == pytest.approx(shares[0] / shares[1], rel=1e-9)
    assert {row["wording"] for row in got.values()} == {"association"}
    assert [name for name, row in got.items() if row["lead_measure"]] == ["rr_adjusted"]
    assert 0 < got["excess_share"]["estimate"] < 1
    assert all(row["reason"] == "ok" for row in got.values())


def test_no_excess_and_small_cells_have_reasons(sample: Sample) -> None:
    turned = Sample(
        sample.frame.with_columns(safe=1 - pl.col("risk"), never=pl.col("drunk") * 0), sample.weight, sample.lonely, sample.stages
    )
    got = {row["measure"]: row for row in associate(turned, "safe", "drunk").iter_rows(named=True)}
    assert (got["excess_share"]["estimate"], got["excess_share"]["reason"]) == (None, "no_excess")
    assert got["rr_adjusted"]["reason"] == "not_applicable"
    zero = associate(turned, "safe", "never")
    assert zero["reason"].unique().to_list() == ["zero_cell"]
    assert zero["estimate"].null_count() == len(MEASURES)
    few = associate(turned, "safe", "drunk", where=pl.col("id") < 60, least_cell=20)
    assert few["reason"].unique().to_list() == ["too_few"]
    nobody = associate(turned, "safe", "drunk", where=pl.col("id") < 0)
    assert nobody["reason"].unique().to_list() == ["no_answers"]
    with pytest.raises(ValueError, match="1, 0 or null"):
        associate(turned, "score", "drunk")
