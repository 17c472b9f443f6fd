"""The index tables and the numbers of factors of one wave and grade as one linear system. Pure.

The same pupils answer all indices, so the number of respondents is one unknown for all of them. A number of factors counts the
same pupils again: each group of pupils (none, some, most factors, no count) holds a part of those with each factor, and the parts
add up to the group's number of factors. That is all that the sums tell, whatever patterns the pupils have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from assets.audit.system import INFINITY, LinearSystem
from assets.audit.types import AuditRules, CountRule
from assets.audit.world import Place, Row, World, number_window, places_of, share_window

BANDS = ("share_band1", "share_band2", "share_band3")
LEAVES = (*BANDS, "share_unscored")
GROUPS = ("share_none", "share_some", "share_most")
INDEX_MEASURES = (*LEAVES, "n_scored", "n_respondents")
COUNT_MEASURES = (*GROUPS, "n_counted")
ALL_KEYS = ""
"""Stands for the index where the number is that of all respondents."""


def index_world(system: LinearSystem, index_rows: Sequence[Row], count_rows: Sequence[Row], rules: AuditRules) -> World:
    """What both tables of one wave and grade tell, rows of one or more editions."""
    world = World(system)
    keys: dict[str, set[Place]] = defaultdict(set)
    for row in index_rows:
        keys[row[4]].add((row[1], row[2]))
    for key, held in sorted(keys.items()):
        places = sorted(held)
        for place in places:
            for sex in ("girl", "boy", "all"):
                scored = world.cell(place, sex, key, "n_scored")
                world.equal(scored, [world.cell(place, sex, key, band) for band in BANDS])
                world.equal(_respondents(world, place, sex), [scored, world.cell(place, sex, key, "share_unscored")])
        world.add_up(places, key, LEAVES)
    for row in index_rows:
        _know_index(world, row, rules)
    present = {row[4] for row in count_rows}
    for rule in rules.counts:
        if rule.key in present and all(index in keys for index in rule.indices):
            places = [
                p for p in places_of(row for row in count_rows if row[4] == rule.key) if all(p in keys[i] for i in rule.indices)
            ]
            _count_world(world, places, rule)
            for row in count_rows:
                if row[4] == rule.key and (row[1], row[2]) in places:
                    _know_count(world, row, rules)
    return world


def target(world: World, place: Place, sex: str, key: str, measure: str) -> Mapping[int, float]:
    """The sum behind a measure of either table."""
    if measure == "n_respondents":
        return {_respondents(world, place, sex): 1.0}
    return {world.cell(place, sex, key, measure): 1.0}


def _respondents(world: World, place: Place, sex: str) -> int:
    return world.cell(place, sex, ALL_KEYS, "n_respondents")


def _know_index(world: World, row: Row, rules: AuditRules) -> None:
    edition, level, code, sex, key, measure, value, low, high, n, reason, method, _ = row
    place, floor, system = (level, code), rules.number_floor(edition, key), world.system
    scored = world.cell(place, sex, key, "n_scored")
    if n is not None:
        system.bound(scored, *number_window(rules, edition, n, 0))
    shown = reason == "ok" and value is not None
    if measure == "n_respondents":
        _know_number(
            system,
            _respondents(world, place, sex),
            value if shown else None,
            reason,
            edition,
            rules.editions[edition].respondents_floor,
            rules,
        )
    elif measure == "n_scored":
        _know_number(system, scored, value if shown else None, reason, edition, floor, rules)
    elif measure in LEAVES:
        unscored = measure == "share_unscored"
        base = _respondents(world, place, sex) if unscored else scored
        if not unscored and rules.told(edition, reason):
            least = rules.told_floor(edition, key, level, reason)
            system.bound(base, *((0, least - 1) if reason == "too_few" else (least, INFINITY)))
        if value is not None and reason == "ok" and method not in rules.weighted:
            system.know_share(
                world.cell(place, sex, key, measure),
                base,
                *share_window(rules, edition, value, low, high, rules.uses_interval(row)),
            )


def _know_number(
    system: LinearSystem, at: int, value: float | None, reason: str, edition: str, floor: int, rules: AuditRules
) -> None:
    if value is not None:
        system.bound(at, *number_window(rules, edition, value, floor))
    elif reason == "too_few":
        system.bound(at, 0, floor - 1)
    elif rules.told(edition, reason):
        system.bound(at, floor, INFINITY)


def _count_world(world: World, places: Sequence[Place], rule: CountRule) -> None:
    """The groups of a number of factors; beside the bands of its indices where the county isn't looked at as a whole."""
    whole_county = any(place[0] == "county" for place in places)
    for place in places:
        for sex in ("girl", "boy", "all"):
            counted = world.cell(place, sex, rule.key, "n_counted")
            groups = [world.cell(place, sex, rule.key, name) for name in GROUPS]
            world.equal(counted, groups)
            world.equal(_respondents(world, place, sex), [counted, world.cell(place, sex, rule.key, "uncounted")])
        for sex in ("girl", "boy") if not whole_county else ():
            _count_place(world, place, sex, rule)
    world.add_up(places, rule.key, (*GROUPS, "uncounted"))


