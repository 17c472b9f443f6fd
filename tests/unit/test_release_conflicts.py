"""A new release beside earlier ones: conflict where they reveal few pupils together, none where they do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.disclosure import load_policy, protect
from assets.release_register.cells import cells_of
from assets.release_register.chain import head_of, link
from assets.release_register.conflicts import CONFLICT_SCHEMA, find_conflicts
from assets.release_register.draws import too_many_draws
from assets.release_register.history import barred_rows, earlier_releases, history, keep, kept_patterns
from assets.release_register.inputs import release_inputs, with_state
from assets.release_register.rules import conflict_rules
from assets.release_register.types import Entry, Inputs, NewEntry
from assets.release_register.windows import FAMILIES, Rules, bounds, windows
from assets.release_register.words import conflict_error, conflict_rows
from assets.texts import register_texts
from tests.support.disclosure_population import estimates, largest, population
from tests.support.factor_world import persons
from tests.support.factor_world import published as published_factors

POLICY = load_policy(yaml.safe_load((Path(__file__).parents[2] / "assets/catalogue/disclosure.yml").read_text(encoding="utf-8")))
RULES = conflict_rules(POLICY, ["narkotika"])
FIRST = Inputs({"0127|2024": "d1", "0180|2024": "s1"}, {"2024": "removed"}, "limits", "defs")
LATER = replace(FIRST, deliveries={**FIRST.deliveries, "0127|2024": "d2", "0180|2024": "s2"})
Leaf = tuple[int, int, int, int]
GIRLS, BOYS = (61, 31, 13, 9), (70, 30, 15, 8)


def area(girl: Leaf, boy: Leaf, code: str = "0127") -> pl.DataFrame:
    """Exact counts of one area from (band1, band2, band3, unscored) of girls and boys."""
    level = "district" if "-" in code else "municipality"
    rows = []
    for sex, leaf in (("girl", girl), ("boy", boy), ("all", tuple(a + b for a, b in zip(girl, boy, strict=True)))):
        *bands, unscored = leaf
        schools = (4, 9, *largest(sum(bands), 4))
        rows.append((level, code, 2024, "ak9", sex, "acting_out", sum(leaf), sum(bands), unscored, *bands, *schools))
    frame = population(1, [5], indices=["acting_out"]).clear()
    return pl.DataFrame(rows, schema=frame.columns, orient="row").cast(dict(frame.schema))


def published(counts: pl.DataFrame, barred: pl.DataFrame | None = None) -> pl.DataFrame:
    """The cells that the pipeline's own disclosure control publishes of the counts."""
    return cells_of({"index_results": protect(counts, estimates(counts), POLICY, barred=barred).results})


def schools(number: int) -> pl.DataFrame:
    row = {"edition": "intern", "area_level": "municipality", "area_code": "0127", "wave": 2024, "grade": "ak9",
           "schools_participating": number}  # fmt: skip
    return cells_of({"response_rates": pl.DataFrame([row]).cast({"wave": pl.Int32})})


def entered(cells: pl.DataFrame, inputs: Inputs, number: int = 1) -> tuple[Entry, pl.DataFrame]:
    new = NewEntry(f"2024-{number}", f"paket_{number}", 2024, "intern", "0127", "2025-02-01", f"{number}" * 64, inputs, "2")
    return link(new, f"{number}", head_of(())), cells


def joint(
    before: pl.DataFrame, now: pl.DataFrame, inputs: Inputs, first: Inputs = FIRST, rules: tuple[Rules, ...] = RULES
) -> pl.DataFrame:
    """Conflicts of a new release with an earlier one."""
    entry, cells = entered(before, first)
    told = with_state(now, inputs).with_columns(release_id=pl.lit("ny"), published_on=pl.lit(""))
    return find_conflicts(history([entry], lambda _: cells), told, rules)


def hide(cells: pl.DataFrame, sex: str, measure: str) -> pl.DataFrame:
    at = (pl.col("sex") == sex) & (pl.col("measure") == measure)
    return cells.with_columns(
        value=pl.when(at).then(None).otherwise("value"), reason=pl.when(at).then(pl.lit("suppressed")).otherwise("reason")
    )


def test_the_same_release_again_is_no_conflict():
    one = published(area(GIRLS, BOYS))
    assert joint(one, one, FIRST).is_empty()
    assert joint(one, one, FIRST).schema == pl.Schema(CONFLICT_SCHEMA)


