"""A corrected delivery runs its own wave again and nothing else, and the result is that of a run from nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pyreadstat

from assets.slices import WAVES
from pipelines import chain
from pipelines.console import SilentProgress
from pipelines.definitions import build_definitions
from pipelines.paths import Paths
from pipelines.run import run_everything
from pipelines.warehouse import TableName, Warehouse
from tests.pipeline.conftest import PUBLISHED
from tests.pipeline.test_chain import tree

TABLES = ("index_results", "suppression_log", "response_rates", "delivery_quality", "provenance")
CORRECTED = 2018


def corrected_delivery(source: Path, target: Path) -> None:
    """One wave of a delivery with a single answer changed: what a municipality sends when it has found a mistake.

    The question is in no index and no series, so no published number of another municipality moves.
    """
    frame, meta = pyreadstat.read_sav(source, user_missing=True, output_format="polars")
    wave = frame.filter(pl.col("ar") == CORRECTED)
    first = pl.int_range(pl.len()) == 0
    other = wave["F5"].drop_nulls().filter(wave["F5"].drop_nulls() != wave["F5"][0])[0]
    pyreadstat.write_sav(
        wave.with_columns(F5=pl.when(first).then(pl.lit(other)).otherwise("F5")),
        str(target),
        column_labels=dict(meta.column_names_to_labels),
        variable_value_labels=meta.variable_value_labels,
        missing_ranges=meta.missing_ranges,
    )


def stamps(folder: Path) -> dict[str, int]:
    """Relative path -> modification time of every file."""
    return {p.relative_to(folder).as_posix(): p.stat().st_mtime_ns for p in sorted(folder.rglob("*")) if p.is_file()}


def jobs_run(root: Path) -> set[tuple[str, str, str]]:
    """Job and range of partitions of each run on the folder's instance."""
    with dg.DagsterInstance.from_config(str(root / "dagster")) as instance:
        ends = [f"dagster/asset_partition_range_{end}" for end in ("start", "end")]
        return {(run.job_name, *(run.tags.get(end, "") for end in ends)) for run in instance.get_runs()}


def of_wave(warehouse: Warehouse, name: str) -> dict[object, str]:
    """Content of a table per wave."""
    return warehouse.hashes(TableName(*name.split(".")), "wave")


def test_a_corrected_delivery_runs_its_wave_and_the_bundles_that_show_it(copy_of_demo, tmp_path):
    paths, warehouse = copy_of_demo.paths, copy_of_demo.warehouse
    (source,) = paths.surveys.glob("*2016-2022 Vallentuna.sav")
    corrected_delivery(source, paths.surveys / "Vallentuna 2018 rättad.sav")
    tables = ("harmonised.survey_responses", "validated.survey_responses", "indices.area_counts", "release.index_results")
    content, before, times = {t: of_wave(warehouse, t) for t in tables}, tree(paths.reports), stamps(paths.reports)

    summary = run_everything(copy_of_demo.root, SilentProgress(), municipalities=PUBLISHED)
    wave, last = str(CORRECTED), str(WAVES[-1])
    assert jobs_run(copy_of_demo.root) == {
        ("read_surveys", str(WAVES[0]), last),
        ("check_surveys", wave, last),  # later waves are compared with this one; their answers stay as they are
        ("build_indices", wave, wave),
        ("publish_bundles", f"{PUBLISHED[0]}|{last}", f"{PUBLISHED[1]}|{last}"),
        ("publish_kits", f"{PUBLISHED[0]}|{last}", f"{PUBLISHED[1]}|{last}"),
        ("publish_overview", last, last),
    }
    for table, known in content.items():
        now = of_wave(warehouse, table)
        assert {w for w in WAVES if now[w] != known[w]} <= {CORRECTED}, table
    after, again = tree(paths.reports), stamps(paths.reports)
    rewritten = {name.split("/")[1].split("_")[0] for name in again if again[name] != times.get(name)}
    changed = {name.split("/")[1].split("_")[0] for name in after if after[name] != before.get(name)}
    assert rewritten == changed
    assert "0115" in rewritten, "its own file has another checksum now"
    assert len(rewritten) < summary.bundles_written
    municipalities = {name for name in rewritten if name.isdigit() and name != "01"}  # the county has a bundle of its own
    assert summary.bundles_unchanged == summary.bundles_written - len(municipalities)

    shutil.rmtree(copy_of_demo.root / "dagster")
    run_everything(copy_of_demo.root, SilentProgress(), municipalities=PUBLISHED)
    assert {job for job, *_ in jobs_run(copy_of_demo.root)} == {
        "read_surveys",
        "publish_bundles",
        "publish_kits",
        "publish_overview",
    }
    assert stamps(paths.reports) == again, "nothing new, nothing written"
    assert tree(paths.reports) == after

    fresh = Paths(tmp_path / "nytt")
    fresh.make()
    shutil.copytree(paths.root / "inbox", fresh.root / "inbox", dirs_exist_ok=True)
    shutil.copytree(paths.cache / "diagram", fresh.cache / "diagram")  # a picture is kept under its whole specification
    run_everything(fresh.root, SilentProgress(), municipalities=PUBLISHED)
    for name in TABLES:
        table = TableName("release", name)
        assert Warehouse(fresh.warehouse).read(table).sort(pl.all()).equals(warehouse.read(table).sort(pl.all())), name
    assert but_for_the_release(fresh.reports) == but_for_the_release(paths.reports)


