"""Pupils are whole numbers, and a shown share stands for at least so many of them: what that tells of hidden numbers. Pure.

A share in whole per cent of a small group allows only some numbers of pupils, and whoever reads our rules knows that at least
`cell` pupils are in every shown share and as many outside it. One area, wave and grade at a time, all indices together: they
count the same respondents. Unknown are the respondents and the scored of both sexes, and the bands. For given numbers the bands
are a network of whole numbers with bounds (girls and boys into bands, bands into the total), which has a flow exactly when no
cut forbids it (Hoffman 1960), so no program has to be solved. Sums over areas are left to the attacks by linear programming.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from time import perf_counter

import numpy as np
import polars as pl

from assets.audit.copies import ENROLLED_HALF
from assets.audit.index_world import BANDS
from assets.audit.tasks import INDEX, SERIES, Found, Task, few_places, report_rows, required_width, telling
from assets.audit.types import AuditRules
from assets.audit.world import EDGE, Row, number_window, rows_of, share_window

ATTACK = "whole"
SEXES = ("girl", "boy", "all")
UNSCORED = "share_unscored"
RATES = "response_rates"
_PLACE = ("edition", "area_level", "area_code", "wave", "grade", "sex")
NUMBERS = ("n_respondents", "n_scored", UNSCORED)
_FAR = 60
_REACHES = ((16, False), (_FAR, False), (_FAR, True))
"""So far above its least value an unbounded number is looked at, and twice as far below its greatest a number of scored pupils.
What is wide there is wide. Where not all is, it is done again with all numbers of scored pupils, and then further up."""
_BANDS = len(BANDS)
Share = tuple[float, float, int]
"""Least and greatest part of 1, and the pupils that are at least in it and outside it."""


@dataclass
class _Known:
    """What is told of one area: windows of numbers by sex (and index), shares by sex, index and measure."""

    respondents: dict[str, tuple[float, float]]
    scored: dict[tuple[str, str], tuple[float, float]]
    shares: dict[tuple[str, str, str], Share]


def whole_attacks(published: Mapping[str, pl.DataFrame], rules: AuditRules) -> list[Task]:
    """One task per area, wave and grade with a hidden number of pupils: each outer edition alone, the innermost with all."""
    if INDEX not in published or INDEX in rules.perturbed:
        return []
    beside = _beside_index(published, rules)
    wanted = pl.col("measure").is_in([*NUMBERS, *BANDS]) & pl.col("edition").is_in(list(rules.editions))
    made = []
    table = published[INDEX].filter(wanted, pl.col("area_level") != "county")
    for (wave, grade), part in sorted(table.partition_by("wave", "grade", as_dict=True, maintain_order=True).items()):
        rows = sorted(rows_of(part, "index_key"), key=lambda row: row[1:3])
        for _, held in groupby(rows, key=lambda row: row[1:3]):
            own = list(held)
            for edition in sorted({row[0] for row in own}):
                inner = edition == rules.innermost
                mine = telling(own, rules) if inner else [row for row in own if row[0] == edition]
                if any(_is_hidden(row, edition) for row in mine):
                    task = Task(ATTACK, ATTACK, int(wave), str(grade), edition, {INDEX: mine}, rules)
                    known = {(*own[0][1:3], sex): beside.get((edition, *own[0][1:3], wave, grade, sex)) for sex in SEXES}
                    told = {place: window for place, window in known.items() if window is not None}
                    made.append(replace(task, respondents=told))
    return made


def _beside_index(published: Mapping[str, pl.DataFrame], rules: AuditRules) -> dict[tuple[object, ...], tuple[float, float]]:
    """Edition, level and code of the area, wave, grade and sex -> least and most respondents by other tables.

    Whoever answers a single question is a respondent, and an open register tells how many pupils there are.
    """
    found: dict[tuple[object, ...], tuple[float, float]] = {}
    if SERIES in published and SERIES not in rules.perturbed:
        told = published[SERIES].filter(pl.col("n").is_not_null(), pl.col("edition").is_in(list(rules.editions)))
        for *place, n in told.group_by(_PLACE).agg(pl.col("n").max()).iter_rows():
            _narrow(found, tuple(place), (number_window(rules, str(place[0]), n, 0)[0], np.inf))
    if RATES in published:
        told = published[RATES].filter(pl.col("enrolled").is_not_null()).with_columns(sex=pl.lit("all"))
        for *place, enrolled in told.select(*_PLACE, "enrolled").iter_rows():
            _narrow(found, tuple(place), (0, enrolled + ENROLLED_HALF))
    return found


def _is_hidden(row: Row, edition: str) -> bool:
    return row[0] == edition and row[5] in NUMBERS and row[10] in ("too_few", "suppressed")


def run_whole(task: Task) -> Found:
    """Bound the hidden numbers of one area by whole numbers."""
    started, rows = perf_counter(), task.rows[INDEX]
    cells = [row for row in rows if _is_hidden(row, task.edition)]
    few = few_places(task.rows)
    required = [required_width(task, INDEX, row, few) for row in cells]
    known, index_keys = _known(rows, task.rules), sorted({row[4] for row in rows})
    for (_, _, sex), window in task.respondents.items():
        least = max(low for low, _ in (known.respondents.get(sex, window), *_of_sex(known, sex)))
        # a register with fewer pupils than have answered bounds nothing
        _narrow(known.respondents, sex, window if window[1] >= least else (window[0], np.inf))
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    for reach, onwards in _REACHES:
        # what is possible stays so wherever it was found: the last look goes on from where the one before it found something
        begin = {sex: found[sex, "", "n_respondents"][0] for sex in SEXES} if onwards and found else {}
        more = spans(known, index_keys, reach, all_scored=reach == _FAR and not onwards, begin=begin)
        both = {key: [found.get(key, more.get(key)), more.get(key, found.get(key))] for key in (*found, *more)}
        found = {key: (min(one[0] for one in ends), max(one[1] for one in ends)) for key, ends in both.items()}
        ends = [found.get((row[3], row[4] if row[5] != "n_respondents" else "", row[5])) for row in cells]
        if all(end is not None and end[1] - end[0] > need for end, need in zip(ends, required, strict=True)):
            break
    keys = [(INDEX, *row[:3], task.wave, task.grade, *row[3:6]) for row in cells]
    lows, highs = ([None if one is None else float(one[end]) for one in ends] for end in (0, 1))
    frame = report_rows(keys, lows, highs, required, ATTACK)
    return Found(frame, ((ATTACK, ATTACK, 1, len(cells), 0, perf_counter() - started),))


def _of_sex(known: _Known, sex: str) -> list[tuple[float, float]]:
    return [window for (own, _), window in known.scored.items() if own == sex]


def _known(rows: Iterable[Row], rules: AuditRules) -> _Known:
    known = _Known({}, {}, {})
    for row in rows:
        edition, level, _, sex, key, measure, value, low, high, n, reason, method, _ = row
        own, shown = rules.editions[edition], reason == "ok" and value is not None
        floor, unscored = rules.number_floor(edition, key), measure == UNSCORED
        if n is not None:
            _narrow(known.scored, (sex, key), number_window(rules, edition, n, 0))
        if measure in ("n_respondents", "n_scored"):
            least = own.respondents_floor if measure == "n_respondents" else floor
            window = number_window(rules, edition, value, least) if shown else _side(rules, edition, reason, least)
            if measure == "n_respondents":
                _narrow(known.respondents, sex, window)
            else:
                _narrow(known.scored, (sex, key), window)
            continue
        if not unscored and rules.told(edition, reason):
            least = rules.told_floor(edition, key, level, reason)
            _narrow(known.scored, (sex, key), _side(rules, edition, reason, least))
        if shown and method not in rules.weighted:
            part = share_window(rules, edition, value, low, high, rules.uses_interval(row))
            before = known.shares.get((sex, key, measure), (0.0, 1.0, 0))
            cell = rules.cell_floor(edition, key)
            known.shares[sex, key, measure] = (max(before[0], part[0]), min(before[1], part[1]), max(before[2], cell))
    return known


def _side(rules: AuditRules, edition: str, reason: str, floor: int) -> tuple[float, float]:
    """What a reason tells of a number."""
    if reason == "too_few":
        return 0, floor - 1
    return (floor, np.inf) if rules.told(edition, reason) else (0, np.inf)


def _narrow(known: dict, at: object, window: tuple[float, float]) -> None:
    low, high = known.get(at, (0.0, np.inf))
    known[at] = max(low, window[0]), min(high, window[1])


@dataclass(frozen=True)
class _Pairs:
    """Whole numbers of girls and boys that can stand together."""

    girls: np.ndarray
    boys: np.ndarray

    def of(self, sex: str) -> np.ndarray:
        return {"girl": self.girls, "boy": self.boys, "all": self.girls + self.boys}[sex]


def spans(
    known: _Known, keys: Sequence[str], reach: int, *, all_scored: bool, begin: Mapping[str, int]
) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Least and greatest whole number by sex, index (none for respondents) and measure; empty when nothing agrees.

    Args:
        reach: see `_REACHES`. all_scored: whether numbers of scored pupils are looked at however low. begin: sex -> respondents
            below which none are looked at.
    """
    windows = []
    for sex in SEXES:
        low, high = known.respondents.get(sex, (0.0, np.inf))
        low = max(low, begin.get(sex, 0))
        windows.append((max(low, *(known.scored.get((sex, key), (0.0, np.inf))[0] for key in keys)), high))
    respondents = _pairs(windows, reach)
    together = np.ones(len(respondents.girls), dtype=bool)
    held: dict[str, tuple[_Pairs, np.ndarray]] = {}
    for key in keys:
        scored = _scored(known, key, respondents, reach, all_scored=all_scored)
        ok = _beside(known, key, respondents, scored)
        held[key] = scored, ok
        together &= ok.any(axis=0)
    if not together.any():
        return {}
    found = {(sex, "", "n_respondents"): _ends(respondents.of(sex)[together]) for sex in SEXES}
    for key, (scored, alone) in held.items():
        ok = alone.compress(together, axis=1)
        alive = ok.any(axis=1)
        ok = ok.compress(alive, axis=0)
        for sex in SEXES:
            mine = scored.of(sex)[alive]
            found[sex, key, "n_scored"] = _ends(mine)
            found[sex, key, UNSCORED] = _left_over(ok, mine, respondents.of(sex)[together])
    return found


