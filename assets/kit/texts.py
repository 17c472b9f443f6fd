"""The words of the kit and the board: `texts/workshop_kit.yml` and `texts/board.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from assets.catalogue.load import catalogue_file


@lru_cache(maxsize=1)
def board_texts() -> Mapping[str, Any]:
    """The parsed `texts/board.yml`."""
    return yaml.safe_load(catalogue_file("texts/board.yml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def kit_texts() -> Mapping[str, Any]:
    """The parsed `texts/workshop_kit.yml`."""
    return yaml.safe_load(catalogue_file("texts/workshop_kit.yml").read_text(encoding="utf-8"))
