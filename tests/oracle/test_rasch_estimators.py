"""MLE, EAP, test information and the score table against 50-digit solutions and catR."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from assets.methods.rasch import IndexSpec, ItemSpec, build_lookup, score
from assets.methods.rasch_information import information_curve, score_table
from tests.oracle.rasch_reference import DATA, patterns_frame, published_specs

RASCH = DATA / "rasch"
INDICES = ["Utagerande", "SkolaNegativ", "PsykSomBesv", "Parenting"]


@pytest.fixture(scope="module")
def expected() -> pl.DataFrame:
    return pl.read_csv(RASCH / "scores.csv", schema_overrides={"responses": pl.String}, infer_schema_length=None)


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize(("estimator", "error"), [("mle", "mle_se"), ("eap", "eap_sd")])
def test_every_pattern_by_the_other_estimators(expected: pl.DataFrame, index: str, estimator: str, error: str) -> None:
    spec = published_specs(min_answered=1)[index]
    rows = expected.filter(pl.col("index") == index)
    got = score(patterns_frame(spec, rows["responses"].to_list()), [spec], estimator=estimator)
    for column, truth in ((index, rows[estimator]), (f"{index}_se", rows[error])):
        assert got[column].is_null().to_list() == truth.is_null().to_list()
        assert (got[column] - truth).abs().max() < 1e-9


@pytest.mark.parametrize("index", INDICES)
def test_bounded_mle_equals_catr_as_shipped(expected: pl.DataFrame, index: str) -> None:
    spec = published_specs(min_answered=1)[index]
    rows = expected.filter(pl.col("index") == index).drop_nulls("catr_mle_r4")
    got = score(patterns_frame(spec, rows["responses"].to_list()), [spec], 4.0, estimator="mle")
    assert rows.height > 200
    assert (got[index] - rows["catr_mle_r4"]).abs().max() < 5e-5


def test_information_is_one_over_the_squared_error(expected: pl.DataFrame) -> None:
    rows = expected.drop_nulls("wle")
    assert (1 / rows["se"] ** 2 / rows["info"] - 1).abs().max() < 1e-9
    for index in INDICES:
        spec = published_specs(min_answered=1)[index]
        few = rows.filter((pl.col("index") == index) & (pl.col("n_answered") == len(spec.items)))
        at_scores = information_curve(spec, few["wle"].to_list())
        assert (at_scores["information"] - few["info"]).abs().max() < 1e-9


def test_synthetic_shapes_by_mle() -> None:
    for name, shape in json.loads((RASCH / "synthetic_indices.json").read_text(encoding="utf-8")).items():
        items = tuple(ItemSpec(f"i{position:02d}", tuple(steps)) for position, steps in enumerate(shape["thresholds"]))
        responses = [pattern["responses"] for pattern in shape["patterns"]]
        spec = IndexSpec(name, "risk", items, min_answered=min(len(text) - text.count(".") for text in responses))
        got = score(patterns_frame(spec, responses), [spec], estimator="mle")
        truth = [pattern["mle"] for pattern in shape["patterns"]]
        assert got[name].is_null().to_list() == [value is None for value in truth]
        known = [position for position, value in enumerate(truth) if value is not None]
        assert np.abs(got[name].to_numpy()[known] - np.array(truth, dtype=float)[known]).max() < 1e-9


def test_score_table_keeps_the_two_errors_apart() -> None:
    truth = pl.read_csv(RASCH / "score_table.csv")
    specs = published_specs()
    for (index,), rows in truth.group_by("index"):
        got = score_table(specs[str(index)])
        for column in ("wle", "se_information", "sem_score_distribution", "bias"):
            assert (got[column] - rows[column]).abs().max() < 1e-8, column
        assert (got["se_information"] - got["sem_score_distribution"]).abs().max() > 0.3
    assert truth["index"].n_unique() >= 4


def test_information_curve() -> None:
    truth = pl.read_csv(RASCH / "test_information.csv")
    specs = published_specs()
    for (index,), rows in truth.group_by("index"):
        got = information_curve(specs[str(index)], rows["theta"].to_list())
        for column, name in (("expected_score", "expected_score"), ("information", "info"), ("csem", "csem")):
            assert (got[column] - rows[name]).abs().max() < 1e-8, column


def test_the_ends_by_mle_are_empty_or_the_bound() -> None:
    spec = published_specs()["Parenting"]
    free, bounded = build_lookup(spec, None, "mle"), build_lookup(spec, 4.0, "mle")
    assert free["theta"].is_null().to_list() == free["extreme"].to_list() == free["se"].is_null().to_list()
    assert set(bounded.filter("extreme")["theta"].to_list()) == {-4.0, 4.0}
    assert bounded["se"].null_count() == 0


def test_an_unknown_estimator_is_refused() -> None:
    with pytest.raises(ValueError, match="wle, mle, eap"):
        build_lookup(published_specs()["Parenting"], None, "map")
