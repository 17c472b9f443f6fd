"""The machine-readable tables as people read them in the workbook: Swedish headers, words instead of codes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from assets.bundle.number_ids import ID_COLUMNS, number_id
from assets.bundle.sheet_xml import PLACES
from assets.bundle.types import ReportMeta
from assets.charts.types import IndicatorMeta


def swedish_tables(tables: Mapping[str, pl.DataFrame], meta: ReportMeta) -> dict[str, pl.DataFrame]:
    """The tables of `assets.bundle.tables.bundle_tables` in the same order, all with Swedish headers; the reasons left out."""
    own: dict[str, Callable[[pl.DataFrame, ReportMeta], pl.DataFrame]] = {
        "index_results": index_sheet,
        "response_rates": answers_sheet,
        "register_values": register_sheet,
        "delivery_quality": quality_sheet,
    }
    return {name: own[name](frame, meta) if name in own else frame for name, frame in tables.items() if name != "reasons"}


def index_sheet(rows: pl.DataFrame, meta: ReportMeta) -> pl.DataFrame:
    """One row per published number of the indices, with the number's id last."""
    texts, indices = _texts(meta), meta.charts.indices
    measures = {
        f"{key}:{measure}": word for key, index in indices.items() for measure, word in texts["measures"][index.kind].items()
    }
    return rows.select(
        **_place(meta),
        **{
            "Kön": _words("sex", meta.texts["common"]["sexes"]),
            "Index-id": pl.col("index_key"),
            "Index": _words("index_key", {key: index.label_sv for key, index in indices.items()}),
            "Mått": pl.format("{}:{}", "index_key", "measure").replace_strict(measures, default=pl.col("measure")),
            "Värde": pl.col("value"),
            "Undre gräns": pl.col("low"),
            "Övre gräns": pl.col("high"),
            "Enhet": _words("unit", texts["units"]),
            "Antal elever (närmaste 5)": pl.col("n"),
        },
        **_reason(meta),
        **{"Bedömning": _words("verdict", texts["verdicts"]), "Tal-id": number_id(ID_COLUMNS["index_results"])},
    )


def answers_sheet(rows: pl.DataFrame, meta: ReportMeta) -> pl.DataFrame:
    """Pupils, answers and response rate per wave and grade."""
    return rows.select(
        **_place(meta),
        **{
            "Elever i registret": pl.col("enrolled"),
            "Elever i registret, märke": _words("enrolled_reason", _marks(meta)),
            "Elever i registret, källa": pl.col("enrolled_source").fill_null(""),
            "Skolor i registret": pl.col("schools_registered"),
            "Deltagande skolor": pl.col("schools_participating"),
            "Svar (närmaste 5)": pl.col("respondents"),
            "Med minst ett index (närmaste 5)": pl.col("scored_any"),
            "Svarsfrekvens, procent": pl.col("response_pct"),
            "Svar, minst": pl.col("respondents_least"),
            "Svarsfrekvens, procent, minst": pl.col("response_least_pct"),
        },
        **_reason(meta),
    )


def register_sheet(rows: pl.DataFrame, meta: ReportMeta) -> pl.DataFrame:
    """Register values as the source gives them, with title and unit in words, and the decimals to show (`PLACES`)."""
    known = {(i.source, i.indicator_key): i for i in _indicators(meta)}
    pairs = rows.select("source", "indicator_key").unique(maintain_order=True).rows()
    titles = {f"{s}:{key}": known[s, key].title_sv for s, key in pairs if (s, key) in known}
    places = {f"{s}:{key}": known[s, key].decimals if (s, key) in known else 1 for s, key in pairs}
    texts, common = _texts(meta), meta.texts["common"]
    named = pl.format("{}:{}", "source", "indicator_key")
    return rows.select(
        **{
            "Område": pl.col("area_name"),
            "Områdeskod": pl.col("area_code"),
            "År": pl.col("year"),
            "Kön": _words("sex", texts["register_sexes"] | {key: common["sexes"][key] for key in ("girl", "boy")}),
            "Källa": _words("source", texts["sources"]),
            "Mått-id": pl.col("indicator_key"),
            "Mått": pl.coalesce(named.replace_strict(titles, default=None, return_dtype=pl.String), "title_sv", "indicator_key"),
            "Värde": pl.col("value"),
            "Undre gräns": pl.col("low"),
            "Övre gräns": pl.col("high"),
            "Konfidensnivå": pl.col("confidence_level"),
            "Enhet": _words("unit", texts["register_units"]),
            "Antal i underlaget": pl.col("n"),
            "Antal händelser": pl.col("events"),
            "Personer i nämnaren": pl.col("population"),
            "Årgång": pl.col("vintage").fill_null(""),
        },
        **_reason(meta),
        **{PLACES: named.replace_strict(places, return_dtype=pl.Int64)},
    )


def quality_sheet(rows: pl.DataFrame, meta: ReportMeta) -> pl.DataFrame:
    """What was received and checked per wave; values are texts, as one column holds both names and counts."""
    quality = meta.texts["quality"]
    named = dict(quality["formats"]) | dict(meta.codebooks)
    value = pl.col("value").cast(pl.String)
    shown = pl.when(value.is_not_null()).then(value.replace(named)).otherwise(_words("reason", _marks(meta)))
    return rows.select(
        **{
            "Områdeskod": pl.col("area_code"),
            "Mättillfälle": pl.col("wave"),
            "Uppgift": _words("item", quality["items"]),
            "Värde": shown,
        },
        **_reason(meta),
    )


def _indicators(meta: ReportMeta) -> tuple[IndicatorMeta, ...]:
    return (*(i for group in meta.registers for i in group.indicators), *meta.more_registers)


def _texts(meta: ReportMeta) -> Mapping[str, Any]:
    return meta.texts["workbook"]


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
    """Words for codes; a code without words stands as it is, so that nothing disappears."""
    return pl.col(column).cast(pl.String).replace(dict(words)).fill_null("")
