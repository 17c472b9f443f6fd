"""From a run with a name to a sealed bundle in the register, and everything that stops it: no gate is passed over."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.audit.tasks import tasks
from assets.catalogue.load import active_profile, load_catalogue
from assets.methods.errors import PipelineError
from assets.published_gates import checks
from assets.release_audit import audit_rules, published_tables
from assets.release_audited import OUTCOMES, SCHEMA, earlier_attacked
from assets.release_register.store import CHAIN, FOLDER, check_register, read_preview
from assets.sealing.approvals import APPROVED, State
from assets.sealing.bundle import Bundle
from assets.sealing.publish import Step
from assets.sealing.store import bundle_folders, read_bundle
from assets.sealing.taken_in import approve
from assets.sealing.wired import publish_wave
from assets.slices import WAVES, range_tags
from pipelines import cli
from pipelines.chain import Choice, finished, runs
from pipelines.definitions import build_definitions
from pipelines.paths import Paths
from pipelines.resources import release_id
from pipelines.warehouse import TableName, Warehouse
from tests.pipeline.test_chain import tree
from tests.pipeline.test_release_register import compared, without_a_school

WAVE = WAVES[-1]
MUNICIPALITY, AUTHOR, FIRST, SECOND = "0115", "Anna Andersson", "Åsa Ek", "Bo Alm"
LARGEST = "0180"
"""In a smaller one a school less no longer shows in what is told: the respondents are protected (docs/adr/0065)."""
BUNDLES = {"municipality_bundle": (f"{MUNICIPALITY}|{WAVE}", "bada"), "county_bundle": (str(WAVE), "publik")}


@dataclass(frozen=True)
class Clean:
    """Stands for the scan of finished files, which has tests of its own and reads every page of a bundle."""

    name: str = "Granskningen av färdiga filer"

    def check(self, bundle: object) -> tuple[str, ...]:
        return ()


@pytest.fixture(scope="module", autouse=True)
def files_are_clean() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assets.published_gates.Scanned", lambda drawn_from: Clean())
        yield


def draw(root: Path, name: str, prepared_by: str = AUTHOR) -> None:
    """Draw one kind of bundle by the asset that does it."""
    tags, edition = BUNDLES[name]
    job = build_definitions(root, prepared_by=prepared_by, edition=edition).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        key = [dg.AssetKey(["reports", name])]
        assert job.execute_in_process(instance=instance, asset_selection=key, tags=range_tags(tags, tags)).success


def approved(paths: Paths, *names: str) -> None:
    """Let persons approve every bundle of the wave, as it is now."""
    for folder in bundle_folders(paths, WAVE):
        for name in names:
            approve(paths, date.today(), paket=folder.name, namn=name, roll="chef", skal="granskat", beslut=APPROVED)  # noqa: DTZ011


def publish(paths: Paths) -> list[Step]:
    """Publish as `did publicera` does."""
    return publish_wave(paths, paths.keys(active_profile()), WAVE, *checks(paths))


def by_job(root: Path) -> dict[str, object]:
    """Publish by the job in Dagster; its metadata."""
    job = build_definitions(root).resolve_job_def("publicera")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        told = result.asset_materializations_for_node("published__sealed_bundles")[0].metadata
    return {name: value.value for name, value in told.items()}


@pytest.fixture(scope="module")
def drawn(small_demo, tmp_path_factory) -> Paths:
    """A wave of the small demo with three bundles that name their author: two of a municipality and the county's public one."""
    root = tmp_path_factory.mktemp("utgivning") / "data"
    shutil.copytree(small_demo.root, root, ignore=shutil.ignore_patterns("dagster", "reports", "arkiv", "inbox", "utgivning"))
    keep_one_wave(Warehouse(Paths(root).warehouse))
    for name in BUNDLES:
        draw(root, name)
    return Paths(root)


def keep_one_wave(warehouse: Warehouse) -> None:
    """Leave the latest wave in the release, which makes the bundles small, and say that the audit has passed for it."""
    for table in warehouse.tables("release"):
        if "wave" in warehouse.columns(table):
            warehouse.replace(table, warehouse.read(table, {"wave": [WAVE]}), None)
    say_audited(warehouse)


