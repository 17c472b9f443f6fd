"""The preconditions: the instrument, its form, and what is made of the ratings."""

from __future__ import annotations

import json

import polars as pl
import pytest
from pydantic import ValidationError

from assets.catalogue.readiness import load_readiness
from assets.catalogue.readiness_models import ReadinessFile
from assets.forms.readiness_form import DONT_KNOW, LEVEL, readiness_form
from assets.methods.readiness import (
    change_of,
    quantile,
    rater_level,
    readiness,
    readiness_statements,
    released_readiness,
    role_groups,
)

FILE = load_readiness()
CONDITION = "long_term"


def ratings(levels: dict[str, list[list[int | None]]], *, code: str = "0127", round_: str = "2026") -> pl.DataFrame:
    """Role -> raters -> levels of the first statements of one condition."""
    rows = [
        (f"{code}{round_}{role}{n}", code, round_, role, CONDITION, statement, level)
        for role, raters in levels.items()
        for n, rater in enumerate(raters)
        for statement, level in zip(FILE.statements[CONDITION], rater, strict=False)
    ]
    columns = ["form_id", "municipality_code", "round", "role", "condition", "statement"]
    return pl.DataFrame(rows, schema={**dict.fromkeys(columns, pl.String), "level": pl.Int8}, orient="row")


def row(frame: pl.DataFrame, **where: str) -> dict:
    return readiness(frame, FILE, ["0127"]).row(by_predicate=pl.all_horizontal(
        pl.col(name) == value for name, value in ({"condition": CONDITION, "municipality_code": "0127"} | where).items()
    ), named=True)  # fmt: skip


def test_the_instrument_has_the_seven_conditions_and_four_words_per_statement():
    assert [c.label_sv for c in FILE.conditions] == [
        "Motiverade beslutsfattare", "Långsiktig prioritering i mål, budget och uppföljning",
        "Gemensamt ägande och tvärsektoriella strukturer", "Integrering i ordinarie verksamhet",
        "Samordnare eller team med mandat",
        "Strategisk användning av lokala data", "Strategisk målgruppsanalys och medborgarinflytande",
    ]  # fmt: skip
    for condition in FILE.conditions:
        for statement in condition.statements:
            assert len(set(statement.levels_sv)) == len(statement.levels_sv), statement.id


def test_the_countys_published_numbers_are_those_of_the_report():
    counted = {r.id: (r.count, r.of) for r in FILE.references if r.count}
    assert counted["adopted_documents"] == (19, 26)
    assert counted["documents_universal"] == (14, 19)
    assert counted["local_mapping"] == (12, 24)
    assert {r.id: (r.percent_low, r.percent_high) for r in FILE.references if r.percent_high}["universal_in_arenas"] == (58, 83)


def test_a_reference_without_its_statement_and_a_repeated_id_are_errors():
    broken = FILE.model_dump()
    broken["references"][0]["statement"] = "ingen"
    with pytest.raises(ValidationError, match="hör inte till något påstående"):
        ReadinessFile.model_validate(broken)
    broken = FILE.model_dump()
    broken["roles"] = [broken["roles"][0]] * 2
    with pytest.raises(ValidationError, match="står två gånger"):
        ReadinessFile.model_validate(broken)


def test_the_form_asks_every_statement_with_its_anchors_and_takes_no_free_text():
    form = readiness_form()
    assert [field.name for field in form.head] == ["municipality_code", "round", "answered_on", "role"]
    assert {s.id: tuple(item.id for item in s.items) for s in form.sections} == FILE.statements
    for section in form.sections:
        assert [(f.name, f.kind) for f in section.fields] == [(LEVEL, "choice")]
        assert [c.code for c in section.fields[0].choices] == ["0", "1", "2", "3", DONT_KNOW]
        assert section.free_rows == 0
    assert form.sections[1].items[0].guidance.splitlines()[0] == "0: Det finns inget sådant dokument."


def test_quartiles_are_those_of_hyndman_and_fans_second_definition():
    # R: quantile(c(0,1,1,2,3,3), c(.25,.5,.75), type = 2) is 1, 1.5, 3; of c(0,1,2,3) 0.5, 1.5, 2.5; of c(2,3,3) 2, 3, 3.
    assert [quantile([0, 1, 1, 2, 3, 3], q) for q in (1, 2, 3)] == [1, 1.5, 3]
    assert [quantile([0, 1, 2, 3], q) for q in (1, 2, 3)] == [0.5, 1.5, 2.5]
    assert [quantile([2, 3, 3], q) for q in (1, 2, 3)] == [2, 3, 3]


def test_a_raters_level_is_what_more_than_half_of_the_statements_reach():
    assert rater_level([1, 3], 4, 0.5) == 1
    assert rater_level([0, 1, 2, 3], 4, 0.5) == 1
    assert rater_level([2, 2, 3], 4, 0.5) == 2
    assert rater_level([3, None, None, None], 4, 0.5) is None


