"""Every rule of every suite can hold and can break; what comes out is verdicts and counts, never a value."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
import yaml
from pydantic import ValidationError

from assets.rule_tables import PREPARE
from expectations import suite as suites
from expectations.parameters import survey_parameters
from expectations.run import RuleOutcome, run_suite, to_pandas
from expectations.suite import SUITES, Rule, Suite, load_suite, suite_tables
from tests.support.rule_changes import BREAKERS, Change, put, twice
from tests.support.rule_frames import CATALOGUE, GOOD, Frames, parameters_of, views_of
from tests.support.survey_rows import survey

NOT_BY_A_CHANGE_OF_ROWS = {"profil_unik"}  # the profile is counted, so it is broken below, by hand


def outcomes(table: str, frames: Frames, only: list[str] | None = None) -> dict[str, RuleOutcome]:
    """Outcome by rule id."""
    return {o.rule.id: o for o in run_suite(load_suite(table), views_of(table, frames), parameters_of(table, frames), only)}


def changed(table: str, name: str, change: Change) -> Frames:
    """The table's good frames with one of them changed."""
    frames = GOOD[table]()
    return frames | {name: change(frames[name])}


def test_all_suites_are_known_here_and_to_the_checks():
    assert set(suite_tables()) == set(GOOD) == set(BREAKERS) == set(PREPARE)


@pytest.mark.parametrize("table", GOOD)
def test_good_rows_hold_every_rule(table):
    frames = GOOD[table]()
    found = outcomes(table, frames)
    assert [r.id for r in load_suite(table).rules] == list(found), "one outcome per rule, in the order of the file"
    assert {k: (o.status, o.why_not) for k, o in found.items() if not o.holds} == {}
    assert all(not o.blocks and not o.units for o in found.values())
    views = views_of(table, frames)
    assert all(o.rows == views[o.rule.view].height > 0 for o in found.values())


@pytest.mark.parametrize("table", GOOD)
def test_every_rule_is_broken_by_something(table):
    broken = {rule for rule, _, _ in BREAKERS[table]} | NOT_BY_A_CHANGE_OF_ROWS
    assert {rule.id for rule in load_suite(table).rules} <= broken


