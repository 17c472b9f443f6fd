"""Do the charts of single questions draw what is published, say why something is missing, and claim no more than the verdicts?"""

from __future__ import annotations

from functools import lru_cache

import polars as pl
import pytest

from assets.charts import fragor, serier, svg
from assets.charts.types import ChartCard
from tests.support.question_sample import DRAWN, HIDDEN, question_rows, with_questions
from tests.support.sample_release import sample_meta, sample_release, sample_scope


def build(module, rows: pl.DataFrame, series=DRAWN) -> ChartCard | None:
    frames = with_questions(sample_release("0127"), rows)
    return module.build(frames, sample_scope("0127"), sample_meta(), series, chart_id="mobbning", title="Mobbning")


@lru_cache(maxsize=4)
def card(module) -> ChartCard:
    found = build(module, question_rows("0127"))
    assert found is not None
    return found


def drawn(item: ChartCard, mark: str, **look: object) -> list[dict]:
    """Rows of the layers with a mark that looks as named, in all panels."""
    layers = [layer for view in item.spec["vconcat"][1:] for layer in view["layer"]]
    chosen = [x for x in layers if x["mark"]["type"] == mark and all(x["mark"].get(key) == value for key, value in look.items())]
    return [row for layer in chosen for row in layer["data"]["values"]]


def test_dots_and_county_marks_are_the_numbers_of_the_table():
    item = card(fragor)
    own = [f"{row['x']:.0f}\u00a0%" for row in drawn(item, "point")]
    table = item.table
    assert own == [text for text in table["Botkyrka, andel"].to_list() if text.endswith("%")]
    ticks = [f"{row['x']:.0f}\u00a0%" for row in drawn(item, "rule", strokeWidth=4)]
    assert ticks == table["Stockholms län, andel"].to_list()
    assert len(own) == 5
    assert len(ticks) == 6


def test_a_hidden_value_has_its_reason_in_words_and_no_dot():
    item = card(fragor)
    words = [row["text"] for row in drawn(item, "text", fontStyle="italic")]
    assert words == ["skyddat av sekretesskäl [c]"]
    hidden = item.table.filter(pl.col("Fråga") == "Har använt narkotika", pl.col("Årskurs").str.starts_with("Gym"))
    assert hidden["Botkyrka, andel"].to_list() == ["skyddat av sekretesskäl [c]"]
    assert "visas inte för har använt narkotika" in item.alt


def test_the_title_names_what_the_release_calls_different_and_nothing_else():
    assert card(fragor).title.startswith("Mobbning, Botkyrka: lägre andel än i länet för ”Mobbad i skolan”")
    assert "gymnasiet" not in card(fragor).title
    unclear = question_rows("0127").with_columns(verdict=pl.when(pl.col("reason") == "ok").then(pl.lit("unclear")))
    item = build(fragor, unclear)
    assert item is not None
    assert item.title == "Mobbning, Botkyrka: ingen tydlig skillnad mot länet i det som kan visas"


def test_another_denominator_is_told():
    assert "Mobbad två gånger i månaden eller oftare: andel av elever som mobbats under läsåret." in card(fragor).notes


def test_nothing_to_show_gives_no_chart():
    hidden = {("0127", wave, grade, one.key): "too_few" for wave in (2016, 2018, 2020, 2022, 2024) for grade in ("ak9", "gy2")
              for one in DRAWN}  # fmt: skip
    rows = question_rows("0127", hidden)
    assert build(fragor, rows) is None
    assert build(serier, rows) is None
    assert build(fragor, pl.DataFrame()) is None
    assert build(serier, pl.DataFrame()) is None


def test_a_grade_without_a_value_has_no_panel_but_the_other_has():
    hidden = {("0127", 2024, "gy2", one.key): "suppressed" for one in DRAWN}
    item = build(fragor, question_rows("0127", hidden))
    assert item is not None
    assert item.table["Årskurs"].unique().to_list() == ["Årskurs\u00a09"]


def test_one_wave_is_no_development():
    assert build(serier, question_rows("0127", waves=(2024,))) is None


def test_lines_stop_at_a_missing_wave_and_at_a_major_break_only():
    item = card(serier)
    lines = drawn(item, "line", strokeWidth=3)
    panels: dict[str, set[str]] = {}
    for row in lines:
        panel, segment = row["line"].rsplit("-", 1)
        panels.setdefault(panel, set()).add(segment)
    # Mobbad i skolan: 2018 is hidden in year 9, its break is minor; narkotika has a major break.
    assert [len(found) for found in panels.values()] == [2, 1, 1, 1, 2, 2]


def test_a_wave_without_a_value_has_its_mark_and_the_mark_is_explained():
    item = card(serier)
    marks = [row["text"] for row in drawn(item, "text", fontStyle="italic")]
    assert sorted(marks) == ["[c]"] * len(HIDDEN)
    assert "[c] betyder skyddat av sekretesskäl." in item.notes or "[c] betyder Skyddat av sekretesskäl." in item.notes
    assert any("ordet kränkt lades till från 2020." in note for note in item.notes)
    assert any("frågan ställs om från 2022, linjen bryts." in note for note in item.notes)


def test_points_of_all_panels_are_the_table_in_order():
    item = card(serier)
    own = [text for text in item.table["Botkyrka, andel"].to_list() if text.endswith("%")]
    points = [f"{row['value']:.0f}\u00a0%" for row in drawn(item, "point", fill="#0b559f")]
    assert len(points) == len(own) == 28
    assert points == [f"{float(text[:-2]):.0f}\u00a0%" for text in own]


@pytest.mark.parametrize("module", [fragor, serier])
def test_the_picture_is_the_same_twice_and_vega_accepts_it(module):
    item = card(module)
    assert item.chart is not None
    text = svg.to_svg(item)
    assert text == svg.to_svg(item)
    assert "aria-" not in text
