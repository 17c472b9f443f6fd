"""Texts of the overview, and what rules say. Read when they are asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import yaml

from assets.catalogue.load import catalogue_file

FILE = "texts/overview.yml"


@lru_cache(maxsize=1)
def overview_texts() -> dict[str, Any]:
    """`texts/overview.yml`."""
    return yaml.safe_load(catalogue_file(FILE).read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def rule_says(table: str, rule: str) -> str:
    """What a rule says and what to do when it doesn't hold; its id when no suite has it any longer."""
    from expectations.suite import load_suite  # not needed until something is broken

    try:
        suite = load_suite(table)
    except FileNotFoundError:
        return rule
    found = {one.id: f"{one.text_sv} {one.remedy_sv}" for one in suite.rules}
    return found.get(rule, rule)
