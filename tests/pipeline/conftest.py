"""A small demo installation, run once per session; tests that change it work on a copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets import release_audit
from assets.demo.profiles import first_counted
from assets.slices import MUNICIPALITIES, WAVES, range_tags
from assets.worker_pool import WORKERS
from pipelines.console import RunSummary, SilentProgress
from pipelines.paths import Paths, profile_root
from pipelines.resources import RunChoices
from pipelines.warehouse import Warehouse

SMALL = 0.06
PUBLISHED = ("0115", "0120")  # three bundles are enough where the chain is tested, not the drawing
DELIVER = ("0114", "0115", "0117", "0120", "0125", "0127", "0128", "0140", "0160", "0180", "0188", "0191")
"""Who sends deliveries in the small demo: every kind of file, wave left out and size. Of the others only registers are known."""
IN_FULL = ("0180", "0181")  # two bundles of the whole demo, Stockholm's and one of the usual size
COUNTED = tuple(wave for wave in WAVES if wave >= first_counted(WAVES))
"""The waves of the whole demo; the small one counts all."""
AGAIN = str(WAVES[-2])
WHOLE_RELEASE = release_audit.published_tables

ROOT = Path(__file__).resolve().parents[2]


def did(home: Path, *words: str) -> str:
    """What the command line says, in a process of its own: a process works with one profile."""
    settings = {**os.environ, "DID_HOME": str(home), "NO_COLOR": "1", "CI": "1"}
    command = [sys.executable, "-m", "pipelines.cli", *words]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def audit_a_part(patch: pytest.MonkeyPatch, *tables: str, **where: list[object]) -> None:
    """Let the release's audit attack some of its tables and rows only: all of it takes longer than the rest of the chain."""

    def part(warehouse: Warehouse, more: Iterable[str] = ()) -> dict[str, pl.DataFrame]:
        kept = {name: rows for name, rows in WHOLE_RELEASE(warehouse, more).items() if name in tables}
        chosen = {column: pl.col(column).is_in(values) for column, values in where.items()}
        return {name: rows.filter(*(one for c, one in chosen.items() if c in rows.columns)) for name, rows in kept.items()}

    patch.setattr(release_audit, "published_tables", part)


@pytest.fixture(scope="session", autouse=True)
def in_this_process() -> Iterator[pytest.MonkeyPatch]:
    """Count and draw the little of a test in its own process: starting workers costs more. The whole demo has its workers.

    The audit runs and has to pass here too, but attacks the index tables of one wave: in a county this small nearly all is
    hidden, and each hidden number costs the attacker more than one that is shown.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.definitions.RunChoices", partial(RunChoices, workers=1, edition="intern"))
        patch.setattr("pipelines.run.WORKERS", 1)
        audit_a_part(patch, "index_results", wave=[WAVES[-1]])
        yield patch


@pytest.fixture(scope="session")
def profiles_home(tmp_path_factory) -> Path:
    """One installation for all profiles but the base."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def yrbs(profiles_home) -> Paths:
    """YRBS after one run."""
    assert "stoppade" not in did(profiles_home, "demo", "--profil", "yrbs"), "a stopping rule that a published file breaks"
    return Paths(profile_root(profiles_home, "yrbs"))


@dataclass(frozen=True)
class Installation:
    """A data folder that has been run, and what its run said."""

    root: Path
    summary: RunSummary

    @property
    def paths(self) -> Paths:
        """Its folders."""
        return Paths(self.root)

    @property
    def warehouse(self) -> Warehouse:
        """Its warehouse."""
        return Warehouse(self.paths.warehouse)


def leave_out(inbox: Path, kept: Collection[str]) -> None:
    """Take the deliveries of all but some municipalities out of the inbox."""
    from assets.catalogue.load import load_catalogue
    from assets.demo.deliveries import plan_files
    from assets.demo.parameters import load_parameters

    for plan in plan_files(load_parameters(), load_catalogue().municipalities):
        if plan.place.municipality_code not in kept:
            (inbox / plan.name).unlink()


