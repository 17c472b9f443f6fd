"""Laws of areas and series that the formulas must keep: parts add up, turning turns signs, names and scales mean nothing."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.bands import CutSet, with_bands
from assets.methods.estimate import area_estimates
from assets.methods.series_estimates import series_estimates
from tests.support.estimate_sample import CUTS, KINDS, sample_persons

SEEDS = st.integers(0, 10_000)
LAW = settings(max_examples=25, deadline=None)
CELL = ["wave", "grade", "sex"]
TURNED_KINDS = {"acting_out": "protective", "wellbeing": "risk"}
WEIGHT = 1 + pl.int_range(pl.len()) * 7919 % 13 / 8
NUMBERS = ("estimate", "se", "low", "high", "df", "n", "n_psu")


def weighted(seed: int) -> pl.DataFrame:
    """Persons with weights and strata of their own, which are numbered alike in both waves."""
    frame = sample_persons(seed, classes=20)
    return frame.with_columns(weight=WEIGHT, stratum=pl.format("{}/{}", "municipality_code", pl.col("grade")))


def estimates(frame: pl.DataFrame, kinds: dict[str, str] = KINDS) -> pl.DataFrame:
    return area_estimates(frame, kinds, weight="weight", stratum="stratum")


def series(frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    """A question (yes for the lowest scores) or points of 0 to 100, null where the score is."""
    score = pl.col("acting_out")
    values = frame.with_columns(
        respondent_key=pl.int_range(pl.len()).cast(pl.String),
        yes=(score < 0.2).cast(pl.Int8),
        points=(score.clip(-3, 3).round(3) + 3) * 100 / 6,
    )
    return series_estimates(values, ["yes" if kind == "share" else "points"], kind)


def near(first: pl.Series, second: pl.Series, tolerance: float = 1e-9) -> bool:
    same_gaps = first.is_null().equals(second.is_null().alias(first.name))
    return same_gaps and (first - second).abs().fill_null(0).max() <= tolerance


@LAW
@given(SEEDS)
def test_parts_make_up_the_whole_and_their_differences_weigh_out(seed: int) -> None:
    """County = weighted mean of its municipalities, all = of girls and boys; differences above and below balance."""
    frame = weighted(seed)
    for table, key, means, difference in (
        (estimates(frame), "index_key", ["mean", "share_band1", "share_band2", "share_band3"], "diff_mean"),
        (series(frame, "share"), "indicator", ["share"], "diff_share"),
        (series(frame, "mean"), "indicator", ["mean"], "diff_mean"),
    ):
        size = frame.filter(pl.col("acting_out").is_not_null(), pl.col("sex").is_in(["girl", "boy"]))
        size = size.group_by("wave", "grade", "sex", area_code="municipality_code").agg(w=pl.col("weight").sum())
        chosen = table.filter(pl.col(key).is_in(["acting_out", "yes", "points"]))
        areas = chosen.filter(pl.col("area_level") == "municipality").join(size, on=["wave", "grade", "sex", "area_code"])
        parts = areas.filter(pl.col("measure").is_in(means))
        whole = chosen.filter(pl.col("area_level") == "county", pl.col("measure").is_in(means))
        pooled = (pl.col("estimate") * pl.col("w")).sum() / pl.col("w").sum()
        added = parts.group_by(*CELL, "measure").agg(pooled=pooled).join(whole, on=[*CELL, "measure"])
        assert added.height > 0
        assert near(added["pooled"], added["estimate"])
        balance = areas.filter(pl.col("measure") == difference).group_by(CELL).agg(left=pooled)
        assert balance.height > 0
        assert balance["left"].abs().max() < 1e-9
        sexes = parts.group_by("area_code", "wave", "grade", "measure").agg(pooled=pooled)
        total = chosen.filter(pl.col("area_level") == "municipality", pl.col("sex") == "all")
        both = sexes.join(total, on=["area_code", "wave", "grade", "measure"])
        assert near(both["pooled"], both["estimate"])


@LAW
@given(SEEDS)
def test_turning_the_scale_turns_every_sign(seed: int) -> None:
    frame = weighted(seed)
    turned = with_bands(
        frame.with_columns(pl.col(list(KINDS)) * -1).drop(f"{key}_band" for key in KINDS), TURNED_KINDS, _turned()
    )
    one, other = estimates(frame), estimates(turned, TURNED_KINDS)
    keys = ["area_level", "area_code", *CELL, "index_key", "measure"]
    swapped = {"share_band1": "share_band3", "share_band3": "share_band1"}
    both = one.join(other.with_columns(pl.col("measure").replace(swapped)), on=keys, suffix="_turned")
    assert both.height == one.height
    shares = both.filter(pl.col("measure").str.contains("share"))  # the focus band is the same pupils
    assert near(shares["estimate"], shares["estimate_turned"], 1e-12)
    assert near(shares["low"], shares["low_turned"], 1e-9)
    means = both.filter(pl.col("measure").is_in(["mean", "diff_mean", "sex_gap_mean"]))
    assert near(means["estimate"], -means["estimate_turned"], 1e-12)
    assert near(means["se"], means["se_turned"])
    assert near(means["low"], -means["high_turned"])
    assert near(means["p_value"], means["p_value_turned"])


def _turned() -> CutSet:
    return CutSet("turned", {key: (-upper, -lower) for key, (lower, upper) in CUTS.cuts.items()})


@LAW
@given(SEEDS)
def test_asking_for_no_turns_a_question(seed: int) -> None:
    frame = weighted(seed)
    values = frame.with_columns(
        respondent_key=pl.int_range(pl.len()).cast(pl.String), yes=(pl.col("acting_out") < 0.2).cast(pl.Int8)
    )
    one, other = (series_estimates(table, ["yes"], "share") for table in (values, values.with_columns(yes=1 - pl.col("yes"))))
    own = pl.col("measure") == "share"
    assert near(one.filter(own)["estimate"], 1 - other.filter(own)["estimate"], 1e-12)
    assert near(one.filter(own)["low"], 1 - other.filter(own)["high"])
    assert near(one.filter(~own)["estimate"], -other.filter(~own)["estimate"], 1e-12)
    assert near(one.filter(~own)["low"], -other.filter(~own)["high"])
    assert near(one["se"], other["se"])


@LAW
@given(SEEDS)
def test_exchanging_the_sexes_turns_the_gap_of_a_series(seed: int) -> None:
    frame = weighted(seed)
    exchanged = frame.with_columns(pl.col("sex").replace({"girl": "boy", "boy": "girl"}))
    for kind in ("share", "mean"):
        one, other = (series(table, kind).filter(pl.col("measure").str.starts_with("sex_gap")) for table in (frame, exchanged))
        assert one.height > 0
        assert near(one["estimate"], -other["estimate"], 1e-12)
        assert near(one["low"], -other["high"])


@LAW
@given(SEEDS, st.sampled_from([2, 8, 32]))
def test_the_scale_of_weights_means_nothing(seed: int, times: int) -> None:
    """Up to the millionths in which a weighted score is summed; a spread up to their root, so its square is compared."""
    frame = weighted(seed)
    scaled = frame.with_columns(pl.col("weight") * times)
    spread = pl.when(measure="sd").then(pl.col("estimate") ** 2).otherwise("estimate")
    for make, tolerance in ((estimates, 1e-5), (lambda table: series(table, "share"), 1e-9)):
        one, other = (make(table).with_columns(estimate=spread) for table in (frame, scaled))
        for column in NUMBERS:
            assert near(one[column].cast(pl.Float64), other[column].cast(pl.Float64), tolerance), column


@LAW
@given(SEEDS)
def test_the_names_of_units_mean_nothing(seed: int) -> None:
    frame = weighted(seed)
    renamed = frame.with_columns(
        psu=pl.format("z{}", pl.col("psu").str.reverse()), stratum=pl.format("{}/{}", pl.lit("å"), "stratum")
    )
    nested = frame.with_columns(stratum=pl.format("{}/{}", "stratum", "wave"))  # a stratum is another in another wave anyhow
    one = estimates(frame)
    for change in (renamed, nested):
        other = estimates(change)
        for column in NUMBERS:
            assert near(one[column].cast(pl.Float64), other[column].cast(pl.Float64)), column


@LAW
@given(SEEDS)
def test_a_class_without_an_answer_counts_among_the_classes(seed: int) -> None:
    """The estimates stay; the spread is that of one class more, which is not the same as leaving it out."""
    frame = sample_persons(seed, classes=20)
    silent = frame.filter(pl.col("sex").is_in(["girl", "boy"])).head(1)
    silent = silent.with_columns(
        pl.lit("silent").alias("psu"), *(pl.lit(None, frame.schema[key]).alias(key) for key in _scores())
    )
    one, other = (area_estimates(table, KINDS) for table in (frame, pl.concat([frame, silent])))
    assert near(one["estimate"], other["estimate"], 1e-12)
    assert near(one["df"], other["df"])
    here = (pl.col("area_code") == silent["municipality_code"][0]) & (pl.col("wave") == silent["wave"][0])
    here &= (pl.col("grade") == silent["grade"][0]) & (pl.col("measure") == "mean")
    apart = pl.concat([one.filter(here).select("se"), other.filter(here).select(more="se")], how="horizontal").drop_nulls()
    assert (apart["se"] >= apart["more"]).all()


def _scores() -> list[str]:
    return [*KINDS, *(f"{key}_band" for key in KINDS)]
