"""A verdict is made once in a pass for the same rows, rules and parameters, and again for any others."""

from __future__ import annotations

import polars as pl

from expectations.kept_outcomes import kept_or_judged, kept_outcomes

ROWS = pl.DataFrame({"wave": [2022, 2024], "n": [3, None]})


class Judge:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.asked


def test_the_same_rows_are_judged_once_in_a_pass_and_each_time_outside_of_one():
    judge = Judge()
    with kept_outcomes():
        found = [kept_or_judged([ROWS.clone()], ("regel", {"items": ["F1"]}), judge) for _ in range(3)]
    assert found == [1, 1, 1]
    assert [kept_or_judged([ROWS], ("regel", {"items": ["F1"]}), judge) for _ in range(2)] == [2, 3]
    with kept_outcomes():
        assert kept_or_judged([ROWS], ("regel", {"items": ["F1"]}), judge) == 4, "nothing is left of an earlier pass"


def test_another_value_type_column_rule_or_parameter_is_judged_again():
    judge, others = Judge(), [
        [ROWS.with_columns(n=pl.lit(3))],
        [ROWS.with_columns(pl.col("n").cast(pl.Int8))],
        [ROWS.rename({"n": "m"})],
        [ROWS.head(1)],
        [ROWS, ROWS],
    ]  # fmt: skip
    with kept_outcomes():
        kept_or_judged([ROWS], ("regel", {"items": ["F1"]}), judge)
        for frames in others:
            kept_or_judged(frames, ("regel", {"items": ["F1"]}), judge)
        kept_or_judged([ROWS], ("en annan", {"items": ["F1"]}), judge)
        kept_or_judged([ROWS], ("regel", {"items": ["F1", "F2"]}), judge)
    assert judge.asked == 1 + len(others) + 2
