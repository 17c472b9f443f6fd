"""The method folder: what is in it comes from the catalogue and the release, and a change is called what it is."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl

from assets.bundle.content import municipality_report
from assets.bundle.method_folder import method_files, method_pages, quality_declaration
from assets.bundle.previous import previous_tables
from assets.bundle.render import render_bundle
from assets.bundle.types import Bullets, Section, Table, Text
from assets.bundle.words import Context
from assets.bundle.writer import write_bundle
from assets.catalogue.load import load_catalogue
from assets.charts.types import ReleaseFrames
from tests.support.sample_bundle import hide, outline, sample_bundle_frames, sample_bundle_meta, sample_report_meta

META, CATALOGUE = sample_report_meta(), load_catalogue()
FRAMES, SCOPE = sample_bundle_frames()
AT = pl.int_range(pl.len())


def pages(frames: ReleaseFrames = FRAMES) -> dict[str, tuple[Section, ...]]:
    assert META.method is not None
    content = municipality_report(frames, SCOPE, META)
    return method_pages(Context(frames, SCOPE, META), content, META.method)


def words(sections: tuple[Section, ...]) -> str:
    parts: list[str] = []
    for found in sections:
        for block in found.blocks:
            if isinstance(block, Text):
                parts.append(block.text)
            elif isinstance(block, Bullets):
                parts += block.items
            elif isinstance(block, Table):
                parts += [str(cell) for row in block.rows for cell in row]
    return "\n".join(parts)


def test_the_indicator_list_holds_every_index_question_scale_and_register_measure_once():
    files = method_files(FRAMES, municipality_report(FRAMES, SCOPE, META), META)
    listed = pl.read_csv(files["5_metod/indikatorlista.csv"])
    ids = listed["Id"].to_list()
    expected = {i.key for i in CATALOGUE.indices} | {i.id for i in CATALOGUE.indicator_file.indicators}
    assert expected | {i.id for i in CATALOGUE.indicator_file.indices} <= set(ids)
    assert "N15428" in ids
    survey = listed.filter(pl.col("Slag") != "registermått")
    assert survey["Id"].n_unique() == survey.height
    sensitive = {i.id for i in CATALOGUE.indicator_file.indicators if i.sensitive}
    assert set(survey.filter(pl.col("Röjandeklass") == "känslig")["Id"]) >= sensitive
    assert survey.filter(pl.any_horizontal(pl.all().is_null())).is_empty(), "every column says something"


def test_the_codebook_has_both_numberings_and_codes_for_every_question():
    files = method_files(FRAMES, municipality_report(FRAMES, SCOPE, META), META)
    book = pl.read_csv(files["5_metod/kodbok.csv"], infer_schema=False)
    assert book["Fråga"].to_list() == [item.key for item in CATALOGUE.survey.items]
    row = book.row(by_predicate=pl.col("Fråga") == "F55m", named=True)
    assert row["Namn i äldre leveranser"] == "f54m"
    assert row["Svarskoder"].startswith("1 = ")
    assert "Vantrivsel i skolan" in row["Ingår i index"]


def test_the_quality_declaration_carries_the_release_s_own_numbers():
    assert META.method is not None
    found = quality_declaration(Context(FRAMES, SCOPE, META), META.method)
    titles = [section.title for section in found]
    assert titles == ["Relevans", "Tillförlitlighet", "Aktualitet", "Jämförbarhet", "Samstämmighet"]
    rates = FRAMES.response_rates.filter(
        (pl.col("area_code") == SCOPE.area_code) & (pl.col("wave") == SCOPE.wave) & (pl.col("grade") == "ak9")
    )
    count = f"{rates['respondents'][0]:,}".replace(",", "\u00a0")
    assert f"Årskurs 9: {count} svar" in words(found)
    assert "{" not in words(found)


def test_without_answers_the_declaration_says_so_and_there_is_no_page_on_non_response():
    frames = hide(FRAMES, SCOPE.area_code, "no_delivery")
    made = pages(frames)
    assert "Inga enkätsvar från kommunen ingår" in words(made["kvalitetsdeklaration"])
    assert "bortfall" not in made
    page = render_bundle(frames, SCOPE, META, draw=outline).files["5_metod/metod.html"].decode()
    assert "bortfall.html" not in page
    assert "kodbok.html" in page


def test_the_disclosure_decision_has_every_rule_with_its_value_and_no_cell():
    told = words(pages()["rojandekontroll"])
    for rule in CATALOGUE.disclosure["rules"]:
        assert rule["text_sv"].replace("{value}", str(rule["value"])) in told
        assert rule["why"] in told
    assert "Botkyrka" not in told


def test_every_page_that_the_method_page_links_is_in_the_bundle(sketched):
    files = sketched(SCOPE.area_code).files
    page = files["5_metod/metod.html"].decode()
    linked = {part.split('"')[0] for part in page.split('href="')[1:]}
    assert {name for name in linked if name.endswith(".html")} >= {"kodbok.html", "bortfall.html", "andringar.html"}
    for name in linked:
        if name.endswith(".html"):
            assert f"5_metod/{name}" in files


def test_the_edition_before_is_read_back_from_its_bundle_and_compared(tmp_path):
    older = replace(META, version="0.9")
    first = render_bundle(FRAMES, SCOPE, older, draw=outline)
    assert "Första utgåvan för 2024" in first.files["5_metod/andringar.html"].decode()
    write_bundle(first, tmp_path, sample_bundle_meta())
    assert previous_tables(tmp_path, SCOPE, first.folder).is_empty(), "a version is not its own earlier one"
    earlier = previous_tables(tmp_path, SCOPE, "0127_botkyrka_2024_v1.0_intern")
    same = render_bundle(replace(FRAMES, previous_tables=earlier), SCOPE, META, draw=outline)
    assert "har ändrats sedan version 0.9" in same.files["5_metod/andringar.html"].decode()
    assert "5_metod/andringar.csv" not in same.files
    own = (pl.col("area_code") == SCOPE.area_code) & (pl.col("index_key") == "wellbeing") & pl.col("value").is_not_null()
    moved = FRAMES.index_results.with_columns(value=pl.when(own).then(pl.col("value") + 1).otherwise("value"))
    later = render_bundle(replace(FRAMES, index_results=moved, previous_tables=earlier), SCOPE, META, draw=outline)
    assert "värden har rättats" in later.files["5_metod/andringar.html"].decode()
    cells = pl.read_csv(later.files["5_metod/andringar.csv"], infer_schema=False)
    assert cells.height == moved.filter(own).height
    assert set(cells["Slag av ändring"]) == {"rättelse"}
    assert set(cells["Mått-id"]) == {"wellbeing"}
    manifest = json.loads((tmp_path / "2024" / first.folder / "7_intyg/manifest.json").read_text(encoding="utf-8"))
    assert "5_metod/kodbok.csv" in manifest["files"]
