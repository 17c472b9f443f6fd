"""Accumulated factors, the choice of limits and associations through the chain: there for readers."""

from __future__ import annotations

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.slices import WAVES
from pipelines.warehouse import TableName
from tests.pipeline.conftest import PUBLISHED

CATALOGUE = load_catalogue()


def release(demo, name: str, **where: list) -> pl.DataFrame:
    return demo.warehouse.read(TableName("release", name), where or None)


def test_the_small_demo_has_all_tables_and_shows_them_to_readers(small_demo):
    counts = release(small_demo, "accumulated_results")
    assert set(counts["count_key"]) == {group.key for group in CATALOGUE.factors.accumulated}
    assert counts.filter(pl.col("reason") == "ok").height > 0
    assert (
        counts.filter(pl.col("reason") != "ok").select(pl.col("value", "low", "high", "n").is_not_null().any()).row(0)
        == (False,) * 4
    )
    limits = release(small_demo, "cutoff_sensitivity")
    assert set(limits["cut_set"]) >= {CATALOGUE.cutoffs.id, "recomputed", "frozen_median", "ctc"}
    assert set(limits.filter("in_use")["cut_set"]) == {CATALOGUE.cutoffs.id}
    pairs = release(small_demo, "associations")
    assert set(pairs["wave"]) == {WAVES[-1]}
    assert set(pairs["area_level"]) == {"county"}
    folder = next(p for p in (small_demo.paths.reports / str(WAVES[-1])).glob(f"{PUBLISHED[0]}_*_intern") if p.is_dir())
    page = (folder / "1_rapport" / "rapport.html").read_text(encoding="utf-8")
    assert 'id="samlade"' in page
    assert 'id="samband"' in page
    assert (folder / "4_tabeller" / "samlade_faktorer.csv").is_file()
    assert (folder / "4_tabeller" / "samband.csv").is_file()
