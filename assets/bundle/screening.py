"""What leaving out unserious answers changes, in one sentence and a table. County numbers: they are the same in every bundle."""

from __future__ import annotations

import polars as pl

from assets.bundle.types import Block, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.types import COUNTY_CODE, GRADES


def screening_blocks(context: Context) -> list[Block]:
    """Heading, sentence and table for the scope's wave; nothing when the release says nothing about the screen."""
    frame = context.frames.screen_sensitivity
    rows = frame.filter(pl.col("wave") == context.scope.wave)
    if rows.is_empty():
        return []
    heading = SubHeading("kvalitet-rimlighet", context.say("quality.screen_title"))
    text = Text(f"{context.meta.screening_text} {_sentence(context, rows)}".strip())
    table = _table(context, rows.filter((pl.col("area_code") == COUNTY_CODE) & (pl.col("sex") == "all")))
    return [heading, text, table] if table else [heading, text]


def _sentence(context: Context, rows: pl.DataFrame) -> str:
    """How many were left out in the county, the share in the municipality, and the largest change of a share."""
    county = rows.filter(pl.col("area_code") == COUNTY_CODE)
    removal = bool(county["removal"].all())
    counts = _by_grade(county.filter(pl.col("measure") == "n_removed"))
    parts = [
        context.say("quality.screen_count", n=context.count(int(n)), grade=context.grade(grade)) for grade, n in counts.items()
    ]
    if not parts:
        return context.say("quality.screen_hidden")
    change = county.filter((pl.col("measure") == "diff_share") & (pl.col("sex") == "all"))["value"].abs().max()
    told = context.say("quality.screen_removed" if removal else "quality.screen_kept", parts=numbers.words(parts))
    own = _by_grade(rows.filter((pl.col("measure") == "removed_pct") & (pl.col("area_code") == context.scope.area_code)))
    shares = [context.say("quality.screen_share", share=numbers.percent(v), grade=context.grade(g)) for g, v in own.items()]
    if shares:
        told += " " + context.say("quality.screen_own", area=context.scope.area_name, shares=numbers.words(shares))
    if change is not None:
        told += " " + context.say("quality.screen_change", points=_points(float(change)))
    return told


def _points(change: float) -> str:
    """`2 procentenheter`."""
    return numbers.points(change).removeprefix("+")


def _by_grade(rows: pl.DataFrame) -> dict[str, float]:
    found = dict(rows.filter(pl.col("value").is_not_null()).select("grade", "value").iter_rows())
    return {grade: found[grade] for grade in GRADES if grade in found}


def _table(context: Context, county: pl.DataFrame) -> Table | None:
    """Series x grade: with all answers, with those that are counted, and the change."""
    cells = {
        (r["grade"], r["series"], r["measure"]): (r["value"], r["reason"])
        for r in county.filter(pl.col("series_type") != "screen").iter_rows(named=True)
    }
    names = {key: index.label_sv for key, index in context.indices.items()} | dict(context.meta.series_titles)
    series = [key for key in names if any((grade, key, "diff_share") in cells for grade in GRADES)]
    if not series:
        return None

    def shown(grade: str, key: str, measure: str) -> str:
        value, reason = cells.get((grade, key, measure), (None, None))
        if value is None:
            return context.reason(reason) if reason else ""
        if measure == "diff_share":
            return numbers.signed(value)
        return numbers.percent(value)

    rows = tuple(
        (names[key], *(shown(grade, key, m) for grade in GRADES for m in ("share_all", "share_kept", "diff_share")))
        for key in series
    )
    return Table(
        id="rimlighet",
        caption=context.say("quality.screen_caption", wave=context.scope.wave),
        columns=tuple(context.entry("quality.screen_columns").values()),
        rows=rows,
        numeric=frozenset(range(1, 7)),
        note=context.say("quality.screen_note"),
        source=context.meta.charts.survey_source,
    )
