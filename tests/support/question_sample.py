"""Single questions for the seeded sample release: invented shares for one municipality, its districts and the county.

The values follow from the keys alone, so that a test can name them: no chance is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.charts import fragor, serier
from assets.charts.series import SeriesMeta
from assets.charts.types import COUNTY_CODE, GRADES, ChartCard, ReleaseFrames, SeriesBreak
from tests.support.sample_release import (
    EDITION,
    MUNICIPALITIES,
    NO_UPPER_SECONDARY,
    WAVES,
    sample_meta,
    sample_release,
    sample_scope,
)

SCHEMA = {
    "edition": pl.String, "area_level": pl.String, "area_code": pl.String, "area_name": pl.String, "wave": pl.Int32,
    "grade": pl.String, "sex": pl.String, "indicator": pl.String, "measure": pl.String, "value": pl.Float64, "low": pl.Float64,
    "high": pl.Float64, "n": pl.Int64, "reason": pl.String, "unit": pl.String, "base": pl.String, "method": pl.String,
    "interval_method": pl.String, "confidence_level": pl.Float64, "verdict": pl.String,
}  # fmt: skip
Hidden = Mapping[tuple[str, int, str, str], str]
"""Area, wave, grade and series -> why its values are hidden."""
DRAWN = (
    SeriesMeta("dik61", "indicator", "Mobbad i skolan", breaks=(SeriesBreak(2020, "ordet kränkt lades till", "minor"),)),
    SeriesMeta("f62nyckel", "indicator", "Mobbad två gånger i månaden eller oftare", "elever som mobbats under läsåret"),
    SeriesMeta("dik46", "indicator", "Har använt narkotika", breaks=(SeriesBreak(2022, "frågan ställs om", "major"),)),
)
HIDDEN: Hidden = {("0127", 2024, "gy2", "dik46"): "suppressed", ("0127", 2018, "ak9", "dik61"): "suppressed"}


def question_rows(area_code: str, hidden: Hidden = HIDDEN, waves: tuple[int, ...] = WAVES) -> pl.DataFrame:
    """`release.indicator_results` of every series of the catalogue: own area, county, and two districts of Stockholm."""
    file = load_catalogue().indicator_file
    areas = [("municipality", area_code, MUNICIPALITIES[area_code]), ("county", COUNTY_CODE, "Stockholms län")]
    if area_code == "0180":
        areas += [("district", "0180-101", "Järva"), ("district", "0180-107", "Älvsjö")]
    rows = []
    for place, one in enumerate((*file.indicators, *file.indices)):
        share = one.id in file.by_id
        for wave in waves:
            asked = not share or ((one.first_wave or wave) <= wave <= (one.last_wave or wave))
            for level, code, name in areas:
                for grade in GRADES:
                    cell = (EDITION, level, code, name, wave, grade)
                    reason = hidden.get((code, wave, grade, one.id), "ok") if asked else "not_asked"
                    reason = "no_pupils" if code in NO_UPPER_SECONDARY and grade == "gy2" else reason
                    own = 10.0 + place % 40 + (wave - 2016) / 2 + (code == COUNTY_CODE) * 5
                    sensitive = share and one.sensitive and level != "county"
                    for sex in ("all", "girl", "boy"):
                        told = "suppressed" if reason == "ok" and sex != "all" and sensitive else reason
                        rows.append(_row(cell, sex, one.id, "share" if share else "mean", own, told))
                        gap = "diff_share" if share else "diff_mean"
                        rows.append(_row(cell, sex, one.id, gap, -5.0, told, verdict="lower" if grade == "ak9" else "unclear"))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _row(
    cell: tuple[object, ...], sex: str, key: str, measure: str, value: float, reason: str, verdict: str | None = None
) -> tuple[object, ...]:
    shown = reason == "ok"
    numbers = (value, value - 3, value + 3, 100) if shown else (None, None, None, None)
    unit = "points" if measure.startswith("diff") else "percent" if measure == "share" else "scale_0_100"
    base = "elever som besvarat frågan"
    return (*cell, sex, key, measure, *numbers, reason, unit, base, "x", "t", 0.95, verdict if shown else None)


def with_questions(frames: ReleaseFrames, rows: pl.DataFrame) -> ReleaseFrames:
    """The same release with single questions."""
    held = {name: getattr(frames, name) for name in ReleaseFrames.__dataclass_fields__}
    return ReleaseFrames(**(held | {"indicator_results": rows}))


def question_cards(area_code: str) -> Iterator[ChartCard | None]:
    """Both charts of single questions for one municipality of the sample."""
    frames = with_questions(sample_release(area_code), question_rows(area_code))
    for build in (fragor.build, serier.build):
        yield build(frames, sample_scope(area_code), sample_meta(), DRAWN, chart_id="mobbning", title="Mobbning")
