"""A municipality with so few answers that nearly all is hidden: the reason in words, the county as background, no empty frame."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.content import municipality_report
from assets.bundle.small_mode import telling_reason
from assets.bundle.types import Bullets, Notice, ReportContent, Table, Text
from assets.charts.cells import Cell
from assets.charts.types import ReleaseFrames
from tests.support.sample_bundle import hide, sample_bundle_frames, sample_report_meta
from tests.support.sample_release import sample_scope

META = sample_report_meta()
REASONS = ("suppressed", "too_few")


def all_hidden(reason: str = "suppressed") -> ReleaseFrames:
    """Nykvarn with 40 answers in year 9, which is the only thing of the survey that can be told."""
    frames, scope = sample_bundle_frames("0140")
    gone = hide(frames, scope.area_code, reason)
    here = (pl.col("area_code") == scope.area_code) & (pl.col("wave") == scope.wave) & (pl.col("grade") == "ak9")
    told = gone.response_rates.with_columns(
        respondents=pl.when(here).then(40).otherwise(pl.col("respondents")).cast(gone.response_rates.schema["respondents"]),
        reason=pl.when(here).then(pl.lit("ok")).otherwise(pl.col("reason")),
    )
    return replace(gone, response_rates=told)


def report(frames: ReleaseFrames) -> ReportContent:
    return municipality_report(frames, sample_scope("0140"), META)


def cells_of(content: ReportContent) -> list[tuple[str, Table]]:
    return [(found.id, block) for found in content.sections for block in found.blocks if isinstance(block, Table)]


@pytest.mark.parametrize("reason", REASONS)
def test_no_survey_chart_is_an_empty_frame(reason):
    content = report(all_hidden(reason))
    assert {card.chart_id for card in content.cards if card.synthetic} <= {"bortfall", "kvalitetsremsa"}
    assert "Hur mår unga i Nykvarn?" in content.title, "hidden values make no register report"


@pytest.mark.parametrize("reason", REASONS)
def test_a_hidden_arena_says_why_once_and_gives_the_county_as_background(reason):
    content = report(all_hidden(reason))
    school = next(found for found in content.sections if found.id == "skola")
    told = [block.text for block in school.blocks if isinstance(block, Text) and "kan inget av detta visas" in block.text]
    assert len(told) == 1
    county = next(block for block in school.blocks if isinstance(block, Table) and block.id == "lanet-skola")
    assert all("%" in str(cell) for row in county.rows for cell in row[1:])
    assert [len(block.items) for block in school.blocks if isinstance(block, Bullets)] == [2]


def test_no_table_of_the_arenas_holds_nothing_but_hidden_values():
    for section_id, table in cells_of(report(all_hidden())):
        if section_id in ("familj", "skola", "fritid", "narsamhalle", "individ", "samlade"):
            assert any(any(sign.isdigit() for sign in str(cell)) for row in table.rows for cell in row[1:]), table.id


def test_the_overview_says_plainly_that_nothing_of_the_indices_can_be_shown():
    overview = report(all_hidden()).sections[0]
    notices = [block.text for block in overview.blocks if isinstance(block, Notice)]
    assert any(re.search(r"kan inget av indexens \d+ värden visas 2024", text) for text in notices)
    words = " ".join(block.text for block in overview.blocks if isinstance(block, Text))
    assert "diagrammen nedan" not in words
    assert "För alla faktorer som kan jämföras" not in words


def test_one_shown_wave_is_enough_for_an_arena_to_be_told_as_usual():
    frames, scope = sample_bundle_frames("0140")
    gone = all_hidden()
    kept = (pl.col("wave") == 2022) & (pl.col("area_code") == scope.area_code)
    mixed = pl.concat([gone.index_results.filter(~kept), frames.index_results.filter(kept)])
    content = report(replace(gone, index_results=mixed))
    assert any(card.chart_id.startswith("trend_") for card in content.cards)


def test_the_reason_that_is_told_is_why_something_was_hidden_not_that_nothing_came_another_year():
    cells = [Cell(None, reason=reason) for reason in ("no_delivery", "no_delivery", "suppressed")]
    assert telling_reason(cells) == "suppressed"
    assert telling_reason([Cell(None, reason="no_delivery")]) == "no_delivery"
    assert telling_reason([]) == "missing"
