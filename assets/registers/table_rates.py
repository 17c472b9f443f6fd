"""Rates and shares out of an imported table's counts, with the interval that fits. Pure.

A count over a population is a rate (Byar's interval, exact below ten events: `assets.methods.rates`), and a share when the unit
is per cent (Wilson). The interval says how much the number could have differed by chance alone, another year with the same risk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from assets.methods.errors import PipelineError
from assets.methods.intervals import wilson
from assets.methods.rates import FEW, count_interval
from assets.methods.register_protection import SHARE_UNIT

COUNT_COLUMNS: dict[str, pl.DataType] = {
    "events": pl.Int64(),
    "population": pl.Int64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "interval_method": pl.String(),
    "confidence_level": pl.Float64(),
}
LEVEL = 0.95


def without_counts(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with empty `COUNT_COLUMNS`: the table gives values, not what they were made of."""
    return rows.with_columns(pl.lit(None, kind).alias(name) for name, kind in COUNT_COLUMNS.items())


def with_rates(rows: pl.DataFrame, unit: str, per: Mapping[str, int], where: str) -> pl.DataFrame:
    """Values and intervals out of counts.

    Args:
        rows: `source_row`, `_events`, `_population` (Float64), `reason` (`ok` where both are numbers).
        unit: key of the indicator's unit. per: unit -> how many persons its rates are told per.
        where: file and sheet, for messages.

    Returns:
        The rows with `value` and `COUNT_COLUMNS`, both empty unless `ok`. Nobody to count, and no events, is `no_pupils`.

    Raises:
        PipelineError: `bad_mapping` (a unit that is no rate), `bad_number` (no whole numbers, or a share above everybody),
            `events_without_population`.
    """
    if unit not in per:
        raise PipelineError(
            "bad_mapping", f"{where}, mappningsfilen", "en enhet per invånare eller i procent för ett mått med value.count",
            unit, "Välj " + ", ".join(sorted(per)) + ".",
        )  # fmt: skip
    both = (pl.col("reason") == "ok").fill_null(False)
    events, population = pl.col("_events"), pl.col("_population")
    broken = (events < 0) | (population < 0) | (events != events.floor()) | (population != population.floor())
    _stop(rows, both & broken, "bad_number", "hela antal, minst 0", where)
    _stop(rows, both & (population == 0) & (events > 0), "events_without_population", "personer bakom varje antal", where)
    if unit == SHARE_UNIT:
        _stop(rows, both & (events > population), "bad_number", "ett antal som högst är så stort som nämnaren", where)
    some = both & (population > 0)
    counted = rows.with_columns(
        reason=pl.when(both & (population == 0)).then(pl.lit("no_pupils")).otherwise("reason"),
        events=pl.when(some).then(events).cast(pl.Int64),
        population=pl.when(some).then(population).cast(pl.Int64),
    )
    return counted.with_columns(_estimates(counted, unit, per[unit]))


def check_thousands(rows: pl.DataFrame, columns: Sequence[str], where: str) -> None:
    """Stop counts with a point or comma before three digits: 8.000 may be eight thousand or eight.

    Args:
        rows: `source_row` and the text `columns` of counts and populations. where: file and sheet.

    Raises:
        PipelineError: `bad_number`.
    """
    doubtful = pl.any_horizontal(pl.col(name).str.strip_chars().str.contains(r"^\d+([.,]\d{3})+$") for name in columns)
    found = rows.filter(doubtful.fill_null(value=False)).sort("source_row")
    if found.height:
        raise PipelineError(
            "bad_number", f"{where}, rad {found['source_row'][0]}", "hela antal, med eller utan mellanslag mellan tusental",
            f"punkt eller komma före tre siffror på {found.height} rader", "Skriv 8 000 eller 8000.",
        )  # fmt: skip


def check_sums(values: pl.DataFrame, county: str, where: str) -> None:
    """Stop a table whose parts are more than their whole: girls and boys, or the municipalities of the county.

    Less is no error: a sex may be unknown, and a municipality absent. What hides small counts trusts these sums.

    Args:
        values: `indicator_key, area_code, year, sex`, `COUNT_COLUMNS`; unique. county: its area code. where: file and sheet.

    Raises:
        PipelineError: `parts_above_whole`.
    """
    series = ["indicator_key", "year"]
    told = values.filter(pl.col("events").is_not_null())
    at_county = pl.col("area_code") == county
    for place, part in (([*series, "area_code"], pl.col("sex") != "all"), ([*series, "sex"], ~at_county)):
        whole = told.filter(~part).select(*place, most="events", most_of="population")
        parts = told.filter(part).group_by(place).agg(pl.col("events", "population").sum())
        above = (pl.col("events") > pl.col("most")) | (pl.col("population") > pl.col("most_of"))
        found = parts.join(whole, on=place, how="inner").filter(above).sort(place)
        if found.height:
            row = found.row(0, named=True)
            raise PipelineError(
                "parts_above_whole", f"{where}, {row['indicator_key']} {row['year']}, område {row.get('area_code', county)}",
                "delar som tillsammans är högst sin summa, för flickor och pojkar och för länets kommuner",
                f"mer på {found.height} ställen", "Rätta tabellen: delarna och summan ska räkna samma händelser och personer.",
            )  # fmt: skip


def _estimates(rows: pl.DataFrame, unit: str, per: int) -> list[pl.Series]:
    """`value`, `low`, `high`, `interval_method`, `confidence_level`: null where there is no count."""
    held = rows["events"].is_not_null()
    count, persons = (
        rows[name].fill_null(filler).to_numpy().astype(float) for name, filler in (("events", 0), ("population", 1))
    )
    if unit == SHARE_UNIT:
        low, high = wilson(count, persons, LEVEL)
        method = np.full(len(count), "wilson")
    else:
        low, high = (end / persons for end in count_interval(count, LEVEL))
        method = np.where(count < FEW, "poisson_exact", "byar")
    known = {"value": count / persons, "low": low, "high": high}
    told = {"interval_method": pl.Series(method, dtype=pl.String), "confidence_level": pl.lit(LEVEL)}
    columns = [pl.select(pl.when(held).then(pl.Series(number * per))).to_series().alias(name) for name, number in known.items()]
    return [*columns, *(pl.select(pl.when(held).then(words)).to_series().alias(name) for name, words in told.items())]


def _stop(rows: pl.DataFrame, wrong: pl.Expr, code: str, expected: str, where: str) -> None:
    found = rows.filter(wrong).sort("source_row")
    if found.height:
        raise PipelineError(
            code, f"{where}, rad {found['source_row'][0]}", expected, f"något annat på {found.height} rader",
            "Rätta tabellen, eller value.count och value.population i mappningsfilen.",
        )  # fmt: skip
