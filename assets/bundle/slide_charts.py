"""Native charts for slides, made from the very table that stands beside the chart in the report.

Every survey chart is native: a picture of the report's chart (14 px text in 700 px) would be about 9 points high on a slide and
can't be read from the back of a room, and none of these needs more than bars or lines with intervals. What a native chart can't
draw (the strip of all municipalities, the words at a break) stands in words below it, or in the report. Kolada's panels with a
scale each have no native form; the slide has their newest values as a table.

The numbers are read from the card's texts, so that a chart can hold nothing that isn't shown in the report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from assets.bundle.slide_types import ChartPart, Series
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.findings import lookup, say
from assets.charts.theme import BLUE, COUNTY_GREY, ORANGE
from assets.charts.trend import merged_breaks
from assets.charts.types import ChartCard, IndexMeta

_NUMBER = re.compile(rf"[+{numbers.MINUS}]?\d[\d{numbers.NBSP}]*(?:,\d+)?")
_SHARE = re.compile(rf"({_NUMBER.pattern})(?:{numbers.NBSP}%)?")
_UNTIL = f"{numbers.DASH}|{numbers.NBSP}till{numbers.NBSP}"
_SPAN = re.compile(rf"({_NUMBER.pattern})(?:{_UNTIL})({_NUMBER.pattern})(?:{numbers.NBSP}%)?")
_MARK = re.compile(r"\[[^\]]+\]")
PERCENT = f'0"{numbers.NBSP}%"'
COUNT = f"#{numbers.NBSP}##0"
SIGNED = f"+0;{numbers.MINUS}0;0"

Row = Mapping[str, str]
Ends = tuple[float | None, float | None]


def number(text: str) -> float | None:
    """`12 %`, `−3` or `1 140` as a number; None for a reason in words."""
    found = _SHARE.fullmatch(text)
    return _value(found[1]) if found else None


def ends(text: str) -> Ends:
    """`9–16 %` or `−6 till +3` as two numbers (a single number is both); None for a reason in words or no interval."""
    found = _SPAN.fullmatch(text)
    if found:
        return _value(found[1]), _value(found[2])
    single = number(text)
    return single, single


def _value(text: str) -> float:
    return float(text.replace(numbers.NBSP, "").replace(numbers.MINUS, "-").replace(",", "."))


def rows_of(context: Context, card: ChartCard, own: str = "") -> list[dict[str, str]]:
    """The card's table by the catalogue's column keys (`factor`, `interval`, ...). `own`: the chart's block of texts."""
    words = {"area": context.scope.area_name, "county": context.meta.charts.comparison_name}
    texts = context.meta.charts.texts
    heads = {key: text.format(**words) for key, text in lookup(texts, "common.columns").items()}
    heads |= {key: text.format(**words) for key, text in (lookup(texts, f"{own}.columns") if own else {}).items()}
    held = {key: head for key, head in heads.items() if head in card.table.columns}
    return [{key: str(row[head] or "") for key, head in held.items()} for row in card.table.iter_rows(named=True)]


class _Words:
    """The texts of native charts for one municipality."""

    def __init__(self, context: Context, grade: str) -> None:
        self.context = context
        self.grade = grade
        charts = context.meta.charts
        self.fixed = {
            "area": context.scope.area_name, "wave": context.scope.wave, "county": charts.comparison_label,
            "grade": say(charts, f"common.grades.{grade}") if grade else "",
        }  # fmt: skip

    def say(self, path: str, **values: object) -> str:
        return self.context.say(f"slides.{path}", **{**self.fixed, **values})

    def heading(self) -> str:
        return numbers.upper_first(str(self.fixed["grade"]))

    def alt(self, kind: str, values: Sequence[str], **more: object) -> str:
        end = [self.say("alt.synthetic")] if self.context.meta.charts.synthetic else []
        return " ".join([self.say(f"alt.{kind}", values=" ".join(values), **more), *end])


def hidden_name(words: _Words, name: str, reason: str) -> str:
    """`Utagerande [c]`: a category without a bar says why by its mark, which is explained below the chart."""
    mark = _MARK.search(reason)
    return words.say("labels.hidden", name=name, mark=mark[0] if mark else f"({reason})")


def short(text: str) -> str:
    """A reason in words as its mark alone; a number as it is."""
    mark = _MARK.search(text)
    return mark[0] if mark else text


def marks_of(texts: Sequence[str]) -> tuple[str, ...]:
    """The marks among some texts with their meaning, each once: `[c] skyddat av sekretesskäl`."""
    found = {}
    for text in texts:
        mark = _MARK.search(text)
        if mark and text != mark[0]:
            found[mark[0]] = text.replace(mark[0], "").strip()
    return tuple(f"{mark} {meaning}" for mark, meaning in sorted(found.items()))


