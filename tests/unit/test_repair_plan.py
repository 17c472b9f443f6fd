"""Which rows a repair hides: the cheapest that the attacker is content with, else whole lines, else nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml

from assets.audit import AuditRules, EditionRules, audit
from assets.audit.types import REPORT_SCHEMA
from assets.methods.disclosure import load_policy, protect
from assets.suppression.hidden_rows import CELL, hide_cells, hide_in, shown_still
from assets.suppression.repair_plan import Setting, repairs
from tests.support.disclosure_population import estimates, population

POLICY = load_policy(yaml.safe_load((Path(__file__).parents[2] / "assets/catalogue/disclosure.yml").read_text(encoding="utf-8")))
NUMBERS = EditionRules(10, 20, 30, 10, 5, 1, 4, 9)
RULES = AuditRules({"intern": NUMBERS}, "intern")
READER = {"floor": 10, "floor_sensitive": 20, "district_floor": 30, "count_step": 5, "share_step": 1}
FOCUS = {"wellbeing": 1}
SETTING = Setting({"intern": READER}, frozenset(), FOCUS, {})
COUNTS = population(3, [40, 120, 150, 300])
PLACE = ["area_level", "area_code", "wave", "grade", "sex", "index_key"]


def attack(tables):
    return audit(tables, RULES).cells.filter(pl.col("verdict") != "wide")


@pytest.fixture(scope="module")
def leaky() -> dict[str, pl.DataFrame]:
    """A release in which one of two hidden bands is shown after all."""
    results = protect(COUNTS, estimates(COUNTS), POLICY, "intern").results
    bands = COUNTS.select(*PLACE, "n_scored", share_band1="band1", share_band2="band2", share_band3="band3")
    true = bands.unpivot(["share_band1", "share_band2"], index=[*PLACE, "n_scored"], variable_name="measure")
    shares = true.select(*PLACE, "measure", true=(100 * pl.col("value") / pl.col("n_scored") + 0.5).floor())
    rows = results.join(shares, on=[*PLACE, "measure"], how="left", maintain_order="left")
    go = (pl.col("reason") == "suppressed") & pl.col("true").is_not_null()
    opened = rows.with_columns(
        value=pl.when(go).then("true").otherwise("value"), reason=pl.when(go).then(pl.lit("ok")).otherwise("reason")
    )
    return {"index_results": opened.drop("true")}


def test_the_chosen_rows_leave_the_attacker_nothing_whatever_the_order_of_the_rows(leaky) -> None:
    bad = attack(leaky)
    assert bad.height > 0
    found = repairs(bad, leaky, SETTING, attack)
    assert found.height > 0
    assert found.schema == pl.Schema(CELL)
    mended = hide_in(leaky, found, FOCUS)
    assert attack(mended).is_empty()
    assert shown_still(leaky, found, FOCUS) > 0
    assert shown_still(mended, found, FOCUS) == 0
    turned = {"index_results": leaky["index_results"].reverse()}
    assert repairs(bad.reverse(), turned, SETTING, attack).equals(found)


def test_a_shown_number_formed_from_a_hidden_one_is_hidden(leaky) -> None:
    whole = hide_in(leaky, repairs(attack(leaky), leaky, SETTING, attack), FOCUS)["index_results"]
    first = whole.filter((pl.col("measure") == "mean") & (pl.col("reason") == "suppressed")).row(0, named=True)
    mine = pl.all_horizontal(pl.col(n) == first[n] for n in (*PLACE, "measure"))
    told = {"index_results": whole.with_columns(reason=pl.when(mine).then(pl.lit("ok")).otherwise("reason"))}
    found = repairs(attack(told), told, SETTING, attack)
    assert shown_still(told, found, FOCUS) == 1
    assert attack(hide_in(told, found, FOCUS)).is_empty()


def test_nothing_is_proposed_when_nothing_is_enough_or_the_release_contradicts_itself(leaky) -> None:
    bad = attack(leaky)
    assert repairs(bad, leaky, SETTING, lambda _: bad).is_empty()
    wrong = bad.with_columns(verdict=pl.lit("contradiction"))
    assert repairs(wrong, leaky, SETTING, attack).is_empty()


def told_beside(verdict: str) -> pl.DataFrame:
    """What an attack on the county's shares under another limit finds."""
    row = {"table_name": "cutoff_sensitivity", "edition": "intern", "area_level": "county", "area_code": "01", "wave": 2024}
    row |= {"grade": "ak9", "sex": "all", "key": "wellbeing", "measure": "between"}
    more = {"low": 1.0, "high": 2.0, "width": 1.0, "required": 4.0, "verdict": verdict, "attack": "side"}
    return pl.DataFrame([row | more], schema=REPORT_SCHEMA)


