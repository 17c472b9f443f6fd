"""Rows of single questions and scales: values, reasons, denominators and differences as they are published."""

from __future__ import annotations

import polars as pl
import pytest

from assets.methods.errors import PipelineError
from assets.methods.protect_series import LOG_COLUMNS, RESULT_COLUMNS, protect_series, series_bases, series_shape
from assets.methods.publish import SERIES_COLUMNS, absent_rows, finish_series
from tests.support.series_world import FILE, NOBODY, POLICY, SURVEY, publish, tables, world

CELL = ["area_level", "area_code", "wave", "grade", "sex", "indicator"]
SIZES = [60, 200, 400, 900, 1500]


@pytest.fixture(scope="module")
def answers() -> pl.DataFrame:
    return world(2, SIZES)


@pytest.fixture(scope="module")
def results(answers: pl.DataFrame) -> pl.DataFrame:
    return publish(answers).results


def test_columns_and_denominators(results: pl.DataFrame) -> None:
    assert tuple(results.columns) == RESULT_COLUMNS
    bases = dict(results.select("indicator", "base").unique().iter_rows())
    assert bases == series_bases(FILE)
    assert bases["spelprobl"] == "elever som spelat om pengar senaste året"
    assert bases["psykhalsa"] == "elever som besvarat minst 3 av 5 frågor"


def test_shares_are_whole_per_cent_of_the_counts(answers: pl.DataFrame, results: pl.DataFrame) -> None:
    counts, means, _ = tables(answers)
    shares = results.filter(pl.col("measure") == "share", pl.col("reason") == "ok").join(counts, on=CELL)
    assert shares.height > 100
    assert shares.filter(pl.col("value") != (100 * pl.col("n_yes") / pl.col("n_valid") + 0.5).floor()).rows() == []
    assert shares.filter((pl.col("n") - pl.col("n_valid")).abs() > 2).rows() == []
    scales = results.filter(pl.col("measure") == "mean", pl.col("reason") == "ok")
    scales = scales.join(means.rename({"index_id": "indicator"}), on=CELL)
    assert scales.height > 20
    assert scales.filter((pl.col("value") - pl.col("mean")).abs() > 0.5).rows() == []
    assert set(scales["unit"]) == {"scale_0_100"}


@pytest.mark.parametrize("kind", ["share", "mean"])
def test_differences_are_those_of_the_published_numbers(results: pl.DataFrame, kind: str) -> None:
    own = results.filter(pl.col("measure") == kind)
    county = own.filter(pl.col("area_level") == "county").select("sex", "indicator", whole="value", why="reason")
    diff = results.filter(pl.col("measure") == f"diff_{kind}")
    both = diff.join(own.select(*CELL, own="value", mine="reason"), on=CELL).join(county, on=["sex", "indicator"])
    assert both.height == diff.height > 20
    shown = both.filter(pl.col("reason") == "ok")
    assert shown.height > 10
    assert shown.filter(pl.col("value") != pl.col("own") - pl.col("whole")).rows() == []
    assert shown.filter(~pl.col("value").is_between(pl.col("low"), pl.col("high"))).rows() == []
    assert both.filter((pl.col("reason") == "ok") != ((pl.col("mine") == "ok") & (pl.col("why") == "ok"))).rows() == []
    assert set(shown["verdict"]) <= {"higher", "lower", "unclear"}
    reaches_zero = (pl.col("low") <= 0) & (pl.col("high") >= 0)
    assert set(shown.filter(reaches_zero)["verdict"]) == {"unclear"}, "as a reader of the table would say"
    assert shown.filter(~reaches_zero, pl.col("value") != 0)["verdict"].is_in(["higher", "lower"]).all(), "all are clear here"
    gaps = results.filter(pl.col("measure") == f"sex_gap_{kind}", pl.col("reason") == "ok")
    sexes = own.pivot("sex", index=[*CELL[:4], "indicator"], values="value")
    gaps = gaps.join(sexes, on=[*CELL[:4], "indicator"])
    assert gaps.height > 3
    assert gaps.filter(pl.col("value") != pl.col("girl") - pl.col("boy")).rows() == []


