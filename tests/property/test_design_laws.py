"""Laws of estimates under any design, of weights and of intervals; and that 95 per cent intervals cover 95 per cent."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods import design_estimates as de
from assets.methods.calibration import poststratify, rake
from assets.methods.design import Sample, Stage, SurveyDesign, draw_up
from assets.methods.rates import count_interval
from assets.methods.two_by_two import two_by_two
from assets.methods.wave_change import change_between_waves

SEEDS = st.integers(0, 10_000)
DESIGN = SurveyDesign((Stage("klass", "stratum"),), "w", "adjust")
NUMBERS = ("estimate", "se", "low", "high")
LAW = settings(max_examples=25, deadline=None)


def persons(seed: int, municipalities: int = 3, classes: int = 5) -> pl.DataFrame:
    """Three municipalities, two waves, classes of uneven size; some scores and sexes missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for wave in (2022, 2024):
        for mun in range(municipalities):
            for number in range(classes):
                level = rng.normal(0, 0.5)
                rows += [
                    {
                        "mun": mun,
                        "wave": wave,
                        "stratum": f"{mun}/{wave}",
                        "klass": f"{mun}/{wave}/{number}",
                        "school": f"{mun}/{number // 2}",
                        "sex": [1, 2][int(rng.integers(2))] if rng.random() > 0.05 else None,
                        "score": float(np.round(rng.normal(50 + 10 * level, 20), 1)) if rng.random() > 0.1 else None,
                        "risk": int(rng.random() < 1 / (1 + np.exp(1 - level))),
                        "w": float(np.round(1 + rng.random(), 2)),
                    }
                    for _ in range(int(rng.integers(2, 12)))
                ]
    return pl.DataFrame(rows, schema_overrides={"sex": pl.Int64, "score": pl.Float64}, infer_schema_length=None)


def table(frame: pl.DataFrame, by: tuple[str, ...] = ("mun", "wave")) -> pl.DataFrame:
    return de.domain_table(draw_up(frame, DESIGN), "score", by)


@LAW
@given(SEEDS, SEEDS)
def test_row_order_changes_no_bit(seed: int, shuffle: int) -> None:
    frame = persons(seed)
    turned = frame.sample(fraction=1.0, shuffle=True, seed=shuffle)
    assert table(turned).equals(table(frame), null_equal=True)
    assert de.against_whole(draw_up(turned, DESIGN), "risk", "mun").equals(
        de.against_whole(draw_up(frame, DESIGN), "risk", "mun"), null_equal=True
    )


@LAW
@given(SEEDS, st.sampled_from([0.001, 0.5, 10.0, 1234.5]))
def test_weights_scale_away(seed: int, times: float) -> None:
    frame = persons(seed)
    plain, scaled = table(frame), table(frame.with_columns(pl.col("w") * times))
    for column in NUMBERS:
        assert plain[column].is_null().equals(scaled[column].is_null())
        assert plain[column].drop_nulls().to_list() == pytest.approx(scaled[column].drop_nulls().to_list(), rel=1e-9)


@LAW
@given(SEEDS)
def test_totals_add_and_merged_municipalities_are_weighted_means(seed: int) -> None:
    frame = persons(seed)
    sample = draw_up(frame, DESIGN)
    parts = de.domain_table(sample, "score", ["mun"], "total")
    whole = de.total(sample, "score")
    assert parts["estimate"].sum() == pytest.approx(whole.value, rel=1e-12)
    merged = draw_up(frame.with_columns(mun=pl.min_horizontal("mun", pl.lit(1))), DESIGN)
    together = de.domain_table(merged, "score", ["mun"]).row(1, named=True)
    apart = de.domain_table(sample, "score", ["mun"]).slice(1)
    weight = apart["sum_w"]
    assert together["estimate"] == pytest.approx((apart["estimate"] * weight).sum() / weight.sum(), rel=1e-12)
    assert together["n"] == apart["n"].sum()
    assert together["n_psu"] == apart["n_psu"].sum()


@LAW
@given(SEEDS)
def test_an_area_differs_from_its_county_as_from_the_rest_times_the_rests_weight(seed: int) -> None:
    sample = draw_up(persons(seed), DESIGN)
    got = {(row["mun"], row["statistic"]): row for row in de.against_whole(sample, "score", "mun").iter_rows(named=True)}
    for mun in range(3):
        share = got[mun, "area"]["sum_w"] / got[mun, "county"]["sum_w"]
        diff, rest = got[mun, "diff"], got[mun, "diff_rest"]
        assert diff["estimate"] == pytest.approx((1 - share) * rest["estimate"], rel=1e-9, abs=1e-12)
        assert diff["se"] < np.hypot(got[mun, "area"]["se"], got[mun, "county"]["se"])


@LAW
@given(SEEDS)
def test_turning_a_comparison_turns_its_sign(seed: int) -> None:
    frame = persons(seed, municipalities=2)
    two = de.against_whole(draw_up(frame, DESIGN), "score", "mun").filter(pl.col("statistic") == "diff_rest")
    assert two["estimate"].sum() == pytest.approx(0, abs=1e-12)
    assert two["se"][0] == pytest.approx(two["se"][1], rel=1e-9)
    common = SurveyDesign((Stage("school", "mun"),), "w", "adjust")
    forth, back = (change_between_waves(frame, common, "score", waves, ["mun"]) for waves in ((2022, 2024), (2024, 2022)))
    assert forth["estimate"].to_list() == pytest.approx([-v for v in back["estimate"]], rel=1e-12)
    assert forth["low"].to_list() == pytest.approx([-v for v in back["high"]], rel=1e-9)


