"""The loop closes: a decision file comes in through the inbox and stands in the next report with what the release says."""

from __future__ import annotations

import dagster as dg
import polars as pl
import pytest

from assets.bundle.decisions_section import section
from assets.bundle.frames import guard_frames, select_frames
from assets.bundle.types import Bullets, Section
from assets.bundle.words import Context
from assets.catalogue.load import load_catalogue
from assets.charts.types import ReleaseFrames, Scope
from assets.forms.decisions_form import follow_up_choices
from assets.methods.decisions import MEASURES, MOVED, loop_rules
from assets.reports import SUMMARY_COLUMNS, release_frames, report_meta
from pipelines import chain
from pipelines.definitions import build_definitions
from pipelines.paths import Paths
from pipelines.resources import ReleaseReader
from pipelines.warehouse import TableName, Warehouse
from tests.support.decision_files import board_file

CATALOGUE = load_catalogue()
OLDER, SILENT, EMPTY = "0160", "0191", "0188"
"""Municipalities with a file from an older kit, without any file, and with a workshop that decided nothing."""


@pytest.fixture(scope="module")
def published(small_demo) -> dict[str, object]:
    """A published change since the wave before, of any municipality but those with another part here."""
    rows = small_demo.warehouse.read(
        TableName("release", "trends"), {"edition": ["intern"], "sex": ["all"], "wave": [2024], "from_wave": [2022]}
    )
    measure = pl.col("series_kind").replace_strict(MEASURES, return_dtype=pl.String) == pl.col("measure")
    asked = pl.col("series").is_in([choice.code for choice in follow_up_choices(CATALOGUE)])
    own = (pl.col("area_level") == "municipality") & ~pl.col("area_code").is_in([OLDER, SILENT, EMPTY])
    shown = rows.filter(measure & asked & own, pl.col("change").is_not_null())
    clear_first = pl.col("verdict").is_in(list(MOVED))
    return shown.sort(clear_first, "area_code", "series", descending=[True, False, False]).row(0, named=True)


@pytest.fixture(scope="module")
def returned(small_demo, published, tmp_path_factory) -> Paths:
    """An installation with the small demo's release to which decision files have come back, after the two jobs that read them."""
    paths = Paths(tmp_path_factory.mktemp("beslut"))
    paths.make()
    target = Warehouse(paths.warehouse)
    for table in small_demo.warehouse.tables("release"):
        if table.table in (*SUMMARY_COLUMNS, "trends"):
            target.replace(table, small_demo.warehouse.read(table), None)
    asked = {"follow_up_indicator": published["series"], "follow_up_grade": published["grade"]}
    silent = {"priority": "Utan mått"}
    (paths.forms / "beslut.json").write_bytes(board_file(str(published["area_code"]), asked, silent))
    gone = {"follow_up_indicator": "ett_mått_som_inte_finns", "dots": "7"}
    (paths.forms / "aldre.json").write_bytes(board_file(OLDER, gone, version="2025-1", more={"votes": [{"id": "votes+1"}]}))
    (paths.forms / "nyare.json").write_bytes(board_file(OLDER, silent, version="2031-1"))
    take_in(paths)
    return paths


def take_in(paths: Paths) -> None:
    """What `everything` does with forms: only what isn't done."""
    defs = build_definitions(paths.root)
    with dg.DagsterInstance.ephemeral() as instance:
        for name in ("ingest_forms", "build_prevention"):
            for tags in chain.runs(paths, name, chain.Choice()):
                assert defs.resolve_job_def(name).execute_in_process(instance=instance, tags=tags).success
            chain.finished(paths, name, chain.Choice())


def seen(paths: Paths, area: str) -> tuple[ReleaseFrames, Scope]:
    """What the municipality's bundle of 2024 sees of the release."""
    scope = Scope(area, CATALOGUE.area_names[area], 2024, "intern")
    release = release_frames(ReleaseReader(data_dir=str(paths.root)))
    frames = select_frames(release, scope, report_meta(CATALOGUE).charts.indices)
    guard_frames(frames, scope, report_meta(CATALOGUE).charts.indices)
    return frames, scope


def told(paths: Paths, area: str) -> Section:
    found = section(Context(*seen(paths, area), report_meta(CATALOGUE)))
    assert found is not None
    return found


def test_the_next_report_says_what_was_decided_and_what_the_published_change_says(returned, published):
    area = str(published["area_code"])
    (first, second) = seen(returned, area)[0].decisions.sort("decision_id").rows(named=True)
    names = {
        "value_then": "value_from",
        "value_now": "value",
        "change": "change",
        "low": "low",
        "high": "high",
        "verdict": "verdict",
    }
    assert {name: first[name] for name in names} == {name: published[source] for name, source in names.items()}
    wanted = loop_rules(CATALOGUE, edition="intern", as_of=CATALOGUE.publication.released).high_is_good[str(published["series"])]
    moved = {"increase": wanted, "decrease": not wanted}.get(str(published["verdict"]))
    states = {True: "moved_better", False: "moved_worse", None: "no_certain_change"}
    assert first["follow_up_state"] == states[moved]
    assert second["follow_up_state"] == "no_indicator"
    said = [item for block in told(returned, area).blocks if isinstance(block, Bullets) for item in block.items]
    assert [item.split(".")[0] for item in said] == [f"{area}-2022-1, Fler vuxna på kvällarna", f"{area}-2022-2, Utan mått"]


def test_a_file_from_an_older_kit_is_read_as_far_as_it_is_known_and_a_newer_one_is_set_aside(returned):
    warehouse = Warehouse(returned.warehouse)
    (file,) = warehouse.read(TableName("raw", "form_files")).filter(municipality_code=OLDER).rows(named=True)
    assert "Formuläret är av en annan version" in file["notes"]
    assert "lästes inte" in file["notes"]
    (decision,) = seen(returned, OLDER)[0].decisions.rows(named=True)
    assert (decision["priority"], decision["follow_up_state"]) == ("Fler vuxna på kvällarna", "no_indicator")
    assert "version 2031-1" in (returned.rejected / "nyare.json.txt").read_text(encoding="utf-8")


def test_a_municipality_without_decisions_is_told_how_they_get_here(returned):
    assert [block.kind for block in told(returned, SILENT).blocks] == ["text"]


def test_use_is_counted_and_nothing_is_made_again_when_nothing_has_come(returned, published):
    used = Warehouse(returned.warehouse).read(TableName("release", "use_of_results"))
    assert used.height == len(CATALOGUE.municipality_by_code)
    own = used.filter(area_code=str(published["area_code"])).row(0, named=True)
    assert (own["workshops"], own["participants"], own["decisions"], own["decisions_due"], own["decisions_followed_up"]) == (
        1,
        14,
        2,
        2,
        1,
    )
    assert used.filter(area_code=SILENT)["workshops"].to_list() == [0]
    assert chain.runs(returned, "build_prevention", chain.Choice()) == []


def test_a_workshop_without_decisions_still_counts(returned):
    (returned.forms / "tom.json").write_bytes(board_file(EMPTY, head={"participants": "9"}))
    take_in(returned)
    used = Warehouse(returned.warehouse).read(TableName("release", "use_of_results"))
    assert used.filter(area_code=EMPTY)["workshops"].to_list() == [1]
