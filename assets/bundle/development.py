"""How the shares develop: a table per arena, and `4_tabeller/utveckling.csv`, as `release.trends` publishes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.bundle.types import Block, ReportMeta, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.changes import Change, read_changes
from assets.charts.trend import line_sentence
from assets.charts.types import GRADES, IndexMeta, ReleaseFrames

TABLE = "utveckling"
KEYS = ("Områdeskod", "Mättillfälle", "Årskurs", "Kön", "Serietyp", "Serie-id", "Mått")


def development(context: Context, arena: str, chosen: Sequence[IndexMeta]) -> list[Block]:
    """The arena's indices: the change since the wave before and what all comparable waves say; nothing without the table."""
    changes = read_changes(context.frames, context.scope)
    rows, found = [], []
    for index in chosen:
        for grade in GRADES:
            change = changes.get((grade, "all", "index", index.index_key, "share_focus"))
            if change and context.whole_reason(grade) != "no_pupils":
                rows.append(_row(context, index, grade, change))
                found.append(change)
    if not rows:
        return []
    scope = context.scope
    heading = SubHeading(f"{arena}-utveckling", context.say("development.title"))
    if not any(change.shown or change.slope is not None for change in found):
        reason = context.reason(found[-1].reason)
        return [heading, Text(context.say("small_mode.no_development", area=scope.area_name, reason=reason))]
    table = Table(
        id=f"utveckling-{arena}",
        caption=context.say("development.caption", arena=context.title(arena), area=scope.area_name, wave=scope.wave),
        columns=tuple(context.entry("development.columns").values()),
        rows=tuple(rows),
        numeric=frozenset({2, 3}),
        note=context.say("development.note"),
        source=context.meta.charts.survey_source,
    )
    return [heading, table]


def _row(context: Context, index: IndexMeta, grade: str, change: Change) -> tuple[str, ...]:
    name, short = index.label_sv, context.grade(grade, short=True)
    since = str(change.from_wave) if change.from_wave is not None else ""
    line = line_sentence(change, context.meta.charts, context.scope.wave) or context.say("development.no_line")
    if change.value is None:
        line = ""
    if change.change is None:
        return (name, short, since, "", context.reason(change.reason), line)
    amount = numbers.signed(change.change)
    if change.low is not None and change.high is not None:
        amount = f"{amount} ({numbers.signed_interval(change.low, change.high)})"
    return (name, short, since, amount, context.say(f"development.verdicts.{change.verdict}"), line)


def development_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """`utveckling.csv`: every series of the bundle's areas with Swedish headers, or None when the release has no trends."""
    rows = frames.trends
    if rows.is_empty():
        return None
    texts, reasons = meta.texts["development"], meta.charts.reasons
    titles = dict(meta.series_titles) | {key: index.label_sv for key, index in meta.charts.indices.items()}
    columns = {
        "Område": pl.col("area_name"),
        "Områdeskod": pl.col("area_code"),
        "Mättillfälle": pl.col("wave"),
        "Årskurs": _words("grade", meta.texts["common"]["grades"]),
        "Kön": _words("sex", meta.texts["common"]["sexes"]),
        "Serietyp": _words("series_kind", texts["kinds"]),
        "Serie-id": pl.col("series"),
        "Serie": _words("series", titles),
        "Mått": _words("measure", texts["measures"]),
        "Förändringens enhet": _words("unit", texts["units"]),
        "Värde": pl.col("value"),
        "Jämfört med": pl.col("from_wave"),
        "Värde då": pl.col("value_from"),
        "Förändring": pl.col("change"),
        "Undre gräns": pl.col("low"),
        "Övre gräns": pl.col("high"),
        "Konfidensnivå": pl.col("confidence_level"),
        "Bedömning": _words("verdict", texts["verdicts"]),
        "Märke": _words("reason", {code: text.mark for code, text in reasons.items()}),
        "Skäl": _words("reason", {code: text.text_sv for code, text in reasons.items()}),
        "Metod": _words("method", texts["methods"]),
        "Linje från": pl.col("first_wave"),
        "Mättillfällen i linjen": pl.col("n_waves"),
        "Lutning på två år": pl.col("slope"),
        "Lutning, undre gräns": pl.col("slope_low"),
        "Lutning, övre gräns": pl.col("slope_high"),
        "Linjens bedömning": _words("trend_verdict", meta.trend_words),
        "Linjens skäl": _words("trend_reason", meta.trend_reasons),
    }
    order = ["area_level", "area_code", "wave", "grade", "series_kind", "series", "sex", "measure"]
    return rows.sort(order).select(expression.alias(name) for name, expression in columns.items())


def _words(column: str, words: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(dict(words), return_dtype=pl.String, default=None).fill_null("")
