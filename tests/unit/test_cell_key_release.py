"""Tables with noise by cell key: the same noise everywhere, the floor kept, and nothing exact beside them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.methods.cell_key import MODULUS, perturb
from assets.methods.cell_key_policy import noise
from assets.methods.cell_key_sums import COUNTS
from assets.methods.editions import both_editions, require_nested
from assets.methods.errors import PipelineError
from assets.methods.estimate import area_counts, area_estimates
from assets.methods.noisy_counts import noisy_counts, noisy_estimates
from tests.support.keyed_county import FOCUS, KINDS, keyed_counts, noisy_policy, pupils, redrawn, release

POLICY = noisy_policy()
PUPILS = pupils([40, 120, 12, 90])
KEY = ["area_level", "area_code", "wave", "grade", "sex", "index_key", "measure"]


def test_without_record_keys_the_counts_are_those_of_today() -> None:
    plain = PUPILS.drop("record_key")
    assert keyed_counts(plain).equals(area_counts(plain, list(KINDS)))


def test_a_cell_key_is_the_sum_of_the_keys_of_those_counted() -> None:
    counts = keyed_counts(PUPILS)
    row = counts.filter(index_key="acting_out", sex="girl", area_code="0121").row(0, named=True)
    girls = PUPILS.filter(pl.col("sex") == "girl", pl.col("municipality_code") == "0121")
    assert row["key_n_respondents"] == girls["record_key"].sum() % MODULUS
    assert row["key_band2"] == girls.filter(pl.col("acting_out_band") == 2)["record_key"].sum() % MODULUS
    assert row["key_n_unscored"] == girls.filter(pl.col("acting_out_band").is_null())["record_key"].sum() % MODULUS
    parts = [row[f"key_{name}"] for name in ("n_scored", "n_unscored")]
    assert sum(parts) % MODULUS == row["key_n_respondents"]


def test_every_count_has_the_noise_that_the_table_has_for_its_key() -> None:
    counts, table = keyed_counts(PUPILS), noise(POLICY.cell_key)
    noisy = noisy_counts(counts, table)
    for name in COUNTS:
        wanted = perturb(counts[name].to_numpy(), counts[f"key_{name}"].to_numpy(), table)
        assert noisy[name].to_list() == wanted.tolist()
    zero = counts.filter(pl.col("band3") == 0).height
    assert zero
    assert noisy.filter((counts["band3"] == 0) & (pl.col("band3") != 0)).is_empty()
    shown = np.concatenate([noisy[name].to_numpy() for name in COUNTS])
    assert not set(shown.tolist()) & set(POLICY.cell_key.never)


def test_the_public_edition_shows_the_same_numbers() -> None:
    parts = {edition: release(PUPILS, POLICY, edition).results for edition in ("intern", "publik")}
    require_nested("index_results", parts["intern"].drop("edition"), parts["publik"].drop("edition"))
    shown = {edition: rows.filter(pl.col("reason") == "ok").height for edition, rows in parts.items()}
    assert 0 < shown["publik"] < shown["intern"]
    assert both_editions("index_results", parts).height == sum(rows.height for rows in parts.values())


def test_cells_keep_their_values_when_another_area_delivers_late() -> None:
    before, after = (release(rows, POLICY).results for rows in (PUPILS, pl.concat([PUPILS, pupils([70], seed=5, first=9)])))
    own = pl.col("area_level") == "municipality"
    values = (*KEY, "value", "n", "reason")
    compared = ~pl.col("measure").str.starts_with("diff_")
    old = before.filter(own & compared).select(values)
    assert old.height
    assert after.filter(own & compared).join(old, on=KEY, how="semi").select(values).equals(old)
    county = [
        rows.filter(area_level="county", measure="n_respondents", sex="all", index_key="acting_out") for rows in (before, after)
    ]
    assert county[0]["value"][0] != county[1]["value"][0]


def test_the_order_of_the_pupils_changes_nothing() -> None:
    assert release(PUPILS.sample(fraction=1, shuffle=True, seed=3), POLICY).results.equals(release(PUPILS, POLICY).results)


def test_no_group_below_the_floor_is_shown_whatever_its_noise() -> None:
    floor = POLICY.numbers("intern").group_floor
    for seed in range(4):
        persons = pupils([9, 9, 10, 14, 16, 30], seed)
        counts = keyed_counts(persons).select(*KEY[:-1], "n_scored", "n_respondents")
        shown = release(persons, POLICY).results.filter(pl.col("reason") == "ok").join(counts, on=KEY[:-1])
        number = pl.when(pl.col("measure") == "n_respondents").then("n_respondents").otherwise("n_scored")
        assert shown.select(number.min()).item() >= floor


def test_nothing_is_hidden_to_protect_another_cell() -> None:
    safe = release(PUPILS, POLICY)
    assert set(safe.log["rule"]) <= {"group_floor", "derived"}
    counts = keyed_counts(PUPILS).filter(pl.col("n_scored").is_between(21, 200), pl.col("band3") < 5, pl.col("sex") != "all")
    shares = safe.results.filter(pl.col("measure") == "share_band3").join(counts, on=KEY[:-1])
    assert shares.height
    assert (shares["reason"] == "ok").all()


def test_means_and_spreads_are_exact_and_not_shown() -> None:
    exact = release(PUPILS, POLICY).results.filter(pl.col("measure").is_in(["mean", "sd", "diff_mean", "sex_gap_mean"]))
    assert exact["value"].null_count() == exact["low"].null_count() == exact.height


def test_shares_and_differences_follow_from_the_noisy_counts() -> None:
    noisy = noisy_counts(keyed_counts(PUPILS), noise(POLICY.cell_key))
    results = release(PUPILS, POLICY).results.filter(pl.col("reason") == "ok")
    shares = results.filter(pl.col("measure") == "share_band1").join(noisy, on=KEY[:-1])
    wanted = (200 * shares["band1"] + shares["n_scored"]) // (2 * shares["n_scored"])
    assert shares["value"].to_list() == wanted.cast(pl.Float64).clip(0, 100).to_list()
    by_key = {tuple(row[:-1]): row[-1] for row in results.select(*KEY, "value").iter_rows()}
    diff = results.filter(measure="diff_share_focus", index_key="acting_out", sex="all").row(0, named=True)
    own, county = (
        by_key[level, code, 2024, "ak9", "all", "acting_out", "share_band3"]
        for level, code in (("municipality", diff["area_code"]), ("county", "01"))
    )
    assert diff["value"] == own - county


def test_a_share_of_none_or_all_has_no_interval() -> None:
    estimates = noisy_estimates(
        area_estimates(PUPILS, KINDS), noisy_counts(keyed_counts(PUPILS), noise(POLICY.cell_key)), noise(POLICY.cell_key), FOCUS
    )
    ends = estimates.filter(pl.col("measure").str.starts_with("share_"), pl.col("estimate").is_in([0.0, 1.0]))
    assert ends.height
    assert ends["low"].null_count() == ends["se"].null_count() == ends.height


def test_counts_from_before_the_noise_stop_with_a_sentence() -> None:
    with pytest.raises(PipelineError, match="cellnycklar") as told:
        noisy_counts(area_counts(PUPILS.drop("record_key"), list(KINDS)), noise(POLICY.cell_key))
    assert told.value.code == "no_cell_keys"


def test_a_weighted_survey_cannot_have_noise() -> None:
    weighted = area_estimates(PUPILS, KINDS).with_columns(method=pl.lit("taylor_strat_cluster_weighted"))
    with pytest.raises(PipelineError, match="vägda") as told:
        noisy_estimates(weighted, noisy_counts(keyed_counts(PUPILS), noise(POLICY.cell_key)), noise(POLICY.cell_key), FOCUS)
    assert told.value.code == "cell_key_weighted"


def test_a_late_pupil_gives_every_cell_of_the_municipality_another_key_and_none_of_the_others() -> None:
    """With frozen keys the cells without the late pupil kept their noise, and so told which cells the pupil is in."""
    pupil = pupils([60], seed=3)
    counts = [keyed_counts(pl.concat([redrawn(own), PUPILS.filter(municipality_code="0121")])) for own in (pupil[:-1], pupil)]
    rows = [one.filter(area_level="municipality", area_code="0120").sort("sex", "index_key") for one in counts]
    others = [one.filter(area_code="0121") for one in counts]
    assert others[0].equals(others[1])
    for name in COUNTS:
        unchanged = (rows[0][f"key_{name}"] == rows[1][f"key_{name}"]) & (rows[0][name] > 0)
        assert rows[0].filter(rows[0][name] == rows[1][name], pl.col(name) > 0).height, "the pupil is in every cell"
        assert not unchanged.any(), name
