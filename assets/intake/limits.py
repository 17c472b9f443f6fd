"""What a file may ask of the computer: `assets/catalogue/intake.yml` as a model."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field

from assets.catalogue.load import catalogue_yaml
from assets.catalogue.models import Strict

FILE = "intake.yml"


class WorkbookLimits(Strict):
    """Limits of an Excel workbook, which is a zip archive of XML files."""

    max_bytes: int = Field(gt=0)
    max_unpacked_bytes: int = Field(gt=0)
    max_ratio: float = Field(gt=1)
    max_parts: int = Field(gt=0)
    max_sheets: int = Field(gt=0)


class IntakeLimits(Strict):
    """Limits of all files: bytes, rows, columns, cells (rows x columns), characters of a name, seconds in the parser."""

    max_bytes: int = Field(gt=0)
    max_text_bytes: int = Field(gt=0)
    max_rows: int = Field(gt=0)
    max_columns: int = Field(gt=0)
    max_cells: int = Field(gt=0)
    max_text_cells: int = Field(gt=0)
    max_name_characters: int = Field(gt=0)
    parse_seconds: float = Field(gt=0)
    workbook: WorkbookLimits
    sidecar_bytes: int = Field(gt=0)


@lru_cache(maxsize=1)
def load_limits() -> IntakeLimits:
    """The limits that ship with the package."""
    return IntakeLimits.model_validate(catalogue_yaml(FILE))
