"""Limits side by side: bound by key and direction, ties as each rule says, and told only where nobody is rung in."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.catalogue.cutoff_models import CutAlternative, ReferencePopulation
from assets.catalogue.load import load_catalogue
from assets.methods.bands import CutSet
from assets.methods.cutoff_publish import RESULT_COLUMNS, published_alternatives
from assets.methods.cutoff_sets import CUT_SCHEMA, county_counts, cut_alternatives, published_pupils
from tests.support.factor_world import RULES

KINDS = {"r": "risk", "p": "protective"}
USED = CutSet("used", {"r": (0.5, 1.0), "p": (-1.0, 1.0)})
OLD = CutSet("old", {"p": (-0.9, 1.1), "r": (0.4, 0.8)})
RULES_WANTED = ("recomputed", "frozen_median", "ctc")


def people(n: int = 4000, seed: int = 1) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame({
        "municipality_code": random.choice(["0120", "0180"], n), "wave": random.choice([2022, 2024], n),
        "grade": ["ak9"] * n, "sex": random.choice(["girl", "boy", "other"], n, p=[0.49, 0.49, 0.02]),
        "r": np.round(random.normal(0, 1, n), 2), "p": np.round(random.normal(0, 1, n), 2),
    })  # fmt: skip


PEOPLE = published_pupils(people())
CUTS, BEYOND = cut_alternatives(PEOPLE, KINDS, [USED, OLD], "used", RULES_WANTED)


def limit(cut_set: str, key: str) -> dict[str, object]:
    return CUTS.filter(pl.col("cut_set") == cut_set, pl.col("index_key") == key).row(0, named=True)


def test_limits_are_bound_by_key_and_direction() -> None:
    assert dict(CUTS.schema) == CUT_SCHEMA
    assert (limit("old", "r")["focus_cut"], limit("old", "p")["focus_cut"]) == (0.8, -0.9)
    assert limit("old", "r")["shift"] == pytest.approx(-0.2)
    assert [limit(name, "r")["in_use"] for name in ("used", "old", "recomputed")] == [True, False, False]
    for name in ("recomputed", "ctc"):
        assert limit(name, "r")["focus_cut"] > 0 > limit(name, "p")["focus_cut"]
    turned, _ = cut_alternatives(
        PEOPLE.select(reversed(PEOPLE.columns)), dict(reversed(KINDS.items())), [OLD, USED], "used", RULES_WANTED
    )
    keys = ["cut_set", "index_key"]
    assert turned.sort(keys).equals(CUTS.sort(keys))


def test_the_median_and_the_deviation_are_those_of_the_first_wave() -> None:
    first = PEOPLE.filter(pl.col("wave") == 2022)
    assert limit("frozen_median", "r")["focus_cut"] == pytest.approx(first["r"].median())
    spread = (first["p"] - first["p"].median()).abs().mean()
    assert limit("ctc", "p")["focus_cut"] == pytest.approx(first["p"].median() - 0.15 * spread)
    assert (limit("ctc", "p")["n_reference"], limit("ctc", "p")["last_wave"]) == (first.height, 2022)
    assert limit("recomputed", "r")["n_reference"] == PEOPLE.height


@pytest.mark.parametrize(("cut_set", "key", "score", "inside"), [
    ("used", "r", 1.0, False), ("used", "r", 1.001, True), ("used", "p", -1.0, False), ("used", "p", -1.001, True),
    ("frozen_median", "r", None, True), ("frozen_median", "p", None, True),
    ("ctc", "r", None, False), ("ctc", "p", None, False),
])  # fmt: skip
def test_who_owns_a_score_at_the_limit(cut_set: str, key: str, score: float | None, inside: bool) -> None:
    at = limit(cut_set, key)["focus_cut"] if score is None else score
    assert pl.DataFrame({key: [at]}).select(BEYOND[cut_set][key]).item() is inside


def test_pupils_who_share_the_score_at_a_recomputed_limit_are_not_beyond_it() -> None:
    """0.3756 is 0.376 at three decimals, as in the published limit of `parenting`: the limit is that score, not a hair below."""
    waves = [2022] * 20 + [2024] * 20
    alike = pl.DataFrame({"wave": waves, "r": ([0.0] * 14 + [0.25, 0.3756, 0.3756, 0.3756, 0.3756, 1.5]) * 2})
    cuts, beyond = cut_alternatives(alike, {"r": "risk"}, [CutSet("used", {"r": (0.1, 0.376)})], "used", ["recomputed"])
    assert cuts.filter(rule="recomputed")["focus_cut"].item() == 0.376
    assert alike.filter(beyond["recomputed"]["r"])["r"].to_list() == [1.5, 1.5]


def test_limits_are_recomputed_from_the_reference_population_that_the_catalogue_names() -> None:
    chosen = ReferencePopulation(waves=(2022,), municipalities=("0180",), grades=("ak9",))
    cuts, _ = cut_alternatives(PEOPLE, KINDS, [USED], "used", ["recomputed"], chosen.pupils)
    own = PEOPLE.filter(pl.col("wave") == 2022, pl.col("municipality_code") == "0180")
    row = cuts.filter(rule="recomputed", index_key="r").row(0, named=True)
    assert (row["n_reference"], row["first_wave"], row["last_wave"]) == (own.height, 2022, 2022)
    assert row["focus_cut"] == pytest.approx(np.quantile(own["r"].to_numpy(), 0.9), abs=1e-9)
    nobody, _ = cut_alternatives(PEOPLE, KINDS, [USED], "used", ["recomputed"], ReferencePopulation(grades=("gy2",)).pupils)
    assert set(nobody["rule"]) == {"published"}
    with pytest.raises(ValueError, match="reference gäller bara recomputed"):
        CutAlternative(id="ctc", title_sv="", text_sv="", reference=chosen)


def test_the_county_is_counted_as_by_hand() -> None:
    counts = county_counts(PEOPLE, BEYOND)
    row = counts.filter(cut_set="used", index_key="p", wave=2024).row(0, named=True)
    own = PEOPLE.filter(pl.col("wave") == 2024)
    assert (row["area_code"], row["n_scored"], row["n_focus"]) == ("01", own.height, (own["p"] < -1.0).sum())
    assert counts.height == 2 * 5 * 2


def index_results(reason: str = "ok", n: int | None = 1950) -> pl.DataFrame:
    rows = [
        {"area_level": "county", "area_code": "01", "wave": wave, "grade": "ak9", "sex": "all", "index_key": key,
         "measure": measure, "n": n, "reason": reason}
        for wave in (2022, 2024) for key, measure in (("r", "share_band3"), ("p", "share_band1"))
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"wave": pl.Int32, "n": pl.Int64})


def publish(counts: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    return published_alternatives(counts, CUTS, results, KINDS, RULES, "intern", {"01": "Länet"})


def test_shares_are_whole_per_cent_with_their_label() -> None:
    counts = county_counts(PEOPLE, BEYOND)
    table = publish(counts, index_results())
    assert tuple(table.columns) == RESULT_COLUMNS
    assert set(table["reason"]) == {"ok"}
    joined = table.join(counts, on=["wave", "cut_set", "index_key"])
    assert (joined["value"] - 100 * joined["n_focus"] / joined["n_scored"]).abs().max() <= 0.5
    assert (table["n"] % 5).sum() == 0


def test_what_the_index_table_hides_is_hidden_under_every_limit() -> None:
    counts = county_counts(PEOPLE, BEYOND)
    gone = publish(counts, index_results("suppressed", None))
    assert set(gone["reason"]) == {"suppressed"}
    assert gone["value"].null_count() == gone["n"].null_count() == gone.height
    assert publish(counts, index_results("ok", None))["n"].null_count() == gone.height
    assert set(publish(counts, index_results().clear())["reason"]) == {"suppressed"}


def test_few_pupils_between_two_limits_are_not_told() -> None:
    """With whole per cent of 500 pupils the number between two limits would be known to within five."""
    small = published_pupils(people(700))
    cuts, beyond = cut_alternatives(small, KINDS, [USED, OLD], "used", ())
    table = published_alternatives(county_counts(small, beyond), cuts, index_results(), KINDS, RULES, "intern", {"01": "Länet"})
    assert set(table["reason"]) == {"suppressed"}


def test_one_limit_with_a_small_group_hides_all_limits_of_the_index() -> None:
    counts = county_counts(PEOPLE, BEYOND).with_columns(
        n_focus=pl.when((pl.col("cut_set") == "old") & (pl.col("index_key") == "r")).then(3).otherwise("n_focus")
    )
    table = publish(counts, index_results())
    assert set(table.filter(pl.col("index_key") == "r")["reason"]) == {"suppressed"}
    assert set(table.filter(pl.col("index_key") == "p")["reason"]) == {"ok"}


def test_every_alternative_of_the_catalogue_says_who_owns_a_score_at_the_limit() -> None:
    alternatives = load_catalogue().cutoff_file.alternatives
    assert {a.id for a in alternatives} == set(RULES_WANTED)
    assert all("på gränsen" in a.text_sv for a in alternatives)


def test_an_index_without_scores_or_with_one_score_has_no_limit_of_its_own() -> None:
    bare = PEOPLE.with_columns(r=pl.lit(None, pl.Float64), p=pl.lit(0.5))
    cuts, beyond = cut_alternatives(bare, KINDS, [USED], "used", RULES_WANTED)
    assert cuts.filter(pl.col("rule") != "published").select("rule", "index_key").rows() == [("frozen_median", "p"), ("ctc", "p")]
    assert set(county_counts(bare, beyond).filter(index_key="r")["n_scored"]) == {0}
