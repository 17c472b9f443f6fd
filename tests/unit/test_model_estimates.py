"""Estimates for small groups: made of released numbers, labelled, benchmarked, and honest about what they don't know."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.model_estimates import COLUMNS, model_estimates
from assets.methods.released_shares import released_shares, within_rounding
from tests.support.released_world import EDITION, FOCUS, codes, released

RULES = load_catalogue().estimates.small_areas
WAVES = (2018, 2020, 2022, 2024)
AREAS = codes(20)
SIZES = {code: 60 + 40 * place for place, code in enumerate(AREAS)}
TRUTH = {code: 0.08 + 0.006 * (place % 7) for place, code in enumerate(AREAS)}


def breaks(since: int = 2018) -> pl.DataFrame:
    """The break register: waves from `since` on may be compared with the latest."""
    rows = [("index", "acting_out", wave, since if wave >= since else 2018) for wave in WAVES]
    return pl.DataFrame(rows, schema=["series_kind", "series", "wave", "comparable_from"], orient="row").cast(
        {"wave": pl.Int32, "comparable_from": pl.Int32}
    )


def estimates(results: pl.DataFrame, since: int = 2018) -> pl.DataFrame:
    return model_estimates(results, breaks(since), FOCUS, RULES, EDITION)


def one(table: pl.DataFrame, area: str, method: str, wave: int = 2024) -> dict[str, object]:
    return table.row(
        by_predicate=(pl.col("area_code") == area) & (pl.col("method") == method) & (pl.col("wave") == wave), named=True
    )


def test_every_row_is_labelled_and_every_null_has_a_reason():
    table = estimates(released(TRUTH, SIZES, waves=WAVES, hidden=frozenset({("0100", 2024)})))
    assert table.schema == COLUMNS
    assert table.height == len(AREAS) * len(WAVES) * 2
    assert set(table["model_label"]) == set(RULES.labels.values())
    assert table.filter((pl.col("value").is_null()) == (pl.col("reason") == "ok")).is_empty()
    shown = table.filter(pl.col("reason") == "ok")
    assert shown.filter(~((pl.col("low") <= pl.col("value")) & (pl.col("value") <= pl.col("high")))).is_empty()
    assert (shown["low"] < shown["high"]).all()
    assert not table.select(pl.col(pl.Float64).is_nan().any()).row(0).count(True)


def test_a_hidden_share_gets_the_models_value_without_own_weight():
    table = estimates(released(TRUTH, SIZES, hidden=frozenset({("0100", 2024)})))
    row = one(table, "0100", "fay_herriot_reml")
    assert (row["source"], row["own_weight_pct"], row["n"], row["direct_reason"]) == ("synthetic", 0, None, "suppressed")
    assert row["model_reason"] == "no_direct_estimate"
    assert row["small"]


def test_hidden_answers_change_nothing():
    """Two counties that differ only in a hidden municipality's answers, released alike, give the same table."""
    hidden = frozenset({("0100", 2024)})
    first = released(TRUTH, SIZES, hidden=hidden)
    county = first.filter(pl.col("area_level") == "county")
    second = pl.concat([released(TRUTH | {"0100": 0.9}, SIZES, hidden=hidden).filter(pl.col("area_level") != "county"), county])
    keys = ["area_code", "measure"]
    others = first.filter(pl.col("area_code") != "0100").sort(keys)
    rest = second.filter(pl.col("area_code") == "0100")
    assert estimates(pl.concat([others, rest])).equals(estimates(first))


def test_row_order_is_of_no_matter():
    results = released(TRUTH, SIZES, waves=WAVES)
    assert estimates(results).equals(estimates(results.sample(fraction=1.0, shuffle=True, seed=3)))


