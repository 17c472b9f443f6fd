"""Scoring: what the specification refuses, lazy frames, types, shared items, messages."""

from __future__ import annotations

import math

import polars as pl
import pytest

from assets.methods.errors import PipelineError
from assets.methods.rasch import IndexSpec, ItemSpec, build_lookup, reversed_thresholds, score

ITEMS = tuple(ItemSpec(f"F{k}", (-1.0 + 0.1 * k, 0.2, 1.3)) for k in range(6))
SPEC = IndexSpec("acting_out", "risk", ITEMS)


def _frame(*rows: tuple[int | None, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={item.key: pl.Int8 for item in ITEMS}, orient="row")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x", "risk", ()), "items"),
        (("x", "risk", tuple(ItemSpec(f"i{k}", (0.0,)) for k in range(13))), "items"),
        (("x", "risk", (ITEMS[0], ITEMS[0])), "twice"),
        (("x", "harm", ITEMS), "kind"),
        (("x", "risk", ITEMS, 7), "min_answered"),
        (("x", "risk", ITEMS, 0), "min_answered"),
    ],
)
def test_impossible_index_is_refused(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        IndexSpec(*arguments)


@pytest.mark.parametrize("thresholds", [(), (0.0, math.nan), (math.inf,)])
def test_impossible_item_is_refused(thresholds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="threshold"):
        ItemSpec("F1", thresholds)


def test_lookup_has_a_row_per_answered_set_and_raw_sum() -> None:
    lookup = build_lookup(SPEC)
    assert lookup.height == 6 * 16 + 19  # six sets of five items, one of six
    assert lookup["answered_mask"].n_unique() == 7
    assert lookup["n_answered"].min() == 5
    assert lookup.filter("extreme")["raw"].to_list() == [0, 15] * 6 + [0, 18]
    full = lookup.filter(pl.col("answered_mask") == 63)
    assert (full["theta"].diff().drop_nulls() > 0).all()
    assert full["se"].arg_min() not in (0, 18)


def test_bounds_clip_and_refuse_nonsense() -> None:
    free, bounded = build_lookup(SPEC), build_lookup(SPEC, 2.0)
    assert free["theta"].abs().max() > 2
    assert bounded["theta"].to_list() == free["theta"].clip(-2, 2).to_list()
    with pytest.raises(ValueError, match="theta_range"):
        build_lookup(SPEC, -4.0)


def test_several_roots_are_refused() -> None:
    far = IndexSpec("far", "risk", (ItemSpec("a", (-2.2,)), ItemSpec("b", (2.2,))), min_answered=1)
    with pytest.raises(PipelineError, match="far, tröskelvärden"):
        build_lookup(far)
    near = IndexSpec("near", "risk", (ItemSpec("a", (-1.0,)), ItemSpec("b", (1.0,))), min_answered=1)
    assert build_lookup(near).height == 2 + 2 + 3


def test_reversed_thresholds_names_the_items() -> None:
    assert reversed_thresholds(SPEC) == ()
    swapped = IndexSpec("x", "risk", (*ITEMS[:5], ItemSpec("F9", (0.1, -0.5, -0.2))))
    assert reversed_thresholds(swapped) == ("F9",)


def test_symmetric_thresholds_give_zero_without_a_minus() -> None:
    items = tuple(ItemSpec(f"i{k}", (-0.5, 0.5)) for k in range(5))
    frame = pl.DataFrame({item.key: [1] for item in items})
    for kind in ("risk", "protective"):
        value = score(frame, [IndexSpec("x", kind, items)])["x"][0]
        assert value == pytest.approx(0, abs=1e-12)
        if value == 0:
            assert math.copysign(1, value) == 1


def test_lazy_frame_stays_lazy_and_agrees() -> None:
    frame = _frame((0, 1, 2, 3, 0, 1), (None, None, 2, 3, 0, 1), (3, 3, 3, 3, 3, None))
    lazy = score(frame.lazy(), [SPEC])
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().equals(score(frame, [SPEC]))
    assert score(frame, [SPEC])["acting_out"].is_null().to_list() == [False, True, False]


def test_columns_types_and_order() -> None:
    frame = _frame((0, 1, 2, 3, 0, 1)).with_columns(id=pl.lit("p"))
    got = score(frame, [SPEC])
    assert got.columns == [*frame.columns, "acting_out", "acting_out_se", "acting_out_n"]
    assert [got.schema[name] for name in got.columns[-3:]] == [pl.Float64, pl.Float64, pl.Int16]
    assert got.select(frame.columns).equals(frame)


def test_shared_item_serves_two_indices() -> None:
    other = IndexSpec("wellbeing", "protective", (*ITEMS[:4], ItemSpec("G1", (0.0, 1.0))))
    frame = _frame((0, 1, 2, 3, 0, 1)).with_columns(G1=pl.lit(2))
    both = score(frame, [SPEC, other])
    assert both["acting_out"][0] == score(frame, [SPEC])["acting_out"][0]
    assert both["wellbeing"][0] == score(frame, [other])["wellbeing"][0]


def test_thresholds_follow_the_name_not_the_position() -> None:
    turned = IndexSpec(SPEC.key, SPEC.kind, SPEC.items[::-1])
    frame = _frame((0, 1, 2, 3, None, 1))
    assert score(frame, [turned])["acting_out"][0] == pytest.approx(score(frame, [SPEC])["acting_out"][0], abs=1e-12)
    swapped = tuple(ItemSpec(a.key, b.thresholds) for a, b in zip(ITEMS, ITEMS[::-1], strict=True))
    wrong = score(frame, [IndexSpec(SPEC.key, SPEC.kind, swapped)])["acting_out"][0]
    assert abs(wrong - score(frame, [SPEC])["acting_out"][0]) > 1e-3


def test_all_null_column_and_nan_are_missing() -> None:
    frame = _frame((0, 1, 2, 3, 0, 1)).with_columns(F0=pl.lit(None), F1=pl.lit(math.nan))
    assert score(frame, [SPEC])["acting_out_n"].to_list() == [4]


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        (pl.Series("F2", [4, 0, -1]), 2),
        (pl.Series("F2", [0.5, 1.0, math.inf]), 2),
        (pl.Series("F2", ["1", None, "2"]), 2),
        (pl.Series("F2", [True, False, True]), 3),
        (pl.Series("F2", [998, 998, 998]), 3),
    ],
)
def test_bad_answers_are_counted_and_never_shown(column: pl.Series, rows: int) -> None:
    frame = _frame(*[(0, 1, 2, 3, 0, 1)] * 3).with_columns(column)
    for given in (frame, frame.lazy()):
        with pytest.raises(PipelineError) as caught:
            score(given, [SPEC])
        text = str(caught.value)
        assert f"{rows} rader" in text
        assert "F2" in text
        assert "998" not in text
        assert "inf" not in text


def test_declared_not_asked_column_may_be_absent_and_only_that() -> None:
    frame = _frame((0, 1, 2, 3, 0, 1)).drop("F0", "F1")
    with pytest.raises(PipelineError, match="F1: väntade en kolumn"):
        score(frame, [SPEC], not_asked=["F0"])
    assert score(frame, [SPEC], not_asked=["F0", "F1"])["acting_out_n"].to_list() == [4]


def test_one_index_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        score(_frame((0, 1, 2, 3, 0, 1)), [SPEC, SPEC])
