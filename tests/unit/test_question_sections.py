"""Do the sections of single questions say what is published, keep sensitive sexes to the county, and say why they are empty?"""

from __future__ import annotations

from functools import lru_cache

import polars as pl
import pytest

from assets.bundle.content import municipality_report
from assets.bundle.frames import select_frames
from assets.bundle.types import Block, Figure, Notice, Section, SubHeading, Table, Terms, Text
from assets.catalogue.load import load_catalogue
from assets.charts.types import GRADES
from tests.support.question_sample import Hidden, question_rows, with_questions
from tests.support.sample_bundle import sample_report_meta, whole_release
from tests.support.sample_release import WAVES, sample_scope

SECTIONS = ("familj", "skola", "fritid", "narsamhalle", "individ", "brott", "andts")


def sections_of(rows: pl.DataFrame, code: str = "0127") -> dict[str, Section]:
    meta, scope = sample_report_meta(), sample_scope(code)
    frames = select_frames(with_questions(whole_release(code), rows), scope, meta.charts.indices)
    return {section.id: section for section in municipality_report(frames, scope, meta).sections}


@lru_cache(maxsize=2)
def sections(code: str = "0127") -> dict[str, Section]:
    return sections_of(question_rows(code), code)


@lru_cache(maxsize=1)
def without_answers() -> dict[str, Section]:
    """Every own value hidden, in every wave."""
    file = load_catalogue().indicator_file
    keys = [one.id for one in (*file.indicators, *file.indices)]
    hidden: Hidden = {("0127", wave, grade, key): "suppressed" for wave in WAVES for grade in GRADES for key in keys}
    return sections_of(question_rows("0127", hidden))


def table(section: Section, name: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.id == name)


def texts(section: Section) -> list[str]:
    return [block.text for block in section.blocks if isinstance(block, Text)]


def cards(found: dict[str, Section]) -> list[str]:
    names = [figure.card.chart_id for section in found.values() for figure in section.figures]
    return [name for name in names if name.startswith(("fragor_", "serier_"))]


def test_the_report_has_few_charts_of_questions():
    found = cards(sections())
    assert len(found) == len(set(found)) == 13


@pytest.mark.parametrize("name", SECTIONS)
def test_every_group_of_a_section_has_its_question_and_table(name):
    section, part = sections()[name], sample_report_meta().series_sections[name]
    for group in part.groups:
        assert group.question_sv in texts(section)
        rows = table(section, f"fragor-{group.id}-tabell").rows
        asked = len([key for key in group.series if key != "snus_till_2020"])
        assert len(rows) == asked * len(GRADES)
        assert all(len(row) == 9 for row in rows)


def test_a_row_holds_the_published_numbers():
    rows = question_rows("0127").filter(pl.col("indicator") == "dik61", pl.col("grade") == "ak9", pl.col("wave") == 2024)
    value = rows.filter(pl.col("area_code") == "0127", pl.col("sex") == "all", pl.col("measure") == "share")["value"].item()
    row = table(sections()["skola"], "fragor-mobbning-tabell").rows[0]
    assert row[:3] == ("Mobbad i skolan", "Åk 9", f"{value:.0f}\u00a0% ({value - 3:.0f}–{value + 3:.0f})")
    assert row[5].startswith(f"{value + 5:.0f}\u00a0% (")
    assert row[6:8] == ("−5 (−8\u00a0till\u00a0−2)", "lägre än länet")


def test_sexes_are_the_areas_own_only_where_the_release_shows_them():
    open_table = table(sections()["skola"], "fragor-mobbning-tabell")
    assert open_table.columns[3:5] == ("Flickor", "Pojkar")
    sensitive = table(sections()["brott"], "fragor-utsatthet-tabell")
    assert sensitive.columns[3:5] == ("Flickor, länet", "Pojkar, länet")
    own, county = sensitive.rows[0][2], sensitive.rows[0][5]
    assert sensitive.rows[0][3] == sensitive.rows[0][4] == county.split(" (")[0] != own.split(" (")[0]
    assert "visas bara för hela länet" in sensitive.note
    assert "visas bara för hela länet" not in open_table.note


