"""What several folders of tests share."""

from __future__ import annotations

import gc
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assets.worker_pool import NEW_OBJECTS
from tests.support.side_by_side import remember

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assets.bundle.types import RenderedBundle
    from tests.support.demo_files import Demo


@pytest.fixture(scope="session")
def small_deliveries(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Small simulated deliveries with their truth, made once. Read only."""
    from tests.support.demo_files import make_demo

    return make_demo(tmp_path_factory.mktemp("simulated"))


@pytest.fixture
def copy_of_deliveries(small_deliveries: Demo, tmp_path: Path) -> Demo:
    """A copy of the small simulated deliveries that a test may change."""
    for folder in (small_deliveries.inbox, small_deliveries.cache):
        shutil.copytree(folder, tmp_path / folder.name)
    return replace(small_deliveries, inbox=tmp_path / small_deliveries.inbox.name, cache=tmp_path / small_deliveries.cache.name)


@pytest.fixture(scope="session")
def sketched() -> Callable[..., RenderedBundle]:
    """`tests.support.sample_bundle.sketched_bundle`: bundles of municipalities, each made once. Read only."""
    from tests.support.sample_bundle import sketched_bundle

    return sketched_bundle


def pytest_collection_finish() -> None:
    """Walk through all objects less often: there are millions, hardly any in circles, and walking took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def no_flushing() -> Iterator[None]:
    """Files needn't outlive a power cut here; tests of what must be flushed, and in which order, put their own flush in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """A test that runs the program, which keeps its files to their owner, changes nothing for the tests after it."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


MEASURED: dict[str, float] = {}
"""File -> seconds of its tests and fixtures, for `DID_DURATIONS=1` (tests/support/side_by_side.py)."""


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what each file takes."""
    name = report.nodeid.split("::")[0]
    MEASURED[name] = MEASURED.get(name, 0.0) + report.duration


def pytest_sessionfinish() -> None:
    """Let what was set aside be collected at the end, and renew `tests/durations.json` when asked to."""
    gc.unfreeze()
    if os.environ.get("DID_DURATIONS"):
        remember(MEASURED)
