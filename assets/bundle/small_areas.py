"""Small groups of pupils: estimates supported by a model or by earlier waves, in a section and a table of their own. Pure.

They are never set among the direct results. A municipality whose groups are large has neither section nor table.
"""

from __future__ import annotations

import polars as pl

from assets.bundle.types import Block, Bullets, ReportMeta, Section, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.types import GRADES, ReleaseFrames

TABLE = "modellskattningar"
KEYS = ("Områdeskod", "Mättillfälle", "Årskurs", "Index-id", "Metod")
MODEL, POOLED = "fay_herriot_reml", "pooled_waves"
NO_WORDS = ("ok",)
Row = dict[str, object]


def small_area_section(context: Context) -> Section | None:
    """None when no group of the municipality is small in the scope's wave."""
    rows = context.frames.model_estimates
    if rows.is_empty():
        return None
    blocks: list[Block] = [
        *context.synthetic_notice(),
        Text(context.say("small_areas.intro", area=context.scope.area_name)),
        Bullets(tuple(context.entry("small_areas.notes"))),
    ]
    for grade in GRADES:
        chosen = rows.filter(pl.col("grade") == grade)
        if chosen.height:
            blocks += _grade(context, grade, chosen)
    return Section("sma-grupper", context.title("sma-grupper"), tuple(blocks))


def _grade(context: Context, grade: str, rows: pl.DataFrame) -> list[Block]:
    by_key = {(row["index_key"], row["method"]): row for row in rows.iter_rows(named=True)}
    lines = []
    for key, index in context.indices.items():
        model, pooled = by_key.get((key, MODEL)), by_key.get((key, POOLED))
        if model is None or pooled is None:
            continue
        lines.append((
            index.label_sv, _value(context, model), _interval(context, model), _weight(context, model),
            _value(context, pooled), _interval(context, pooled), numbers.words(str(pooled["waves"]).split()),
        ))  # fmt: skip
    caption = context.say(
        "small_areas.caption", area=context.scope.area_name, grade=context.grade(grade), wave=context.scope.wave
    )
    table = Table(
        id=f"sma-grupper-{grade}",
        caption=caption,
        columns=tuple(context.entry("small_areas.columns")),
        rows=tuple(lines),
        numeric=frozenset({1, 2, 3, 4, 5}),
        note=context.say("small_areas.table_note"),
        source=context.meta.charts.survey_source,
    )
    return [SubHeading(f"sma-grupper-{grade}-rubrik", numbers.upper_first(context.grade(grade))), table]


def _value(context: Context, row: Row) -> str:
    """`≈ 11 %`, or why there is none."""
    value = row["value"]
    if isinstance(value, (int, float)):
        return f"≈{numbers.NBSP}{numbers.percent(value)}"
    return str(context.entry("small_areas.reasons")[row["model_reason"]])


def _interval(context: Context, row: Row) -> str:
    """`9–16 %`; why there is none beside a value; nothing without a value."""
    low, high = row["low"], row["high"]
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        return numbers.percent_interval(low, high)
    return str(context.entry("small_areas.reasons")[row["model_reason"]]) if row["value"] is not None else ""


def _weight(context: Context, row: Row) -> str:
    """How much of the value is the municipality's own answers."""
    share = row["own_weight_pct"]
    if not isinstance(share, int):
        return ""
    return numbers.percent(share) if share else str(context.entry("small_areas.no_own"))


def small_area_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """`4_tabeller/modellskattningar.csv`: Swedish headers; None when the municipality has no small group."""
    rows = frames.model_estimates
    if rows.is_empty():
        return None
    texts, reasons = meta.texts["small_areas"], meta.charts.reasons
    labels = {key: index.label_sv for key, index in meta.charts.indices.items()}
    bands = {key: index.focus_band_label_sv for key, index in meta.charts.indices.items()}
    whole = pl.Int64
    columns = {
        "Område": pl.col("area_name"),
        "Områdeskod": pl.col("area_code"),
        "Mättillfälle": pl.col("wave"),
        "Årskurs": _words("grade", meta.texts["common"]["grades"]),
        "Index-id": pl.col("index_key"),
        "Index": _words("index_key", labels),
        "Grupp som räknas": _words("index_key", bands),
        "Vad det är": pl.col("model_label"),
        "Metod": pl.col("method"),
        "Värde, procent": pl.col("value").cast(whole),
        "Undre gräns": pl.col("low").cast(whole),
        "Övre gräns": pl.col("high").cast(whole),
        "Egna svarens vikt, procent": pl.col("own_weight_pct"),
        "Mättillfällen som ingår": pl.col("waves"),
        "Antal egna svar (närmaste 5)": pl.col("n"),
        "Märke": _words("reason", {code: text.mark for code, text in reasons.items()}),
        "Anmärkning": _words("model_reason", {key: text for key, text in texts["reasons"].items() if key not in NO_WORDS}),
    }
    return rows.select(expression.alias(name) for name, expression in columns.items())


def _words(column: str, words: dict[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(words, default="", return_dtype=pl.String).fill_null("")
