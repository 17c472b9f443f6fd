"""What disclosure control costs: every cell counted once, by one rule, with published numbers of pupils only."""

from __future__ import annotations

import ast
import copy
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets import release_utility
from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import protect
from assets.methods.disclosure_blocks import build_blocks
from assets.methods.disclosure_numbers import NUMBERS, is_looser
from assets.methods.disclosure_policy import load_policy
from assets.methods.disclosure_state import floors_of, primary
from assets.methods.errors import PipelineError
from assets.methods.policy_steps import LOOSER, STEPS, TIGHTER, stepped
from assets.methods.release_utility import FAMILIES, PLACE, STEP, counted_step, told_steps, utility
from assets.release_utility import counted_steps
from pipelines.warehouse import TableName, Warehouse
from tests.support.disclosure_population import INDICES, PROTECTIVE, estimates, population

ROOT = Path(__file__).resolve().parents[2]
POLICY = load_policy(load_catalogue().disclosure)
FOCUS = {key: "share_band1" if key in PROTECTIVE else "share_band3" for key in INDICES}
SIZES = (14, 45, 130, 400)


def released(seed: int, editions: tuple[str, ...] = ("intern", "publik")) -> dict[str, pl.DataFrame]:
    counts = population(seed, SIZES, districts=(35, 90), outside=5)
    results, logs, within = [], [], None
    for edition in editions:
        safe = protect(counts, estimates(counts), POLICY, edition, within=within)
        within = within or safe.pattern
        results.append(safe.results)
        logs.append(safe.log)
    return {"index_results": pl.concat(results), "suppression_log": pl.concat(logs)}


def cell(
    area: str = "0127", sex: str = "all", measure: str = "share_band3", reason: str = "ok", **more: object
) -> dict[str, object]:
    level = "district" if "-" in area else "municipality"
    keys = {"edition": "intern", "area_level": level, "area_code": area, "wave": 2024, "grade": "ak9", "sex": sex}
    return (
        keys | {"index_key": "acting_out", "measure": measure, "reason": reason, "value": 1.0 if reason == "ok" else None} | more
    )


def logged(row: dict[str, object], kind: str, rule: str) -> dict[str, object]:
    names = ("edition", "area_level", "area_code", "wave", "grade", "sex", "index_key")
    return {name: row[name] for name in names} | {"cell": row["measure"], "kind": kind, "rule": rule}


def test_cells_are_counted_by_state_and_rule():
    hidden = [cell(reason="suppressed"), cell(reason="suppressed", measure="mean"), cell(reason="too_few", measure="sd")]
    rows = [
        cell(measure="n_respondents", value=105.0),
        *hidden,
        cell(measure="share_band1"),
        cell(measure="diff_mean", reason="missing"),
    ]
    log = [
        logged(hidden[0], "primary", "cell_floor"),
        logged(hidden[1], "secondary", "derived"),
        logged(hidden[2], "primary", "group_floor"),
    ]
    table, rules = utility({"index_results": pl.DataFrame(rows), "suppression_log": pl.DataFrame(log)}, FOCUS)
    (row,) = table.rows(named=True)
    told = ("cells", "shown", "hidden_primary", "hidden_secondary", "headline", "headline_shown", "answers", "answers_hidden")
    assert [row[name] for name in told] == [5, 2, 2, 1, 1, 0, 525, 315]
    assert rules.select("kind", "rule", "cells").rows() == [
        ("primary", "cell_floor", 1), ("primary", "group_floor", 1), ("secondary", "derived", 1)
    ]  # fmt: skip


def test_a_group_without_a_published_number_is_no_answers_and_a_cell_no_log_tells_of_is_still_counted():
    rows = [cell(measure="n_respondents", reason="too_few"), cell(reason="too_few")]
    table, rules = utility({"index_results": pl.DataFrame(rows)}, FOCUS)
    (row,) = table.rows(named=True)
    assert (row["answers"], row["answers_hidden"], row["cells_without_number"]) == (0, 0, 2)
    assert rules.select("rule", "cells").rows() == [("unlogged", 2)]


def test_districts_are_told_together():
    rows = [cell("0180-101"), cell("0180-102", reason="too_few"), cell("0180")]
    table, _ = utility({"index_results": pl.DataFrame(rows)}, FOCUS)
    assert table.select("area_level", "area_code", "cells", "shown").rows() == [
        ("district", "0180", 2, 1), ("municipality", "0180", 1, 1)
    ]  # fmt: skip


def test_nothing_released_is_empty_tables():
    table, rules = utility({}, {})
    assert table.height == rules.height == 0
    assert table.columns[:5] == list(PLACE)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_numbers_add_up(seed):
    tables = released(seed)
    table, rules = utility(tables, FOCUS)
    assert (table["shown"] + table["hidden_primary"] + table["hidden_secondary"] == table["cells"]).all()
    assert (table["answers_hidden"] <= table["answers"]).all()
    assert (table["headline_shown"] <= table["headline"]).all()
    assert (table["answers"] % 5 == 0).all()
    assert "unlogged" not in rules["rule"]
    hidden = table.with_columns(hidden=pl.col("cells") - pl.col("shown")).filter(pl.col("hidden") > 0)
    summed = rules.group_by(PLACE).agg(pl.col("cells").sum())
    assert hidden.select(*PLACE, "hidden").sort(pl.all()).rows() == summed.sort(pl.all()).rows()
    again = counted_step("same", {"index_results": tables["index_results"]})
    summed = again.group_by(PLACE).agg(pl.col("cells", "shown").sum()).sort(pl.all())  # over the grades
    assert summed.rows() == table.select(*PLACE, "cells", "shown").sort(pl.all()).rows()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["intern", "publik"]))
