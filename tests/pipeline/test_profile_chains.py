"""Lupp and YRBS from inbox to release, each in a process of its own as `did demo --profil` runs them."""

from __future__ import annotations

import re

import polars as pl
import pytest

from assets.catalogue.load import load_profile_catalogue
from assets.demo.lupp import TRUTH_FILE
from assets.demo.yrbs import students
from assets.methods.contained_areas import require_sums
from assets.methods.estimate import area_counts
from assets.methods.indicators import as_bands, indicator_values
from pipelines.paths import Paths, profile_root
from pipelines.warehouse import TableName, Warehouse
from tests.pipeline.conftest import did

LUPP, YRBS = load_profile_catalogue("lupp"), load_profile_catalogue("yrbs")


@pytest.fixture(scope="module")
def lupp(profiles_home) -> Paths:
    """Lupp after one run. A file of another survey lies in its inbox too."""
    paths = Paths(profile_root(profiles_home, "lupp"))
    paths.make()
    students().head(50).write_csv(paths.surveys / "fel_inkorg.csv")
    said = did(profiles_home, "demo", "--profil", "lupp")
    assert "Den här profilen har inga rapportpaket än" in said
    assert re.search(r"Avvisade leveranser +1\n", said)
    assert re.search(r"Lägesöversikt · 1.stoppade ", said), "the file in the wrong inbox, and no rule"
    assert re.search(r"Inlästa leveranser +8\n", said)
    return paths


def read(paths: Paths, layer: str, table: str) -> pl.DataFrame:
    """A table of a profile's warehouse."""
    return Warehouse(paths.warehouse).read(TableName(layer, table))


@pytest.fixture(scope="module")
def truth(lupp) -> pl.DataFrame:
    """What the simulator knows."""
    return pl.read_parquet(lupp.cache / "demo" / "truth" / TRUTH_FILE)


def test_every_lupp_answer_comes_through_all_formats(lupp, truth):
    answers = read(lupp, "validated", "survey_responses").sort("respondent_key")
    known = truth.sort("respondent_key")
    for name in ("respondent_key", "municipality_code", "wave", "grade", "sex", "class_code"):
        assert answers[name].equals(known[name]), name
    older = known["wave"] == 2017
    for item in (i.key for i in LUPP.survey.items):
        asked = (~older) | pl.lit(item in LUPP.codebooks[0].items)
        expected = known.select(pl.when(asked).then(pl.col(item).replace(0, 999)).cast(pl.Int16)).to_series()
        assert answers[item].equals(expected), item


def test_lupp_scores_are_the_means_of_the_simulated_answers(lupp, truth):
    scores = read(lupp, "indices", "person_scores").join(truth, on="respondent_key").sort("respondent_key")
    assert scores.height == truth.height
    for index in LUPP.indices:
        items, least = [p.item for p in index.items], LUPP.index_file.least_answered(index)
        top = index.items[0].maximum
        for row in scores.select(index.key, *items).iter_rows():
            given = [code - 1 for code in row[1:] if code]
            wanted = 100 * sum(given) / len(given) / top if len(given) >= least else None
            assert row[0] == pytest.approx(wanted, abs=1e-9)


def test_lupp_estimates_recover_the_simulated_level(lupp, truth):
    """Mean over pupils of what their trait leads one to expect, against the estimate: half a standard error on average."""
    means = read(lupp, "indices", "area_estimates").filter((pl.col("measure") == "mean") & (pl.col("sex") == "all"))
    keys = ["municipality_code", "wave", "grade"]
    off = []
    for index in LUPP.indices:
        expected = truth.filter(pl.col("sex").is_in(["girl", "boy"])).group_by(keys).agg(pl.col(f"expected_{index.key}").mean())
        own = means.filter(pl.col("index_key") == index.key).rename({"area_code": "municipality_code"})
        both = own.join(expected, on=keys)
        assert both.height == 12
        assert (both["estimate"] - both[f"expected_{index.key}"]).abs().max() < 4
        off += both.select((pl.col("estimate") - pl.col(f"expected_{index.key}")).abs())["estimate"].to_list()
    assert sum(off) / len(off) < 1


def test_lupp_release_is_protected_and_in_its_own_unit(lupp):
    results = read(lupp, "release", "index_results")
    assert set(results["index_key"]) == set(LUPP.index_file.keys)
    assert set(results["unit"]) == {"count", "percent", "points", "score_0_100"}
    assert set(results["cutoff_set"]) == {LUPP.cutoffs.id}
    shown = results.filter(pl.col("reason") == "ok")
    assert shown.filter(pl.col("measure") == "mean")["value"].is_between(0, 100).all()
    assert (shown["n"].drop_nulls() >= 10).all()
    assert results.filter(pl.col("reason") == "suppressed").height > 0
    assert not results.filter((pl.col("reason") != "ok") & pl.col("value").is_not_null()).height
    grades = read(lupp, "release", "response_rates")["grade"]
    assert set(grades) == set(LUPP.survey.grades)


