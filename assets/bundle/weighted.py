"""What non-response weights would change: a table under "Vilka är med?" and a file of its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.bundle.types import Block, ReportMeta, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.catalogue.active import ENROLLED_GRADE
from assets.charts import numbers
from assets.charts.types import COUNTY_CODE, ReleaseFrames

TABLE = "viktad_jamforelse"
KEYS = ("Områdeskod", "Mättillfälle", "Årskurs", "Index-id")
Row = dict[str, object]


def weighted_blocks(context: Context) -> list[Block]:
    """Heading, words and table of the grade that a register counts; nothing when the release holds no weighted results."""
    rows = context.frames.weighted_comparison.filter(pl.col("grade") == ENROLLED_GRADE)
    if rows.is_empty():
        return []
    cells = {(row["area_code"], row["index_key"]): row for row in rows.iter_rows(named=True)}
    own = [row for (area, _), row in cells.items() if area == context.scope.area_code]
    words = {"area": context.scope.area_name, "county": context.meta.charts.comparison_name}
    blocks: list[Block] = [
        SubHeading("vilka-vikter", context.say("weighted.title")),
        Text(context.say("weighted.text")),
    ]
    told = _told(context, own)
    if told:
        blocks.append(Text(told))
    shown = [row for row in cells.values() if row["weighted"] is not None]
    if not shown:
        return blocks
    lines = tuple(
        (
            index.label_sv,
            *(text for area in (context.scope.area_code, COUNTY_CODE) for text in _pair(context, cells.get((area, key)))),
        )
        for key, index in context.indices.items()
    )
    columns = tuple(str(name).format(**words) for name in context.entry("weighted.columns"))
    caption = context.say("weighted.caption", grade=context.grade(ENROLLED_GRADE), wave=context.scope.wave)
    note, source = context.say("weighted.note"), context.meta.charts.survey_source
    return [*blocks, Table("vikter", caption, columns, lines, frozenset({1, 2, 3, 4}), note, source)]


def _told(context: Context, own: list[Row]) -> str:
    """That nothing can change, or that nothing can be shown; else nothing."""
    shown = [row for row in own if row["weighted"] is not None]
    if not shown:
        reason = str(own[0]["reason"]) if own else "missing"
        return context.say("weighted.none", area=context.scope.area_name, reason=context.reason(reason))
    if all(row["difference"] == 0 and row["weight_effect"] == 1 for row in shown):
        return context.say("weighted.same", area=context.scope.area_name)
    return ""


def _pair(context: Context, row: Row | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    reason = context.reason(str(row["reason"])) if row["reason"] != "ok" else ""
    first, second = (
        numbers.percent(v) if isinstance(v := row[name], (int, float)) else reason for name in ("unweighted", "weighted")
    )
    return first, second


def weighted_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """`4_tabeller/viktad_jamforelse.csv`: Swedish headers; None when there is not one weighted share."""
    rows = frames.weighted_comparison
    if rows.is_empty() or rows["weighted"].is_null().all():
        return None
    labels = {key: index.label_sv for key, index in meta.charts.indices.items()}
    bands = {key: index.focus_band_label_sv for key, index in meta.charts.indices.items()}
    reasons = meta.charts.reasons
    whole = pl.Int64
    columns = {
        "Område": pl.col("area_name"),
        "Områdeskod": pl.col("area_code"),
        "Mättillfälle": pl.col("wave"),
        "Årskurs": _words("grade", meta.texts["common"]["grades"]),
        "Index-id": pl.col("index_key"),
        "Index": _words("index_key", labels),
        "Grupp som räknas": _words("index_key", bands),
        "Ovägd andel, procent": pl.col("unweighted").cast(whole),
        "Viktad andel, procent": pl.col("weighted").cast(whole),
        "Viktad, undre gräns": pl.col("low").cast(whole),
        "Viktad, övre gräns": pl.col("high").cast(whole),
        "Konfidensnivå": pl.col("confidence_level"),
        "Skillnad, procentenheter": pl.col("difference").cast(whole),
        "Antal svar (närmaste 5)": pl.col("n"),
        "Vikternas designeffekt": pl.col("weight_effect"),
        "Märke": _words("reason", {code: text.mark for code, text in reasons.items()}),
        "Skäl": _words("reason", {code: text.text_sv for code, text in reasons.items()}),
    }
    return rows.select(expression.alias(name) for name, expression in columns.items())


def _words(column: str, words: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(dict(words), default="", return_dtype=pl.String).fill_null("")