def but_for_the_release(folder: Path) -> dict[str, object]:
    """As `tree`, without what certificates say of the release a bundle was drawn from: one that is kept is of an earlier one."""
    found: dict[str, object] = {name: digest for name, digest in tree(folder).items() if not name.endswith(".zip")}
    for name in (name for name in found if name.endswith("_intyg/manifest.json")):
        told = json.loads((folder / name).read_text(encoding="utf-8"))
        found[name] = told | {"release": {k: v for k, v in told["release"].items() if k not in {"id", "audit"}}}
    return found


def test_a_layer_run_by_hand_and_a_damaged_bundle_are_put_right(copy_of_demo, run_job):
    paths, everything = copy_of_demo.paths, chain.Choice(everything=True)
    assert chain.runs(paths, "check_surveys", chain.Choice()) == []
    assert chain.runs(paths, "ingest_registers", chain.Choice()) == []
    assert len(chain.runs(paths, "check_surveys", everything)) == len(chain.runs(paths, "ingest_registers", everything)) == 1
    name = TableName("validated", "survey_responses")
    rows = copy_of_demo.warehouse.read(name, {"wave": [2020]})
    copy_of_demo.warehouse.replace(name, rows.head(rows.height - 1), {"wave": [2020]})
    (again,) = chain.runs(paths, "check_surveys", chain.Choice())
    assert set(again.values()) == {"2020", str(WAVES[-1])}, "and the later waves, which are compared with it"
    copy_of_demo.warehouse.replace(name, rows, {"wave": [2020]})
    assert chain.runs(paths, "check_surveys", chain.Choice()) == []

    before = tree(paths.reports)
    for path in (*paths.reports.glob("2024/0115_*/1_rapport/rapport.html"), *paths.reports.glob("2024/0117_*_intern.zip")):
        path.write_bytes(b"x")
    publish = chain.runs(paths, "publish_bundles", chain.Choice(municipalities=PUBLISHED))
    assert all(run_job(copy_of_demo.root, "publish_bundles", tags).success for tags in publish)
    assert tree(paths.reports) == before


def test_the_job_that_takes_in_files_runs_what_is_new_and_all_of_it_when_asked(copy_of_demo):
    """What the sensor starts is made of the same steps: one run, and in it only the waves that a file touches."""
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_definitions(copy_of_demo.root).resolve_job_def("ingest")
        assert job.execute_in_process(instance=instance, raise_on_error=False).success
        assert sorted(run.job_name for run in instance.get_runs()) == ["ingest", "read_surveys"]
        choices = {"ops": {name: {"config": {"allt": True}} for name in ("registers", "surveys")}}
        assert job.execute_in_process(instance=instance, run_config=choices, raise_on_error=False).success
        names = sorted(run.job_name for run in instance.get_runs())
        assert names == ["check_surveys", "ingest", "ingest", "ingest_forms", "ingest_registers", "read_surveys", "read_surveys"]
