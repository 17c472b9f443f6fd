"""Every rule of every suite can hold and can break; what comes out is verdicts and counts, never a value."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
import yaml
from pydantic import ValidationError

from assets.catalogue.load import load_catalogue
from expectations import suite as suites
from expectations.parameters import (
    gap_parameters,
    register_parameters,
    release_parameters,
    series_parameters,
    survey_parameters,
)
from expectations.run import RuleOutcome, run_suite
from expectations.suite import SUITES, Rule, Suite, load_suite
from tests.support.survey_rows import survey

CATALOGUE = load_catalogue()
PARAMETERS = {
    "harmonised/survey_responses": survey_parameters,
    "harmonised/delivery_gaps": gap_parameters,
    "harmonised/register_values": register_parameters,
    "release/index_results": release_parameters,
    "release/indicator_results": series_parameters,
    "release/series_breaks": gap_parameters,
}
Frame = pl.DataFrame
Change = Callable[[Frame], Frame]


def gaps() -> Frame:
    """A delivery at the limit of every gap rule."""
    limits = {"school_code": 10.0, "class_code": 20.0, "district_code": 20.0}
    rows = [("a", 2024, "background", item, 100, limit) for item, limit in limits.items()]
    rows.append(("a", 2024, "index_item", "F55e", 100, 20.0))
    return pl.DataFrame(rows, schema=["delivery_id", "wave", "kind", "item", "rows", "missing_pct"], orient="row")


def registers() -> Frame:
    """A share at each limit, a count above 100 and a masked value."""
    return pl.DataFrame(
        {
            "source": ["kolada"] * 3,
            "indicator_key": ["N1", "N2", "N3"],
            "area_code": ["01", "0160", "0160"],
            "year": pl.Series([2024] * 3, dtype=pl.Int32),
            "sex": ["all"] * 3,
            "value": [100.0, 250.0, None],
            "unit": ["percent", "count", "percent"],
            "reason": ["ok", "ok", "masked_at_source"],
        }
    )


def release() -> Frame:
    """A share at each limit and a hidden one."""
    return pl.DataFrame(
        {
            "edition": ["intern"] * 3,
            "area_code": ["0160"] * 3,
            "wave": pl.Series([2024] * 3, dtype=pl.Int32),
            "grade": ["ak9"] * 3,
            "sex": ["all", "girl", "boy"],
            "index_key": ["acting_out"] * 3,
            "measure": ["share_band3"] * 3,
            "value": [0.0, 100.0, None],
            "low": [0.0, 50.0, None],
            "high": [10.0, 100.0, None],
            "n": [20.0, 10.0, None],
            "unit": ["percent"] * 3,
            "reason": ["ok", "ok", "suppressed"],
        }
    )


def series() -> Frame:
    """A share and a scale's mean at the limits, a hidden number, and a sensitive question split by sex for the county."""
    return pl.DataFrame(
        {
            "edition": ["intern"] * 4,
            "area_level": ["municipality", "municipality", "municipality", "county"],
            "area_code": ["0114", "0114", "0114", "01"],
            "wave": pl.Series([2024] * 4, dtype=pl.Int32),
            "grade": ["ak9"] * 4,
            "sex": ["all", "girl", "boy", "girl"],
            "indicator": ["dik14a", "psykhalsa", "dik46", "dik46"],
            "measure": ["share", "mean", "share", "share"],
            "value": [0.0, 100.0, None, 12.0],
            "low": [0.0, 50.0, None, 10.0],
            "high": [10.0, 100.0, None, 14.0],
            "n": [20.0, 10.0, None, 4000.0],
            "unit": ["percent", "scale_0_100", "percent", "percent"],
            "base": ["elever som besvarat frågan"] * 4,
            "reason": ["ok", "ok", "suppressed", "ok"],
        }
    )


