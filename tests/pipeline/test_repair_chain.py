"""What the audit finds narrow is repaired and audited again, through the jobs; where that isn't enough nothing is released."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets import release
from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import ProtectedRelease
from assets.methods.errors import PipelineError
from assets.release_audited import OUTCOMES
from assets.release_repairs import REPAIRS, current_repairs
from assets.slices import WAVES, range_tags
from pipelines.chain import Choice, finished, in_order
from pipelines.paths import Paths
from pipelines.stale import stale
from pipelines.warehouse import TableName, Warehouse
from tests.pipeline.conftest import Installation, audit_a_part

WAVE = WAVES[-1]
COUNTS, RESULTS = TableName("indices", "area_counts"), TableName("release", "index_results")
BLOCK = ["area_level", "area_code", "wave", "grade", "index_key"]
BANDS = ("band1", "band2", "band3")
ALONE = {
    "build_indices": [
        f"release/{name}"
        for name in (
            *("index_results", "suppression_log", "response_rates", "delivery_quality", "provenance"),
            *("response_by_school_type", "screen_sensitivity"),
        )
    ],
    "build_prevention": [],
    "audit_release": ["release/audit", "release/repairs"],
}
"""What of each job the tests run: the tables with the slip, and the audit of them."""


@pytest.fixture(scope="module")
def slip(small_demo: Installation) -> dict[str, object]:
    """The smallest block whose total is shown and whose girls and boys are both hidden though large enough."""
    rows = small_demo.warehouse.read(RESULTS, {"wave": [WAVE], "edition": ["intern"], "area_level": ["municipality"]})
    of_band = pl.col("measure").str.starts_with("share_band")
    state = rows.group_by(BLOCK).agg(
        total=(pl.col("reason").filter(of_band & (pl.col("sex") == "all")) == "ok").all(),
        split=(pl.col("reason").filter(of_band & (pl.col("sex") != "all")) == "suppressed").sum() >= 4,
        numbers=(pl.col("reason").filter(pl.col("measure") == "n_scored") == "ok").all(),
        pupils=pl.col("n").max(),
    )
    return state.filter("total", "split", "numbers").sort("pupils", *BLOCK).select(BLOCK).row(0, named=True)


def opened(made: ProtectedRelease, slip: dict[str, object], counts: pl.DataFrame, edition: str) -> ProtectedRelease:
    """The release with the girls of a block shown beside the total: the boys are what is left."""
    if edition != "intern":
        return made
    girls = [pl.col(name) == value for name, value in slip.items()] + [pl.col("sex") == "girl"]
    exact = counts.filter(girls).row(0, named=True)
    results = made.results
    for band in BANDS:
        here = pl.all_horizontal(*girls, pl.col("measure") == f"share_{band}", pl.col("reason") != "ok")
        share = float((200 * exact[band] + exact["n_scored"]) // (2 * exact["n_scored"]))
        results = results.with_columns(
            value=pl.when(here).then(share).otherwise("value"), reason=pl.when(here).then(pl.lit("ok")).otherwise("reason")
        )
    return replace(made, results=results)


@pytest.fixture
def installation(small_demo: Installation, slip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A copy whose suppressor slips when the release is made, and whose audit looks at the block's index and grade."""
    root = tmp_path / "data"
    shutil.copytree(small_demo.root, root, ignore=shutil.ignore_patterns("dagster", "arkiv", "inbox", "cache"))
    audit_a_part(monkeypatch, "index_results", wave=[WAVE], grade=[slip["grade"]], index_key=[slip["index_key"]])
    return Paths(root)


@pytest.fixture
def taken(installation: Paths, run_job: Callable[..., dg.ExecuteInProcessResult]) -> Callable[[], list[tuple[str, object]]]:
    """Makes the release anew, audits it as the chain does, and gives the jobs that were run with their results."""

    def take() -> list[tuple[str, object]]:
        tags = {"build_indices": range_tags(str(WAVE), str(WAVE)), "audit_release": {}}
        run_job(installation.root, "build_indices", tags["build_indices"], *ALONE["build_indices"])
        done = []
        for job in in_order(installation, ["audit_release"]):
            result = run_job(installation.root, job, tags[job], *ALONE[job]) if ALONE[job] else None
            assert result is None or result.success
            finished(installation, job, Choice())
            done.append((job, result))
        return done

    return take


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Table -> what the run's metadata says of a repair."""
    events = [e.step_materialization_data.materialization for e in result.get_asset_materialization_events()]
    return {e.asset_key.path[-1]: str(e.metadata["reparation"].value) for e in events}


def test_a_slip_of_the_suppressor_is_repaired_and_the_release_passes(installation, slip, taken, monkeypatch):
    protect = release.protect
    monkeypatch.setattr(release, "protect", lambda c, e, p, name, *more: opened(protect(c, e, p, name, *more), slip, c, name))
    warehouse = Warehouse(installation.warehouse)
    done = taken()
    assert [job for job, _ in done] == ["audit_release", "build_indices", "build_prevention", "audit_release"]
    first, last = materialized(done[0][1]), materialized(done[-1][1])
    assert set(first) == {"repairs"}
    assert "Granskningen kunde ringa in" in first["repairs"]
    assert set(last) == {"repairs", "audit"}
    assert last["audit"].startswith("Utgåvan är reparerad")
    assert warehouse.read(OUTCOMES).height == 1
    held = warehouse.read(REPAIRS)
    assert set(held["wave"]) == {WAVE}
    assert not {"low", "high", "width", "value", "required"} & set(held.columns)
    log = warehouse.read(TableName("release", "suppression_log"), {"wave": [WAVE], "rule": ["repair"]})
    assert log.height > 0
    hidden = warehouse.read(RESULTS, {"wave": [WAVE]}).rename({"measure": "cell"})
    mended = hidden.join(log, on=["edition", *BLOCK, "sex", "cell"], how="semi")
    assert mended.height == log.height
    assert set(mended["reason"]) == {"suppressed"}

    assert stale(installation, "audit", [0], Choice().edition) == []
    warehouse.replace(COUNTS, warehouse.read(COUNTS, {"wave": [WAVE]}).head(0), {"wave": [WAVE]})
    assert current_repairs(warehouse, load_catalogue()).is_empty(), "a repair belongs to the data it was made for"


def test_a_repair_that_does_not_help_stops_the_release_and_nothing_more_is_told(installation, slip, taken, monkeypatch):
    counts = Warehouse(installation.warehouse).read(COUNTS)

    def not_repaired(table, rows, log, cells, catalogue):
        return opened(ProtectedRelease(rows, log), slip, counts, rows["edition"][0]).results, log

    monkeypatch.setattr(release, "repaired", not_repaired)
    before = {path: path.read_bytes() for path in installation.reports.rglob("*") if path.is_file()}
    with pytest.raises(PipelineError, match="Inga rapporter skrivs") as stopped:
        taken()
    assert stopped.value.code == "release_not_safe"
    assert Warehouse(installation.warehouse).read(OUTCOMES).is_empty()
    assert stale(installation, "audit", [0], Choice().edition) == [0]
    assert {path: path.read_bytes() for path in installation.reports.rglob("*") if path.is_file()} == before