def beside() -> pl.DataFrame:
    """A table beside those attacked, in two waves and both editions."""
    row = {"area_level": "county", "area_code": "01", "area_name": "Län", "grade": "ak9", "sex": "all", "index_key": "wellbeing"}
    row |= {"cut_set": "halv", "value": 30.0, "reason": "ok"}
    rows = [row | {"edition": edition, "wave": wave} for edition in ("intern", "publik") for wave in (2022, 2024)]
    return pl.DataFrame(rows).with_columns(pl.col("wave").cast(pl.Int32))


def test_a_table_that_tells_a_number_of_its_own_is_held_back_for_its_wave_in_both_editions(leaky) -> None:
    tables = {"index_results": leaky["index_results"].clear(), "cutoff_sensitivity": beside()}

    def attack_beside(tables):
        shown = tables["cutoff_sensitivity"].filter(pl.col("reason") == "ok", edition="intern", wave=2024)
        return told_beside("narrow").head(shown.height)

    found = repairs(told_beside("narrow"), tables, SETTING, attack_beside)
    assert found.select("table_name", "wave").rows() == [("cutoff_sensitivity", 2024)]
    assert shown_still(tables, found, FOCUS) == 2
    mended = hide_in(tables, found, FOCUS)
    held = mended["cutoff_sensitivity"]
    assert held.drop("value", "reason").equals(beside().drop("value", "reason"))
    assert held.select("edition", "wave", "value", "reason").rows() == [
        ("intern", 2022, 30.0, "ok"), ("intern", 2024, None, "suppressed"),
        ("publik", 2022, 30.0, "ok"), ("publik", 2024, None, "suppressed"),
    ]  # fmt: skip
    assert shown_still(mended, found, FOCUS) == 0
    assert repairs(told_beside("contradiction"), tables, SETTING, attack_beside).is_empty(), "a slip, to be looked into"


LINE = {"edition": "intern", "area_level": "municipality", "area_code": "0114", "wave": 2024, "grade": "ak9"}


def series() -> pl.DataFrame:
    """Two linked questions in a municipality and its county, both editions, all shown."""
    places = [("municipality", "0114"), ("municipality", "0115"), ("county", "01")]
    rows = [
        (edition, level, code, sex, question, measure)
        for edition in ("intern", "publik")
        for level, code in places
        for sex in ("girl", "boy", "all")
        for question in ("smokes", "smokes_daily")
        for measure in ("share", "diff_share", "sex_gap_share")
        if (level != "county" or measure != "diff_share") and (sex == "all" or measure != "sex_gap_share")
    ]
    frame = pl.DataFrame(rows, schema=["edition", "area_level", "area_code", "sex", "indicator", "measure"], orient="row")
    return frame.with_columns(
        wave=pl.lit(2024, pl.Int32), grade=pl.lit("ak9"), reason=pl.lit("ok"), value=pl.lit(30.0), n=pl.lit(100)
    )


