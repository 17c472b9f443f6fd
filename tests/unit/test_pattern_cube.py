"""The cube from answer patterns equals the general estimator, whatever the order of rows, weights and sizes of classes."""

import numpy as np
import polars as pl
import pytest

from assets.methods import linearise
from assets.methods.errors import PipelineError
from benchmarks.cube_task.cube import domain_moments, full_table, moments, plain_table
from benchmarks.cube_task.pattern_sums import Design, MeanScoreIndex, class_sums
from tests.support.pattern_answers import DESIGN, INDICES, pupils


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


def test_long_classes_and_many_chunks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pupils(3, n=3000, lonely=True)
    whole = class_sums(frame.lazy(), INDICES, DESIGN)
    assert len(whole.psu) > whole.psu.max() + 1  # a class longer than a packed number holds is spread over rows
    monkeypatch.setattr("benchmarks.cube_task.pattern_sums.CHUNK_ROWS", 70)
    pieces = class_sums(frame.lazy(), INDICES, DESIGN)
    assert plain_table(moments(pieces, INDICES), INDICES).equals(plain_table(moments(whole, INDICES), INDICES))


def test_a_class_that_two_slices_cut_is_one_row_again_unless_its_sums_have_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pupils(4).sort("wave", "area", "grade", "class")
    classes = frame.select("wave", "area", "grade", "class").n_unique()
    whole = class_sums(frame.lazy(), INDICES, DESIGN)
    for slice_rows in (7, 50, 131):
        monkeypatch.setattr("benchmarks.cube_task.pattern_sums.CHUNK_ROWS", slice_rows)
        cut = class_sums(frame.lazy(), INDICES, DESIGN)
        assert cut.packed.shape == whole.packed.shape == (len(INDICES), classes)
        assert (cut.packed == whole.packed).all()
    one_class = frame.with_columns(
        wave=2022, area=pl.lit("0114"), grade=9, **{"class": 1}, weight=pl.lit(1.0), sex=1, classes=1000
    )
    monkeypatch.setattr("benchmarks.cube_task.pattern_sums.CHUNK_ROWS", 200)
    long = class_sums(one_class.lazy(), INDICES, DESIGN)
    assert long.packed.shape[1] > 1, "600 pupils don't fit in eight bits"
    assert [int(long.unpack(k, 0)[0].sum()) for k in range(len(INDICES))] == [
        int(class_sums(one_class.lazy().with_columns(**{"class": pl.int_range(pl.len())}), INDICES, DESIGN).unpack(k, 0)[0].sum())
        for k in range(len(INDICES))
    ]


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
    assert "1 elev." in str(error.value)


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


def test_other_and_unknown_sexes_are_in_no_sum_but_their_classes_were_drawn() -> None:
    frame = pupils(9).with_columns(
        sex=pl.when(pl.col("class") == 2).then(None).when(pl.col("class") == 3).then(9).otherwise("sex")
    )
    table = plain_table(moments(class_sums(frame.lazy(), INDICES, DESIGN), INDICES), INDICES).filter(pl.col("index") == "a")
    assert table["n"].sum() == frame.filter(score(INDICES[0]).is_not_null(), pl.col("sex").is_in([1, 2])).height
    rows = frame.with_columns(sex=pl.col("sex").fill_null(0))
    by = ["wave", "area", "grade", "sex"]
    expected = reference(rows, INDICES[0], by, risk=False).filter(pl.col("sex").is_in([1, 2]))
    assert np.allclose(table.sort(by)["mean_se"], expected["se"], rtol=1e-9)


def test_an_index_with_more_patterns_than_a_byte_holds_and_other_integer_types() -> None:
    wide = [MeanScoreIndex("w", ("i1", "i2", "i3", "i6", "i7"), 4, 1, 40.0)]
    assert 2 * wide[0].patterns > 256
    for kind in (pl.Int8, pl.UInt8, pl.Int16, pl.Int64):
        frame = pupils(10).with_columns(pl.col("^i[0-9]$").cast(kind))
        table = plain_table(moments(class_sums(frame.lazy(), wide, DESIGN), wide), wide)
        expected = reference(frame, wide[0], ["wave", "area", "grade", "sex"], risk=False)
        assert np.allclose(table["mean"], expected["estimate"], rtol=1e-12)


