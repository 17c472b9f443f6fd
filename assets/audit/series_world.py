"""Single-question series and scales of one wave and grade as linear systems, one per family of linked questions. Pure.

A scale's mean over 100 is the share of all points that the pupils could have had, so it is read as a share of yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assets.audit.system import INFINITY, UNBOUNDED, LinearSystem
from assets.audit.types import AuditRules
from assets.audit.world import Place, Row, World, number_window, share_window

LEVELS = ("share", "mean")
Respondents = Mapping[tuple[str, str, str], tuple[float, float]]
"""Area level, code and sex -> the least and the greatest number of respondents that the index tables leave."""


def series_families(keys: Sequence[str], rules: AuditRules) -> list[tuple[str, ...]]:
    """Series that say something of each other's counts, together; the others alone."""
    pairs = [(a, b) for a, b, _ in rules.nested] + list(rules.bases) + [(w, p) for w, parts in rules.covers for p in parts]
    family = {key: {key} for key in keys}
    for one, other in pairs:
        if one in family and other in family and family[one] is not family[other]:
            family[one] |= family[other]
            for key in family[other]:
                family[key] = family[one]
    return sorted({tuple(sorted(names)) for names in family.values()})


def series_world(system: LinearSystem, rows: Sequence[Row], rules: AuditRules, respondents: Respondents) -> World:
    """What the tables tell of one family: rows of one or more editions."""
    world = World(system)
    held: dict[str, set[Place]] = {}
    for row in rows:
        held.setdefault(row[4], set()).add((row[1], row[2]))
    for key, found in sorted(held.items()):
        places = sorted(found)
        for place in places:
            for sex in ("girl", "boy", "all"):
                valid = world.cell(place, sex, key, "n_valid")
                world.equal(valid, [world.cell(place, sex, key, "yes"), world.cell(place, sex, key, "no")])
                system.bound(valid, 0, respondents.get((*place, sex), (0, UNBOUNDED))[1])
        world.add_up(places, key, ("yes", "no"))
    for row in rows:
        _know(world, row, rules)
    _know_links(world, held, rules)
    return world


def _know(world: World, row: Row, rules: AuditRules) -> None:
    edition, level, code, sex, key, _, value, low, high, n, reason, method, _ = row
    place, valid = (level, code), world.cell((level, code), sex, key, "n_valid")
    least = rules.told_floor(edition, key, level, reason)
    if n is not None:
        world.system.bound(valid, *number_window(rules, edition, n, 0))
    if reason == "too_few":
        world.system.bound(valid, 0, least - 1)
    elif reason == "ok" or (reason == "suppressed" and rules.told(edition, reason) and not _silent(row, rules)):
        world.system.bound(valid, least, INFINITY)
    if reason == "ok" and value is not None and method not in rules.weighted:
        window = share_window(rules, edition, value, low, high, rules.uses_interval(row))
        world.system.know_share(world.cell(place, sex, key, "yes"), valid, *window)


def _silent(row: Row, rules: AuditRules) -> bool:
    """Whether the reason may hide that there are few: a rule that hides large and small groups alike comes first."""
    return (row[4] in rules.never_split and row[3] != "all" and row[1] != "county") or any(
        row[4] == one for one, _ in rules.bases
    )


def _know_links(world: World, held: Mapping[str, set[Place]], rules: AuditRules) -> None:
    def yes(key: str, place: Place, sex: str, name: str = "yes") -> int:
        return world.cell(place, sex, key, name)

    for inner, outer, is_no in rules.nested:
        for place in sorted(held.get(inner, set()) & held.get(outer, set())):
            for sex in ("girl", "boy"):
                world.contain(yes(outer, place, sex, "no" if is_no else "yes"), [yes(inner, place, sex)])
    for whole, parts in rules.covers:
        if whole in held and all(part in held for part in parts):
            for place in sorted(held[whole].intersection(*(held[part] for part in parts))):
                for sex in ("girl", "boy"):
                    sums = dict.fromkeys((yes(part, place, sex) for part in parts), 1.0)
                    world.system.know(sums | {yes(whole, place, sex): -1.0}, 0.0, INFINITY)
