"""Two editions, one inside the other: what isn't nested is refused, and every cell that differs is listed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from assets.catalogue.load import load_catalogue
from assets.cutoff_guard import released_editions
from assets.methods.disclosure_policy import load_policy
from assets.methods.disclosure_rounding import count_window, nearest
from assets.methods.edition_differences import edition_differences
from assets.methods.edition_patterns import Outer, groups_in
from assets.methods.editions import (
    allowed_areas,
    both_editions,
    masked,
    nested_trends,
    quiet_reasons,
    require_nested,
)
from assets.methods.errors import PipelineError
from pipelines.resources import RunChoices

PLACE = {"area_level": "municipality", "area_code": "0127", "wave": 2024, "grade": "ak9", "sex": "all", "index_key": "parenting"}
ROWS = [
    {"measure": "share_band1", "value": 20.0, "low": 18.0, "high": 22.0, "n": 200, "reason": "ok"},
    {"measure": "share_band3", "value": 31.0, "low": 28.0, "high": 34.0, "n": 200, "reason": "ok"},
    {"measure": "mean", "value": 0.12, "low": 0.1, "high": 0.2, "n": 200, "reason": "ok"},
    {"measure": "n_scored", "value": None, "low": None, "high": None, "n": None, "reason": "suppressed"},
]
NUMBERS = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "n": pl.Int64, "wave": pl.Int32}


def table(edition: str, changes: dict[int, dict[str, object]] | None = None) -> pl.DataFrame:
    rows = [{"edition": edition, **PLACE, **row, **(changes or {}).get(at, {})} for at, row in enumerate(ROWS)]
    return pl.DataFrame(rows).cast(NUMBERS)


HIDDEN = {"value": None, "low": None, "high": None, "n": None, "reason": "suppressed"}


def test_the_policy_has_both_editions_and_the_public_one_is_the_stricter():
    policy = load_policy(load_catalogue().disclosure)
    intern, public = policy.numbers("intern"), policy.numbers("publik")
    assert (public.group_floor, public.cell_floor, public.interval_width) == (20, 10, 9)
    assert all(getattr(public, name) >= value for name, value in vars(intern).items())
    assert policy.districts("intern")
    assert not policy.districts("publik")
    assert released_editions(load_catalogue()) == ("intern", "publik")


@pytest.mark.parametrize("own", [{"districts": 1}, {"group_floor": True}, {"areas": 3}])
def test_a_policy_with_an_edition_that_makes_no_sense_is_refused(own: dict[str, object]):
    rules = load_catalogue().disclosure
    with pytest.raises(PipelineError, match=r"disclosure\.yml"):
        load_policy({**rules, "editions": {"intern": {}, "publik": own}})


def test_the_public_edition_has_no_districts():
    policy, rows = load_policy(load_catalogue().disclosure), pl.DataFrame({"area_level": ["county", "district"]})
    assert allowed_areas(rows, policy, "intern").height == 2
    assert allowed_areas(rows, policy, "publik")["area_level"].to_list() == ["county"]


@pytest.mark.parametrize("changes", [{}, {1: HIDDEN}, {1: {"n": None}}, {0: HIDDEN, 2: {"low": None, "high": None}}])
def test_showing_the_same_or_less_is_nested(changes: dict[int, dict[str, object]]):
    require_nested("index_results", table("intern"), table("publik", changes))


@pytest.mark.parametrize(
    "changes",
    [{0: {"value": 21.0}}, {1: {"high": 35.0}}, {2: {"n": 205}}, {3: {"value": 0.0}}, {3: {"n": 10}}, {0: {"measure": "sd"}}],
)
def test_anything_more_or_other_is_refused(changes: dict[int, dict[str, object]]):
    with pytest.raises(PipelineError, match="index_results") as stop:
        require_nested("index_results", table("intern"), table("publik", changes))
    assert stop.value.code == "not_nested"
    assert "1 rader" in str(stop.value) or "1 som den interna saknar" in str(stop.value)


def test_a_doubled_row_and_an_unknown_table_are_refused():
    with pytest.raises(PipelineError, match="1 dubbla"):
        require_nested("index_results", table("intern"), pl.concat([table("publik"), table("publik").head(1)]))
    with pytest.raises(PipelineError, match="editions"):
        require_nested("new_table", table("intern"), table("publik"))


def test_a_recomputed_table_may_hold_other_numbers_but_no_other_cells():
    keys = {**PLACE, "value": 1.0, "position": "inside"}
    intern = pl.DataFrame([{"edition": "intern", "measure": "share_band1", **keys}]).cast({"wave": pl.Int32})
    public = intern.with_columns(edition=pl.lit("publik"), value=pl.lit(2.0))
    require_nested("funnel", intern, public)
    with pytest.raises(PipelineError, match="funnel"):
        require_nested("funnel", intern.with_columns(value=pl.lit(None, pl.Float64)), public)


def test_public_reasons_say_on_no_side_of_a_floor():
    public = table("publik", {at: {**HIDDEN, "reason": "too_few"} for at in range(1, 4)})
    assert quiet_reasons(public)["reason"].to_list() == ["ok", "suppressed", "suppressed", "suppressed"]


def test_what_is_hidden_internally_is_masked_in_public():
    intern = table("intern", {1: HIDDEN, 2: {"n": None}})
    found = masked("index_results", intern, table("publik"))
    assert found["value"].to_list() == [20.0, None, 0.12, None]
    assert found["reason"].to_list() == ["ok", "suppressed", "ok", "suppressed"]
    assert found["n"].to_list() == [200, None, None, None]
    require_nested("index_results", intern, found)


def test_the_groups_of_a_pattern_are_found_by_their_keys_and_unknown_ones_stop():
    groups = pl.DataFrame({"area_level": "municipality", "area_code": ["A", "B"], "wave": 2024, "grade": "ak9"})
    outer = Outer(groups, ("x",), (pl.Series([0, 3]).to_numpy(),))
    assert groups_in(None, groups, ["x"]) is None
    found = groups_in(outer, groups.reverse(), ["x"])
    assert found is not None
    assert found[0].tolist() == [3, 0]
    for unknown, keys in ((groups.with_columns(grade=pl.lit("gy2")), ["x"]), (groups, ["y"])):
        with pytest.raises(PipelineError, match="utgåva"):
            groups_in(outer, unknown, keys)


CHANGES = [
    ({0: HIDDEN}, "share_band1", "hidden"),
    ({1: {"n": None}}, "share_band3", "coarser"),
    ({2: {"low": None, "high": None}}, "mean", "coarser"),
]


@pytest.mark.parametrize(("changes", "measure", "state"), CHANGES)
def test_each_difference_is_listed(changes: dict[int, dict[str, object]], measure: str, state: str):
    log = pl.DataFrame([{"edition": "publik", **PLACE, "cell": "share_band1", "rule": "cell_floor"}]).cast({"wave": pl.Int32})
    both = both_editions("index_results", {"intern": table("intern"), "publik": table("publik", changes)})
    found = edition_differences({"index_results": both, "suppression_log": log})
    assert found.select("key", "measure", "publik").rows() == [("parenting", measure, state)]
    assert found["rule"].to_list() == ["cell_floor" if state == "hidden" else "count_interval"]
    assert not {"value", "low", "high", "n"} & set(found.columns)


def test_a_missing_row_is_a_hidden_cell_and_equal_editions_have_no_differences():
    logless = {"index_results": pl.concat([table("intern"), table("publik").head(3)])}
    assert edition_differences({"index_results": pl.concat([table("intern"), table("publik")])}).is_empty()
    assert edition_differences(logless).is_empty()  # the fourth row is hidden in both
    district = pl.lit("district").alias("area_level")
    found = edition_differences({"index_results": table("intern").with_columns(district)})
    assert found["rule"].unique().to_list() == ["districts"]
    assert found.height == 3


TREND = {**{k: v for k, v in PLACE.items() if k != "index_key"}, "series_kind": "index", "series": "parenting", "measure": "mean"}


def trends() -> pl.DataFrame:
    shown = {"confidence_level": 0.95, "verdict": "unclear", "method": "t", "unit": "logit", "area_name": "Botkyrka"}
    waves = [(2020, None, 1), (2022, 2020, 2), (2024, 2022, 3)]
    rows = [
        {
            "edition": "intern", **TREND, "wave": wave, "value": wave / 100, "from_wave": before,
            "value_from": before / 100 if before else None, "change": 0.02 if before else None,
            "low": 0.0, "high": 0.1, **shown, "reason": "ok" if before else "no_earlier_wave",
            "first_wave": 2020 if n == 3 else None, "n_waves": n if n == 3 else None, "slope": 0.1 if n == 3 else None,
            "slope_low": 0.0, "slope_high": 0.2, "trend_verdict": "higher" if n == 3 else "cannot_tell",
            "trend_reason": "ok" if n == 3 else "too_few_waves",
        }
        for wave, before, n in waves
    ]  # fmt: skip
    return pl.DataFrame(rows).cast({"wave": pl.Int32, "from_wave": pl.Int32, "first_wave": pl.Int32})


def test_a_change_falls_with_either_value_and_a_line_with_any():
    intern = trends()
    cells = intern.with_columns(
        value=pl.when(pl.col("wave") != 2020).then("value"),
        reason=pl.when(pl.col("wave") == 2020).then(pl.lit("suppressed")).otherwise(pl.lit("ok")),
    )
    found = nested_trends(intern, cells, "publik")
    assert found["value"].is_not_null().to_list() == [False, True, True]
    assert found["change"].is_not_null().to_list() == [False, False, True]
    assert found["reason"].to_list() == ["suppressed", "suppressed", "ok"]
    assert found["slope"].is_null().all()
    assert found["trend_verdict"].to_list() == [None, "cannot_tell", "cannot_tell"]
    require_nested("trends", intern, found)
    same = nested_trends(intern, intern.with_columns(reason=pl.lit("ok")), "publik")
    told = ["value", "change", "slope", "n_waves", "reason", "trend_verdict", "trend_reason"]
    assert same.select(told).equals(intern.select(told))


@pytest.mark.parametrize(
    ("choices", "area", "editions"),
    [
        ({}, "0127", ("intern", "publik")),
        ({"edition": "intern"}, "0127", ("intern",)),
        ({"edition": "publik"}, "0127", ("publik",)),
        ({"public_areas": ["0123"]}, "0127", ("intern",)),
        ({"public_areas": ["0123"]}, "0123", ("intern", "publik")),
        ({"edition": "publik", "public_areas": ["0123"]}, "0127", ()),
    ],
)
def test_a_run_writes_the_bundles_that_it_is_asked_for(choices: dict[str, object], area: str, editions: tuple[str, ...]):
    assert RunChoices(**choices).editions_of(area, ("intern", "publik")) == editions


def test_the_choice_of_bundles_is_no_reason_to_release_anew():
    assert len({RunChoices(edition=one).kind for one in ("intern", "publik", "bada")}) == 1
    assert RunChoices(remove_screened=False).kind != RunChoices().kind


def test_an_unknown_edition_is_refused():
    with pytest.raises(ValidationError, match="'bada', 'intern' or 'publik'"):  # the launchpad offers no other either
        RunChoices(edition="öppen")


@pytest.mark.parametrize("floor", range(2, 60))
def test_a_floor_on_steps_is_told_by_the_rounding(floor):
    numbers = replace(load_policy(load_catalogue().disclosure).numbers("publik"), group_floor=floor)
    moved, step = numbers.on_steps().group_floor, numbers.count_step
    low, high = count_window(nearest(np.arange(200), step), step)
    assert floor <= moved < floor + step
    assert low[moved] == moved, "the least number that is shown is rounded to what could not be less"
    assert high[moved - 1] == moved - 1