def test_no_interval_is_without_width(answers: pl.DataFrame) -> None:
    counts, means, estimates = tables(answers)
    narrow = estimates.with_columns(low=pl.col("estimate") - 1e-4, high=pl.col("estimate") + 1e-4)
    results = protect_series(counts, means, narrow, FILE, SURVEY, POLICY, "intern", NOBODY).results
    told = results.filter(pl.col("low").is_not_null())
    assert set(told["measure"]) == {"share", "mean", "diff_share", "diff_mean", "sex_gap_share", "sex_gap_mean"}
    assert told.filter(~(pl.col("low") < pl.col("high")) | ~pl.col("value").is_between("low", "high")).rows() == []
    assert told.filter(pl.col("measure").is_in(["share", "mean"]) & ~pl.col("low").is_between(0, 99)).rows() == []


def test_a_question_that_many_never_got_has_no_number(answers: pl.DataFrame) -> None:
    """One large municipality used an older questionnaire: its own share and the county's rest on too few."""
    older = answers.with_columns(F15=pl.when(pl.col("municipality_code") != "0124").then("F15"))
    results = publish(older).results.filter(pl.col("measure") == "share", pl.col("indicator").is_in(["dik15", "dik14"]))
    reasons = {(row["area_code"], row["sex"], row["indicator"]): row["reason"] for row in results.iter_rows(named=True)}
    assert {reasons["0124", sex, "dik15"] for sex in ("girl", "boy", "all")} == {"not_asked"}
    assert reasons["01", "all", "dik15"] == "not_asked", "the county without its largest municipality is no county"
    assert reasons["0123", "all", "dik15"] == "ok"
    few = answers.with_columns(F15=pl.when(pl.int_range(pl.len()) % 20 > 0).then("F15"))
    results = publish(few).results.filter(pl.col("measure") == "share", pl.col("indicator") == "dik15", pl.col("sex") == "all")
    assert "not_asked" not in set(results["reason"]), "five per cent is below the catalogue's limit"


def test_a_question_outside_its_waves_is_not_asked(answers: pl.DataFrame) -> None:
    early = answers.with_columns(wave=pl.lit(2016, pl.Int32))
    results = publish(early).results
    assert set(results.filter(pl.col("indicator") == "dik15")["reason"]) == {"not_asked"}
    assert "ok" in set(results.filter(pl.col("indicator") == "dik14a")["reason"])


def test_a_hidden_base_hides_its_follow_up_and_says_nothing_of_why() -> None:
    for seed in range(8):
        safe = publish(world(seed, [80, 120, 200, 900])).results.filter(pl.col("measure") == "share")
        reasons = {(r["area_code"], r["sex"], r["indicator"]): r["reason"] for r in safe.iter_rows(named=True)}
        for (area, sex, key), reason in reasons.items():
            if key == "dik73" and reason != "ok":
                assert reasons[area, sex, "spelprobl"] == "suppressed"


def test_absent_areas_are_said_in_words(results: pl.DataFrame) -> None:
    delivered = pl.DataFrame({"municipality_code": ["0120", "0121"], "wave": [2024, 2024]}, schema_overrides={"wave": pl.Int32})
    absent = absent_rows(results, ["0120", "0199"], [2024], delivered, ["ak9", "gy2"], series_shape(FILE))
    names = dict.fromkeys([*results["area_code"].unique(), "0199"], "Namn")
    table = finish_series(results, absent, names, "intern")
    assert tuple(table.columns) == SERIES_COLUMNS
    kinds = table.group_by("area_code", "grade").agg(pl.col("reason").unique(), pl.len())
    found = {(row["area_code"], row["grade"]): row for row in kinds.iter_rows(named=True)}
    assert found["0199", "ak9"]["reason"] == found["0199", "gy2"]["reason"] == ["no_delivery"]
    assert found["0120", "gy2"]["reason"] == ["no_pupils"]
    assert found["0199", "ak9"]["len"] == found["0120", "ak9"]["len"] == series_shape(FILE).height
    assert table.filter(pl.col("reason") != "ok")["value"].null_count() == table.filter(pl.col("reason") != "ok").height
    nothing = absent_rows(results.clear(), ["0199"], [2024], delivered, ["ak9", "gy2"], series_shape(FILE))
    assert nothing.height == 2 * series_shape(FILE).height, "a wave without any answer has its rows too"


