"""What a rule's outcome touches: from the deliveries that break it to the lines of their blast radius."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.lineage.radius import radius
from assets.lineage.words import broken_by, lines
from assets.overview.texts import overview_texts
from assets.release_register.store import read_register
from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse

COUNTS = TableName("harmonised", "delivery_counts")


def touched_lines(paths: Paths, units: Collection[tuple[str, int]], columns: Sequence[str], *, stops: bool) -> tuple[str, ...]:
    """What is touched when deliveries break a rule.

    Args:
        units: (delivery id, wave). columns: that broke it; none: the delivery as a whole.
        stops: whether the rule holds the whole delivery back, and with it every number.
    """
    counts = Warehouse(paths.warehouse).read(COUNTS, {"wave": sorted({wave for _, wave in units})}) if units else pl.DataFrame()
    if counts.is_empty():
        return ()
    wanted = set(units)
    placed = counts.filter(pl.col("municipality_code").is_not_null()).select("delivery_id", "wave", "municipality_code")
    places = {(code, wave) for delivery, wave, code in placed.iter_rows() if (delivery, wave) in wanted}
    if not places:
        return ()
    catalogue = load_catalogue()
    found = radius(catalogue, None if stops else columns, places, read_register(paths.root).entries)
    texts = overview_texts()
    return (*(broken_by(columns, catalogue, texts) if stops else ()), *lines(found, catalogue, texts))
