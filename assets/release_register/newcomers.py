"""Municipalities that a county's sums have and an earlier release's hadn't: what their arrival tells is told beside it. Pure.

Where all others are the same pupils, the county now less the county then is the newcomers' pupils, all of them. A number of
theirs that the new release shows for each of them is no secret; and the difference of two rounded sums, each of more pupils than
theirs, tells less of it than the municipality's own rounded number. So such a difference is no conflict, cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from assets.release_register.inputs import same_pupils
from assets.release_register.types import Inputs

Joined = Mapping[tuple[str, int, str], frozenset[str]]
"""County's code, wave and the earlier release's state of its deliveries -> codes of the municipalities that have come since."""
ABSENT = ("no_pupils", "no_delivery")
TOLD_KINDS = ("other_pupils", "moved")
_CELL = ["wave", "grade", "sex", "key", "table_name", "measure"]


def joined(earlier: Iterable[Inputs], current: Inputs) -> Joined:
    """The counties that have only grown by whole municipalities since an earlier release: none changed, none gone."""
    found: dict[tuple[str, int, str], frozenset[str]] = {}
    for inputs in earlier:
        same = same_pupils(inputs, current)
        for key, state in inputs.deliveries.items():
            county, wave = key.split("|")
            before, now = (_inside(one, county, wave) for one in (inputs, current))
            if before and all((area, int(wave)) in same for area in before) and now > before:
                found[county, int(wave), state] = now - before
    return found


def _inside(inputs: Inputs, county: str, wave: str) -> frozenset[str]:
    """The municipalities of a county with a delivery of the wave; none of a municipality."""
    areas = (key.split("|") for key in inputs.deliveries)
    return frozenset(area for area, year in areas if year == wave and area.startswith(county) and area != county)


def not_told_by_newcomers(found: pl.DataFrame, current: pl.DataFrame, grown: Joined, editions: Sequence[str]) -> pl.DataFrame:
    """The conflicts without those whose cell is shown for every newcomer that has such pupils.

    Args:
        found: conflicts with `before`, the earlier release's state of the area's deliveries.
        current: the new release's cells. editions: those that the reader has.
    """
    rows = [(*place, code) for place, codes in sorted(grown.items()) for code in sorted(codes)]
    if not rows or found.is_empty():
        return found
    kinds = {"area_code": pl.String, "wave": pl.Int32, "before": pl.String, "newcomer": pl.String}
    come = pl.DataFrame(rows, schema=kinds, orient="row")
    own = current.filter(pl.col("edition").is_in(list(editions)), pl.col("area_code").is_in(come["newcomer"].unique().to_list()))
    told = (
        own.rename({"area_code": "newcomer"})
        .group_by("newcomer", *_CELL)
        .agg(
            shown=((pl.col("reason") == "ok") & pl.col("value").is_not_null()).any(), absent=pl.col("reason").is_in(ABSENT).all()
        )
    )
    numbered = found.with_row_index("row")
    asked = numbered.filter(pl.col("kind").is_in(TOLD_KINDS), pl.col("area_level") == "county")
    beside = asked.join(come, on=["area_code", "wave", "before"]).join(told, on=["newcomer", *_CELL], how="left")
    known = beside.group_by("row").agg(
        pl.col("shown").fill_null(value=False).any(), every=(pl.col("shown") | pl.col("absent")).fill_null(value=False).all()
    )
    excused = known.filter("shown", "every")["row"]
    return numbered.filter(~pl.col("row").is_in(excused.to_list())).drop("row")
