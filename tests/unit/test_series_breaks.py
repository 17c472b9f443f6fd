"""The break register: which waves may be compared, for every kind of break and every series."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.catalogue.models import Break
from assets.charts import trend
from assets.methods.series_breaks import (
    COLUMNS,
    SeriesDefinition,
    comparable_from,
    may_be_compared,
    segment_numbers,
    series_breaks,
)

CATALOGUE = load_catalogue()
WAVES = CATALOGUE.calendar.survey_waves


def change(year: int, level: str = "major", kind: str = "question_changed") -> Break:
    return Break(year=year, items=("F1",), kind=kind, level=level, text_sv=f"Ändrad {year}")


@pytest.mark.parametrize("kind", ["question_changed", "options_changed", "population_changed", "new_item"])
def test_a_major_break_of_any_kind_ends_the_series(kind: str) -> None:
    breaks = [change(2020, kind=kind)]
    assert comparable_from(2018, breaks) == 0
    assert comparable_from(2020, breaks) == comparable_from(2024, breaks) == 2020
    assert may_be_compared(2020, 2024, breaks)
    assert may_be_compared(2016, 2018, breaks)
    assert not may_be_compared(2018, 2020, breaks)
    assert not may_be_compared(2024, 2016, breaks)
    assert segment_numbers(WAVES, [True] * 5, breaks) == [0, 0, 1, 1, 1]


def test_minor_breaks_and_later_ones_change_nothing() -> None:
    assert comparable_from(2024, [change(2020, "minor"), change(2026)]) == 0
    assert segment_numbers(WAVES, [True] * 5, [change(2020, "minor")]) == [0] * 5


def test_a_gap_ends_the_line_but_not_the_comparison() -> None:
    assert segment_numbers(WAVES, [True, False, True, True, True], []) == [0, 0, 1, 1, 1]


def rows(breaks: list[Break], first: int | None = None, last: int | None = None) -> list[dict[str, object]]:
    one = SeriesDefinition("indicator", "x", tuple(breaks), first, last)
    return series_breaks([one], WAVES).to_dicts()


def test_rows_of_a_broken_series() -> None:
    table = rows([change(2020), change(2019, "minor"), change(2024, "minor")])
    assert [r["wave"] for r in table] == list(WAVES)
    assert [r["break_level"] for r in table] == ["", "", "major", "", "minor"]
    assert table[2]["break_text"] == "Ändrad 2020. Ändrad 2019"
    assert [r["comparable_from"] for r in table] == [2016, 2016, 2020, 2020, 2020]
    assert [r["segment"] for r in table] == [0, 0, 1, 1, 1]
    assert [r["flag"] for r in table] == ["series_break", "series_break", "ok", "ok", "ok"]


def test_a_series_has_rows_only_for_its_own_waves() -> None:
    table = rows([change(2022, kind="population_changed")], first=2022)
    assert [(r["wave"], r["break_level"], r["comparable_from"]) for r in table] == [(2022, "major", 2022), (2024, "", 2022)]
    ended = rows([], last=2020)
    assert [r["wave"] for r in ended] == [2016, 2018, 2020]
    assert {r["flag"] for r in ended} == {"series_break"}, "nothing after it measures the same"


def test_the_catalogues_series() -> None:
    table = series_breaks(CATALOGUE.series(), WAVES)
    assert dict(table.schema) == COLUMNS
    file = CATALOGUE.indicator_file
    assert table["series"].n_unique() == len(CATALOGUE.indices) + len(file.indicators) + len(file.indices)

    def of(series: str) -> dict[int, dict[str, object]]:
        return {row["wave"]: row for row in table.filter(pl.col("series") == series).iter_rows(named=True)}

    assert list(of("dik15")) == [2022, 2024]
    assert of("dik15")[2022]["break_text"] == "Frågan ställs till alla", "population_changed"
    assert of("dik15")[2024]["break_level"] == "minor"
    assert of("dik73")[2024]["comparable_from"] == 2020, "new_item"
    assert {row["flag"] for row in of("snus_till_2020").values()} == {"series_break"}
    assert of("parenting")[2024]["break_level"] == "minor"
    assert of("parenting")[2024]["comparable_from"] == 2016
    assert {row["comparable_from"] for row in of("wellbeing").values()} == {2016}


def test_the_trend_chart_draws_by_the_same_rule() -> None:
    assert trend.segment_numbers is segment_numbers
