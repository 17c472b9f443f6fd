"""The cube from answer patterns equals the general estimator, whatever the order of rows, weights and sizes of classes."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods import linearise
from assets.methods.cube import domain_moments, full_table, moments, plain_table
from assets.methods.errors import PipelineError
from assets.methods.pattern_sums import Design, MeanScoreIndex, class_sums

INDICES = (
    MeanScoreIndex("a", ("i1", "i2", "i3"), 4, 2, 60.0, frozenset({"i3"})),
    MeanScoreIndex("b", ("i4", "i5"), 5, 1, 50.0),
    MeanScoreIndex("c", ("i1", "i2", "i3", "i6", "i7"), 4, 3, 66.0, frozenset({"i7"})),
)
DESIGN = Design(("wave", "area", "grade"), "class", "sex", "weight", "classes")
ITEMS = {"i1": 4, "i2": 4, "i3": 4, "i4": 5, "i5": 5, "i6": 4, "i7": 4}


def pupils(seed: int, n: int = 600, weights: str = "class", lonely: bool = False) -> pl.DataFrame:
    """Answers of a small county: 2 waves, 3 areas, 2 grades."""
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "wave": rng.choice([2022, 2024], n),
            "area": rng.choice(["0114", "0115", "0180"], n),
            "grade": rng.choice([9, 11], n),
            "class": rng.integers(1, 2 if lonely else 6, n),
            "sex": rng.integers(1, 3, n),
            **{item: rng.integers(1, top + 1, n) for item, top in ITEMS.items()},
        }
    ).with_columns(pl.when(pl.Series(rng.random(n) > 0.15)).then(item).alias(item) for item in ITEMS)
    if weights == "class":
        weight = (pl.struct("wave", "area", "grade", "class").rank("dense") * 7919 % 13 + 1) / 4
    else:
        weight = pl.Series(rng.integers(1, 40, n)) / 8
    return frame.with_columns(weight=weight, classes=pl.lit(9))


def score(index: MeanScoreIndex) -> pl.Expr:
    """The index by its definition, item by item."""
    top = index.categories
    points = [((top + 1 - pl.col(i)) if i in index.reversed_items else pl.col(i)).cast(pl.Float64) for i in index.items]
    valid = pl.sum_horizontal(p.is_not_null() for p in points)
    mean = pl.mean_horizontal((p - 1) / (top - 1) * 100 for p in points)
    return pl.when(valid >= index.min_valid).then(mean)


def reference(frame: pl.DataFrame, index: MeanScoreIndex, by: list[str], *, risk: bool) -> pl.DataFrame:
    value = (score(index).round(9) >= index.cut).cast(pl.Float64) if risk else score(index)
    rows = frame.with_columns(
        value=value,
        h=pl.struct("wave", "area", "grade").rank("dense"),
        c=pl.struct("wave", "area", "grade", "class").rank("dense"),
    )
    design = linearise.Design(weight="weight", psu="c", stratum="h", population="classes")
    return linearise.domain_ratios(rows, "value", by, design)


@pytest.mark.parametrize("weights", ["class", "pupil"])
@pytest.mark.parametrize("lonely", [False, True])
def test_the_plain_table_equals_the_general_estimator(weights: str, lonely: bool) -> None:
    frame = pupils(1, weights=weights, lonely=lonely)
    table = plain_table(moments(class_sums(frame.lazy(), INDICES, DESIGN), INDICES), INDICES)
    by = ["wave", "area", "grade", "sex"]
    for index in INDICES:
        own = table.filter(pl.col("index") == index.key).sort(by)
        for what, risk in (("mean", False), ("risk", True)):
            expected = reference(frame, index, by, risk=risk)
            assert own["n"].to_list() == expected["n"].cast(pl.Int64).to_list()
            assert own["n_psu"].to_list() == expected["n_psu"].cast(pl.Int64).to_list()
            assert np.allclose(own[what], expected["estimate"], rtol=1e-12, atol=1e-12)
            assert np.allclose(own[f"{what}_se"], expected["se"], rtol=1e-9, atol=1e-7)


def test_totals_and_differences_equal_the_general_estimator() -> None:
    frame = pupils(2)
    table = full_table(moments(class_sums(frame.lazy(), INDICES, DESIGN), INDICES), INDICES, "wave", "area", "grade")
    index = INDICES[0]
    own = table.filter(pl.col("index") == "a")
    county = own.filter(pl.col("area").is_null(), pl.col("grade").is_null(), pl.col("sex") == 0).sort("wave")
    expected = reference(frame, index, ["wave"], risk=False)
    assert np.allclose(county["mean"], expected["estimate"], rtol=1e-12)
    assert np.allclose(county["mean_se"], expected["se"], rtol=1e-9)
    assert county["df"].to_list() == expected["df"].cast(pl.Int64).to_list()
    rows = frame.filter(pl.col("wave") == 2024, pl.col("grade") == 9).with_columns(
        value=score(index), h=pl.col("area").rank("dense"), c=pl.struct("area", "class").rank("dense")
    )
    design = linearise.Design(weight="weight", psu="c", stratum="h", population="classes")
    differences = linearise.differences_to_whole(rows, "value", "area", design)
    mine = own.filter(pl.col("wave") == 2024, pl.col("grade") == 9, pl.col("sex") == 0, pl.col("area").is_not_null()).sort("area")
    assert np.allclose(mine["diff_mean"], differences["estimate"], rtol=1e-9, atol=1e-12)
    assert np.allclose(mine["diff_mean_se"], differences["se"], rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([2, 5, 10]))
def test_order_and_scale_change_nothing(seed: int, scale: int) -> None:
    frame = pupils(seed, n=200)
    table = plain_table(moments(class_sums(frame.lazy(), INDICES, DESIGN), INDICES), INDICES)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    again = plain_table(moments(class_sums(shuffled.lazy(), INDICES, DESIGN), INDICES), INDICES)
    assert again.equals(table)  # bit for bit
    heavier = frame.with_columns(pl.col("weight") * scale)
    scaled = plain_table(moments(class_sums(heavier.lazy(), INDICES, DESIGN), INDICES), INDICES)
    for column in ("mean", "mean_se", "risk", "risk_se"):
        assert np.allclose(scaled[column], table[column], rtol=1e-9, atol=1e-9)


def test_long_classes_and_many_chunks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pupils(3, n=3000, lonely=True)
    whole = class_sums(frame.lazy(), INDICES, DESIGN)
    assert len(whole.psu) > whole.psu.max() + 1  # a class longer than a packed number holds is spread over rows
    monkeypatch.setattr("assets.methods.pattern_sums.CHUNK_ROWS", 70)
    pieces = class_sums(frame.lazy(), INDICES, DESIGN)
    assert plain_table(moments(pieces, INDICES), INDICES).equals(plain_table(moments(whole, INDICES), INDICES))


def test_all_or_none_is_exactly_so() -> None:
    frame = pupils(4).with_columns(pl.lit(1).alias(i) for i in ("i4", "i5"))
    table = plain_table(moments(class_sums(frame.lazy(), INDICES, DESIGN), INDICES), INDICES).filter(pl.col("index") == "b")
    assert set(table["risk"]) == {0.0}
    assert table["risk_lo"].null_count() == table.height
    assert table.select(pl.col(pl.Float64).is_nan().any()).row(0) == (False,) * len(table.select(pl.col(pl.Float64)).columns)


@pytest.mark.parametrize("answer", [-1, 0, 6, 300])
def test_an_impossible_answer_is_an_error_without_the_answer(answer: int) -> None:
    frame = pupils(5).with_columns(i1=pl.when(pl.int_range(pl.len()) == 17).then(answer).otherwise("i1"))
    with pytest.raises(PipelineError) as error:
        class_sums(frame.lazy(), INDICES, DESIGN)
    assert error.value.code == "impossible_answer"
    assert "1 elever" in str(error.value)


def test_a_pupil_without_class_or_weight_is_an_error() -> None:
    for column in ("class", "weight", "area"):
        gap = pupils(6).with_columns(pl.when(pl.int_range(pl.len()) > 3).then(column).alias(column))
        with pytest.raises(PipelineError) as error:
            class_sums(gap.lazy(), INDICES, DESIGN)
        assert error.value.code == "design_incomplete"


def test_too_many_patterns_is_an_error() -> None:
    index = MeanScoreIndex("x", tuple(f"i{k}" for k in range(1, 10)), 4, 5, 50.0)
    with pytest.raises(PipelineError) as error:
        class_sums(pupils(7).lazy(), [index], DESIGN)
    assert error.value.code == "too_many_patterns"


def test_domains_without_columns_are_everybody() -> None:
    table = moments(class_sums(pupils(8).lazy(), INDICES, DESIGN), INDICES)
    assert domain_moments(table, []).values.shape[1] == 1
