"""The facilitator's kit: what it holds, that every link leads somewhere, and that its numbers are the report's."""

from __future__ import annotations

import hashlib
import html
import pickle
import re
from dataclasses import replace
from urllib.parse import unquote

import polars as pl
import pytest

from assets.bundle.tables import table_files
from assets.kit import kit
from assets.kit.kit import CERTIFICATE, kit_folder_name, render_kit
from assets.kit.readme import render_kit_readme
from assets.methods.errors import PipelineError
from tests.support.prevention_sample import prevention_frames
from tests.support.published_numbers import ReadTable, World, disagreements, from_tables, plain, read_bundle
from tests.support.sample_bundle import hide, outline, sample_bundle_frames, sample_report_meta

META = sample_report_meta()


@pytest.fixture(scope="module")
def rendered():
    return render_kit(*prevention_frames(), META, outline)


def page_of(made) -> str:
    return made.files["LAS_MIG.html"].decode()


def test_the_kit_lies_beside_the_report_and_is_whole(rendered):
    assert rendered.folder == "0127_botkyrka_2024_v1.0_intern_workshop"
    assert {"LAS_MIG.html", "1_tavla/workshoptavla.html", "4_formular/0127_beslut.xlsx", "4_formular/0127_beslut.html"} <= set(
        rendered.files
    )
    sums = rendered.files[f"{CERTIFICATE}/manifest-sha256.txt"].decode().splitlines()
    listed = dict(line.split("  ")[::-1] for line in sums)
    assert listed == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in rendered.files.items()
        if not name.endswith("manifest-sha256.txt")
    }
    told = rendered.files[f"{CERTIFICATE}/SA_KONTROLLERAR_DU.txt"].decode()
    assert "5_intyg/manifest-sha256.txt" in told
    assert "7_intyg" not in told
    assert rendered.files == render_kit(*prevention_frames(), META, outline).files
    assert pickle.loads(pickle.dumps(rendered)).files == rendered.files


def test_every_link_leads_to_a_file_and_every_file_is_linked(rendered):
    links = {unquote(html.unescape(link)) for link in re.findall(r'href="([^"]+)"', page_of(rendered))}
    assert links == {name for name in rendered.files if name != "LAS_MIG.html" and not name.startswith(CERTIFICATE)}


def test_a_step_about_files_that_the_kit_lacks_is_left_out():
    frames, scope = prevention_frames()
    content = render_kit_readme(kit.board_content(frames, scope, META), META, "mapp", ["1_tavla/workshoptavla.html"]).decode()
    assert "Lägg fram de utskrivna bladen" not in content
    printed = ["1_tavla/workshoptavla.html", "2_utskrift/01_tidplan.pdf"]
    more = render_kit_readme(kit.board_content(frames, scope, META), META, "mapp", printed).decode()
    assert "Lägg fram de utskrivna bladen" in more
    assert '<a href="2_utskrift/01_tidplan.pdf">01 Tidplan för tre timmar (PDF)</a>' in more


def test_a_new_part_joins_by_one_line(monkeypatch):
    monkeypatch.setattr(kit, "PARTS", (*kit.PARTS, lambda one: {"2_utskrift/a.pdf": one.content.area_name.encode()}))
    made = render_kit(*sample_bundle_frames(), META, outline)
    assert made.files["2_utskrift/a.pdf"] == b"Botkyrka"
    assert "2_utskrift/a.pdf" in page_of(made)


@pytest.mark.parametrize("reason", ["suppressed", "missing"])
def test_a_municipality_without_values_has_a_kit_that_says_what_is_missing(reason):
    frames, scope = sample_bundle_frames()
    text = page_of(render_kit(hide(frames, "0127", reason), scope, META, outline))
    assert text.count("<li><strong>") == 6
    assert "Det här kan inte visas för er" in text


def test_every_number_of_the_charts_is_the_one_that_the_report_publishes(rendered):
    frames, scope = prevention_frames()
    indices = META.charts.indices
    world = World(
        scope.area_code, scope.area_name, META.texts["common"]["county"], scope.wave,
        {index.label_sv: key for key, index in indices.items()}, {key: index.focus_measure for key, index in indices.items()},
    )  # fmt: skip
    cards = kit.chart_cards(frames, scope, META)
    content = kit.board_content(frames, scope, META)
    tables = [
        ReadTable(card.chart_id, tuple(map(plain, picture.columns)), tuple(tuple(map(plain, row)) for row in picture.rows))
        for held in content.cards
        for card, picture in zip(cards[held.id], held.pictures, strict=True)
    ]
    found = from_tables(tables, world)
    marks = {code: one.mark for code, one in META.charts.reasons.items()}
    read = read_bundle(table_files(*sample_bundle_frames(), META), world)
    released = read["4_tabeller/index_results.csv"]
    assert len(found) >= 60
    assert set(found) <= set(released)
    assert not disagreements(read | {"tavlan": found}, marks)


def test_what_is_drawn_is_what_stands_in_the_table_beside_it():
    content = kit.board_content(*prevention_frames(), META)
    for card in content.cards[:1] + content.cards[2:3]:
        for picture in card.pictures:
            shares = {plain(text) for text in re.findall(r'weight="bold"[^>]*>(\d+\s%)</text>', picture.svg)}
            assert shares <= {plain(cell) for row in picture.rows for cell in row}


def test_the_page_of_synthetic_data_says_so_and_needs_no_network(rendered):
    text = page_of(rendered)
    assert "SYNTETISKA DATA" in text
    assert "default-src 'none'" in text
    assert not re.findall(r"https?://", text)
    assert kit_folder_name(rendered.scope, META) in text


def test_foreign_rows_are_refused():
    frames, scope = prevention_frames()
    other = frames.readiness.with_columns(area_code=pl.lit("0180"))
    with pytest.raises(PipelineError) as refused:
        render_kit(replace(frames, readiness=other), scope, META, outline)
    assert refused.value.code == "foreign_rows"
