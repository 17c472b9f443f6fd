"""Texts that stewards read in the Dagster UI, from the catalogue."""

from functools import lru_cache
from typing import Any

from assets.catalogue.load import catalogue_yaml

FILE = "texts/dagster.yml"


@lru_cache(maxsize=1)
def ui_texts() -> dict[str, dict[str, str]]:
    """All UI texts by kind (`assets`, `jobs`, `ops`, `sensors`) and name."""
    return catalogue_yaml(FILE)


@lru_cache(maxsize=1)
def register_texts() -> dict[str, Any]:
    """The texts of the release register and of conflicts with it."""
    return catalogue_yaml("texts/release_register.yml")


def asset_text(layer: str, table: str) -> str:
    """What an asset is, in Swedish. Raises KeyError when the catalogue has no text for it."""
    return ui_texts()["assets"][f"{layer}/{table}"]


@lru_cache(maxsize=1)
def automation_texts() -> dict[str, dict[str, str]]:
    """Texts of what runs by itself and of the steward's own jobs (`jobs`, `ops`, `fields`, `sensors`, `schedules`, `checks`)."""
    return catalogue_yaml("texts/automation.yml")
