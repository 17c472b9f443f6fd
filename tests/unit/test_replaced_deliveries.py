"""Respondents who come back, and deliveries that take another's place."""

from __future__ import annotations

import polars as pl

from assets.harmonised import _replaced_by, delivery_notes
from assets.methods.harmonise import DeliveryInput, repeated_respondents, replacements
from assets.validated import _status
from tests.support.fuzz_corpus import BOOK


def delivery(ids: list[str | None] | None, answers: list[str], wave: list[int] | None = None) -> DeliveryInput:
    """Rows with a respondent number and one answer."""
    columns = {"F55e": answers} if ids is None else {"ID": ids, "F55e": answers}
    cells = pl.DataFrame(columns, schema={c: pl.String for c in columns})
    waves = pl.Series("wave", wave or [2024] * len(answers), dtype=pl.Int32)
    return DeliveryInput("a", "a.sav", BOOK, cells, {}, waves, pl.Series("source_row", range(len(answers))))


def test_rows_that_come_back_are_counted_and_told_apart():
    ids = ["1", "1", "1", "2", "2", None, None, "3"]
    answers = ["1", "1", "2", "4", "4", "1", "1", "1"]
    assert repeated_respondents(delivery(ids, answers)).rows() == [("a", 2024, 2, 1)]


def test_a_number_may_come_back_in_another_wave():
    ids, answers = ["1", "1", "1"], ["1", "1", "1"]
    counted = repeated_respondents(delivery(ids, answers, [2022, 2024, 2024]))
    assert counted.rows() == [("a", 2022, 0, 0), ("a", 2024, 1, 0)]


def test_without_numbers_nothing_is_claimed():
    assert repeated_respondents(delivery(None, ["1", "1"])).rows() == [("a", 2024, None, None)]
    assert repeated_respondents(delivery([None, None], ["1", "1"])).rows() == [("a", 2024, 0, 0)]


def rows(*parts: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(parts, schema={"delivery_id": pl.String, "municipality_code": pl.String, "wave": pl.Int32}, orient="row")


def test_a_replaced_delivery_names_the_file_that_took_its_place_and_why():
    kept = rows(("new", "0160", 2024), ("new", "0160", 2024), ("other", "0127", 2024))
    lost = rows(("old", "0160", 2024), ("old", "0127", 2024))
    pairs = replacements(kept, lost)
    assert pairs.rows() == [("old", 2024, "new"), ("old", 2024, "other")]
    files = pl.DataFrame(
        {
            "delivery_id": ["new", "other", "old"],
            "wave": pl.Series([2024] * 3, dtype=pl.Int32),
            "source_file": ["rättad.sav", "botkyrka.sav", "allt.sav"],
            "reason": ["F62 hade fel svar", "", None],
        }
    )
    held = pl.DataFrame(schema={"delivery_id": pl.String, "wave": pl.Int32, "published_on": pl.String})
    assert _replaced_by(files, pairs, held).rows() == [("old", 2024, "botkyrka.sav, rättad.sav (F62 hade fel svar)")]


def test_what_became_of_a_delivery_in_words():
    table = pl.DataFrame(
        {
            "promoted": [True, False, False, False, True],
            "critical_broken": [0, 2, 0, 0, 0],
            "replaced_by": [None, "b.sav", "b.sav", None, "b.sav (rättad)"],
            "replaced_places": [None, None, "Täby", None, "Salem, Täby"],
        }
    )
    assert table.select(_status(table)).to_series().to_list() == [
        "godkänd",
        "stoppad",
        "ersatt av b.sav",
        "inga rader i målgruppen",
        "godkänd utom Salem, Täby, ersatt av b.sav (rättad)",
    ]
    assert table.drop("replaced_by").select(_status(table.drop("replaced_by"))).to_series()[2] == "inga rader i målgruppen"


def test_the_steward_reads_about_it():
    counts = pl.DataFrame(
        {
            "source_file": ["a.sav", "b.sav", "c.sav"],
            "wave": [2024, 2024, 2022],
            "replaced_by": ["b.sav", None, None],
            "replaced_places": ["Salem", None, None],
            "municipality_code": [None, "0127", "0127"],
            "duplicate_rows": [1, 3, None],
            "repeated_ids": [0, 1, None],
        }
    )
    part = counts.head(1).with_columns(municipality_code=pl.lit("0160"), source_file=pl.lit("d.sav"), duplicate_rows=None)
    assert delivery_notes(part) == ["d.sav, 2024: Salem ersatt av b.sav."]
    assert delivery_notes(counts) == [
        "a.sav, 2024: ersatt av b.sav.",
        "a.sav, 2024: 1 rad är likadan som en tidigare rad med samma ID.",
        "b.sav, 2024: 3 rader är likadana som en tidigare rad med samma ID.",
        "b.sav, 2024: 1 rad har samma ID som en tidigare rad men andra svar.",
    ]
