"""Disclosure control on small literal tables: rules, reasons and errors."""

from __future__ import annotations

import copy
from pathlib import Path

import polars as pl
import pytest
import yaml

from assets.methods.disclosure import DisclosurePolicy, load_policy, protect
from assets.methods.errors import PipelineError
from tests.support.disclosure_population import KEYS, estimates, largest, population

POLICY_FILE = Path(__file__).parents[2] / "assets/catalogue/disclosure.yml"


@pytest.fixture(scope="module")
def content() -> dict[str, object]:
    return yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def policy(content: dict[str, object]) -> DisclosurePolicy:
    return load_policy(content)


def area(
    girl: tuple[int, ...],
    boy: tuple[int, ...],
    level: str = "municipality",
    schools: int = 4,
    top: tuple[float, float] = (0.0, 0.0),
) -> pl.DataFrame:
    """One block from (band1, band2, band3, unscored) of girls and boys, in a county large enough not to matter.

    top: the two largest schools' parts of the pupils; all schools alike when not given.
    """
    rows = []
    code = {"municipality": "0127", "district": "0180-101"}[level]
    for sex, leaf in (("girl", girl), ("boy", boy), ("all", tuple(a + b for a, b in zip(girl, boy, strict=True)))):
        *bands, unscored = leaf
        pair = tuple(int(part * sum(bands)) for part in top) if top[0] else largest(sum(bands), schools)
        rows.append((level, code, 2024, "ak9", sex, "acting_out", sum(leaf), sum(bands), unscored, *bands, schools, 9, *pair))
    frame = population(1, [5], indices=["acting_out"]).clear()
    return pl.DataFrame(rows, schema=frame.columns, orient="row").cast(dict(frame.schema))


def shown(counts: pl.DataFrame, policy: DisclosurePolicy) -> dict[tuple[str, str], tuple[float | None, str]]:
    results = protect(counts, estimates(counts), policy).results
    return {(r["sex"], r["measure"]): (r["value"], r["reason"]) for r in results.iter_rows(named=True)}


def test_a_large_area_is_shown_rounded(policy: DisclosurePolicy) -> None:
    got = shown(area((61, 21, 13, 9), (70, 20, 15, 8)), policy)
    assert got["girl", "share_band1"] == (64.0, "ok")
    assert got["all", "n_scored"] == (200.0, "ok")
    assert got["all", "n_respondents"] == (215.0, "ok")
    assert got["all", "share_unscored"] == (8.0, "ok")
    assert got["all", "sd"] == (1.01, "ok")
    assert got["all", "diff_share_focus"] == (None, "missing")
    assert got["all", "sex_gap_share_focus"] == (0.0, "ok"), "14 % minus 14 %, as published"


def test_an_interval_that_rounds_to_one_number_is_told_as_a_step_to_either_side(policy: DisclosurePolicy) -> None:
    counts = area((6100, 2100, 1300, 900), (7000, 2000, 1500, 800))
    exact = estimates(counts)
    narrow = exact.with_columns(low=pl.col("estimate") - 1e-4, high=pl.col("estimate") + 1e-4)
    rows = protect(counts, narrow, policy).results.filter(pl.col("low").is_not_null())
    assert {"share_band1", "mean", "sex_gap_share_focus"} <= set(rows["measure"])
    step = pl.when(pl.col("unit") == "logit").then(0.01).otherwise(1.0)
    known = pl.col("measure").is_in(["mean", "sex_gap_share_focus"])  # the others here have nothing to do with the counts
    assert rows.filter(known & (((pl.col("high") - pl.col("low")) / step).round(6) != 2)).rows() == []
    assert rows.filter(pl.col("low") >= pl.col("high")).rows() == []


def test_a_small_band_takes_the_split_before_the_total(policy: DisclosurePolicy) -> None:
    got = shown(area((61, 31, 3, 9), (70, 30, 15, 8)), policy)
    for sex in ("girl", "boy"):
        assert [got[sex, f"share_band{k}"][1] for k in (1, 2, 3)] == ["ok", "suppressed", "suppressed"]
        assert got[sex, "mean"] == (None, "suppressed")
    assert {got["all", f"share_band{k}"][1] for k in (1, 2, 3)} == {"ok"}
    assert got["all", "mean"][1] == "ok"
    assert got["all", "sex_gap_share_focus"] == (None, "suppressed")


