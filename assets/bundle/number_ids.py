"""One id per published number: `2024/0127/ak9/all/parenting/share_band3`, and the text that every format shows for it.

The id is made of the key columns of the release table, so the same number has the same id in every edition of the files, and a
reader can put it together from a row of a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.bundle.types import ReportMeta
from assets.charts import numbers
from assets.charts.types import ReleaseFrames

ID_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "index_results": ("wave", "area_code", "grade", "sex", "index_key", "measure"),
    "indicator_results": ("wave", "area_code", "grade", "sex", "indicator", "measure"),
    "accumulated_results": ("wave", "area_code", "grade", "sex", "count_key", "measure"),
    "trends": ("wave", "area_code", "grade", "sex", "series_kind", "series", "measure"),
    "register_values": ("year", "area_code", "sex", "source", "indicator_key"),
}
RESPONSE_COLUMNS = ("enrolled", "respondents", "scored_any", "response_pct", "respondents_least", "response_least_pct")
DECIMALS = {"percent": 0, "points": 0, "count": 0, "logit": 2}
SIGNED = ("points",)
COUNTS = "response_rates"


def number_id(columns: Sequence[str]) -> pl.Expr:
    """The id of a row as a text: the key columns with a slash between them."""
    return pl.concat_str([pl.col(name).cast(pl.String) for name in columns], separator="/")


def number_ids(frames: ReleaseFrames, meta: ReportMeta) -> dict[str, str]:
    """Every published number: id -> the text a reader sees (`12 %`, `+3`, `0,14`), or the mark (`[c]`) of a survey's value.

    Args:
        frames: what a bundle may see (`assets.bundle.frames.select_frames`).
        meta: words of the marks, decimals of the register measures.
    """
    marks = {code: reason.mark for code, reason in meta.charts.reasons.items()}
    found: dict[str, str] = {}
    for name in ("index_results", "indicator_results", "accumulated_results"):
        table: pl.DataFrame = getattr(frames, name)
        if table.is_empty():
            continue
        rows = table.select(number_id(ID_COLUMNS[name]).alias("id"), "value", "unit", "reason")
        found |= {key: display(value, unit) if value is not None else marks[reason] for key, value, unit, reason in rows.rows()}
    for row in frames.response_rates.iter_rows(named=True):
        place = f"{row['wave']}/{row['area_code']}/{row['grade']}/all/answers"
        found |= {
            f"{place}/{name}": display(row[name], "percent" if name.endswith("_pct") else "count")
            for name in RESPONSE_COLUMNS
            if row[name] is not None
        }
    return dict(sorted((found | _changes(frames.trends) | _registers(frames.register_values, meta)).items()))


def _changes(trends: pl.DataFrame) -> dict[str, str]:
    """Changes since the wave before: the id of the value with `/change` after it."""
    if trends.is_empty():
        return {}
    shown = trends.filter(pl.col("change").is_not_null())
    rows = shown.select(number_id(ID_COLUMNS["trends"]), "change", "unit").rows()
    return {f"{key}/change": display(value, unit if unit in DECIMALS else "points") for key, value, unit in rows}


def _registers(values: pl.DataFrame, meta: ReportMeta) -> dict[str, str]:
    """Register values with the decimals of their measure and without a unit; a measure without definition is not shown."""
    decimals = {(i.source, i.indicator_key): i.decimals for group in meta.registers for i in group.indicators}
    decimals |= {(i.source, i.indicator_key): i.decimals for i in meta.more_registers}
    rows = values.filter(pl.col("value").is_not_null()).select(
        number_id(ID_COLUMNS["register_values"]).alias("id"), "source", "indicator_key", "value"
    )
    return {
        key: numbers.decimal(value, decimals[source, name])
        for key, source, name, value in rows.rows()
        if (source, name) in decimals
    }


def display(value: float, unit: str) -> str:
    """A release value as Swedish readers see it; the unit decides decimals, sign and percent."""
    decimals = DECIMALS.get(unit, 0)
    if unit == "percent":
        return numbers.percent(value, decimals)
    return numbers.signed(value, decimals) if unit in SIGNED else numbers.decimal(value, decimals)