def test_a_file_in_the_wrong_inbox_names_the_right_one(lupp):
    said = (lupp.rejected / "fel_inkorg.csv.txt").read_text(encoding="utf-8")
    assert "profilen yrbs" in said
    assert "profiler/yrbs/inbox/enkat" in said


def test_the_base_and_the_profiles_have_folders_of_their_own(profiles_home, lupp, yrbs):
    assert {p.name for p in (profiles_home / "profiler").iterdir()} == {"lupp", "yrbs"}
    assert not (profiles_home / "warehouse.duckdb").exists()
    assert (profiles_home / "dagster").is_dir(), "one instance for all, so that the page shows every profile's runs"
    assert not (lupp.root / "dagster").exists()


def test_yrbs_counts_are_those_of_the_source(yrbs):
    deliveries = read(yrbs, "validated", "deliveries")
    per_wave = deliveries.unique(["delivery_id", "wave"])
    assert deliveries["delivery_id"].n_unique() == 27
    assert per_wave["rows_received"].sum() == 396_989
    assert set(per_wave["status"]) == {"godkänd"}
    answers = read(yrbs, "validated", "survey_responses")
    source = students()
    assert answers.height == 396_989 - source["grade"].null_count() == 396_989 - per_wave["rows_outside"].sum()
    assert answers["wave"].unique().sort().to_list() == list(range(1991, 2016, 2))
    assert answers["municipality_code"].n_unique() == 27
    assert answers.filter(pl.col("wave") == 2015)["municipality_code"].n_unique() == 18
    assert read(yrbs, "raw", "rejected_files").is_empty()


def test_yrbs_answers_weights_and_units_are_those_of_the_source(yrbs):
    """Sums per site and year of what came out against the bundled file, read without any of the pipeline's code."""
    answers = read(yrbs, "validated", "survey_responses")
    code = {m.delivered_as: m.municipality_code for m in YRBS.municipalities}
    source = students().filter(pl.col("grade").is_not_null())
    place = ["municipality_code", "wave"]
    wanted = source.group_by(municipality_code=pl.col("site").replace_strict(code), wave=pl.col("year").cast(pl.Int32)).agg(
        students=pl.len(),
        weight=pl.col("weight").cast(pl.Float64).sum().round(4),
        strata=pl.col("stratum").n_unique(),
        psus=pl.struct("stratum", "psu").n_unique(),
        drank=(pl.col("alcohol_days") > 0).sum(),
        attempts=(pl.col("suicide_attempts") >= 1).sum(),
        hopeless=pl.col("hopeless").sum(),
        heroin_no=(~pl.col("used_heroin")).sum(),
        heroin_asked=pl.col("used_heroin").is_not_null().any(),
    )
    got = answers.group_by(place).agg(
        students=pl.len(),
        weight=pl.col("weight").sum().round(4),
        strata=pl.col("stratum").n_unique(),
        psus=pl.col("psu").n_unique(),
        drank=pl.col("alcohol_days").is_between(2, 7).sum(),
        attempts=pl.col("suicide_attempts").is_between(2, 5).sum(),
        hopeless=(pl.col("hopeless") == 1).sum(),
        heroin_no=(pl.col("used_heroin") == 2).sum(),
        heroin_asked=pl.col("used_heroin").is_not_null().any(),
    )
    exact = [c for c in wanted.columns if c != "weight"]
    assert got.sort(place).select(exact).equals(wanted.sort(place).select(exact))
    assert (got.sort(place)["weight"] - wanted.sort(place)["weight"]).abs().max() < 0.01
    assert answers["psu"].n_unique() == wanted["psus"].sum(), "a PSU is one unit in one stratum of one site and year"


def test_yrbs_questions_are_asked_or_not_by_site_and_year(yrbs):
    answers = read(yrbs, "validated", "survey_responses")
    for item in (i.key for i in YRBS.survey.items):
        asked = answers.group_by("municipality_code", "wave").agg(
            some=pl.col(item).is_between(1, 7).any(), none=pl.col(item).is_null().any()
        )
        assert not asked.filter(pl.col("some") & pl.col("none")).height, "within a site and year a question is asked or it isn't"
        assert not asked.filter(~pl.col("some") & ~pl.col("none")).height


def test_new_york_is_exactly_the_sum_of_its_boroughs(yrbs):
    answers = read(yrbs, "validated", "survey_responses").filter(pl.col("wave") >= 2003)
    indicators = YRBS.indicator_file.indicators
    values = as_bands(indicator_values(answers, indicators, YRBS.survey), indicators)
    counts = area_counts(values, [i.id for i in indicators], ("municipality",))
    (city,) = (m for m in YRBS.municipalities if m.contained)
    require_sums(counts, {city.municipality_code: city.contained})
    keys, sums = ["wave", "grade", "sex", "index_key"], ["n_respondents", "n_scored", "band1", "band3"]
    whole = counts.filter(pl.col("area_code") == city.municipality_code).select(*keys, *sums).sort(keys)
    parts = counts.filter(pl.col("area_code").is_in(city.contained)).group_by(keys).agg(pl.col(sums).sum()).sort(keys)
    assert whole.height == 7 * 4 * 3 * len(indicators)
    assert whole.equals(parts.select(whole.columns))
