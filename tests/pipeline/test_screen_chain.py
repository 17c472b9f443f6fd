"""The plausibility screen in the chain: whom it finds in the simulator, what is left out, and the switch that keeps everybody."""

from __future__ import annotations

import dagster as dg
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.demo.truth import load_truth
from assets.methods.screening import screen
from assets.slices import range_tags
from pipelines.definitions import build_definitions
from pipelines.warehouse import TableName

RESPONSES = TableName("validated", "survey_responses")
COUNTS = TableName("harmonised", "screen_counts")
EXACT = TableName("indices", "screen_sensitivity")
RELEASED = TableName("release", "screen_sensitivity")
TOUCHED = (
    *(f"indices/{name}" for name in ("person_scores", "area_counts", "area_estimates", "screen_sensitivity")),
    *(f"indices/{name}" for name in ("indicator_counts", "indicator_estimates")),
    *(f"release/{name}" for name in ("index_results", "suppression_log", "response_rates", "response_by_school_type")),
    *(f"release/{name}" for name in ("delivery_quality", "provenance", "screen_sensitivity")),
)
"""What the switch is tried on: tables that hold respondents, and those made in one step with them."""
RATES = TableName("release", "response_rates")
KEYS = ["area_level", "area_code", "wave", "grade", "sex", "series_type", "series"]


@pytest.fixture(scope="module")
def judged(small_demo, demo_cache):
    """Validated respondents with the screen's verdict and the simulator's truth (`careless`: 0 serious, 1 and 2 not)."""
    verdict = small_demo.warehouse.read(RESPONSES, columns=["respondent_key", "screened_out"])
    return verdict.join(load_truth(demo_cache).respondents.select("respondent_key", "careless"), on="respondent_key")


def test_planted_jokers_are_found_and_serious_pupils_are_left_alone(judged, small_demo):
    """The simulator's jokers answer alike everywhere: an easy case, where both figures have to be near one."""
    assert judged.height == small_demo.summary.rows_kept
    jokers = judged.filter(pl.col("careless") > 0)
    serious = judged.filter(pl.col("careless") == 0)
    assert jokers.height > 100
    sensitivity, false_alarms = jokers["screened_out"].mean(), serious["screened_out"].mean()
    assert sensitivity > 0.99, f"sensitivity {sensitivity:.3f}"
    assert false_alarms < 0.001, f"false alarms {false_alarms:.4f}"


def test_implausible_answers_of_serious_pupils_are_flagged_and_stay(small_demo, demo_cache):
    """Planted with one flag each: whoever has a column that shows it is flagged, and nobody is removed for it."""
    planted = load_truth(demo_cache).respondents.filter(pl.col("planted") != "").select("respondent_key", "planted")
    rows = small_demo.warehouse.read(RESPONSES).join(planted, on="respondent_key")
    assert rows.height >= 5
    assert not rows["screened_out"].any()
    catalogue = load_catalogue()
    shown = {"fictitious_drug": "F47h", "many_drugs": "F47a", "drugs_contradiction": "F47a", "alcohol_volume": "alkokons"}
    shown |= {"debut_age": "F38", "debut_above_age": "F1", "smoking_contradiction": "F17"}
    flags = screen(rows, catalogue.screening, catalogue.survey)
    for kind, column in shown.items():
        there = rows.select((pl.col("planted") == kind) & pl.col(column).is_not_null()).to_series()
        assert (flags.filter(there)["n_flags"] == 1).all(), kind


def test_one_flag_alone_removes_nobody(small_demo):
    counts = small_demo.warehouse.read(COUNTS)
    sums = {r["flag"]: r for r in counts.group_by("flag").agg(pl.col("n_screened", "n_flagged", "n_removed").sum()).to_dicts()}
    assert sums["many_missing"]["n_flagged"] > 100
    assert sums["any"]["n_flagged"] > sums["removed"]["n_flagged"] > 0
    assert sums["too_fast"]["n_screened"] == 0, "no codebook has the time"
    for rule in ("fictitious_drug", "alcohol_volume", "debut_age", "smoking_contradiction", "drugs_contradiction"):
        assert sums[rule]["n_screened"] > 0, rule
    screened = small_demo.warehouse.read(RESPONSES, columns=["screened_out"])["screened_out"]
    assert sums["removed"]["n_removed"] == screened.sum()
    assert sums["removed"]["n_screened"] == len(screened)


