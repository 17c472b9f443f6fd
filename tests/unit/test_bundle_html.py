"""The page: one file, no script but the report's own, nothing from outside, unique ids, headings in order, tables."""

from __future__ import annotations

import html
import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest

from assets.bundle.html import card_table, page_script, without_title
from assets.bundle.render import render_bundle
from assets.bundle.vega import source_hash
from assets.charts import faktorprofil
from assets.charts.svg import to_svg
from tests.support.sample_bundle import outline, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Tags, ids, links and headings of a page; refuses unbalanced tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == [], self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def values(self, name: str) -> list[str]:
        return [found for _, attrs in self.tags if (found := attrs.get(name))]


@pytest.fixture(scope="module", params=["0127", "0140", "0180"])
def files(request, sketched) -> dict[str, bytes]:
    return dict(sketched(request.param).files)


def pages(files: dict[str, bytes]) -> dict[str, str]:
    """The pages to read; blank forms have a script of their own (`test_forms_page.py`)."""
    return {name: content.decode() for name, content in files.items() if name.endswith(".html") and "/formular/" not in name}


ENGLISH = "1_rapport/report_en.html"
SCRIPTS = {"1_rapport/rapport.html": ["text/plain", "application/json", None], ENGLISH: [None]}
SCRIPT = re.compile(r"<script(?: type=\"([^\"]+)\")?[^>]*>(.*?)</script>", re.DOTALL)


def policy_of(name: str, text: str) -> str:
    """What the page's content security policy must be: the very scripts that stand in it, and styles."""
    programs = [body for kind, body in SCRIPT.findall(text) if kind in ("", "text/plain")]
    allowed = " ".join(source_hash(body) for body in reversed(programs))
    scripts = f"script-src {allowed}; " if name in SCRIPTS else ""
    return f"default-src 'none'; {scripts}style-src 'unsafe-inline'; img-src data:"


def test_pages_fetch_nothing_and_only_the_report_has_scripts_which_its_policy_names(files):
    for name, text in pages(files).items():
        page = Page(text)
        assert not {tag for tag, _ in page.tags} & {"link", "iframe", "img", "object", "base"}, name
        assert not [key for _, attrs in page.tags for key in attrs if key.startswith("on")], name
        scripts = [attrs for tag, attrs in page.tags if tag == "script"]
        assert [attrs.get("type") for attrs in scripts] == SCRIPTS.get(name, []), name
        outside_library = SCRIPT.sub("", text)
        assert "url(" not in outside_library, name
        assert set(re.findall(r"https?://[^\"'\s<]+", outside_library)) <= {"http://www.w3.org/2000/svg"}, name
        policy = [attrs["content"] for tag, attrs in page.tags if tag == "meta" and "http-equiv" in attrs]
        assert policy == [policy_of(name, text)], name
        assert dict(page.tags)["html"] == {"lang": "en" if name == ENGLISH else "sv"}


def test_the_reports_own_script_asks_for_nothing_and_evaluates_nothing():
    script = page_script()
    assert not re.search(r"\beval\b|new Function|fetch\(|XMLHttpRequest|import\(|innerHTML|https?:", script)


def test_ids_are_unique_and_every_link_inside_a_page_leads_somewhere(files):
    for name, text in pages(files).items():
        page = Page(text)
        ids = page.values("id")
        assert len(ids) == len(set(ids)), name
        for target in page.values("href"):
            if target.startswith("#"):
                assert target[1:] in ids, (name, target)
        for reference in page.values("aria-labelledby"):
            assert set(reference.split()) <= set(ids), (name, reference)


def test_links_between_files_of_the_bundle_lead_somewhere(files):
    names = set(files) | {"7_intyg/manifest.json"}
    for target in Page(files["LAS_MIG.html"].decode()).values("href"):
        assert target in names or any(name.startswith(target) for name in names), target


def test_headings_come_in_order_without_jumps(files):
    for name, text in pages(files).items():
        levels = [int(tag[1]) for tag, _ in Page(text).tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), name


