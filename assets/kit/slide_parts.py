"""The charts of the workshop's slides: one to guess in, without a value, and one with the card's numbers. Pure.

Everything that is read from the back of the room is at least 24 points. Numbers are read from the card's own table, as the
report's slides do (`assets.bundle.slide_charts`). Charts 12 and 14 are tables: a cell of the matrix is words, and the levels of
readiness are ordinal, so a bar would say more than they do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from assets.bundle.slide_charts import SIGNED, Row, ends, marks_of, number, profile_chart, rows_of, sex_chart, short, trend_chart
from assets.bundle.slide_types import ChartPart, Part, Series, TablePart
from assets.bundle.slides_native import scale
from assets.bundle.slides_pptx import table_pages
from assets.bundle.words import Context
from assets.catalogue.load import catalogue_yaml
from assets.charts import numbers
from assets.charts.findings import lookup, say
from assets.charts.tackningsmatris import COUNTED, KNOWN, Place
from assets.charts.theme import BLUE, COUNTY_GREY
from assets.charts.types import ChartCard

LABEL = 24
LARGE = (24, 30)
MATRIX_HEAD = 20
"""The matrix has four columns with long names; at 24 points the words would be broken."""
ROOM = 4.7
"""Inches that a table may be high, with two lines of source below."""


@lru_cache(maxsize=1)
def slide_texts() -> Mapping[str, Any]:
    """The parsed `texts/kit_slides.yml`."""
    return catalogue_yaml("texts/kit_slides.yml")


def text(path: str, **values: object) -> str:
    """A text of `kit_slides.yml` with its words filled in."""
    return str(lookup(slide_texts(), path)).format(**values)


def reveal(context: Context, kind: str, card: ChartCard) -> tuple[Part, ...]:
    """What shows the card's numbers: one native chart, or a table on as many slides as it needs."""
    return _TABLES[kind](context, card) if kind in _TABLES else (_CHARTS[kind](context, card),)


def blank(context: Context, kind: str, card: ChartCard) -> Part:
    """The same chart with its axis, or the same table, and not a single value."""
    if kind in _TABLES:
        return _blank_table(_TABLES[kind](context, card))
    shown = _CHARTS[kind](context, card)
    names = _plain_names(context, kind, card)
    low, high, _ = scale((shown,))
    nothing = (None,) * len(names)
    empty = Series(shown.series[0].name, nothing, nothing, nothing, shown.series[0].colour)
    alt = text(f"alt.blank_{shown.kind}", names=numbers.words(names))
    return replace(shown, categories=tuple(names), series=(empty,), alt=alt, marks=(), reach=(low, high))


def has_value(part: Part) -> bool:
    """Whether a chart has anything of the municipality's own to show; a table always has words."""
    if not isinstance(part, ChartPart):
        return True
    own = [series for series in part.series if series.colour != COUNTY_GREY.lstrip("#")]
    return any(value is not None for series in own for value in series.values)


def grade_of(card: ChartCard) -> str:
    """The grade that the card is about: the last part of its id."""
    return card.chart_id.rpartition("_")[2]


def _large(part: ChartPart, rows: Sequence[Row], label: str, shown: Sequence[str], name: str = "factor") -> ChartPart:
    """The report's native chart with labels that can be read from the back: the name and the value, the interval as a line."""
    categories = []
    for row in rows:
        if all(number(row[column]) is None for column in shown):
            mark = short(row[shown[0]])
            categories.append(
                text("labels.hidden", name=row[name], mark=mark if mark.startswith("[") else text("labels.no_value"))
            )
        else:
            categories.append(text(f"labels.{label}", **{key: short(value) for key, value in row.items()}))
    return replace(part, categories=tuple(categories), label_size=LABEL)


def _profile(context: Context, card: ChartCard) -> ChartPart:
    return _large(profile_chart(context, card, grade_of(card)), rows_of(context, card), "profile", ("own",))


def _sexes(context: Context, card: ChartCard) -> ChartPart:
    rows = rows_of(context, card, "konsskillnad")
    return _large(sex_chart(context, card, grade_of(card)), rows, "sexes", ("girl", "boy"))


def _trend(context: Context, card: ChartCard) -> ChartPart:
    key = card.chart_id.removeprefix("trend_").rpartition("_")[0]
    part = trend_chart(context, card, context.indices[key], grade_of(card))
    return _large(part, rows_of(context, card), "trend", ("own",), "year")


