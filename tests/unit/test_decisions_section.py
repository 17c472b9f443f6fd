"""The report's section on decisions and its table: every state told, nothing trusted that people have written."""

from __future__ import annotations

import io
from dataclasses import replace

import openpyxl
import polars as pl
import pytest

from assets.bundle.content import municipality_report
from assets.bundle.decisions_section import section
from assets.bundle.decisions_table import decisions_table
from assets.bundle.frames import guard_frames, select_frames
from assets.bundle.html import render_report
from assets.bundle.number_ids import number_ids
from assets.bundle.tables import bundle_tables, csv_bytes, data_package
from assets.bundle.types import Bullets, Section, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.bundle.workbook import PATH, workbook_files
from assets.charts.types import ReleaseFrames, Scope
from assets.methods.errors import PipelineError
from tests.support.decision_sample import CHANGED, FORMULA, ROW, SCRIPT, decision_rows
from tests.support.sample_bundle import outline, sample_bundle_frames, sample_report_meta, whole_release

META = sample_report_meta()


def seen(decisions: pl.DataFrame, wave: int = 2024) -> tuple[ReleaseFrames, Scope]:
    """What Botkyrka's bundle sees."""
    _, scope = sample_bundle_frames("0127")
    scope = replace(scope, wave=wave)
    return select_frames(replace(whole_release("0127"), decisions=decisions), scope, META.charts.indices), scope


def told(decisions: pl.DataFrame, wave: int = 2024) -> Section:
    found = section(Context(*seen(decisions, wave), META))
    assert found is not None
    return found


def test_what_was_decided_and_what_has_happened_is_told_for_every_state():
    found = told(decision_rows())
    headings = [block.text for block in found.blocks if isinstance(block, SubHeading)]
    assert headings == [
        "Workshop 4\u00a0februari\u00a02025", "Workshop 7\u00a0mars\u00a02023", "Måttet har blivit bättre", "Ingen säker ändring",
        "Inte uppföljt", "Uppföljningen har inte kommit än", "Inget mått valdes",
    ]  # fmt: skip
    texts = [block.text for block in found.blocks if isinstance(block, Text)]
    assert (
        "5 beslut har kommit tillbaka: 1 där måttet har blivit bättre, 1 utan säker ändring, 1 som inte har följts upp i tid, "
        "1 vars uppföljning inte har kommit än och 1 utan mått."
    ) in texts
    tables = [block for block in found.blocks if isinstance(block, Table)]
    assert [row[0] for table in tables for row in table.rows] == [
        f"0127-{n}" for n in ("2024-1", "2022-1", "2022-2", "2022-3", "2022-4")
    ]
    assert tables[1].rows[0][2] == "Fler vuxna på kvällar. Skäl: Det syns i siffrorna"
    assert tables[1].rows[2][2:4] == ("Fler vuxna på kvällar", "–")
    first = next(block for block in found.blocks if isinstance(block, Bullets))
    assert first.items == (
        "0127-2022-1, Fler vuxna på kvällar. Välbefinnande (andel med låg skyddsnivå), åk 9: 20\u00a0% 2022, 14\u00a0% 2024. "
        "Det har blivit bättre (skillnad −6, osäkerhet −9\u00a0till\u00a0−3). Läget när det senast berättades: genomfört.",
    )


def test_without_decisions_it_is_said_how_they_get_here_and_an_unknown_table_gives_no_section():
    found = told(decision_rows().clear())
    assert [block.kind for block in found.blocks] == ["text"]
    assert "Inga beslut från Botkyrka har kommit tillbaka" in found.blocks[0].text
    assert section(Context(*seen(pl.DataFrame()), META)) is None
    assert decisions_table(seen(decision_rows().clear())[0], META) is None


def test_a_report_never_tells_what_was_measured_after_its_wave_nor_drops_a_decision_without_one():
    rows = decision_rows(ROW | CHANGED | {"follow_up_state": "moved_better"}, ROW | {"wave": None, "follow_up_state": "not_due",
                         "decision_id": "0127-2022-9"})  # fmt: skip
    frames, _ = seen(rows, wave=2022)
    assert frames.decisions.filter(decision_id="0127-2022-1").select("value_now", "change", "verdict").row(0) == (None,) * 3
    words = str(told(rows, wave=2022).blocks)
    assert "uppföljningen står i rapporten för 2024" in words
    assert "14\\xa0%" not in words
    assert "0127-2022-9" in words
    assert "Vilken rapport som diskuterades är inte ifyllt" in words


def test_another_municipalitys_decision_is_left_out_and_refused():
    foreign = decision_rows(ROW | {"area_code": "0180", "follow_up_state": "not_due"})
    frames, scope = seen(foreign)
    assert frames.decisions.is_empty()
    with pytest.raises(PipelineError, match="decisions"):
        guard_frames(replace(frames, decisions=foreign), scope, META.charts.indices)


def test_what_people_have_written_is_text_on_the_page_and_in_spreadsheets():
    frames, scope = seen(decision_rows())
    content = municipality_report(frames, scope, META)
    page = render_report(content, {card.chart_id: outline(card) for card in content.cards}, META, easy=False)
    assert SCRIPT not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    tables = bundle_tables(frames, scope, META)
    held = pl.read_csv(csv_bytes(tables["beslut"]), infer_schema=False)
    assert held.filter(pl.any_horizontal(pl.col("Ägare", "Första steg", "I ord").str.contains(r"^[=+\-@]"))).is_empty()
    assert held["Ägare"].to_list()[1] == f"'{FORMULA}"
    book = openpyxl.load_workbook(io.BytesIO(workbook_files(content, tables, META)[PATH]))
    cells = [cell for row in book["Beslut"].iter_rows() for cell in row if cell.value is not None]
    assert f"'{FORMULA}" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}


def test_the_table_has_a_row_per_decision_and_names_the_published_number():
    _, scope = seen(decision_rows())
    change = whole_release("0127").trends.filter(
        pl.col("change").is_not_null(), area_code="0127", wave=scope.wave, sex="all", series_kind="index", measure="share_focus"
    ).row(0, named=True)  # fmt: skip
    names = ("change", "low", "high", "verdict", "unit")
    published = ROW | {name: change[name] for name in names} | {
        "follow_up_state": "no_certain_change", "follow_up_indicator": change["series"], "follow_up_grade": change["grade"],
        "wave_now": change["wave"], "value_then": change["value_from"], "value_now": change["value"],
    }  # fmt: skip
    frames, scope = seen(decision_rows(published))
    tables = bundle_tables(frames, scope, META)
    (number,) = tables["beslut"]["Tal-id"].to_list()
    assert number in number_ids(frames, META)
    resource = next(r for r in data_package(tables, scope, META)["resources"] if r["name"] == "beslut")
    assert resource["schema"]["primaryKey"] == ["Beslut-id"]
