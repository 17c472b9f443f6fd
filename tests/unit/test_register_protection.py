"""Small counts of imported registers: nothing below the floor can be worked out from what is shown."""

from __future__ import annotations

from itertools import product

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.register_protection import SHARE_UNIT, protect_register_counts
from assets.registers.models import VALUE_SCHEMA

FLOOR = 5
PERSONS = 100


def table(cells: dict[tuple[str, str], tuple[int, int]], unit: str = "per_1000") -> pl.DataFrame:
    """Rows of one series: (area, sex) -> count and population; the county is 01."""
    rows = [
        {
            "source": "egen", "indicator_key": "orosanmalningar", "year": 2024, "unit": unit, "reason": "ok", "sex": sex,
            "area_code": area, "area_level": "county" if area == "01" else "municipality", "events": x, "population": n,
            "value": 1000.0 * x / n, "low": 0.0, "high": 1.0, "interval_method": "byar", "confidence_level": 0.95,
        }
        for (area, sex), (x, n) in cells.items()
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=VALUE_SCHEMA)


def area(girls: int, boys: int, n: int = PERSONS, code: str = "0114") -> dict[tuple[str, str], tuple[int, int]]:
    return {(code, "all"): (girls + boys, 2 * n), (code, "girl"): (girls, n), (code, "boy"): (boys, n)}


def shown(cells: dict[tuple[str, str], tuple[int, int]], unit: str = "per_1000") -> dict[tuple[str, str], int | None]:
    out = protect_register_counts(table(cells, unit), FLOOR)
    return {(row["area_code"], row["sex"]): row["events"] for row in out.iter_rows(named=True)}


def own(girls: int, boys: int, unit: str = "per_1000", n: int = PERSONS) -> tuple[int | None, ...]:
    found = shown(area(girls, boys, n), unit)
    return tuple(found["0114", sex] for sex in ("all", "girl", "boy"))


def test_a_small_count_takes_the_other_sex_with_it_and_a_small_total_too() -> None:
    assert own(20, 5) == (25, 20, 5)
    assert own(20, 4) == (24, None, None)
    assert own(4, 4) == (None, None, None)  # 8 would say 4 and 4
    assert own(0, 5) == (None, None, None)  # 5 would say 0 and 5
    assert own(4, 5) == (9, None, None)


def test_of_a_share_those_outside_the_count_are_protected_too() -> None:
    assert own(98, 60, SHARE_UNIT) == (158, None, None)
    assert own(98, 60) == (158, 98, 60)  # a count of events can pass the number of persons
    assert own(98, 99, SHARE_UNIT) == (None, None, None)


def test_a_small_population_is_hidden_whatever_happened_in_it() -> None:
    assert own(6, 6, n=4) == (None, None, None)  # the two of them are 8, under 9
    assert own(6, 6, n=5) == (12, 6, 6)


def test_a_hidden_municipality_hides_the_county_of_the_same_sex() -> None:
    cells = area(20, 4) | area(30, 40, code="0115") | area(50, 44, 2 * PERSONS, "01")
    found = shown(cells)
    assert [found["01", sex] for sex in ("all", "girl", "boy")] == [94, None, None]
    assert found["0115", "boy"] == 40
    whole = area(2, 2) | area(30, 40, code="0115") | area(32, 42, 2 * PERSONS, "01")
    assert [shown(whole)["01", sex] for sex in ("all", "girl", "boy")] == [None, None, None]


def test_a_hidden_row_keeps_nothing_and_published_values_pass() -> None:
    published = table(area(1, 1)).with_columns(
        source=pl.lit("kolada"), **{name: pl.lit(None, VALUE_SCHEMA[name]) for name in ("events", "population", "low", "high")}
    )
    both = pl.concat([table(area(20, 4)), published])
    out = protect_register_counts(both, FLOOR)
    assert out.filter(source="kolada").equals(published)
    hidden = out.filter(source="egen", reason="suppressed")
    assert hidden["sex"].to_list() == ["girl", "boy"]
    assert hidden.select("value", "events", "population", "low", "high", "confidence_level").null_count().row(0) == (2,) * 6


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), min_size=2, max_size=3))
def test_whoever_knows_the_rules_finds_no_hidden_count(counts: list[tuple[int, int]]) -> None:
    """Every table that the rules would show in the same way is a possible one; a small count has at least `FLOOR` of them."""
    for girls, boys in counts:
        total, *sexes = own(girls, boys)
        if sexes[0] is not None:
            assert min(girls, boys) >= FLOOR
            continue
        if total is None:
            continue
        possible = {(g, total - g) for g in range(total + 1) if own_rule(g, total - g) == (total, None, None)}
        for side, count in product((0, 1), (girls, boys)):
            assert len({pair[side] for pair in possible}) >= FLOOR, count


def own_rule(girls: int, boys: int) -> tuple[int | None, ...]:
    """The rules in plain arithmetic, apart from the code."""
    if min(girls, boys) >= FLOOR:
        return girls + boys, girls, boys
    return (girls + boys if girls + boys >= 2 * FLOOR - 1 else None), None, None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 14), st.integers(0, 14))
def test_the_code_follows_the_rules_in_plain_arithmetic(girls: int, boys: int) -> None:
    assert own(girls, boys) == own_rule(girls, boys)
