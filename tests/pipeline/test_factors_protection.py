"""Accumulated factors of the whole demo beside the indices that they count: nobody is rung in by the two together."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.slices import WAVES
from pipelines.warehouse import TableName
from tests.pipeline.conftest import COUNTED
from tests.support.linked_attack import Rule, World

pytestmark = pytest.mark.slow
RULES = {group.key: Rule.of(group.rule(), group.starts) for group in load_catalogue().factors.accumulated}


def release(demo, name: str, **where: list) -> pl.DataFrame:
    return demo.warehouse.read(TableName("release", name), {"edition": ["intern"], **where})


@pytest.mark.parametrize("wave", COUNTED)
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