def test_a_looser_step_never_has_more_primary_cells(seed, edition):
    blocks = build_blocks(population(seed, SIZES, districts=(35, 90), outside=5))
    found = []
    for policy in (stepped(POLICY, LOOSER), POLICY, stepped(POLICY, TIGHTER)):
        numbers = policy.numbers(edition)
        found.append([array > 0 for array in primary(blocks, floors_of(blocks, policy, numbers), numbers).arrays])
    for less, more in ((found[0], found[1]), (found[1], found[2])):
        assert all((~a | b).all() for a, b in zip(less, more, strict=True))


@pytest.mark.parametrize("step", STEPS)
def test_shipped_steps_go_one_way_and_hold_together(step):
    policy = stepped(POLICY, step)
    for edition in POLICY.editions:
        now, then = POLICY.numbers(edition), policy.numbers(edition)
        changed = [name for name in NUMBERS if getattr(now, name) != getattr(then, name)]
        assert len(changed) == 9
        assert all(is_looser(name, getattr(then, name), getattr(now, name)) == (step == LOOSER) for name in changed)
        assert not then.problems()
        assert policy.districts(edition) == POLICY.districts(edition)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("cell_floor", 3, r"steps.looser: i utgåvan intern: cell_floor \(3\) ska vara större än interval_width \(3\)"),
        ("group_floor", 7, r"group_floor \(7\) i utgåvan intern går förbi den absoluta gränsen \(8\)"),
        ("district_floor", None, "utgåvan intern ska ha ett värde för var och en av"),
        ("dominance", 85, "utgåvan publik är lösare än intern i dominance"),
    ],
)
def test_a_contradictory_step_is_refused(name, value, sentence):
    content = copy.deepcopy(dict(load_catalogue().disclosure))
    content["steps"]["looser"]["intern"].pop(name)
    content["steps"]["looser"]["intern"] |= {} if value is None else {name: value}
    with pytest.raises(PipelineError, match=sentence):
        load_policy(content)


def test_a_limit_beyond_the_step_counts_in_its_place():
    content = copy.deepcopy(dict(load_catalogue().disclosure))
    next(rule for rule in content["rules"] if rule["id"] == "district_floor")["value"] = 45
    policy = load_policy(content)
    assert stepped(policy, TIGHTER).numbers("intern").district_floor == 45
    assert stepped(policy, LOOSER).numbers("intern").district_floor == 20


def test_only_the_counting_uses_the_steps():
    """What a looser step would show must never be released: nothing but the counting may ask for such a policy."""
    users = set()
    for path in [*(ROOT / "assets").rglob("*.py"), *(ROOT / "pipelines").rglob("*.py")]:
        text = path.read_text("utf-8")
        named = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)] if "stepped" in text else []
        if any(alias.name == "stepped" for node in named for alias in node.names):
            users.add(path.name)
    assert users == {"release_utility.py"}


def test_steps_are_told_for_all_municipalities_together_and_never_for_a_few():
    keys = {"edition": "intern", "wave": 2024, "family": "index", "cells": 200}
    rows = [
        keys | {"area_level": "municipality", "area_code": f"01{n}", "step": step, "shown": shown + (n == 20)}
        for n in range(20, 30)
        for step, shown in (("same", 100), ("looser", 150))
    ]
    rows.append(keys | {"area_level": "county", "area_code": "01", "step": "same", "shown": 200})
    told = told_steps(pl.DataFrame(rows))
    assert told.columns == ["edition", "wave", "step", "pct"]
    assert dict(told.select("step", "pct").iter_rows()) == {"looser": 75, "same": 50}
    assert told_steps(pl.DataFrame(rows).filter(pl.col("area_code") != "0129")).height == 0
    assert told_steps(pl.DataFrame()).height == 0


def test_every_family_has_its_own_log():
    assert len({log for _, log, _ in FAMILIES.values()}) == 3


def test_only_the_grade_with_something_new_is_counted_again(tmp_path, monkeypatch):
    warehouse, asked = Warehouse(tmp_path / "warehouse.duckdb"), []
    rows = pl.DataFrame({"wave": [2024, 2024], "grade": ["ak9", "gy2"], "value": [1, 2]}, schema_overrides={"wave": pl.Int32})
    released = [TableName("release", name) for name in ("index_results", "indicator_results")]
    for table in (release_utility.COUNTS, *released):
        warehouse.replace(table, rows, None)

    def anew(indices, *_):
        asked.append(indices[0]["grade"].item())
        return {"index_results": indices[0]}

    def one_row(step, tables):
        told = {"wave": 2024, "grade": tables["index_results"]["grade"].item(), "step": step, "cells": 1, "shown": 1}
        return pl.DataFrame([told], STEP)

    monkeypatch.setattr(release_utility, "released_anew", anew)
    monkeypatch.setattr(release_utility, "counted_step", one_row)
    monkeypatch.setattr(release_utility, "suppressor_inputs", lambda *_: ((rows,), (rows,)))

    def counted():
        asked.clear()
        table = counted_steps(warehouse, load_catalogue())
        warehouse.replace(release_utility.UTILITY_STEPS, table, None)
        assert sorted(table.select("grade", "step").rows()) == sorted((g, s) for g in ("ak9", "gy2") for s in ("same", *STEPS))
        return list(asked)

    assert counted() == ["ak9", "ak9", "gy2", "gy2"]
    assert counted() == []
    warehouse.replace(release_utility.COUNTS, rows.with_columns(value=pl.Series([1, 3])), None)
    assert counted() == ["gy2", "gy2"]
    warehouse.replace(released[1], rows.with_columns(value=pl.Series([0, 2])), None)
    assert counted() == ["ak9", "ak9"], "what is shown as it is counts too"