def _ends(values: np.ndarray) -> tuple[int, int]:
    return int(values.min()), int(values.max())


def _range(window: tuple[float, float], most: float, left: float, reach: int) -> np.ndarray:
    """Whole numbers within a window, up to `reach` further when nothing bounds it, and to what the other sex leaves."""
    low, high = int(window[0]), min(window[1], most)
    return np.arange(low, int(min(high if np.isfinite(high) else low + reach, left)) + 1)


def _pairs(windows: Sequence[tuple[float, float]], reach: int, most: Sequence[float] = (np.inf,) * 3) -> _Pairs:
    """Pairs within the windows of girls, boys and all, none of them above `most`."""
    low, high = windows[2]
    known = high - low <= 2 * reach  # an open register alone may leave a thousand of each sex, and a million pairs
    left = [high - windows[1 - at][0] for at in (0, 1)]
    girls, boys = (_range(windows[at], min(most[at], most[2], left[at] if known else np.inf), left[at], reach) for at in (0, 1))
    g, b = (one.ravel() for one in np.meshgrid(girls, boys, indexing="ij"))
    fits = (g + b >= windows[2][0]) & (g + b <= min(windows[2][1], most[2]))
    return _Pairs(g[fits], b[fits])


def _scored(known: _Known, key: str, respondents: _Pairs, reach: int, *, all_scored: bool) -> _Pairs:
    """Numbers of scored girls and boys for which the bands can be whole numbers."""
    most = [int(respondents.of(sex).max(initial=-1)) for sex in SEXES]
    told = [known.scored.get((sex, key), (0.0, np.inf)) for sex in SEXES]
    if not all_scored:
        told = [(max(low, min(high, top) - 2 * reach), high) for (low, high), top in zip(told, most, strict=True)]
    pairs = _pairs(told, reach, most)
    bounds = {}
    for sex in SEXES:
        numbers = np.arange(int(pairs.of(sex).max(initial=0)) + 1)
        bounds[sex] = [_counts(known.shares.get((sex, key, band)), numbers) for band in BANDS]
    arcs = [[tuple(end[pairs.of(sex)] for end in bounds[sex][band]) for sex in SEXES] for band in range(_BANDS)]
    ok = flows(arcs, pairs.girls, pairs.boys)
    return _Pairs(pairs.girls[ok], pairs.boys[ok])


