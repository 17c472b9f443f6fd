"""The words that every form has in common, whatever it asks. Swedish; from the definition and `texts/forms.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from assets.catalogue.load import catalogue_yaml
from assets.forms.types import FormDefinition

FILE = "texts/forms.yml"


@lru_cache(maxsize=1)
def form_texts() -> Mapping[str, Any]:
    """The texts of `texts/forms.yml`."""
    return catalogue_yaml(FILE)


def guide_lines(definition: FormDefinition, sheets: Mapping[str, str]) -> list[tuple[str, str]]:
    """The page `Så fyller du i`: (kind, text), kind `title`, `heading` or `text`.

    Args:
        sheets: section id -> the name of its sheet.
    """
    texts = form_texts()
    own = texts["kinds"][definition.kind]
    lines = [("title", definition.title), ("text", definition.intro), ("text", texts["privacy"])]
    for heading in texts["guide"]:
        lines.append(("heading", heading["title"]))
        lines += [("text", line.format(**own)) for line in heading["lines"]]
    lines.append(("heading", texts["sheets"]))
    lines += [("text", f"{sheets[section.id]}: {section.intro}") for section in definition.sections]
    return lines