def test_every_table_has_a_caption_and_scoped_headings(files):
    for text in pages(files).values():
        for table in re.findall(r"<table.*?</table>", SCRIPT.sub("", text), re.DOTALL):
            assert "<caption" in table
            assert re.findall(r"<th\b(?![^>]*scope=)", table) == []


def test_every_figure_has_picture_words_and_table(files):
    report = files["1_rapport/rapport.html"].decode()
    figures = re.findall(r"<figure.*?</figure>", report, re.DOTALL)
    assert figures
    for figure in figures:
        assert "<svg" in figure
        assert figure.count("<details>") == 2
        assert "Beskrivning i ord" in figure
        assert "<table" in figure
        assert 'class="source"' in figure


def test_synthetic_data_say_so_on_every_page(files):
    for name, text in pages(files).items():
        mark = "SYNTETISKA DATA / SYNTHETIC DATA" if name == ENGLISH else "SYNTETISKA DATA"
        assert text.index(f"{mark}</strong>") < text.index("<h1"), name
        assert f'@top-center{{content:"{mark}"' in text, name


def test_names_from_the_data_are_escaped():
    frames, scope = sample_bundle_frames()
    evil = type(scope)(scope.area_code, "<b>By</b>&", scope.wave, scope.edition)
    page = render_bundle(frames, evil, META, draw=outline).files["1_rapport/rapport.html"].decode()
    assert "<b>By</b>" not in page
    assert "&lt;b&gt;By&lt;/b&gt;&amp;" in page


def test_the_title_in_the_picture_is_not_repeated_on_the_page():
    frames, scope = sample_bundle_frames()
    card = faktorprofil.build(frames, scope, META.charts, grade="ak9")
    svg = to_svg(card)
    cropped = without_title(svg)
    line = html.escape(str(card.spec["title"]["text"][0]))
    body = cropped.split("</desc>")[1]
    assert line in svg.split("</desc>")[1]
    assert line not in body
    assert "Skyddsfaktorer" in body, "the chart itself is left"
    (height,) = re.findall(r'viewBox="0 0 [\d.]+ ([\d.]+)"', svg)
    top, left = re.findall(r'viewBox="0 ([\d.]+) [\d.]+ ([\d.]+)"', cropped)[0]
    assert float(top) + float(left) == pytest.approx(float(height))
    assert float(top) > 40
    assert without_title("<svg></svg>") == "<svg></svg>"


def test_the_table_beside_a_chart_holds_every_cell_of_the_card():
    frames, scope = sample_bundle_frames()
    card = faktorprofil.build(frames, scope, META.charts, grade="ak9")
    table = card_table(card, META.texts)
    assert [list(row) for row in table.rows] == [[str(value) for value in row] for row in card.table.rows()]
    assert 0 not in table.numeric


def test_a_column_of_numbers_is_set_to_the_right_where_some_are_hidden_too():
    frames, scope = sample_bundle_frames()
    hidden = "skyddat av sekretesskäl [c]"
    columns = {
        "Faktor": ["Utagerande", "Välbefinnande"], "Andel": ["12\u00a0%", hidden], "Skillnad": [hidden, "−3"],
        "Bedömning": ["kan inte avgöras", hidden], "Dold": [hidden, hidden],
    }  # fmt: skip
    card = replace(faktorprofil.build(frames, scope, META.charts, grade="ak9"), table=pl.DataFrame(columns))
    assert card_table(card, META.texts).numeric == {1, 2}


def test_hidden_values_never_become_zero_on_the_page(sketched):
    page = sketched(hidden=True).files["1_rapport/rapport.html"]
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page.decode().split('id="vilka"')[1].split('id="kvalitet"')[0])
    assert "skyddat av sekretesskäl [c]" in cells
    assert not [cell for cell in cells if re.fullmatch(r"0(\u00a0%)?", cell)]