def install(
    root: Path,
    cache: Path,
    scale: float,
    municipalities: tuple[str, str] | None,
    deliver: Collection[str] = MUNICIPALITIES,
    since: int | None = None,
) -> Installation:
    """Fill the inbox with simulated deliveries, invented forms and the bundled registers, and run everything `since` a wave."""
    from assets.demo.generate import ensure_demo
    from pipelines.run import run_everything
    from pipelines.samples import copy_registers, fill_forms

    paths = Paths(root)
    paths.make()
    copy_registers(paths.registers)
    ensure_demo(paths.surveys, cache, scale=scale)
    leave_out(paths.surveys, deliver)
    fill_forms(paths.forms)
    return Installation(root, run_everything(root, SilentProgress(), municipalities=municipalities, since=since))


@pytest.fixture(scope="session")
def demo_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated deliveries of the small demo, with their truth."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory, demo_cache: Path) -> Installation:
    """The small demo after one run. Read only."""
    return install(tmp_path_factory.mktemp("demo"), demo_cache, SMALL, PUBLISHED, DELIVER)


@pytest.fixture(scope="session")
def full_demo(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The whole demo as `make demo` runs it: the three latest waves counted, its truth in `cache/demo`, workers. Read only.

    The audit attacks both editions of the latest wave with everything; other attackers try every wave (test_full_demo.py).
    The bundles are of two municipalities; one of them is the largest, the only one with districts. It takes a minute or two.
    """
    root = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.definitions.RunChoices", partial(RunChoices, edition="intern"))
        patch.setattr("pipelines.run.WORKERS", WORKERS)
        several = ("trends", "model_estimates")  # made of more waves than the one that is attacked
        alone = (name for name in release_audit.DERIVED if name not in several)
        audit_a_part(patch, *release_audit.AUDITED, *alone, wave=[WAVES[-1]])
        return install(root, root / "cache" / "demo", 1.0, IN_FULL, since=COUNTED[0])


@pytest.fixture(scope="session")
def one_wave_again(
    tmp_path_factory: pytest.TempPathFactory, small_demo: Installation
) -> tuple[Installation, dict[str, dg.ExecuteInProcessResult]]:
    """A copy of the small demo where `AGAIN` has been taken in and computed once more, alone; the runs by job. Read only."""
    from pipelines.definitions import build_definitions

    root = tmp_path_factory.mktemp("again") / "data"
    shutil.copytree(small_demo.root, root, ignore=shutil.ignore_patterns("dagster"))
    definitions = build_definitions(root)
    with dg.DagsterInstance.ephemeral() as instance:
        runs = {
            name: definitions.resolve_job_def(name).execute_in_process(instance=instance, tags=range_tags(AGAIN, AGAIN))
            for name in ("ingest_surveys", "build_indices")
        }
    return Installation(root, small_demo.summary), runs


@pytest.fixture
def copy_of_demo(small_demo: Installation, tmp_path: Path) -> Installation:
    """A copy of the small demo that a test may change."""
    root = tmp_path / "data"
    shutil.copytree(small_demo.root, root, ignore=shutil.ignore_patterns("dagster"))
    return Installation(root, small_demo.summary)


@pytest.fixture
def run_job() -> Iterator[Callable[..., dg.ExecuteInProcessResult]]:
    """Run a job by name (`only` some of its assets) over a range of partitions on a data folder, on an instance of its own."""
    from pipelines.definitions import build_definitions

    with dg.DagsterInstance.ephemeral() as instance:

        def run(root: Path, name: str, tags: dict[str, str], *only: str) -> dg.ExecuteInProcessResult:
            job, chosen = build_definitions(root).resolve_job_def(name), [dg.AssetKey(one.split("/")) for one in only] or None
            return job.execute_in_process(instance=instance, tags=tags, asset_selection=chosen, raise_on_error=False)

        yield run
