"""A municipality named `<script>`: what people and files are called is text in every format, and runs nowhere.

The municipality and its neighbours have names that a page would run, Typst would read a file for, a spreadsheet would calculate
and Markdown would link; free texts of forms and decisions likewise. One bundle and one kit are made for all tests.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from html import escape

import openpyxl
import polars as pl
import pytest
from pptx import Presentation
from pypdf import PdfReader

from assets.bundle.disclosure_report import disclosure_page
from assets.bundle.html_county import render_overview as county_overview
from assets.bundle.render import render_bundle
from assets.bundle.tables import csv_bytes
from assets.catalogue.load import load_catalogue
from assets.catalogue.personal_data import load_name_words
from assets.catalogue.pilots import find_pilot
from assets.charts.svg import to_svg
from assets.forms.page import form_page
from assets.forms.workbook import form_workbook
from assets.intake.names import in_markdown
from assets.kit.kit import render_kit
from assets.kit.pilot_status import pilot_page, pilot_row
from assets.ledger.types import Run
from assets.ledger.words import markdown as ledger_markdown
from assets.overview.html import render_overview
from assets.overview.plain import markdown as overview_markdown
from assets.overview.table import status_overview
from assets.overview.texts import overview_texts
from assets.quality.html import render_delivery, render_index
from assets.quality.markdown import markdown_report
from assets.release_utility import municipality_table
from assets.ui_pictures import bars
from tests.support import form_sample
from tests.support.decision_sample import decision_rows
from tests.support.disclosed_sample import WAVE, disclosed_sample
from tests.support.hostile import FORMULA, HOSTILE, MARKDOWN, SCRIPT, TYPST, renamed, runs
from tests.support.overview_sample import mixed_facts
from tests.support.prevention_sample import prevention_frames
from tests.support.sample_bundle import outline, sample_report_meta
from tests.support.sample_quality import sample_pages, sample_phrases

WORDS = {"Botkyrka": HOSTILE, "Salem": TYPST, "Huddinge": FORMULA, "Haninge": MARKDOWN}
DRAWN = ("kolada_narsamhalle", "trend_wellbeing_ak9", "kvalitetsremsa", "forutsattningstrappa", "prioriteringsfalt_ak9")
FIRST_PAGES = 4
LINKS = ("<script", "<img", "](", "| #")


def draw(card):
    """A few charts of each engine are really drawn; the others are their titles."""
    return to_svg(card) if card.chart_id in DRAWN else outline(card)


@pytest.fixture(scope="module")
def meta():
    own = sample_report_meta()
    return replace(renamed(own, WORDS), ascii_names=own.ascii_names)


@pytest.fixture(scope="module")
def seen():
    """Frames and scope of the municipality, with activities, preconditions and decisions."""
    frames, scope = prevention_frames()
    rows = decision_rows()
    own = rows.with_columns(owner=pl.lit(TYPST), reason=pl.lit(HOSTILE), first_step=pl.lit(FORMULA))
    return renamed(
        replace(frames, decisions=pl.concat([rows, own]).unique("decision_id", keep="last").sort("decision_id")), WORDS
    ), (renamed(scope, WORDS))


@pytest.fixture(scope="module")
def bundle(seen, meta):
    return render_bundle(*seen, meta, draw=draw)


@pytest.fixture(scope="module")
def kit(seen, meta):
    return render_kit(*seen, meta, outline)


def all_runs(files):
    return {name: found for name, content in files.items() if (found := runs(name, content))}


def test_no_file_of_a_bundle_or_kit_takes_a_name_for_more_than_text(bundle, kit):
    assert all_runs(bundle.files) == {}
    assert all_runs(kit.files) == {}
    assert not [name for name in (*bundle.files, *kit.files) if set(name) & set('<>"&\\') or ".." in name]


def test_the_names_stand_there_letter_by_letter(bundle):
    """Escaped and not lost: in the page, the chart, the PDF (where Typst would have read a file), the slides and the workbook."""
    files = bundle.files
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in files["1_rapport/rapport.html"].decode()
    assert "&lt;script&gt;" in files["2_diagram/trend_wellbeing_ak9.svg"].decode()
    pages = [
        page for name, content in files.items() if name.endswith("rapport.pdf") for page in PdfReader(io.BytesIO(content)).pages
    ]
    text = "".join(page.extract_text() for page in pages[:FIRST_PAGES]).replace("\n", "").replace(" ", "")
    assert SCRIPT in text
    assert "root:" not in text
    slides = Presentation(io.BytesIO(files["3_presentation/presentation.pptx"])).slides
    assert SCRIPT in "".join(shape.text_frame.text for slide in slides for shape in slide.shapes if shape.has_text_frame)
    with zipfile.ZipFile(io.BytesIO(files["4_tabeller/tabeller.xlsx"])) as book:
        sheets = "".join(book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet"))
    assert escape(FORMULA, quote=False) in sheets
    assert escape(SCRIPT, quote=False) in sheets


def test_typst_shows_commands_as_text():
    """In the templates every text of the data is content; a file would be read only by code that the data became."""
    from assets.bundle.pdf import TEMPLATE_FOLDER

    for template in sorted(TEMPLATE_FOLDER.glob("*.typ")):
        assert not re.search(r"\beval\b", template.read_text(encoding="utf-8")), template.name


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\tx", "\r=1", " =1", FORMULA])
def test_no_text_of_a_csv_file_begins_as_a_formula(text):
    frame = pl.DataFrame({"a": [text, "-3,2", "+4", "Salem"], "b": [1, 2, 3, 4]})
    held = pl.read_csv(csv_bytes(frame), infer_schema=False)["a"].to_list()
    assert held == [f"'{text}", "-3,2", "+4", "Salem"]


def test_pages_beside_the_bundles(bundle, seen, meta):
    overview = replace(renamed(status_overview(mixed_facts(), load_catalogue(), overview_texts(), lambda *_: MARKDOWN), WORDS))
    assert HOSTILE in {row.area_name for row in overview.rows}
    county = county_overview([bundle.summary], [TYPST, HOSTILE], wave=2024, edition="intern", meta=meta)
    row = pilot_row(*seen, [HOSTILE], {"rapport": "x"})
    pages, index = sample_pages()
    paths = [page.path for page in pages]  # made of letters and digits only: tests/unit/test_quality_content.py
    named = renamed(pages, {"Salem": HOSTILE, "Täby": HOSTILE})
    pages = tuple(replace(page, path=path) for page, path in zip(named, paths, strict=True))
    index, phrases = renamed(index, {"Täby": HOSTILE}), sample_phrases()
    told = {
        "lagesoversikt.html": render_overview(overview, overview_texts()),
        "lansoversikt.html": county,
        "pilot.html": pilot_page(find_pilot("exempel").model_copy(update={"title_sv": HOSTILE}), [row], meta, 2024).decode(),
        "rojandekontroll.html": disclosure_page(disclosed_sample(), meta, WAVE),
        "leverans.html": render_delivery(pages[0], phrases),
        "kvalitet.html": render_index(index, phrases, frozenset()),
    }
    assert all_runs({name: page.encode() for name, page in told.items()}) == {}
    assert all("&lt;script&gt;" in told[name] for name in ("lagesoversikt.html", "lansoversikt.html", "pilot.html"))
    listed = [overview_markdown(overview, overview_texts()), markdown_report(pages, index, phrases)]
    assert [mark for text in listed for mark in LINKS if mark in text] == []


def test_forms_to_fill_in():
    definition = renamed(form_sample.activities(), {"Botkyrka": HOSTILE, "Öppen fritidsgård": FORMULA, "Mentor": MARKDOWN})
    files = {
        "form.html": form_page(definition, load_name_words(), ("0127", HOSTILE), "2026"),
        "form.xlsx": form_workbook(definition, ("0127", HOSTILE), "2026"),
    }
    assert runs("form.html", files["form.html"]) == []
    book = openpyxl.load_workbook(io.BytesIO(files["form.xlsx"]))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert [cell for cell in cells if cell.data_type == "s" and FORMULA in cell.value]
    assert not [cell.value for cell in cells if cell.data_type == "f" and "cmd" in str(cell.value)]


def test_what_dagster_shows_as_markdown():
    run = Run(1, "k", MARKDOWN, "2026-11-23T01:26:02+00:00", HOSTILE, {}, "c", "h", "p", "d", sentence=f"{HOSTILE} {MARKDOWN}")
    cells = pl.DataFrame(
        {"area_level": "municipality", "area_code": "0127", "edition": "intern", "wave": 2024, "cells": 4, "shown": 3}
    )
    table = municipality_table(cells, {"0127": MARKDOWN + HOSTILE}).value
    for text in (ledger_markdown([run], 5), table, in_markdown(HOSTILE + MARKDOWN)):
        assert not [mark for mark in LINKS if mark in text]
    assert runs("x.svg", bars([(HOSTILE, 10.0, 5.0)]).encode()) == []


def test_the_checks_of_this_module_can_fail():
    """What a page, a picture and a table would look like if a name were let through."""
    assert runs("a.html", f"<p>{HOSTILE}</p>".encode()) == ["script", "img x", "img onerror"]
    assert runs("a.svg", f'<svg xmlns="http://www.w3.org/2000/svg">{SCRIPT}</svg>'.encode()) == ["script"]
    assert runs("a.csv", f"a\n{FORMULA}\n".encode()) == ["formel i a"]


@pytest.mark.browser
def test_no_script_of_a_name_runs_in_a_browser(visitor, bundle, kit, tmp_path):
    for number, content in enumerate((bundle.files["1_rapport/rapport.html"], kit.files["1_tavla/workshoptavla.html"])):
        path = tmp_path / f"{number}.html"
        path.write_bytes(content)
        visit = visitor.open(path)
        dialogs = []
        visit.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))  # noqa: B023
        visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert HOSTILE.split("<img")[0] in visit.page.inner_text("body")
        assert visit.page.evaluate("document.querySelectorAll('img[src=x], [onerror]').length") == 0
        assert (dialogs, visit.complaints, visit.requests) == ([], [], [path.as_uri()])
