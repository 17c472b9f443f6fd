"""Whole pupils and our own floors: two ways of reckoning agree with trying everything, and nothing hidden is bounded by them."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from assets.audit import AuditRules, EditionRules
from assets.audit.whole import flows, run_whole, whole_attacks
from assets.methods.disclosure import load_policy, protect
from assets.methods.disclosure_blocks import ROW_KEYS
from assets.methods.disclosure_whole import bands_fit
from assets.methods.least_answers import with_least
from tests.support.disclosure_population import population

DISCLOSURE = yaml.safe_load((Path(__file__).parents[2] / "assets/catalogue/disclosure.yml").read_text(encoding="utf-8"))
EDITIONS = {
    "intern": EditionRules(10, 20, 30, 10, 5, 1, 4, 9, cell=5, cell_sensitive=10),
    "publik": EditionRules(20, 30, 50, 20, 5, 1, 9, 14, cell=10, cell_sensitive=15),
}
RULES = AuditRules(EDITIONS, "intern")


def tried(girls: int, boys: int, low: np.ndarray, high: np.ndarray) -> bool:
    """Whether some whole numbers of girls and boys in three bands keep all bounds, by trying them all."""

    def divided(total: int, sex: int) -> list[tuple[int, int, int]]:
        ways = ((a, b, total - a - b) for a, b in product(range(total + 1), repeat=2) if a + b <= total)
        return [way for way in ways if all(low[sex, k] <= way[k] <= high[sex, k] for k in range(3))]

    return any(
        all(low[2, k] <= g[k] + b[k] <= high[2, k] for k in range(3)) for g, b in product(divided(girls, 0), divided(boys, 1))
    )


def test_both_ways_of_reckoning_are_those_of_trying_everything() -> None:
    chance = np.random.default_rng(3)
    pairs = chance.integers(0, 8, (400, 2))
    values = np.column_stack([pairs, pairs.sum(axis=1)])
    low = chance.integers(0, 4, (400, 3, 3))
    low[:, 2] += chance.integers(0, 3, (400, 3))
    high = low + chance.integers(0, 3, (400, 3, 3))
    hidden = chance.random((400, 3, 3)) < 0.3
    low, high = np.where(hidden, 0, low), np.where(hidden, values[:, :, None], high)
    expected = [tried(*pair, *bounds) for pair, *bounds in zip(pairs.tolist(), low, high, strict=True)]
    assert 40 < sum(expected) < 360
    assert bands_fit(values, low, high).tolist() == expected
    arcs = [[(low[:, sex, band], high[:, sex, band]) for sex in range(3)] for band in range(3)]
    assert flows(arcs, values[:, 0], values[:, 1]).tolist() == expected


@pytest.fixture(scope="module")
def counts() -> pl.DataFrame:
    """A county of small and middling municipalities."""
    return population(4, [40, 60, 90, 120, 150, 200, 300])


def released(counts: pl.DataFrame, whole: bool, enrolled: pl.DataFrame | None = None) -> pl.DataFrame:
    """Both editions' results, the outer one with one reason for all that it hides."""
    policy = load_policy({**DISCLOSURE, "whole_numbers": whole})
    none = counts.select(*ROW_KEYS, measure=pl.lit("mean")).clear()
    inner = protect(counts, none, policy, "intern", enrolled=enrolled)
    outer = protect(counts, none, policy, "publik", within=inner.pattern, enrolled=enrolled).results
    quiet = outer.with_columns(reason=pl.col("reason").replace("too_few", "suppressed"))
    return pl.concat([inner.results, quiet])


def attacked(results: pl.DataFrame, **beside: pl.DataFrame) -> pl.DataFrame:
    return pl.concat(run_whole(task).cells for task in whole_attacks({"index_results": results, **beside}, RULES))


def test_the_option_leaves_nothing_bounded_and_hides_no_more_bands(counts: pl.DataFrame) -> None:
    before, after = released(counts, whole=False), released(counts, whole=True)
    assert (attacked(before)["verdict"] == "narrow").sum() > 10
    assert attacked(after)["verdict"].unique().to_list() == ["wide"]

    def hidden(rows: pl.DataFrame, measures: str) -> int:
        return rows.filter(pl.col("measure").str.contains(measures), pl.col("reason") != "ok").height

    assert hidden(after, "share_band") <= hidden(before, "share_band")
    assert hidden(after, "n_scored") < hidden(before, "n_scored")


