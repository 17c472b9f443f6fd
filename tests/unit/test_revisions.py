"""What changed between two vintages: told cell by cell, and a jump of level stops."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.errors import PipelineError
from assets.registers import revisions
from assets.registers.models import Indicator, value_frame

ONE = Indicator(key="N1", title_sv="Ett mått", section="skola", unit="percent", decimals=1)
TWO = Indicator(key="N2", title_sv="Ett annat", section="skola", unit="per_1000", decimals=0)


def vintage(day: str, *cells: tuple[str, str, int, float | None, str]) -> pl.DataFrame:
    """Rows (indicator, area, year, value, reason) of one vintage."""
    return value_frame(
        {
            "source": "kolada",
            "indicator_key": key,
            "area_level": "municipality",
            "area_code": area,
            "year": year,
            "sex": "all",
            "value": value,
            "unit": "percent",
            "reason": reason,
            "vintage": day,
        }
        for key, area, year, value, reason in cells
    )


OLD = vintage(
    "2023-03-28",
    ("N1", "0114", 2009, 40.0, "ok"),
    ("N1", "0114", 2021, 50.0, "ok"),
    ("N1", "0114", 2022, 51.24, "ok"),
    ("N1", "0115", 2021, 60.0, "ok"),
    ("N1", "0115", 2022, None, "masked_at_source"),
    ("N1", "0117", 2021, 70.0, "ok"),
    ("N1", "0117", 2022, 0.0, "ok"),
)
NEW = vintage(
    "2023-09-12",
    ("N1", "0114", 2021, 55.0, "ok"),
    ("N1", "0114", 2022, 51.241, "ok"),
    ("N1", "0115", 2021, None, "missing"),
    ("N1", "0115", 2022, 61.0, "ok"),
    ("N1", "0117", 2021, 70.0000004, "ok"),
    ("N1", "0117", 2022, 1.0, "ok"),
    ("N1", "0120", 2022, 10.0, "ok"),
)


def test_each_kind_of_change_is_told_with_both_values() -> None:
    got = revisions.compare(OLD, NEW, [ONE])
    assert got.schema == pl.Schema(revisions.REVISION_SCHEMA)
    assert got.select("area_code", "year", "change", "value_old", "value_new", "visible").rows() == [
        ("0114", 2009, "not_fetched", 40.0, None, True),
        ("0114", 2021, "revised", 50.0, 55.0, True),
        ("0114", 2022, "revised", 51.24, 51.241, False),
        ("0115", 2021, "withdrawn", 60.0, None, True),
        ("0115", 2022, "new", None, 61.0, True),
        ("0117", 2021, "digits", 70.0, 70.0000004, False),
        ("0117", 2022, "revised", 0.0, 1.0, True),
        ("0120", 2022, "new", None, 10.0, True),
    ]
    sizes = got.filter(change="revised")["relative_change"].to_list()
    assert sizes[0] == pytest.approx(0.1)
    assert sizes[2] is None  # from zero there is no relative change
    assert got.filter(area_code="0115", year=2021).select("reason_old", "reason_new").row(0) == ("ok", "missing")
    assert set(got["vintage_old"]) == {"2023-03-28"}
    assert set(got["vintage_new"]) == {"2023-09-12"}


def test_vintages_are_compared_in_order_of_their_days_whatever_order_they_come_in() -> None:
    last = vintage("2024-01-30", ("N1", "0114", 2022, 99.0, "ok"))
    forward = revisions.compare_all([OLD, NEW, last], [ONE])
    assert forward.equals(revisions.compare_all([last, OLD, NEW], [ONE]))
    assert forward.select("vintage_old", "vintage_new").unique().height == 2
    assert revisions.compare_all([OLD], [ONE]).is_empty()
    assert revisions.compare_all([], [ONE]).schema == pl.Schema(revisions.REVISION_SCHEMA)


def test_two_vintages_in_one_frame_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="exactly one vintage"):
        revisions.compare(pl.concat([OLD, NEW]), NEW, [ONE])


def test_a_summary_counts_each_kind() -> None:
    got = revisions.summary(revisions.compare(OLD, NEW, [ONE])).row(0, named=True)
    assert {k: got[k] for k in (*revisions.CHANGES, "visible")} == {
        "new": 2, "revised": 3, "digits": 1, "withdrawn": 1, "not_fetched": 1, "visible": 2,
    }  # fmt: skip
    assert got["largest"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("factor", "stops"), [(10.0, True), (0.1, True), (100.0, True), (4.9, False), (0.21, False), (1.0, False)]
)
def test_a_level_of_another_order_of_magnitude_stops(factor: float, stops: bool) -> None:
    old = vintage("2023-03-28", *[("N1", f"01{n}", 2021, 10.0 + n, "ok") for n in range(14, 20)])
    new = vintage("2023-09-12", *[("N1", f"01{n}", 2021, (10.0 + n) * factor, "ok") for n in range(14, 20)])
    if stops:
        with pytest.raises(PipelineError) as caught:
            revisions.require_same_level(old, new, [ONE])
        assert caught.value.code == "level_jump"
        assert "N1 (Ett mått)" in str(caught.value)
        assert "\n" not in str(caught.value)
    else:
        revisions.require_same_level(old, new, [ONE])


def test_new_years_of_another_magnitude_stop_although_old_years_are_unchanged() -> None:
    old = vintage("2023-03-28", *[("N1", f"01{n}", 2021, 20.0, "ok") for n in range(14, 20)])
    new = vintage(
        "2023-09-12",
        *[("N1", f"01{n}", 2021, 20.0, "ok") for n in range(14, 20)],
        *[("N1", f"01{n}", 2022, 2000.0, "ok") for n in range(14, 20)],
    )
    moved = revisions.levels(old, new)
    assert moved.select("basis", "ratio", "jump").rows() == [("same_cells", 1.0, False), ("new_years", 100.0, True)]
    (sentence,) = revisions.stop_sentences(moved, [ONE])
    assert "100,0 gånger högre än i årgången 2023-03-28" in sentence


def test_an_indicator_that_is_gone_or_all_zero_has_no_level_to_jump() -> None:
    old = vintage("2023-03-28", ("N1", "0114", 2021, 0.0, "ok"), ("N2", "0114", 2021, 5.0, "ok"))
    new = vintage("2023-09-12", ("N1", "0114", 2021, 3.0, "ok"))
    assert revisions.stop_sentences(revisions.levels(old, new), [ONE, TWO]) == []


cells = st.dictionaries(
    st.tuples(st.sampled_from(["0114", "0115", "0117"]), st.integers(2019, 2023)),
    st.one_of(st.none(), st.floats(0, 100, allow_nan=False)),
    max_size=10,
)


@settings(max_examples=50, deadline=None)
@given(cells, cells)
def test_every_difference_is_told_once_and_nothing_else(before: dict, after: dict) -> None:
    def frame(day: str, held: dict) -> pl.DataFrame:
        anchor = [("N1", "0180", year, 1.0, "ok") for year in (2019, 2023)]
        return vintage(day, *anchor, *[("N1", a, y, v, "ok" if v is not None else "missing") for (a, y), v in held.items()])

    got = revisions.compare(frame("2023-03-28", before), frame("2023-09-12", after), [ONE])
    told = {(a, y): c for a, y, c in got.select("area_code", "year", "change").rows()}
    assert len(told) == got.height
    for cell in before.keys() | after.keys():
        old, new = before.get(cell), after.get(cell)
        if old == new:
            assert cell not in told
        elif old is None:
            assert told[cell] == "new"
        elif new is None:
            assert told[cell] == "withdrawn"
        else:
            assert told[cell] in {"revised", "digits"}
