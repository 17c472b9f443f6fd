"""Content to offline HTML: one file per page in the look of the bundles, styles inside, no script, nothing fetched.

Pure but for reading the package's own templates once per process.
"""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

from jinja2 import ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from assets.bundle import html as bundle_html
from assets.bundle.glossary import unmarked
from assets.quality.phrases import Phrases
from assets.quality.types import DeliveryPage, IndexPage

WORDS = SimpleNamespace(gloss=unmarked)
"""What the blocks shared with the reports need to know: there is no glossary here."""


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The bundles' Jinja environment with our templates in front of theirs."""
    theirs = bundle_html.environment()
    return theirs.overlay(loader=ChoiceLoader([PackageLoader("assets.quality", "templates"), theirs.loader]))


def render_delivery(page: DeliveryPage, phrases: Phrases) -> str:
    """The page of one delivery x wave, in `<folder>/<wave>/`."""
    return _render("delivery.html", phrases, page=page, newer="../" + page.newer_path if page.newer_path else "")


def render_index(index: IndexPage, phrases: Phrases, written: frozenset[str]) -> str:
    """The page that lists all deliveries.

    Args:
        written: paths of the pages that lie on disk; the others are named without a link.
    """
    return _render("index.html", phrases, index=index, written=written, texts=phrases.texts["index"])


@lru_cache(maxsize=2)
def _css(mark: str) -> Markup:
    made = [environment().get_template(name).render(page_mark=Markup(mark)) for name in ("page.css", "quality.css")]
    return Markup("".join(made))


def _render(template: str, phrases: Phrases, **values: object) -> str:
    mark = bundle_html.PRINT_MARK.format(mark=phrases.say("synthetic_short")) if phrases.synthetic else ""
    return (
        environment()
        .get_template(template)
        .render(css=_css(mark), script_sources="", phrases=phrases, say=phrases.say, words=WORDS, **values)
    )
