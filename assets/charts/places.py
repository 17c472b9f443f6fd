"""What the county's charts share: one share per municipality, classes of shares, and a strip of dots with intervals.

A map alone hides the uncertainty, so both maps stand beside the strip. Municipalities are in alphabetical order, never by value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.charts import numbers
from assets.charts.cells import DRAWN, Cell, count_text, interval_text, share_text
from assets.charts.findings import grade_name, lookup, say
from assets.charts.key import KeyItem, key_view
from assets.charts.rows import axis_top, percent_axis
from assets.charts.theme import (
    COUNTY_GREY,
    INK,
    LINE_GREY,
    MUTED,
    TEXT_SIZE,
    WIDTH,
    Spec,
    halo_text,
    layer,
    px,
    text_layer,
    text_width,
    wrap,
)
from assets.charts.types import COUNTY_CODE, ChartMeta, Scope

CLASS_COLOURS = ("#f7fbff", "#b3cfe5", "#62a4d0", "#2171b5", "#08306b")
"""Light to dark in one hue, so the order is the same in grey print and for colour-blind readers (after ColorBrewer Blues)."""
DARK_FROM = 3
DIFFERENCE = "diff_share_focus"
ROW = 19.5
HEAD = 12
STRIP = 420.0
PLOT_RIGHT = float(WIDTH) - 14
PLOT_LEFT, LEAST_PLOT = 536.0, 100.0
MOST_STEPS = 3
"""More would set the per cents of the strip's axis too close."""
MAP_WIDTH = 404.0
MAP_HEIGHT = 26 * ROW + HEAD


@dataclass(frozen=True)
class Place:
    """One municipality's published share and what the test against the county says (`higher`, `lower`, `unclear`, None)."""

    code: str
    name: str
    cell: Cell
    verdict: str | None


@dataclass(frozen=True)
class County:
    """All municipalities of one index, wave and grade in alphabetical order, and the county's own share."""

    places: tuple[Place, ...]
    level: Cell

    @property
    def shown(self) -> tuple[Place, ...]:
        """Those with a share to draw."""
        return tuple(place for place in self.places if place.cell.shown)


@dataclass(frozen=True)
class Classes:
    """Up to five classes of equal width in whole per cent; `lows` are their lower ends."""

    lows: tuple[int, ...]
    width: int

    def of(self, value: float) -> int:
        """Which class a share belongs to, from 0."""
        return max(k for k, low in enumerate(self.lows) if low <= value)

    def colour(self, value: float) -> str:
        """The class's colour."""
        return CLASS_COLOURS[self.of(value)]

    def ink(self, value: float) -> str:
        """Text colour that can be read on the class's colour."""
        return "white" if self.of(value) >= DARK_FROM else INK

    def words(self) -> list[str]:
        """`7–9 %` per class."""
        return [numbers.percent_interval(low, low + self.width - 1) for low in self.lows]


def read_county(results: pl.DataFrame, scope: Scope, meta: ChartMeta, *, grade: str, index_key: str) -> County:
    """The focus share of every municipality and of the county.

    Args:
        results: `release.index_results` with the whole county's rows. The scope's wave and edition are read.
    """
    own = (
        (pl.col("edition") == scope.edition) & (pl.col("wave") == scope.wave) & (pl.col("grade") == grade)
        & (pl.col("sex") == "all") & (pl.col("index_key") == index_key)
    )  # fmt: skip
    rows = results.filter(own)
    tested = {row["area_code"]: row["verdict"] for row in rows.filter(pl.col("measure") == DIFFERENCE).iter_rows(named=True)}
    shares = rows.filter(pl.col("measure") == meta.indices[index_key].focus_measure)
    cells = {(row["area_code"], row["area_level"], row["area_name"]): Cell(*(row[name] for name in DRAWN))
             for row in shares.iter_rows(named=True)}  # fmt: skip
    places = [Place(code, name, cell, tested.get(code)) for (code, level, name), cell in cells.items() if level == "municipality"]
    places.sort(key=lambda place: numbers.swedish(place.name))
    level = next((cell for (code, _, _), cell in cells.items() if code == COUNTY_CODE), Cell(None, reason="missing"))
    return County(tuple(places), level)


