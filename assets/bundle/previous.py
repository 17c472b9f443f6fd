"""The edition before: the newest other version of a bundle on disk, read back from its own tables."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from assets.bundle.changes import TABLES
from assets.bundle.writer import MANIFEST
from assets.charts.types import Scope


def previous_tables(target_root: Path, scope: Scope, folder: str) -> pl.DataFrame:
    """Tables of the newest other version of the same report; empty when there is none.

    Args:
        target_root: where bundles are written. scope: municipality, wave and edition. folder: the bundle's own folder name.

    Returns:
        `table, csv` (the text of the file), `edition_name`; a row per table that the edition has.
    """
    found = []
    for path in sorted((target_root / str(scope.wave)).glob(f"{scope.area_code}_*_{scope.wave}_v*_{scope.edition}")):
        manifest = path / MANIFEST
        if path.name != folder and manifest.is_file():
            told = json.loads(manifest.read_text(encoding="utf-8"))
            found.append((str(told["released"]), _order(str(told["version"])), str(told["version"]), path))
    if not found:
        return pl.DataFrame()
    _, _, version, path = max(found, key=lambda one: one[:2])
    files = {name: path / "4_tabeller" / f"{name}.csv" for name in TABLES}
    rows = [(name, file.read_text(encoding="utf-8")) for name, file in files.items() if file.is_file()]
    frame = pl.DataFrame(rows, schema={"table": pl.String, "csv": pl.String}, orient="row")
    return frame.with_columns(edition_name=pl.lit(f"version {version}"))


def _order(version: str) -> tuple[int, ...]:
    """`1.10` after `1.9`."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())
