"""Numbers beside the questions, ages with decimals, and follow-up questions that several questions open."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.catalogue.models import Measure
from assets.methods.encode import UNKNOWN, encode
from assets.methods.errors import PipelineError
from assets.methods.item_profile import SHUT, routing_counts
from assets.methods.measures import encode_measures
from expectations.parameters import survey_parameters
from expectations.views import routed_columns

CATALOGUE = load_catalogue()
SURVEY = CATALOGUE.survey
NEW = next(b for b in CATALOGUE.codebooks if b.match_by == "code")
OLD = next(b for b in CATALOGUE.codebooks if b.match_by == "label")


def cells(**columns: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def test_a_measure_is_a_number_and_no_code_for_missing():
    found = encode_measures(cells(alkokons=["0", "998", "12.5", "12,5", None]), {}, NEW, SURVEY, "fil.sav")
    assert found.columns == [measure.key for measure in SURVEY.measures]
    assert found["alkokons"].to_list() == [0.0, 998.0, 12.5, 12.5, None]
    assert found["completion_seconds"].null_count() == 5


def test_a_measure_that_the_file_labels_as_missing_is_null():
    labels = {"alkokons": {"999": "Ej svar"}}
    assert encode_measures(cells(alkokons=["999", "5"]), labels, NEW, SURVEY, "fil.sav")["alkokons"].to_list() == [None, 5.0]


@pytest.mark.parametrize("bad", ["-731", "mycket", "7e31", "inf", "7.3.1"])
def test_a_measure_that_is_no_number_stops_the_delivery_without_being_shown(bad):
    with pytest.raises(PipelineError) as caught:
        encode_measures(cells(alkokons=["1", bad, bad]), {}, NEW, SURVEY, "fil.sav")
    assert caught.value.code == "unknown_code"
    assert "2 rader" in str(caught.value)
    assert bad not in str(caught.value)


def test_a_time_comes_in_as_soon_as_a_codebook_names_it():
    book = NEW.model_copy(update={"measures": {"tid": "completion_seconds"}})
    assert encode_measures(cells(tid=["612"]), {}, book, SURVEY, "fil.csv")["completion_seconds"].to_list() == [612.0]


def test_a_measure_has_a_key_of_its_own():
    one = Measure(key="f1", label_sv="x", label_en="x", unit_sv="x")
    with pytest.raises(ValueError, match="står två gånger"):
        type(SURVEY).model_validate(SURVEY.model_dump() | {"measures": [one.model_dump(), one.model_dump()]})


def test_an_age_with_decimals_is_completed_years_and_a_count_has_none():
    found = encode(cells(F16=["13.5", "16,5", "14", None]), {}, OLD, SURVEY, "fil.csv")
    assert found["F17"].to_list() == [13, 16, 14, 999]
    with pytest.raises(PipelineError, match="okänd"):
        encode(cells(F50=["2.5"]), {}, NEW, SURVEY, "fil.csv")
    assert UNKNOWN not in found["F17"].to_list()


def test_the_same_name_is_another_question_in_the_other_codebook():
    """Old F17, F21, F37 and F51: leave from parents (not taken in) and ages; in 2024 they are an age, an age and a number."""
    assert {name: OLD.items[name] for name in ("F16", "F20", "F37", "F44", "F51", "FNY22020")} == {
        "F16": "F17",
        "F20": "F21",
        "F37": "F38",
        "F44": "F45",
        "F51": "F52",
        "FNY22020": "F76",
    }
    assert {"F17", "F21"}.isdisjoint(OLD.items)
    assert NEW.items["F37"] == "F37"
    unnamed = {f"F47{letter}" for letter in "abcdefghijklmnopqrstu"} | {"F1", "F24", "F33", "F51a", "F72_gammal"}
    assert unnamed <= set(NEW.items.values())
    assert unnamed.isdisjoint(OLD.items.values()), "no older name is known, so none is guessed"


def answers(**codes: list[int | None]) -> pl.DataFrame:
    size = len(next(iter(codes.values())))
    keys = pl.DataFrame({"delivery_id": ["a"] * size, "wave": pl.Series([2022] * size, dtype=pl.Int32)})
    return pl.concat([keys, pl.DataFrame(codes, schema=dict.fromkeys(codes, pl.Int16))], how="horizontal")


@pytest.mark.parametrize(
    ("smokes", "vapes", "gate"),
    [(4, 1, 3), (1, 4, 3), (3, 999, 3), (1, 1, SHUT), (2, 996, SHUT), (1, None, SHUT), (1, 999, None), (999, 1, None)],
)
def test_several_questions_open_a_follow_up(smokes, vapes, gate):
    counted = routing_counts(answers(F14=[smokes], F15=[vapes], F17=[13]), SURVEY).filter(pl.col("item") == "F17")
    assert counted.select("gate_code", "code", "n").rows() == [(gate, 13, 1)]


def test_every_follow_up_question_is_judged_with_all_that_opens_it():
    routes = survey_parameters(CATALOGUE)["routes"]
    followed = {"F17", "F21", "F25", "F27", "F29", "F31", "F33", "F38", "F45", "F52", "F47h", "F51a"}
    assert followed <= set(routes)
    assert routes["F17"] == [3, 4, 5]
    assert {"F14", "F15", "F19a", "F19b", "F19_gammal", "F24", "F42"} <= set(routed_columns(CATALOGUE))


def test_what_is_not_a_kind_of_drug_is_not_counted_as_one():
    rules = {rule.id: rule for rule in CATALOGUE.screening.rules}
    assert "F47t" not in {*rules["fictitious_drug"].used, *rules["drugs_contradiction"].used}
    assert not CATALOGUE.screening.later_items
