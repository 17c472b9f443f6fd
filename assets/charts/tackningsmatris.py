"""Chart 12, täckningsmatris: what is done about it, and where is nothing known? One cell per arena (or level) and factor.

Words stand in every cell, because "none known", "don't know" and "not inventoried" are different things that a colour alone can't
keep apart. The number of activities is never an effect; whether a programme has been tried stands as a symbol of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from assets.charts import numbers
from assets.charts.activity_notes import activity_notes
from assets.charts.findings import lookup, say
from assets.charts.key import KeyItem, hatching, key_view
from assets.charts.theme import BLUE, INK, LINE_GREY, MUTED, TEXT_SIZE, WIDTH, Spec, frame, layer, px, text_layer, view, wrap
from assets.charts.types import ChartCard, ChartMeta, Scope

if TYPE_CHECKING:
    from assets.catalogue.prevention import ActivityCatalogue

By = Literal["arena", "level"]
KNOWN, NONE, DONT_KNOW, DISAGREED, NOT_INVENTORIED, EMPTY = "known", "none", "dont_know", "disagreed", "not_inventoried", "empty"
FILLS = {KNOWN: BLUE, NONE: "white", DONT_KNOW: "#cfcfcf", DISAGREED: "#d98c3a", NOT_INVENTORIED: "white"}
REST = ("n_no", "n_dont_know", "n_disagreed", "n_not_inventoried")
COUNTED = ("n_activities", "n_yes", *REST, "n_own", "n_fragile", "n_blind")
LABEL, GAP, PAD, LINE, TOP = 128.0, 4.0, 8.0, float(TEXT_SIZE + 4), 7.0
ANY = "*"


@dataclass(frozen=True)
class Place:
    """One cell of the matrix: its counts, the reach of what exists there, and whether one of its programmes has been tried."""

    row: str
    factor: str
    counts: Mapping[str, int]
    reach: str
    tested: bool

    @property
    def state(self) -> str:
        """What the cell is called. "None known" needs somebody who says so; mostly silence is "not inventoried"."""
        n = self.counts
        if n["n_yes"] + n["n_own"]:
            return KNOWN
        if not n["n_activities"]:
            return EMPTY
        if n["n_disagreed"]:
            return DISAGREED
        if n["n_no"]:
            return NONE
        return DONT_KNOW if n["n_dont_know"] >= n["n_not_inventoried"] else NOT_INVENTORIED


@dataclass(frozen=True)
class CellLine:
    """One line of a cell's words."""

    text: str
    bold: bool


def build(
    coverage: pl.DataFrame, status: pl.DataFrame, scope: Scope, meta: ChartMeta, catalogue: ActivityCatalogue, *, by: By = "arena"
) -> ChartCard | None:
    """The card `tackningsmatris_<by>`, or None when the area has no row.

    Args:
        coverage: `release.activity_coverage`. status: `release.activity_status`.
        catalogue: names of factors, arenas and levels, and which programmes have been tried.
    """
    ours = coverage.filter((pl.col("area_code") == scope.area_code) & (pl.col("edition") == scope.edition))
    if ours.is_empty():
        return None
    round_ = str(ours["round"][0])
    mine = (pl.col("area_code") == scope.area_code) & (pl.col("edition") == scope.edition) & (pl.col("round") == round_)
    known = status.filter(mine)
    places, rows = _places(ours, known, catalogue, by), _rows(catalogue, by)
    factors = {f.key: f.label_sv for f in catalogue.activity_file.protective_factors}
    states = _states(known)
    title = _title(states, scope, meta)
    subtitle = say(meta, f"tackningsmatris.subtitle.{by}", round=round_)
    words = {
        "area": scope.area_name,
        "round": round_,
        "rows": numbers.spelled(len(rows)),
        "by": say(meta, f"tackningsmatris.by.{by}"),
    }
    alt = say(meta, "tackningsmatris.alt", **words, finding=_finding(places, known, states, (rows, factors), meta, by))
    return ChartCard(
        chart_id=f"tackningsmatris_{by}",
        title=title,
        subtitle=subtitle,
        alt=" ".join([alt, *([say(meta, "tackningsmatris.synthetic_alt")] if meta.synthetic else [])]),
        spec=frame(title, subtitle, [_key(places, meta), _matrix(places, rows, factors, meta)]),
        table=_table(places, rows, factors, meta, by),
        source=say(meta, "tackningsmatris.source", round=round_),
        synthetic=meta.synthetic,
        notes=(*activity_notes(known, catalogue, meta), *lookup(meta.texts, "tackningsmatris.notes")),
    )