def test_nobody_gives_empty_tables_with_their_columns() -> None:
    sums = class_sums(pupils(11).clear().lazy(), INDICES, DESIGN)
    table = moments(sums, INDICES)
    some = moments(class_sums(pupils(11).lazy(), INDICES, DESIGN), INDICES)
    for make in (lambda m: plain_table(m, INDICES), lambda m: full_table(m, INDICES, "wave", "area", "grade")):
        assert make(table).is_empty()
        assert make(table).schema == make(some).schema


def test_one_stratum_without_weights_and_register() -> None:
    frame = pupils(12)
    design = Design(("wave", "area", "grade"), "class", "sex")
    one = frame.filter(wave=2024, area="0114", grade=9)
    table = plain_table(moments(class_sums(one.lazy(), INDICES, design), INDICES), INDICES, sexes=(2,))
    expected = one.select(score(index).mean().alias(index.key) for index in INDICES)
    assert np.allclose(table["mean"], expected.row(0), rtol=1e-12)
    assert table["df"].to_list() == [one["class"].n_unique() - 1] * len(INDICES)


def test_a_score_on_the_cut_is_at_risk_also_when_the_cut_has_no_finite_decimals() -> None:
    thirds = MeanScoreIndex("t", ("i1",), 4, 1, 200 / 3)
    assert [thirds.outcome([answer])[2] for answer in (1, 2, 3, 4)] == [False, False, True, True]
    assert not MeanScoreIndex("t", ("i1",), 4, 1, 66.6666667).outcome([3])[2]


def test_no_interval_claims_certainty() -> None:
    """Everybody answers the same: se is 0, and a t interval would have no width."""
    frame = pupils(13).with_columns(pl.lit(3).alias(item) for item in ("i4", "i5"))
    sums = moments(class_sums(frame.lazy(), INDICES, DESIGN), INDICES)
    rows = plain_table(sums, INDICES).filter(pl.col("index") == "b")
    assert set(rows["mean_se"]) == {0.0}
    assert rows["mean_lo"].null_count() == rows["mean_hi"].null_count() == rows.height


def test_registers_that_cannot_be_right_are_errors() -> None:
    frame = pupils(14)
    varying = frame.with_columns(classes=pl.col("class") + 9)
    small = frame.with_columns(classes=pl.lit(1))
    for wrong, code in ((varying, "population_varies"), (small, "population_too_small")):
        with pytest.raises(PipelineError) as error:
            class_sums(wrong.lazy(), INDICES, DESIGN)
        assert error.value.code == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (pl.lit(float("nan")).alias("weight"), "design_incomplete"),
        (pl.lit(float("inf")).alias("weight"), "design_incomplete"),
        (pl.lit(0.0).alias("weight"), "design_incomplete"),
        (pl.lit(1e12).alias("weight"), "weight_out_of_range"),
        (pl.col("i1").cast(pl.Float64), "answers_not_whole"),
        (pl.lit(None, pl.Int64).alias("classes"), "design_incomplete"),
    ],
)
def test_columns_that_cannot_be_used_are_errors(change: pl.Expr, code: str) -> None:
    with pytest.raises(PipelineError) as error:
        class_sums(pupils(15).with_columns(change).lazy(), INDICES, DESIGN)
    assert error.value.code == code


def test_an_absent_column_is_named() -> None:
    with pytest.raises(PipelineError) as error:
        class_sums(pupils(16).drop("i2").lazy(), INDICES, DESIGN)
    assert (error.value.code, "i2" in str(error.value)) == ("column_missing", True)


def test_an_index_that_cannot_be_is_refused() -> None:
    for wrong in (
        lambda: MeanScoreIndex("x", ("i1",), 4, 0, 50.0),
        lambda: MeanScoreIndex("x", ("i1",), 4, 2, 50.0),
        lambda: MeanScoreIndex("x", ("i1",), 1, 1, 50.0),
        lambda: MeanScoreIndex("x", ("i1",), 4, 1, float("nan")),
        lambda: MeanScoreIndex("x", ("i1",), 4, 1, 50.0, frozenset({"i2"})),
    ):
        with pytest.raises(ValueError, match="x: "):
            wrong()
