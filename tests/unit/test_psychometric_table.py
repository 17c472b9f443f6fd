"""The measurement's table: statistics without small counts, verdicts that come back as they were, checks that say what to do."""

from __future__ import annotations

import re

import dagster as dg
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.persons import index_specs
from assets.methods.psychometric_report import psychometric_report
from assets.methods.psychometric_table import CRITERIA, SCHEMA, base_count, criterion_results, psychometric_table
from assets.methods.psychometric_texts import criterion_sentence
from assets.psychometric_sentences import criterion_faults, steward_text
from pipelines.psychometric_checks import check_result
from tests.support.psychometric_sample import INDEX, LABELS, catalogue, index_file, sample_table
from tests.support.rasch_simulation import answers

TEXTS = load_catalogue().psychometric_texts
KEY = ["index_key", "criterion", "statistic", "item", "other_item", "group", "levels"]


def verdicts(table: pl.DataFrame) -> dict[str, str]:
    return {result.criterion: result.verdict for result in criterion_results(table, INDEX)}


def faults_of(table: pl.DataFrame, criterion: str):
    return next(faults for faults in criterion_faults(table, catalogue()) if faults.criterion == criterion)


def test_rows_are_unique_and_each_criterion_has_one_that_decides():
    table = sample_table()
    assert dict(table.schema) == SCHEMA
    assert table.select(KEY).is_duplicated().sum() == 0
    assert table.filter("decides")["criterion"].to_list() == list(CRITERIA)
    assert set(verdicts(table).values()) == {"holds"}


def test_verdicts_and_sentences_are_those_of_the_report():
    frame = answers(3000, 8, dif={"c": 0.9})
    table = psychometric_table(frame, index_file(), load_catalogue().psychometrics)
    report = psychometric_report(frame, index_specs(index_file())[0], load_catalogue().psychometrics)
    for result in criterion_results(table, INDEX):
        expected = criterion_sentence(report.criterion(result.criterion), TEXTS, LABELS)
        assert criterion_sentence(result, TEXTS, LABELS) == expected
    assert verdicts(table)["invariance"] == "fails"


def test_counts_are_rounded_and_small_ones_left_out():
    frame = answers(900, 4)
    rare = pl.int_range(pl.len()) < 7  # seven respondents in the highest category of an item that has no others there
    frame = frame.with_columns(a=pl.when(rare).then(3).otherwise(pl.col("a").clip(0, 2)).cast(pl.Int8))
    table = psychometric_table(frame, index_file(), load_catalogue().psychometrics)
    fewest = table.filter(pl.col("statistic") == "category_count")
    assert fewest.filter(pl.col("item") == "a").select("value", "verdict", "reason").row(0) == (None, "watch", "too_few")
    assert all(value % 5 == 0 and value >= 10 for value in fewest["value"].drop_nulls())
    base = table.filter(pl.col("statistic").is_in(["n", "n_scored", "n_answered"]))["value"]
    assert base.null_count() == 0
    assert all(value % 50 == 0 for value in base)
    assert [base_count(n) for n in (0, 49, 50, 74, 75)] == [None, None, 50.0, 50.0, 100.0]


def test_a_question_that_moved_in_one_wave_makes_the_drift_check_warn():
    quiet, moved = faults_of(sample_table(), "drift"), faults_of(sample_table(shifted={"e": 1.0}), "drift")
    assert not quiet.faults
    assert check_result(quiet).passed
    warned = check_result(moved)
    assert not warned.passed
    assert warned.check_name == "troskeldrift"
    assert warned.severity == dg.AssetCheckSeverity.WARN
    assert "2024" in warned.description
    assert "Frågan om e" in warned.description
    assert "breaks.yml" in warned.description


@pytest.mark.parametrize("criterion", CRITERIA)
def test_every_check_says_why_and_what_to_do(criterion):
    text = TEXTS.criteria[criterion]
    told = check_result(faults_of(sample_table(), criterion))
    assert told.check_name == text.check
    assert text.question in told.description
    assert len(text.why) > 40
    assert len(text.remedy) > 40


def test_an_index_that_nobody_was_asked_is_not_judged_and_warns():
    frame = answers(300, 3).with_columns(pl.lit(None, pl.Int8).alias(key) for key in LABELS)
    table = psychometric_table(frame, index_file(), load_catalogue().psychometrics)
    assert set(verdicts(table).values()) == {"not_estimable"}
    assert table.filter("decides")["criterion"].to_list() == list(CRITERIA)
    assert not check_result(faults_of(table, "drift")).passed
    assert "färre än 50" in steward_text(table, catalogue())


def test_other_sexes_are_compared_with_nobody():
    frame = answers(1800, 6).with_columns(sex=pl.when(pl.int_range(pl.len()) < 400).then(pl.lit("other")).otherwise("sex"))
    table = psychometric_table(frame, index_file(), load_catalogue().psychometrics)
    levels = set(table.filter(pl.col("group") == "sex")["levels"])
    assert not any("other" in level for level in levels)
    assert "boy|girl" in levels


def test_the_stewards_text_has_a_plain_sentence_per_criterion():
    text = steward_text(sample_table(dif={"c": 0.9}), catalogue())
    assert text.count("\n| ") == len(CRITERIA) + 1
    assert "| Lika för alla grupper | Håller inte | Frågan ”Frågan om c” fungerar olika efter kön" in text
    assert "cirka 4" in text
    assert "Mätfel (logiter) vid olika nivåer på frågornas skala, alla frågor besvarade: −3: " in text
    assert re.search(r"som mest \(logiter\): kön 0,[0-9]{2}, årskurs 0,00", text), "the flagged question moves the sexes' means"
