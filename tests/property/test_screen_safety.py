"""Results with and without unserious answers, side by side, give nobody away: an attacker who knows the rest exactly.

Shares no code with the control: rounding is done with fractions, bounds by trying every possibility.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import load_policy
from assets.methods.screen_publish import published_sensitivity
from assets.methods.screen_sensitivity import COUNTS, KEYS

POLICY = load_policy(load_catalogue().disclosure)
WIDTH = 4
NAMES = {"01": "Länet"} | {f"01{i:02d}": f"Kommun {i}" for i in range(1, 30)}
NOTHING = pl.DataFrame(
    schema={"area_level": pl.String, "wave": pl.Int32, "grade": pl.String, "sex": pl.String}
    | dict.fromkeys(("index_key", "measure", "reason"), pl.String)
)


def rounded(yes: int, n: int) -> int:
    """Whole per cent, a tie upwards."""
    return floor(Fraction(100 * yes, n) + Fraction(1, 2))


def rows(cells: list[tuple[str, str, str, str, str, int, int | None, int, int | None]]) -> pl.DataFrame:
    """(level, area, sex, series_type, series, n_all, yes_all, n_kept, yes_kept) -> `indices.screen_sensitivity`."""
    names = ["area_level", "area_code", "sex", "series_type", "series", "n_all", "yes_all", "n_kept", "yes_kept"]
    kinds = [pl.String] * 5 + [pl.Int64] * 4
    frame = pl.DataFrame(cells, schema=dict(zip(names, kinds, strict=True)), orient="row")
    units = [pl.lit(None, pl.Int64).alias(f"units_{k}") for k in ("all", "kept")]
    frame = frame.with_columns(wave=pl.lit(2024, pl.Int32), grade=pl.lit("ak9"), removal=pl.lit(True)).with_columns(units)
    return frame.select(*KEYS, *COUNTS, "removal")


def release(table: pl.DataFrame, results: pl.DataFrame = NOTHING, sensitive: frozenset[str] = frozenset()) -> pl.DataFrame:
    """What is told."""
    return published_sensitivity(table, results, POLICY, "intern", sensitive, {"risk": 3}, NAMES, 500)


@st.composite
def families(draw: st.DrawFn) -> dict[str, tuple[int, int, int, int]]:
    """Girls and boys: kept, yes among kept, removed, yes among removed."""
    found = {}
    for sex in ("girl", "boy"):
        kept = draw(st.integers(0, 3000))
        removed = draw(st.integers(0, 60))
        found[sex] = (kept, draw(st.integers(0, kept)), removed, draw(st.integers(0, removed)))
    return found


def table_of(family: dict[str, tuple[int, int, int, int]]) -> pl.DataFrame:
    """The family's rows of counts."""
    both = {**family, "all": tuple(a + b for a, b in zip(family["girl"], family["boy"], strict=True))}
    cells = [("county", "01", s, "indicator", "x", k + m, y + z, k, y) for s, (k, y, m, z) in both.items()]
    return rows(cells)


@settings(max_examples=50, deadline=None)
@given(family=families())
@example(family={"girl": (552, 474, 27, 15), "boy": (617, 268, 35, 26)})  # each sex alone is safe, their sum is not
def test_who_knows_all_but_the_removed_learns_no_small_number_about_them(family):
    told = release(table_of(family)).filter(pl.col("reason") == "ok")
    if told.is_empty():
        return
    (kg, yg, mg, _), (kb, yb, mb, _) = family["girl"], family["boy"]
    assert min(mg, mb) >= 10
    change = dict(told.filter(pl.col("measure") == "diff_share").select("sex", "value").iter_rows())
    assert set(change) == {"girl", "boy", "all"}
    zg, zb = np.meshgrid(np.arange(mg + 1), np.arange(mb + 1), indexing="ij")
    possible = np.ones(zg.shape, dtype=bool)
    for sex, kept, yes, gone, plus in (
        ("girl", kg, yg, mg, zg), ("boy", kb, yb, mb, zb), ("all", kg + kb, yg + yb, mg + mb, zg + zb),
    ):  # fmt: skip
        fits = {z for z in range(int(plus.max()) + 1) if rounded(yes, kept) - rounded(yes + z, kept + gone) == change[sex]}
        possible &= np.isin(plus, list(fits))
    assert possible.any()
    for hidden in (zg, zb, zg + zb):
        seen = hidden[possible]
        assert seen.max() - seen.min() > WIDTH


def test_a_large_county_is_told_and_the_difference_is_that_of_the_rounded_shares():
    family = {"girl": (5000, 600, 100, 60), "boy": (5000, 500, 110, 70)}
    told = release(table_of(family)).filter(pl.col("measure") == "diff_share")
    assert set(told["reason"]) == {"ok"}
    assert dict(told.select("sex", "value").iter_rows()) == {
        "girl": rounded(600, 5000) - rounded(660, 5100),
        "boy": rounded(500, 5000) - rounded(570, 5110),
        "all": rounded(1100, 10000) - rounded(1230, 10210),
    }
    assert "share_all" not in told["measure"].to_list(), "an indicator's level is told by its own table, not here"