def test_a_floor_that_is_known_bounds_what_rounding_leaves_open() -> None:
    """20 respondents are 18 to 22, and 75 per cent with five outside are at least 20 with a score: at most two lack one."""
    sexes = {"girl": (20, "ok", 75.0), "boy": (60, "ok", None), "all": (80, "ok", None)}
    rows = []
    for sex, (n, reason, share) in sexes.items():
        told = (("n_respondents", float(n)), ("n_scored", None), ("share_unscored", None), ("share_band1", share))
        rows += [
            ("intern", "municipality", "0120", 2024, "gy2", sex, "wellbeing", name, value, None, None, None,
             reason if value is not None else "suppressed", None, None)
            for name, value in told
        ]  # fmt: skip
    names = ("edition", "area_level", "area_code", "wave", "grade", "sex", "index_key", "measure", "value", "low", "high", "n")
    kinds = {"wave": pl.Int32, "n": pl.Int64, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    table = pl.DataFrame(rows, schema=[*names, "reason", "method", "interval_method"], orient="row")
    table = table.with_columns(pl.col(name).cast(kind) for name, kind in kinds.items())
    bound = attacked(table).filter(sex="girl", measure="share_unscored")
    assert bound.select("low", "high", "verdict").row(0) == (0.0, 2.0, "narrow")
    unknowing = AuditRules({"intern": EditionRules(10, 20, 30, 10, 5, 1, 4, 9)}, "intern")
    [task] = whole_attacks({"index_results": table}, unknowing)
    assert run_whole(task).cells.filter(sex="girl", measure="share_unscored")["high"].item() > 4


def test_pupils_in_an_open_register_bound_the_respondents_from_above() -> None:
    """Where nearly all have answered more has to be hidden, and then the register tells nothing."""
    counts = population(4, [60, 120])
    place = ["area_level", "area_code", "wave", "grade"]
    register = counts.filter(area_level="municipality", sex="all").group_by(place).agg(enrolled=pl.col("n_respondents").max() + 1)
    rates = register.join(pl.DataFrame({"edition": list(EDITIONS)}), how="cross")
    unknowing, knowing = released(counts, whole=True), released(counts, whole=True, enrolled=register.drop("area_level"))
    assert (attacked(unknowing, response_rates=rates)["verdict"] != "wide").any()
    assert attacked(knowing, response_rates=rates)["verdict"].unique().to_list() == ["wide"]


def test_hidden_respondents_are_at_least_the_scored_that_are_shown() -> None:
    """95 may stand for 93 where the step is 5; the per cent is rounded down, of the most pupils that 110 may stand for."""
    place = {"edition": "intern", "area_level": "municipality", "area_code": "0120", "wave": 2024, "grade": "ak9"}
    results = pl.DataFrame(
        [{**place, "sex": "all", "measure": "n_scored", "value": value, "reason": reason}
         for value, reason in ((95.0, "ok"), (90.0, "ok"), (None, "suppressed"))]
        + [{**place, "sex": "girl", "measure": "n_scored", "value": 200.0, "reason": "ok"}]
    )  # fmt: skip
    hidden = pl.DataFrame([{**place, "respondents": None, "enrolled": 110}], schema_overrides={"respondents": pl.Int64})

    def told(rates: pl.DataFrame, steps: dict[str, int]) -> tuple[int | None, int | None]:
        return with_least(rates, results, steps).select("respondents_least", "response_least_pct").row(0)

    assert told(hidden, {"intern": 5}) == (93, 83)  # 93 of 112
    assert told(hidden, {}) == (None, None)  # numbers with noise bound nothing
    assert told(hidden.with_columns(respondents=pl.lit(100)), {"intern": 5}) == (None, None)
    assert told(hidden.with_columns(enrolled=pl.lit(80)), {"intern": 5}) == (93, None)
