"""Small systems of the tables beside those that are attacked: screened answers, other limits, associations, school types. Pure.

Each tells of parts of the same pupils that stand as no cell of their own anywhere: those left out by the screen, those between
two limits, the four cells behind two shares, the respondents of one kind of school. One system per table, edition, wave and
grade, so none of the large systems grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter

import polars as pl

from assets.audit.search import attack
from assets.audit.system import INFINITY, Contradiction, LinearSystem
from assets.audit.tasks import Found, report_rows
from assets.audit.types import AuditRules
from assets.audit.world import ABSENT, EDGE, number_window

ATTACK = "side"
SEXES = ("girl", "boy")
Tables = Mapping[str, pl.DataFrame]
Key = tuple[object, ...]


@dataclass
class Side:
    """A system with the numbers that are looked for: each its key (`CELL_KEY`), its unknowns and the width required."""

    table: str
    edition: str
    rules: AuditRules
    system: LinearSystem = field(default_factory=LinearSystem)
    keys: list[Key] = field(default_factory=list)
    sums: list[Mapping[int, float]] = field(default_factory=list)
    required: list[float] = field(default_factory=list)

    def look(self, place: Key, sex: str, key: str, measure: str, unknowns: Iterable[int], sensitive: bool) -> None:
        """A number to look for. `place`: area level and code, wave and grade."""
        own = self.rules.editions[self.edition]
        self.keys.append((self.table, self.edition, *place, sex, key, measure))
        self.sums.append(dict.fromkeys(unknowns, 1.0))
        self.required.append(float(own.width_sensitive if sensitive else own.width))

    def number(self, unknowns: Sequence[int], shown: float | None, floor: int = 0) -> None:
        """A rounded number of pupils, of one or more unknowns."""
        if shown is not None:
            self.system.know(dict.fromkeys(unknowns, 1.0), *number_window(self.rules, self.edition, shown, floor))

    def share(self, parts: Sequence[int], base: Sequence[int], shown: float | None) -> None:
        """A rounded share, in per cent, of parts that are among the base."""
        if shown is None:
            return
        half = self.rules.editions[self.edition].share_step / 2
        for bound, low, high in ((shown - half, 0.0, INFINITY), (shown + half, -INFINITY, 0.0)):
            edge = bound / 100 - EDGE if high == INFINITY else bound / 100 + EDGE
            self.system.know({one: (one in parts) - edge for one in base}, low, high)


def side_attacks(published: Tables, rules: AuditRules) -> list[Side]:
    """The systems of all such tables that are published."""
    makers = {
        "screen_sensitivity": _screened, "cutoff_sensitivity": _limits, "associations": _pairs, "response_by_school_type": _types,
    }  # fmt: skip
    exact = {name: table for name, table in published.items() if name not in rules.perturbed}
    made: list[Side] = []
    for name, make in makers.items():
        table = exact.get(name)
        if table is None or not table.height:
            continue
        for (edition, wave, grade), rows in sorted(table.partition_by("edition", "wave", "grade", as_dict=True).items()):
            if edition in rules.editions:
                side = Side(name, str(edition), rules)
                make(side, rows, _Beside(exact, str(edition), int(wave), str(grade)))
                made += [side] if side.keys else []
    return made


def run_side(side: Side) -> Found:
    """Attack the numbers of one system."""
    started, programs = perf_counter(), 0
    lows: list[float | None] = [None] * len(side.keys)
    highs = list(lows)
    try:
        found = attack(side.system, side.sums, side.required)
        lows, highs, programs = list(found.low), list(found.high), found.programs
    except Contradiction:
        pass
    frame = report_rows(side.keys, lows, highs, side.required, ATTACK)
    return Found(frame, ((ATTACK, side.table, 1, len(side.keys), programs, perf_counter() - started),))


class _Beside:
    """What the main tables show of the same edition, wave and grade."""

    def __init__(self, published: Tables, edition: str, wave: int, grade: str) -> None:
        self.published, self.edition, self.wave, self.grade = published, edition, wave, grade

    @cached_property
    def index(self) -> dict[Key, tuple[float, int | None]]:
        """Area, sex, index and measure -> value and number of pupils, of the rows that are shown."""
        return self._shown("index_results", "index_key")

    @cached_property
    def series(self) -> dict[Key, tuple[float, int | None]]:
        """As `index`, of single questions, for the county."""
        return self._shown("indicator_results", "indicator", area_level="county")

    def _shown(self, name: str, key: str, **where: str) -> dict[Key, tuple[float, int | None]]:
        if name not in self.published:
            return {}
        own = self.published[name].filter(edition=self.edition, wave=self.wave, grade=self.grade, reason="ok", **where)
        names = ("area_code", "sex", key, "measure", "value", "n")
        return {row[:4]: (row[4], row[5]) for row in own.drop_nulls("value").select(names).iter_rows()}

    def place(self, code: str) -> Key:
        """Area level and code, wave and grade."""
        level = "county" if len(code) == 2 else "municipality"
        return level, code, self.wave, self.grade


def _screened(side: Side, rows: pl.DataFrame, beside: _Beside) -> None:
    """How many of those left out by the screen are in the numerator, and how many of a municipality are left out."""
    removal = bool(rows["removal"][0])
    told_gone = rows.filter(pl.col("measure") == "n_removed", pl.col("reason") == "ok").drop_nulls("value")
    most = {
        code: number_window(side.rules, side.edition, n, 0)[1] for code, n in told_gone.select("area_code", "value").iter_rows()
    }
    wide = rows.filter(pl.col("series_type") != "screen", pl.col("reason") == "ok").drop_nulls("value")
    for (code, key, kind), own in sorted(wide.partition_by("area_code", "series", "series_type", as_dict=True).items()):
        told = {(sex, measure): value for sex, measure, value in own.select("sex", "measure", "value").iter_rows()}
        left_out: list[int] = []
        gone: list[int] = []
        for sex in SEXES:
            kept_yes, kept_no, gone_yes, gone_no = (side.system.unknown() for _ in range(4))
            shown, n = (beside.index if kind == "index" else beside.series).get(
                (code, sex, key, side.rules.focus.get(str(key), "share_band3") if kind == "index" else "share"), (None, None)
            )
            kept, everybody = told.get((sex, "share_kept")), told.get((sex, "share_all"))
            if kind != "index" and shown is not None and (sex, "diff_share") in told:
                kept, everybody = (
                    (shown, shown - told[sex, "diff_share"]) if removal else (shown + told[sex, "diff_share"], shown)
                )
            side.number((kept_yes, kept_no) if removal else (kept_yes, kept_no, gone_yes, gone_no), n)
            side.share([kept_yes], [kept_yes, kept_no], kept)
            side.share([kept_yes, gone_yes], [kept_yes, kept_no, gone_yes, gone_no], everybody)
            left_out.append(gone_yes)
            gone += [gone_yes, gone_no]
            side.look(beside.place(str(code)), sex, str(key), "removed", [gone_yes], str(key) in side.rules.sensitive)
        side.system.know(dict.fromkeys(gone, 1.0), 0.0, most.get(str(code), INFINITY))
        side.look(beside.place(str(code)), "all", str(key), "removed", left_out, str(key) in side.rules.sensitive)
    _left_out(side, rows.filter(pl.col("series_type") == "screen"), beside, removal)


def _left_out(side: Side, rows: pl.DataFrame, beside: _Beside, removal: bool) -> None:
    """How many of a municipality are left out, by its own per cent or by the county's number and the others'."""
    respondents = {
        code: n for (code, sex, _, measure), (n, _) in beside.index.items() if (sex, measure) == ("all", "n_respondents")
    }
    gone: dict[str, int] = {}
    for code, value, reason in (
        rows.filter(measure="removed_pct").select("area_code", "value", "reason").sort("area_code").iter_rows()
    ):
        left, kept = side.system.unknown(), side.system.unknown()
        gone[code] = left
        side.number([kept] if removal else [kept, left], respondents.get(code))
        if reason == "ok":
            side.share([left], [left, kept], value)
        else:
            side.look(beside.place(code), "all", "screen", "removed_pct", [left], sensitive=False)
    for code, value in rows.filter(measure="n_removed", reason="ok").select("area_code", "value").iter_rows():
        inside = [left for area, left in gone.items() if area.startswith(code)]
        if inside:
            side.number(inside, value)


def _limits(side: Side, rows: pl.DataFrame, beside: _Beside) -> None:
    """How many lie between two limits next to each other. Limits shown as equal may differ: then the shares order them."""
    shown = rows.filter(pl.col("reason") == "ok").drop_nulls("value")
    for (code, key), own in sorted(shown.partition_by("area_code", "index_key", as_dict=True).items()):
        above = side.rules.focus.get(str(key), "share_band3") == "share_band3"
        ordered = own.sort("focus_cut", "value", "cut_set", descending=[above, False, False])
        steps = [side.system.unknown() for _ in range(ordered.height + 1)]  # in focus by the strictest limit, between two, nobody
        side.number(steps, own["n"].max())
        for last, value in enumerate(ordered["value"]):
            side.share(steps[: last + 1], steps, value)
        names = ordered["cut_set"].to_list()
        for step, stricter, wider in zip(steps[1:], names, names[1:], strict=False):
            side.look(beside.place(str(code)), "all", str(key), f"{stricter}..{wider}", [step], str(key) in side.rules.sensitive)


def _pairs(side: Side, rows: pl.DataFrame, beside: _Beside) -> None:
    """The four cells of a factor and an outcome."""
    shown = rows.filter(pl.col("reason") == "ok").drop_nulls("value")
    for (code, factor, outcome), own in sorted(shown.partition_by("area_code", "factor", "outcome", as_dict=True).items()):
        told = dict(own.select("measure", "value").iter_rows())
        cells = dict(zip(("both", "factor", "outcome", "neither"), (side.system.unknown() for _ in range(4)), strict=True))
        side.number(list(cells.values()), own["n"].max())
        side.share([cells["both"]], [cells["both"], cells["factor"]], told.get("share_exposed"))
        side.share([cells["outcome"]], [cells["outcome"], cells["neither"]], told.get("share_unexposed"))
        _within(
            side, [cells["both"], cells["factor"]], beside.index.get((code, "all", factor, side.rules.focus.get(str(factor), "")))
        )
        _within(side, [cells["both"], cells["outcome"]], beside.series.get((code, "all", outcome, "share")))
        strict = bool({str(factor), str(outcome)} & side.rules.sensitive)
        for name, cell in cells.items():
            side.look(beside.place(str(code)), "all", f"{factor}|{outcome}", name, [cell], strict)


def _within(side: Side, parts: Sequence[int], published: tuple[float, int | None] | None) -> None:
    """Parts of a pair are among the pupils that a share of all is published of."""
    if published is not None and published[1] is not None:
        value, n = published
        most = (value + side.rules.editions[side.edition].share_step / 2) / 100
        side.system.know(dict.fromkeys(parts, 1.0), 0.0, most * number_window(side.rules, side.edition, n, 0)[1])


def _types(side: Side, rows: pl.DataFrame, beside: _Beside) -> None:
    """Respondents per kind of school: kinds are all of the area, municipalities are the county."""
    cells: dict[tuple[str, str], int] = {}
    totals = dict(rows.filter(pl.col("school_type") == "all").select("area_code", "respondents").iter_rows())
    floor = side.rules.editions[side.edition].floor
    for code, kind, respondents, reason in (
        rows.select("area_code", "school_type", "respondents", "reason").sort("area_code", "school_type").iter_rows()
    ):
        if kind == "all" or totals.get(code) is None:
            continue
        cells[code, kind] = side.system.unknown()
        if respondents is not None:
            side.number([cells[code, kind]], respondents, floor if respondents else 0)
            if not respondents:
                side.system.bound(cells[code, kind], 0, 0)
        elif reason == "suppressed":
            side.look(beside.place(code), "all", kind, "respondents", [cells[code, kind]], False)
    for code, total in totals.items():
        kinds = [cell for (area, _), cell in cells.items() if area == code]
        if kinds:
            side.number(kinds, total)
    absent = rows.filter(pl.col("school_type") == "all", pl.col("respondents").is_null(), ~pl.col("reason").is_in(ABSENT))
    _columns(side, cells, complete=absent.is_empty())


def _columns(side: Side, cells: Mapping[tuple[str, str], int], *, complete: bool) -> None:
    """A kind's respondents in the municipalities are the county's, or among them where some municipality tells of none."""
    for (code, kind), whole in cells.items():
        if len(code) == 2:
            parts = [cell for (area, one), cell in cells.items() if one == kind and len(area) > 2 and area.startswith(code)]
            side.system.know({whole: 1.0} | dict.fromkeys(parts, -1.0), 0.0, 0.0 if complete else INFINITY)
