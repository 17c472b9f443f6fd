"""What is known of a delivery, from the tables of three layers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from assets.quality.facts import delivery_facts
from tests.support.sample_quality import (
    BEFORE,
    CATALOGUE,
    GOOD,
    HOSTILE_COLUMN,
    MIXED,
    NACKA,
    OLD,
    SALEM,
    STOPPED,
    TABY,
    raw_table,
    sample_facts,
    sample_phrases,
    sample_tables,
    verdict_table,
)

SETTINGS = sample_phrases().settings


def test_what_became_of_each_delivery():
    facts = sample_facts()
    assert {key: one.status for key, one in facts.items()} == {
        GOOD: "accepted", OLD: "replaced", STOPPED: "stopped", MIXED: "partly", BEFORE: "accepted",
    }  # fmt: skip
    assert [(one.wave, one.file_name) for one in facts.values()] == sorted(
        ((one.wave, one.file_name) for one in facts.values()), key=lambda pair: (-pair[0], pair[1].casefold())
    )


def test_without_a_verdict_a_delivery_is_unjudged_or_holds_nobody():
    tables = sample_tables()
    unjudged = replace(tables, verdicts=pl.DataFrame(), candidates={}, accepted={})
    assert {f.status for f in delivery_facts(unjudged, CATALOGUE, SETTINGS)} == {"unjudged"}
    outside = verdict_table().with_columns(rows_outside="rows_received", municipality_code=pl.lit(None, pl.String))
    counts = outside.drop("status", "promoted", "critical_broken", "rules_tried", "warnings_broken")
    empty = replace(unjudged, counts=counts)
    assert {f.status for f in delivery_facts(empty, CATALOGUE, SETTINGS)} == {"nobody"}
    assert delivery_facts(replace(tables, deliveries=pl.DataFrame()), CATALOGUE, SETTINGS) == []


def test_a_replaced_delivery_and_its_newer_one_name_each_other():
    facts = sample_facts()
    assert facts[OLD].newer == GOOD
    assert facts[GOOD].replaces == ("Två kommuner.xlsx", "Täby gammal.sav")
    assert facts[OLD].replaces == ()
    assert facts[OLD].items == (), "the newer delivery's page shows the questions"


def test_rows_are_accounted_for():
    facts = sample_facts()
    for one in facts.values():
        parts = one.rows_outside + one.rows_superseded + one.rows_stopped + one.rows_kept
        assert parts == one.rows_received, one.file_name
    assert (facts[MIXED].rows_outside, facts[MIXED].rows_superseded, facts[MIXED].rows_stopped) == (3, 14, 7)
    assert facts[STOPPED].rows_kept == 0
    assert facts[OLD].rows_superseded == 100


def test_columns_without_a_question_and_questions_without_a_column():
    stopped = sample_facts()[STOPPED]
    assert stopped.unknown_columns == (HOSTILE_COLUMN,)
    assert stopped.missing_items == ("F62",)
    assert sample_facts()[GOOD].unknown_columns == ()


def test_a_municipality_stands_beside_its_last_accepted_wave():
    facts = sample_facts()
    (taby,) = facts[GOOD].places
    assert (taby.code, taby.name, taby.previous_wave, taby.rows, taby.previous_rows) == (TABY, "Täby", 2022, 103, 80)
    assert taby.gone == ("F62",)
    assert taby.same_structure is True
    nacka, salem = sorted(facts[MIXED].places, key=lambda p: p.code, reverse=True)
    assert (nacka.code, salem.code) == (NACKA, SALEM)
    assert nacka.previous_wave is None


def test_drift_is_seen_against_the_municipalitys_own_last_wave():
    states = {item.item: item.state for item in sample_facts()[GOOD].items}
    assert states["F55a"] == "more"
    assert states["F55b"] == "ok"
    assert states["F62"] == "gone"
    shares = {item.item: (item.unanswered, item.dont_know, item.routed) for item in sample_facts()[GOOD].items}
    assert shares["F55a"][0] == 39
    assert shares["F82"] == (0, 2, None)
    assert shares["F37"] == (0, 0, 3)


def test_rules_come_worst_first_with_their_texts_and_columns_in_either_form():
    rules = sample_facts()[STOPPED].rules
    assert [(r.severity, r.status) for r in rules] == [
        ("critical", "holds"), ("critical", "broken"), ("warning", "not_evaluated"), ("warning", "broken"),
    ]  # fmt: skip
    assert rules[1].columns == ("F55e", "F55f")
    assert rules[1].said.why == "En okänd kod kan betyda vad som helst."
    assert rules[2].said.text == "foljdfraga_berusad", "a rule without a text is named by its id"
    tables = sample_tables()
    listed = tables.outcomes.with_columns(
        pl.col("columns_broken").str.split(", "), table_name=pl.lit("harmonised.survey_responses")
    )
    again = {f.delivery_id: f for f in delivery_facts(replace(tables, outcomes=listed), CATALOGUE, SETTINGS)}
    assert again[STOPPED].rules == rules
    assert sample_facts()[MIXED].rules == (), "rules that should have been tried and weren't are told from no table"
    assert sample_facts(with_rules=False)[STOPPED].rules is None


def test_the_screen_is_added_up_over_grades_and_municipalities_or_absent():
    found = {r.rule: (r.screened, r.flagged, r.removed) for r in sample_facts()[GOOD].screen}
    assert found == {"alla_narkotika": (103, 15, 6), "any": (103, 15, 6), "removed": (103, 6, 6), "tid": (0, 0, 0)}
    assert sample_facts()[MIXED].screen == ()
    assert sample_facts(with_rules=False)[GOOD].screen is None


@pytest.mark.parametrize(("moment", "day"), [(0, date(1970, 1, 1)), (2**62, date(2116, 2, 20)), (None, None)])
def test_the_files_own_day_is_shown_when_a_calendar_holds_it(moment, day):
    rows = raw_table().filter(pl.col("delivery_id") == GOOD).with_columns(received_ns=pl.lit(moment, pl.Int64))
    (facts,) = delivery_facts(replace(sample_tables(), deliveries=rows), CATALOGUE, SETTINGS)
    assert facts.received == day
