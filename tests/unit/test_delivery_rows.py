"""Rows of a delivery less respondents: never a handful, whatever the numbers are."""

from __future__ import annotations

import polars as pl
import pytest

from assets.methods.delivery_rows import ROWS_TO, row_steps
from assets.methods.publish import delivery_quality

WIDTH, FLOOR, TO = 9, 10, 5


def results(*grades: tuple[float | None, str]) -> pl.DataFrame:
    """Respondents of one municipality, (published number, reason) per grade."""
    rows = [
        ("municipality", "0125", 2016, grade, "all", "n_respondents", value, reason)
        for grade, (value, reason) in zip(("ak9", "gy2"), grades, strict=False)
    ]
    names = ["area_level", "area_code", "wave", "grade", "sex", "measure", "value", "reason"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        pl.col("wave").cast(pl.Int32), pl.col("value").cast(pl.Float64)
    )


def step(*grades: tuple[float | None, str]) -> int:
    return row_steps(results(*grades), WIDTH, FLOOR, TO)["step"].item()


@pytest.mark.parametrize("other", [(0.0, "no_pupils"), (85.0, "ok"), (None, "too_few"), (None, "suppressed")])
def test_no_number_of_rows_leaves_few_beside_the_respondents(other: tuple[float | None, str]) -> None:
    spare = {"no_pupils": (0, 0), "ok": (83, 87)}.get(other[1], (0, FLOOR))
    for number in range(10, 1005, 5):
        chosen = step((float(number), "ok"), (None if other[1] == "no_pupils" else other[0], other[1]))
        for respondents in range(number - 2 + spare[0], number + 3 + spare[1]):
            for beside in (0, 1, WIDTH):
                shown = (respondents + beside + chosen // 2) // chosen * chosen
                most = shown + chosen - 1 - chosen // 2 - respondents
                assert most > WIDTH, (number, respondents, chosen)


def test_the_finest_step_is_used_where_it_will_do() -> None:
    assert step((215.0, "ok")) == ROWS_TO[0]
    assert step((210.0, "ok")) == ROWS_TO[1], "200 rows and 210 respondents would be at most four more"


@pytest.mark.parametrize("scored", [15, 45, 60, 110, 215])
def test_hidden_respondents_are_no_fewer_than_the_scored_that_are_shown(scored: int) -> None:
    """The rows say how many respondents there can be at most: they must leave room above the numbers of scored pupils."""
    hidden = results((None, "suppressed"))
    told = results((float(scored), "ok")).with_columns(measure=pl.lit("n_scored"))
    chosen = row_steps(pl.concat([hidden, told]), WIDTH, FLOOR, TO)["step"].item()
    for true in range(scored - 2, scored + 3):
        for beside in range(WIDTH):
            shown = (true + beside + chosen // 2) // chosen * chosen
            assert shown + chosen - 1 - chosen // 2 - true > WIDTH


def test_the_table_rounds_by_the_step() -> None:
    row = {
        "delivery_id": "a", "municipality_code": "0125", "wave": 2016, "promoted": True, "file_format": "sav", "codebook": "x",
        "rows_received": 212, "rows_kept": 212, "rows_outside": 0, "rules_tried": 20, "critical_broken": 0, "warnings_broken": 3,
        "source_file": "e.sav",
    }  # fmt: skip
    missing = pl.DataFrame(schema={"municipality_code": pl.String, "wave": pl.Int32, "missing_item_pct": pl.Int64})
    steps = row_steps(results((210.0, "ok")), WIDTH, FLOOR, TO)
    frame = pl.DataFrame([row], schema_overrides={"wave": pl.Int32})
    table = delivery_quality(frame, missing, ["0125"], [2016], steps=steps)
    assert table.filter(pl.col("item").str.starts_with("rows"))["value"].to_list()[:2] == ["200", "200"]
    finer = delivery_quality(frame.with_columns(rows_kept=215), missing, ["0125"], [2016], steps=steps)
    assert finer.filter(item="rows_kept")["value"].item() == "200"
