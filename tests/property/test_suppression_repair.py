"""Repair: rows that an attack finds too narrow are made wide by hiding more, the cheapest and all that hangs on it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml

from assets.methods.disclosure import load_policy, protect
from assets.methods.errors import PipelineError
from assets.suppression.hidden_rows import KEYS, hide
from assets.suppression.published import PublicationRules, family_of
from assets.suppression.repair import Repaired, repair
from tests.support.attacker import attack
from tests.support.disclosure_population import KEYS as ROW_KEYS
from tests.support.disclosure_population import estimates, population

RULES = yaml.safe_load((Path(__file__).parents[2] / "assets/catalogue/disclosure.yml").read_text(encoding="utf-8"))
POLICY = load_policy(RULES)
READER = PublicationRules()
WIDTH = 4
TINY = [60, 70, 80]


def narrow(results: pl.DataFrame) -> pl.DataFrame:
    """What the tests' attacker finds too narrow, in the audit's columns."""
    found = attack(results).filter(pl.col("hi") - pl.col("lo") <= WIDTH + 1e-6)
    return found.select(pl.lit("intern").alias("edition"), *(name for name in KEYS if name != "edition"), required=pl.lit(5.0))


def laid_open(counts: pl.DataFrame, results: pl.DataFrame, level: str) -> pl.DataFrame:
    """A release with the numbers and shares of one level shown whatever stands beside them, as a faulty release would."""
    true = {"n_respondents": "n_respondents", "n_scored": "n_scored"}
    joined = results.join(counts, on=ROW_KEYS, how="left", maintain_order="left")
    value = pl.lit(None, pl.Float64)
    for measure, column in true.items():
        value = pl.when(pl.col("measure") == measure).then((pl.col(column) + 2) // 5 * 5).otherwise(value)
    for band in (1, 2, 3):
        share = (100 * pl.col(f"band{band}") / pl.col("n_scored") + 0.5).floor()
        value = pl.when(pl.col("measure") == f"share_band{band}").then(share).otherwise(value)
    opened = (pl.col("area_level") == level) & (pl.col("reason") == "suppressed") & value.is_not_null()
    return joined.with_columns(
        value=pl.when(opened).then(value.cast(pl.Float64)).otherwise("value"),
        reason=pl.when(opened).then(pl.lit("ok")).otherwise("reason"),
    ).select(results.columns)


@pytest.fixture(scope="module")
def faulty() -> pl.DataFrame:
    """A county of three tiny municipalities whose own numbers are all shown."""
    counts = population(5, TINY, indices=("acting_out", "wellbeing"))
    results = protect(counts, estimates(counts), POLICY, "intern").results
    return laid_open(counts, results, "county")


@pytest.fixture(scope="module")
def mended(faulty: pl.DataFrame) -> Repaired:
    return repair(faulty, narrow(faulty), READER)


def test_the_countys_row_narrows_a_hidden_cell_and_repair_makes_it_wide(faulty: pl.DataFrame, mended: Repaired) -> None:
    assert narrow(faulty).height > 0
    assert mended.cells.height > 0
    assert narrow(mended.results).rows() == []


def test_only_rows_that_were_shown_are_hidden_and_nothing_is_left_of_them(faulty: pl.DataFrame, mended: Repaired) -> None:
    both = faulty.join(mended.results, on=list(KEYS), how="left", maintain_order="left", suffix="_after")
    assert both.height == faulty.height == mended.results.height
    changed = both.filter(pl.col("reason") != pl.col("reason_after"))
    assert changed["reason"].unique().to_list() == ["ok"]
    assert changed["reason_after"].unique().to_list() == ["suppressed"]
    for column in ("value", "low", "high", "n", "method", "interval_method", "confidence_level", "verdict"):
        assert changed[f"{column}_after"].null_count() == changed.height
    kept = both.filter(pl.col("reason_after") == "ok")
    assert kept.filter(pl.col("value").ne_missing(pl.col("value_after"))).height == 0
    assert mended.log.height == changed.height
    assert mended.log["rule"].unique().to_list() == ["repair"]
    assert mended.log.rename({"cell": "measure"}).select(KEYS).sort(KEYS).equals(changed.select(KEYS).sort(KEYS))


def test_fine_breakdowns_go_before_the_countys_totals(faulty: pl.DataFrame, mended: Repaired) -> None:
    """Less is hidden than all the county's rows, and of the cells chosen none is a total of the county."""
    county = faulty.filter((pl.col("area_level") == "county") & (pl.col("reason") == "ok")).height
    assert 0 < mended.log.height < county
    assert mended.cells.filter((pl.col("area_level") == "county") & (pl.col("sex") == "all")).is_empty()