def _rows(catalogue: ActivityCatalogue, by: By) -> dict[str, str]:
    file = catalogue.activity_file
    return {x.key: x.label_sv for x in (file.arenas if by == "arena" else file.levels)}


def _places(coverage: pl.DataFrame, status: pl.DataFrame, catalogue: ActivityCatalogue, by: By) -> dict[tuple[str, str], Place]:
    """The matrix's cells by row and factor; one without a row in the release is empty."""
    other = "level" if by == "arena" else "arena"
    total = (pl.col(other) == ANY) & (pl.col("age_band") == ANY) & (pl.col("factor_kind") == "protective_factor")
    counted = {(r[by], r["factor"]): r for r in coverage.filter(total).iter_rows(named=True)}
    existing = {r["activity_id"]: r for r in status.filter(pl.col("exists") == "yes").iter_rows(named=True)}
    tested = {x.id for x in catalogue.programmes if x.evaluation.status == "tested_positive"}
    found = {}
    for row in _rows(catalogue, by):
        for factor in catalogue.activity_file.protective_factors:
            cell = counted.get((row, factor.key), {})
            inside = [
                existing[a.id]
                for a in catalogue.activities
                if a.id in existing and factor.key in a.factors and row in (a.arenas if by == "arena" else a.levels)
            ]
            found[row, factor.key] = Place(
                row,
                factor.key,
                {name: int(cell.get(name) or 0) for name in COUNTED},
                _reach([r["reach"] for r in inside]),
                any(tested & set((r["programmes"] or "").split(";")) for r in inside),
            )
    return found


def _reach(values: Sequence[str | None]) -> str:
    """The reach of a cell's activities: theirs when they agree, `mixed` when they don't, `unknown` when it isn't said of any."""
    known = {value for value in values if value not in (None, "dont_know", "disagreed")}
    return "unknown" if not known else "mixed" if len(known) > 1 else str(known.pop())


def _states(status: pl.DataFrame) -> dict[str, int]:
    """How many of the catalogue's activities have each state."""
    listed = status.filter(~pl.col("activity_id").str.starts_with("own:"))["exists"].to_list()
    return {state: listed.count(state) for state in ("yes", "no", DONT_KNOW, DISAGREED, NOT_INVENTORIED)}


def _title(states: Mapping[str, int], scope: Scope, meta: ChartMeta) -> str:
    total = sum(states.values())
    unknown = total - states["yes"] - states["no"]
    kind = "none" if states[NOT_INVENTORIED] == total else "part" if unknown else "known"
    return say(meta, f"tackningsmatris.title.{kind}", area=scope.area_name, yes=states["yes"], total=total, unknown=unknown)


def _finding(
    places: Mapping[tuple[str, str], Place],
    status: pl.DataFrame,
    states: Mapping[str, int],
    names: tuple[Mapping[str, str], Mapping[str, str]],
    meta: ChartMeta,
    by: By,
) -> str:
    rows, factors = names
    spelled = {name: numbers.spelled(count) for name, count in states.items()}
    parts = [numbers.upper_first(say(meta, "tackningsmatris.finding.known", total=sum(states.values()), **spelled))]
    gaps = [
        say(
            meta,
            f"tackningsmatris.gap.{by}",
            factor=numbers.lower_first(factors[p.factor]),
            place=numbers.lower_first(rows[p.row]),
        )
        for p in places.values()
        if p.state == NONE
    ]
    if gaps:
        parts.append(say(meta, "tackningsmatris.finding.gaps", names=numbers.words(gaps)))
    for name in ("fragile", "blind"):
        count = status[name].to_list().count(True)
        if count:
            parts.append(say(meta, f"tackningsmatris.finding.{name}", count=numbers.spelled(count)))
    return " ".join(parts)