@pytest.mark.parametrize("band3", [0, 4])
def test_a_small_total_hides_it_and_another_band(policy: DisclosurePolicy, band3: int) -> None:
    got = shown(area((61, 31, band3, 9), (70, 30, 0, 8)), policy)
    assert got["all", "share_band3"] == (None, "suppressed")
    assert [got["all", f"share_band{k}"][1] for k in (1, 2)].count("suppressed") == 1
    assert got["all", "diff_share_focus"] == (None, "suppressed")


def test_all_pupils_in_one_band_is_hidden(policy: DisclosurePolicy) -> None:
    got = shown(area((60, 0, 0, 9), (70, 0, 0, 8)), policy)
    assert {got["all", f"share_band{k}"] for k in (1, 2, 3)} == {(None, "suppressed")}


def test_too_few_in_one_sex_hides_both(policy: DisclosurePolicy) -> None:
    got = shown(area((5, 2, 1, 0), (40, 20, 15, 8)), policy)
    assert got["girl", "n_respondents"] == (None, "too_few")
    assert got["boy", "n_respondents"] == (None, "suppressed")
    assert got["boy", "share_band1"] == (None, "suppressed")
    assert got["all", "share_band1"][1] == "ok"


@pytest.mark.parametrize("pupils", [(0, 0, 0, 0), (1, 0, 0, 1)])
def test_an_area_without_or_with_hardly_any_pupils_is_too_few_everywhere(
    policy: DisclosurePolicy, pupils: tuple[int, ...]
) -> None:
    counts = area(pupils, pupils)
    results = protect(counts, estimates(counts), policy).results
    assert set(results["reason"]) == {"too_few"}
    assert results["value"].null_count() == results.height


def test_districts_need_more_pupils_and_three_schools(policy: DisclosurePolicy) -> None:
    big, small = ((61, 21, 13, 9), (70, 20, 15, 8)), ((14, 6, 6, 5), (30, 12, 10, 6))
    assert shown(area(*big, level="district"), policy)["all", "share_band1"][1] == "ok"
    assert shown(area(*big, level="district", schools=2), policy)["all", "share_band1"] == (None, "suppressed")
    assert shown(area(*big, schools=2), policy)["all", "share_band1"][1] == "ok"
    assert shown(area(*small, level="district"), policy)["girl", "share_band1"] == (None, "suppressed")
    assert shown(area(*small, level="district"), policy)["boy", "share_band1"] == (None, "suppressed")
    assert shown(area(*small), policy)["girl", "share_band1"][1] == "ok"


@pytest.mark.parametrize(
    ("top", "rule"),
    [
        ((0.86, 0.06), "dominance"),
        ((0.84, 0.08), "p_percent"),
        ((0.5, 0.46), "p_percent"),
        ((0.8, 0.1), None),
        ((0.25, 0.25), None),
    ],
)
def test_a_district_that_is_one_school_s_number_is_hidden_by_its_rule(
    policy: DisclosurePolicy, top: tuple[float, float], rule: str | None
) -> None:
    bands = ((610, 210, 130, 90), (700, 200, 150, 80))
    counts = area(*bands, level="district", schools=5, top=top)
    release = protect(counts, estimates(counts), policy)
    found = release.log.filter(pl.col("cell") == "share_band1", pl.col("sex") == "all")["rule"].to_list()
    assert found == ([rule] if rule else [])
    assert {rule_.kind for rule_ in policy.rules if rule_.id == rule} <= {"primary"}
    whole = area(*bands, schools=5, top=top)
    assert shown(whole, policy)["all", "share_band1"][1] == "ok", "a municipality isn't a school's"


def test_missing_estimates_are_missing_not_zero(policy: DisclosurePolicy) -> None:
    counts = area((61, 21, 13, 9), (70, 20, 15, 8))
    proof = estimates(counts).with_columns(
        estimate=pl.when(pl.col("measure") == "mean").then(float("nan")).otherwise(pl.col("estimate")),
        low=pl.lit(float("nan")),
    )
    results = protect(counts, proof, policy).results
    means = results.filter(pl.col("measure") == "mean")
    assert means["value"].null_count() == means.height
    assert set(means["reason"]) == {"missing"}
    assert results["low"].null_count() == results.height
    assert results.filter(pl.col("value").is_nan()).height == 0