def _priority(context: Context, card: ChartCard) -> ChartPart:
    """Need alone, as the difference to the county; the known activities stand in the alternative text and in the report."""
    rows = _rows(context, card, "prioriteringsfalt")
    spans = [ends(row["need_interval"]) for row in rows]
    values = tuple(number(row["need"]) for row in rows)
    one = Series(text("priority_series"), values, tuple(s[0] for s in spans), tuple(s[1] for s in spans), BLUE.lstrip("#"))
    said = [_said(row, [key for key in row if key not in ("factor", "group", "drawn")], row["factor"]) for row in rows]
    part = ChartPart(
        id=card.chart_id,
        kind="bar",
        heading="",
        categories=(),
        series=(one,),
        number_format=SIGNED,
        axis=context.say("slides.axes.difference"),
        alt=" ".join([text("alt.priority", values=" ".join(said)), *_synthetic(context)]),
        marks=marks_of([value for row in rows for value in row.values()]),
    )
    return _large(part, rows, "priority", ("need",))


_CHARTS: dict[str, Callable[[Context, ChartCard], ChartPart]] = {
    "faktorprofil": _profile, "konsskillnad": _sexes, "trend": _trend, "prioriteringsfalt": _priority,
}  # fmt: skip


def _plain_names(context: Context, kind: str, card: ChartCard) -> list[str]:
    if kind == "trend":
        return [row["year"] for row in rows_of(context, card)]
    rows = rows_of(context, card) if kind != "prioriteringsfalt" else _rows(context, card, kind)
    return [row["factor"] for row in rows]


def _rows(context: Context, card: ChartCard, chart: str) -> list[dict[str, str]]:
    """The card's table by the keys of the chart's columns."""
    heads = {
        key: head for key, head in lookup(context.meta.charts.texts, f"{chart}.columns").items() if head in card.table.columns
    }
    return [{key: str(row[head] or "") for key, head in heads.items()} for row in card.table.iter_rows(named=True)]


def _matrix(context: Context, card: ChartCard) -> tuple[TablePart, ...]:
    """Arenas down, protective factors across; each cell the first words of the chart's cell."""
    rows = _rows(context, card, "tackningsmatris")
    by = "arena" if "arena" in rows[0] else "level"
    factors = list(dict.fromkeys(row["factor"] for row in rows))
    cells = {(row[by], row["factor"]): _cell(context, row) for row in rows}
    body = [(place, *(cells[place, factor] for factor in factors)) for place in dict.fromkeys(row[by] for row in rows)]
    head = str(lookup(context.meta.charts.texts, f"tackningsmatris.columns.{by}"))
    return paged(context, card, (head, *factors), body, (0.2, *[0.8 / len(factors)] * len(factors)), MATRIX_HEAD)


def _cell(context: Context, row: Row) -> str:
    counts = {name: int(row[name].replace(numbers.NBSP, "")) for name in COUNTED}
    place = Place("", "", counts, "", tested=False)
    kind = place.state if place.state != KNOWN or counts["n_activities"] else "own_only"
    return say(context.meta.charts, f"tackningsmatris.cell.{kind}", yes=counts["n_yes"], total=counts["n_activities"])


def _readiness(context: Context, card: ChartCard) -> tuple[TablePart, ...]:
    heads = slide_texts()["tables"]["readiness"]
    rows = [tuple(row[key] for key in heads) for row in _rows(context, card, "forutsattningstrappa")]
    return paged(context, card, tuple(heads.values()), rows, (0.44, 0.24, 0.32))


_TABLES: dict[str, Callable[[Context, ChartCard], tuple[TablePart, ...]]] = {
    "tackningsmatris": _matrix, "forutsattningar": _readiness,
}  # fmt: skip


def paged(
    context: Context,
    card: ChartCard,
    columns: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    widths: tuple[float, ...],
    head: int = LABEL,
) -> tuple[TablePart, ...]:
    """A table with large text on as many slides as its rows need."""
    table = TablePart(card.chart_id, columns, tuple(rows), widths, "", LABEL, head)
    return tuple(replace(page, alt=_table_alt(context, card.title, page.rows)) for page in table_pages(table, ROOM))


def _table_alt(context: Context, title: str, rows: Sequence[tuple[str, ...]]) -> str:
    said = [text("alt.row", name=row[0], values=", ".join(value for value in row[1:] if value)) for row in rows]
    return " ".join([text("alt.table", title=title, values=" ".join(said)), *_synthetic(context)])


def _blank_table(pages: Sequence[TablePart]) -> TablePart:
    """The names of all the pages' rows, and an empty column."""
    names = [row[0] for page in pages for row in page.rows]
    columns = (pages[0].columns[0], text("guess_column"))
    alt = text("alt.blank_table", names=numbers.words(names))
    return replace(pages[0], columns=columns, rows=tuple((name, "") for name in names), widths=(0.6, 0.4), alt=alt, head=LABEL)


def _said(row: Row, keys: Sequence[str], name: str) -> str:
    return text("alt.row", name=name, values=", ".join(dict.fromkeys(row[key] for key in keys)))


def _synthetic(context: Context) -> list[str]:
    return [text("alt.synthetic")] if context.meta.charts.synthetic else []