def narrow_question() -> pl.DataFrame:
    row = {"table_name": "indicator_results", **LINE, "sex": "all", "key": "smokes_daily", "measure": "share"}
    more = {"low": 1.0, "high": 2.0, "width": 1.0, "required": 4.0, "verdict": "narrow", "attack": "linked"}
    return pl.DataFrame([row | more], schema=REPORT_SCHEMA)


def content_when(hidden_at: set[tuple[str, str]]):
    """An attacker who is content when all rows of the places are hidden."""

    def attack_series(tables):
        shown = tables["indicator_results"].filter(pl.col("reason") == "ok", pl.col("edition") == "intern")
        left = hidden_at & set(shown.select("area_code", "indicator").rows())
        return narrow_question() if left else narrow_question().clear()

    return attack_series


@pytest.mark.parametrize(
    ("needed", "areas"),
    [({("0114", "smokes")}, {"0114"}), ({("01", "smokes")}, {"0114", "01"})],
)
def test_linked_questions_go_line_by_line_and_then_where_they_are_summed(needed, areas) -> None:
    pair = {("indicator_results", name) for name in ("smokes", "smokes_daily")}
    setting = Setting({}, frozenset(), {}, {one: frozenset(pair) for one in pair})
    tables = {"indicator_results": series()}
    found = repairs(narrow_question(), tables, setting, content_when(needed))
    assert set(found["area_code"]) == areas
    assert set(found["key"]) == {"smokes", "smokes_daily"}
    assert set(found["sex"]) == {"girl", "boy", "all"}


def test_the_indices_that_bound_a_number_of_factors_go_when_its_own_rows_are_hidden_already(leaky) -> None:
    key, place = "wellbeing", {"area_level": "municipality", "area_code": "0123"}
    rows = leaky["index_results"].with_columns(pl.lit("intern").alias("edition"))
    here = (pl.col("area_code") == "0123") & (pl.col("index_key") == key) & (pl.col("reason") == "ok")
    count = {"table_name": "accumulated_results", "key": "risk", "measure": "n_counted", "edition": "intern", "sex": "all"}
    asked = {**place, **rows.select("wave", "grade").row(0, named=True)}
    bad = narrow_question().with_columns(**{name: pl.lit(value) for name, value in {**count, **asked}.items()})
    bad = bad.cast({name: REPORT_SCHEMA[name] for name in ("wave", "grade")})

    def content(tables):
        return bad.clear() if tables["index_results"].filter(here, pl.col("measure") == "n_scored").is_empty() else bad

    counted, index = ("accumulated_results", "risk"), ("index_results", key)
    parts = Setting({"intern": READER}, frozenset(), FOCUS, {}, {counted: frozenset({counted, index})})
    found = repairs(bad, {"index_results": rows}, parts, content)
    assert set(found.select("table_name", "area_code", "key").rows()) == {("index_results", "0123", key)}
    assert repairs(bad, {"index_results": rows}, SETTING, content).is_empty()


def test_a_hidden_line_takes_its_differences_and_the_public_edition_along() -> None:
    county = pl.DataFrame(
        [{"table_name": "indicator_results", **LINE, "area_level": "county", "area_code": "01", "sex": "girl",
          "key": "smokes", "measure": "share"}], schema=CELL,
    )  # fmt: skip
    rows, log = hide_cells("indicator_results", series(), county, {})
    gone = set(log.select("edition", "area_code", "sex", "cell").rows())
    expected = {("01", "girl", "share"), ("01", "all", "sex_gap_share")}
    expected |= {(code, "girl", "diff_share") for code in ("0114", "0115")}
    assert gone == {(edition, *one) for edition in ("intern", "publik") for one in expected}
    assert set(log["rule"]) == {"repair"}
    assert set(log["indicator"]) == {"smokes"}
    hidden = rows.filter(pl.col("reason") == "suppressed")
    assert hidden.height == log.height
    assert hidden["value"].null_count() == hidden["n"].null_count() == hidden.height
