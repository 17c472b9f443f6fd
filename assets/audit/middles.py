"""Means as sums of points, and the middles of the intervals of differences: what they tell of hidden numbers in one municipality.

The total's mean is the sexes' weighed by how many they are. With a sum of points S per sex, S of all = S of girls + S of boys,
and a published mean says (m - h) n <= S <= (m + h) n: linear in S and n (docs/trials/2026-11-angripare.md). A difference is that
of the rounded numbers, but its interval is symmetric around the exact one, so its middle narrows the shares and means behind it.
Small systems, a municipality with its districts each; only where that can tell something. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from time import perf_counter

import polars as pl

from assets.audit.index_world import INDEX_MEASURES, hidden_cells, index_world, target
from assets.audit.search import attack
from assets.audit.system import INFINITY, UNBOUNDED, Contradiction, LinearSystem
from assets.audit.tasks import INDEX, Found, Task, few_places, report_rows, required_width
from assets.audit.types import AuditRules
from assets.audit.world import Place, Row, World, rows_of, share_window

FAMILY = "middles"
"""Of the attack and of its systems."""
SEXES = ("girl", "boy", "all")
Window = tuple[float, float]
Known = dict[tuple[Place, str, str, str], Window]
"""Place, sex, index and measure (`mean` or the focus share, as a part of 1) -> where the exact number lies."""


@dataclass(frozen=True)
class Middles:
    """An attack on one municipality: its rows as a task, and what means and middles tell there."""

    task: Task
    means: Known
    shares: Known


def middle_attacks(published: Mapping[str, pl.DataFrame], rules: AuditRules) -> list[Middles]:
    """The municipalities, editions, waves and grades where some number is hidden that means or middles could tell."""
    if INDEX not in published or INDEX in rules.perturbed:
        return []
    made = []
    table = published[INDEX].filter(pl.col("edition").is_in(list(rules.editions)))
    slices = table.partition_by("edition", "wave", "grade", as_dict=True, maintain_order=True)
    for (edition, wave, grade), part in sorted(slices.items()):
        rows = rows_of(part, "index_key")
        found = windows(rows, rules)
        inside = sorted((row for row in rows if row[1] != "county"), key=lambda row: row[2])
        for _, own in groupby(inside, key=lambda row: row[2][:4]):
            mine = list(own)
            means, shares = _telling(mine, *found, rules)
            if means or shares:
                task = Task(FAMILY, FAMILY, int(wave), str(grade), str(edition), {INDEX: mine}, rules)
                made.append(Middles(task, means, shares))
    return made


def windows(rows: Sequence[Row], rules: AuditRules) -> tuple[Known, Known]:
    """Means, and the focus shares that the middles of differences and gaps narrow, of one edition, wave and grade."""
    means: Known = {}
    shares: Known = {}
    for row in rows:
        at = ((row[1], row[2]), row[3], row[4], row[5])
        if row[10] != "ok" or row[6] is None or row[11] in rules.weighted:
            continue
        if row[5] == "mean":
            half = rules.editions[row[0]].mean_step / 2
            means[at] = _both((row[6] - half, row[6] + half), _middle(row, half, rules))
        elif row[5] == rules.focus.get(row[4]):
            shares[at] = share_window(rules, row[0], row[6], row[7], row[8], rules.uses_interval(row))
    before = dict(shares)
    for row in rows:
        focus = rules.focus.get(row[4], "")
        for known, name, measure, scale in ((means, "mean", "mean", 1.0), (shares, focus, "share_focus", 100.0)):
            half = rules.editions[row[0]].mean_step / 2 if name == "mean" else 0.5
            told = _middle(row, half, rules) if row[5] in (f"diff_{measure}", f"sex_gap_{measure}") and row[10] == "ok" else None
            if told is not None and row[11] not in rules.weighted:
                _narrow(known, row, name, (told[0] / scale, told[1] / scale))
    return means, {at: window for at, window in shares.items() if window != before[at]}


def _middle(row: Row, half: float, rules: AuditRules) -> Window | None:
    """Where the middle of a symmetric interval lies; None where it may have been widened to hold a rounded number."""
    value, low, high = row[6:9]
    if row[-1] not in rules.plain_intervals or value is None or low is None or high is None or not low < value < high:
        return None
    return (low + high) / 2 - half, (low + high) / 2 + half


def _narrow(known: Known, row: Row, name: str, told: Window) -> None:
    """One number less another lies in `told`: each is narrowed by the other, in place."""
    place, key = (row[1], row[2]), row[4]
    if row[5].startswith("sex_gap_"):
        first, second = (place, "girl", key, name), (place, "boy", key, name)
    else:
        first, second = (place, row[3], key, name), (("county", row[2][:2]), row[3], key, name)
    if first in known and second in known:
        a, b = known[first], known[second]
        known[first] = _both(a, (b[0] + told[0], b[1] + told[1]))
        known[second] = _both(b, (a[0] - told[1], a[1] - told[0]))


def _both(one: Window, other: Window | None) -> Window:
    return one if other is None else (max(one[0], other[0]), min(one[1], other[1]))


def _telling(rows: Sequence[Row], means: Known, shares: Known, rules: AuditRules) -> tuple[Known, Known]:
    """Of a municipality's rows: the means of girls, boys and all that can't be one and the same number, and the narrowed shares
    beside a hidden cell of the same index; nothing where no number is hidden."""
    closed = {(row[1], row[2], row[4]) for row in hidden_cells(rows, INDEX_MEASURES)}
    if not closed:
        return {}, {}
    places = {((row[1], row[2]), row[4]) for row in rows}
    telling: Known = {}
    for place, key in sorted(places):
        own = {(place, sex, key, "mean"): means.get((place, sex, key, "mean")) for sex in SEXES}
        known = {at: window for at, window in own.items() if window is not None}
        if len(known) == len(SEXES) and max(w[0] for w in known.values()) > min(w[1] for w in known.values()):
            telling |= known
    return telling, {at: window for at, window in shares.items() if (*at[0], at[2]) in closed}


def run_middles(one: Middles) -> Found:
    """Attack the hidden numbers of one municipality."""
    started, system, task = perf_counter(), LinearSystem(), one.task
    rows = task.rows[INDEX]
    world = index_world(system, rows, [], task.rules)
    _know_means(world, one.means)
    for (place, sex, key, measure), window in one.shares.items():
        system.know_share(world.cell(place, sex, key, measure), world.cell(place, sex, key, "n_scored"), *window)
    cells = hidden_cells(rows, INDEX_MEASURES)
    few = few_places(task.rows)
    required = [required_width(task, INDEX, row, few) for row in cells]
    lows: list[float | None] = [None] * len(cells)
    highs, programs = list(lows), 0
    try:
        found = attack(system, [target(world, (row[1], row[2]), row[3], row[4], row[5]) for row in cells], required)
        lows, highs, programs = list(found.low), list(found.high), found.programs
    except Contradiction:
        pass
    keys = [(INDEX, *row[:3], task.wave, task.grade, *row[3:6]) for row in cells]
    frame = report_rows(keys, lows, highs, required, task.attack)
    return Found(frame, ((task.attack, FAMILY, 1, len(cells), programs, perf_counter() - started),))


def _know_means(world: World, means: Known) -> None:
    """A sum of points per sex, of any sign, that adds up and that the mean bounds by the number of pupils."""
    system = world.system
    sums: dict[tuple[Place, str, str], int] = {}
    for (place, sex, key, _), (low, high) in means.items():
        points = sums[place, key, sex] = world.own(place)
        system.low[points] = -UNBOUNDED
        scored = world.cell(place, sex, key, "n_scored")
        system.know({points: 1.0, scored: -low}, 0.0, INFINITY)
        system.know({points: 1.0, scored: -high}, -INFINITY, 0.0)
    for place, key in sorted({at[:2] for at in sums}):
        world.equal(sums[place, key, "all"], [sums[place, key, sex] for sex in ("girl", "boy")])
