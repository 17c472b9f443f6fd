"""The pages as HTML and Markdown: offline, well formed, and nothing hostile gets through."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from assets.quality.html import render_delivery, render_index
from assets.quality.markdown import markdown_report
from assets.quality.phrases import Phrases
from tests.support.sample_quality import HOSTILE, sample_pages, sample_phrases

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Reader(HTMLParser):
    """Tags that are open, ids, and what a page must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def rendered() -> dict[str, str]:
    """Name -> HTML of all pages of the sample."""
    pages, index = sample_pages()
    phrases = sample_phrases()
    made = {page.path: render_delivery(page, phrases) for page in pages}
    return made | {"index.html": render_index(index, phrases, frozenset(list(made)[1:]))}


@pytest.mark.parametrize("name", list(rendered()))
def test_pages_are_whole_offline_and_labelled(name):
    html = rendered()[name]
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids)), "ids are unique"
    assert '<html lang="sv">' in html
    tags = [tag for tag, _ in reader.tags]
    assert not set(tags) & {"script", "img", "link", "iframe", "form", "object"}
    assert tags.count("h1") == tags.count("main") == 1
    assert tags.count("table") == tags.count("caption")
    for tag, attributes in reader.tags:
        for key in ("href", "src"):
            assert not (attributes.get(key) or "").startswith(("http", "//", "javascript:", "data:")), (tag, attributes)
        assert not any(key.startswith("on") for key in attributes)
        if tag == "th":
            assert attributes["scope"] in {"col", "row"}
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-label"].startswith("Andel utan svar: ")
    targets = {a["href"][1:] for t, a in reader.tags if t == "a" and (a.get("href") or "").startswith("#")}
    assert targets <= set(reader.ids)
    assert "url(" not in html
    assert "@import" not in html


def test_hostile_names_of_files_and_columns_are_text():
    html = "".join(rendered().values())
    assert "<img" not in html
    assert "<script" not in html
    assert "<b>tom" not in html
    assert "&lt;/td&gt;&lt;script&gt;alert(" in html
    assert "Salem &lt;img src=x onerror=alert(1)&gt; | `2024`.csv" in html


def test_invisible_characters_of_a_name_are_not_shown():
    from dataclasses import replace

    from assets.quality.content import delivery_page
    from tests.support.sample_quality import GOOD, sample_facts

    page = delivery_page(replace(sample_facts()[GOOD], file_name="vas\u202egpj.sav\x00"), sample_phrases())
    html = render_delivery(page, sample_phrases())
    assert "\u202e" not in html
    assert "\x00" not in html
    assert "vas_gpj.sav_" in html


def test_the_mark_stands_on_synthetic_pages_only():
    pages, index = sample_pages()
    real = Phrases(**{**vars(sample_phrases()), "synthetic": False})
    for html in (render_delivery(pages[0], real), render_index(index, real, frozenset())):
        assert "SYNTETISKA" not in html
    assert all(html.count("SYNTETISKA DATA") == 2 for html in rendered().values()), "on the page and in the margin of a print"


def test_the_index_links_only_pages_that_lie_there():
    html = rendered()["index.html"]
    pages, _ = sample_pages()
    assert f'href="{pages[0].path}"' not in html
    assert all(f'href="{page.path}"' in html for page in pages[1:])
    assert "inbox/avvisade/budget.xlsx" in html
    assert "Filen ligger inte kvar bland de avvisade." in html


def test_markdown_holds_no_live_markup_and_one_row_per_delivery():
    pages, index = sample_pages()
    text = markdown_report(pages, index, sample_phrases())
    assert "<" not in re.sub(r"`[^`]*`", "", text).replace("&lt;", "")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + len(pages)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 7 for row in rows), "a bar in a name opens no column"
    assert HOSTILE not in text
    assert "SYNTETISKA DATA" in text


def test_markdown_of_a_run_without_deliveries_says_so():
    _, index = sample_pages()
    assert "Inga leveranser." in markdown_report((), index, sample_phrases())