def test_a_late_school_of_three_pupils_is_found_and_names_both_tables():
    late = published(area((62, 31, 15, 9), BOYS))
    found = joint(published(area(GIRLS, BOYS)), late, LATER)
    assert set(found["kind"]) == {"other_pupils", "moved"}
    assert set(found["release_id"]) == {"2024-1"}
    assert ("girl", "share_band3") in set(found.select("sex", "measure").iter_rows())
    rows = conflict_rows(found, register_texts(), {"0127": "Botkyrka"})
    error = conflict_error(rows, register_texts())
    assert error is not None
    assert error.code == "release_conflict"
    for words in (
        "release.index_results",
        "samma tabell i utgivningen 2024-1 (2025-02-01)",
        "Botkyrka 2024",
        "brus med cellnyckel",
    ):
        assert words in str(error)


def test_one_school_taken_away_is_found_also_when_it_is_no_small_group():
    """The difference is that school's result, which nobody publishes."""
    whole, without = area((80, 40, 25, 9), (90, 40, 27, 8)), area((70, 33, 19, 8), (80, 34, 19, 7))
    both = [pl.concat([published(counts), schools(number)]) for counts, number in ((whole, 5), (without, 4))]
    assert "other_pupils" in set(joint(both[0], both[1], LATER)["kind"])


def test_many_schools_and_pupils_more_is_a_group_that_may_be_published():
    few, many = area((61, 31, 15, 9), (70, 30, 15, 8)), area((161, 81, 45, 29), (170, 80, 45, 28))
    both = [pl.concat([published(counts), schools(number)]) for counts, number in ((few, 3), (many, 9))]
    assert joint(both[0], both[1], LATER).is_empty()
    both[1] = pl.concat([published(many), schools(4)])
    assert not joint(both[0], both[1], LATER).is_empty(), "but not when only one school more took part"


def test_a_large_area_hides_a_late_school_in_its_rounding():
    large, more = area((2610, 1310, 613, 90), (2700, 1300, 615, 80)), area((2625, 1318, 617, 91), (2712, 1306, 619, 81))
    assert joint(published(large), published(more), LATER).is_empty()


def test_a_corrected_answer_is_found():
    corrected = published(area((60, 31, 14, 9), BOYS))
    found = joint(published(area(GIRLS, BOYS)), corrected, LATER)
    assert set(found["kind"]) <= {"other_pupils", "together", "moved"}
    assert found.height


@pytest.mark.parametrize(("swap", "kind"), [(False, "now_shown"), (True, "shown_before")])
def test_what_was_hidden_may_not_be_shown_for_the_same_pupils_nor_the_other_way(swap, kind):
    shown = published(area(GIRLS, BOYS))
    hidden = shown.pipe(hide, "girl", "share_band3").pipe(hide, "boy", "share_band3")
    hidden = hidden.pipe(hide, "girl", "share_band2").pipe(hide, "boy", "share_band2")
    found = joint(shown, hidden, FIRST) if swap else joint(hidden, shown, FIRST)
    assert set(found["kind"]) == {kind}
    assert set(found["measure"]) == {"share_band2", "share_band3"}


def test_the_internal_edition_after_the_public_one_is_no_conflict_but_a_changed_public_one_is():
    counts = area(GIRLS, BOYS)
    inner = published(counts)
    outer = inner.with_columns(edition=pl.lit("publik"))
    for measure in ("share_band2", "share_band3"):
        for sex in ("girl", "boy"):
            outer = hide(outer, sex, measure)
    entry, _ = entered(outer, FIRST)
    told = {"release_id": pl.lit("ny"), "published_on": pl.lit("")}
    earlier = history([entry], lambda _: outer)
    assert find_conflicts(earlier, with_state(pl.concat([inner, outer]), FIRST).with_columns(**told), RULES).is_empty()
    opened = pl.concat([inner, inner.with_columns(edition=pl.lit("publik"))])
    assert set(find_conflicts(earlier, with_state(opened, FIRST).with_columns(**told), RULES)["kind"]) == {"now_shown"}


def test_two_patterns_of_the_same_pupils_are_put_together():
    """One hides bands 2 and 3 of girls, the other bands 1 and 3: together band 3 is what is left."""
    shown = published(area(GIRLS, BOYS)).filter(pl.col("sex") == "girl")
    one = shown.pipe(hide, "girl", "share_band2").pipe(hide, "girl", "share_band3")
    other = shown.pipe(hide, "girl", "share_band1").pipe(hide, "girl", "share_band3")
    found = joint(one, other, FIRST).filter(pl.col("measure") == "share_band3")
    assert found["kind"].to_list() == ["together"]


