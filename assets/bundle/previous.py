"""The edition before: the newest other version of a bundle on disk, read back from its own tables."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from assets.bundle.writer import MANIFEST
from assets.charts.types import Scope

TABLE = "4_tabeller/index_results.csv"
TEXT = ("edition", "area_level", "area_code", "area_name", "grade", "sex", "index_key", "measure", "reason")


def previous_results(target_root: Path, scope: Scope, folder: str) -> pl.DataFrame:
    """`index_results` of the newest other version of the same report, with its name in `edition_name`; empty when there is none.

    Args:
        target_root: where bundles are written. scope: municipality, wave and edition. folder: the bundle's own folder name.
    """
    found = []
    for path in sorted((target_root / str(scope.wave)).glob(f"{scope.area_code}_*_{scope.wave}_v*_{scope.edition}")):
        manifest = path / MANIFEST
        if path.name != folder and manifest.is_file() and (path / TABLE).is_file():
            told = json.loads(manifest.read_text(encoding="utf-8"))
            found.append((str(told["released"]), _order(str(told["version"])), str(told["version"]), path))
    if not found:
        return pl.DataFrame()
    _, _, version, path = max(found, key=lambda one: one[:2])
    kinds = dict.fromkeys(TEXT, pl.String)
    frame = pl.read_csv(path / TABLE, schema_overrides=kinds, infer_schema_length=None)
    return frame.with_columns(edition_name=pl.lit(f"version {version}"))


def _order(version: str) -> tuple[int, ...]:
    """`1.10` after `1.9`."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())