def test_verdict_follows_the_test_and_the_sign(policy: DisclosurePolicy) -> None:
    counts = population(3, [4000 + i for i in range(8)])
    results = protect(counts, estimates(counts), policy).results.filter(pl.col("measure").str.starts_with("diff"))
    told = results.filter((pl.col("reason") == "ok") & (pl.col("area_level") == "municipality"))
    assert set(told["verdict"]) <= {"higher", "lower", "unclear"}
    assert told.filter((pl.col("verdict") == "higher") & (pl.col("value") < 0)).height == 0
    assert told.filter(pl.col("verdict") == "lower").height > 0
    assert results.filter(pl.col("reason") != "ok")["verdict"].null_count() == results.filter(pl.col("reason") != "ok").height


def test_a_difference_whose_published_interval_reaches_zero_is_not_called_one(policy: DisclosurePolicy) -> None:
    counts = population(3, [4000 + i for i in range(8)])
    proof = estimates(counts).with_columns(low=pl.lit(-0.06), high=pl.lit(-0.001), is_clear=pl.lit(value=True))
    results = protect(counts, proof, policy).results.filter(pl.col("measure").str.ends_with("share_focus"), pl.col("high") == 0)
    assert results.filter(pl.col("value") <= -3).height > 0, "so some would have been called lower"
    assert set(results["verdict"]) == {"unclear"}


def test_log_names_every_hidden_row_and_a_rule_of_the_policy(policy: DisclosurePolicy) -> None:
    counts = population(5, [40, 120, 150, 300, 5000, 4000], districts=[60, 25, 150, 200], outside=120)
    release = protect(counts, estimates(counts), policy)
    hidden = release.results.filter(pl.col("reason").is_in(["suppressed", "too_few"])).select(*KEYS, "measure").rows()
    assert sorted(hidden) == sorted(release.log.select(*KEYS, "cell").rows())
    kinds = {rule.id: rule.kind for rule in policy.rules}
    assert {(row["rule"], row["kind"]) for row in release.log.iter_rows(named=True)} <= set(kinds.items())
    assert not [name for name, dtype in release.log.schema.items() if dtype.is_float() or name == "value"]


def test_sensitive_indices_have_wider_floors(content: dict[str, object]) -> None:
    strict = load_policy(content | {"sensitive_indices": ["acting_out"]})
    got = shown(area((61, 21, 8, 20), (70, 20, 15, 20)), strict)
    assert got["girl", "share_band3"] == (None, "suppressed")
    assert shown(area((61, 21, 8, 20), (70, 20, 15, 20)), load_policy(content))["girl", "share_band3"][1] == "ok"


def test_an_edition_can_be_stricter(content: dict[str, object]) -> None:
    two = load_policy(
        content
        | {"editions": {"intern": {}, "publik": {"group_floor": 200, "group_floor_sensitive": 200, "district_floor": 200}}}
    )
    counts = area((61, 21, 13, 9), (50, 20, 15, 8))
    assert protect(counts, estimates(counts), two, "intern").results.filter(pl.col("reason") == "ok").height > 0
    publik = protect(counts, estimates(counts), two, "publik").results
    assert publik.filter(pl.col("reason") == "ok").height == 0
    assert set(publik["edition"]) == {"publik"}


def test_unknown_edition_is_named(policy: DisclosurePolicy) -> None:
    counts = area((61, 21, 13, 9), (70, 20, 15, 8))
    with pytest.raises(PipelineError, match="någon av utgåvorna intern, publik, fick utgåvan hemlig"):
        protect(counts, estimates(counts), policy, "hemlig")


def _edit(rule: str, value: object, content: dict[str, object]) -> dict[str, object]:
    changed = copy.deepcopy(content)
    next(entry for entry in changed["rules"] if entry["id"] == rule)["value"] = value
    return changed


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("group_floor", 5),
        ("cell_floor", 3),
        ("interval_width", 9),
        ("district_floor", 5),
        ("share_step", 0),
        ("line_rule", False),
        ("cell_floor", True),
    ],
)
def test_contradictory_policy_stops(rule: str, value: object, content: dict[str, object]) -> None:
    with pytest.raises(PipelineError, match=r"disclosure\.yml"):
        load_policy(_edit(rule, value, content))


