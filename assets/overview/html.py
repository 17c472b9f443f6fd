"""The overview as one offline page: a table per wave, printable, states by mark and word. Pure but for its templates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from assets.bundle import html as bundle_html
from assets.overview.plain import summary
from assets.overview.types import Overview

PAGE = "lagesoversikt.html"
DATA = "lagesoversikt.json"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """The bundles' Jinja environment with our templates in front of theirs."""
    theirs = bundle_html.environment()
    return theirs.overlay(loader=ChoiceLoader([PackageLoader("assets.overview", "templates"), theirs.loader]))


def render_overview(overview: Overview, texts: Mapping[str, Any]) -> str:
    """The page `kvalitet/lagesoversikt.html`."""
    mark = bundle_html.PRINT_MARK.format(mark=texts["synthetic_short"]) if overview.synthetic else ""
    names = ("page.css", "overview.css")
    css = Markup("".join(_environment().get_template(name).render(page_mark=Markup(mark)) for name in names))
    sums = {wave: summary(overview.of(wave), overview.steps, texts) for wave in overview.waves}
    template = _environment().get_template("overview.html")
    return template.render(css=css, script_sources="", overview=overview, texts=texts, sums=sums)