def _series(name: str, colour: str, rows: Sequence[Row], value: str, span: str, hollow: frozenset[int] = frozenset()) -> Series:
    pairs = [ends(row[span]) if span else (None, None) for row in rows]
    values = tuple(number(row[value]) for row in rows)
    return Series(name, values, tuple(p[0] for p in pairs), tuple(p[1] for p in pairs), colour.lstrip("#"), hollow)


def _bars(
    words: _Words, kind: str, card: ChartCard, rows: Sequence[Row], series: Sequence[Series], *, shown: tuple[str, ...], name: str
) -> ChartPart:
    """Lying bars: a category per row, with its numbers in words. `shown`: columns that say whether it has a value."""
    categories, said = [], []
    for row in rows:
        full = f"{row['count']}: {row['group']}" if "count" in row else row[name]
        if all(number(row[column]) is None for column in shown):
            categories.append(hidden_name(words, full, row[shown[0]]))
            said.append(words.say("alt.hidden", name=full, reason=row[shown[0]]))
        else:
            categories.append(words.say(f"labels.{kind}", **{key: short(text) for key, text in row.items()}))
            said.append(words.say(f"alt.{kind}_value", **{"factor": full, **row}))
    difference = kind == "difference"
    return ChartPart(
        id=card.chart_id,
        kind="bar",
        heading=words.heading(),
        categories=tuple(categories),
        series=tuple(series),
        number_format=SIGNED if difference else PERCENT,
        axis=words.say("axes.difference" if difference else "axes.share"),
        alt=words.alt(kind, said),
        marks=marks_of([text for row in rows for text in row.values()]),
    )


def profile_chart(context: Context, card: ChartCard, grade: str) -> ChartPart:
    """The municipality's share and the county's for each factor."""
    words, rows = _Words(context, grade), rows_of(context, card)
    own, county = str(words.fixed["area"]), str(words.fixed["county"])
    pair = (
        _series(own, BLUE, rows, "own", "interval"),
        _series(county, COUNTY_GREY, rows, "county", "county_interval"),
    )
    return _bars(words, "profile", card, rows, pair, shown=("own",), name="factor")


def difference_chart(context: Context, card: ChartCard, grade: str) -> ChartPart:
    """The difference to the county for each factor; an outline where it can't be told."""
    words, rows = _Words(context, grade), rows_of(context, card, "skillnadsdiagram")
    unclear = context.say("arenas.reading.unclear")
    hollow = frozenset(place for place, row in enumerate(rows) if row["verdict"] == unclear)
    one = _series(words.say("series.difference"), BLUE, rows, "difference", "interval", hollow)
    return _bars(words, "difference", card, rows, [one], shown=("difference",), name="factor")


def sex_chart(context: Context, card: ChartCard, grade: str) -> ChartPart:
    """Girls' and boys' shares for each factor."""
    words, rows = _Words(context, grade), rows_of(context, card, "konsskillnad")
    pair = (
        _series(words.say("series.girl"), BLUE, rows, "girl", "girl_interval"),
        _series(words.say("series.boy"), ORANGE, rows, "boy", "boy_interval"),
    )
    return _bars(words, "sexes", card, rows, pair, shown=("girl", "boy"), name="factor")


def counts_chart(context: Context, card: ChartCard, grade: str) -> ChartPart:
    """Shares by number of factors at once."""
    words, rows = _Words(context, grade), rows_of(context, card, "samlade")
    slim = [{key: row[key] for key in ("count", "group", "own", "interval", "county", "county_interval")} for row in rows]
    pair = (
        _series(str(words.fixed["area"]), BLUE, slim, "own", "interval"),
        _series(str(words.fixed["county"]), COUNTY_GREY, slim, "county", "county_interval"),
    )
    return _bars(words, "counts", card, slim, pair, shown=("own",), name="group")


def who_chart(context: Context, card: ChartCard) -> ChartPart | None:
    """Pupils in the grade, answers, and pupils with an index value; None when no count is shown."""
    words, rows = _Words(context, ""), rows_of(context, card, "bortfall")
    named = [(words.say("labels.step", grade=row["grade"], step=row["step"]), row) for row in rows] if rows else []
    shown = [(name, row) for name, row in named if number(row["count"]) is not None]
    if not shown:
        return None
    lacking = [_left_out(words, name, row) for name, row in named if (name, row) not in shown]
    values = [words.say("alt.value", name=name, value=row["count"]) for name, row in shown]
    return ChartPart(
        id=card.chart_id,
        kind="bar",
        heading="",
        categories=tuple(name for name, _ in shown),
        series=(_series(words.say("series.count"), BLUE, [row for _, row in shown], "count", ""),),
        number_format=COUNT,
        axis=words.say("axes.count"),
        alt=words.alt("who", [*values, *lacking]),
        marks=tuple(lacking),
    )