def say_audited(warehouse: Warehouse) -> None:
    """Say that the release as it lies there has passed the audit."""
    passed = pl.DataFrame([(release_id(warehouse), 7, 0)], schema=SCHEMA, orient="row")
    warehouse.replace(OUTCOMES, passed, None)


def test_the_audit_of_a_run_is_about_the_release_that_it_leaves(small_demo):
    (outcome,) = small_demo.warehouse.read(OUTCOMES).rows(named=True)
    attacked = small_demo.warehouse.read(TableName("release", "audit")).height
    assert outcome == {"release_id": release_id(small_demo.warehouse), "cells": attacked, "entries": 0}


@pytest.fixture(scope="module")
def out(drawn, tmp_path_factory) -> tuple[Paths, dict[str, object]]:
    """The three bundles approved by two and published by the job. Read only."""
    root = tmp_path_factory.mktemp("utgiven") / "data"
    shutil.copytree(drawn.root, root)
    paths = Paths(root)
    approved(paths, FIRST, SECOND)
    return paths, by_job(root)


@pytest.fixture
def ready(drawn, tmp_path) -> Paths:
    """The three bundles approved by two."""
    shutil.copytree(drawn.root, tmp_path / "data")
    paths = Paths(tmp_path / "data")
    approved(paths, FIRST, SECOND)
    return paths


@pytest.fixture
def after(out, tmp_path) -> Paths:
    """A copy of what has been published, with its release, to change."""
    shutil.copytree(out[0].root, tmp_path / "data")
    return Paths(tmp_path / "data")


def untouched(paths: Paths) -> dict[str, str]:
    """What is out and what is in the register."""
    return {**tree(paths.published), **tree(paths.root / FOLDER)} if paths.published.exists() else {}


def test_approved_bundles_are_sealed_and_in_the_register_once(out, capsys, monkeypatch):
    paths, told = out
    archives = sorted(paths.published.rglob("*.zip"))
    assert told["nya utgivna paket"] == told["dagster/row_count"] == len(archives) == 3
    assert told["stoppade paket"] == 0
    monkeypatch.setenv("DID_HOME", str(paths.root))
    public = paths.root / "publik.pem"
    assert cli.main(["nyckel", "--exportera", str(public)]) == 0
    for archive in archives:
        assert cli.main(["verifiera", str(archive), "--nyckel", str(public)]) == 0
    assert AUTHOR in capsys.readouterr().out
    entries = check_register(paths.root).entries
    assert sorted(entry.new.bundle for entry in entries) == [archive.stem for archive in archives]
    for entry in entries:
        _, inputs, digest = read_preview(paths.root, WAVE, entry.new.bundle)
        assert (entry.cells_sha256, entry.new.inputs) == (digest, inputs)
        assert entry.new.release_id == release_id(Warehouse(paths.warehouse))
        assert entry.new.published_on == date.today().isoformat()  # noqa: DTZ011
    before = untouched(paths)
    assert by_job(paths.root)["nya utgivna paket"] == 0
    assert untouched(paths) == before


def test_certificates_name_the_release_and_an_unchanged_bundle_stays(drawn):
    before = tree(drawn.reports)
    for name in BUNDLES:
        draw(drawn.root, name)
    assert tree(drawn.reports) == before
    outcome = Warehouse(drawn.warehouse).read(OUTCOMES)
    for folder in bundle_folders(drawn, WAVE):
        release = json.loads((folder / "7_intyg" / "manifest.json").read_text(encoding="utf-8"))["release"]
        assert release["id"] == outcome["release_id"].item()
        assert release["audit"] == {"passed": True, "cells": outcome["cells"].item()}
        assert release["cells_sha256"] == read_preview(drawn.root, WAVE, folder.name)[2]


