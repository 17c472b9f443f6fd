"""`4_tabeller/svar_per_huvudman.csv` and `rimlighetsprovning.csv`: who answered per type of school, and what the screen changes.

The report shows the scope's wave; these hold all waves until then, for the municipality and the county. Every empty number stands
beside its mark and reason. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.bundle.types import ReportMeta
from assets.charts.types import ReleaseFrames

TYPES_TABLE, SCREEN_TABLE = "svar_per_huvudman", "rimlighetsprovning"
TYPES_KEYS = ("Områdeskod", "Mättillfälle", "Årskurs", "Huvudman")
SCREEN_KEYS = ("Områdeskod", "Mättillfälle", "Årskurs", "Kön", "Serie-id", "Mått")


def school_type_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """Answers, response rate and coverage per type of school; None when the release says nothing about types."""
    rows = frames.response_by_school_type
    if rows.is_empty():
        return None
    words = meta.texts["who"]["types"]
    columns = {
        **_place(meta),
        "Huvudman": _words("school_type", words),
        "Elever i registret": pl.col("enrolled"),
        "Elever i registret, märke": _words("enrolled_reason", _marks(meta)),
        "Skolor i registret": pl.col("schools_registered"),
        "Deltagande skolor": pl.col("schools_participating"),
        "Täckning, procent": pl.col("coverage_pct"),
        "Svar (närmaste 5)": pl.col("respondents"),
        "Svarsfrekvens, procent": pl.col("response_pct"),
        **_reason(meta),
    }
    order = pl.col("school_type").replace_strict({kind: n for n, kind in enumerate(words)}, return_dtype=pl.Int64)
    ordered = rows.sort("area_level", "area_code", "wave", "grade", order)
    return ordered.select(expression.alias(name) for name, expression in columns.items())


def screen_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """What leaving out unserious answers changes; None when the release says nothing about the screen."""
    rows = frames.screen_sensitivity
    if rows.is_empty():
        return None
    texts = meta.texts["screen_table"]
    titles = dict(meta.series_titles) | {key: index.label_sv for key, index in meta.charts.indices.items()}
    columns = {
        **_place(meta),
        "Kön": _words("sex", meta.texts["common"]["sexes"]),
        "Serie-id": pl.col("series"),
        "Serie": _words("series", titles | {"removed": texts["removed"]}),
        "Mått": _words("measure", texts["measures"]),
        "Värde": pl.col("value"),
        "Enhet": _words("unit", texts["units"]),
        "Svaren räknas bort": pl.when("removal").then(pl.lit(texts["yes"])).otherwise(pl.lit(texts["no"])),
        **_reason(meta),
    }
    order = ["area_level", "area_code", "wave", "grade", "series_type", "series", "sex", "measure"]
    return rows.sort(order).select(expression.alias(name) for name, expression in columns.items())


def _place(meta: ReportMeta) -> dict[str, pl.Expr]:
    return {
        "Område": pl.col("area_name"),
        "Områdeskod": pl.col("area_code"),
        "Mättillfälle": pl.col("wave"),
        "Årskurs": _words("grade", meta.texts["common"]["grades"]),
    }


def _reason(meta: ReportMeta) -> dict[str, pl.Expr]:
    told = {code: text.text_sv for code, text in meta.charts.reasons.items()}
    return {"Märke": _words("reason", _marks(meta)), "Skäl": _words("reason", told)}


def _marks(meta: ReportMeta) -> dict[str, str]:
    return {code: text.mark for code, text in meta.charts.reasons.items()}


def _words(column: str, words: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(dict(words), return_dtype=pl.String).fill_null("")