def test_repair_depends_on_no_row_order(faulty: pl.DataFrame, mended: Repaired) -> None:
    shuffled = repair(
        faulty.sample(fraction=1.0, shuffle=True, seed=3), narrow(faulty).sample(fraction=1.0, shuffle=True, seed=4), READER
    )
    assert shuffled.cells.equals(mended.cells)
    assert shuffled.results.sort(KEYS).equals(mended.results.sort(KEYS))


def test_what_needs_no_repair_is_left_alone(faulty: pl.DataFrame) -> None:
    untouched = repair(faulty, narrow(faulty).clear(), READER)
    assert untouched.results.equals(faulty)
    assert untouched.log.is_empty()


def test_what_hangs_on_a_row_goes_with_it(faulty: pl.DataFrame) -> None:
    gaps = faulty.filter(pl.col("measure") == "sex_gap_share_focus").with_columns(measure=pl.lit("sex_gap_mean"))
    every = pl.concat([faulty.filter(pl.col("measure") != "sex_gap_mean"), gaps])
    shown = every.with_columns(reason=pl.lit("ok"), value=pl.lit(50.0), n=pl.lit(50))
    key = {"edition": "intern", "wave": 2024, "grade": "ak9", "index_key": "wellbeing", "area_level": "county",
           "area_code": "01", "sex": "girl"}  # fmt: skip
    keys = pl.DataFrame([key | {"measure": "share_band3"}]).cast({"wave": pl.Int32}).select(KEYS)
    after, log = hide(shown, keys)
    gone = set(log.select("area_level", "sex", "cell").rows())
    assert {("county", "girl", name) for name in ("share_band3", "mean", "sd")} <= gone
    assert {("municipality", "girl", "diff_mean"), ("municipality", "girl", "diff_share_focus")} <= gone
    assert {("county", "all", "sex_gap_mean"), ("county", "all", "sex_gap_share_focus")} <= gone
    assert ("county", "girl", "share_band1") not in gone
    assert log["index_key"].unique().to_list() == ["wellbeing"]
    _, other = hide(shown, keys, focus={"wellbeing": 1})
    assert not other["cell"].str.ends_with("share_focus").any()
    assert after.filter(pl.col("reason") != "ok").height == log.height

    _, everyone = hide(shown, keys.with_columns(measure=pl.lit("n_respondents")))
    assert everyone["index_key"].n_unique() == faulty["index_key"].n_unique()
    numbers, scored = hide(shown, keys.with_columns(measure=pl.lit("n_scored")))
    assert "n_scored" in scored["cell"].to_list()
    assert not [cell for cell in scored["cell"] if cell.startswith("share_")]
    same = [name for name in key if name != "measure"]
    assert numbers.join(keys, on=same, how="semi")["n"].null_count() == numbers.join(keys, on=same, how="semi").height


def test_what_the_internal_edition_hides_the_public_one_hides(faulty: pl.DataFrame, mended: Repaired) -> None:
    both = pl.concat([faulty, faulty.with_columns(edition=pl.lit("publik"))])
    for edition, other_changes in (("intern", True), ("publik", False)):
        results, _ = hide(both, mended.cells.with_columns(edition=pl.lit(edition)))
        hidden = {
            name: results.filter((pl.col("edition") == name) & (pl.col("reason") != "ok")).height for name in ("intern", "publik")
        }
        assert (hidden["intern"] == hidden["publik"]) is other_changes


def test_numbers_that_contradict_each_other_are_refused(faulty: pl.DataFrame) -> None:
    one = faulty.filter(pl.col("index_key") == "wellbeing")
    broken = one.with_columns(value=pl.when(pl.col("measure") == "n_scored").then(pl.lit(9_000.0)).otherwise("value"),
                              reason=pl.when(pl.col("measure") == "n_scored").then(pl.lit("ok")).otherwise("reason"))  # fmt: skip
    with pytest.raises(PipelineError, match="stämma med alla"):
        family_of(broken, READER)


@pytest.mark.parametrize(("seed", "districts", "joint"), [(1, (), False), (2, (60, 90), False), (3, (), True)])
def test_faulty_releases_of_several_indices_are_mended(seed: int, districts: tuple[int, ...], joint: bool) -> None:
    """Everything that was hidden for another cell's sake is shown, in municipalities and county, and mended again."""
    sizes = [40, 120] if joint else [40, 120, 150, 300]
    counts = population(seed, sizes, districts, outside=30 if districts else 0, indices=("acting_out", "wellbeing"))
    results = protect(counts, estimates(counts), POLICY, "intern").results
    for level in ("county", "municipality"):
        results = laid_open(counts, results, level)
    found = narrow(results)
    assert found.height > 0
    assert narrow(repair(results, found, READER, joint=joint).results).rows() == []