def cell_lines(place: Place, meta: ChartMeta, width: float) -> list[CellLine]:
    """The words of a cell, the state first and bold; broken to fit. Every count of a mixed cell is written out."""
    n = place.counts
    if place.state == EMPTY:
        return [CellLine(say(meta, "tackningsmatris.cell.empty"), bold=False)]
    rest = [_rest(name, n[name], meta) for name in REST if n[name]]
    if place.state == KNOWN:
        kind = "known" if n["n_activities"] else "own_only"
        head = say(meta, f"tackningsmatris.cell.{kind}", yes=n["n_yes"], total=n["n_activities"])
        rest += [say(meta, "tackningsmatris.cell.own", count=n["n_own"])] if n["n_own"] else []
        rest += [say(meta, f"tackningsmatris.reach.{place.reach}")] if n["n_yes"] else []
    else:
        head = say(meta, f"tackningsmatris.cell.{place.state}")
        rest = rest if n["n_activities"] > 1 else []
    first = [CellLine(line, bold=True) for line in wrap(head, width, bold=True)]
    return first + [CellLine(line, bold=False) for part in rest for line in wrap(part, width)]


def _rest(name: str, count: int, meta: ChartMeta) -> str:
    several = name == "n_not_inventoried" and count > 1
    return say(meta, f"tackningsmatris.cell.rest.{name}{'_several' if several else ''}", count=count)


def _key(places: Mapping[tuple[str, str], Place], meta: ChartMeta) -> Spec:
    used = {place.state for place in places.values()}
    items = []
    for state, fill in FILLS.items():
        if state in used:
            symbol = "hatch" if state == NOT_INVENTORIED else "tile"
            colour = MUTED if state == NOT_INVENTORIED else fill
            items.append(KeyItem(say(meta, f"tackningsmatris.key.{state}"), symbol, colour))
    if any(place.tested for place in places.values()):
        items.append(KeyItem(say(meta, "tackningsmatris.key.tested"), "diamond", INK, filled=False))
    if any(place.state == KNOWN and place.counts["n_fragile"] for place in places.values()):
        items.append(KeyItem(say(meta, "tackningsmatris.key.fragile"), "triangle-up", INK, filled=False))
    return key_view(items, synthetic=meta.synthetic)


def _matrix(
    places: Mapping[tuple[str, str], Place], rows: Mapping[str, str], factors: Mapping[str, str], meta: ChartMeta
) -> Spec:
    across = (WIDTH - LABEL) / len(factors)
    inner = across - GAP - 2 * PAD
    heads = [wrap(label.replace("–", "– "), inner, bold=True) for label in factors.values()]  # a dash may end a line
    top = max(len(lines) for lines in heads) * LINE + TOP
    drawn = _Drawn()
    for column, lines in enumerate(heads):
        for number, text in enumerate(lines):
            drawn.heads.append({"x": LABEL + column * across + PAD, "y": number * LINE + LINE / 2, "text": text})
    for row, label in rows.items():
        texts = {factor: cell_lines(places[row, factor], meta, inner) for factor in factors}
        names = wrap(label, LABEL - PAD)
        height = max(len(names), *(len(lines) + _symbol_line(places[row, f]) for f, lines in texts.items())) * LINE + 2 * TOP
        for number, text in enumerate(names):
            drawn.labels.append({"x": 0.0, "y": round(top + TOP + (number + 0.5) * LINE, 1), "text": text})
        for column, factor in enumerate(factors):
            left = round(LABEL + column * across, 1)
            box = (left, round(left + across - GAP, 1), top, round(top + height - GAP, 1))
            drawn.cell(places[row, factor], texts[factor], box)
        top = round(top + height, 1)
    return view(drawn.layers(), height=top)


def _symbol_line(place: Place) -> int:
    """Symbols have a line of their own under the words."""
    return int(place.state == KNOWN and bool(place.tested or place.counts["n_fragile"]))