def test_the_log_has_a_rule_for_every_hidden_row(answers: pl.DataFrame) -> None:
    safe = publish(answers)
    assert tuple(safe.log.columns) == LOG_COLUMNS
    hidden = safe.results.filter(pl.col("reason").is_in(["suppressed", "too_few"]))
    keys = [*CELL, "measure"]
    assert safe.log.rename({"cell": "measure"}).select(keys).sort(keys).equals(hidden.select(keys).sort(keys))
    assert {"cell_floor", "cell_floor_sensitive", "sensitive_sex_split", "linked"} <= set(safe.log["rule"])


def test_weighted_shares_are_the_weighted_estimates() -> None:
    answers = world(7, SIZES, design=True)
    counts, means, estimates = tables(answers)
    safe = protect_series(counts, means, estimates, FILE, SURVEY, POLICY, "intern", NOBODY).results
    shown = safe.filter(pl.col("reason") == "ok", pl.col("measure").is_in(["share", "mean"]))
    both = shown.join(estimates.select(*CELL, "measure", "estimate"), on=[*CELL, "measure"])
    assert both.height > 100
    factor = pl.when(pl.col("measure") == "share").then(100).otherwise(1)
    assert both.filter((pl.col("value") - factor * pl.col("estimate")).abs() > 0.5001).rows() == []
    plain = both.join(counts, on=CELL, how="inner").filter(
        pl.col("value") != (100 * pl.col("n_yes") / pl.col("n_valid") + 0.5).floor()
    )
    assert plain.height > 20, "the weights matter"


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        (0, pl.col("n_yes") + 1, "avvikelser"),
        (0, pl.when(pl.int_range(pl.len()) == 0).then(None).otherwise("n_yes"), "rader"),
        (2, pl.col("n") + 1, "rader som inte stämmer"),
    ],
)
def test_tables_that_do_not_hold_together_stop(answers: pl.DataFrame, table: int, change: pl.Expr, words: str) -> None:
    found = list(tables(answers))
    found[table] = found[table].with_columns(change.alias("n_yes" if table == 0 else "n"))
    with pytest.raises(PipelineError, match=words):
        protect_series(*found, FILE, SURVEY, POLICY, "intern", NOBODY)


def test_a_wave_without_answers_is_empty(answers: pl.DataFrame) -> None:
    counts, means, estimates = (table.clear() for table in tables(answers))
    safe = protect_series(counts, means, estimates, FILE, SURVEY, POLICY, "intern", NOBODY)
    assert safe.results.is_empty()
    assert tuple(safe.results.columns) == RESULT_COLUMNS


def test_a_district_that_is_one_school_s_number_is_hidden_by_its_rule() -> None:
    counts, means, estimates = tables(world(6, [900, 1200], districts=[900, 950]))
    part = pl.col("area_code") == "0180-101"

    def rules(largest: float, second: float) -> set[str]:
        changed = [
            frame.with_columns(
                pl.when(part).then((share * pl.col("n_valid")).floor().cast(pl.Int64)).otherwise(name).alias(name)
                for name, share in (("largest_school", largest), ("second_school", second))
            )
            for frame in (counts, means)
        ]
        log = protect_series(*changed, estimates, FILE, SURVEY, POLICY, "intern", NOBODY).log
        return set(log.filter(part, pl.col("sex") == "all", pl.col("indicator") == "dik36")["rule"])

    assert rules(0.3, 0.3) == set()
    assert rules(0.9, 0.05) == {"dominance"}
    assert rules(0.6, 0.38) == {"p_percent"}
