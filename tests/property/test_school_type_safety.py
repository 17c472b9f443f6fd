"""Response by type of school gives no hidden type away: linear programming against all that is told."""

from __future__ import annotations

import polars as pl
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import load_policy
from assets.methods.school_types import response_by_school_type
from tests.support.attacker import bounds

NUMBERS = load_policy(load_catalogue().disclosure).numbers("intern")
TYPES = ("municipal", "independent", "unknown")
WIDTH = 4

Municipality = dict[str, list[int]]  # type of school -> pupils per school


def tables(places: list[Municipality]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Persons, schools and published rates of a county."""
    persons, schools = [], []
    for place, kinds in enumerate(places, 1):
        for kind, sizes in kinds.items():
            for number, size in enumerate(sizes):
                code = f"{place}{TYPES.index(kind)}{number:04d}"
                persons += [(f"01{place:02d}", 2024, "ak9", "girl", code)] * size
                if kind != "unknown":
                    schools.append((code, f"01{place:02d}", kind, 2024, True, 40, "ok"))
    wave = {"wave": pl.Int32}
    people = pl.DataFrame(
        persons, schema=["municipality_code", "wave", "grade", "sex", "school_code"], schema_overrides=wave, orient="row"
    )
    names = ["school_code", "municipality_code", "organiser_type", "year", "reconciled", "pupils_ak9", "pupils_ak9_reason"]
    kinds_of = dict.fromkeys(names, pl.String) | {"year": pl.Int32, "reconciled": pl.Boolean, "pupils_ak9": pl.Int64}
    register = pl.DataFrame(schools, schema=kinds_of, orient="row")
    counts = dict(people.group_by("municipality_code").len().iter_rows()) | {"01": people.height}
    rows = []
    for code, n in sorted(counts.items()):
        shown = (n + 2) // 5 * 5 if n >= 10 else None
        level = "county" if code == "01" else "municipality"
        reason = "ok" if shown else "too_few"
        rows.append(("intern", level, code, code, 2024, "ak9", None, "missing", "", None, None, shown, shown, None, reason))
    columns = {
        "edition": pl.String, "area_level": pl.String, "area_code": pl.String, "area_name": pl.String, "wave": pl.Int32,
        "grade": pl.String, "enrolled": pl.Int64, "enrolled_reason": pl.String, "enrolled_source": pl.String,
        "schools_registered": pl.Int64, "schools_participating": pl.Int64, "respondents": pl.Int64, "scored_any": pl.Int64,
        "response_pct": pl.Int64, "reason": pl.String,
    }  # fmt: skip
    return people, register, pl.DataFrame(rows, schema=columns, orient="row")


def attack(told: pl.DataFrame, places: list[Municipality]) -> tuple[dict[tuple[str, str], float], dict[str, float]]:
    """Width of what is known of every hidden number of a type, and, from the totals alone, of every hidden total."""
    leaf = {(f"01{p:02d}", t): i for i, (p, t) in enumerate((p, t) for p in range(1, len(places) + 1) for t in TYPES)}
    known, of_totals, hidden, totals = [], [], {}, {}
    for row in told.iter_rows(named=True):
        kinds = TYPES if row["school_type"] == "all" else (row["school_type"],)
        inside = sorted({code for code, _ in leaf}) if row["area_code"] == "01" else [row["area_code"]]
        sums = {leaf[code, t]: 1.0 for code in inside for t in kinds}
        value = row["respondents"]
        if value is not None:
            fact = (sums, max(value - 2, 10) if value else 0, value + 2 if value else 0)
        elif row["reason"] == "missing":  # a type without respondents of which the school is known
            continue
        else:
            fact = (sums, 0, 9) if row["reason"] == "too_few" else (sums, 1, float("inf"))
        known.append(fact)
        if row["school_type"] == "all":
            of_totals.append(fact)
        if value is None:
            (totals if row["school_type"] == "all" else hidden)[row["area_code"], row["school_type"]] = sums
    # Which types of schools take part where is public, so a type that nobody goes to is no secret.
    nobody = [({i: 1.0}, 0, 0) for (code, t), i in leaf.items() if not places[int(code[2:]) - 1][t]]
    widths = [b - a for a, b in bounds(len(leaf), known + nobody, list(hidden.values()))]
    before = [b - a for a, b in bounds(len(leaf), of_totals + nobody, list(totals.values()))]
    return dict(zip(hidden, widths, strict=True)), {area: w for (area, _), w in zip(totals, before, strict=True)}


def is_a_sum_of_shown(told: pl.DataFrame, places: list[Municipality], kind: str) -> bool:
    """Whether the county's number of a type is the sum of municipalities that are all shown: then it is no secret."""
    there = [f"01{i:02d}" for i, place in enumerate(places, 1) if place[kind]]
    rows = told.filter(pl.col("area_code").is_in(there) & (pl.col("school_type") == kind))
    return rows["respondents"].null_count() == 0


SCHOOLS = st.lists(st.integers(1, 60), min_size=0, max_size=5)
PLACES = st.lists(
    st.fixed_dictionaries({t: SCHOOLS for t in TYPES}).filter(lambda kinds: any(kinds.values())), min_size=1, max_size=6
)


@settings(max_examples=50, deadline=None)
@given(places=PLACES)
@example(places=[{"municipal": [50, 40, 60], "independent": [30], "unknown": []}] * 2)
@example(places=[{"municipal": [50, 40, 60], "independent": [30, 20, 25], "unknown": [1]}] * 3)
def test_no_hidden_type_is_rung_in(places):
    people, register, rates = tables(places)
    told = response_by_school_type(rates, people, register, NUMBERS)
    widths, totals = attack(told, places)
    assume(all(width > WIDTH for width in totals.values()))  # the totals are protected by themselves, elsewhere
    for (area, kind), width in widths.items():
        secret = area != "01" or not is_a_sum_of_shown(told, places, kind)
        assert width > WIDTH or not secret, (area, kind, width)


@settings(max_examples=25, deadline=None)
@given(places=PLACES)
def test_what_is_shown_is_the_rounded_truth_and_no_school_stands_alone(places):
    people, register, rates = tables(places)
    told = response_by_school_type(rates, people, register, NUMBERS)
    for row in told.filter((pl.col("school_type") != "all") & (pl.col("area_code") != "01")).iter_rows(named=True):
        sizes = places[int(row["area_code"][2:]) - 1][row["school_type"]]
        others = [s for t, s in places[int(row["area_code"][2:]) - 1].items() if t != row["school_type"] and s]
        if row["respondents"]:
            assert row["respondents"] == (sum(sizes) + 2) // 5 * 5
            assert len(sizes) >= 3 or not others, "a type with one or two schools is shown"
        elif row["respondents"] == 0:
            assert not sizes
