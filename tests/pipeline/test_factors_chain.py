"""Accumulated factors, the choice of limits and associations through the chain: there for readers, and nobody is rung in."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.slices import WAVES
from pipelines.warehouse import TableName
from tests.support.linked_attack import Rule, World

CATALOGUE = load_catalogue()
RULES = {group.key: Rule.of(group.rule(), group.starts) for group in CATALOGUE.factors.accumulated}


def release(demo, name: str, **where: list) -> pl.DataFrame:
    return demo.warehouse.read(TableName("release", name), where or None)


def test_the_small_demo_has_all_tables_and_shows_them_to_readers(small_demo):
    counts = release(small_demo, "accumulated_results")
    assert set(counts["count_key"]) == set(RULES)
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
    folder = next(p for p in (small_demo.paths.reports / str(WAVES[-1])).glob("0114_*_intern") if p.is_dir())
    page = (folder / "1_rapport" / "rapport.html").read_text(encoding="utf-8")
    assert 'id="samlade"' in page
    assert 'id="samband"' in page
    assert (folder / "4_tabeller" / "samlade_faktorer.csv").is_file()
    assert (folder / "4_tabeller" / "samband.csv").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("wave", WAVES)
def test_nobody_is_rung_in_by_weak_protection_beside_the_indices(full_demo, wave):
    """All municipalities and the county at once, with every published share and number of both indices."""
    areas = {"wave": [wave], "area_level": ["county", "municipality"]}
    index, counts = release(full_demo, "index_results", **areas), release(full_demo, "accumulated_results", **areas)
    for grade in ("ak9", "gy2"):
        chosen = pl.col("grade") == grade
        world = World(index.filter(chosen), counts.filter(chosen), RULES["protection"])
        attacked = world.attack(world.hidden(), 4.01)
        assert attacked.height > 50
        narrow = attacked.filter(pl.col("hi") - pl.col("lo") <= 4)
        assert narrow.height == 0, f"{narrow.height} hidden counts are given away"


@pytest.mark.slow
@pytest.mark.parametrize("area", ["0127", "0139", "0128"])
def test_nobody_is_rung_in_by_the_risk_factors_beside_five_indices(full_demo, area):
    """Inside an area: 1 024 patterns of five indices for girls and for boys."""
    where = {"wave": [WAVES[-1]], "area_code": [area]}
    index, counts = release(full_demo, "index_results", **where), release(full_demo, "accumulated_results", **where)
    chosen = pl.col("grade") == "ak9"
    world = World(index.filter(chosen), counts.filter(chosen), RULES["risk"])
    attacked = world.attack(world.hidden(), 4.01)
    narrow = attacked.filter(pl.col("hi") - pl.col("lo") <= 4)
    assert narrow.height == 0, f"{narrow.height} hidden counts are given away"
