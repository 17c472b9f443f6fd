"""The benchmark of scoring compares what it says: same respondents, same scores, and a wrong or missing score is found."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from benchmarks.common.costs import measured
from benchmarks.common.growth_chart import SCORING, chart_spec
from benchmarks.scoring import TASK, largest_difference, within
from benchmarks.scoring_task import data
from benchmarks.scoring_task.answers import PROTECTIVE, enough_answers, placed, published
from benchmarks.scoring_task.ours import main


def test_ours_equals_the_loop_and_a_wrong_or_missing_score_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "apart", lambda function, *given: function(*given))
    monkeypatch.setattr(data, "PART", 150)
    answers = data.write(tmp_path, 400)
    assert pl.read_parquet(answers)["respondent"].to_list() == list(range(400))
    ours, peer, wrong = (tmp_path / f"{name}.parquet" for name in ("ours", "peer", "wrong"))
    main(str(answers), str(ours))
    cost = measured([sys.executable, str(TASK / "one_by_one.py"), str(answers), str(peer), "30"])
    assert 0 < within(cost).cpu < cost.cpu
    keys = list(published())
    assert largest_difference(ours, peer, keys) < 1e-10
    scores = pl.read_parquet(peer)
    scores.with_columns(pl.col(keys[0]) + 1e-3).write_parquet(wrong)
    assert largest_difference(ours, wrong, keys) > 1e-4
    scores.with_columns(pl.lit(None, pl.Float64).alias(keys[2])).write_parquet(wrong)
    assert largest_difference(ours, wrong, keys) == float("inf")
    scores.with_columns(pl.col("respondent") + 1).write_parquet(wrong)
    with pytest.raises(SystemExit, match="same respondents"):
        largest_difference(ours, wrong, keys)


def test_a_package_scores_those_with_enough_answers_and_its_scores_come_back_on_their_rows() -> None:
    answers = pl.DataFrame({f"i{n}": [1, None, 0] for n in range(5)}, schema_overrides={f"i{n}": pl.Int8 for n in range(5)})
    scored = enough_answers(answers, answers.columns)
    assert scored.to_list() == [True, False, True]
    assert placed("risk", [0.5, -1.0], scored).to_list() == [0.5, None, -1.0]
    assert placed(min(PROTECTIVE), [0.5, -1.0], scored).to_list() == [-0.5, None, 1.0]


def test_the_chart_has_a_panel_for_rows_and_one_for_indices() -> None:
    rows = [{"what": what, "respondents": 10, "indices": 1, "table": "scores", "cpu": 1.0} for what in ("rows", "indices")]
    assert len(chart_spec(rows, SCORING)["vconcat"]) == 2
