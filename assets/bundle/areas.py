"""Places of the county's municipalities for the maps: the hand-made tile grid and the simplified boundaries of the catalogue.

Reads two small catalogue files; the charts themselves are pure and are given what this gives.
"""

from __future__ import annotations

import csv
import json
from functools import lru_cache

from assets.catalogue.load import catalogue_file

Ring = tuple[tuple[float, float], ...]


@lru_cache(maxsize=1)
def tile_grid() -> dict[str, tuple[int, int]]:
    """Municipality code -> column and row in the grid, counted from the north-west corner."""
    text = catalogue_file("areas/tile_grid.csv").read_text(encoding="utf-8")
    return {row["municipality_code"]: (int(row["column"]), int(row["row"])) for row in csv.DictReader(text.splitlines())}


@lru_cache(maxsize=1)
def boundaries() -> dict[str, tuple[Ring, ...]]:
    """Municipality code -> outer rings of longitude and latitude (WGS84); `NOTICE` tells where they come from."""
    features = json.loads(catalogue_file("areas/municipalities.geojson").read_text(encoding="utf-8"))["features"]
    return {feature["properties"]["municipality_code"]: _rings(feature["geometry"]) for feature in features}


def _rings(geometry: dict[str, object]) -> tuple[Ring, ...]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return tuple(tuple((float(x), float(y)) for x, y in part[0]) for part in parts)  # type: ignore[attr-defined]
