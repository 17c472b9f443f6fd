"""The county's edition: municipalities in alphabetical order, hidden values as marks, nothing ranked, the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

import polars as pl
import pytest
from openpyxl import load_workbook
from pptx import Presentation
from pypdf import PdfReader

from assets.bundle.county_edition import county_report, county_report_path
from assets.bundle.county_frames import CountyFrames, guard_county, select_county_frames
from assets.bundle.county_print import leading_series
from assets.bundle.county_render import render_county
from assets.bundle.county_slides import CountyDeckWriter
from assets.bundle.html import card_table
from assets.bundle.types import Bullets, RenderedBundle, ReportContent, Section, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.bundle.writer import write_bundle, write_county_overview
from assets.catalogue.load import load_catalogue
from assets.charts import numbers
from assets.charts.types import ChartCard, Scope
from assets.methods.compared_areas import published_funnel, published_ranks
from assets.methods.errors import PipelineError
from tests.support.released_world import FOCUS, codes, released
from tests.support.sample_bundle import hide, outline, sample_bundle_meta, sample_report_meta, whole_release

META = sample_report_meta()
SCOPE = Scope("01", "Stockholms län", 2024, "intern")
AREAS = codes(16)
COMPARED = released(dict.fromkeys(AREAS, 0.12) | {AREAS[-1]: 0.6}, {code: 150 + 50 * n for n, code in enumerate(AREAS)})
RULES = load_catalogue().estimates.compared


def frames(*, compared: bool = True) -> CountyFrames:
    """The sample release with a hidden and an absent municipality, and an invented comparison of one index."""
    release = hide(hide(whole_release(), "0140", "suppressed"), "0182", "no_delivery")
    ranks, funnel = (make(COMPARED, FOCUS, RULES, "intern") for make in (published_ranks, published_funnel))
    if not compared:
        ranks, funnel = ranks.head(0), funnel.head(0)
    return select_county_frames(release, ranks, funnel, SCOPE)


@pytest.fixture(scope="module")
def content() -> ReportContent:
    return county_report(frames(), SCOPE, META)


@pytest.fixture(scope="module")
def bundle() -> RenderedBundle:
    return render_county(frames(), SCOPE, META, draw)


def draw(cards: list[ChartCard]) -> list[str]:
    return [outline(card) for card in cards]


def section(content: ReportContent, name: str) -> Section:
    return next(found for found in content.sections if found.id == name)


def table(content: ReportContent, section_id: str, table_id: str) -> Table:
    return next(b for b in section(content, section_id).blocks if isinstance(b, Table) and b.id == table_id)


def test_municipalities_stand_in_alphabetical_order_with_share_and_interval_or_a_mark(content):
    shares = table(content, "kommuner", "kommuner-ak9")
    names = [str(row[0]) for row in shares.rows[:-1]]
    assert names == sorted(names, key=numbers.swedish)
    rows = {row[0]: row[1:] for row in shares.rows}
    assert set(rows["Nykvarn"]) == {"[c]"}
    assert set(rows["Nacka"]) == {"[l]"}
    assert "skyddat av sekretesskäl" in shares.note
    assert all("%" in str(cell) and "(" in str(cell) for cell in rows["Stockholms län (hela länet)"])


def test_no_table_of_the_edition_gives_a_place_to_a_municipality(content):
    for found in content.sections:
        for block in found.blocks:
            if isinstance(block, Table):
                assert not {"Plats", "Rang", "Placering"} & set(block.columns)
    places = next(b for b in section(content, "platser").blocks if isinstance(b, Table))
    assert all("–" in str(cell) or "kan inte" in str(cell) or "%" not in str(cell) for row in places.rows for cell in row[1:])


def test_every_table_has_rows_and_every_section_something_to_read(content):
    assert [found.id for found in content.sections][:5] == ["oversikt", "kommuner", "kartor", "platser", "trender"]
    for found in content.sections:
        assert found.blocks, found.id
        for block in found.blocks:
            if isinstance(block, Table):
                assert block.rows, block.id
                assert all(len(row) == len(block.columns) for row in block.rows), block.id
    assert len({card.chart_id for card in content.cards}) == len(content.cards)


def test_no_two_tables_of_the_report_have_the_same_heading(content):
    drawn = [card_table(card, META.texts).caption for card in content.cards]
    written = [b.caption for found in content.sections for b in found.blocks if isinstance(b, Table)]
    assert len(drawn + written) == len({*drawn, *written})


def test_deliveries_say_once_why_there_is_none(content):
    rows = {row[0]: row[1:] for row in table(content, "kvalitet", "leveranser").rows}
    assert len([cell for cell in rows["Tyresö"] if cell]) == 1
    shown = {row[0]: row[1:] for row in table(content, "kvalitet", "visas").rows}
    assert shown["Nykvarn"][0] == "0"


def test_every_index_has_its_maps_its_rank_intervals_and_the_countys_own_line(content):
    drawn = {card.chart_id for card in content.cards}
    for key in META.charts.indices:
        assert {f"rutkarta_{key}_ak9", f"granskarta_{key}_ak9", f"trend_{key}_ak9"} <= drawn
    assert f"platsintervall_{next(iter(FOCUS))}_ak9" in drawn
    trend = next(card for card in content.cards if card.chart_id.startswith("trend_"))
    assert not [column for column in trend.table.columns if "länet" in column.lower()]
    assert "Stockholms län och Stockholms län" not in trend.alt


def test_the_overview_says_what_is_uncertain_and_what_cannot_be_said(content):
    blocks = section(content, "oversikt").blocks
    found = {b.id: blocks[place + 1] for place, b in enumerate(blocks) if isinstance(b, SubHeading)}
    assert {"oversikt-strengths", "oversikt-attention", "oversikt-unclear", "oversikt-hidden"} <= set(found)
    hidden = found["oversikt-hidden"]
    assert isinstance(hidden, Bullets)
    assert any("ingen leverans" in text.lower() for text in hidden.items)


def test_without_a_comparison_the_edition_says_so_and_its_presentation_has_no_slide_on_places():
    lacking = frames(compared=False)
    made = county_report(lacking, SCOPE, META)
    told = section(made, "platser").blocks
    assert len(told) == 1
    assert isinstance(told[0], Text)
    slides = CountyDeckWriter(Context(lacking, SCOPE, META), made, lacking).slides()
    assert "platser" not in {slide.id for slide in slides}


def test_when_every_share_is_hidden_all_formats_say_why():
    whole = frames(compared=False)
    hidden = {"value": None, "low": None, "high": None, "n": None, "verdict": None, "reason": "suppressed"}
    covered = whole.index_results.with_columns(**{name: pl.lit(value).cast(whole.index_results.schema[name])
                                                  for name, value in hidden.items()})  # fmt: skip
    made = render_county(replace(whole, index_results=covered, trends=whole.trends.head(0)), SCOPE, META, draw)
    assert len(PdfReader(BytesIO(made.files["1_rapport/sammanfattning.pdf"])).pages) == 2
    assert "skyddat av sekretesskäl" in made.files["1_rapport/sammanfattning.html"].decode()
    assert 5 < len(Presentation(BytesIO(made.files["3_presentation/presentation.pptx"])).slides) <= 15


def test_rows_of_another_edition_or_a_later_wave_are_refused():
    whole = frames()
    other = replace(whole, index_results=whole.index_results.with_columns(edition=pl.lit("publik")))
    with pytest.raises(PipelineError, match="länspaketet 2024"):
        guard_county(other, SCOPE)
    with pytest.raises(PipelineError, match="länspaketet 2022"):
        guard_county(whole, replace(SCOPE, wave=2022))


def test_the_bundle_has_the_same_folders_all_municipalities_tables_and_the_same_bytes_twice(bundle):
    first, second = bundle, render_county(frames(), SCOPE, META, draw)
    assert first.folder == "01_stockholms_lan_2024_v1.0_intern"
    assert first.files == second.files
    assert {"LAS_MIG.html", "1_rapport/rapport.html", "5_metod/metod.html", "4_tabeller/platser.csv"} <= set(first.files)
    rows = pl.read_csv(first.files["4_tabeller/index_results.csv"], schema_overrides={"area_code": pl.String})
    assert {"0127", "0140", "0180"} <= set(rows["area_code"])
    assert set(rows.filter(pl.col("area_code") != "01")["wave"]) == {2024}
    package = json.loads(first.files["4_tabeller/datapackage.json"])
    paths = {f"4_tabeller/{resource['path']}" for resource in package["resources"]}
    assert paths == {name for name in first.files if name.startswith("4_tabeller/") and name.endswith(".csv")}
    assert "länspaket" in first.files["LAS_MIG.html"].decode().lower()


@pytest.fixture(scope="module")
def files(bundle) -> Mapping[str, bytes]:
    return bundle.files


def test_the_county_gets_every_format_that_a_municipality_gets(files):
    for name in ("1_rapport/rapport.pdf", "1_rapport/sammanfattning.pdf", "1_rapport/sammanfattning.html"):
        assert len(files[name]) > 5000, name
    posters = {name.rpartition("/")[2].partition("_")[0] for name in files if name.startswith("2_diagram/affischer/")}
    assert {"rutkarta", "konsskillnad", "trend"} <= posters
    page = files["LAS_MIG.html"].decode()
    assert all(link in page for link in ("rapport.pdf", "presentation.pptx", "sammanfattning.html"))
    pages = PdfReader(BytesIO(files["1_rapport/sammanfattning.pdf"])).pages
    assert len(pages) == 2


def test_the_presentation_has_the_municipalities_in_alphabetical_order_with_the_maps_own_shares(content, files):
    made = Presentation(BytesIO(files["3_presentation/presentation.pptx"]))
    slides = list(made.slides)
    assert 10 <= len(slides) <= 15
    assert all(slide.notes_slide.notes_text_frame.text for slide in slides)
    card = next(c for c in content.cards if c.chart_id == f"rutkarta_{leading_series(frames(), content, META)[0]}")
    shown = {row["Kommun"]: row["Andel"] for row in card.table.iter_rows(named=True) if "%" in row["Andel"]}
    drawn: dict[str, float] = {}
    order: list[str] = []
    titled = next(slide for slide in slides if slide.shapes.title.text_frame.text == card.title)
    for shape in titled.shapes:
        if shape.has_chart:
            plot = shape.chart.plots[0]
            for label, value in zip(plot.categories, plot.series[0].values, strict=True):
                name = str(label).rsplit(" ", 1)[0]
                order.append(name)
                if value is not None:
                    drawn[name] = value
    assert order == sorted(order, key=numbers.swedish)
    assert drawn == {name: float(text.split("\u00a0")[0]) for name, text in shown.items() if name in drawn}
    assert len(drawn) == len([name for name in shown if name != "Stockholms län"])


def test_the_workbook_names_the_survey_as_the_source_of_the_countys_own_tables(files):
    book = load_workbook(BytesIO(files["4_tabeller/tabeller.xlsx"]), read_only=True)
    for name in ("Möjliga platser", "Trattens gränser"):
        told = [str(row[0]) for row in book[name].iter_rows(min_row=1, max_row=3, values_only=True)]
        assert told[1].startswith("SYNTETISKA DATA. ")
        assert told[1].count("SYNTETISKA DATA") == 1
        assert "Stockholmsenkätens form" in told[2]


def test_the_county_page_links_the_edition_when_it_is_there(tmp_path, bundle):
    link = county_report_path(2024, "intern", META)

    def page() -> str:
        path = write_county_overview([], tmp_path, META, wave=2024, edition="intern", county=link)
        return path.read_text(encoding="utf-8")

    assert link not in page()
    write_bundle(bundle, tmp_path, sample_bundle_meta())
    assert f'href="{link}"' in page()
