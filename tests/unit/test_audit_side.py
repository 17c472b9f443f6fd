"""A number planted in a table beside those that are attacked is found, and what the attack concludes is true."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.audit import AuditRules, EditionRules, audit
from assets.audit.search import attack
from assets.audit.side import Side, side_attacks
from assets.audit.system import INFINITY

RULES = AuditRules(
    {"intern": EditionRules(10, 20, 30, 10, 5, 1, 4, 9), "publik": EditionRules(23, 33, 53, 33, 5, 1, 9, 14)},
    "intern",
    focus={"wellbeing": "share_band3"},
)
PLACE = {
    "edition": "intern",
    "area_level": "county",
    "area_code": "01",
    "wave": 2024,
    "grade": "ak9",
    "sex": "all",
    "reason": "ok",
}
KINDS = {"wave": pl.Int32, "n": pl.Int64, "value": pl.Float64}


def table(*rows: dict[str, object]) -> pl.DataFrame:
    frame = pl.DataFrame([PLACE | row for row in rows], infer_schema_length=None)
    return frame.cast({name: kind for name, kind in KINDS.items() if name in frame.columns})


def index(*rows: dict[str, object]) -> pl.DataFrame:
    """Rows of `release.index_results`."""
    named = [
        {"index_key": "wellbeing", "measure": "share_band3", "n": None, "method": "m", "interval_method": None} | row
        for row in rows
    ]
    return table(*named).with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("low", "high"))


def narrow(**tables: pl.DataFrame) -> set[tuple[str, str]]:
    report = audit(tables, RULES)
    assert "contradiction" not in report.cells["verdict"]
    return set(report.cells.filter(pl.col("verdict") == "narrow").select("key", "measure").iter_rows())


def limits(n: int) -> pl.DataFrame:
    shares = {"used": (1.0, 10.0), "other": (0.9, 12.0), "third": (0.2, 45.0)}
    return table(
        *(
            {"index_key": "wellbeing", "cut_set": name, "focus_cut": cut, "value": value, "n": n}
            for name, (cut, value) in shares.items()
        )
    )


def test_pupils_between_two_limits_of_a_small_county_are_found() -> None:
    assert narrow(cutoff_sensitivity=limits(150)) == {("wellbeing", "used..other")}
    assert not narrow(cutoff_sensitivity=limits(9000))


def screened(n: int, gone: int) -> dict[str, pl.DataFrame]:
    rows = [
        {"series_type": "index", "series": "wellbeing", "sex": sex, "measure": measure, "value": value, "removal": True}
        for sex in ("girl", "boy", "all")
        for measure, value in (("share_kept", 10.0), ("share_all", 11.0))
    ]
    rows.append({"series_type": "screen", "series": "screen", "measure": "n_removed", "value": float(gone), "removal": True})
    shown = [{"sex": sex, "value": 10.0, "n": n} for sex in ("girl", "boy", "all")]
    return {"screen_sensitivity": table(*rows), "index_results": index(*shown)}


def test_the_answers_of_those_left_out_of_a_small_county_are_found() -> None:
    assert ("wellbeing", "removed") in narrow(**screened(120, 10))
    assert not narrow(**screened(7000, 150))


def test_a_pair_with_few_exposed_is_found() -> None:
    def pair(n: int) -> dict[str, pl.DataFrame]:
        cells = [
            {"factor": "wellbeing", "outcome": "bullied", "measure": name, "value": 10.0, "n": n}
            for name in ("share_exposed", "share_unexposed")
        ]
        return {"associations": table(*cells), "index_results": index({"value": 10.0, "n": n})}

    assert ("wellbeing|bullied", "both") in narrow(**pair(200))
    assert not narrow(**pair(9000))


def kinds(edition: str, municipal: int | None, independent: int | None) -> pl.DataFrame:
    shown = {"all": 200, "municipal": municipal, "independent": independent}
    rows = [
        {"edition": edition, "area_level": "municipality", "area_code": "0120", "school_type": kind, "respondents": number,
         "reason": "ok" if number is not None else "suppressed"}
        for kind, number in shown.items()
    ]  # fmt: skip
    return table(*rows).with_columns(pl.col("respondents").cast(pl.Int64))


def test_a_lone_hidden_kind_of_school_is_found() -> None:
    assert narrow(response_by_school_type=kinds("publik", 185, None)) == {("independent", "respondents")}
    assert narrow(response_by_school_type=kinds("intern", 0, None)) == {("independent", "respondents")}
    assert not narrow(response_by_school_type=kinds("publik", None, None))


@pytest.mark.parametrize(
    ("respondents", "percent", "found"),
    [(205, 82, False), (203, 82, True), (205, 80, True), (None, None, False), (None, 82, True)],
)
def test_response_rates_that_are_not_of_the_published_number_are_found(respondents, percent, found) -> None:
    rates = table({"respondents": respondents, "scored_any": None, "enrolled": 250, "response_pct": percent})
    shown = index({"measure": "n_respondents", "value": 205.0, "n": 205})
    assert bool(narrow(response_rates=rates, index_results=shown)) == found


def test_a_model_over_a_wave_that_is_hidden_is_found() -> None:
    pooled = table(
        {"index_key": "wellbeing", "measure": "share_band3", "waves": "2022 2024", "own_weight_pct": 60, "value": 10.0}
    )
    both = index({"value": 10.0, "n": 900}, {"value": 12.0, "n": 900, "wave": 2022})
    assert not narrow(model_estimates=pooled, index_results=both)
    hidden = both.with_columns(reason=pl.when(pl.col("wave") == 2022).then(pl.lit("suppressed")).otherwise("reason"))
    assert ("wellbeing", "share_band3") in narrow(model_estimates=pooled, index_results=hidden)


def bounds(side: Side) -> dict[tuple[object, object], tuple[float, float]]:
    found = attack(side.system, side.sums, [INFINITY] * len(side.sums))
    return {(key[6], key[8]): ends for key, ends in zip(side.keys, zip(found.low, found.high, strict=True), strict=True)}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000), st.integers(60, 4000))
def test_the_true_numbers_lie_inside_what_is_concluded(seed: int, n: int) -> None:
    chance = np.random.default_rng(seed)
    kept, gone = chance.multinomial(n, [0.1, 0.4, 0.1, 0.4]), chance.multinomial(n // 20, [0.2, 0.3, 0.2, 0.3])

    def percent(part: int, whole: int) -> float:
        return float((200 * part + whole) // (2 * max(whole, 1)))

    rows, shown = [], []
    for sex, at in (("girl", [0, 1]), ("boy", [2, 3]), ("all", [0, 1, 2, 3])):
        yes = at[::2]
        values = {
            "share_kept": percent(kept[yes].sum(), kept[at].sum()),
            "share_all": percent((kept + gone)[yes].sum(), (kept + gone)[at].sum()),
        }
        rows += [
            {"series_type": "index", "series": "wellbeing", "sex": sex, "measure": k, "value": v, "removal": True}
            for k, v in values.items()
        ]
        shown.append({"sex": sex, "value": values["share_kept"], "n": 5 * round(kept[at].sum() / 5)})
    total = float(5 * ((2 * gone.sum() + 5) // 10))
    rows.append({"series_type": "screen", "series": "screen", "measure": "n_removed", "value": total, "removal": True})
    (side,) = side_attacks({"screen_sensitivity": table(*rows), "index_results": index(*shown)}, RULES)
    found = bounds(side)
    for sex, truth in (("girl", gone[0]), ("boy", gone[2]), ("all", gone[0] + gone[2])):
        low, high = found[sex, "removed"]
        assert low - 1e-4 <= truth <= high + 1e-4