def _left_out(words: _Words, category: str, row: Row) -> str:
    """A step without a column in words: how many they are at least, or why there is no number."""
    least = row.get("least", "")
    if not least:
        return words.say("columns_left_out", category=category, reason=row["count"])
    key = "least_share_left_out" if row["share"] else "least_left_out"
    return words.say(key, category=category, n=least, share=row["share"], mark=short(row["count"]))


def halves_chart(context: Context, card: ChartCard) -> tuple[ChartPart, ...]:
    """The county's municipalities in alphabetical order, half of them in each of two charts; empty when no share is shown.

    The first mark says the county's level, the others why a share is hidden.
    """
    words, rows = _Words(context, ""), rows_of(context, card, "places")
    *places, county = rows
    if all(number(row["value"]) is None for row in places):
        return ()
    level = words.say("labels.level", value=county["value"], interval=county["interval"])
    middle = (len(places) + 1) // 2
    made = []
    for place, half in enumerate((places[:middle], places[middle:]), start=1):
        named = [
            words.say("labels.place", name=row["area"], value=row["value"])
            if number(row["value"]) is not None
            else hidden_name(words, row["area"], row["value"])
            for row in half
        ]
        said = [words.say("alt.value", name=row["area"], value=row["value"]) for row in half]
        made.append(ChartPart(
            id=f"{card.chart_id}-{place}",
            kind="bar",
            heading="",
            categories=tuple(named),
            series=(_series(words.say("series.share"), BLUE, half, "value", "interval"),),
            number_format=PERCENT,
            axis=words.say("axes.share"),
            alt=words.alt("places", said, title=card.title),
            marks=(level, *marks_of([row["value"] for row in half])),
        ))  # fmt: skip
    return tuple(made)


def trend_chart(context: Context, card: ChartCard, index: IndexMeta, grade: str) -> ChartPart:
    """The municipality's share and the county's over the waves; a gap for a hidden wave, a new line after a major break."""
    words, rows = _Words(context, grade), rows_of(context, card)
    breaks = merged_breaks(index, int(rows[0]["year"]), int(rows[-1]["year"]))
    starts = sorted({item.year for item in breaks if item.level == "major"})
    series: list[Series] = []
    lines = [(str(words.fixed["area"]), BLUE, "own", "interval")]
    if "county_interval" in rows[0]:
        lines.append((str(words.fixed["county"]), COUNTY_GREY, "county", "county_interval"))
    for name, colour, value, span in lines:
        series += _segments(words, _series(name, colour, rows, value, span), [int(row["year"]) for row in rows], starts)
    value_text = "alt.trend_value" if "county_interval" in rows[0] else "alt.trend_value_alone"
    said = [
        words.say(value_text, **row)
        if number(row["own"]) is not None
        else words.say("alt.hidden", name=row["year"], reason=row["own"])
        for row in rows
    ]
    years = [hidden_name(words, row["year"], row["own"]) if number(row["own"]) is None else row["year"] for row in rows]
    told = [words.say("break", year=item.year, text=item.text_sv, level=words.say(f"levels.{item.level}")) for item in breaks]
    where: dict[str, Any] = {"factor": index.label_sv, "group": index.focus_band_label_sv}
    places = numbers.words([name for name, *_ in lines])
    return ChartPart(
        id=card.chart_id,
        kind="line",
        heading=words.say("trend_heading", **where),
        categories=tuple(years),
        series=tuple(series),
        number_format=PERCENT,
        axis=words.say("axes.share"),
        alt=words.alt("trend", [*said, *told], places=places, **where),
        marks=(*told, *marks_of([row["own"] for row in rows])),
    )


def _segments(words: _Words, whole: Series, years: Sequence[int], starts: Sequence[int]) -> list[Series]:
    """The line cut into one series for each part between major breaks; a part without any value is left out."""
    limits = [years[0], *starts, years[-1] + 1]
    parts = []
    for first, end in pairwise(limits):
        inside = [first <= year < end for year in years]

        def cut(values: tuple[float | None, ...], inside: Sequence[bool] = inside) -> tuple[float | None, ...]:
            return tuple(value if kept else None for value, kept in zip(values, inside, strict=True))

        name = whole.name if first == limits[0] else words.context.say("slides.series.since", area=whole.name, year=first)
        part = Series(name, cut(whole.values), cut(whole.low), cut(whole.high), whole.colour)
        if any(value is not None for value in part.values):
            parts.append(part)
    return parts
