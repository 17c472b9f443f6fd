"""Scores against a 50-digit solution, catR as shipped, and the golden ladders of the published method."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from assets.methods.rasch import IndexSpec, ItemSpec, build_lookup, score
from tests.oracle.rasch_reference import DATA, patterns_frame, published_specs, sign

RASCH = DATA / "rasch"

# Complete answers, bound 4, before the sign of protective indices; three decimals (data i dialog, own check against catR).
LADDERS = {
    "Utagerande": "-4 -3.026 -2.405 -1.948 -1.574 -1.252 -.970 -.718 -.490 -.281 -.087 .095 .267 .432 .592 .749 .903 1.058 1.216 "
    "1.378 1.548 1.730 1.930 2.158 2.432 2.786 3.310 4",
    "SkolaNegativ": "-3.600 -2.411 -1.809 -1.379 -1.032 -.735 -.469 -.224 .004 .221 .431 .638 .845 1.058 1.281 1.525 1.799 2.127 "
    "2.549 3.168 4",
    "SkolaPositiv": "-4 -3.051 -2.421 -1.964 -1.592 -1.269 -.977 -.706 -.449 -.201 .038 .272 .501 .726 .949 1.170 1.393 1.618 "
    "1.851 2.095 2.358 2.650 2.988 3.409 4 4",
    "PsykSomBesv": "-3.502 -2.361 -1.814 -1.445 -1.164 -.935 -.739 -.566 -.410 -.266 -.129 .001 .128 .253 .378 .505 .634 .769 "
    ".911 1.062 1.228 1.413 1.626 1.883 2.217 2.715 3.787",
    "Parenting": "-3.207 -2.055 -1.489 -1.094 -.779 -.511 -.271 -.049 .164 .376 .592 .823 1.078 1.372 1.729 2.188 2.839 4",
    "Community": "-2.947 -1.832 -1.318 -.980 -.720 -.502 -.306 -.121 .060 .242 .429 .627 .842 1.085 1.376 1.758 2.345 3.607",
    "Wellbeing": "-3.675 -2.447 -1.834 -1.416 -1.094 -.829 -.600 -.394 -.204 -.024 .149 .320 .492 .667 .848 1.041 1.250 1.483 "
    "1.750 2.070 2.480 3.071 4",
}


@pytest.fixture(scope="module")
def expected() -> pl.DataFrame:
    return pl.read_csv(
        RASCH / "scores.csv", schema_overrides={"responses": pl.String, "wle": pl.Float64}, infer_schema_length=None
    )


def _scored(spec: IndexSpec, responses: list[str], theta_range: float | None = None) -> pl.DataFrame:
    return score(patterns_frame(spec, responses), [spec], theta_range)


@pytest.mark.parametrize("index", ["Utagerande", "SkolaNegativ", "PsykSomBesv", "Parenting"])
def test_every_pattern_equals_the_50_digit_solution(expected: pl.DataFrame, index: str) -> None:
    spec = published_specs(min_answered=1)[index]
    rows = expected.filter(pl.col("index") == index)
    got = _scored(spec, rows["responses"].to_list())
    assert got[f"{index}_n"].to_list() == rows["n_answered"].to_list()
    assert got[index].is_null().to_list() == rows["wle"].is_null().to_list()
    assert rows["wle"].drop_nulls().len() > 300
    for column, truth in ((index, "wle"), (f"{index}_se", "se")):
        assert (got[column] - rows[truth]).abs().max() < 1e-9


@pytest.mark.parametrize("bound", [4, 7, 10])
def test_bounded_scores_equal_catr_as_shipped(expected: pl.DataFrame, bound: int) -> None:
    compared = 0
    for index, spec in published_specs(min_answered=1).items():
        rows = expected.filter(pl.col("index") == index).drop_nulls(f"catr_wle_r{bound}")
        if rows.is_empty():
            continue
        got = _scored(spec, rows["responses"].to_list(), float(bound))
        assert (got[index] - rows[f"catr_wle_r{bound}"]).abs().max() < 5e-5
        assert got[index].abs().max() <= bound
        compared += rows.height
    assert compared > 2000


def test_score_table_of_complete_answers() -> None:
    table = pl.read_csv(RASCH / "score_table.csv")
    for index, spec in published_specs().items():
        truth = table.filter(pl.col("index") == index)
        lookup = build_lookup(spec).filter(pl.col("n_answered") == len(spec.items))
        if truth.is_empty():
            continue
        assert lookup["raw"].to_list() == truth["raw"].to_list()
        assert (lookup["theta"] - truth["wle"]).abs().max() < 1e-8
        assert (lookup["se"] - truth["se_information"]).abs().max() < 1e-8
    assert table["index"].n_unique() >= 4


def test_synthetic_shapes() -> None:
    shapes = json.loads((RASCH / "synthetic_indices.json").read_text(encoding="utf-8"))
    assert set(shapes) == {"dicho12", "seven_categories"}
    for name, shape in shapes.items():
        items = tuple(ItemSpec(f"i{position:02d}", tuple(steps)) for position, steps in enumerate(shape["thresholds"]))
        responses = [pattern["responses"] for pattern in shape["patterns"]]
        fewest = min(len(text) - text.count(".") for text in responses)  # two far dichotomous items alone have several roots
        spec = IndexSpec(name, "risk", items, min_answered=fewest)
        got = _scored(spec, responses)
        assert np.abs(got[name].to_numpy() - [pattern["wle"] for pattern in shape["patterns"]]).max() < 1e-9
        assert np.abs(got[f"{name}_se"].to_numpy() - [pattern["se"] for pattern in shape["patterns"]]).max() < 1e-9


@pytest.mark.parametrize("bound", [4, 7, 10])
def test_complete_answers_equal_catr(bound: int) -> None:
    table = pl.read_csv(DATA / "did" / "wle_catR.csv")
    assert set(table["index"]) == {"Utagerande", "SkolaPositiv", "PsykSomBesv", "Parenting"}
    for index, spec in published_specs().items():
        truth = table.filter(pl.col("index") == index)
        if truth.is_empty():
            continue
        lookup = build_lookup(spec, float(bound)).filter(pl.col("n_answered") == len(spec.items))
        assert lookup["raw"].to_list() == truth["raw_score"].to_list()
        assert (lookup["theta"] - truth[f"wle_range{bound}"]).abs().max() < 5e-4
        assert (lookup["se"] - truth[f"sem_range{bound}"]).abs().max() < 5e-4


def test_incomplete_patterns_of_the_predecessor() -> None:
    table = pl.read_csv(DATA / "did" / "wle_incomplete_patterns.csv")
    index_column, answers_column, answered, _, result = table.columns
    compared = 0
    for index, spec in published_specs().items():
        rows = table.filter(pl.col(index_column) == index)
        answers = [dict(pair.split("=") for pair in text.split(";")) for text in rows[answers_column]]
        frame = pl.DataFrame(
            {item.key: [int(row[item.key]) if item.key in row else None for row in answers] for item in spec.items},
            schema={item.key: pl.Int8 for item in spec.items},
        )
        got = score(frame, [spec], 4.0)
        assert got[f"{index}_n"].to_list() == rows[answered].to_list()
        assert got[index].is_null().to_list() == rows[result].is_null().to_list()
        assert (got[index] * sign(spec) - rows[result]).abs().max() < 5e-4
        compared += rows.height
    assert compared == table.height


@pytest.mark.parametrize("index", list(LADDERS))
def test_golden_ladder(index: str) -> None:
    spec = published_specs()[index]
    lookup = build_lookup(spec, theta_range=4.0).filter(pl.col("n_answered") == len(spec.items))
    assert lookup["theta"].round(3).to_list() == [float(number) for number in LADDERS[index].split()]


def test_all_18011_keys_are_solved() -> None:
    assert sum(build_lookup(spec).height for spec in published_specs().values()) == 18_011
