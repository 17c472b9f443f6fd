"""Indexanatomi: what each index is made of and how well it measures, as a page and as `4_tabeller/indexanatomi.csv`. Pure.

The charts are the same in all bundles of an edition, so a process draws them once (`anatomy_svgs`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import polars as pl

from assets.bundle.types import Block, Figure, Notice, ReportMeta, Section, SubHeading, Table, Terms, Text
from assets.bundle.words import say
from assets.charts import indexanatomi, numbers
from assets.charts.types import ChartCard, ReleaseFrames, Scope
from assets.methods.rasch_information import SHOWN, information_curve
from assets.methods.rasch_model import IndexSpec, ItemSpec

PAGE = "5_metod/indexanatomi.html"
TABLE = "indexanatomi"
KEYS = ("Index-id", "Del", "Nyckel")
Row = dict[str, object]
Draw = Callable[[ChartCard], str]
_DRAWN: dict[tuple[Draw, str], str] = {}


def anatomy_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """`release.index_anatomy` with Swedish headers and words; None when the release has none."""
    rows = frames.index_anatomy
    if rows.is_empty():
        return None
    texts = meta.texts["anatomy"]
    labels = {key: index.label_sv for key, index in meta.charts.indices.items()}
    columns = {
        "index": pl.col("index_key"),
        "name": pl.col("index_key").replace_strict(labels),
        "part": pl.col("part").replace_strict(texts["parts"]),
        "verdict": pl.col("verdict").replace_strict(texts["verdicts"], return_dtype=pl.String),
        # a year alone in a cell looks like a number of something
        "sentence": pl.when(pl.col("key") == "waves")
        .then(pl.format("{}: {}", "title", pl.col("sentence").str.replace_all(" ", ", ")))
        .otherwise("sentence"),
    }
    return rows.select(columns.get(name, pl.col(name) if name in rows.columns else None).alias(header)
                       for name, header in texts["columns"].items())  # fmt: skip


def anatomy_svgs(sections: Sequence[Section], draw: Draw) -> dict[str, str]:
    """Chart id -> SVG text of the charts on the page. Drawn once in a process for equal charts and the same `draw`."""
    found = {}
    for card in (figure.card for section in sections for figure in section.figures):
        key = (draw, json.dumps([card.chart_id, card.title, card.alt, card.spec]))
        if key not in _DRAWN:
            _DRAWN[key] = draw(card)
        found[card.chart_id] = _DRAWN[key]
    return found


def anatomy_sections(frames: ReleaseFrames, scope: Scope, meta: ReportMeta) -> tuple[Section, ...]:
    """How to read, all indices at a glance, then a section per index; nothing when the release has no anatomy."""
    rows = frames.index_anatomy
    if rows.is_empty():
        return ()
    texts = meta.texts["anatomy"]
    by_index = {key: rows.filter(pl.col("index_key") == key) for key in meta.charts.indices}
    judged_with = [Text(meta.scoring[2])] if meta.scoring[2] else []
    how = Terms(tuple((name, text) for name, text in texts["how"]))
    first = Section("las", texts["how_title"], (*judged_with, how))
    summary = Section("alla", texts["summary_title"], (_summary(by_index, meta),))
    cards = {key: indexanatomi.build(frames, scope, meta.charts, index_key=key) for key in by_index}
    return (first, summary, *(_index_section(key, part, cards[key], meta) for key, part in by_index.items() if part.height))


def _summary(by_index: dict[str, pl.DataFrame], meta: ReportMeta) -> Table:
    """Indices down, criteria across: a verdict's mark and word in each cell."""
    texts, titles, rows = meta.texts["anatomy"], {}, []
    for key, part in by_index.items():
        judged = _part(part, "criterion")
        titles |= {str(row["key"]): str(row["title"]) for row in judged}
        rows.append((meta.charts.indices[key].label_sv, *(_verdict(row, meta) for row in judged)))
    return Table("anatomi-alla", texts["summary_caption"], (texts["index_column"], *titles.values()), tuple(rows))


def _index_section(key: str, part: pl.DataFrame, card: ChartCard | None, meta: ReportMeta) -> Section:
    texts, index, about = meta.texts["anatomy"], meta.charts.indices[key], meta.indices[key]
    told = say(texts, "about", items=numbers.spelled(about.items), description=about.description_sv)
    blocks: list[Block] = [Text(f"{told} {texts['kind'][index.kind]} {_answered(part, meta)}")]
    if meta.charts.synthetic:
        common = meta.texts["common"]
        blocks.insert(0, Notice(common["synthetic_section"], "synthetic", common["synthetic_short"]))
    blocks += [*([Figure(card)] if card else []), _criteria(key, part, meta), _items(key, part, meta), _errors(key, part, meta)]
    groups = _part(part, "group")
    if groups:
        blocks += [
            SubHeading(f"{key}-grupper", texts["groups_title"]),
            Terms(tuple((numbers.upper_first(str(row["title"])), _with_verdict(row, meta)) for row in groups)),
        ]
    return Section(f"index-{key.replace('_', '-')}", index.label_sv, tuple(blocks))