def breaks() -> Frame:
    """A series before and after a break."""
    years = pl.Series([2020, 2022], dtype=pl.Int32)
    texts = {"series_kind": ["indicator"] * 2, "series": ["x"] * 2, "break_level": ["", "major"], "flag": ["series_break", "ok"]}
    return pl.DataFrame({**texts, "wave": years, "comparable_from": years, "segment": pl.Series([0, 1], dtype=pl.Int32)})


GOOD = {
    "harmonised/survey_responses": survey,
    "harmonised/delivery_gaps": gaps,
    "harmonised/register_values": registers,
    "release/index_results": release,
    "release/indicator_results": series,
    "release/series_breaks": breaks,
}


def put(row: int, **values: object) -> Change:
    """Change cells of one row."""

    def change(frame: Frame) -> Frame:
        here = pl.int_range(pl.len()) == row
        return frame.with_columns(
            pl.when(here).then(pl.lit(value, frame.schema[name])).otherwise(pl.col(name)).alias(name)
            for name, value in values.items()
        )

    return change


def twice(frame: Frame) -> Frame:
    """The first row once more."""
    return pl.concat([frame, frame.head(1)])


# Every rule with a change of the good frame that breaks it.
BREAKERS: dict[str, list[tuple[str, Change]]] = {
    "harmonised/survey_responses": [
        ("rader_finns", lambda f: f.clear()),
        ("kolumner_finns", lambda f: f.drop("F55e")),
        ("kolumner_finns", lambda f: f.drop("school_name")),
        ("elev_unik", twice),
        ("nycklar_finns", put(0, municipality_code=None)),
        ("nycklar_finns", put(1, grade=None)),
        ("kommun_kand", put(1, municipality_code="0380")),
        ("arskurs_kand", put(0, grade="ak7")),
        ("kon_kant", put(0, sex="Flicka")),
        ("vag_kand", put(0, wave=2023)),
        ("svar_i_kodboken", put(0, F55e=5)),
        ("svar_i_kodboken", put(1, F62=-1)),
        ("antal_rimliga", put(0, F37=-1)),
        ("antal_rimliga", put(0, F37=1000)),
        ("kon_inte_bara_ett", lambda f: f.with_columns(sex=pl.lit("girl"))),
        ("foljdfraga_berusad", put(0, F37=3)),
        ("foljdfraga_cannabis", put(0, F48=2)),
    ],
    "harmonised/delivery_gaps": [
        ("luckor_rader_finns", lambda f: f.clear()),
        ("skola_finns", put(0, missing_pct=10.1)),
        ("klass_finns", put(1, missing_pct=20.1)),
        ("stadsdel_finns", put(2, missing_pct=20.1)),
        ("saknade_svar", put(3, missing_pct=20.1)),
    ],
    "harmonised/register_values": [
        ("register_rader_finns", lambda f: f.clear()),
        ("register_unik", twice),
        ("register_omrade_kant", put(0, area_code="0380")),
        ("register_skal_finns", put(0, reason=None)),
        ("register_skal_kant", put(0, reason="okej")),
        ("register_varde_rimligt", put(1, value=-0.1)),
        ("register_andel_hogst_100", put(0, value=100.1)),
    ],
    "release/index_results": [
        ("utgava_rader_finns", lambda f: f.clear()),
        ("utgava_unik", twice),
        ("utgava_skal_finns", put(2, reason=None)),
        ("utgava_skal_kant", put(2, reason="hemlig")),
        ("utgava_visade_har_varde", put(0, value=None)),
        ("utgava_dolda_ar_tomma", put(2, value=12.0)),
        ("utgava_dolda_ar_tomma", put(2, low=1.0)),
        ("utgava_dolda_ar_tomma", put(2, high=1.0)),
        ("utgava_minst_tio", put(1, n=9.0)),
        ("utgava_andel_rimlig", put(0, value=-1.0)),
        ("utgava_andel_rimlig", put(1, value=101.0)),
    ],
    "release/indicator_results": [
        ("fragor_rader_finns", lambda f: f.clear()),
        ("fragor_unik", twice),
        ("fragor_skal_kant", put(2, reason="hemlig")),
        ("fragor_skal_namnare_finns", put(2, reason=None)),
        ("fragor_skal_namnare_finns", put(0, base=None)),
        ("fragor_skal_namnare_finns", put(0, unit=None)),
        ("fragor_visade_har_varde", put(0, value=None)),
        ("fragor_dolda_ar_tomma", put(2, value=12.0)),
        ("fragor_dolda_ar_tomma", put(2, low=1.0)),
        ("fragor_dolda_ar_tomma", put(2, high=1.0)),
        ("fragor_dolda_ar_tomma", put(2, n=15.0)),
        ("fragor_minst_tio", put(1, n=9.0)),
        ("fragor_kanslig_inte_pa_kon", put(2, reason="ok", value=12.0)),
        ("fragor_andel_rimlig", put(0, value=-1.0)),
        ("fragor_andel_rimlig", put(1, value=101.0)),
    ],
    "release/series_breaks": [
        ("brott_rader_finns", lambda f: f.clear()),
        ("brott_unik", twice),
        ("brott_fullstandig", put(0, flag=None)),
        ("brott_fullstandig", put(0, comparable_from=None)),
        ("brott_framat", put(0, comparable_from=2024)),
    ],
}