def test_scales_are_means_and_not_per_cent():
    found = table(sections()["familj"], "fragor-foraldrar-skalor-tabell")
    assert all("%" not in cell for row in found.rows for cell in row)
    assert "skala från 0 till 100" in found.caption


def test_hidden_values_have_marks_and_long_lists_a_sentence():
    found = without_answers()
    assert cards(found) == []
    assert {row[2] for row in table(found["brott"], "fragor-utsatthet-tabell").rows} == {"[c]"}
    assert all(row[5].split("\u00a0")[0].isdigit() for row in table(found["brott"], "fragor-utsatthet-tabell").rows)
    assert not [block for block in found["brott"].blocks if isinstance(block, Table) and "slags" in block.id]
    said = texts(found["brott"])
    assert any(text.startswith("Årskurs 9: kan inte visas för Botkyrka (skyddat av sekretesskäl [c]): tjuvåkt") for text in said)
    assert (
        "Utsatthet för brott: inget diagram kan visas, eftersom inga värden för Botkyrka kan visas (skyddat av sekretesskäl [c])."
        in said
    )
    assert any("över tid: ingen fråga har minst två mättillfällen" in text for text in said)


def test_one_wave_only_says_so():
    found = sections_of(question_rows("0127", waves=(2024,)))
    assert not [name for name in cards(found) if name.startswith("serier_")]
    assert any("minst två mättillfällen" in text for text in texts(found["andts"]))


def test_a_release_without_single_questions_says_so():
    found = sections_of(pl.DataFrame())
    for name in SECTIONS:
        assert "Inga enskilda frågor har redovisats för 2024, så avsnittet har inga tal." in texts(found[name])


def test_a_grade_that_the_municipality_lacks_is_said_once():
    said = texts(sections("0140")["andts"])
    assert said.count("Gymnasiets år 2: inga svar från Nykvarn (inga elever i årskursen i leveransen [-]).") == 1


def test_the_questions_behind_each_index_are_listed_in_its_arena():
    found = {label: text for section in sections().values() for block in section.blocks if isinstance(block, Terms)
             for label, text in block.items}  # fmt: skip
    catalogue = load_catalogue()
    for index in catalogue.indices:
        assert found[index.label_sv].count(";") == len(index.items) - 1


def test_districts_have_a_compact_table_in_alphabetical_order():
    found = table(sections("0180")["stadsdelar"], "stadsdelar-fragor-ak9")
    assert [row[0] for row in found.rows] == ["Järva", "Älvsjö", "Stockholm"]
    assert len(found.columns) == 1 + len(load_catalogue().report_series.districts)


def test_girls_and_boys_are_counted_per_wave():
    rows = table(sections()["vilka"], "svar-kon").rows
    assert [row[0] for row in rows][:2] == ["2024", "2024"]
    assert all(len(row) == 5 for row in rows)


def test_no_block_is_blank_and_ids_are_unique():
    for found in (sections(), without_answers(), sections("0140")):
        names = [
            block.id
            for section in found.values()
            for block in section.blocks
            if not isinstance(block, Figure) and hasattr(block, "id")
        ]
        assert len(names) == len(set(names))
        assert all(_holds(block) for section in found.values() for block in section.blocks)


def _holds(block: Block) -> bool:
    if isinstance(block, Table):
        return bool(block.rows)
    return not isinstance(block, Text) or bool(block.text.strip())


def test_a_section_of_single_questions_alone_says_so_is_marked_and_has_no_heading_twice():
    section = sections()["fritid"]
    assert any("enskilda frågor" in text for text in texts(section))
    assert any(isinstance(block, Notice) and block.tone == "synthetic" for block in section.blocks)
    headings = [block.text for found in sections().values() for block in found.blocks if isinstance(block, SubHeading)]
    assert "Enskilda frågor: Fritid och kamrater" in headings
    assert "Fritid och kamrater" not in headings
