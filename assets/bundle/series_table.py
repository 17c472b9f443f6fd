"""`4_tabeller/enskilda_fragor.csv`: single questions and 0-100 scales, a row per area, wave, grade, sex and series.

Every number stands beside its mark and reason, its denominator in words, and the first wave it may be compared with. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.bundle.types import ReportMeta
from assets.charts.types import ReleaseFrames

NAME = "enskilda_fragor"
KEYS = ("Områdeskod", "Mättillfälle", "Årskurs", "Kön", "Fråga-id")
_CELL = ["area_level", "area_code", "area_name", "wave", "grade", "sex", "indicator"]
_MAIN, _DIFF, _GAP = ("share", "mean"), ("diff_share", "diff_mean"), ("sex_gap_share", "sex_gap_mean")


def series_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """The table of the frames' own areas, or None when the release holds no series.

    Args:
        frames: `indicator_results` of the municipality, its districts and the county; `series_breaks`.
    """
    rows = frames.indicator_results
    if rows.is_empty():
        return None
    texts = meta.texts["series_table"]
    whole = pl.Int64
    main = rows.filter(pl.col("measure").is_in(_MAIN)).select(
        *_CELL, "base", "unit", "reason", *(pl.col(name).cast(whole) for name in ("value", "low", "high", "n"))
    )
    table = main.join(_side(rows, _DIFF, "diff"), on=["area_code", *_CELL[3:]], how="left", maintain_order="left")
    gaps = _side(rows, _GAP, "gap")
    table = table.join(gaps, on=["area_code", *_CELL[3:]], how="left", maintain_order="left")
    breaks = frames.series_breaks.filter(pl.col("series_kind").is_in(["indicator", "scale"]))
    table = table.join(
        breaks.select("wave", "comparable_from", "break_text", indicator="series"),
        on=["indicator", "wave"],
        how="left",
        maintain_order="left",
    )
    reasons = meta.charts.reasons
    mark = {code: text.mark for code, text in reasons.items()}
    words = {code: text.text_sv for code, text in reasons.items()}
    columns = {
        "Område": pl.col("area_name"),
        "Områdeskod": pl.col("area_code"),
        "Mättillfälle": pl.col("wave"),
        "Årskurs": _words("grade", meta.texts["common"]["grades"]),
        "Kön": _words("sex", meta.texts["common"]["sexes"]),
        "Fråga-id": pl.col("indicator"),
        "Fråga": _words("indicator", meta.series_titles),
        "Nämnare": pl.col("base"),
        "Enhet": _words("unit", texts["units"]),
        "Värde": pl.col("value"),
        "Undre gräns": pl.col("low"),
        "Övre gräns": pl.col("high"),
        "Antal svar (närmaste 5)": pl.col("n"),
        "Märke": _words("reason", mark),
        "Skäl": _words("reason", words),
        **_comparison("Skillnad mot länet", "diff", mark, texts["verdicts"]["diff"]),
        **_comparison("Flickor minus pojkar", "gap", mark, texts["verdicts"]["gap"]),
        "Går att jämföra från": pl.col("comparable_from"),
        "Ändrad sedan förra": pl.col("break_text").fill_null(""),
    }
    order = ["area_level", "area_code", "wave", "grade", "indicator", "sex"]
    return table.sort(order).select(expression.alias(name) for name, expression in columns.items())


def _side(rows: pl.DataFrame, measures: tuple[str, ...], name: str) -> pl.DataFrame:
    """The rows of a comparison beside the value that they belong to."""
    numbers = (pl.col(column).cast(pl.Int64).alias(f"{name}_{column}") for column in ("value", "low", "high"))
    rest = (pl.col(column).alias(f"{name}_{column}") for column in ("reason", "verdict"))
    return rows.filter(pl.col("measure").is_in(measures)).select("area_code", *_CELL[3:], *numbers, *rest)


def _comparison(title: str, name: str, mark: Mapping[str, str], verdicts: Mapping[str, str]) -> dict[str, pl.Expr]:
    return {
        title: pl.col(f"{name}_value"),
        f"{title}, undre gräns": pl.col(f"{name}_low"),
        f"{title}, övre gräns": pl.col(f"{name}_high"),
        f"{title}, märke": _words(f"{name}_reason", mark),
        f"{title}, bedömning": _words(f"{name}_verdict", verdicts),
    }


def _words(column: str, words: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(dict(words), return_dtype=pl.String).fill_null("")