def outcomes(table: str, frame: Frame, only: list[str] | None = None) -> dict[str, RuleOutcome]:
    """Outcome by rule id."""
    return {o.rule.id: o for o in run_suite(load_suite(table), frame, PARAMETERS[table](CATALOGUE), only)}


def test_all_suites_are_known_here():
    assert {p.stem.replace("__", "/") for p in SUITES.glob("*.yml")} == set(GOOD) == set(BREAKERS) == set(PARAMETERS)


@pytest.mark.parametrize("table", GOOD)
def test_good_rows_hold_every_rule(table):
    found = outcomes(table, GOOD[table]())
    assert [r.id for r in load_suite(table).rules] == list(found), "one outcome per rule, in the order of the file"
    assert {o.status for o in found.values()} == {"holds"}
    assert all(o.holds and not o.blocks for o in found.values())
    assert {o.rows for o in found.values()} == {GOOD[table]().height}


@pytest.mark.parametrize("table", GOOD)
def test_every_rule_is_broken_by_something(table):
    assert {rule for rule, _ in BREAKERS[table]} == {rule.id for rule in load_suite(table).rules}


@pytest.mark.parametrize(
    ("table", "rule", "change"),
    [(table, rule, change) for table, cases in BREAKERS.items() for rule, change in cases],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_that_is_broken_says_so(table, rule, change):
    outcome = outcomes(table, change(GOOD[table]()), only=[rule])[rule]
    assert outcome.status == "broken"
    assert not outcome.holds
    assert outcome.blocks == (outcome.rule.severity == "critical")


@pytest.mark.parametrize("table", GOOD)
def test_an_empty_table_breaks_the_first_rule(table):
    first = load_suite(table).rules[0]
    assert first.expectation == "ExpectTableRowCountToBeBetween"
    for empty in (GOOD[table]().clear(), pl.DataFrame()):
        assert outcomes(table, empty, only=[first.id])[first.id].status == "broken"


@pytest.mark.parametrize("table", [t for t in GOOD if t != "harmonised/delivery_gaps"])
def test_a_rule_whose_column_is_gone_is_not_evaluated_and_a_critical_one_blocks(table):
    found = outcomes(table, GOOD[table]().select("wave" if "wave" in GOOD[table]().columns else "year"))
    others = [o for o in found.values() if not o.rule.expectation.startswith("ExpectTable")]
    named = [o for o in others if o.rule.id not in {"kolumner_finns", "vag_kand"}]
    assert {o.status for o in named} == {"not_evaluated"}
    assert all(o.blocks for o in named if o.rule.severity == "critical")
    assert not any(o.blocks for o in named if o.rule.severity == "warning")


def test_a_rule_over_many_columns_names_those_that_broke_it():
    changed = put(0, F55e=7, F62=9)(survey())
    outcome = outcomes("harmonised/survey_responses", changed, ["svar_i_kodboken"])["svar_i_kodboken"]
    assert sorted(outcome.columns_broken) == ["F55e", "F62"]
    assert outcome.columns_tried == sum(i.type == "choice" for i in CATALOGUE.survey.items)


def test_only_the_rules_asked_for_are_tried():
    found = outcomes("release/index_results", release(), ["utgava_unik", "utgava_minst_tio"])
    assert list(found) == ["utgava_unik", "utgava_minst_tio"]


def test_a_column_that_nobody_was_asked_breaks_nothing():
    blank = survey().with_columns(F36=pl.lit(None, pl.Int16), F37=pl.lit(None, pl.Int16), F55e=pl.lit(None, pl.Int16))
    assert {o.status for o in outcomes("harmonised/survey_responses", blank).values()} == {"holds"}


def test_no_value_comes_out_with_a_verdict():
    canary = "KANARIE-7391"
    changed = put(0, municipality_code=canary, grade=canary, sex=canary, respondent_key=canary)(survey())
    twice_over = pl.concat([changed, changed])
    found = outcomes("harmonised/survey_responses", twice_over)
    assert sum(o.status == "broken" for o in found.values()) >= 4
    assert canary not in repr(found)
    released = put(0, area_code=canary, reason=canary, edition=canary)(release())
    assert canary not in repr(outcomes("release/index_results", twice(released)))


def test_a_name_that_nobody_fills_is_an_error():
    rule = Rule(
        id="r",
        severity="critical",
        expectation="ExpectColumnValuesToBeInSet",
        columns=("a",),
        kwargs={"value_set": "$no"},
        text_sv="x",
        remedy_sv="y",
    )
    with pytest.raises(KeyError, match="no"):
        run_suite(Suite(table="t", rules=(rule,)), pl.DataFrame({"a": [1]}), {})


def test_parameters_come_from_the_catalogue():
    filled = survey_parameters(CATALOGUE)
    assert filled["codes"]["F55e"] == [1, 2, 3, 4, 996, 998, 999]
    assert len(filled["municipalities"]) == 26
    assert "F37" in filled["count_items"]
    assert "F37" not in filled["codes"]
    assert register_parameters(CATALOGUE)["areas"][0] == "01"
    assert "suppressed" in release_parameters(CATALOGUE)["reasons"]


@pytest.mark.parametrize("path", sorted(SUITES.glob("*.yml")), ids=lambda p: p.stem)
def test_suites_are_plain_and_their_ids_are_their_own(path):
    suite = Suite.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert suite.table == path.stem.replace("__", "/")
    for rule in suite.rules:
        assert rule.text_sv.endswith("."), rule.id
        assert rule.remedy_sv.endswith((".", "?")), rule.id
    ids = [
        rule.id
        for p in SUITES.glob("*.yml")
        for rule in Suite.model_validate(yaml.safe_load(p.read_text(encoding="utf-8"))).rules
    ]
    assert len(ids) == len(set(ids)), "a rule id names one rule in the whole project"


def test_a_misspelt_key_or_a_bad_id_is_an_error():
    good = load_suite("release/index_results").rules[0].model_dump()
    for wrong in ({"severty": "critical"}, {"id": "Rule 1"}, {"severity": "mild"}):
        with pytest.raises(ValidationError):
            Rule.model_validate(good | wrong)


def test_a_suite_that_does_not_begin_with_its_rows_is_refused(tmp_path, monkeypatch):
    rule = load_suite("release/index_results").rules[1].model_dump(mode="json")
    (tmp_path / "release__other.yml").write_text(yaml.safe_dump({"table": "release/other", "rules": [rule]}), encoding="utf-8")
    monkeypatch.setattr(suites, "SUITES", tmp_path)
    with pytest.raises(ValueError, match="release/other: the first rule must count rows"):
        load_suite.__wrapped__("release/other")
