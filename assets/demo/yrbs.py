"""The bundled YRBS district data (CDC, public domain) as ordinary deliveries: one CSV file per site with all its years."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from assets.catalogue.load import PROFILES, ROOT

DATA = ROOT / PROFILES / "yrbs" / "data" / "yrbs_district_1991_2015.parquet"
WEIGHT_UNITS = 10_000


def write_yrbs(folder: Path, truth: Path) -> dict[str, int]:
    """Write the files; the same bytes every time.

    Args:
        folder: for the deliveries. truth: unused, these answers have no known truth.

    Returns:
        File name -> rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for (site,), rows in students().group_by("site", maintain_order=True):
        name = f"YRBS {str(site).title()} 1991-2015.csv"
        partial = folder / f".{name}.del"
        rows.write_csv(partial)
        partial.replace(folder / name)
        written[name] = rows.height
    return written


def students() -> pl.DataFrame:
    """All rows as the source has them, `weight` as text with four decimals; sorted by site and year."""
    table = pl.read_parquet(DATA)
    whole, part = pl.col("weight_1e4") // WEIGHT_UNITS, pl.col("weight_1e4") % WEIGHT_UNITS
    weight = pl.format("{}.{}", whole, part.cast(pl.String).str.zfill(4))
    return table.select("site", "year", weight.alias("weight"), pl.exclude("site", "year", "weight_1e4"))