def _count_place(world: World, place: Place, sex: str, rule: CountRule) -> None:
    """Parts of each index's bands that lie in each group of pupils: at most the group, in sum its number of factors."""
    system, size = world.system, len(rule.indices)
    ends = (rule.starts[1] - 1, rule.starts[2] - 1, size)
    parts: dict[str, list[int]] = {name: [] for name in GROUPS}
    lacking: dict[str, list[int]] = {name: [] for name in (*GROUPS, "uncounted")}
    for index in rule.indices:
        having = BANDS[1:] if rule.risk else BANDS[:1]
        has = {name: world.cell(place, sex, rule.key, f"{index} in {name}") for name in (*GROUPS, "uncounted")}
        unscored = {name: world.cell(place, sex, rule.key, f"{index} unscored in {name}") for name in (*GROUPS, "uncounted")}
        system.know(dict.fromkeys(has.values(), 1.0) | {world.cell(place, sex, index, band): -1.0 for band in having}, 0.0, 0.0)
        world.equal(world.cell(place, sex, index, "share_unscored"), unscored.values())
        for name, part in has.items():
            world.contain(world.cell(place, sex, rule.key, name), [part, unscored[name]])
            lacking[name].append(unscored[name])
        for name in GROUPS:
            parts[name].append(has[name])
    for name, start, end in zip(GROUPS, rule.starts, ends, strict=True):
        group = world.cell(place, sex, rule.key, name)
        ones = dict.fromkeys(parts[name], 1.0)
        system.know(ones | {group: -float(start)}, 0.0, INFINITY)
        system.know(ones | {group: -float(end)}, -INFINITY, 0.0)
        system.know(dict.fromkeys(lacking[name], 1.0) | {group: -float(size - rule.least_scored)}, -INFINITY, 0.0)
    uncounted = world.cell(place, sex, rule.key, "uncounted")
    system.know(dict.fromkeys(lacking["uncounted"], 1.0) | {uncounted: -float(size - rule.least_scored + 1)}, 0.0, INFINITY)


def _know_count(world: World, row: Row, rules: AuditRules) -> None:
    edition, level, code, sex, key, measure, value, low, high, n, reason, method, _ = row
    place, floor = (level, code), rules.number_floor(edition, key)
    counted = world.cell(place, sex, key, "n_counted")
    if n is not None:
        world.system.bound(counted, *number_window(rules, edition, n, 0))
    if measure == "n_counted":
        _know_number(world.system, counted, value if reason == "ok" else None, reason, edition, floor, rules)
    elif measure in GROUPS:
        if rules.told(edition, reason):
            least = rules.told_floor(edition, key, level, reason)
            world.system.bound(counted, *((0, least - 1) if reason == "too_few" else (least, INFINITY)))
        if value is not None and reason == "ok" and method not in rules.weighted:
            window = share_window(rules, edition, value, low, high, rules.uses_interval(row))
            world.system.know_share(world.cell(place, sex, key, measure), counted, *window)


def hidden_cells(rows: Iterable[Row], measures: Sequence[str]) -> list[Row]:
    """The rows whose number is hidden."""
    return [row for row in rows if row[5] in measures and row[10] in ("too_few", "suppressed")]
