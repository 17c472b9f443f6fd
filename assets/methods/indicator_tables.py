"""Counts and estimates of all indicators of a survey, a few at a time: no table of all answers x all indicators is needed."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.catalogue.indicator_models import Indicator
from assets.catalogue.models import Survey
from assets.methods.indicators import indicator_counts, indicator_values
from assets.methods.psu_sums import AREA_LEVELS, DOMAIN, SEXES
from assets.methods.series_estimates import CHUNK, MEASURES, SeriesKind, series_estimates


def indicator_tables(
    answers: pl.DataFrame, indicators: Sequence[Indicator], survey: Survey, levels: Sequence[str] = AREA_LEVELS
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`indices.indicator_counts` and `indices.indicator_estimates`.

    Args:
        answers: `validated.survey_responses`. indicators, survey: see `indicator_values`. levels: see `series_estimates`.
    """
    counts, estimates = [], []
    for at in range(0, len(indicators), CHUNK):
        some = indicators[at : at + CHUNK]
        values = indicator_values(answers, some, survey)
        counts.append(indicator_counts(values, some, levels))
        estimates.append(series_estimates(values, [i.id for i in some], "share", levels))
    ids = [i.id for i in indicators]
    return in_order(pl.concat(counts), ids), in_order(pl.concat(estimates), ids)


def in_order(frame: pl.DataFrame, ids: Sequence[str], kind: SeriesKind = "share") -> pl.DataFrame:
    """The rows as both tables (and `series_estimates` of the kind) have them: level, area, wave, grade, sex, series as listed."""
    enums = {"area_level": pl.Enum(AREA_LEVELS), "sex": pl.Enum(SEXES), "indicator": pl.Enum(list(ids))}
    if "measure" in frame.columns:
        enums["measure"] = pl.Enum(MEASURES[kind])
    order = [
        pl.col(name).cast(enums[name]) if name in enums else pl.col(name) for name in ("area_level", *DOMAIN, "sex", "indicator")
    ]
    return frame.sort(*order, *([pl.col("measure").cast(enums["measure"])] if "measure" in enums else []))
