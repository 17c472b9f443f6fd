"""How the quality report rounds and what it raises: `assets/catalogue/quality.yml`, and its texts."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from assets.catalogue.models import Strict

CATALOGUE = Path(__file__).resolve().parents[1] / "catalogue"


class QualitySettings(Strict):
    """Floors, steps and limits of the quality report; see the comments in `quality.yml`."""

    least_rows: int = Field(ge=10)
    count_step: int = Field(ge=5)
    waves_shown: int = Field(ge=2)
    drift_points: int = Field(ge=1, le=100)
    drift_z: float = Field(gt=0)
    names_shown: int = Field(ge=1)
    problems_shown: int = Field(ge=1)


@lru_cache(maxsize=1)
def load_settings() -> QualitySettings:
    """The settings that ship with the package."""
    return QualitySettings.model_validate(yaml.safe_load((CATALOGUE / "quality.yml").read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def load_texts() -> dict[str, Any]:
    """The Swedish texts of the pages (`texts/quality.yml`)."""
    return yaml.safe_load((CATALOGUE / "texts" / "quality.yml").read_text(encoding="utf-8"))
