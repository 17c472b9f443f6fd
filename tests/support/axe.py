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


def judged(page: Page, *, colours: bool = True) -> tuple[list[tuple[str, list[str]]], int]:
    """Broken rules, each with the elements that break it, and how many rules held that had something to look at.

    The program goes past the page's policy: it isn't part of the page.

    Args:
        page: an open page.
        colours: whether the contrast of each text is measured. It takes four times as long as all other rules together, and is
            the same at every width and in every municipality.
    """
    options = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": colours}}}
    page.evaluate(_program())
    # Of rules that hold only the number is wanted: listing all their elements takes as long as judging them.
    found, held = page.evaluate("options => axe.run(document, options).then(r => [r.violations, r.passes.length])", options)
    return [(rule["id"], [" ".join(map(str, node["target"])) for node in rule["nodes"]]) for rule in found], held


def violations(page: Page, *, colours: bool = True) -> list[tuple[str, list[str]]]:
    """As `judged`, without the number of rules that held."""
    return judged(page, colours=colours)[0]
