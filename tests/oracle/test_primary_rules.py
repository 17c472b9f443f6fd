"""Primary rules against flags made independently of this project (data/cellkey/README.md). Exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from assets.methods.primary_rules import SCHOOL, all_or_none, below, dominated, few_contributors, p_percent, two_largest

EXPECTED = pl.read_csv(Path(__file__).parent / "data/cellkey/expected_primary.csv", schema_overrides={"schools": pl.String})


def test_every_flag_of_every_cell() -> None:
    rows = EXPECTED.select("cell", n=pl.col("schools").fill_null("").str.split(";")).explode("n")
    rows = rows.with_columns(pl.col("n").cast(pl.Int64, strict=False).fill_null(0))
    rows = rows.with_columns(pl.int_range(pl.len()).alias(SCHOOL))
    top = two_largest(rows, ["cell"], {"n": "n"}).sort("cell")
    counted = rows.group_by("cell").agg(total=pl.col("n").sum(), schools=(pl.col("n") > 0).sum()).sort("cell")
    total, schools = (counted[name].to_numpy().astype(np.int64) for name in ("total", "schools"))
    largest, second = (top[f"n:{name}"].to_numpy() for name in ("largest_school", "second_school"))
    x = EXPECTED["x"].to_numpy()
    assert total.tolist() == EXPECTED["n"].to_list()
    got = {
        "below_n10": below(total, 10),
        "empty": total == 0,
        "few_schools": few_contributors(schools, 3),
        "dominance_1_85": dominated(total, largest, 85),
        "p_percent_10": p_percent(total, largest, second, 10),
        "small_x": below(x, 5),
        "small_complement": below(total - x, 5),
        "all_or_none": all_or_none(x, total),
    }
    for name, flags in got.items():
        assert flags.astype(int).tolist() == EXPECTED[name].to_list(), name
    assert min(EXPECTED[name].sum() for name in ("dominance_1_85", "p_percent_10", "few_schools")) > 0
