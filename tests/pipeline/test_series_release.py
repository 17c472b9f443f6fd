"""Single-question series from the deliveries to the bundle: truth recovered, nothing forgotten, nothing exact let out."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.demo.truth import load_truth
from assets.methods.indicators import indicator_values
from assets.release_series import concealed
from assets.slices import MUNICIPALITIES, WAVES
from pipelines.warehouse import TableName
from tests.pipeline.conftest import PUBLISHED

CATALOGUE = load_catalogue()
FILE = CATALOGUE.indicator_file
CELL = ["area_level", "area_code", "wave", "grade", "sex", "indicator"]


@pytest.fixture(scope="module")
def results(small_demo) -> pl.DataFrame:
    return small_demo.warehouse.read(TableName("release", "indicator_results"), {"edition": ["intern"]})


def test_every_municipality_wave_grade_and_series_has_its_rows(results):
    shares = results.filter(pl.col("measure").is_in(["share", "mean"]), pl.col("area_level") == "municipality")
    series = len(FILE.indicators) + len(FILE.indices)
    assert shares.height == len(MUNICIPALITIES) * len(WAVES) * 2 * 3 * series
    assert shares.select("area_code", "wave", "grade", "sex", "indicator").is_duplicated().sum() == 0
    assert {"ok", "suppressed", "too_few", "no_delivery", "no_pupils", "not_asked"} == set(results["reason"])
    outside = shares.filter(
        pl.col("indicator") == "dik15", pl.col("wave") < 2022, ~pl.col("reason").is_in(["no_delivery", "no_pupils"])
    )
    assert outside.height > 0
    assert set(outside["reason"]) == {"not_asked"}


def test_shown_numbers_rest_on_enough_pupils(small_demo, results):
    counts = small_demo.warehouse.read(TableName("indices", "indicator_counts"))
    shown = results.filter(pl.col("reason") == "ok", pl.col("measure") == "share").join(counts, on=CELL)
    assert shown.height > 300
    assert shown.filter((pl.col("n_yes") < 5) | (pl.col("n_valid") - pl.col("n_yes") < 5) | (pl.col("n_valid") < 10)).height == 0
    sensitive = pl.col("indicator").is_in([i.id for i in FILE.indicators if i.sensitive])
    assert shown.filter(sensitive & (pl.col("area_level") != "county") & (pl.col("sex") != "all")).height == 0
    assert shown.filter(sensitive & ((pl.col("n_yes") < 10) | (pl.col("n_valid") < 20))).height == 0
    assert shown.filter((pl.col("value") - 100 * pl.col("n_yes") / pl.col("n_valid")).abs() > 0.5 + 1e-9).height == 0
    hidden_n = pl.concat(
        concealed(small_demo.warehouse, CATALOGUE, wave, ["intern"], counts.filter(wave=wave))["intern"] for wave in WAVES
    )
    assert hidden_n.height > 0
    bounded = results.join(hidden_n, on=CELL[:5], how="semi").filter(pl.col("n").is_not_null())
    assert set(bounded["measure"]) <= {"sex_gap_share", "sex_gap_mean"}
    assert bounded.height == 0


def test_questions_of_an_index_recover_the_drawn_answers(small_demo, demo_cache):
    """Indicators over index questions: the yes in the warehouse is the yes that was drawn, for every serious pupil."""
    truth = load_truth(demo_cache).respondents.filter(pl.col("careless") == 0)
    scored = CATALOGUE.item_scores()
    chosen = [i for i in FILE.indicators if set(i.items) <= set(scored) and not i.as_no and len(i.items) == 1]
    assert len(chosen) >= 8
    answers = small_demo.warehouse.read(TableName("validated", "survey_responses"))
    values = indicator_values(answers, chosen, CATALOGUE.survey)
    both = values.join(truth, on="respondent_key")
    assert both.height > 4000
    for indicator in chosen:
        (item,) = indicator.items
        yes = {scored[item][code] for code in indicator.numerator.conditions[item]}
        if yes & {scored[item][code] for code in set(scored[item]) - set(indicator.numerator.conditions[item])}:
            continue  # the index merges a yes and a no answer
        known = both.filter(pl.col(indicator.id).is_not_null(), pl.col(f"score_{item}").is_not_null())
        assert known.height > 3000
        drawn = known[f"score_{item}"].cast(pl.Int64).is_in(sorted(yes)).cast(pl.Int8)
        assert (known[indicator.id] == drawn).all(), indicator.id


def test_breaks_say_for_every_series_and_wave_what_may_be_compared(small_demo, results):
    breaks = small_demo.warehouse.read(TableName("release", "series_breaks"))
    assert set(breaks["wave"]) == set(WAVES)
    asked = results.filter(pl.col("reason") == "ok").select("wave", series="indicator").unique()
    assert asked.join(breaks, on=["wave", "series"], how="anti").height == 0, "a shown number without its series' history"
    dik15 = breaks.filter(pl.col("series") == "dik15").sort("wave")
    assert dik15["comparable_from"].to_list() == [2022, 2022]


def test_the_bundle_holds_the_table_and_only_published_numbers(small_demo, results):
    (folder,) = (small_demo.paths.reports / str(WAVES[-1])).glob(f"{PUBLISHED[0]}_*_intern/")
    table = pl.read_csv(folder / "4_tabeller/enskilda_fragor.csv", schema_overrides={"Områdeskod": pl.String})
    assert set(table["Områdeskod"]) == {"01", PUBLISHED[0]}
    own = results.filter(pl.col("area_code").is_in(["01", PUBLISHED[0]]), pl.col("measure").is_in(["share", "mean"]))
    assert table.height == own.height
    assert table["Värde"].null_count() == own.filter(pl.col("reason") != "ok").height
    assert table.filter(pl.col("Värde").is_null() & (pl.col("Märke").fill_null("") == "")).height == 0


def test_the_release_checks_of_the_series_ran_and_held(small_demo, one_wave_again):
    installation, runs = one_wave_again
    checks = [
        e
        for e in runs["build_indices"].get_asset_check_evaluations()
        if e.asset_key.path[-1] in ("indicator_results", "series_breaks")
    ]
    assert len(checks) == 14
    assert all(check.passed for check in checks)
    again = installation.warehouse.read(TableName("release", "indicator_results"))
    before = small_demo.warehouse.read(TableName("release", "indicator_results"))
    assert again.sort(pl.all()).equals(before.sort(pl.all())), "a wave alone gives the same rows"