def test_screened_answers_in_and_out_tell_who_was_screened():
    everybody = replace(FIRST, screen={"2024": "kept"})
    with_all = published(area((61, 31, 14, 8), BOYS))
    found = joint(published(area(GIRLS, BOYS)), with_all, everybody)
    assert found.height
    assert set(found["kind"]) == {"screened", "moved"}


def test_nested_limits_tell_of_those_between_them():
    other = replace(FIRST, cutoff_set="lower")
    near, far = published(area((61, 29, 15, 9), BOYS)), published(area((61, 18, 26, 9), BOYS))
    found = joint(published(area(GIRLS, BOYS)), near, other)
    assert set(found["kind"]) == {"limits"}
    girls = joint(published(area(GIRLS, BOYS)), far, other).filter(pl.col("sex") == "girl")
    assert girls.is_empty(), "13 pupils between the limits are as many as a share may be shown for"


def test_redrawn_districts_tell_of_those_who_moved():
    redrawn = replace(FIRST, definitions="new districts")
    before = published(area(GIRLS, BOYS, "0180-101"))
    for code in ("0180-101", "0180-112"):
        found = joint(before, published(area((60, 30, 13, 9), BOYS, code)), redrawn)
        assert set(found["kind"]) == {"districts", "moved"}
    assert joint(before, published(area((161, 90, 53, 19), (170, 80, 45, 9), "0180-112")), redrawn).is_empty()


def test_another_file_with_the_same_numbers_may_be_the_same_pupils():
    shown = published(area(GIRLS, BOYS))
    hidden = shown.pipe(hide, "girl", "share_band3").pipe(hide, "boy", "share_band3")
    hidden = hidden.pipe(hide, "girl", "share_band2").pipe(hide, "boy", "share_band2")
    assert "now_shown" in set(joint(hidden, shown, LATER)["kind"])


def test_a_sensitive_question_needs_wider_limits():
    rows = [
        {"edition": "intern", "area_level": "municipality", "area_code": "0127", "wave": 2024, "grade": "ak9", "sex": "all",
         "indicator": key, "measure": "share", "value": 20.0, "low": None, "high": None, "n": n, "reason": "ok"}
        for key, n in (("narkotika", 300), ("skolk", 300))
    ]  # fmt: skip
    before = cells_of({"indicator_results": pl.DataFrame(rows).cast({"wave": pl.Int32, "low": pl.Float64, "high": pl.Float64})})
    after = before.with_columns(n=pl.col("n") + 5)
    found = joint(before, after, LATER, rules=RULES)  # two numbers rounded to 5 differ by 1 to 9
    assert set(found.select("key", "measure").iter_rows()) == {("narkotika", "n_valid")}


leaves = st.tuples(*(st.integers(0, top) for top in (160, 80, 40, 20)))


@settings(max_examples=25, deadline=None)
@given(girls=leaves, boys=leaves)
def test_the_true_counts_lie_inside_the_windows(girls, boys):
    """What the check calls certain is true: no window leaves out the counts behind the published numbers."""
    counts = area(girls, boys)
    cells = published(counts)
    told = with_state(cells, FIRST).with_columns(release_id=pl.lit("ny"), published_on=pl.lit(""))
    columns = (["n_scored", "band1", "band2", "band3"], ["n_respondents", "n_unscored", "n_scored"])
    for family, names in zip(FAMILIES[:2], columns, strict=True):
        found = windows(told, family, RULES[0])
        truth = counts.select(names).to_numpy()
        assert (found.low[0] <= truth).all()
        assert (truth <= found.high[0]).all()
        assert bounds(found.told)[2].all()
    assert joint(cells, cells, LATER).is_empty()


def test_earlier_patterns_are_kept_band_by_band():
    counts = area(GIRLS, BOYS)
    hidden = published(counts).pipe(hide, "girl", "share_band3").pipe(hide, "boy", "share_band3")
    hidden = hidden.pipe(hide, "girl", "share_band2").pipe(hide, "boy", "share_band2")
    entry, cells = entered(hidden, FIRST)
    earlier = history([entry], lambda _: cells)
    kept = kept_patterns(earlier, FIRST, "intern", "index_results")
    again = keep(lambda barred: protect(counts, estimates(counts), POLICY, barred=barred), kept, "index_results")
    again = cells_of({"index_results": again.results})
    assert joint(hidden, again, FIRST).is_empty()
    assert again.filter(measure="share_band1", sex="girl")["reason"].to_list() == ["ok"], "what was shown stays shown"
    assert kept_patterns(earlier, LATER, "intern", "index_results").is_empty()
    assert kept_patterns(earlier, FIRST, "publik", "index_results").is_empty()