def test_small_roles_are_merged_until_the_hidden_ones_cannot_be_worked_out():
    assert role_groups({"chef": 4, "skola": 3, "polis": 0}, 3) == {"chef": ("chef",), "skola": ("skola",)}
    assert role_groups({"chef": 5, "skola": 2, "polis": 1}, 3) == {"chef": ("chef",), "ovriga": ("skola", "polis")}
    # Two of the police alone would be the whole minus the rest, so the smallest other role hides with them.
    assert role_groups({"chef": 5, "skola": 3, "polis": 2}, 3) == {"chef": ("chef",), "ovriga": ("skola", "polis")}
    assert role_groups({"chef": 4, "polis": 1}, 3) == {}
    assert role_groups({"chef": 2, "polis": 2}, 3) == {}


def test_medians_and_spread_of_a_condition():
    found = row(ratings({"chef": [[1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3]], "skola": [[0, 0, 0, None]] * 3}))
    assert (found["n_raters"], found["n_roles"], found["levels"], found["reason"]) == (6, 2, "0;0;0;1;2;3", "ok")
    assert [found[name] for name in ("lowest", "q1", "median", "q3", "highest")] == [0, 0, 0.5, 2, 3]
    assert json.loads(found["role_medians"]) == {"chef": 2.0, "skola": 0.0}
    assert found["dont_know_pct"] == 13  # 3 of 24, halves upwards
    assert found["change"] == "first_time"


def test_under_the_minimum_nothing_is_shown_but_the_reason():
    found = row(ratings({"chef": [[1, 1, 1, 1]], "skola": [[2, 2, 2, 2]]}))
    assert {name for name, value in found.items() if value is not None} == {
        "municipality_code", "round", "condition", "reason"
    }  # fmt: skip
    assert found["reason"] == "too_few_raters"
    # Somebody who says "vet inte" to more than half is no rater of the condition.
    assert row(ratings({"chef": [[1, 1, 1, 1]] * 2 + [[1, None, None, None]]}))["reason"] == "too_few_raters"


def test_a_municipality_without_a_form_is_not_inventoried_and_other_conditions_are_too_few():
    frame = ratings({"chef": [[1, 1, 1, 1]] * 3})
    table = readiness(frame, FILE, ["0127", "0180"])
    reasons = {(r["municipality_code"], r["condition"]): r["reason"] for r in table.iter_rows(named=True)}
    assert reasons["0180", CONDITION] == "not_inventoried"
    assert reasons["0127", "regular_work"] == "too_few_raters"
    assert readiness(frame.clear(), FILE, ["0127"]).is_empty()


def test_change_is_said_only_when_the_middle_halves_do_not_touch():
    spread = lambda q1, median, q3: {"q1": q1, "median": median, "q3": q3}  # noqa: E731
    assert change_of(spread(2, 2, 3), None) == "first_time"
    assert change_of(spread(2, 2, 3), spread(0, 1, 1)) == "up"
    assert change_of(spread(0, 1, 1), spread(2, 2, 3)) == "down"
    assert change_of(spread(1, 2, 3), spread(0, 1, 1)) == "cannot_tell"
    assert change_of(spread(1, 1, 2), spread(1, 1, 2)) == "same"


def test_change_reaches_back_to_the_latest_round_that_could_be_shown():
    frame = pl.concat([
        ratings({"chef": [[0, 0, 0, 0]] * 4}, round_="2024"), ratings({"chef": [[1, 1, 1, 1]] * 2}, round_="2025"),
        ratings({"chef": [[2, 2, 2, 2]] * 4}, round_="2026"),
    ])  # fmt: skip
    assert row(frame, round="2025")["change"] is None
    last = row(frame, round="2026")
    assert (last["change"], last["median_before"]) == ("up", 0.0)


def test_statements_have_their_own_minimum_and_no_single_levels():
    frame = ratings({"chef": [[1, 2, 3, None]] * 3 + [[2, None, 3, None]]})
    table = readiness_statements(frame, FILE, ["0127"]).filter(pl.col("condition") == CONDITION)
    assert table["reason"].to_list() == ["ok", "ok", "ok", "too_few_raters"]
    assert table["median"].to_list() == [1, 2, 3, None]
    assert table["dont_know_pct"].to_list() == [0, 25, 0, None]
    assert "levels" not in table.columns


def test_the_release_names_the_municipality_and_an_unwritten_table_gives_none():
    table = released_readiness(readiness(ratings({"chef": [[1, 1, 1, 1]] * 3}), FILE, ["0127"]), "publik", {"0127": "Botkyrka"})
    assert table.columns[:4] == ["edition", "area_code", "area_name", "round"]
    assert set(table["area_name"]) == {"Botkyrka"}
    empty = released_readiness(readiness(pl.DataFrame(), FILE, ["0127"]), "publik", {})
    assert empty.columns == table.columns
    assert empty.is_empty()
