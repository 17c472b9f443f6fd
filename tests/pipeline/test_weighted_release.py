"""YRBS from inbox to release: what is published of a weighted survey with overlapping areas, and what nobody can work out."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_profile_catalogue
from assets.methods.indicator_links import links
from pipelines.warehouse import TableName, Warehouse
from tests.oracle.rasch_reference import DATA
from tests.pipeline.conftest import did
from tests.support.contained_attack import CELL, ENOUGH, attack, known_shares, narrow

YRBS = load_profile_catalogue("yrbs")
INDICATORS = YRBS.indicator_file.indicators
SENSITIVE = [i.id for i in INDICATORS if i.sensitive]
CONTAINS = {m.municipality_code: m.contained for m in YRBS.municipalities if m.contained}
NESTED = [(link.inner, link.outer) for link in links(INDICATORS, YRBS.survey).nested]
ORACLE_SITES = {"chicago_2005": ("CHIC", 2005), "san_bernardino_2001": ("SANB", 2001), "broward_2007": ("BROW", 2007)}


@pytest.fixture(scope="module")
def warehouse(yrbs) -> Warehouse:
    return Warehouse(yrbs.warehouse)


@pytest.fixture(scope="module")
def results(warehouse) -> pl.DataFrame:
    return warehouse.read(TableName("release", "indicator_results"), {"edition": ["intern"]})


@pytest.fixture(scope="module")
def counts(warehouse) -> pl.DataFrame:
    return warehouse.read(TableName("indices", "indicator_counts"))


@pytest.fixture(scope="module")
def estimates(warehouse) -> pl.DataFrame:
    return warehouse.read(TableName("indices", "indicator_estimates"))


def rounded(values: pl.Expr) -> pl.Expr:
    """Whole per cent, halves up, of positive shares."""
    return (100 * values + 0.5).floor()


def test_only_tables_of_a_survey_without_indices_and_registers_are_made(warehouse):
    made = {layer: {t.table for t in warehouse.tables(layer)} for layer in ("indices", "release")}
    assert made["indices"] == {"indicator_counts", "indicator_estimates", "trends"}
    told = {"indicator_results", "indicator_suppression_log", "series_breaks", "trends", "edition_differences"}
    assert made["release"] == told


def test_every_site_wave_grade_and_indicator_has_its_rows(results):
    assert set(results["area_level"]) == {"municipality"}
    assert set(results["measure"]) == {"share", "sex_gap_share"}
    shares = results.filter(pl.col("measure") == "share")
    assert shares.height == 27 * 13 * 4 * 3 * 10
    assert not shares.select(CELL).is_duplicated().any()
    assert {"ok", "suppressed", "no_delivery", "not_asked"} <= set(results["reason"])
    assert not results.filter((pl.col("reason") != "ok") & pl.col("value").is_not_null()).height


def test_published_shares_and_intervals_are_those_of_r_survey(results):
    """`tests/oracle/data/yrbs/expected.csv` was made by R from other columns of the same students, by none of our code."""
    numbers = dict.fromkeys(("estimate", "low", "high"), pl.Float64)
    oracle = pl.read_csv(
        DATA / "yrbs" / "expected.csv", schema_overrides=numbers | {"grade": pl.String, "df": pl.Float64, "se": pl.Float64}
    )
    oracle = oracle.filter(pl.col("measure") == "share").select(
        area_code=pl.col("site").replace_strict({site: code for site, (code, _) in ORACLE_SITES.items()}),
        wave=pl.col("site").replace_strict({site: wave for site, (_, wave) in ORACLE_SITES.items()}, return_dtype=pl.Int32),
        grade=pl.format("g{}", "grade"),
        sex="sex",
        indicator=pl.col("outcome").replace_strict({"drank": "yrbs_alcohol", "marijuana": "yrbs_marijuana"}),
        right=rounded(pl.col("estimate")),
        right_low=rounded(pl.col("low")),
        right_high=rounded(pl.col("high")),
        right_n="n",
    )
    shown = results.filter((pl.col("measure") == "share") & (pl.col("reason") == "ok")).join(oracle, on=CELL)
    assert shown.height > 40
    assert set(shown["area_code"]) == {"CHIC", "SANB", "BROW"}
    assert shown["value"].equals(shown["right"].alias("value"))
    assert shown["n"].is_not_null().all()
    assert (shown["n"] - shown["right_n"]).abs().max() <= 2
    bounded = shown.filter(pl.col("low").is_not_null())
    assert bounded.height > 40
    assert bounded["low"].equals(bounded["right_low"].alias("low"))
    assert bounded["high"].equals(bounded["right_high"].alias("high"))


def test_new_york_is_shown_by_its_own_weights(results, estimates):
    own = estimates.filter(pl.col("measure") == "share").select(*CELL, "estimate")
    shown = results.filter((pl.col("measure") == "share") & (pl.col("reason") == "ok")).join(own, on=CELL)
    city = shown.filter(pl.col("area_code").is_in(list(CONTAINS)))
    assert city.height > 300
    assert city["value"].equals(city.select(rounded(pl.col("estimate"))).to_series().alias("value"))


def test_floors_hold_for_students_and_for_weights(results, counts, estimates):
    own = estimates.filter(pl.col("measure") == "share").select(*CELL, "estimate")
    shown = results.filter((pl.col("measure") == "share") & (pl.col("reason") == "ok")).join(counts, on=CELL).join(own, on=CELL)
    assert shown.height > 8000
    secret = pl.col("indicator").is_in(SENSITIVE)
    cell, group = pl.when(secret).then(10).otherwise(5), pl.when(secret).then(20).otherwise(10)
    assert not shown.filter(pl.col("n_valid") < group).height
    assert not shown.filter((pl.col("n_yes") < cell) | (pl.col("n_valid") - pl.col("n_yes") < cell)).height
    assert not shown.filter(pl.col("estimate").is_between(0, 1, closed="none").not_()).height
    assert not shown.filter(secret & (pl.col("sex") != "all")).height
    assert results["n"].min() >= 10


@pytest.mark.parametrize(
    ("wave", "table"), [(2003, "pupils"), (2005, "pupils"), (2005, "weights"), (2015, "pupils"), (2015, "weights")]
)
def test_no_hidden_number_of_new_york_or_its_boroughs_can_be_worked_out(results, counts, estimates, wave, table):
    """2003 has other weights for the city than for the boroughs, so that only the pupils add up."""
    known = known_shares(results, counts, estimates, table)
    areas = [*CONTAINS, *CONTAINS["NYCI"]]
    tried = 0
    for grade in YRBS.profile.grade_keys:
        rows = known.filter(pl.col("area_code").is_in(areas), pl.col("wave") == wave, pl.col("grade") == grade)
        assert rows["area_code"].n_unique() == 6
        attacked = attack(rows, CONTAINS, NESTED)
        looked_at = attacked.filter(pl.col("hi") - pl.col("lo") <= ENOUGH)  # of wider ones not all is known
        assert looked_at.filter(~pl.col("yes").is_between(pl.col("lo") - 0.01, pl.col("hi") + 0.01)).rows() == []
        assert narrow(attacked, SENSITIVE).rows() == []
        tried += attacked.height
    assert tried > 150


def test_the_attack_finds_a_borough_from_the_city_and_the_others(results, counts, estimates):
    """Everything but one borough, in exact shares: the sums give it away."""
    known = known_shares(results, counts, estimates, "pupils")
    areas = pl.col("area_code").is_in([*CONTAINS, *CONTAINS["NYCI"]])
    rows = known.filter(areas, pl.col("wave") == 2015, pl.col("grade") == "g9")
    last = pl.col("area_code") == CONTAINS["NYCI"][-1]
    naive = rows.with_columns(shown=~last, share=100 * pl.col("yes") / pl.col("size"))
    found = narrow(attack(naive, CONTAINS, NESTED, step=0.001), SENSITIVE)
    assert found.height == rows.filter(last).height > 20


@pytest.mark.parametrize("wave", [1991, 2001, 2013])
def test_no_hidden_number_of_a_site_can_be_worked_out(results, counts, estimates, wave):
    areas = sorted({m.municipality_code for m in YRBS.municipalities} - {*CONTAINS, *CONTAINS["NYCI"]})
    for table in ("pupils", "weights"):
        known = known_shares(results, counts, estimates, table).filter(pl.col("area_code").is_in(areas), pl.col("wave") == wave)
        rows = known.filter(pl.col("grade") == "g9")
        assert rows["area_code"].n_unique() > 3
        assert narrow(attack(rows, {}, NESTED), SENSITIVE).rows() == []


def test_what_a_reader_sees_is_in_english(warehouse, results):
    assert set(results["base"]) == {"all students who answered the question"}
    for table in ("indicator_results", "indicator_suppression_log", "series_breaks"):
        frame = warehouse.read(TableName("release", table))
        texts = "".join(str(v) for c in frame.select(pl.col(pl.String)).iter_columns() for v in c.unique())
        assert not set(texts) & set("åäöÅÄÖ"), table


def test_a_second_run_has_nothing_to_do(profiles_home, yrbs):
    said = did(profiles_home, "kor", "--profil", "yrbs")
    assert "Index, skattningar och röjandekontroll (inget nytt)" in said
