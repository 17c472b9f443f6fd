"""What the audit finds narrow is repaired and audited again, through the jobs; where that isn't enough nothing is released."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace

import dagster as dg
import polars as pl
import pytest

from assets import release
from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import ProtectedRelease
from assets.methods.errors import PipelineError
from assets.release_audited import OUTCOMES
from assets.release_repairs import REPAIRS, current_repairs, forget_void
from assets.slices import WAVES, range_tags
from pipelines.chain import Choice, finished, in_order, repair_waits
from pipelines.definitions import build_definitions
from pipelines.paths import Paths
from pipelines.stale import mark_done, stale
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
    girls = small_demo.warehouse.read(COUNTS, {"wave": [WAVE], "sex": ["girl"]})
    kept = girls.filter(pl.min_horizontal(BANDS) >= 5)  # a share below the floor would contradict the floors, which none repairs
    found = state.filter("total", "split", "numbers").join(kept, on=BLOCK, how="semi")
    return found.sort("pupils", *BLOCK).select(BLOCK).row(0, named=True)


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


@pytest.fixture(scope="module")
def run(small_demo) -> Iterator[Callable[[Paths, str], dg.ExecuteInProcessResult]]:
    """Runs what is wanted of a job, on an instance of its own."""
    with dg.DagsterInstance.ephemeral() as instance:

        def run(paths: Paths, job: str) -> dg.ExecuteInProcessResult:
            tags = range_tags(str(WAVE), str(WAVE)) if job == "build_indices" else {}
            chosen = [dg.AssetKey(one.split("/")) for one in ALONE[job]]
            resolved = build_definitions(paths.root).resolve_job_def(job)
            return resolved.execute_in_process(instance=instance, tags=tags, asset_selection=chosen, raise_on_error=False)

        yield run


@pytest.fixture(scope="module")
def interrupted(small_demo: Installation, slip, run, tmp_path_factory) -> tuple[Paths, dg.ExecuteInProcessResult]:
    """A copy whose suppressor has slipped, after the audit that found it; interrupted before anything was made anew."""
    root = tmp_path_factory.mktemp("narrow") / "data"
    shutil.copytree(small_demo.root, root, ignore=shutil.ignore_patterns("dagster", "arkiv", "inbox", "cache", "kvalitet"))
    paths = Paths(root)
    with pytest.MonkeyPatch.context() as patch:
        slipping(patch, slip)
        assert run(paths, "build_indices").success
        mark_done(paths, "estimates", list(WAVES), Choice().edition)
        mark_done(paths, "audit", [0], Choice().edition)
        result = run(paths, "audit_release")
    finished(paths, "audit_release", Choice())
    return paths, result


def slipping(patch: pytest.MonkeyPatch, slip: dict[str, object]) -> None:
    """Let the suppressor slip, and the audit look at the index and the grade of it."""
    protect = release.protect
    patch.setattr(release, "protect", lambda c, e, p, name, *more: opened(protect(c, e, p, name, *more), slip, c, name))
    audit_a_part(patch, "index_results", wave=[WAVE], grade=[slip["grade"]], index_key=[slip["index_key"]])


def told(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Table -> what the run's metadata says of a repair."""
    events = [e.step_materialization_data.materialization for e in result.get_asset_materialization_events()]
    return {e.asset_key.path[-1]: str(e.metadata["reparation"].value) for e in events}


def test_an_audit_that_repairs_is_no_audit_passed_and_the_next_run_goes_on_there(interrupted):
    paths, result = interrupted
    assert result.success
    assert set(told(result)) == {"repairs"}, "what waits for release/audit is not run"
    assert "Granskningen kunde ringa in" in told(result)["repairs"]
    warehouse = Warehouse(paths.warehouse)
    assert warehouse.read(OUTCOMES).is_empty()
    held = warehouse.read(REPAIRS)
    assert set(held["wave"]) == {WAVE}
    assert not {"low", "high", "width", "value", "required"} & set(held.columns)
    assert repair_waits(paths) > 0
    assert stale(paths, "estimates", WAVES, Choice().edition) == [WAVE]
    assert stale(paths, "audit", [0], Choice().edition) == [0]


def test_a_repair_that_is_not_carried_out_stops_the_release_and_nothing_more_is_told(interrupted, slip, run, monkeypatch):
    """As when the suppressor shows the same cells whatever the repair says."""
    paths, _ = interrupted
    slipping(monkeypatch, slip)
    before = {path: path.read_bytes() for path in paths.reports.rglob("*") if path.is_file()}
    held, done = Warehouse(paths.warehouse).read(REPAIRS), []

    def chained() -> None:
        for job in in_order(paths, ["audit_release"]):
            done.append(job)
            if done.count("audit_release") == 2:
                assert set(told(run(paths, job))) == {"repairs"}

    with pytest.raises(PipelineError, match="Inga rapporter skrivs") as stopped:
        chained()
    assert stopped.value.code == "release_not_safe"
    assert done == ["audit_release", "build_indices", "build_prevention", "audit_release"]
    assert Warehouse(paths.warehouse).read(OUTCOMES).is_empty()
    assert Warehouse(paths.warehouse).read(REPAIRS).equals(held), "the same is not repaired twice"
    assert stale(paths, "audit", [0], Choice().edition) == [0]
    assert {path: path.read_bytes() for path in paths.reports.rglob("*") if path.is_file()} == before


def test_a_slip_of_the_suppressor_is_repaired_and_the_release_passes(interrupted, slip, run, monkeypatch):
    """Last: it makes the release anew."""
    paths, _ = interrupted
    slipping(monkeypatch, slip)
    warehouse = Warehouse(paths.warehouse)
    for job in in_order(paths, ["build_indices", "audit_release"]):
        result = run(paths, job)
        assert result.success
        finished(paths, job, Choice())
    assert set(told(result)) == {"repairs", "audit"}
    assert told(result)["audit"].startswith("Utgåvan är reparerad")
    assert warehouse.read(OUTCOMES).height == 1
    log = warehouse.read(TableName("release", "suppression_log"), {"wave": [WAVE], "rule": ["repair"]})
    assert set(log["edition"]) >= {"intern"}
    rows = warehouse.read(RESULTS, {"wave": [WAVE]}).rename({"measure": "cell"})
    hidden = rows.join(log, on=["edition", *BLOCK, "sex", "cell"], how="semi")
    assert hidden.height == log.height > 0
    assert set(hidden["reason"]) == {"suppressed"}
    for stage in ("estimates", "audit"):
        assert stale(paths, stage, WAVES if stage == "estimates" else [0], Choice().edition) == []

    other = warehouse.read(COUNTS, {"wave": [WAVE]}).head(0)
    warehouse.replace(COUNTS, other, {"wave": [WAVE]})
    assert current_repairs(warehouse, load_catalogue()).is_empty(), "a repair belongs to the data it was made for"
    forget_void(warehouse, load_catalogue(), [WAVE])
    assert warehouse.read(REPAIRS).is_empty()
