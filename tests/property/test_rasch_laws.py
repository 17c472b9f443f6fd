"""Laws of scoring for any thresholds and answers."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.rasch import IndexSpec, ItemSpec, score

THRESHOLDS = st.lists(st.floats(-0.7, 0.7), min_size=1, max_size=4).map(tuple)
SPECS = st.lists(THRESHOLDS, min_size=4, max_size=6).map(
    lambda items: IndexSpec("x", "risk", tuple(ItemSpec(f"i{k}", steps) for k, steps in enumerate(items)), min_answered=3)
)


@st.composite
def spec_and_answers(draw: st.DrawFn) -> tuple[IndexSpec, list[list[int | None]]]:
    """An index and up to eight rows of answers."""
    spec = draw(SPECS)
    row = st.tuples(*(st.none() | st.integers(0, item.max_score) for item in spec.items)).map(list)
    return spec, draw(st.lists(row, min_size=1, max_size=8))


def _frame(spec: IndexSpec, rows: list[list[int | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={item.key: pl.Int16 for item in spec.items}, orient="row")


@settings(max_examples=40, deadline=None)
@given(spec_and_answers())
def test_a_higher_answer_raises_the_score(case: tuple[IndexSpec, list[list[int | None]]]) -> None:
    spec, rows = case
    base = score(_frame(spec, rows), [spec])["x"].to_list()
    for position, item in enumerate(spec.items):
        raised = [[*row] for row in rows]
        for row in raised:
            if row[position] is not None and row[position] < item.max_score:
                row[position] += 1
        for before, after, old, new in zip(base, score(_frame(spec, raised), [spec])["x"], rows, raised, strict=True):
            if before is not None:
                assert after > before if old != new else after == before


@settings(max_examples=30, deadline=None)
@given(spec_and_answers(), st.randoms(use_true_random=False))
def test_row_and_column_order_change_nothing(case: tuple[IndexSpec, list[list[int | None]]], random: object) -> None:
    spec, rows = case
    shuffled = [*range(len(rows))]
    random.shuffle(shuffled)
    columns = [item.key for item in spec.items]
    random.shuffle(columns)
    plain = score(_frame(spec, rows), [spec])["x"].to_list()
    turned = score(_frame(spec, rows).select(columns)[shuffled], [spec])["x"].to_list()
    assert turned == [plain[row] for row in shuffled]


@settings(max_examples=30, deadline=None)
@given(spec_and_answers())
def test_protective_is_the_mirror_and_the_raw_sum_is_enough(case: tuple[IndexSpec, list[list[int | None]]]) -> None:
    spec, rows = case
    got = score(_frame(spec, rows), [spec])
    mirror = score(_frame(spec, rows), [IndexSpec("x", "protective", spec.items, spec.min_answered)])
    assert [None if value is None else -value for value in got["x"]] == mirror["x"].to_list()
    seen: dict[tuple[object, ...], float | None] = {}
    for row, value in zip(rows, got["x"], strict=True):
        key = (*(answer is None for answer in row), sum(answer or 0 for answer in row))
        assert seen.setdefault(key, value) == value
