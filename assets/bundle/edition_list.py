"""`7_intyg/utgavor.csv`: the cells of the municipality that the public edition shows less of, and why. No values. Pure."""

from __future__ import annotations

import polars as pl

from assets.bundle.tables import csv_bytes
from assets.bundle.types import CERTIFICATE, ReportMeta
from assets.charts.types import ReleaseFrames, Scope
from assets.methods.editions import PUBLIC

PATH = f"{CERTIFICATE}/utgavor.csv"
REASONS = f"{CERTIFICATE}/utgavor_skal.csv"


def difference_files(frames: ReleaseFrames, scope: Scope, meta: ReportMeta) -> dict[str, bytes]:
    """The list, a line per cell, and the rules in it with their reasons in words; no files where the run had one edition alone.

    The columns are those of `release.edition_differences` with the area's name, in Swedish.
    """
    cells = frames.edition_differences
    if not cells.width:
        return {}
    texts = meta.texts["edition_list"]
    told = meta.method.disclosure.rule_texts.get(PUBLIC, {}) if meta.method else {}
    rules = {**told, **texts["rules"]}
    named = cells.with_columns(
        area_name=pl.col("area_code").replace_strict(dict(meta.area_names), default=scope.area_name, return_dtype=pl.String),
        publik=pl.col("publik").replace_strict(texts["states"], return_dtype=pl.String),
    )
    reasons = cells.select("rule").unique().sort("rule")
    reasons = reasons.with_columns(why=pl.col("rule").replace_strict(rules, default=pl.col("rule"), return_dtype=pl.String))
    return {
        path: csv_bytes(table.select(pl.col(name).alias(head) for name, head in texts[columns].items()))
        for path, table, columns in ((PATH, named, "columns"), (REASONS, reasons, "reason_columns"))
    }
