"""Bands: the tie rule, direction, cuts bound by key."""

from __future__ import annotations

import polars as pl
import pytest

from assets.methods.bands import FOCUS_BAND, CutSet, band_expr, tie_mass, with_bands

# Published cut-points of 2024-09-23 as stored.
PUBLISHED = {"parenting": (0.092131412456355, 0.37600000000000006), "school_bonding": (-1.1911892924288994, 0.9185889014891522)}
CUTS = CutSet("rise_2024-09-23", PUBLISHED)
ROUND = CutSet("round", {"risk": (0.0, 1.0), "protective": (0.0, 1.0)})


def _bands(scores: list[float | None], key: str, kind: str, cuts: CutSet) -> list[int | None]:
    return pl.DataFrame({key: scores}, schema={key: pl.Float64}).select(band_expr(key, kind, cuts)).to_series().to_list()


def test_parenting_raw_9_stays_below_the_raised_band() -> None:
    assert _bands([0.375572103494258, 0.3765001], "parenting", "risk", CUTS) == [2, 3]


@pytest.mark.parametrize(
    ("kind", "policy", "expected"),
    [
        ("risk", "strict", [1, 1, 2, 2, 3]),
        ("risk", "inclusive", [1, 2, 2, 3, 3]),
        ("protective", "strict", [1, 2, 2, 2, 3]),
        ("protective", "inclusive", [1, 1, 2, 3, 3]),
    ],
)
def test_who_owns_a_score_at_the_cut(kind: str, policy: str, expected: list[int]) -> None:
    cuts = CutSet("x", ROUND.cuts, policy)
    assert _bands([-0.001, 0.0, 0.5, 1.0, 1.001], kind, kind, cuts) == expected


def test_no_score_no_band_and_small_type() -> None:
    frame = pl.DataFrame({"risk": [None, float("nan"), 0.5]}).select(band_expr("risk", "risk", ROUND).alias("band"))
    assert frame["band"].to_list() == [None, None, 2]
    assert frame.schema["band"] == pl.Int8


def test_protective_low_scores_are_the_focus() -> None:
    assert _bands([-1.5, 0.0, 1.0], "school_bonding", "protective", CUTS) == [1, 2, 3]
    assert FOCUS_BAND == {"risk": 3, "protective": 1}


def test_comparison_is_with_three_decimals() -> None:
    assert _bands([1.00049, 1.00051], "risk", "risk", ROUND) == [2, 3]


def test_cuts_are_bound_by_key() -> None:
    first, second = CUTS.cuts["parenting"], CUTS.cuts["school_bonding"]
    swapped = CutSet("swapped", {"parenting": second, "school_bonding": first})
    reordered = CutSet("reordered", dict(reversed(CUTS.cuts.items())))
    frame = pl.DataFrame({"parenting": [-0.5, 0.2, 0.6, 1.0], "school_bonding": [-1.0, 0.2, 0.6, 1.0]})
    kinds = {"parenting": "risk", "school_bonding": "protective"}
    columns = ["parenting_band", "school_bonding_band"]
    truth = with_bands(frame, kinds, CUTS).select(columns)
    assert with_bands(frame, kinds, reordered).select(columns).equals(truth)
    changed = with_bands(frame, kinds, swapped)
    assert changed["parenting_band"].to_list() != truth["parenting_band"].to_list()
    assert changed["school_bonding_band"].to_list() != truth["school_bonding_band"].to_list()


@pytest.mark.parametrize("cuts", [{"a": (1.0, 1.0)}, {"a": (2.0, 1.0)}, {"a": (float("nan"), 1.0)}])
def test_impossible_cuts_are_refused(cuts: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="lower cut"):
        CutSet("x", cuts)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="policy"):
        CutSet("x", {}, "loose")
    with pytest.raises(ValueError, match="no cuts for wellbeing"):
        band_expr("wellbeing", "protective", CUTS)
    with pytest.raises(ValueError, match="kind"):
        band_expr("parenting", "harm", CUTS)


def test_tie_mass_counts_scores_at_the_cut() -> None:
    frame = pl.DataFrame({"parenting": [0.375572103494258, 0.3758, 0.377, None], "school_bonding": [None] * 4}, strict=False)
    got = tie_mass(frame.cast({"school_bonding": pl.Float64}), ["parenting", "school_bonding"], CUTS)
    assert got["cut"].to_list() == ["lower", "upper"] * 2
    assert got["n_scored"].to_list() == [3, 3, 0, 0]
    assert got["n_tied"].to_list() == [0, 2, 0, 0]
    assert got["share_tied"].to_list() == [0.0, pytest.approx(2 / 3), None, None]
    assert got["cut_value"][1] == 0.37600000000000006
