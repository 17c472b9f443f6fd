"""Every released number that differs between two editions is told, with the right reason; nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.bundle.changes import ANSWERS, KINDS, SCHEMA, TABLES, changed_cells, summed
from assets.bundle.frames import select_frames
from assets.bundle.tables import KEYS, bundle_tables, csv_bytes
from assets.catalogue.load import load_catalogue
from assets.methods.series_breaks import series_breaks
from tests.support.accumulated_sample import results
from tests.support.question_sample import question_rows, with_questions
from tests.support.sample_bundle import sample_report_meta, whole_release
from tests.support.sample_release import WAVES, sample_scope

META, SCOPE = sample_report_meta(), sample_scope("0127")


def tables_now() -> dict[str, pl.DataFrame]:
    given = with_questions(whole_release("0127"), question_rows("0127"))
    given = replace(given, accumulated_results=results(), series_breaks=series_breaks(load_catalogue().series(), WAVES))
    made = bundle_tables(select_frames(given, SCOPE, META.charts.indices), SCOPE, META)
    return {name: made[name] for name in TABLES}


NOW = tables_now()
TEXTS = {name: csv_bytes(frame).decode() for name, frame in NOW.items()}


def edited(name: str, edit: Callable[[pl.DataFrame], pl.DataFrame]) -> dict[str, str]:
    """One table of the earlier edition; the others are left out of the comparison, as they cost time."""
    return {name: csv_bytes(edit(NOW[name])).decode()}


def since(earlier: dict[str, str]) -> pl.DataFrame:
    """What has changed since then in the tables of the earlier edition."""
    return changed_cells(earlier, {name: TEXTS[name] for name in earlier})


def until(later: dict[str, str]) -> pl.DataFrame:
    """The other way round."""
    return changed_cells({name: TEXTS[name] for name in later}, later)


def first_shown(name: str) -> int:
    rows = NOW[name].with_row_index().filter(pl.col(TABLES[name].values[0]).is_not_null())
    return int(rows["index"][0])


def at(name: str, column: str, value: object) -> dict[str, str]:
    """The earlier edition had this value in the column of the first row that shows a number."""
    here = pl.int_range(pl.len()) == first_shown(name)
    kind = NOW[name].schema[column]
    return edited(
        name,
        lambda frame: frame.with_columns(pl.when(here).then(pl.lit(value, dtype=kind)).otherwise(pl.col(column)).alias(column)),
    )


def test_equal_editions_have_no_change():
    assert changed_cells(TEXTS, TEXTS).is_empty()
    assert changed_cells({}, {}).schema == pl.Schema(SCHEMA)


@pytest.mark.parametrize("name", TABLES)
def test_the_rules_name_columns_that_the_tables_have(name):
    rule = TABLES[name]
    keys = {column for column in (rule.area, rule.wave, rule.series, *rule.keys) if column}
    assert keys | set(rule.compared) | {rule.count or rule.area} <= set(NOW[name].columns)
    assert not NOW[name].select(sorted(keys)).is_duplicated().any()
    assert set(KEYS[name]) <= keys | {"area_level"}
    numbers = {column for column, kind in NOW[name].schema.items() if kind.is_numeric()}
    assert numbers <= keys | set(rule.compared) | {"Mättillfällen i linjen"}


@pytest.mark.parametrize("name", TABLES)
def test_another_number_is_a_correction(name):
    main = TABLES[name].values[0] if TABLES[name].values[0] != TABLES[name].count else TABLES[name].values[3]
    found = since(at(name, main, 77))
    assert found.select("table", "column", "before", "kind").rows()[0][:2] == (name, main)
    assert set(found["kind"]) == {"correction"}
    assert found.height == 1
    assert summed(found)[0][:3] == (name, found["series"][0], "correction")


@pytest.mark.parametrize("name", TABLES)
def test_a_number_that_was_not_shown_is_new_and_one_that_is_no_longer_is_gone(name):
    main = TABLES[name].values[0]
    hidden = at(name, main, None)
    shown, lost = since(hidden), until(hidden)
    assert set(shown["kind"]) == {"new"}
    assert set(lost["kind"]) == {"gone"}
    assert shown["after"].to_list() == lost["before"].to_list() != [None]


@pytest.mark.parametrize("name", TABLES)
def test_a_row_that_only_one_edition_has_is_told_once(name):
    place = first_shown(name)
    fewer = edited(name, lambda frame: frame.filter(pl.int_range(pl.len()) != place))
    assert since(fewer)["kind"].to_list() == ["new"]
    assert until(fewer)["kind"].to_list() == ["gone"]


def test_a_table_that_the_earlier_edition_did_not_have_is_new():
    found = changed_cells({name: text for name, text in TEXTS.items() if name != "samlade_faktorer"}, TEXTS)
    assert set(found["table"]) == {"samlade_faktorer"}
    assert set(found["kind"]) == {"new"}
    assert found.height == NOW["samlade_faktorer"]["Andel, procent"].drop_nulls().len()


@pytest.mark.parametrize(
    ("name", "column", "value", "kind"),
    [
        ("index_results", "cutoff_set", "other", "method"), ("index_results", "n", 5, "new"),
        ("enskilda_fragor", "Nämnare", "andra elever", "question"), ("enskilda_fragor", "Antal svar (närmaste 5)", 5, "new"),
        ("enskilda_fragor", "Ändrad sedan förra", "andra ord", "question"), ("utveckling", "Metod", "annan", "method"),
        ("utveckling", "Jämfört med", 2014, "question"), ("samlade_faktorer", "Gränser", "andra", "method"),
        ("register_values", "vintage", "2001-01-01", "new"), ("response_rates", "enrolled_source", "en annan", "new"),
    ],
)  # fmt: skip
def test_the_reason_is_what_else_is_different_in_the_row(name, column, value, kind):
    found = since(at(name, column, value))
    assert found.select("table", "column", "kind").rows() == [(name, column, kind)]


def test_a_change_over_waves_has_the_reason_of_the_values_it_is_made_of():
    row = NOW["utveckling"].filter((pl.col("Serietyp") == "index") & pl.col("Förändring").is_not_null()).row(0, named=True)
    same = (pl.col("area_code") == row["Områdeskod"]) & (pl.col("index_key") == row["Serie-id"])
    here = (pl.col("Områdeskod") == row["Områdeskod"]) & (pl.col("Serie-id") == row["Serie-id"])
    moved = edited(
        "utveckling", lambda frame: frame.with_columns(pl.when(here).then(9.0).otherwise("Förändring").alias("Förändring"))
    )
    other = edited("index_results", lambda frame: frame.with_columns(n=pl.when(same).then(pl.col("n") + 5).otherwise("n")))
    alone = since(moved)
    both = since(moved | {"index_results": other["index_results"]}).filter(pl.col("table") == "utveckling")
    assert "correction" in set(alone["kind"])
    assert "correction" not in set(both["kind"])
    assert both.height == alone.height


def test_the_answers_have_a_series_of_their_own():
    assert set(since(at("response_rates", "respondents", 5))["series"]) == {ANSWERS}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_changed_cell_lacks_a_reason_and_none_is_missed(data):
    name = data.draw(st.sampled_from(["samlade_faktorer", "response_rates", "utveckling"]))
    rule, frame = TABLES[name], NOW[name]
    columns = [column for column in rule.values if column in frame.columns]
    wanted = set()
    earlier = frame
    for _ in range(data.draw(st.integers(1, 4))):
        row, column = data.draw(st.integers(0, frame.height - 1)), data.draw(st.sampled_from(columns))
        value = data.draw(st.one_of(st.none(), st.integers(200, 299)))
        if value == frame[column][row]:
            continue
        here = pl.int_range(pl.len()) == row
        kind = frame.schema[column]
        earlier = earlier.with_columns(pl.when(here).then(pl.lit(value, dtype=kind)).otherwise(pl.col(column)).alias(column))
        wanted.add((row, column))
    left = sum(not earlier[column].eq_missing(frame[column])[row] for row, column in wanted)
    found = since(edited(name, lambda _: earlier))
    assert found.height == left
    assert set(found["kind"]) <= set(KINDS)
    assert found["kind"].null_count() == 0
    assert not found.filter(pl.col("before").eq_missing(pl.col("after"))).height