def test_one_sex_with_few_removed_hides_all_three():
    few = {"girl": (5000, 600, 9, 4), "boy": (5000, 500, 110, 70)}
    assert set(release(table_of(few))["reason"]) == {"suppressed"}
    assert release(table_of(few))["value"].null_count() == 3


def test_sensitive_series_need_wider_margins():
    family = {"girl": (700, 200, 25, 10), "boy": (700, 200, 25, 10)}
    assert set(release(table_of(family))["reason"]) == {"ok"}
    assert set(release(table_of(family), sensitive=frozenset({"x"}))["reason"]) == {"suppressed"}


def test_an_index_hidden_for_the_county_is_hidden_here():
    family = table_of({"girl": (5000, 600, 100, 60), "boy": (5000, 500, 110, 70)}).with_columns(
        series_type=pl.lit("index"), series=pl.lit("risk"), units_all=pl.lit(10**9), units_kept=pl.lit(10**8)
    )
    shown = [("county", 2024, "ak9", s, "risk", m, "ok") for s in ("girl", "boy", "all") for m in ("share_band3", "mean")]
    results = pl.DataFrame(shown, schema=NOTHING.schema, orient="row")
    told = release(family, results)
    assert set(told["reason"]) == {"ok"}
    assert set(told["measure"]) == {"share_all", "share_kept", "diff_share", "mean_all", "mean_kept", "diff_mean"}
    row = {(r["sex"], r["measure"]): r["value"] for r in told.iter_rows(named=True)}
    assert row["girl", "share_kept"] == 12
    assert row["girl", "mean_kept"] == 0.02
    one_hidden = results.with_columns(reason=pl.when(pl.col("sex") == "boy").then(pl.lit("suppressed")).otherwise("reason"))
    assert set(release(family, one_hidden)["reason"]) == {"suppressed"}
    assert set(release(family)["reason"]) == {"suppressed"}


@settings(max_examples=50, deadline=None)
@example(sizes=[(600, 15), (1, 0), (1, 0)])  # the shown per cent is narrowed by the county's number
@given(sizes=st.lists(st.tuples(st.integers(1, 4000), st.integers(0, 80)), min_size=1, max_size=8))
def test_hidden_municipalities_do_not_follow_from_the_county(sizes):
    own = [("municipality", f"01{i:02d}", n, min(m, n)) for i, (n, m) in enumerate(sizes, 1)]
    total = ("county", "01", sum(n for *_, n, _ in own), sum(m for *_, m in own))
    cells = [(level, code, "all", "screen", "removed", n, None, n - m, None) for level, code, n, m in [*own, total]]
    told = release(rows(cells))
    value = {r["area_code"]: r["value"] for r in told.iter_rows(named=True)}
    windows = {}
    for _, code, n, _ in own:
        shown = value[code]
        fits = [m for m in range(n + 1) if rounded(m, n) == shown and m >= 10] if shown is not None else [0, n]
        windows[code] = (min(fits), max(fits))
        assert shown is None or windows[code][1] - windows[code][0] > WIDTH
    if value["01"] is None:
        return
    county = (value["01"] - 2, value["01"] + 2)
    for _, code, n, _ in own:
        rest = [w for other, w in windows.items() if other != code]
        low = max(windows[code][0], county[0] - sum(w[1] for w in rest))
        high = min(windows[code][1], county[1] - sum(w[0] for w in rest))
        assert high - low > WIDTH or n <= WIDTH, "the county's number rings in a municipality"


def test_municipalities_are_told_in_whole_per_cent_when_large():
    own = [("0101", 2000, 40), ("0102", 1500, 12), ("0103", 400, 30), ("0104", 2000, 5)]
    cells = [("municipality", code, "all", "screen", "removed", n, None, n - m, None) for code, n, m in own]
    cells.append(("county", "01", "all", "screen", "removed", 5900, None, 5900 - 87, None))
    value = {r["area_code"]: (r["value"], r["unit"]) for r in release(rows(cells)).iter_rows(named=True)}
    assert value["0101"] == (2, "percent")
    assert value["0102"] == (1, "percent")
    assert value["0103"][0] is None
    assert value["0104"][0] is None
    assert value["01"] == (85, "count")


def test_the_last_hidden_municipalities_are_protected_by_hiding_the_shown_one():
    """A shown share at the low end of its rounding and the county's number leave 0 to 2 pupils for the hidden ones."""
    own = [("0101", 600, 15), ("0102", 300, 0), ("0103", 300, 0)]
    cells = [("municipality", code, "all", "screen", "removed", n, None, n - m, None) for code, n, m in own]
    cells.append(("county", "01", "all", "screen", "removed", 1200, None, 1200 - 15, None))
    value = {r["area_code"]: r["value"] for r in release(rows(cells)).iter_rows(named=True)}
    assert value == {"01": 15, "0101": None, "0102": None, "0103": None}