class _Drawn:
    """What the matrix draws, gathered cell by cell."""

    def __init__(self) -> None:
        self.heads: list[dict[str, object]] = []
        self.labels: list[dict[str, object]] = []
        self.boxes: list[dict[str, object]] = []
        self.hatch: list[dict[str, float]] = []
        self.texts: list[dict[str, object]] = []
        self.symbols: dict[str, list[dict[str, float]]] = {"diamond": [], "triangle-up": []}

    def cell(self, place: Place, lines: Sequence[CellLine], box: tuple[float, float, float, float]) -> None:
        """One cell: its field, its words and its symbols."""
        x, x2, y, y2 = box
        if place.state != EMPTY:
            self.boxes.append({"x": x, "x2": x2, "y": y, "y2": y2, "fill": FILLS[place.state]})
        if place.state == NOT_INVENTORIED:
            self.hatch += hatching(x, x2, y, y2)
        ink = "white" if place.state == KNOWN else MUTED if place.state == EMPTY else INK
        edge = place.state == NOT_INVENTORIED
        for number, line in enumerate(lines):
            at = round(y + TOP + (number + 0.5) * LINE, 1)
            self.texts.append({"x": x + PAD, "y": at, "text": line.text, "fill": ink, "bold": line.bold, "edge": edge})
        if _symbol_line(place):
            at, left = round(y + TOP + (len(lines) + 0.5) * LINE, 1), x + PAD + 7
            for shape, there in (("diamond", place.tested), ("triangle-up", bool(place.counts["n_fragile"]))):
                if there:
                    self.symbols[shape].append({"x": left, "y": at})
                    left += 22

    def layers(self) -> list[Spec]:
        """Fields first, then hatching, words and symbols."""
        corners = {"x": px("x"), "x2": {"field": "x2"}, "y": px("y"), "y2": {"field": "y2"}}
        fill = {"field": "fill", "type": "nominal", "scale": None}
        edge = {"fill": "white", "stroke": "white", "strokeWidth": 6, "strokeJoin": "round"}
        found = [
            layer({"type": "rect", "stroke": MUTED, "strokeWidth": 1, "opacity": 1}, self.boxes, **corners, fill=fill),
            layer({"type": "rule", "stroke": LINE_GREY, "strokeWidth": 1.5}, self.hatch, **corners),
            text_layer(self.heads, px("x"), px("y"), fontWeight="bold"),
            text_layer(self.labels, px("x"), px("y")),
        ]
        for bold in (False, True):
            rows = [{k: row[k] for k in ("x", "y", "text", "fill")} for row in self.texts if row["bold"] is bold]
            look = {"type": "text", "font": "Liberation Sans", "fontSize": TEXT_SIZE, "align": "left", "baseline": "middle"}
            weight = {"fontWeight": "bold"} if bold else {}
            under = [{k: row[k] for k in ("x", "y", "text")} for row in self.texts if row["edge"] and row["bold"] is bold]
            found.append(text_layer(under, px("x"), px("y"), **edge, **weight))
            found.append(layer({**look, **weight}, rows, x=px("x"), y=px("y"), text={"field": "text"}, fill=fill))
        for shape, rows in self.symbols.items():
            mark = {"type": "point", "shape": shape, "size": 110, "stroke": INK, "strokeWidth": 1.5, "fill": "white"}
            found.append(layer({**mark, "opacity": 1}, rows, x=px("x"), y=px("y")))
        return found


def _table(
    places: Mapping[tuple[str, str], Place], rows: Mapping[str, str], factors: Mapping[str, str], meta: ChartMeta, by: By
) -> pl.DataFrame:
    heads = lookup(meta.texts, "tackningsmatris.columns")
    return pl.DataFrame(
        [
            {
                heads[by]: rows[place.row],
                heads["factor"]: factors[place.factor],
                **{heads[name]: numbers.thousands(place.counts[name]) for name in COUNTED},
                heads["reach"]: say(meta, f"tackningsmatris.reach.{place.reach}") if place.counts["n_yes"] else "",
                heads["tested"]: "ja" if place.tested else "",
            }
            for place in places.values()
        ]
    )