def test_removed_pupils_are_respondents_without_scores(small_demo):
    out = small_demo.warehouse.read(RESPONSES, {"screened_out": [True]}, ["respondent_key"])
    scores = small_demo.warehouse.read(TableName("indices", "person_scores"))
    keys = [index.key for index in load_catalogue().indices]
    gone = scores.join(out, on="respondent_key", how="semi")
    assert gone.height == out.height > 0
    assert gone.select(pl.col(keys).count()).sum_horizontal().item() == 0
    assert scores.height == small_demo.summary.rows_kept


def test_the_county_is_told_with_and_without_and_nothing_else_is(small_demo):
    told = small_demo.warehouse.read(RELEASED, {"edition": ["intern"]})
    assert set(told.filter(pl.col("series_type") != "screen")["area_level"]) == {"county"}
    assert set(told.filter(pl.col("area_level") == "municipality")["measure"]) == {"removed_pct"}
    assert told.filter((pl.col("reason") != "ok") & pl.col("value").is_not_null()).is_empty()
    shown = told.filter((pl.col("measure") == "n_removed") & (pl.col("reason") == "ok"))
    exact = small_demo.warehouse.read(EXACT).filter((pl.col("series") == "removed") & (pl.col("area_level") == "county"))
    both = shown.join(exact, on=["wave", "grade"]).with_columns(exact=pl.col("n_all") - pl.col("n_kept"))
    assert both.height > 0
    assert both.filter((pl.col("value") - pl.col("exact")).abs() > 2).is_empty()


def test_the_switch_keeps_everybody_and_the_comparison_stays_the_same(copy_of_demo):
    before = {
        name: copy_of_demo.warehouse.read(name, {"wave": [2024]} | ({"edition": ["intern"]} if name == RATES else {}))
        for name in (EXACT, RATES)
    }
    counts = TableName("indices", "area_counts")
    scored = copy_of_demo.warehouse.read(counts, {"wave": [2024], "area_level": ["county"]})["n_scored"].sum()
    job = build_definitions(copy_of_demo.root, remove_screened=False).resolve_job_def("build_indices")
    touched = [dg.AssetKey(name.split("/")) for name in TOUCHED]
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(
            instance=instance, tags=range_tags("2024", "2024"), asset_selection=touched, raise_on_error=False
        )
    assert done.success
    after = {
        name: copy_of_demo.warehouse.read(name, {"wave": [2024]} | ({"edition": ["intern"]} if name == RATES else {}))
        for name in (EXACT, RATES)
    }
    assert copy_of_demo.warehouse.read(counts, {"wave": [2024], "area_level": ["county"]})["n_scored"].sum() > scored
    columns = [*KEYS, "n_all", "yes_all", "n_kept", "yes_kept"]
    assert after[EXACT].select(columns).sort(KEYS).equals(before[EXACT].select(columns).sort(KEYS))
    assert set(after[EXACT]["removal"]) == {False}
    both = after[RATES].join(before[RATES], on=["area_code", "wave", "grade"], suffix="_before")
    shown = both.filter(pl.col("respondents").is_not_null() & pl.col("respondents_before").is_not_null())
    assert shown.height > 3  # in many areas of the small demo the number of respondents is protected
    assert shown.filter(pl.col("respondents") != pl.col("respondents_before")).is_empty()


def test_schools_of_the_simulator_are_unknown_to_the_register_and_nothing_is_spread_out(small_demo):
    table = small_demo.warehouse.read(TableName("release", "response_by_school_type"), {"edition": ["intern"]})
    known = table.filter(pl.col("school_type").is_in(["municipal", "independent"]) & pl.col("respondents").is_not_null())
    assert known["respondents"].sum() == 0
    both = table.filter(pl.col("school_type") == "unknown").join(
        table.filter(pl.col("school_type") == "all"), on=["area_code", "wave", "grade"], suffix="_all"
    )
    assert both.height > 0
    assert both.filter(pl.col("respondents").ne_missing(pl.col("respondents_all"))).is_empty()