@pytest.mark.parametrize("change", [{"rules": []}, {"editions": {}}, {"extra": 1}, {"editions": {"intern": {"no_rule": 1}}}])
def test_incomplete_policy_stops(change: dict[str, object], content: dict[str, object]) -> None:
    with pytest.raises(PipelineError, match="Inget publiceras"):
        load_policy(content | change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.drop("band2"), "utan band2"),
        (lambda c: c.with_columns(band1=pl.col("band1") + 1), "banden summerar"),
        (lambda c: c.with_columns(n_respondents=pl.col("n_respondents") + 1), "med och utan poäng"),
        (lambda c: c.filter(pl.col("sex") != "boy"), "flickor, pojkar och alla"),
        (lambda c: pl.concat([c, c]), "flickor, pojkar och alla"),
        (lambda c: c.with_columns(band1=pl.lit(None, pl.Int64)), "tomma värden"),
        (lambda c: c.with_columns(n_schools=-pl.col("n_schools")), "negativa antal"),
        (lambda c: c.with_columns(largest_school=pl.lit(0)), "en näst största skola som ryms"),
        (lambda c: c.with_columns(second_school=pl.col("n_scored")), "en näst största skola som ryms"),
        (
            lambda c: pl.concat(
                [c.filter(pl.col("sex") == "girl").with_columns(sex=pl.lit("all")), c.filter(pl.col("sex") != "all")]
            ),
            "summerar till alla",
        ),
    ],
)
def test_counts_that_do_not_hold_together_stop(change: object, words: str, policy: DisclosurePolicy) -> None:
    counts = area((61, 21, 13, 9), (70, 20, 15, 8))
    with pytest.raises(PipelineError, match=words):
        protect(change(counts), estimates(counts), policy)


def test_respondents_must_be_the_same_for_all_indices(policy: DisclosurePolicy) -> None:
    one, other = area((61, 21, 13, 9), (70, 20, 15, 8)), area((61, 21, 13, 9), (70, 20, 15, 9))
    counts = pl.concat([one, other.with_columns(index_key=pl.lit("wellbeing"))])
    with pytest.raises(PipelineError, match="samma antal svarande"):
        protect(counts, estimates(counts), policy)


@pytest.mark.parametrize(
    "change",
    [
        lambda e: pl.concat([e, e]),
        lambda e: e.with_columns(area_code=pl.lit("9999")),
        lambda e: e.with_columns(measure=pl.lit("median")),
    ],
)
def test_estimates_that_do_not_belong_stop(change: object, policy: DisclosurePolicy) -> None:
    counts = area((61, 21, 13, 9), (70, 20, 15, 8))
    with pytest.raises(PipelineError, match="area_estimates"):
        protect(counts, change(estimates(counts)), policy)


def test_no_counts_give_no_rows(policy: DisclosurePolicy) -> None:
    counts = area((61, 21, 13, 9), (70, 20, 15, 8))
    release = protect(counts.clear(), estimates(counts).clear(), policy)
    assert release.results.height == release.log.height == 0


def test_rule_texts_are_swedish_sentences(policy: DisclosurePolicy) -> None:
    for rule in policy.rules:
        assert rule.text_sv.endswith(".")
        assert rule.why.endswith(".")


def test_a_difference_is_the_difference_of_what_is_published(policy: DisclosurePolicy) -> None:
    """So it tells an attacker nothing more, and a reader who subtracts gets the same."""
    counts = population(3, [4000 + i for i in range(8)])
    focus = {"school_bonding": 1}
    results = protect(counts, estimates(counts), policy, focus=focus).results.filter(pl.col("reason") == "ok")
    values = {
        (r["area_code"], r["wave"], r["grade"], r["sex"], r["index_key"], r["measure"]): r["value"]
        for r in results.iter_rows(named=True)
    }
    compared = 0
    for (area_code, wave, grade, sex, key, measure), value in values.items():
        share = f"share_band{focus.get(key, 3)}"
        if measure == "diff_share_focus":
            assert value == values[area_code, wave, grade, sex, key, share] - values["01", wave, grade, sex, key, share]
        elif measure == "sex_gap_share_focus":
            assert value == values[area_code, wave, grade, "girl", key, share] - values[area_code, wave, grade, "boy", key, share]
        elif measure == "diff_mean":
            whole = values["01", wave, grade, sex, key, "mean"]
            assert value == pytest.approx(values[area_code, wave, grade, sex, key, "mean"] - whole, abs=1e-9)
        else:
            continue
        compared += 1
    assert compared > 100
    inside = results.filter(pl.col("low").is_not_null())
    assert inside.filter((pl.col("low") > pl.col("value")) | (pl.col("high") < pl.col("value"))).height == 0
