"""The whole chain on a small county: inbox to bundles, then again, then parts of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl

from assets.charts.types import COUNTY_CODE
from assets.kit.kit import CERTIFICATE as KIT_CERTIFICATE
from assets.slices import MUNICIPALITIES, WAVES, bundle_range, range_tags
from pipelines.jobs import ALL_WAVES
from pipelines.warehouse import TableName
from tests.pipeline.conftest import PUBLISHED

RESPONSES = TableName("validated", "survey_responses")
RESULTS = TableName("release", "index_results")


def tree(folder: Path) -> dict[str, str]:
    """Relative path -> hash of every file."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_every_chosen_municipality_gets_a_bundle(small_demo):
    reports = small_demo.paths.reports / str(WAVES[-1])
    made = [p.name for p in reports.iterdir() if p.is_dir()]
    folders = {name.split("_")[0]: name for name in made if not name.endswith("_workshop")}
    assert {name.removesuffix("_workshop") for name in made if name.endswith("_workshop")} == set(folders.values()) - {
        folders[COUNTY_CODE]
    }
    assert set(folders) == {c for c in MUNICIPALITIES if PUBLISHED[0] <= c <= PUBLISHED[1]} | {COUNTY_CODE}
    assert small_demo.summary.bundles_written == len(folders) - 1, "the county's bundle is not one of the municipalities'"
    page = (reports / "lansoversikt.html").read_text(encoding="utf-8")
    assert all(f"{name}/1_rapport/rapport.html" in page for name in folders.values())


def test_summary_counts_are_the_warehouse_counts(small_demo):
    summary, warehouse = small_demo.summary, small_demo.warehouse
    raw = warehouse.read(TableName("raw", "survey_deliveries"))
    assert summary.deliveries_read == raw["delivery_id"].n_unique()
    assert summary.deliveries_rejected == []
    assert summary.rows_read == raw["rows"].sum()
    assert summary.rows_kept == warehouse.read(RESPONSES, columns=["wave"]).height
    assert summary.checks_passed > 20


def test_manifest_is_true_and_written_last(small_demo):
    for folder in sorted((small_demo.paths.reports / str(WAVES[-1])).glob("0*_*/")):
        place = f"{KIT_CERTIFICATE if folder.name.endswith('_workshop') else '7_intyg'}/manifest.json"
        manifest = json.loads((folder / place).read_text(encoding="utf-8"))
        files = {k: v for k, v in tree(folder).items() if k != place}
        assert manifest["files"] == files
        assert manifest["sources"], "no source file is named"


def test_waves_run_alone_give_the_same_rows_as_all_together(small_demo, one_wave_again):
    again, runs = one_wave_again
    assert all(run.success for run in runs.values())
    before = small_demo.warehouse.read(RESULTS).sort(pl.all())
    assert again.warehouse.read(RESULTS).sort(pl.all()).equals(before)


def test_one_bundle_alone_leaves_the_others(copy_of_demo, run_job):
    before = tree(copy_of_demo.paths.reports)
    result = run_job(copy_of_demo.root, "publish_bundles", range_tags("0115|2024", "0115|2024"))
    assert result.success
    assert tree(copy_of_demo.paths.reports) == before


def test_another_wave_gets_bundles_of_its_own(copy_of_demo, run_job):
    assert run_job(copy_of_demo.root, "publish_bundles", bundle_range(2022, (PUBLISHED[0], PUBLISHED[0]))).success
    assert run_job(copy_of_demo.root, "publish_overview", range_tags("2022", "2022"), "reports/county_overview").success
    page = (copy_of_demo.paths.reports / "2022/lansoversikt.html").read_text(encoding="utf-8")
    assert "2022" in page


def test_people_read_counts_and_codes_only(small_demo):
    """Respondent level tables never reach the reports, whatever the layer is called."""
    columns = set(small_demo.warehouse.read(RESPONSES).columns)
    secret = {c for c in columns if c.startswith("F")} | {"respondent_key", "school_code", "class_code", "school_name"}
    for path in (small_demo.paths.reports / str(WAVES[-1])).rglob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        assert not secret & set(header), path.name


def test_all_waves_range_covers_the_calendar():
    assert range_tags(str(WAVES[0]), str(WAVES[-1])) == ALL_WAVES
