"""A run may choose another of the catalogue's sets of limits: everything says so, and nothing mixes two."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import polars as pl
import pytest

from assets.bundle.load import build_report_meta
from assets.bundle.render import render_bundle
from assets.bundle.types import BundleMeta, ReportMeta
from assets.bundle.writer import manifest_of
from assets.catalogue.base_profile import CUTOFF_VARIABLE
from assets.catalogue.load import load_catalogue, with_cutoffs
from assets.cutoff_guard import check_cutoffs, require_cutoffs, require_usual_for_publication
from assets.methods.errors import PipelineError
from assets.registers.files import load_register_catalogue
from pipelines import cli
from pipelines.warehouse import TableName, Warehouse
from tests.support.prevention_sample import prevention_frames
from tests.support.sample_bundle import RELEASED, outline

USUAL, OTHER = "rise-2024-09-23", "rise-2023-05-07"
BASE = load_catalogue()
CHOSEN = with_cutoffs(BASE, OTHER)
EASY = "andra gränser än de vanliga"
ENGLISH = "with other limits than the usual ones"
"""The easy-read page doesn't name the set."""
WITHOUT_NUMBERS = {f"5_metod/{name}.html" for name in ("rojandekontroll", "andringar", "kodbok", "indikatorlista")}
TABLE = TableName("indices", "person_scores")


def test_the_usual_set_is_no_choice_and_another_one_changes_the_hash() -> None:
    assert BASE.cutoffs.id == USUAL
    assert with_cutoffs(BASE, "") is BASE
    assert with_cutoffs(BASE, USUAL) is BASE
    assert CHOSEN.cutoffs == BASE.cutoff_file.get(OTHER) != BASE.cutoffs
    assert CHOSEN.content_hash != BASE.content_hash, "what rests on the limits has to be run again"
    with pytest.raises(PipelineError, match=OTHER) as raised:
        with_cutoffs(BASE, "rise-1999")
    assert raised.value.code == "unknown_cutoffs"


def test_the_command_line_chooses_for_its_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    monkeypatch.setenv("DID_HOME", str(tmp_path))
    monkeypatch.setenv(CUTOFF_VARIABLE, "")
    assert cli.main(["kor", "--granser", OTHER]) == 2, "the inbox is empty"
    assert "Inkorgen" in capsys.readouterr().err
    assert load_catalogue().cutoffs.id == OTHER
    assert cli.main(["demo", "--granser", "finns-inte"]) == 2
    assert USUAL in capsys.readouterr().err
    monkeypatch.setenv(CUTOFF_VARIABLE, "")
    assert load_catalogue().cutoffs.id == USUAL


def test_results_of_other_limits_are_refused(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    require_cutoffs(warehouse, TABLE, BASE)  # nothing there yet
    rows = pl.DataFrame({"wave": [2022, 2024], "cutoff_set": [OTHER, USUAL]})
    warehouse.replace(TABLE, rows, None)
    require_cutoffs(warehouse, TABLE, BASE, [2024])
    require_cutoffs(warehouse, TABLE, CHOSEN, [2022])
    for catalogue, waves in ((BASE, None), (CHOSEN, None), (BASE, [2022]), (CHOSEN, [2024])):
        with pytest.raises(PipelineError, match="did kor") as raised:
            require_cutoffs(warehouse, TABLE, catalogue, waves)
        assert raised.value.code == "other_cutoffs"
    warehouse.replace(TABLE, rows.drop("cutoff_set"), None)
    with pytest.raises(PipelineError, match="okända"):
        require_cutoffs(warehouse, TABLE, BASE)
    check_cutoffs([], "release.index_results", BASE)


def test_only_the_internal_edition_may_have_other_limits() -> None:
    for catalogue, edition in ((BASE, "intern"), (BASE, "publik"), (CHOSEN, "intern")):
        require_usual_for_publication(catalogue, edition)
    with pytest.raises(PipelineError, match="publik") as raised:
        require_usual_for_publication(CHOSEN, "publik")
    assert raised.value.code == "other_cutoffs_public"


def meta_of(catalogue) -> ReportMeta:
    registers = load_register_catalogue()
    return build_report_meta(catalogue, registers.sources, registers.units, version="1.0", released=RELEASED, synthetic=True)


@pytest.fixture(scope="module")
def bundles():
    """Two public bundles of the same numbers: the usual limits, and others."""
    frames, scope = prevention_frames()
    named = {
        f.name: table.with_columns(edition=pl.lit("publik"))
        for f in fields(frames)
        if "edition" in (table := getattr(frames, f.name)).columns
    }
    public = replace(frames, **named), replace(scope, edition="publik")
    return {c.cutoffs.id: render_bundle(*public, meta_of(c), draw=outline) for c in (BASE, CHOSEN)}


def test_other_limits_are_told_wherever_the_numbers_are(bundles) -> None:
    files, title = bundles[OTHER].files, CHOSEN.cutoffs.title_sv
    told = {
        n
        for n, raw in files.items()
        if title in (text := raw.decode("utf-8", errors="ignore")) or EASY in text or ENGLISH in text
    }
    readable = {name for name in files if name.endswith((".html", ".jsonld", "datapackage.json"))}
    of_forms = ("6_atgard/formular/", "6_atgard/verksamheter.html", "6_atgard/forutsattningar.html")  # nothing of pupils
    readable = {name for name in readable if not name.startswith(of_forms)}
    assert readable - told == WITHOUT_NUMBERS, sorted(told)
    charts = {name for name in files if name.startswith("2_diagram/") and name.endswith(".txt")}
    assert {name for name in charts if "Stockholmsenkät" in files[name].decode("utf-8")} <= told
    graph = json.loads(files["7_intyg/dcat.jsonld"])["@graph"]
    words = next(node["dcterms:description"] for node in graph if node["@type"] == "dcat:Dataset")
    assert [OTHER in words[1]["@value"], "andra gränser" in words[0]["@value"]] == [True, True]
    meta = BundleMeta("code", CHOSEN.content_hash, {}, "policy", 0, {}, {}, cutoff_set=OTHER)
    assert manifest_of(bundles[OTHER], meta)["cutoff_set"] == OTHER


def test_nothing_is_said_of_the_usual_limits(bundles) -> None:
    for name, raw in bundles[USUAL].files.items():
        assert "andra gränser än de vanliga" not in raw.decode("utf-8", errors="ignore").lower(), name
