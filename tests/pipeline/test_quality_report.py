"""The quality pages of a real run: every delivery has one, bad files are listed, replaced and stopped ones say so.

That nothing of a single pupil reaches them is held by test_canary.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.delivery_reports import quality_content, quality_phrases
from assets.slices import WAVES, range_tags
from assets.validated import promote
from pipelines.warehouse import TableName
from tests.pipeline.conftest import Installation
from tests.pipeline.test_canary import DELIVERY
from tests.pipeline.test_chain import tree
from tests.support.bad_files import write_bad_files

RAW = TableName("raw", "survey_deliveries")
CANDIDATES = TableName("harmonised", "survey_responses")
PAGES_OF_ALL = {"index.html", "lagesoversikt.html", "lagesoversikt.json"}


def quality_metadata(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """What Dagster shows about the report, as text."""
    event, *_ = [e for e in result.get_asset_materialization_events() if e.asset_key.path == ["quality", "delivery_report"]]
    return {key: str(value.value) for key, value in event.materialization.metadata.items()}


def page_of(demo: Installation, wave: int, file_name: str) -> Path:
    """The page of a delivery, found through the warehouse and not through its own name."""
    rows = demo.warehouse.read(RAW, {"wave": [wave], "source_file": [file_name]})
    (page,) = (demo.paths.quality / str(wave)).glob(f"*_{rows['delivery_id'][-1][:8]}.html")
    return page


def test_every_delivery_and_wave_has_a_page_and_a_line_on_the_index(small_demo):
    held = small_demo.warehouse.read(RAW)
    pages = {p.relative_to(small_demo.paths.quality).as_posix() for p in small_demo.paths.quality.glob("*/*.html")}
    assert {(int(p.split("/")[0]), p[-13:-5]) for p in pages} == {
        (w, d[:8]) for w, d in held.select("wave", "delivery_id").rows()
    }
    assert len(pages) == held.height
    index = (small_demo.paths.quality / "index.html").read_text(encoding="utf-8")
    assert {link for link in re.findall(r'href="([^"#]+)"', index)} == pages
    assert small_demo.summary.quality_page == small_demo.paths.quality / "index.html"


def test_bad_replaced_and_changed_deliveries_are_told(copy_of_demo, run_job, tmp_path):
    demo = copy_of_demo
    before = tree(demo.paths.quality)
    expected = write_bad_files(demo.paths.surveys)
    old = demo.paths.surveys / DELIVERY
    text = old.read_bytes().decode("cp1252")
    (demo.paths.surveys / "Salem rättad.csv").write_bytes(text.replace(";F62;", ";Ny fråga;").encode("cp1252"))
    result = run_job(demo.root, "ingest_surveys", range_tags(str(WAVES[-2]), str(WAVES[-1])))
    assert result.success
    index = (demo.paths.quality / "index.html").read_text(encoding="utf-8")
    for name in expected:
        assert f"inbox/avvisade/{name}" in index
    replaced = page_of(demo, WAVES[-1], DELIVERY).read_text(encoding="utf-8")
    newer = page_of(demo, WAVES[-1], "Salem rättad.csv")
    assert "Leveransen är ersatt av Salem rättad.csv och räknas inte" in replaced
    assert f'href="../{WAVES[-1]}/{newer.name}"' in replaced
    said = newer.read_text(encoding="utf-8")
    assert "Leveransen ersätter Stockholmsenkäten 2024 Salem.csv" in said
    assert "känns inte igen: Ny fråga." in said
    assert "finns inte i leveransen: F62 Mobbad i skolan, hur ofta." in said
    shown = quality_metadata(result)
    assert "Salem rättad.csv" in shown["leveranser"]
    assert "tom.csv: väntade en fil med svar" in shown["leveranser"]
    assert shown["börja här"].endswith("index.html")
    raw, *_ = [e for e in result.get_asset_materialization_events() if e.asset_key.path == ["raw", "survey_deliveries"]]
    assert raw.materialization.metadata["kvalitet"].value == dg.AssetKey(["quality", "delivery_report"])
    after = tree(demo.paths.quality)
    changed = {name.split("/")[0] for name in before | after if before.get(name) != after.get(name)}
    assert changed == {str(WAVES[-1]), *PAGES_OF_ALL}, "a wave that nothing happened to keeps its pages byte by byte"


def test_a_stopped_delivery_says_what_to_do(copy_of_demo):
    warehouse, catalogue = copy_of_demo.warehouse, load_catalogue()
    candidates = warehouse.read(CANDIDATES)
    hit = (pl.col("municipality_code") == "0115") & (pl.col("wave") == WAVES[-1])
    bad = candidates.filter(hit)["delivery_id"][0]
    broken = candidates.with_columns(F55e=pl.when(hit).then(pl.lit(7, pl.Int16)).otherwise(pl.col("F55e")))
    warehouse.replace(CANDIDATES, broken, None)
    promote(warehouse, catalogue, [WAVES[-1]])
    pages, _ = quality_content(warehouse, copy_of_demo.paths, catalogue, quality_phrases(catalogue))
    (page,) = [p for p in pages if p.delivery_id == bad and p.wave == WAVES[-1]]
    assert page.word == "Stoppad"
    assert page.count("stop") == 1
    assert page.problems[0].todo
