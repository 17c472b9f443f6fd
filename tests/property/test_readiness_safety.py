"""Laws of the preconditions: order doesn't matter, no group under the minimum can be seen or worked out, more is never less."""

from __future__ import annotations

import json
from itertools import combinations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue.readiness import load_readiness
from assets.methods.readiness import readiness, role_groups

FILE = load_readiness()
CONDITION = "coordination"
STATEMENTS = FILE.statements[CONDITION]
MINIMUM = FILE.minimum_raters_per_role
NAMES = ["form_id", "municipality_code", "round", "role", "condition", "statement"]

levels = st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=len(STATEMENTS), max_size=len(STATEMENTS))
raters = st.lists(st.tuples(st.sampled_from(FILE.role_ids[:5]), levels), min_size=0, max_size=14)


def frame(held: list[tuple[str, list[int | None]]]) -> pl.DataFrame:
    rows = [
        (f"f{n:02d}", "0127", "2026", role, CONDITION, statement, level)
        for n, (role, given_levels) in enumerate(held)
        for statement, level in zip(STATEMENTS, given_levels, strict=True)
    ]
    return pl.DataFrame(rows, schema={**dict.fromkeys(NAMES, pl.String), "level": pl.Int8}, orient="row")


def row(held: list[tuple[str, list[int | None]]]) -> dict | None:
    table = readiness(frame(held), FILE, ["0127"]).filter(pl.col("condition") == CONDITION)
    return table.row(0, named=True) if table.height else None


@settings(max_examples=40, deadline=None)
@given(raters, st.randoms(use_true_random=False))
def test_the_order_of_the_raters_does_not_matter(held, random):
    mixed = list(held)
    random.shuffle(mixed)
    assert row(held) == row(mixed)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(FILE.role_ids), st.integers(0, 6)))
def test_every_published_group_and_every_difference_of_published_groups_holds_the_minimum(counts):
    whole = {role for role, n in counts.items() if n}
    groups = [set(roles) & whole for roles in role_groups(counts, MINIMUM).values()]
    total = sum(counts.values())
    for size in range(len(groups) + 1):
        for chosen in combinations(groups, size):
            inside = sum(counts[role] for part in chosen for role in part)
            left = total - inside
            assert inside == 0 or inside >= MINIMUM
            if groups and total >= MINIMUM:
                assert left == 0 or left >= MINIMUM
    assert sum(len(part) for part in groups) == len(set().union(*groups))


@settings(max_examples=40, deadline=None)
@given(raters)
def test_nothing_is_shown_of_fewer_than_the_minimum(held):
    found = row(held)
    if found is None:
        return
    if found["reason"] == "ok":
        assert found["n_raters"] >= MINIMUM
        assert len(found["levels"].split(";")) == found["n_raters"]
        assert len(json.loads(found["role_medians"])) <= found["n_raters"] // MINIMUM
        assert found["lowest"] <= found["q1"] <= found["median"] <= found["q3"] <= found["highest"]
        assert all(2 * found[name] == int(2 * found[name]) for name in ("q1", "median", "q3"))
    else:
        assert {name for name, value in found.items() if value is not None} == {
            "municipality_code",
            "round",
            "condition",
            "reason",
        }


@settings(max_examples=40, deadline=None)
@given(raters.filter(bool), st.data())
def test_a_higher_answer_never_lowers_a_quartile(held, data):
    who = data.draw(st.integers(0, len(held) - 1))
    what = data.draw(st.integers(0, len(STATEMENTS) - 1))
    if held[who][1][what] is None:
        return
    raised = [(role, list(given_levels)) for role, given_levels in held]
    raised[who][1][what] = min(3, held[who][1][what] + 1)
    before, after = row(held), row(raised)
    assert before["reason"] == after["reason"]
    if before["reason"] == "ok":
        assert all(after[name] >= before[name] for name in ("lowest", "q1", "median", "q3", "highest"))