def classes(values: Sequence[float]) -> Classes:
    """Five classes of equal width from the smallest share to the largest; fewer when the shares are fewer per cent apart."""
    low, high = int(min(values)), int(max(values))
    width = max(1, -(-(high - low + 1) // len(CLASS_COLOURS)))
    return Classes(tuple(range(low, high + 1, width)), width)


def words_of(county: County, meta: ChartMeta, scope: Scope, grade: str, index_key: str) -> dict[str, object]:
    """What the sentences of a county chart are filled with."""
    index = meta.indices[index_key]
    return {
        "factor": index.label_sv, "factor_lower": numbers.lower_first(index.label_sv), "group": index.focus_band_label_sv,
        "grade": grade_name(meta, grade), "year": scope.wave, "county": meta.comparison_label,
        "total": numbers.spelled(len(county.shown)),
    }  # fmt: skip


def title(county: County, meta: ChartMeta, words: Mapping[str, object]) -> str:
    """How many municipalities the test tells from the county; the span where nothing has been tested."""
    shown = county.shown
    if not shown:
        reason = str(meta.reasons[county.places[0].cell.reason])
        return say(meta, "places.title.hidden", **words, reason=reason)
    tested = [place for place in shown if place.verdict]
    clear = [place for place in tested if place.verdict != "unclear"]
    if tested:
        kind = "some" if clear else "none"
        return say(meta, f"places.title.{kind}", **words, count=numbers.spelled(len(clear)))
    ends = sorted(float(place.cell.value or 0) for place in shown)
    return say(meta, "places.title.span", **words, low=numbers.decimal(ends[0]), high=numbers.decimal(ends[-1]))


def alt_finding(county: County, meta: ChartMeta, words: Mapping[str, object]) -> str:
    """The finding of a text alternative: which differ and how many have no share."""
    hidden = len(county.places) - len(county.shown)
    parts = [title(county, meta, words) + "."]
    for verdict in ("higher", "lower"):
        found = [place.name for place in county.shown if place.verdict == verdict]
        if found:
            parts.append(say(meta, f"places.{verdict}", names=numbers.words(found)))
    if hidden and county.shown:
        parts.append(say(meta, "places.no_share", count=numbers.spelled(hidden)))
    return f"{parts[0]} {'; '.join([parts[1], *(numbers.lower_first(p) for p in parts[2:])])}." if parts[1:] else parts[0]


def map_key(meta: ChartMeta, found: Classes | None, *, hidden: bool) -> Spec:
    """Each class beside its span, what has no share, and the county's line."""
    items = [KeyItem(text, "tile", CLASS_COLOURS[k]) for k, text in enumerate(found.words())] if found else []
    if hidden:
        items.append(KeyItem(say(meta, "places.key.hidden"), "hatch", MUTED))
    items.append(KeyItem(meta.comparison_name, "dashed", COUNTY_GREY))
    return key_view(items, synthetic=meta.synthetic)


def strip(county: County, found: Classes | None, meta: ChartMeta, words: Mapping[str, object]) -> list[Spec]:
    """Names, dots and intervals at the right of a map, one row per municipality; reasons in words."""
    longest = max((text_width(place.name) for place in county.places), default=0.0)
    plot = (min(PLOT_RIGHT - LEAST_PLOT, max(PLOT_LEFT, round(STRIP + longest + 8))), PLOT_RIGHT)
    dots, rules, names, hidden, lines = [], [], [], [], []
    for row, place in enumerate(county.places):
        y, cell = HEAD + row * ROW + ROW / 2, place.cell
        names.append({"x": STRIP, "y": y, "text": place.name})
        if cell.value is None or found is None:
            hidden.append({"x": plot[0], "y": y, "text": short_reason(cell, meta)})
            continue
        lines.append({"x": plot[0], "x2": plot[1], "y": y})
        dots.append({"x": cell.value, "y": y, "fill": found.colour(cell.value)})
        if cell.low is not None and cell.high is not None:
            rules.append({"x": cell.low, "x2": cell.high, "y": y})
    top = axis_top([row["x2"] for row in rules] + [row["x"] for row in dots])
    axis = percent_axis("", [top - 0.6], plot)
    axis["axis"] |= {"title": wrap(say(meta, "places.axis", **words), plot[1] - plot[0] + 40), "values": _ticks(top)}
    ends = {"x2": {"field": "x2"}, "y": px("y")}
    dot = {"type": "point", "shape": "circle", "size": 80, "stroke": INK, "strokeWidth": 1.2, "opacity": 1}
    layers = [
        layer({"type": "rule", "stroke": LINE_GREY}, lines, x=px("x"), x2={"field": "x2"}, y=px("y")),
        *_county_line(county.level, axis, len(county.places)),
        layer({"type": "rule", "stroke": INK, "strokeWidth": 2}, rules, x=axis, **ends),
        layer(dot, dots, x=axis, y=px("y"), fill={"field": "fill", "type": "nominal", "scale": None}),
        text_layer(names, px("x"), px("y")),
        *halo_text(hidden, px("x"), px("y"), fill=MUTED, fontStyle="italic"),
    ]
    return layers


def _ticks(top: float) -> list[int]:
    step = next((step for step in (5, 10, 20, 25) if top / step <= MOST_STEPS), 50)
    return list(range(0, int(top) + 1, step))


def _county_line(level: Cell, axis: Spec, rows: int) -> list[Spec]:
    if level.value is None:
        return []
    mark = {"type": "rule", "stroke": COUNTY_GREY, "strokeWidth": 1.5, "strokeDash": [4, 3]}
    values = [{"x": level.value, "y": HEAD, "y2": HEAD + rows * ROW}]
    return [layer(mark, values, x=axis, y=px("y"), y2={"field": "y2"})]


def short_reason(cell: Cell, meta: ChartMeta) -> str:
    """`skyddat [c]`: few enough letters for a tile; the long form where the catalogue has no short one."""
    short = lookup(meta.texts, "places.short").get(cell.reason)
    reason = meta.reasons[cell.reason]
    return f"{short} {reason.mark}".strip() if short else str(reason)


def table(county: County, meta: ChartMeta, extra: Mapping[str, Sequence[str]] | None = None) -> pl.DataFrame:
    """Municipality, share, interval, n and what the test says; the county last."""
    head = {key: say(meta, f"places.columns.{key}") for key in ("area", "value", "interval", "n", "verdict")}
    verdicts = lookup(meta.texts, "places.verdicts")
    rows = [
        {
            head["area"]: name, head["value"]: share_text(cell, meta), head["interval"]: interval_text(cell, meta),
            head["n"]: count_text(cell, meta), head["verdict"]: verdicts[verdict] if verdict and cell.shown else "",
        }
        for name, cell, verdict in [
            *((place.name, place.cell, place.verdict) for place in county.places),
            (meta.comparison_name, county.level, None),
        ]
    ]  # fmt: skip
    built = pl.DataFrame(rows)
    return built.with_columns(pl.Series(name, values) for name, values in (extra or {}).items())


def name_lines(name: str, width: float) -> list[str]:
    """A municipality's name in lines that fit; a hyphen may be broken after."""
    return [name] if text_width(name) <= width else [part.strip() for part in wrap(name.replace("-", "- "), width, TEXT_SIZE)]
