"""The PDFs: tagged, titled, with words for every picture, the numbers of the page, and the same bytes every time."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from assets.bundle.content import municipality_report
from assets.bundle.html import card_table
from assets.bundle.pdf import FONT_FOLDER, compile_pdf, compiler, printed_files
from assets.bundle.pdf_data import TABLE_BESIDE, report_data, summary_data
from assets.bundle.print_table import LEAST_SIZE, TYPE_SIZE, table_layout
from assets.bundle.render import with_fallback_fonts
from assets.bundle.sized_trends import POSTER_HEIGHT, SUMMARY_HEIGHT, sized_trends
from assets.bundle.summary import SummaryContent, SummaryPart
from assets.bundle.types import Bullets, Figure, Notice, ReportContent, Strip, Table, Text
from assets.charts.svg import to_svg
from assets.charts.theme import text_width
from assets.charts.trend import PLOT_HEIGHT
from assets.charts.types import ChartCard, Scope
from assets.methods.errors import PipelineError
from tests.support.sample_bundle import hide, outline, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
REPORT, SUMMARY, SUMMARY_PAGE = "1_rapport/rapport.pdf", "1_rapport/sammanfattning.pdf", "1_rapport/sammanfattning.html"
LONG = "Öster-Åkersberga och Södra Ängsholmens skärgårdskommun med Norra Kyrkbyggdens församlingsområde"


def fallback_drawn(card: ChartCard) -> str:
    return with_fallback_fonts(to_svg(card))


def made_for(area: str = "0127", *, name: str = "", hidden: str = "", drawn: bool = False):
    frames, scope = sample_bundle_frames(area)
    if hidden:
        frames = hide(frames, scope.area_code, hidden)
    if name:
        scope = Scope(scope.area_code, name, scope.wave, scope.edition)
    content = municipality_report(frames, scope, META)
    draw = to_svg if drawn else outline
    svgs = {card.chart_id: with_fallback_fonts(draw(card)) for card in content.cards}
    return content, svgs, printed_files(frames, content, svgs, META, fallback_drawn if drawn else None)


@pytest.fixture(scope="module")
def botkyrka():
    return made_for(drawn=True)


def reader(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def squeezed(text: str) -> str:
    """Without spaces and soft hyphens, as lines are broken in other places on paper."""
    return re.sub(r"[\s\u00ad\u2011]", "", text)


def text_of(content: bytes) -> str:
    return squeezed("".join(page.extract_text() for page in reader(content).pages))


def elements(pdf: PdfReader) -> Iterator[DictionaryObject]:
    """Every element of the structure tree."""
    waiting = [pdf.root_object["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop().get_object()
        if not isinstance(node, DictionaryObject):
            continue
        if "/S" in node:
            yield node
        kids = node.get("/K", [])
        kids = kids.get_object() if hasattr(kids, "get_object") else kids
        waiting += kids if isinstance(kids, list) else [kids]


def test_every_pdf_claims_pdf_ua_and_is_tagged_titled_and_swedish(botkyrka):
    _, _, files = botkyrka
    pdfs = [name for name in files if name.endswith(".pdf")]
    assert len(pdfs) >= 6
    for name in pdfs:
        pdf = reader(files[name])
        root = pdf.root_object
        assert root["/MarkInfo"]["/Marked"] == True, name  # noqa: E712 - a PDF object that is equal to True
        assert root["/Lang"].startswith("sv"), name
        assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True, name  # noqa: E712
        xmp = root["/Metadata"].get_object().get_data().decode()
        assert re.search(r"pdfuaid:part[^0-9]*1", xmp), name
        assert "Botkyrka" in pdf.metadata.title, name
        figures = [e for e in elements(pdf) if e["/S"] == "/Figure"]
        assert figures, name
        assert all(len(e["/Alt"]) > 40 for e in figures), name


def test_the_report_has_a_figure_per_chart_headed_columns_and_a_bookmark_per_section(botkyrka):
    content, _, files = botkyrka
    pdf = reader(files[REPORT])
    tags = [str(e["/S"]) for e in elements(pdf)]
    assert tags.count("/Figure") == len(content.cards)
    assert tags.count("/Table") == tags.count("/Caption") >= len(content.cards)
    assert tags.count("/TH") > tags.count("/Table")
    titles = [item.title for item in pdf.outline if not isinstance(item, list)]
    assert [section.title for section in content.sections] == [t for t in titles if t in {s.title for s in content.sections}]


def test_the_small_pictures_of_the_districts_have_words():
    content, _, files = made_for("0180")
    strips = {cell.text for section in content.sections for block in section.blocks if isinstance(block, Table)
              for row in block.rows for cell in row if isinstance(cell, Strip)}  # fmt: skip
    assert strips
    assert strips <= {str(e["/Alt"]) for e in elements(reader(files[REPORT])) if e["/S"] == "/Figure"}


def words_of(content: ReportContent) -> Iterator[str]:
    """Every text of the report but the headings of columns, which may be broken with a hyphen."""
    for section in content.sections:
        yield section.title
        for block in section.blocks:
            if isinstance(block, Text | Notice):
                yield block.text
            elif isinstance(block, Bullets):
                yield from block.items
            elif isinstance(block, Table):
                yield from (cell for row in block.rows for cell in row if not isinstance(cell, Strip))
    for card in content.cards:
        yield from (str(cell) for row in card_table(card, META.texts).rows for cell in row)
        yield card.title


def test_every_sentence_and_number_of_the_page_is_read_back_from_the_pdf(botkyrka):
    content, _, files = botkyrka
    text = text_of(files[REPORT])
    words = {squeezed(word) for word in words_of(content)}
    assert sum(any(c.isdigit() for c in word) for word in words) > 300
    assert [word for word in words if word not in text] == []


def page_of(pages: list[str], words: str) -> set[int]:
    return {number for number, text in enumerate(pages) if squeezed(words) in text}


def test_a_short_table_is_whole_and_a_chart_has_its_section_beside_it(botkyrka):
    content, _, files = botkyrka
    pages = [squeezed(page.extract_text()) for page in reader(files[REPORT]).pages]
    assert len(pages) <= 50  # 54 when every section began a page of its own
    tables = [b for section in content.sections for b in section.blocks if isinstance(b, Table) and len(b.rows) <= 7]
    assert len(tables) > 10
    for short in tables:
        cells = [cell for row in short.rows for cell in row if not isinstance(cell, Strip)]
        assert set.intersection(*(page_of(pages, words) for words in [short.caption, *cells])), short.caption
    beside = [card for card in content.cards if card.chart_id.startswith(TABLE_BESIDE)]
    assert len(beside) >= 6
    for number, card in enumerate(content.cards, 1):
        if card in beside:
            caption = META.texts["pdf"]["table_beside"].format(number=number)
            assert page_of(pages, card.title) & page_of(pages, caption), card.chart_id
    opened = 0
    for section in content.sections:
        figure = next((place for place, block in enumerate(section.blocks) if isinstance(block, Figure)), None)
        if figure is not None and figure <= 4:
            opened += 1
            assert page_of(pages[1:], section.title) & page_of(pages[1:], section.blocks[figure].card.title), section.title
    assert opened > 3


def test_the_words_inside_the_pictures_are_text(botkyrka):
    content, _, files = botkyrka
    assert squeezed("Andel med förhöjd risk (åt höger: mer risk") in text_of(files[SUMMARY])
    assert squeezed(content.cards[0].title) in text_of(files["2_diagram/affischer/faktorprofil_ak9.pdf"])


def test_the_series_is_drawn_lower_on_the_two_pages_and_higher_on_the_wall():
    frames, scope = sample_bundle_frames("0127")
    card = next(card for card in municipality_report(frames, scope, META).cards if card.chart_id.startswith("trend_"))
    box = re.compile(r'viewBox="0 0 [\d.]+ ([\d.]+)"')
    heights = [
        float(box.search(sized_trends([card], height, frames, scope, META, to_svg)[card.chart_id])[1])
        for height in (SUMMARY_HEIGHT, PLOT_HEIGHT, POSTER_HEIGHT)
    ]
    assert heights == sorted(set(heights))
    assert heights[1] == float(box.search(to_svg(card))[1])
    other = next(card for card in municipality_report(frames, scope, META).cards if not card.chart_id.startswith("trend_"))
    assert sized_trends([other], SUMMARY_HEIGHT, frames, scope, META, to_svg) == {}


@pytest.mark.parametrize("area", ["0127", "0140", "0180"])
def test_the_summary_is_two_pages_with_the_overviews_own_sentences(area):
    content, _, files = made_for(area)
    pdf = reader(files[SUMMARY])
    assert len(pdf.pages) == 2
    text, page = text_of(files[SUMMARY]), squeezed(re.sub("</?span[^>]*>", "", files[SUMMARY_PAGE].decode()))
    overview = next(section for section in content.sections if section.id == "oversikt")
    bullets = [item for block in overview.blocks if isinstance(block, Bullets) for item in block.items]
    assert bullets
    for sentence in map(squeezed, bullets):
        assert sentence in text
        assert sentence in page


@pytest.mark.parametrize("reason", ["suppressed", "no_delivery"])
def test_a_municipality_without_a_value_gets_two_pages_that_say_why(reason):
    """Where all is hidden there is no picture; where nobody has answered the registers have one."""
    content, _, files = made_for("0140", hidden=reason)
    assert len(reader(files[SUMMARY]).pages) == 2
    assert not [name for name in files if "affischer" in name]
    why = META.texts["summary"]["no_chart"] if reason == "suppressed" else "ingen enkätleverans för 2024"
    assert squeezed(why) in text_of(files[SUMMARY])
    assert len(reader(files[REPORT]).pages) > 3
    assert ("<figure" in files[SUMMARY_PAGE].decode()) == (reason == "no_delivery")
    assert content.cards  # register charts are there all the same


def test_a_summary_where_nothing_stands_out_begins_with_its_picture(botkyrka):
    content, svgs, _ = botkyrka
    series = next(card for card in content.cards if card.chart_id.startswith("trend_"))
    empty = SummaryContent("Titel", "Titel", "Ingress", (), (), (SummaryPart("Oklart", "unclear", ("Mening.",)),), series, None)
    pdf = reader(compile_pdf("summary.typ", *summary_data(empty, content, svgs, META)))
    assert len(pdf.pages) == 2
    assert [e["/S"] for e in elements(pdf) if re.fullmatch("/H[1-6]", e["/S"])] == ["/H1"] * 3


def test_a_very_long_name_still_gives_two_pages_and_is_no_markup():
    name = f"{LONG} <b>#pagebreak()</b> $x$ *y*"
    _, _, files = made_for(name=name)
    assert len(reader(files[SUMMARY]).pages) == 2
    assert squeezed(name) in text_of(files[SUMMARY])
    assert squeezed(name) in text_of(files[REPORT])
    assert "<b>#" not in files[SUMMARY_PAGE].decode()


def test_equal_content_gives_equal_bytes(botkyrka):
    content, svgs, files = botkyrka
    compiler.cache_clear()
    frames, _ = sample_bundle_frames()
    again = printed_files(frames, content, svgs, META, fallback_drawn)
    assert {name for name in files if files[name] != again[name]} == set()
    made = PdfReader(io.BytesIO(files[SUMMARY])).metadata
    assert str(made["/CreationDate"]).startswith("D:20260312")  # the day of release, not today


def test_a_missing_font_stops_the_run_with_a_sentence(botkyrka, tmp_path):
    content, svgs, _ = botkyrka
    with pytest.raises(PipelineError) as caught:
        compile_pdf("report.typ", *report_data(content, svgs, META), fonts=tmp_path)
    assert caught.value.code == "pdf_font"
    assert {path.suffix for path in FONT_FOLDER.iterdir()} == {".ttf", ".txt", ".md"}


def test_a_letter_that_the_font_lacks_and_a_picture_without_words_stop_the_run(botkyrka):
    content, svgs, _ = botkyrka
    data, pictures = report_data(content, svgs, META)
    with pytest.raises(PipelineError) as caught:
        compile_pdf("report.typ", data | {"title": "中"}, pictures)
    assert caught.value.code == "pdf"
    figure = next(block for section in data["sections"] for block in section["blocks"] if block["kind"] == "figure")
    figure["alt"] = None
    with pytest.raises(PipelineError):
        compile_pdf("report.typ", data, pictures)


def table(columns: tuple[str, ...], row: tuple[str, ...], numeric: frozenset[int] = frozenset()) -> Table:
    return Table("t", "Tabell", columns, (row,), numeric)


def test_a_narrow_table_needs_no_widths():
    assert table_layout(table(("År", "Andel"), ("2024", "12 %"))) == (None, TYPE_SIZE)


def test_a_long_text_gets_the_room_that_numbers_leave():
    widths, size = table_layout(table(("Fråga", "Andel"), ("ord " * 60, "12 %"), frozenset({1})))
    assert size == TYPE_SIZE
    assert widths is not None
    assert widths[0] > 5 * widths[1]


def test_a_crowded_table_gets_smaller_type():
    widths, size = table_layout(table(tuple("abcdefghij"), ("sekretesskäl" * 2,) * 10))
    assert widths is not None
    assert LEAST_SIZE <= size < TYPE_SIZE


def test_no_interval_is_broken_and_a_number_keeps_its_interval_where_that_costs_no_line():
    words = "Hur många deltar i ledda aktiviteter på fritiden i sin kommun under veckan " * 2
    names, row = ("Fråga", "Botkyrka", "Skillnad"), (words, "53\u00a0% (48–58)", "−10 (−15\u00a0till\u00a0−5)")
    for times, kept in ((1, row[1:]), (6, ("(48–58)", "(−15\u00a0till\u00a0−5)"))):
        many = Table(
            "t", "Tabell", (*names, *names[1:] * (times - 1)), ((*row, *row[1:] * (times - 1)),), frozenset(range(1, 13))
        )
        widths, size = table_layout(many)
        assert widths is not None
        for place, text in enumerate(kept, 1):
            assert widths[place] / sum(widths) * 493 >= text_width(text, size), text
