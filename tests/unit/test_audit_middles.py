"""What means and the middles of intervals tell of hidden numbers is attacked, and only what is true is concluded."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.audit import AuditRules, EditionRules, audit
from assets.audit.middles import windows
from assets.audit.world import ROW, Row, rows_of

RULES = AuditRules(
    {"intern": EditionRules(10, 20, 30, 10, 5, 1, 4, 9)},
    "intern",
    focus={"wellbeing": "share_band3"},
    plain_intervals=frozenset({"t"}),
)
Cell = tuple[str, str, str, str, float | None, float | None, float | None, int | None]


def table(cells: list[Cell]) -> pl.DataFrame:
    """Rows of `release.index_results` of one index: level, code, sex, measure, value, low, high, n; hidden without a value."""
    rows = [
        (
            "intern",
            *cell[:2],
            2024,
            "ak9",
            cell[2],
            "wellbeing",
            *cell[3:],
            "ok" if cell[4] is not None else "suppressed",
            "m",
            "t",
        )
        for cell in cells
    ]
    names = ("edition", "area_level", "area_code", "wave", "grade", "sex", "index_key", *ROW[5:])
    kinds = {"wave": pl.Int32, "n": pl.Int64} | dict.fromkeys(("value", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema=list(names), orient="row").cast(kinds)


def municipality(means: dict[str, float | None]) -> pl.DataFrame:
    """A municipality that shows its total and all bands, but not how many girls and boys there are."""
    cells: list[Cell] = []
    for sex in ("girl", "boy", "all"):
        total = sex == "all"
        cells += [
            ("municipality", "0120", sex, f"share_band{k}", value, None, None, None)
            for k, value in ((1, 60.0), (2, 25.0), (3, 15.0))
        ]
        cells += [
            ("municipality", "0120", sex, name, float(n) if total else None, None, None, None)
            for name, n in (("n_respondents", 200), ("n_scored", 190))
        ]
        cells.append(("municipality", "0120", sex, "share_unscored", None, None, None, None))
        cells.append(("municipality", "0120", sex, "mean", means[sex], None, None, None))
    return table(cells)  # fmt: skip


def narrow(results: pl.DataFrame) -> set[tuple[str, str]]:
    report = audit({"index_results": results}, RULES)
    assert set(report.cells["verdict"]) <= {"wide", "narrow"}
    return set(report.cells.filter(pl.col("verdict") == "narrow").select("sex", "measure").iter_rows())


def test_three_means_tell_how_many_girls_and_boys_there_are() -> None:
    assert ("girl", "n_scored") in narrow(municipality({"girl": 1.0, "boy": -1.0, "all": 0.02}))


def test_means_that_may_be_equal_or_are_hidden_tell_nothing() -> None:
    assert not narrow(municipality({"girl": 0.02, "boy": 0.02, "all": 0.02}))
    assert not narrow(municipality({"girl": None, "boy": None, "all": 0.02}))


def test_the_middle_of_a_gap_narrows_the_shares_behind_it() -> None:
    cells: list[Cell] = [
        ("municipality", "0120", sex, "share_band3", value, None, None, 200) for sex, value in (("girl", 20.0), ("boy", 10.0))
    ]
    gap: Cell = ("municipality", "0120", "all", "sex_gap_share_focus", 10.0, 5.0, 17.0, 400)
    _, shares = windows(rows_of(table([*cells, gap]), "index_key"), RULES)
    place = ("municipality", "0120")
    assert shares[place, "girl", "wellbeing", "share_band3"] == pytest.approx((0.2, 0.205), abs=1e-6)
    assert shares[place, "boy", "wellbeing", "share_band3"] == pytest.approx((0.095, 0.1), abs=1e-6)


def published(sex: str, scores: np.ndarray) -> list[Cell]:
    """Mean and focus share of a group, each with a symmetric interval, rounded as the release rounds them."""
    mean, share, n = scores.mean(), (scores > 1).mean(), 5 * round(len(scores) / 5)
    wide = 1.96 * scores.std() / math.sqrt(len(scores))
    place = ("municipality", "0120", sex)
    return [
        (*place, "mean", round(mean, 2), round(mean - wide, 2), round(mean + wide, 2), n),
        (*place, "share_band3", float(round(100 * share)), None, None, n),
    ]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000), st.integers(30, 200), st.integers(30, 200))
def test_the_exact_numbers_lie_inside_the_windows(seed: int, girls: int, boys: int) -> None:
    chance = np.random.default_rng(seed)
    groups = {"girl": chance.normal(0.4, 1, girls), "boy": chance.normal(0, 1, boys)}
    groups["all"] = np.concatenate([groups["girl"], groups["boy"]])
    cells = [cell for sex, scores in groups.items() for cell in published(sex, scores)]
    exact = {
        "mean": groups["girl"].mean() - groups["boy"].mean(),
        "share_focus": 100 * ((groups["girl"] > 1).mean() - (groups["boy"] > 1).mean()),
    }
    for (measure, gap), wide, digits in zip(exact.items(), (0.31, 9.3), (2, 0), strict=True):
        value, low, high = (round(number, digits) for number in (gap, gap - wide, gap + wide))
        cells.append(("municipality", "0120", "all", f"sex_gap_{measure}", value, low, high, 300))
    rows: list[Row] = rows_of(table(cells), "index_key")
    means, shares = windows(rows, RULES)
    assert len(means) == 3
    for (_, sex, _, _), (low, high) in means.items():
        assert low - 1e-9 <= groups[sex].mean() <= high + 1e-9
    for (_, sex, _, _), (low, high) in shares.items():
        assert low - 1e-9 <= (groups[sex] > 1).mean() <= high + 1e-9
