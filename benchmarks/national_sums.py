"""Controls that the tables of `national.py` add up: benchmarks/README.md says what and how.

    python -m benchmarks.national_sums F/national_290_1.duckdb

Nobody may be lost or counted twice among hundreds of municipalities: a county's counts are the sums of its municipalities', its
respondents are those that answered, and counties that are copies of each other have the same rows under their own codes. Exit 1
when not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pipelines.warehouse import Warehouse

COUNTS = ("area_counts", "indicator_counts", "accumulated_counts", "scale_means")
"""Tables of `indices` whose numbers of pupils add up; those of schools and of the largest school don't."""
ESTIMATES = ("area_estimates", "indicator_estimates", "scale_estimates", "accumulated_estimates")
SERIES = ("index_key", "indicator", "index_id")
"""What a table may call its series."""
COUNTY = pl.col("area_code").str.slice(0, 2)


def not_added_up(counts: pl.DataFrame) -> int:
    """How many of the counties' rows have another number of pupils than their municipalities together, or are missing."""
    added = pl.col("^(n_(respondents|scored|unscored|valid|yes|no_answer|dont_know|routed|not_asked)|band[0-9])$")
    keys = ["county", "wave", "grade", "sex", *(name for name in SERIES if name in counts.columns)]
    of = counts.with_columns(county=COUNTY)
    whole = of.filter(pl.col("area_level") == "county").select(*keys, added.cast(pl.Int64)).sort(keys)
    parts = of.filter(pl.col("area_level") == "municipality").group_by(keys).agg(added.sum().cast(pl.Int64))
    alike = whole.join(parts, on=whole.columns, nulls_equal=True)
    return max(whole.height, parts.height) - alike.height


def not_counted(counts: pl.DataFrame, answers: pl.DataFrame) -> int:
    """How many counties and waves have another number of respondents than pupils who answered.

    Args:
        counts: `indices.area_counts`. answers: `municipality_code, wave, sex` of each pupil; the tables are of girls and boys.
    """
    whole = counts.filter((pl.col("area_level") == "county") & (pl.col("sex") == "all")).with_columns(county=COUNTY)
    told = whole.unique(["county", "wave", "grade"]).group_by("county", "wave").agg(pl.col("n_respondents").sum())
    came = (
        answers.filter(pl.col("sex").is_in(["girl", "boy"]))
        .group_by(pl.col("municipality_code").str.slice(0, 2).alias("county"), "wave")
        .len()
    )
    both = came.join(told, on=["county", "wave"], how="full", coalesce=True)
    return both.filter(pl.col("len").ne_missing(pl.col("n_respondents"))).height


def unlike_the_first(table: pl.DataFrame) -> list[str]:
    """Codes of counties with as many areas as the first whose rows are not the first's under their own codes."""
    of = table.with_columns(county=COUNTY, own=pl.col("area_code").str.slice(2)).drop("area_code")
    counties = {str(code): rows.drop("county") for (code,), rows in of.sort("county").group_by("county", maintain_order=True)}
    first = next(iter(counties.values()))
    full = {code: rows for code, rows in counties.items() if rows["own"].n_unique() == first["own"].n_unique()}
    order = ["area_level", "own", "wave", "grade", "sex", *(n for n in (*SERIES, "measure", "comparison") if n in table.columns)]
    return [code for code, rows in full.items() if not rows.sort(order).equals(first.sort(order))]


def found(warehouse: Warehouse) -> Iterator[str]:
    """A line for each thing that is wrong, and for each table that is right."""
    from pipelines.warehouse import TableName

    tables = {name: warehouse.read(TableName("indices", name)) for name in COUNTS if warehouse.exists(TableName("indices", name))}
    answers = warehouse.read(TableName("validated", "survey_responses"), columns=["municipality_code", "wave", "sex"])
    lost = not_counted(tables["area_counts"], answers)
    yield f"{'WRONG' if lost else 'right'}: respondents, {lost} counties and waves miscounted"
    for name, counts in tables.items():
        wrong = not_added_up(counts)
        yield f"{'WRONG' if wrong else 'right'}: {name}, {wrong} county rows that don't add up"
    for name in (*COUNTS, *ESTIMATES):
        if warehouse.exists(TableName("indices", name)):
            others = unlike_the_first(warehouse.read(TableName("indices", name)))
            yield f"{'WRONG' if others else 'right'}: {name}, {len(others)} counties unlike the first {' '.join(others)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was found."""
    from pipelines.warehouse import Warehouse

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path)
    lines = list(found(Warehouse(parser.parse_args(arguments).warehouse)))
    sys.stdout.write("\n".join(lines) + "\n")
    return int(any(line.startswith("WRONG") for line in lines))


if __name__ == "__main__":
    raise SystemExit(main())