def test_a_corrected_delivery_stops_and_what_is_out_stays(small_demo, after):
    before = untouched(after)
    without_a_school(small_demo, after, LARGEST)
    with compared(after) as result:
        (failed,) = [event for event in result.all_events if event.is_step_failure]
    words = str(failed.event_specific_data.user_failure_data.description)
    assert "release.index_results" in words
    assert "samma tabell i utgivningen" in words
    warehouse = Warehouse(after.warehouse)
    for_the_audit = earlier_attacked(warehouse, load_catalogue(), published_tables(warehouse))
    assert {name for one in for_the_audit for name in one.tables} >= {"index_results"}
    assert all(tasks(one.tables, audit_rules(load_catalogue()), whole=True) for one in for_the_audit)
    (_, register) = checks(after)
    assert "samma tabell i utgivningen" in " ".join(register.conflicts(_other(after)))
    assert {step.state for step in publish(after)} == {State.PUBLISHED}, "what is out is not looked at again"
    assert untouched(after) == before


def _other(paths: Paths) -> Bundle:
    """A bundle that isn't in the register: the municipality's own under another manifest."""
    (folder,) = [one for one in bundle_folders(paths, WAVE) if one.name.endswith("_intern")]
    bundle = read_bundle(folder)
    return replace(bundle, manifest=replace(bundle.manifest, sha256="f" * 64))


def test_a_bundle_of_an_older_release_has_to_be_drawn_again(ready):
    warehouse, table = Warehouse(ready.warehouse), TableName("release", "response_rates")
    one_more = pl.col("schools_participating").fill_null(0) + 1
    warehouse.replace(table, warehouse.read(table).with_columns(one_more), None)
    assert all("har inte klarat granskningen" in step.stopped[0] for step in publish(ready)), "the audit reads that table too"
    say_audited(warehouse)
    steps = publish(ready)
    assert all("Siffrorna i utgåvan är andra nu än när paketet gjordes. Kör did kor" in step.stopped[0] for step in steps)
    assert not untouched(ready)


def test_an_audit_of_another_release_opens_nothing(ready):
    Warehouse(ready.warehouse).replace(OUTCOMES, pl.DataFrame([("0" * 64, 1, 0)], schema=SCHEMA, orient="row"), None)
    steps = publish(ready)
    assert all("har inte klarat granskningen" in step.stopped[0] for step in steps)
    assert not untouched(ready)


def test_the_register_asks_for_an_audit_only_when_the_release_is_another(after):
    warehouse = Warehouse(after.warehouse)
    assert not earlier_attacked(warehouse, load_catalogue(), published_tables(warehouse)), "the same numbers cost nothing"
    assert runs(after, "audit_release", Choice())  # the register has grown since
    finished(after, "audit_release", Choice())
    assert not runs(after, "audit_release", Choice())
    _, register = checks(after)
    assert not register.conflicts(_other(after)), "all that is out stands in the release"


def test_what_is_changed_or_broken_stops_with_a_sentence(ready):
    report = next(ready.reports.glob(f"{WAVE}/{MUNICIPALITY}_*_intern/1_rapport/rapport.html"))
    whole = report.read_bytes()
    report.write_bytes(whole + b" ")
    cells = next((ready.releases / str(WAVE)).glob(f"{MUNICIPALITY}_*_publik.json"))
    told = cells.read_bytes()
    cells.write_bytes(told[:-5])
    steps = {step.bundle: step for step in publish(ready)}
    changed, kept, unreadable = (
        next(v for k, v in steps.items() if part in k) for part in ("_intern", "01_st", "vallentuna_2024_v1.0_publik")
    )
    assert (changed.state, kept.state) == (State.CHANGED, State.PUBLISHED)
    assert "en som saknas eller är ändrad" in unreadable.stopped[0]
    report.write_bytes(whole)
    cells.write_bytes(told)

    chain = ready.root / FOLDER / CHAIN
    held, sound = chain.read_bytes(), untouched(ready)
    chain.write_bytes(held.replace(b'"wave":2024', b'"wave":2022'))
    before = untouched(ready)
    with pytest.raises(PipelineError, match=r"^Utgivningsregistret \(.*\): väntade"):
        publish(ready)
    assert untouched(ready) == before
    chain.write_bytes(held)

    (ready.keys(active_profile()) / "sigill.pem").unlink()
    with pytest.raises(PipelineError, match="säkerhetskopian"):
        publish(ready)
    assert untouched(ready) == sound