def test_a_pooled_estimate_lies_between_its_waves_and_says_which_they_are():
    results = released(TRUTH, SIZES, waves=WAVES, hidden=frozenset({("0101", 2022)}))
    row = one(estimates(results), "0101", "pooled_waves")
    assert row["waves"] == "2020 2024"
    own = results.filter(
        (pl.col("area_code") == "0101") & (pl.col("measure") == "share_band3") & pl.col("wave").is_in([2020, 2024])
    )
    assert own["value"].min() <= row["value"] <= own["value"].max()
    assert row["n"] == 2 * SIZES["0101"]


def test_waves_across_a_break_are_not_pooled():
    row = one(estimates(released(TRUTH, SIZES, waves=WAVES), since=2024), "0101", "pooled_waves")
    assert (row["value"], row["reason"], row["model_reason"]) == (None, "not_applicable", "one_wave")


def test_too_few_municipalities_give_no_model():
    few = codes(RULES.least_areas - 1)
    table = estimates(released({c: 0.1 for c in few}, {c: 200 for c in few}))
    assert table.filter(pl.col("method") == "fay_herriot_reml")["value"].is_null().all()


def test_areas_that_differ_no_more_than_chance_get_no_false_interval():
    """All alike: A = 0, everybody gets one value, and no interval is claimed for it."""
    results = released({c: 0.1 for c in AREAS}, SIZES)
    alike = results.with_columns(
        value=pl.when(pl.col("measure") == "share_band3").then(10.0).otherwise("value"),
        low=pl.when(pl.col("measure") == "share_band3").then(7.0), high=pl.when(pl.col("measure") == "share_band3").then(14.0),
    )  # fmt: skip
    rows = estimates(alike).filter(pl.col("method") == "fay_herriot_reml")
    assert set(rows["value"]) == {10.0}
    assert set(rows["model_reason"]) == {"no_variance_between_areas"}
    assert rows["low"].is_null().all()
    assert rows["confidence_level"].is_null().all()


def test_the_models_values_add_to_the_countys_published_share():
    results = released(TRUTH, SIZES)
    rows = estimates(results).filter(pl.col("method") == "fay_herriot_reml").sort("area_code")
    weights = np.array([SIZES[code] for code in rows["area_code"]], dtype=float)
    county = results.filter((pl.col("area_level") == "county") & (pl.col("measure") == "share_band3"))["value"].item()
    assert abs(float(np.average(rows["value"].to_numpy(), weights=weights)) - county) < 1.0


@pytest.mark.parametrize(
    ("value", "published", "expected"), [(0.101, 0.1, 0.101), (0.12, 0.1, 0.1044), (0.08, 0.1, 0.0956), (0.3, None, 0.3)]
)
def test_a_benchmark_moves_no_further_than_rounding_asks(value, published, expected):
    assert within_rounding(value, published) == pytest.approx(expected)


def test_the_published_interval_gives_back_its_standard_error():
    results = released(TRUTH, SIZES)
    row = released_shares(results, FOCUS, EDITION).filter(pl.col("area_code") == AREAS[-1])
    exact = TRUTH[AREAS[-1]] * (1 - TRUTH[AREAS[-1]]) / SIZES[AREAS[-1]]
    assert row["variance"].item() == pytest.approx(exact, rel=0.35)


def test_model_intervals_cover_the_truth_at_about_their_level():
    """40 invented counties whose municipalities differ: shown and hidden ones lie inside their intervals in 93-99 per cent."""
    chance = np.random.default_rng(7)
    inside = total = 0
    for seed in range(40):
        level = chance.normal(np.log(0.12 / 0.88), 0.25, len(AREAS))
        truth = {code: float(1 / (1 + np.exp(-value))) for code, value in zip(AREAS, level, strict=True)}
        hidden = frozenset({(code, 2024) for code in chance.choice(AREAS, 3, replace=False)})
        rows = estimates(released(truth, SIZES, hidden=hidden, seed=seed)).filter(
            pl.col("method") == "fay_herriot_reml", pl.col("low").is_not_null()
        )
        for code, low, high in rows.select("area_code", "low", "high").iter_rows():
            inside += low <= 100 * truth[code] <= high
            total += 1
    assert total > 500
    assert 0.93 <= inside / total <= 0.99
