"""Numbers of factors per area: counted as by hand, estimated as an index, and named in the catalogue."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.catalogue.statistics_models import Accumulation
from assets.methods.accumulated_areas import KEYS, SHARE_MEASURES, accumulated_counts, accumulated_estimates, counted_persons
from assets.methods.accumulated_publish import MEASURES, policy_with_counts
from tests.support.factor_world import PROTECTION, RISK, RULES, STARTS, persons, published

FRAME = counted_persons(persons(3, [60, 90]), [RISK, PROTECTION], STARTS)
COUNTS = accumulated_counts(FRAME, [RISK, PROTECTION], STARTS)


def row(area: str, sex: str, key: str) -> dict[str, int]:
    return COUNTS.filter(pl.col("area_code") == area, pl.col("sex") == sex, pl.col("index_key") == key).row(0, named=True)


def by_hand(area: str, sex: str) -> list[tuple[int | None, ...]]:
    chosen = FRAME.filter(pl.col("municipality_code").str.starts_with(area), (pl.col("sex") == sex) | (pl.lit(sex) == "all"))
    return chosen.select("a_band", "b_band", "c_band").rows()


@pytest.mark.parametrize(("area", "sex"), [("0120", "girl"), ("0121", "all"), ("01", "boy"), ("01", "all")])
def test_counts_equal_those_made_by_hand(area: str, sex: str) -> None:
    pupils = by_hand(area, sex)
    numbers = [sum(band is not None and band >= 2 for band in bands) for bands in pupils if bands.count(None) <= 1]
    found = row(area, sex, "risk")
    assert found["n_respondents"] == len(pupils)
    assert found["n_scored"] == len(numbers)
    assert [found[f"exactly_{k}"] for k in range(4)] == [numbers.count(k) for k in range(4)]
    assert [found[f"band{k}"] for k in (1, 2, 3)] == [numbers.count(0), numbers.count(1) + numbers.count(2), numbers.count(3)]
    assert row(area, sex, "protection")["exactly_3"] is None


@pytest.mark.parametrize(("area", "sex"), [("0120", "girl"), ("01", "all")])
def test_the_least_linked_number_is_the_least_of_those_made_by_hand(area: str, sex: str) -> None:
    pupils = [bands for bands in by_hand(area, sex) if bands.count(None) <= 1]
    has = [[band is not None and band >= 2 for band in bands] for bands in pupils]
    others = [sum(any(own) and not own[i] for own in has) for i in range(3)]
    group_low, group_high = {0: 0, 1: 1, 2: 1, 3: 3}, {0: 0, 1: 2, 2: 2, 3: 3}
    above = sum(sum(own) - group_low[sum(own)] for own in has)
    below = sum(group_high[sum(own)] - sum(own) for own in has)
    assert row(area, sex, "risk")["least_linked"] == min(*others, above, below)


def test_a_swap_changes_the_groups_and_no_index() -> None:
    """Every pair that is counted as a swap out of the top group is one."""
    pupils = [bands for bands in by_hand("01", "all") if bands.count(None) <= 1]
    number = [sum(band is not None and band >= 2 for band in bands) for bands in pupils]
    best = 0
    for i in range(3):
        givers = sum(n == 3 and bands[i] is not None and bands[i] >= 2 for n, bands in zip(number, pupils, strict=True))
        takers = sum(n == 0 and bands[i] == 1 for n, bands in zip(number, pupils, strict=True))
        best = max(best, min(givers, takers))
    assert row("01", "all", "risk")["swaps_out"] == best > 0


def test_estimates_are_the_counts_with_an_interval() -> None:
    estimates = accumulated_estimates(FRAME, [RISK, PROTECTION])
    assert set(estimates["measure"]) == set(SHARE_MEASURES)
    shares = estimates.filter(pl.col("measure") == "share_band3").join(COUNTS, on=KEYS)
    assert (shares["estimate"] - shares["band3"] / shares["n_scored"]).abs().max() < 1e-12
    inside = shares.filter(pl.col("low").is_not_null())
    assert inside.height > 0
    assert inside.select((pl.col("low") < pl.col("high")) & pl.col("estimate").is_between("low", "high")).to_series().all()


def test_no_mean_and_no_respondents_are_published() -> None:
    _, counts = published(persons(3, [200, 400]))
    assert set(counts["measure"]) == set(MEASURES.values())


def test_a_count_is_as_sensitive_as_its_most_sensitive_index() -> None:
    assert policy_with_counts(RULES | {"sensitive_indices": ["b"]}, [RISK, PROTECTION])["sensitive_indices"] == ["risk"]


def test_groups_that_do_not_start_at_none_and_one_are_refused() -> None:
    group = load_catalogue().factors.accumulated[0]
    starts = [{"start": n, "label_sv": "x"} for n in (0, 2, 3)]
    with pytest.raises(ValueError, match="groups börjar"):
        Accumulation.model_validate(group.model_dump() | {"groups": starts})