@pytest.mark.parametrize(
    ("table", "rule", "name", "change"),
    [(table, *case) for table, cases in BREAKERS.items() for case in cases],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_that_is_broken_says_so(table, rule, name, change):
    outcome = outcomes(table, changed(table, name, change), only=[rule])[rule]
    assert outcome.status == "broken"
    assert not outcome.holds
    assert outcome.blocks == (outcome.rule.severity == "critical")


def test_a_profile_that_counts_a_code_twice_is_broken():
    table = "harmonised/item_profile"
    views = views_of(table, GOOD[table]())
    doubled = views | {"rows": twice(views["rows"])}
    (found,) = run_suite(load_suite(table), doubled, parameters_of(table, {}), ["profil_unik"])
    assert found.status == "broken"


@pytest.mark.parametrize("table", GOOD)
def test_an_empty_table_breaks_the_first_rule_and_no_rule_holds(table):
    suite = load_suite(table)
    first = suite.rules[0]
    assert first.expectation == "ExpectTableRowCountToBeBetween"
    views = views_of(table, GOOD[table]())
    for empty in ({k: v.clear() for k, v in views.items()}, dict.fromkeys(views, pl.DataFrame())):
        found = run_suite(suite, empty, parameters_of(table, GOOD[table]()))
        assert found[0].status == "broken"
        assert {o.status for o in found[1:]} <= {"not_evaluated"}
        excused = "reference" if suite.optional else "empty"
        assert {o.why_not for o in found[1:]} <= {excused}, "only a table that may be empty is excused"


def test_only_tables_of_what_nobody_has_to_send_may_be_empty():
    forms = {"raw/form_files", "raw/form_answers"}
    answers = {"harmonised/activity_answers", "harmonised/readiness_ratings", "harmonised/decisions"}
    assert {table for table in GOOD if load_suite(table).optional} == {*forms, *answers, "harmonised/school_indicators"}


@pytest.mark.parametrize("table", GOOD)
def test_a_rule_whose_column_is_gone_is_not_evaluated_and_a_critical_one_blocks(table):
    views = {name: frame.select(pl.lit(1).alias("other")) for name, frame in views_of(table, GOOD[table]()).items()}
    found = run_suite(load_suite(table), views, parameters_of(table, GOOD[table]()))[1:]
    assert {(o.status, o.why_not) for o in found} == {("not_evaluated", "error")}
    assert all(o.blocks for o in found if o.rule.severity == "critical")
    assert not any(o.blocks for o in found if o.rule.severity != "critical")


def test_a_rule_over_many_questions_names_those_that_broke_it_and_where():
    outcome = outcomes(
        "harmonised/item_profile", changed("harmonised/item_profile", "answers", put(0, F55e=7, F62=9)), ["svar_i_kodboken"]
    )["svar_i_kodboken"]
    assert sorted(outcome.columns_broken) == ["F55e", "F62"]
    assert outcome.units == {("a", 2024): ("F55e", "F62")}
    named = outcomes("release/index_results", changed("release/index_results", "rows", put(2, low=1.0, high=2.0)))
    assert named["utgava_dolda_ar_tomma"].columns_broken == ("low", "high")


def test_a_rule_without_its_reference_is_not_tried_and_that_is_no_fault():
    table = "harmonised/item_profile"
    views = views_of(table, GOOD[table]())
    found = run_suite(load_suite(table), views | {"last_wave": pl.DataFrame()}, parameters_of(table, {}))
    untried = {o.rule.id: (o.status, o.why_not) for o in found if not o.holds}
    assert untried == dict.fromkeys(("bortfall_som_forra", "svar_som_forra"), ("not_evaluated", "reference"))
    numbers = run_suite(load_suite(table), views | {"numbers": pl.DataFrame()}, parameters_of(table, {}), ["antal_rimliga"])
    assert [(o.why_not, o.blocks) for o in numbers] == [("empty", True)], "a view that lost its rows is a fault"


def test_only_the_rules_asked_for_are_tried():
    found = outcomes("release/index_results", GOOD["release/index_results"](), ["utgava_unik", "utgava_minst_tio"])
    assert list(found) == ["utgava_unik", "utgava_minst_tio"]


def test_no_value_comes_out_with_a_verdict():
    canary = "KANARIE-7391"
    rows = put(0, municipality_code=canary, grade=canary, sex=canary, district_code=canary)(twice(survey()))
    frames = GOOD["harmonised/survey_responses"]() | {"rows": rows.with_columns(respondent_key=pl.lit(canary))}
    found = outcomes("harmonised/survey_responses", frames)
    assert sum(o.status == "broken" for o in found.values()) >= 4
    assert canary not in repr(found)
    released = changed("release/index_results", "rows", put(0, area_code=canary, reason=canary, edition=canary))
    assert canary not in repr(outcomes("release/index_results", released))


def a_rule(**changes: object) -> Rule:
    """A rule about the column `a`."""
    about = {"id": "r", "severity": "critical", "expectation": "ExpectColumnValuesToBeInSet", "columns": ("a",)}
    texts = {"text_sv": "x", "why_sv": "y", "remedy_sv": "z"}
    return Rule.model_validate(about | texts | {"kwargs": {"value_set": "$known"}} | changes)


def test_a_name_that_nobody_fills_is_an_error():
    with pytest.raises(KeyError, match="known"):
        run_suite(Suite(table="t", rules=(a_rule(),)), pl.DataFrame({"a": [1]}), {})


@pytest.mark.parametrize(
    "rule", [a_rule(), a_rule(columns="$known", kwargs={"value_set": [1]}), a_rule(expectation="ExpectColumnValuesToNotBeNull",
    columns="$known", kwargs={})]
)  # fmt: skip
def test_an_empty_group_of_parameters_is_a_rule_that_was_not_tried(rule):
    """`$choice_items` that nobody filled must not become a rule that holds for every data."""
    suite = Suite(table="t", rules=(rule,))
    (held,) = run_suite(suite, pl.DataFrame({"a": [1]}), {"known": ["a"] if rule.columns == "$known" else [1]})
    assert held.holds
    (found,) = run_suite(suite, pl.DataFrame({"a": [1]}), {"known": []})
    assert (found.status, found.why_not, found.blocks) == ("not_evaluated", "parameters", True)


def test_zero_rules_are_an_error_and_not_silence():
    suite = Suite(table="t", rules=(a_rule(),))
    for only in ([], ["r", "misspelt"]):
        with pytest.raises(ValueError, match="no such rules"):
            run_suite(suite, pl.DataFrame({"a": [1]}), {"known": [1]}, only)
    with pytest.raises(ValidationError, match="at least 1 item"):
        Suite(table="t", rules=())


def test_a_crash_in_one_rule_leaves_the_others_their_verdict():
    broken = a_rule(id="krasch", expectation="ExpectColumnValuesToMatchRegex", kwargs={"regex": "("})
    suite = Suite(table="t", rules=(a_rule(), broken))
    good, crashed = run_suite(suite, pl.DataFrame({"a": ["1"]}), {"known": ["1"]})
    assert good.holds
    assert (crashed.status, crashed.why_not, crashed.blocks) == ("not_evaluated", "error", True)


def test_parameters_come_from_the_catalogue():
    filled = survey_parameters(CATALOGUE)
    assert filled["codes"]["F55e"] == "1 2 3 4 996 998 999"
    assert len(filled["municipalities"]) == 26
    assert "F37" not in filled["codes"], "a question about a number"
    assert filled["areas"][0] == "01"
    assert "suppressed" in filled["reasons"]
    assert filled["cycle"] == {"first": 2006, "every": 2}
    assert filled["sexes_since"] == {"other": 2018}


@pytest.mark.parametrize("path", sorted(SUITES.glob("*.yml")), ids=lambda p: p.stem)
def test_suites_are_plain_and_their_ids_are_their_own(path):
    suite = Suite.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert suite.table == path.stem.replace("__", "/")
    for rule in suite.rules:
        assert rule.text_sv.endswith("."), rule.id
        assert rule.why_sv.endswith("."), rule.id
        assert rule.remedy_sv.endswith((".", "?")), rule.id
        assert len({rule.text_sv, rule.why_sv, rule.remedy_sv}) == 3, rule.id
    everything = [rule for table in suite_tables() for rule in load_suite(table).rules]
    assert len({r.id for r in everything}) == len(everything), "a rule id names one rule in the whole project"


@pytest.mark.parametrize(
    "wrong",
    [
        {"severty": "critical"},
        {"id": "Rule 1"},
        {"severity": "mild"},
        {"why_sv": None},
        {"reference": True},
        {"kwargs": {"mostly": 0.9}},
    ],
    ids=lambda w: next(iter(w)),
)
def test_a_rule_that_cannot_be_meant_is_an_error(wrong):
    good = load_suite("release/index_results").rules[0].model_dump()
    with pytest.raises(ValidationError):
        Rule.model_validate(good | wrong)


def test_a_suite_that_does_not_begin_with_its_rows_is_refused(tmp_path, monkeypatch):
    rule = load_suite("release/index_results").rules[1].model_dump(mode="json")
    (tmp_path / "release__other.yml").write_text(yaml.safe_dump({"table": "release/other", "rules": [rule]}), encoding="utf-8")
    monkeypatch.setattr(suites, "SUITES", tmp_path)
    with pytest.raises(ValueError, match="release/other: the first rule must count rows"):
        load_suite.__wrapped__("release/other")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Great Expectations' own imports
def test_dates_in_many_rows_reach_the_rules_as_text():
    days = pl.DataFrame({"answered_on": [date(2026, 11, 22)] * 30 + [None]})
    rule = Rule(
        id="x", severity="info", expectation="ExpectColumnValuesToNotBeNull", columns=("answered_on",), text_sv="x", why_sv="x",
        remedy_sv="x",
    )  # fmt: skip
    held = to_pandas(days, [(rule, ["answered_on"])])["answered_on"]
    assert held.isna().sum() == 1
    assert set(held.dropna()) == {"2026-11-22"}
