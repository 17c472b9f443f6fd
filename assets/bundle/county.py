"""The county's page for comparison: a funnel per factor and grade, and sets of ranks. For the steward, in no bundle. Pure.

Municipalities stand in alphabetical order. Nothing here is a ranking: a set of ranks says how little can be said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from assets.bundle.html_county import render_comparison
from assets.bundle.types import Block, Bullets, Figure, Notice, ReportMeta, Section, Table, Text
from assets.bundle.words import say
from assets.charts import numbers, tratt
from assets.charts.types import GRADES, ChartCard

PAGE = "lansjamforelse.html"
Row = dict[str, object]


def comparison_sections(ranks: pl.DataFrame, funnel: pl.DataFrame, meta: ReportMeta, wave: int) -> tuple[Section, ...]:
    """How to read, then a section per index; nothing where no index can be compared in the wave.

    Args:
        ranks: `release.rank_sets`. funnel: `release.funnel`; both of one edition.
    """
    texts = meta.texts["comparison"]
    found = [_section(key, ranks, funnel, meta, wave) for key in meta.charts.indices]
    sections = tuple(section for section in found if section)
    if not sections:
        return ()
    blocks: list[Block] = [Bullets(tuple(texts["how"]))]
    if meta.other_limits:
        blocks.insert(0, Notice(meta.other_limits))
    if meta.charts.synthetic:
        blocks.insert(0, Notice(meta.texts["county"]["synthetic"], "synthetic", meta.texts["common"]["synthetic_short"]))
    return (Section("las", texts["how_title"], tuple(blocks)), *sections)


def comparison_page(
    ranks: pl.DataFrame,
    funnel: pl.DataFrame,
    meta: ReportMeta,
    wave: int,
    draw: Callable[[list[ChartCard]], list[str]],
    back_to: str = "lansoversikt.html",
) -> str:
    """The page as HTML, `""` when there is nothing to compare.

    Args:
        draw: cards -> SVG texts in the same order. back_to: the overview of the same edition.
    """
    sections = comparison_sections(ranks, funnel, meta, wave)
    if not sections:
        return ""
    cards = [figure.card for section in sections for figure in section.figures]
    svgs = dict(zip((card.chart_id for card in cards), draw(cards), strict=True))
    return render_comparison(sections, svgs, meta, wave=wave, back_to=back_to)


def _section(key: str, ranks: pl.DataFrame, funnel: pl.DataFrame, meta: ReportMeta, wave: int) -> Section | None:
    cards = [tratt.build(funnel, meta.charts, wave=wave, grade=grade, index_key=key) for grade in GRADES]
    blocks: list[Block] = [Figure(card, 3) for card in cards if card]
    if not blocks:
        return None
    here = ranks.filter((pl.col("wave") == wave) & (pl.col("index_key") == key))
    index = meta.charts.indices[key]
    blocks += [Text(_told(here, meta)), _ranks(key, here, meta, wave)]
    return Section(f"index-{key.replace('_', '-')}", index.label_sv, tuple(blocks))


def _told(rows: pl.DataFrame, meta: ReportMeta) -> str:
    """How many municipalities' places can't be told, per grade."""
    parts = []
    for grade in GRADES:
        shown = rows.filter((pl.col("grade") == grade) & (pl.col("reason") == "ok"))
        if shown.height:
            count, total = int(shown["undecided"].sum()), shown.height
            kind = "all" if count == total else "some" if count else "none"
            name = meta.texts["common"]["grades"][grade]
            parts.append(say(meta.texts, f"comparison.undecided.{kind}", grade=name, count=numbers.spelled(count), total=total))
    return " ".join(parts)


def _ranks(key: str, rows: pl.DataFrame, meta: ReportMeta, wave: int) -> Table:
    texts, index = meta.texts["comparison"], meta.charts.indices[key]
    by_area: dict[str, dict[str, Row]] = {}
    for row in rows.sort("area_code").iter_rows(named=True):
        by_area.setdefault(str(row["area_name"]), {})[str(row["grade"])] = row
    lines = [
        (name, *(_places(found.get(grade), meta) for grade in GRADES))
        for name, found in sorted(by_area.items(), key=lambda item: numbers.swedish(item[0]))
    ]
    caption = say(texts, "caption", index=index.label_sv, group=index.focus_band_label_sv, wave=wave)
    columns = (texts["area"], *(meta.texts["common"]["grades_short"][grade] for grade in GRADES))
    return Table(f"platser-{key.replace('_', '-')}", caption, columns, tuple(lines), note=texts["note"])


def _places(row: Mapping[str, object] | None, meta: ReportMeta) -> str:
    """`plats 3–19 av 24`, or that it can't be told, or the reason."""
    texts = meta.texts["comparison"]
    if row is None:
        return ""
    if row["best_rank"] is None:
        return str(meta.charts.reasons[str(row["reason"])])
    kind = "undecided_places" if row["undecided"] else "places"
    return say(texts, kind, best=row["best_rank"], worst=row["worst_rank"], total=row["ranked"])