@LAW
@given(SEEDS)
def test_a_unit_without_answers_counts_among_the_units(seed: int) -> None:
    frame = persons(seed).filter(pl.col("wave") == 2024)
    silent = frame.head(1).with_columns(klass=pl.lit("empty"), score=pl.lit(None, dtype=pl.Float64))
    with_silent = pl.concat([frame, silent])
    before, after = (de.domain_table(draw_up(f, DESIGN), "score", ["mun"]).row(0, named=True) for f in (frame, with_silent))
    assert after["estimate"] == before["estimate"]
    n = 5  # a sixth unit with a linearised total of 0: the mean of the others is 0 already
    assert after["se"] == pytest.approx(before["se"] * np.sqrt((n + 1) / n * (n - 1) / n), rel=1e-9)
    assert (after["df"], after["n_psu"]) == (before["df"], before["n_psu"])


@LAW
@given(SEEDS)
def test_raking_meets_its_margins_and_leaves_them_no_spread(seed: int) -> None:
    sample = draw_up(persons(seed).drop_nulls("sex"), DESIGN)
    margins = [sample.frame.group_by(key).agg(N=pl.len() * 2.0 + pl.col(key).first()) for key in ("sex", "mun")]
    margins[1] = margins[1].with_columns(N=pl.col("N") / pl.col("N").sum() * margins[0]["N"].sum())
    for weighted, kept in ((rake(sample, margins), margins), (poststratify(sample, margins[0]), margins[:1])):
        for margin in kept:
            key = margin.columns[0]
            for code, number in margin.iter_rows():
                found = de.total(_with_ones(weighted), "one", pl.col(key) == code)
                assert found.value == pytest.approx(number, rel=1e-9)
                assert np.sqrt(weighted.variance(found)) < 1e-6 * number


def _with_ones(sample: Sample) -> Sample:
    return Sample(sample.frame.with_columns(one=1.0), sample.weight, sample.lonely, sample.stages, sample.adjusters)


@LAW
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_two_by_two_is_antisymmetric(a: int, b: int, c: int, d: int) -> None:
    forth, back = two_by_two(a, a + b, c, c + d), two_by_two(c, c + d, a, a + b)
    assert forth.reason == back.reason
    if forth.reason == "ok":
        assert forth.difference == -back.difference
        assert forth.difference_low == pytest.approx(-back.difference_high, abs=1e-12)
        assert forth.rr * back.rr == pytest.approx(1)
        assert forth.rr_low * back.rr_high == pytest.approx(1)
        assert forth.rr_low < forth.rr < forth.rr_high


@LAW
@given(st.integers(0, 5000))
def test_counts_lie_inside_their_interval_and_it_grows_with_them(count: int) -> None:
    low, high = count_interval(count)
    next_low, next_high = count_interval(count + 1)
    assert 0 <= low <= count < high
    assert next_high > high
    assert next_low >= low - 0.01  # the exact limits below ten events meet Byar's from ten on


def test_intervals_cover_the_truth_at_the_nominal_rate() -> None:
    """250 censuses with non-response, twelve municipalities with 5 to 16 unlike classes; share (logit-t) and mean (t)."""
    rng = np.random.default_rng(20261122)
    sizes = [5, 5, 6, 6, 7, 8, 8, 10, 10, 12, 14, 16]
    grid = np.random.default_rng(1).normal(0, 0.5, 400_000)
    truth = {"risk": float(np.mean(1 / (1 + np.exp(1 - grid)))), "score": 50.0}
    klass = np.repeat(np.arange(sum(sizes)), 22)
    mun = np.repeat(np.arange(len(sizes)), sizes)[klass]
    covered: dict[str, list[bool]] = {"risk": [], "score": []}
    for _ in range(250):
        level = rng.normal(0, 0.5, sum(sizes))[klass]
        answered = rng.random(len(klass)) < rng.uniform(0.7, 0.95, sum(sizes))[klass]
        frame = pl.DataFrame(
            {
                "mun": mun[answered],
                "klass": klass[answered],
                "risk": (rng.random(len(klass)) < 1 / (1 + np.exp(1 - level)))[answered].astype(int),
                "score": (50 + 8 * level + rng.normal(0, 15, len(klass)))[answered],
            }
        )
        sample = draw_up(frame, SurveyDesign((Stage("klass", "mun"),)))
        for variable, kind in (("risk", "share"), ("score", "mean")):
            got = de.domain_table(sample, variable, ["mun"], kind)
            hit = (got["low"] <= truth[variable]) & (truth[variable] <= got["high"])
            covered[variable] += hit.to_list()
    for variable, hits in covered.items():
        assert len(hits) == 3000
        assert 0.93 <= np.mean(hits) <= 0.97, (variable, np.mean(hits))
