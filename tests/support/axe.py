"""Axe in the browser: an open page against its accessibility rules, without network. The program comes with the package."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page


@lru_cache(maxsize=1)
def _program() -> str:
    (path,) = Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")
    return path.read_text(encoding="utf-8")


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Broken rules, each with the elements that break it. The program goes past the page's policy: it isn't part of the page."""
    page.evaluate(_program())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
    return [(rule["id"], [" ".join(map(str, node["target"])) for node in rule["nodes"]]) for rule in found]


def rules_run(page: Page) -> int:
    """How many rules had something to look at on the page."""
    page.evaluate(_program())
    return page.evaluate("axe.run(document).then(r => r.passes.length)")