def _counts(share: Share | None, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest whole part of each number that the share allows; the least is above when none is allowed."""
    if share is None:
        return np.zeros_like(numbers), numbers
    low, high, floor = share
    least = np.maximum(np.ceil(numbers * low - EDGE).astype(np.int64), floor)
    return least, np.minimum(np.floor(numbers * high + EDGE).astype(np.int64), numbers - floor)


def flows(arcs: Sequence[Sequence[tuple[np.ndarray, np.ndarray]]], girls: np.ndarray, boys: np.ndarray) -> np.ndarray:
    """Of each pair of numbers of girls and boys whether they can flow through the bands.

    A cut takes in girls, boys, neither or both, and any of the bands. What flows into it is at most what may flow out, and at
    least what must.

    Args:
        arcs: per band least and most girls, boys and both, each an array over the pairs.
    """
    ok = np.ones(len(girls), dtype=bool)
    for low, high in (ends for band in arcs for ends in band):
        ok &= low <= high
    for with_girls, with_boys in product((0, 1), repeat=2):
        into = with_girls * girls + with_boys * boys
        most, least = np.zeros_like(girls), np.zeros_like(girls)
        for girl, boy, both in arcs:
            # a band within the cut sends all it holds on, less what comes to it from outside; one beyond it takes what it may
            (low_in, high_in), (low_out, high_out) = _crossing(girl, boy, with_girls, with_boys)
            most = most + np.minimum(both[1] - low_in, high_out)
            least = least + np.maximum(both[0] - high_in, low_out)
        ok &= (least <= into) & (into <= most)
    return ok


def _crossing(
    girl: tuple[np.ndarray, np.ndarray], boy: tuple[np.ndarray, np.ndarray], with_girls: int, with_boys: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Least and most pupils that reach a band from outside a cut, and from within it."""
    outside = [(1 - with_girls) * girl[end] + (1 - with_boys) * boy[end] for end in (0, 1)]
    return outside, [with_girls * girl[end] + with_boys * boy[end] for end in (0, 1)]


def _beside(known: _Known, key: str, respondents: _Pairs, scored: _Pairs) -> np.ndarray:
    """[scored pair, respondents pair] whether the unscored they leave agree with what is shown of them.

    Asked of each number of scored pupils beside each number of respondents, and looked up for the pairs, which are many more.
    """
    ok = np.ones((len(scored.girls), len(respondents.girls)), dtype=bool)
    for sex in SEXES if ok.size else ():
        one, other = scored.of(sex), respondents.of(sex)
        first, begin = one.min(), other.min()
        told = _agree(known.shares.get((sex, key, UNSCORED)), np.arange(first, one.max() + 1), np.arange(begin, other.max() + 1))
        ok &= told.take(other - begin, axis=1).take(one - first, axis=0)
    return ok


def _agree(share: Share | None, scored: np.ndarray, respondents: np.ndarray) -> np.ndarray:
    """[number of scored, number of respondents] whether what is left unscored agrees with the share that is shown of it."""
    all_of, left = respondents[None, :], respondents[None, :] - scored[:, None]
    ok = left >= 0
    if share is not None:
        low, high, floor = share
        ok &= (left >= all_of * low - EDGE) & (left <= all_of * high + EDGE) & (left >= floor) & (all_of - left >= floor)
    return ok


def _left_over(ok: np.ndarray, scored: np.ndarray, respondents: np.ndarray) -> tuple[int, int]:
    """Least and greatest number of respondents less scored, of the pairs that can stand together; each scored one has some."""
    order = np.argsort(respondents, kind="stable")
    ordered, among = respondents[order], ok.take(order, axis=1)
    least, most = ordered[among.argmax(axis=1)], ordered[len(ordered) - 1 - among[:, ::-1].argmax(axis=1)]
    return int((least - scored).min()), int((most - scored).max())
