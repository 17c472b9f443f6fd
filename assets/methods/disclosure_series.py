"""Disclosure control of single-question series and 0-100 scales: what may be shown, with a reason on every cell. Pure.

A share of yes is shown when enough pupils answered, enough of them said yes and enough did not (the floors of `disclosure.yml`).
Around that, step by step until nothing changes:

1. Sexes. Girls and boys are shown together or not at all; without the total they are not shown. Sensitive questions are split by
   sex for the county only.
2. Links (`indicator_links.py`). A difference between two shown linked indicators is itself a number of pupils and must pass the
   cell floor, else the narrower one is hidden; the overlap of the shown parts of a union likewise. An indicator whose denominator
   is an answer to another is hidden with it. Scales that share questions are hidden together.
3. Bounds. What is shown in the area must leave every hidden count an interval wider than the policy's width. When it does not,
   all linked indicators of the area are hidden.
4. Sums over areas. The county is the sum of its municipalities: the roundings of the other areas, and their own hidden cells,
   must leave twice the room that a hidden cell needs, else the county's cell (or all districts') is hidden.

In a weighted survey the published share is the weighted one. All rules then hold twice: for the pupils and for the sums of
weights turned into pupils, as an attacker may add up either. Nobody outside knows which pupil has which weight, so the weighted
share alone says less about the pupils than their own share would.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from assets.methods.disclosure_blocks import ALL, BOY, GIRL, GROUP_KEYS
from assets.methods.disclosure_margins import families as area_families
from assets.methods.disclosure_policy import PolicyNumbers
from assets.methods.disclosure_rounding import FloatArray, IntArray
from assets.methods.disclosure_series_state import Bounds, Limits, Pattern, Series, bounds_inside
from assets.methods.disclosure_state import school_rules
from assets.methods.edition_patterns import keep_hidden
from assets.methods.errors import PipelineError
from assets.methods.indicator_links import Links

_SPLIT = [GIRL, BOY]
_MOST_PASSES = 60
_TINY = 1e-6


def suppress_series(
    series: Series,
    limits: Limits,
    links: Links,
    together: Sequence[Sequence[str]],
    numbers: PolicyNumbers,
    most_not_asked_pct: int,
    hidden_respondents: pl.DataFrame,
    outer: tuple[np.ndarray, ...] | None = None,
    kept: tuple[np.ndarray, ...] | None = None,
) -> Pattern:
    """The pattern: primary cells and all that must be hidden with them.

    Args:
        links: of the indicators among the series. together: scales that are hidden together.
        hidden_respondents: `area_level, area_code, wave, grade, sex` whose number of respondents is hidden elsewhere in the
            release: a number of answers there would bound it.
        outer: what another edition hides (`hidden, quiet, no_count` of its pattern); hidden here by the same rules.
        kept: as `outer`, what an earlier release about the same pupils hid.

    Raises:
        PipelineError: the rules come to no end (a contradiction in the policy).
    """
    pattern = _primary(series, limits, numbers, most_not_asked_pct)
    keep_hidden((pattern.hidden, pattern.quiet, pattern.no_count), outer)
    keep_hidden((pattern.hidden, pattern.quiet), kept and kept[:2])
    for _ in range(_MOST_PASSES):
        changed = _close_sexes(series, pattern, limits)
        changed |= _close_links(series, pattern, limits, links, together)
        if changed:
            continue
        bounds = bounds_inside(series, pattern, limits, links)
        if _widen(series, pattern, limits, links, bounds):
            continue
        if not _close_sums(series, pattern, limits, numbers, bounds):
            _hide_counts(series, pattern, limits, numbers, hidden_respondents)
            # only what the rules alone would show: to begin with the earlier numbers hidden would hide more around them
            if kept is not None and (kept[2] & ~pattern.no_count).any():
                pattern.no_count |= kept[2]
                _hide_counts(series, pattern, limits, numbers, hidden_respondents)
            return pattern
    raise PipelineError(
        code="cannot_protect",
        where="Röjandekontrollen av enskilda frågor",
        expected="ett mönster som skyddar alla dolda antal",
        got="regler som inte går att uppfylla samtidigt",
        hint="Höj group_floor i disclosure.yml.",
    )


def _primary(series: Series, limits: Limits, numbers: PolicyNumbers, most_not_asked_pct: int) -> Pattern:
    shape = series.valid.shape
    asked_of, total = series.not_asked[..., ALL], series.respondents[..., ALL]
    not_asked = np.repeat((100 * asked_of > most_not_asked_pct * total)[..., None], 3, axis=2)
    pattern = Pattern(np.zeros(shape, np.int8), not_asked, np.zeros(shape, bool), np.zeros(shape, bool))
    sensitive = limits.sensitive[None, :, None]
    split = np.zeros(3, dtype=bool)
    split[_SPLIT] = True
    by_sex = sensitive & split & (series.level != "county")[:, None, None]
    pattern.quiet |= by_sex
    pattern.hide(by_sex, "sensitive_sex_split")
    few, few_here = series.valid < limits.count[None, :, None], series.valid < limits.share[..., None]
    pattern.hide(few & sensitive, "group_floor_sensitive")
    pattern.hide(few, "group_floor")
    pattern.hide(few_here, "district_floor")
    by_schools = school_rules(series.level == "district", series.schools, series.valid, series.largest, series.second, numbers)
    for rule, flags in by_schools.items():
        pattern.hide(flags, rule)
    small = np.minimum(series.yes, series.no).min(axis=0) < limits.cell[None, :, None] - _TINY
    pattern.hide(small & sensitive, "cell_floor_sensitive")
    pattern.hide(small, "cell_floor")
    return pattern


def _close_sexes(series: Series, pattern: Pattern, limits: Limits) -> bool:
    """Both sexes or neither; neither without the total, nor a total that leaves the sexes too narrow."""
    few = series.valid < limits.count[None, :, None]
    shown = pattern.shown
    one = ~shown[..., GIRL] | ~shown[..., BOY]
    changed = pattern.hide((few[..., _SPLIT].any(axis=-1) & one)[..., None] & [True, True, False], "small_sex_group")
    changed |= pattern.hide((one | ~shown[..., ALL])[..., None] & [True, True, False], "line_rule")
    # a small group's size is known only to be below the floor
    size = np.where(few, limits.count[None, :, None] - 1, series.valid)[..., _SPLIT].min(axis=-1)
    room = np.minimum(series.yes, series.no).min(axis=0)[..., ALL]
    narrow = ~pattern.shown[..., GIRL] & (np.minimum(size, room) < limits.spread[None, :] - _TINY)
    return changed | pattern.hide((narrow & pattern.shown[..., ALL])[..., None] & [False, False, True], "line_rule")


def _close_links(series: Series, pattern: Pattern, limits: Limits, links: Links, together: Sequence[Sequence[str]]) -> bool:
    at = {name: n for n, name in enumerate(series.keys)}
    changed = False
    for link in links.bases:
        one, base = at[link.indicator], at[link.base]
        closed = pattern.hidden[:, base] > 0
        pattern.quiet[:, one] |= closed
        changed |= _hide_series(pattern, one, closed, "linked")
    for link in links.nested:
        inner, outer = at[link.inner], at[link.outer]
        outside = (series.no if link.outer_is_no else series.yes)[:, :, outer] - series.yes[:, :, inner]
        both = pattern.shown[:, inner] & pattern.shown[:, outer]
        changed |= _hide_series(pattern, inner, both & _below(outside, limits.cell[inner]), "linked")
    for cover in links.covers:
        whole, parts = at[cover.whole], series.position(cover.parts)
        members = [whole, *parts, *(at[name] for name, _ in cover.extra)]
        overlap = series.yes[:, :, parts].sum(axis=2) - series.yes[:, :, whole]
        overlap = overlap - sum((times * series.yes[:, :, at[name]] for name, times in cover.extra), np.zeros(overlap.shape))
        bad = pattern.shown[:, members].all(axis=1) & _below(overlap, limits.cell[whole])
        changed |= _hide_series(pattern, parts[-1], bad, "linked")
    for names in together:
        members = series.position(names)
        closed = (pattern.hidden[:, members] > 0).any(axis=1)
        for one in members:
            changed |= _hide_series(pattern, one, closed, "linked")
    return changed


def _below(number: FloatArray, floor: int) -> np.ndarray:
    """Too few pupils. Answers that contradict each other can make the number negative; far below 0 it tells nothing."""
    return (np.abs(number) < floor - _TINY).any(axis=0)


def _hide_series(pattern: Pattern, one: int, mask: np.ndarray, rule: str) -> bool:
    """Hide the rows [group, sex] of one series."""
    whole = np.zeros(pattern.hidden.shape, dtype=bool)
    whole[:, one] = mask
    return pattern.hide(whole, rule)


def _widen(series: Series, pattern: Pattern, limits: Limits, links: Links, bounds: Bounds) -> bool:
    """Hide whole families of linked indicators in groups where one of their hidden counts is left too narrow."""
    closed = (pattern.hidden > 0) & ~pattern.not_asked
    narrow = (closed & (bounds.width < limits.spread[None, :, None] - _TINY)).any(axis=2)
    changed = False
    for names in links.families:
        members = series.position(names)
        bad = narrow[:, members].any(axis=1)
        for one in members if len(members) > 1 else ():
            changed |= _hide_series(pattern, one, np.repeat(bad[:, None], 3, axis=1), "linked")
    return changed


def _window(series: Series, step: int) -> tuple[FloatArray, FloatArray]:
    """How far down and up a count may lie from its true value for someone who knows the rounded share and the pupils."""
    percent = 100 * series.yes / np.maximum(series.size, _TINY)
    rounded = np.floor(percent / step + 0.5) * step
    low, high = (rounded - step / 2) * series.size / 100, (rounded + step / 2) * series.size / 100
    return np.maximum(series.yes - np.maximum(low, 0), 0), np.maximum(np.minimum(high, series.size) - series.yes, 0)


def _close_sums(series: Series, pattern: Pattern, limits: Limits, numbers: PolicyNumbers, bounds: Bounds) -> bool:
    """Hide the county's cells, or all districts', where the sum over areas could bind; the areas where the sum is what binds."""
    shown = pattern.shown[None]
    down, up = _window(series, numbers.share_step)
    # what is hidden for another reason than disclosure has no room to give
    down = np.where(shown, down, np.where(pattern.not_asked, 0.0, series.yes - bounds.low))
    up = np.where(shown, up, np.where(pattern.not_asked, 0.0, bounds.high - series.yes))
    closed = (pattern.hidden > 0) & ~pattern.not_asked
    need = numbers.cross_line_margin * limits.spread[:, None]
    scale = series.scale[:, :, None, None]
    whole, down, up = series.yes * scale, down * scale, up * scale
    changed = False
    for parent, children, are_districts in area_families(series.groups):
        outside = ((whole[:, parent] - whole[:, children].sum(axis=1)) / scale[:, parent]).min(axis=0)
        free = outside >= limits.spread[:, None]
        tight = (_least_room(down, up, closed, scale, parent, children) < need) & ~free & pattern.shown[parent]
        alone = closed[parent] & ~closed[children].any(axis=0) & ~free
        alone &= ((down + up)[:, children].sum(axis=1) / scale[:, parent]).min(axis=0) < need
        at = children if are_districts else np.array([parent])
        changed |= _hide_lines(pattern, at, tight)
        changed |= _hide_lines(pattern, children, alone)
    return changed


def _least_room(
    down: FloatArray, up: FloatArray, closed: np.ndarray, scale: FloatArray, parent: int, children: IntArray
) -> FloatArray:
    """[series, sex] how many pupils of the tightest hidden child can change while the others and the rounding take it up."""
    least = np.full(closed.shape[1:], np.inf)
    for table in range(len(down)):
        falls = up[table, children].sum(axis=0) - up[table, children] + down[table, parent]
        rises = down[table, children].sum(axis=0) - down[table, children] + up[table, parent]
        room = np.where(closed[children], np.minimum(falls, rises) / scale[table, children], np.inf)
        least = np.minimum(least, room.min(axis=0, initial=np.inf))
    return least


def _hide_lines(pattern: Pattern, at: IntArray, lines: np.ndarray) -> bool:
    """Hide the lines [series, sex] in the groups `at`; a total with its sexes."""
    mask = np.zeros(pattern.hidden.shape, dtype=bool)
    mask[at] = (lines | lines[:, [ALL]])[None]
    return pattern.hide(mask, "cross_area")


def _hide_counts(
    series: Series, pattern: Pattern, limits: Limits, numbers: PolicyNumbers, hidden_respondents: pl.DataFrame
) -> None:
    """Show no number of pupils where the respondents' is hidden, nor a sum that too few rounded numbers make up."""
    marked = hidden_respondents.select(*GROUP_KEYS, "sex").unique()
    for sex, name in ((GIRL, "girl"), (BOY, "boy"), (ALL, "all")):
        rows = series.groups.join(marked.filter(pl.col("sex") == name), on=list(GROUP_KEYS), how="left", maintain_order="left")
        pattern.no_count[..., sex] |= rows["sex"].is_not_null().to_numpy()[:, None]
    known = pattern.shown & ~pattern.no_count
    each, need = (numbers.count_step - 1) // 2, numbers.cross_line_margin * limits.spread[:, None]
    for parent, children, are_districts in area_families(series.groups):
        room = each * (known[children].sum(axis=0) + 1)
        tight = (~known[children]).any(axis=0) & (room < need)
        tight[:, _SPLIT] |= tight[:, [ALL]]
        pattern.no_count[children if are_districts else parent] |= tight
