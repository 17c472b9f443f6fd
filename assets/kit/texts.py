"""The words of the kit and the board: `texts/workshop_kit.yml` and `texts/board.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from assets.catalogue.load import catalogue_yaml


@lru_cache(maxsize=1)
def board_texts() -> Mapping[str, Any]:
    """The parsed `texts/board.yml`."""
    return catalogue_yaml("texts/board.yml")


@lru_cache(maxsize=1)
def kit_texts() -> Mapping[str, Any]:
    """The parsed `texts/workshop_kit.yml`."""
    return catalogue_yaml("texts/workshop_kit.yml")