def _answered(part: pl.DataFrame, meta: ReportMeta) -> str:
    """How many have a score, over which waves, and the other coefficients of reliability."""
    texts = meta.texts["anatomy"]
    figures = {row["key"]: row for row in _part(part, "figure")}
    if "n_scored" not in figures:
        return str(texts["not_answered"])
    waves = numbers.words(str(figures["waves"]["sentence"]).split())
    said = say(texts, "answered", n=_count(figures["n_scored"]["n"]), waves=waves)
    others = [figures[key] for key in ("alpha", "omega") if figures[key]["value"] is not None]
    if not others:
        return said
    named = numbers.words([f"{row['title']} {_number(row['value'])}" for row in others])
    return f"{said} {say(texts, 'coefficients', parts=named)}"


def _items(key: str, part: pl.DataFrame, meta: ReportMeta) -> Table:
    """A row per question: short label, code, thresholds, about how many answered, its own worst verdict."""
    texts = meta.texts["anatomy"]
    rows = tuple(
        (
            str(row["title"]),
            str(row["key"]),
            "; ".join(_number(float(step)) for step in str(row["thresholds"]).split()),
            _count(row["n"]),
            _verdict(row, meta),
        )
        for row in _part(part, "item")
    )
    caption = say(texts, "items_caption", index=meta.charts.indices[key].label_sv)
    return Table(f"{key}-fragor", caption, tuple(texts["items_columns"]), rows, frozenset({2, 3}), texts["items_note"])


def _errors(key: str, part: pl.DataFrame, meta: ReportMeta) -> Table:
    """The error of measurement along the scale: what the thresholds say of how much the index tells where."""
    texts = meta.texts["anatomy"]
    items = tuple(ItemSpec(str(row["key"]), tuple(map(float, str(row["thresholds"]).split()))) for row in _part(part, "item"))
    curve = information_curve(IndexSpec(key, "risk", items, 1), SHOWN)
    levels = (numbers.decimal(theta, 0) for theta in curve["theta"])
    row = (texts["errors_row"], *(numbers.decimal(error, 2) for error in curve["csem"]))
    caption = say(texts, "errors_caption", index=meta.charts.indices[key].label_sv)
    return Table(
        f"{key}-matfel", caption, (texts["errors_column"], *levels), (row,), frozenset(range(1, len(row))), texts["errors_note"]
    )


def _criteria(key: str, part: pl.DataFrame, meta: ReportMeta) -> Table:
    """A row per criterion: verdict and sentence, then what a specialist asks for: deciding statistic, bound, source."""
    texts = meta.texts["anatomy"]
    rows = tuple(
        (
            str(row["title"]),
            _verdict(row, meta),
            str(row["sentence"]),
            str(row["statistic"] or ""),
            _number(row["value"]),
            _bounds(row, meta),
            str(row["source"] or ""),
        )
        for row in _part(part, "criterion")
    )
    caption = say(texts, "criteria_caption", index=meta.charts.indices[key].label_sv)
    return Table(f"{key}-kriterier", caption, tuple(texts["criteria_columns"]), rows, frozenset({4}))


def _part(rows: pl.DataFrame, part: str) -> list[Row]:
    return list(rows.filter(pl.col("part") == part).iter_rows(named=True))


def _verdict(row: Row, meta: ReportMeta) -> str:
    """The mark (a shape, so that it is seen without colour) and the word."""
    texts = meta.texts["anatomy"]
    return f"{texts['marks'][row['verdict']]}{numbers.NBSP}{texts['verdicts'][row['verdict']]}"


def _with_verdict(row: Row, meta: ReportMeta) -> str:
    return f"{_verdict(row, meta)}. {row['sentence']}"


def _bounds(row: Row, meta: ReportMeta) -> str:
    low, high = row["bound_low"], row["bound_high"]
    which = "between" if low is not None and high is not None else "low" if low is not None else "high"
    if low is None and high is None:
        return ""
    return say(meta.texts, f"anatomy.bounds.{which}", low=_number(low), high=_number(high))


def _number(value: object) -> str:
    """Two decimals, three for what is smaller than that shows."""
    if not isinstance(value, (int, float)):
        return ""
    return numbers.decimal(value, 3 if 0 < abs(value) < 0.1 and round(value, 2) != value else 2)


def _count(value: object) -> str:
    return numbers.thousands(value) if isinstance(value, int) else ""
