"""Chromium for the browser tests: no network, every request and every complaint on the console is written down."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

if TYPE_CHECKING:
    from assets.bundle.types import RenderedBundle

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
)  # fmt: skip


@dataclass
class Visit:
    """An open page with what it asked for and what it complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Visitor:
    """Opens files in Chromium at a chosen width, without network."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def open(self, path: Path, *, width: int = 1280, scripts: bool = True) -> Visit:
        """Open a file. Anything but files is refused and noted."""
        context = self._browser.new_context(viewport={"width": width, "height": 900}, offline=True, java_script_enabled=scripts)
        self._contexts.append(context)
        visit = Visit(context.new_page())

        def handle(route: Route) -> None:
            visit.requests.append(route.request.url)
            if route.request.url.startswith("file://"):
                route.continue_()
            else:
                route.abort()

        context.route("**/*", handle)
        visit.page.on("console", lambda message: visit.complaints.append(message.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.goto(path.as_uri())
        return visit

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture(scope="session")
def drawn_bundles() -> Sequence[RenderedBundle]:
    """Bundles with real charts and the anatomy of the indices: Botkyrka, Nykvarn without gymnasium, Stockholm with districts.

    Made once for all browser tests. Read only.
    """
    from assets.bundle.render import render_bundle
    from tests.support.psychometric_sample import sample_anatomy, sample_table
    from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta

    anatomy, rendered = sample_anatomy(sample_table()), []
    for area in ("0127", "0140", "0180"):
        frames, scope = sample_bundle_frames(area)
        rendered.append(render_bundle(replace(frames, index_anatomy=anatomy), scope, sample_report_meta()))
    return rendered


# One module at a time: while Playwright runs, its event loop is the process's, and Dagster's own asyncio calls would fail.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. The tests fail, and say so, when it isn't installed."""
    program = shutil.which("chromium")
    if program is None:
        raise RuntimeError("Chromium saknas: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Visitor]:
    """Opens pages and closes them after the test."""
    opened = Visitor(chromium)
    yield opened
    opened.close()