def test_a_pattern_that_the_rules_give_again_hides_nothing_more():
    counts = population(5, [60, 90, 140, 200, 320, 500], districts=[80, 90, 100, 120])
    first = protect(counts, estimates(counts), POLICY)
    cells = cells_of({"index_results": first.results})
    inputs = replace(FIRST, deliveries={f"{code}|2024": "d" for code in counts["area_code"].unique()})
    entry, _ = entered(cells, inputs)
    kept = kept_patterns(history([entry], lambda _: cells), inputs, "intern", "index_results")
    assert kept.height
    again = keep(lambda barred: protect(counts, estimates(counts), POLICY, barred=barred), kept, "index_results")
    assert again.results.equals(first.results)


def test_earlier_patterns_of_numbers_of_factors_are_kept():
    pupils = persons(3, [900, 1200])
    first = published_factors(pupils)[1]
    keys = ["area_level", "area_code", "wave", "grade", "sex", "count_key"]
    shown = first.filter(measure="share_most", sex="girl", reason="ok").sort(keys)
    hidden = shown.head(1).select(*keys[:5], key="count_key", measure="measure")
    again = published_factors(pupils, kept=barred_rows(hidden, "accumulated_results"))[1]
    place = dict(zip(keys, shown.select(keys).row(0), strict=True))
    assert again.filter(measure="share_most", **place)["reason"].to_list() == ["suppressed"]
    assert again.filter(reason="ok").height < first.filter(reason="ok").height
    assert again.filter(reason="ok").join(first.filter(reason="ok"), on=[*keys, "measure"], how="anti").is_empty()


def test_the_audit_is_given_the_tables_and_who_is_the_same():
    first = entered(published(area(GIRLS, BOYS)), FIRST)
    found = earlier_releases([first[0]], lambda _: first[1], replace(LATER, deliveries={**LATER.deliveries, "0180|2024": "s1"}))
    assert [(one.release_id, one.published_on) for one in found] == [("2024-1", "2025-02-01")]
    assert found[0].same_pupils == {("0180", 2024)}
    table = found[0].tables["index_results"]
    assert {"index_key", "measure", "value", "n", "reason"} <= set(table.columns)


def test_inputs_follow_the_files_of_the_area_and_of_all_for_the_county():
    rows = [("0127", 2024, "a.sav", "h1"), ("0180", 2024, "b.sav", "h2"), ("*", 2024, "kolada.csv", "r1")]
    names = ["area_code", "wave", "source_file", "source_sha256"]
    provenance = pl.DataFrame(rows, schema=names, orient="row")
    inputs = release_inputs(provenance, "01", {2024: True}, "limits", "defs")
    assert inputs.deliveries["0127|2024"] == "h1"
    other = release_inputs(
        provenance.with_columns(pl.col("source_sha256").replace("h2", "h3")), "01", {2024: True}, "limits", "defs"
    )
    assert inputs.deliveries["0127|2024"] == other.deliveries["0127|2024"]
    assert inputs.deliveries["01|2024"] != other.deliveries["01|2024"]
    assert "*|2024" not in inputs.deliveries


def test_noise_is_not_drawn_anew_more_often_than_the_policy_allows():
    """Each new set of answers is a draw; the same answers again, or in another edition, are none."""
    cells = published(area(GIRLS, BOYS))
    states = [replace(FIRST, deliveries={"0127|2024": f"d{number}"}) for number in range(3)]
    entries = [entered(cells, state, number)[0] for number, state in enumerate(states, 1)]
    earlier = history([*entries, entered(cells, states[1], 4)[0]], lambda _: cells)

    def drawn(state: Inputs, most: int, tables: tuple[str, ...] = ("index_results",)) -> pl.DataFrame:
        told = with_state(cells, state).with_columns(release_id=pl.lit("ny"), published_on=pl.lit(""))
        return too_many_draws(earlier, told, tables, most)

    new = replace(FIRST, deliveries={"0127|2024": "d9"})
    assert drawn(new, 4).is_empty()
    assert drawn(new, 3, tables=()).is_empty()
    assert all(drawn(state, 1).is_empty() for state in states)
    assert drawn(replace(states[0], screen={"2024": "kept"}), 3).height == 1
    found = drawn(new, 3)
    assert found.schema == pl.Schema(CONFLICT_SCHEMA)
    assert found.select("kind", "area_code", "wave", "release_id").rows() == [("draws", "0127", 2024, "2024-3")]
    error = conflict_error(conflict_rows(found, register_texts(), {"0127": "Botkyrka"}), register_texts())
    assert error is not None
    assert "svaren i Botkyrka 2024 har ändrats igen" in str(error)
    assert "2024-3 (2025-02-01)" in str(error)
