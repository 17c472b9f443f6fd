"""How much of what could be done is known to be done (`indices.activity_coverage`): factor x arena x level x age.

The denominator is the catalogue's activities, never what a municipality happens to have named. Coverage is an interval: what is
known to exist, and what could exist when everything that isn't known did. It says nothing of effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

import polars as pl

from assets.methods.activities import OWN_PREFIX, newest_rounds
from assets.methods.activity_merge import DISAGREED, DONT_KNOW, NO, NOT_INVENTORIED, YES

if TYPE_CHECKING:
    from assets.catalogue.prevention import ActivityCatalogue

ANY = "*"
AREA = ["municipality_code", "round"]
CELL = ["factor_kind", "factor", "arena", "level", "age_band"]
COUNTS = {"n_yes": YES, "n_no": NO, "n_dont_know": DONT_KNOW, "n_not_inventoried": NOT_INVENTORIED, "n_disagreed": DISAGREED}
COVERAGE_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys([*AREA, *CELL], pl.String), "n_activities": pl.Int16, **dict.fromkeys(COUNTS, pl.Int16),
    "n_fragile": pl.Int16, "n_blind": pl.Int16, "n_own": pl.Int16, "coverage_low": pl.Float64, "coverage_high": pl.Float64,
}  # fmt: skip
_Cell = tuple[str, str, str, str, str, str]


def activity_coverage(status: pl.DataFrame, answers: pl.DataFrame, catalogue: ActivityCatalogue) -> pl.DataFrame:
    """One row per municipality, its newest round, and cell; `*` stands for all, and an activity counts once in it.

    Args:
        status: `indices.activity_status`.
        answers: `harmonised.activity_answers`, for where own activities belong.
    """
    if status.is_empty():
        return pl.DataFrame(schema=COVERAGE_SCHEMA)
    newest = newest_rounds(status)
    cells = pl.DataFrame(list(_cells(catalogue)), schema=[*CELL, "activity_id"], orient="row")
    known = newest.join(cells, on="activity_id", how="inner").group_by(*AREA, *CELL).agg(
        pl.len().alias("n_activities"),
        *((pl.col("exists") == code).sum().alias(name) for name, code in COUNTS.items()),
        pl.col("fragile").fill_null(value=False).sum().alias("n_fragile"),
        pl.col("blind").fill_null(value=False).sum().alias("n_blind"),
    )  # fmt: skip
    whole = known.join(_own(newest, answers), on=[*AREA, *CELL], how="full", coalesce=True)
    counted = ["n_activities", *COUNTS, "n_fragile", "n_blind", "n_own"]
    unknown = pl.sum_horizontal("n_dont_know", "n_not_inventoried", "n_disagreed")
    asked = pl.when(pl.col("n_activities") > 0).then(pl.col("n_activities"))
    return (
        whole.with_columns(pl.col(counted).fill_null(0).cast(pl.Int32))
        .with_columns(coverage_low=pl.col("n_yes") / asked, coverage_high=(pl.col("n_yes") + unknown) / asked)
        .select(pl.col(name).cast(kind) for name, kind in COVERAGE_SCHEMA.items())
        .sort(*AREA, *CELL)
    )


def _cells(catalogue: ActivityCatalogue) -> Iterator[_Cell]:
    """Every cell that an activity of the catalogue counts in, under its factors and the indices it is set beside."""
    indices: dict[str, list[str]] = {a.id: [] for a in catalogue.activities}
    for key, activities in catalogue.activities_of_index.items():
        for activity in activities:
            indices[activity].append(key)
    for a in catalogue.activities:
        kinds = [("protective_factor", key) for key in a.factors] + [("index", key) for key in indices[a.id]]
        for kind, factor in kinds:
            yield from _places((kind, factor), a.arenas, a.levels, a.age_bands, a.id)


def _places(
    factor: tuple[str, str], arenas: Sequence[str], levels: Sequence[str], ages: Sequence[str], activity: str
) -> Iterator[_Cell]:
    for arena, level, age in product((*arenas, ANY), (*levels, ANY), (*ages, ANY)):
        yield (*factor, arena, level, age, activity)


def _own(newest: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """How many activities of its own a municipality counts in each cell; what it left empty counts in the totals only."""
    named = newest.filter(pl.col("activity_id").str.starts_with(OWN_PREFIX) & (pl.col("exists") == YES))
    about = answers.join(named, on=[*AREA, "activity_id"], how="semi")
    fields: dict[tuple[str, str, str], dict[str, set[str]]] = {}
    for code, round_, activity, name, value in about.select(*AREA, "activity_id", "field", "value").iter_rows():
        fields.setdefault((code, round_, activity), {}).setdefault(name, set()).update(value.split(";"))
    rows = []
    for (code, round_, activity), said in fields.items():
        for factor in said.get("factor", set()):
            parts = (sorted(said.get(name, set())) for name in ("arena", "level", "age_bands"))
            rows += [(code, round_, *cell) for cell in _places(("protective_factor", factor), *parts, activity)]
    schema = dict.fromkeys([*AREA, *CELL, "activity_id"], pl.String)
    found = pl.DataFrame(rows, schema=schema, orient="row").unique()
    return found.group_by(*AREA, *CELL).agg(pl.len().alias("n_own"))
