"""The benchmark of the cube compares what it says: same task, same numbers, and a wrong number is found."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from benchmarks.common.costs import measured
from benchmarks.common.growth_chart import CUBE, chart_spec
from benchmarks.cube import KEYS, TASK, largest_difference
from benchmarks.cube_task.data import simulate, write
from benchmarks.cube_task.ours import main


def test_the_same_seed_gives_the_same_respondents_and_strata_can_be_estimated() -> None:
    people = simulate(3000, 6)
    assert people.equals(simulate(3000, 6))
    assert not people.equals(simulate(3000, 6, seed=2))
    strata = people.group_by("year", "mun", "grade").agg(pl.col("klass").n_unique(), pl.col("n_klass_pop").first())
    assert strata["klass"].min() >= 2
    assert (strata["n_klass_pop"] >= strata["klass"]).all()
    with pytest.raises(ValueError, match="too few respondents"):
        simulate(100, 290)


def test_ours_equals_the_straight_script_and_a_wrong_number_is_found(tmp_path: Path) -> None:
    data = write(tmp_path, 3000, 6)
    main(str(data), str(tmp_path / "ours.csv"))
    cost = measured([sys.executable, str(TASK / "polars_script.py"), str(data), str(tmp_path / "peer.csv")])
    assert min(cost.wall, cost.cpu, cost.peak) > 0
    assert largest_difference(tmp_path / "ours.csv", tmp_path / "peer.csv") < 1e-9
    table = pl.read_csv(tmp_path / "ours.csv")
    table.with_columns(mean=pl.col("mean") * (1 + 1e-6)).write_csv(tmp_path / "wrong.csv")
    assert largest_difference(tmp_path / "ours.csv", tmp_path / "wrong.csv") > 1e-7
    table.head(table.height - 1).write_csv(tmp_path / "short.csv")
    with pytest.raises(SystemExit, match="same cells"):
        largest_difference(tmp_path / "ours.csv", tmp_path / "short.csv")
    main(str(data), str(tmp_path / "full.csv"), "full")
    full = pl.read_csv(tmp_path / "full.csv", infer_schema_length=None).drop_nulls(["mun", "grade"]).filter(pl.col("sex") > 0)
    assert full.sort(KEYS).select(table.columns).equals(table)


def test_the_chart_has_a_panel_for_each_thing_that_grows() -> None:
    row = {"respondents": 10, "municipalities": 2, "indices": 1, "cpu": 1.0}
    rows = [{**row, "what": what, "table": table} for what in ("rows", "indices") for table in ("plain", "full")]
    assert len(chart_spec(rows, CUBE)["vconcat"]) == 2
