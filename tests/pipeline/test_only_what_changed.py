"""A corrected delivery runs its own wave again and nothing else, and what it leaves alone is that of a run from nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import polars as pl

from assets.kept_tables import MARKS
from assets.slices import WAVES, range_tags
from pipelines import chain
from pipelines.console import SilentProgress
from pipelines.definitions import build_definitions
from pipelines.run import run_everything
from pipelines.warehouse import TableName, Warehouse
from tests.pipeline.conftest import PUBLISHED
from tests.pipeline.test_chain import tree
from tests.support.changed_sav import write_changed

UNMOVED = (
    "index_results",
    "suppression_log",
    "response_rates",
    "accumulated_results",
    "indicator_results",
    "edition_differences",
)
OF_DELIVERIES = ("delivery_quality", "provenance")
"""Tables that tell about a delivery itself; another answer doesn't change the others."""
CORRECTED = 2018


def corrected_delivery(source: Path, target: Path) -> None:
    """One wave of a delivery with a single answer changed: what a municipality sends when it has found a mistake.

    The question is in no index and no series, so no published number of another municipality moves.
    """

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        wave = frame.filter(pl.col("ar") == CORRECTED)
        other = wave["F5"].drop_nulls().filter(wave["F5"].drop_nulls() != wave["F5"][0])[0]
        return wave.with_columns(F5=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(other)).otherwise("F5"))

    write_changed(source, target, change)


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


def contents(warehouse: Warehouse) -> dict[str, dict[object, str]]:
    """Content of each table of the layers that `build_indices` writes."""
    return {str(table): warehouse.hashes(table) for layer in ("indices", "release") for table in warehouse.tables(layer)}


def test_a_corrected_delivery_runs_its_wave_and_the_bundles_that_show_it(copy_of_demo, small_demo, run_job):
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
        ("show_status", "", ""),
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
        "show_status",
    }
    assert stamps(paths.reports) == again, "nothing new, nothing written"
    assert tree(paths.reports) == after

    for name in (*UNMOVED, *OF_DELIVERIES):
        table = TableName("release", name)
        now, then = (store.read(table).sort(pl.all()) for store in (warehouse, small_demo.warehouse))
        if name in OF_DELIVERIES:
            now, then = (one.filter(~((pl.col("wave") == CORRECTED) & (pl.col("area_code") == "0115"))) for one in (now, then))
        assert now.equals(then), f"{name} isn't that of a run from nothing, which didn't have this answer"

    warehouse.replace(MARKS, warehouse.read(MARKS).clear(), None)  # so that nothing is kept
    left = contents(warehouse)
    assert run_job(copy_of_demo.root, "build_indices", range_tags(wave, wave)).success
    assert contents(warehouse) == left, "all that this answer can move, made anew with it, is what the change has left"


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
        assert sorted(run.job_name for run in instance.get_runs()) == ["ingest", "read_surveys", "show_status"]
        result = job.execute_in_process(instance=instance, run_config={"allt": "ja"}, raise_on_error=False)
        assert result.success, [e.step_failure_data.user_failure_data for e in result.all_events if e.is_step_failure]
        names = sorted(run.job_name for run in instance.get_runs())
        again = ["check_surveys", "ingest_forms", "ingest_registers"]
        assert names == sorted([*again, *2 * ["ingest", "read_surveys", "show_status"]])
