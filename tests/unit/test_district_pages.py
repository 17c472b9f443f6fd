"""The page of city districts: a section each in alphabetical order, never side by side, with a reason where nothing is shown."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.content import municipality_report
from assets.bundle.district_pages import PAGE, district_pages
from assets.bundle.html import render_districts
from assets.bundle.readme import readme_files
from assets.bundle.types import Bullets, Section, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from tests.support.sample_bundle import DISTRICTS, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
FRAMES, SCOPE = sample_bundle_frames("0180")
HIDDEN = "Älvsjö"


@pytest.fixture(scope="module")
def sections() -> tuple[Section, ...]:
    return district_pages(Context(FRAMES, SCOPE, META))


def told(section: Section) -> str:
    return " ".join(
        text
        for b in section.blocks
        if isinstance(b, Text | Bullets)
        for text in (b.items if isinstance(b, Bullets) else [b.text])
    )


def test_every_district_has_a_section_and_they_stand_in_alphabetical_order(sections):
    found = [section.title for section in sections[1:]]
    assert found == sorted(DISTRICTS.values(), key=numbers.swedish)


def test_no_table_sets_districts_beside_each_other(sections):
    for section in sections[1:]:
        others = set(DISTRICTS.values()) - {section.title}
        for table in (b for b in section.blocks if isinstance(b, Table)):
            words = {str(cell) for row in table.rows for cell in row} | set(table.columns) | {table.caption}
            assert not [name for name in others for word in words if name in word], table.id


def test_levels_stand_beside_the_municipality_with_the_released_values(sections):
    shown = next(section for section in sections if section.title == "Södermalm")
    table = next(b for b in shown.blocks if isinstance(b, Table) and b.id.endswith("-ak9-nu"))
    assert "Stockholms stad" in table.columns
    own = Context(FRAMES, replace(SCOPE, area_code="0180-106", area_name="Södermalm"), META)
    for key, row in zip(META.charts.indices, table.rows, strict=True):
        cell = own.focus(key, "ak9")
        start = f"{own.share(cell)} (" if cell.shown else META.charts.reasons[cell.reason].mark
        assert str(row[1]).startswith(start)


def test_a_hidden_district_says_why_and_has_no_empty_table(sections):
    hidden = next(section for section in sections if section.title == HIDDEN)
    assert told(hidden).count("skyddat av sekretesskäl [c]") >= 2
    assert not [b for b in hidden.blocks if isinstance(b, Table) and not b.rows]
    assert not [b for b in hidden.blocks if isinstance(b, Table) and b.id.endswith("-nu")]


def test_the_public_edition_and_a_municipality_without_districts_have_no_page():
    public = FRAMES.index_results.with_columns(edition=pl.lit("publik"))
    assert district_pages(Context(replace(FRAMES, index_results=public), replace(SCOPE, edition="publik"), META)) == ()
    assert district_pages(Context(*sample_bundle_frames("0127"), META)) == ()


def test_the_page_is_linked_has_unique_ids_and_asks_for_nothing(sections):
    content = municipality_report(FRAMES, SCOPE, META)
    page = render_districts(sections, content, META)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert not re.search(r"https?://|<script|src=", page)
    assert 'href="rapport.html"' in page
    assert PAGE in readme_files(content, META, districts=True)["LAS_MIG.html"].decode()
    assert PAGE not in readme_files(content, META)["LAS_MIG.html"].decode()
    assert any("stadsdelsomraden.html" in told(section) for section in content.sections)
