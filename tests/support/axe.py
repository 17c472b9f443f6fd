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


def judged(page: Page) -> tuple[list[tuple[str, list[str]]], int]:
    """Broken rules, each with the elements that break it, and how many rules held that had something to look at.

    The program goes past the page's policy: it isn't part of the page.
    """
    page.evaluate(_program())
    # Of rules that hold only the number is wanted: listing all their elements takes as long as judging them.
    found, held = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => [r.violations, r.passes.length])")
    return [(rule["id"], [" ".join(map(str, node["target"])) for node in rule["nodes"]]) for rule in found], held


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Broken rules, each with the elements that break it."""
    return judged(page)[0]
