"""Jinja as all our pages use it. Pure but for reading the package's own templates."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@lru_cache(maxsize=8)
def page_templates(package: str) -> Environment:
    """The templates of a package's folder `templates`, with autoescape; a missing word is an error, not an empty place."""
    return Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
