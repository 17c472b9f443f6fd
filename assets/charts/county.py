"""The county edition's charts of one factor and grade, in the order they are read: where, on the map, how sure the order is.

The one place that a county page needs to call; `tratt` (the funnel) stands beside them.
"""

from __future__ import annotations

import polars as pl

from assets.charts import granskarta, platsintervall, rutkarta
from assets.charts.granskarta import Shapes
from assets.charts.rutkarta import Tiles
from assets.charts.types import ChartCard, ChartMeta, Scope


def county_cards(
    results: pl.DataFrame,
    ranks: pl.DataFrame,
    scope: Scope,
    meta: ChartMeta,
    *,
    tiles: Tiles,
    shapes: Shapes,
    grade: str,
    index_key: str,
) -> tuple[ChartCard, ...]:
    """Tile map, boundary map and rank intervals; those that have nothing to show are left out.

    Args:
        results: `release.index_results`, all municipalities and the county. ranks: `release.rank_sets`.
        scope: the county (`01`), its wave and edition.
        tiles, shapes: `assets.bundle.areas.tile_grid()` and `.boundaries()`.
    """
    cards = (
        rutkarta.build(results, scope, meta, tiles, grade=grade, index_key=index_key),
        granskarta.build(results, scope, meta, shapes, grade=grade, index_key=index_key),
        platsintervall.build(ranks, scope, meta, grade=grade, index_key=index_key),
    )
    return tuple(card for card in cards if card)
