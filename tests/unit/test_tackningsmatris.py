"""Täckningsmatris: the words in a cell are the state that is known, and nothing more."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.prevention import load_activities
from assets.charts import tackningsmatris
from assets.charts.tackningsmatris import COUNTED, Place, cell_lines
from tests.support.gallery_activities import activity_scope, activity_tables
from tests.support.sample_release import sample_meta, sample_scope


def place(**counts: int) -> Place:
    return Place("school", "attainment", dict.fromkeys(COUNTED, 0) | counts, "unknown", tested=False)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"n_activities": 3, "n_yes": 3}, ["3 av 3 finns", "räckvidd okänd"]),
        ({"n_activities": 3, "n_no": 2, "n_not_inventoried": 1}, ["ingen känd", "2 finns inte", "1 ej inventerad"]),
        ({"n_activities": 1, "n_no": 1}, ["ingen känd"]),
        ({"n_activities": 1, "n_dont_know": 1}, ["vet inte"]),
        ({"n_activities": 1, "n_not_inventoried": 1}, ["ej inventerat"]),
        ({"n_activities": 6, "n_dont_know": 1, "n_not_inventoried": 5}, ["ej inventerat", "1 vet inte", "5 ej inventerade"]),
        ({"n_activities": 1, "n_disagreed": 1}, ["uppgifterna skiljer", "sig"]),
        ({"n_own": 2}, ["bara egna", "egna: 2"]),
        ({}, ["ej i paletten"]),
    ],
)
def test_each_state_has_words_of_its_own(counts, words):
    assert [line.text for line in cell_lines(place(**counts), sample_meta(), 134.0)] == words


def card(coverage=None, status=None, **options):
    tables = activity_tables()
    coverage = tables[0] if coverage is None else coverage
    status = tables[1] if status is None else status
    scope = activity_scope(sample_scope())
    return tackningsmatris.build(coverage, status, scope, sample_meta(), load_activities(), **options)


def test_the_table_holds_every_cell_with_its_counts():
    shown = card()
    assert shown.table.height == 7 * 4
    cell = shown.table.filter((pl.col("Arena") == "Fritid") & (pl.col("Skyddsfaktor") == "En meningsfull fritid")).row(
        0, named=True
    )
    assert (cell["Finns"], cell["Verksamheter i paletten"], cell["Egna"], cell["Räckvidd"]) == ("4", "8", "1", "når en del")
    assert card(by="level").table.height == 3 * 4


def test_the_title_says_how_much_is_not_known():
    assert card().title == "Botkyrka: 9 av 27 verksamheter finns, och om 15 är det inte känt"
    status = activity_tables()[1].with_columns(exists=pl.lit("not_inventoried"))
    assert card(status=status).title == "Botkyrka har inte inventerat sina verksamheter"


def test_duties_groups_and_change_stand_beside_it_in_words():
    assert not any("förra omgången" in note for note in card().notes)
    assert any("familjerådgivning" in note and "lagen" in note for note in card().notes)
    status = activity_tables()[1].with_columns(
        change=pl.when(pl.col("activity_id") == "library").then(pl.lit("new")).otherwise(pl.lit("same")),
        groups_not_reached=pl.when(pl.col("exists") == "yes").then(pl.lit("disability;age")).otherwise(pl.lit("sex")),
    )
    notes = card(status=status).notes
    assert "Sedan förra omgången: nya 1, avslutade 0, går inte att avgöra 0." in notes
    assert "Grupper som inte nås, enligt uppgift: funktionsnedsättning (10) och ålder (10)." in notes


def test_an_area_without_rows_has_no_card():
    assert card(coverage=activity_tables()[0].clear()) is None


def test_nothing_is_drawn_of_another_municipality():
    coverage, status = (t.with_columns(area_code=pl.lit("0140")) for t in activity_tables())
    other = pl.concat([activity_tables()[0], coverage.with_columns(n_yes=pl.lit(9, pl.Int16))])
    assert card(coverage=other, status=pl.concat([activity_tables()[1], status])).spec == card().spec
