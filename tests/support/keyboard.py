"""A walk through an open page with the tab key."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

REACHED = """() => [...document.querySelectorAll('a[href],summary,select,button,[tabindex="0"]')]
  .filter(e => e.checkVisibility()).length"""
WALK = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  return {tag: e.tagName, id: e.id, href: e.getAttribute('href'), region: e.getAttribute('role'),
          seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
          marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2};
}"""


def walk(page: Page, most: int | None = None) -> list[dict[str, Any]]:
    """Where the tab key stops, in order: element, whether it is in view and marked. `most`: stops to look at, all without."""
    stops = []
    for _ in range(min(page.evaluate(REACHED), most or 10_000)):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(WALK))
    return stops
