"""The attacks as small tasks that can be sent to worker processes, and what each of them finds. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
import polars as pl

from assets.audit.beliefs import beliefs
from assets.audit.earlier import Link, enough, late_cells, tie
from assets.audit.index_world import COUNT_MEASURES, INDEX_MEASURES, hidden_cells, index_world, target
from assets.audit.search import Bounds, attack
from assets.audit.series_world import LEVELS, Respondents, series_families, series_world
from assets.audit.shown_parts import told_by_parts
from assets.audit.system import INFINITY, MARGIN, UNBOUNDED, Contradiction, LinearSystem, Sum
from assets.audit.types import CELL_KEY, REPORT_SCHEMA, AuditRules, EarlierRelease
from assets.audit.world import ABSENT, Row, World, number_window, rows_of

INDEX, COUNTS, SERIES = "index_results", "accumulated_results", "indicator_results"
_WHOLE_GROUP = 0.001
KEY_COLUMN = {INDEX: "index_key", COUNTS: "count_key", SERIES: "indicator"}


@dataclass(frozen=True)
class Task:
    """One or more linear systems about the same pupils.

    Attributes:
        attack: `single`, `linked` or `editions`. family: for the record of what the work took.
        rows: table -> its rows of one wave and grade, of all editions that the attacker has.
        edition: whose hidden cells are looked for.
        before: as `rows`, of an earlier release, published by `rules_before`. linked: how its pupils are those of now.
        outer: attacks on other editions' tables about the same: they know less, so the worlds found here mostly serve there too.
    """

    attack: str
    family: str
    wave: int
    grade: str
    edition: str
    rows: Mapping[str, list[Row]]
    rules: AuditRules
    respondents: Respondents = field(default_factory=dict)
    before: Mapping[str, list[Row]] = field(default_factory=dict)
    rules_before: AuditRules | None = None
    linked: Link | None = None
    outer: tuple[Task, ...] = ()


Effort = tuple[str, str, int, int, int, float]
Answer = tuple[pl.DataFrame, Effort]


@dataclass(frozen=True)
class Found:
    """Cells with `REPORT_SCHEMA`, and the work it took, a row per attack."""

    cells: pl.DataFrame
    effort: tuple[Effort, ...]


def tasks(published: Mapping[str, pl.DataFrame], rules: AuditRules, whole: bool = False) -> list[Task]:
    """All attacks on one release, as `sliced_tasks` gives them."""
    return [task for made in sliced_tasks(published, rules, whole) for task in made]


def sliced_tasks(published: Mapping[str, pl.DataFrame], rules: AuditRules, whole: bool = False) -> Iterator[list[Task]]:
    """All attacks on one release, a wave, grade and county at a time: each edition alone, and the innermost one with all.

    Args:
        whole: also systems in which nothing is hidden; an earlier release may hide what this one shows.
    """
    exact = [name for name in KEY_COLUMN if name in published and name not in rules.perturbed]
    parts = {name: _parts(published[name]) for name in exact if published[name].height}
    present = sorted({edition for held in parts.values() for part in held.values() for edition in part["edition"].unique()})
    for wave, grade, county in sorted({key for held in parts.values() for key in held}):
        rows = {
            name: rows_of(held[wave, grade, county], KEY_COLUMN[name]) if (wave, grade, county) in held else []
            for name, held in parts.items()
        }
        by_edition = {}
        for edition in present:
            joint = edition == rules.innermost and len(present) > 1
            mine = {
                name: telling(one, rules) if joint else [row for row in one if row[0] == edition] for name, one in rows.items()
            }
            by_edition[edition] = _of_slice(wave, grade, edition, "editions" if joint else "", mine, rules, whole)
        yield _together(by_edition, rules.innermost)


def _together(by_edition: Mapping[str, list[Task]], innermost: str) -> list[Task]:
    """The innermost edition's attacks, each with those on other editions about the same; the others alone."""
    others = [task for edition, made in by_edition.items() if edition != innermost for task in made]
    about: dict[tuple[object, ...], list[Task]] = defaultdict(list)
    for task in others:
        about[_about(task)].append(task)
    inner = [replace(task, outer=tuple(about.pop(_about(task), ()))) for task in by_edition.get(innermost, [])]
    return [*inner, *(task for alone in about.values() for task in alone)]


def earlier_tasks(published: Mapping[str, pl.DataFrame], rules: AuditRules, earlier: Sequence[EarlierRelease]) -> list[Task]:
    """Every wave that an earlier release was about too, by two attackers: who knows whose pupils are the same, and who believes
    that pupils have only come since."""
    made: list[Task] = []
    if not earlier:
        return made
    attacks = [task for task in tasks(published, rules, True) if task.attack == "editions" or task.edition == rules.innermost]
    now = [replace(task, outer=()) for task in attacks]
    for release in earlier:
        then = release.rules(rules)
        known = {_about(task): task for task in tasks(release.tables, then, True)}
        for task in now:
            before = known.get(_about(task))
            if before is not None:
                then_rows = {
                    name: [*rows, *unpublished(rows, release.delivered, task.wave)] for name, rows in before.rows.items()
                }
                same = frozenset(area for area, wave in release.same_pupils if wave == task.wave)
                for late in (False, True):
                    link = Link(same, late)
                    name = f"earlier:{release.release_id}"
                    made.append(replace(task, attack=name, before=then_rows, rules_before=then, linked=link))
    return made


def unpublished(rows: Sequence[Row], delivered: frozenset[tuple[str, int]], wave: int) -> list[Row]:
    """Rows that tell nothing, of the municipalities that the county's rows count and that were not published themselves: without
    them the county would be taken for the sum of the others."""
    there = {row[2] for row in rows if row[1] == "municipality"}
    missing = sorted(area for area, year in delivered if year == wave and len(area) > 2 and area not in there)
    county = [row for row in rows if row[1] == "county"]
    return [
        (row[0], "municipality", code, *row[3:6], None, None, None, None, "unpublished", None, None)
        for row in county
        for code in missing
        if code.startswith(row[2])
    ]


def telling(rows: Sequence[Row], rules: AuditRules) -> list[Row]:
    """The innermost edition's rows, and those of the others that tell more than they do, found row by row.

    A row tells nothing more when every word and number in it is the innermost's own, or when it is hidden: outer editions have
    one reason for all that. A shown row also tells that its edition's floor is kept, so its number of pupils has to be so far
    above it that the rounding says so already.
    """
    inner = {row[1:6]: row for row in rows if row[0] == rules.innermost}
    return [row for row in rows if row[0] == rules.innermost or not _repeats(row, inner.get(row[1:6]), rules)]


def _repeats(row: Row, own: Row | None, rules: AuditRules) -> bool:
    if own is None:
        return False
    if row[10] == "suppressed":
        return row[6:10] == (None,) * 4
    number = row[6] if row[5].startswith("n_") else row[9]
    step = rules.editions[row[0]].count_step
    floor = max(rules.floor(row[0], row[4], row[1]), rules.editions[row[0]].respondents_floor)
    kept = row[10] != "ok" or (number is not None and number - step // 2 >= floor)
    # with other steps the same number would be another window
    same = rules.editions[row[0]].count_step == rules.editions[own[0]].count_step
    return same and rules.editions[row[0]].share_step == rules.editions[own[0]].share_step and row[6:] == own[6:] and kept


def _about(task: Task) -> tuple[object, ...]:
    """What a task is about, to find that of another edition or release about the same."""
    # numbers of factors beside the bands are attacked in one municipality at a time
    code, named = (4, COUNTS) if task.family == "counts" else (2, SERIES)
    areas = {row[2][:code] for rows in task.rows.values() for row in rows}
    return task.family, task.wave, task.grade, *sorted(areas), *sorted({row[4] for row in task.rows.get(named, [])})


def _parts(table: pl.DataFrame) -> dict[tuple[int, str, str], pl.DataFrame]:
    """Rows where somebody is there by wave, grade and county: counties share no pupils and no sums."""
    by_county = table.filter(~pl.col("reason").is_in(ABSENT)).with_columns(_county=pl.col("area_code").str.slice(0, 2))
    split = by_county.partition_by("wave", "grade", "_county", as_dict=True, maintain_order=True)
    return {(int(wave), str(grade), str(at)): part for (wave, grade, at), part in split.items()}


def _of_slice(
    wave: int, grade: str, edition: str, label: str, rows: Mapping[str, list[Row]], rules: AuditRules, whole: bool
) -> list[Task]:
    index, counts, series = (rows.get(name, []) for name in (INDEX, COUNTS, SERIES))
    made = []
    if index:
        made.append(Task(label or "single", "index", wave, grade, edition, {INDEX: index, COUNTS: counts}, rules))
        made += [
            Task(label or "linked", "counts", wave, grade, edition, part, rules)
            for part in _by_municipality({INDEX: index, COUNTS: counts}, rules)
        ]
    shares = [row for row in series if row[5] in LEVELS]
    known = respondents_known(index, rules)
    for names in series_families(sorted({row[4] for row in shares}), rules):
        mine = [row for row in shares if row[4] in names]
        if whole or hidden_cells([row for row in mine if row[0] == edition], LEVELS):
            kind = label or ("linked" if len(names) > 1 else "single")
            made.append(Task(kind, "series", wave, grade, edition, {SERIES: mine}, rules, known))
    return made


def _by_municipality(tables: Mapping[str, list[Row]], rules: AuditRules) -> list[dict[str, list[Row]]]:
    """Both tables of each municipality with its districts, and each number of factors with its indices, where both are there.

    Without the county the parts are small; the sums over the county are attacked in both tables before they are linked.
    """
    parts = []
    for rule in rules.counts:
        held: dict[str, dict[str, list[Row]]] = {}
        for name, keys in ((INDEX, rule.indices), (COUNTS, (rule.key,))):
            for row in tables[name]:
                if row[4] in keys and row[1] != "county":
                    held.setdefault(row[2][:4], {INDEX: [], COUNTS: []})[name].append(row)
        parts += [part for _, part in sorted(held.items()) if part[INDEX] and part[COUNTS]]
    return parts


def respondents_known(rows: Sequence[Row], rules: AuditRules) -> dict[tuple[str, str, str], tuple[float, float]]:
    """What the index tables alone say of each number of respondents."""
    found: dict[tuple[str, str, str], tuple[float, float]] = {}
    for edition, level, code, sex, _, measure, value, _, _, _, reason, *_ in rows:
        if measure == "n_respondents":
            floor = rules.editions[edition].respondents_floor
            if reason == "ok" and value is not None:
                low, high = number_window(rules, edition, value, floor)
            elif not rules.told(edition, reason):
                low, high = 0, UNBOUNDED
            else:
                low, high = (0, floor - 1) if reason == "too_few" else (floor, UNBOUNDED)
            before = found.get((level, code, sex), (0, UNBOUNDED))
            found[level, code, sex] = (max(before[0], low), min(before[1], high))
    return found


def size(task: Task) -> int:
    """Rows to read, a measure of the work: worker processes take the largest first and end at about the same time."""
    return sum(len(rows) for one in (task, *task.outer) for held in (one.rows, one.before) for rows in held.values())


def run_task(task: Task) -> Found:
    """Attack the hidden cells of one task, then those of the other editions."""
    (cells, effort), world, worlds = _believed(task, task.linked) if task.linked else _attacked(task, None, ())
    others = [_attacked(other, world, worlds)[0] for other in task.outer]
    return Found(pl.concat([cells, *(more for more, _ in others)]), (effort, *(one for _, one in others)))


def _believed(task: Task, link: Link) -> tuple[Answer, World, list[np.ndarray]]:
    """Attack with an earlier release; what is believed of its pupils is given up where it is refuted."""
    started, programs = perf_counter(), 0
    then = _then(task)
    builds = tuple(lambda system, rows, of=of: _world(system, of, rows) for of in (task, then))
    for held in beliefs(link, builds, task.rows, task.before):
        (cells, effort), world, worlds = _attacked(replace(task, linked=held), None, ())
        programs += effort[4]
        if "contradiction" not in cells["verdict"]:
            break
    return (cells, (*effort[:4], programs, perf_counter() - started)), world, worlds


def _attacked(task: Task, seen_in: World | None, seen: Sequence[np.ndarray]) -> tuple[Answer, World, list[np.ndarray]]:
    """Cells and effort of one attack, which starts from worlds seen in another; its unknowns, and the worlds seen in it."""
    started, system, groups = perf_counter(), LinearSystem(), []
    world = _world(system, task, task.rows)
    cells, sums = _hidden(world, task, task.rows)
    told = _told(cells, task.rows)
    if task.linked:
        old = _world(system, _then(task), task.before)
        tie(world, old, task.linked)
        more, others = _hidden(old, task, task.before)
        late, differences, groups = late_cells(world, old, task.linked, [row for rows in task.rows.values() for row in rows])
        names = [(SERIES if task.family == "series" else INDEX, row) for row in late]
        told += [*_told(more, task.before), *(False for _ in names)]
        cells, sums = [*cells, *more, *names], [*sums, *others, *differences]
    few = few_places(task.rows)
    required = [
        0.0 if by_parts else required_width(task, name, row, few) for (name, row), by_parts in zip(cells, told, strict=True)
    ]
    lows: list[float | None] = [None] * len(cells)
    highs, programs = list(lows), 0
    worlds: list[np.ndarray] = []
    if cells:
        try:
            found = attack(
                system,
                sums,
                required,
                world.groups(),
                seen=world.seen_as(seen_in, seen) if seen_in else (),
                wanted=[0.0 if by_parts else _wanted(task, row) for (_, row), by_parts in zip(cells, told, strict=True)],
            )
            lows, highs, programs = list(found.low), list(found.high), found.programs
            worlds = found.worlds
            programs += _of_few(system, required, found, groups)
        except Contradiction:
            pass
    keys = [(name, *row[:3], task.wave, task.grade, *row[3:6]) for name, row in cells]
    frame = report_rows(keys, lows, highs, required, task.attack)
    effort = (task.attack, task.family, 1, len(cells), programs, perf_counter() - started)
    return (frame, effort), world, worlds


def _of_few(system: LinearSystem, required: list[float], found: Bounds, groups: Sequence[Sum]) -> int:
    """Lower, in place, what is required of the late pupils' cells (the last ones) to what so few allow; number of programs."""
    first = len(required) - len(groups)
    narrow = [n for n in range(first, len(required)) if found.high[n] - found.low[n] <= required[n] + MARGIN]
    if not narrow:
        return 0
    come = attack(system, [groups[n - first] for n in narrow], [INFINITY] * len(narrow))
    for n, most in zip(narrow, come.high, strict=True):
        required[n] = enough(required[n], found.low[n], most)
    return come.programs


def required_width(task: Task, name: str, row: Row, few: frozenset[tuple[str, str, str]]) -> float:
    """The width required; where the group is published to be smaller than that, an interval of the whole group is enough.

    Args:
        few: area level, code and key of which some sex is published as too small.
    """
    rules, floor = task.rules, UNBOUNDED
    need = rules.width(row[0], row[4])
    low, high = task.respondents.get((row[1], row[2], row[3]), (0, UNBOUNDED)) if name == SERIES else (0, UNBOUNDED)
    if (row[1], row[2], row[4]) in few and row[10] == "too_few":
        floor = rules.number_floor(row[0], row[4])
    high = min(high, floor - 1)
    return min(need, high - _WHOLE_GROUP) if low == 0 else need


def _wanted(task: Task, row: Row) -> float:
    """The greatest width that an edition attacked after this one requires of the same number."""
    return max((task.rules.width(one.edition, row[4]) for one in task.outer), default=0.0)


def few_places(rows: Mapping[str, list[Row]]) -> frozenset[tuple[str, str, str]]:
    return frozenset((row[1], row[2], row[4]) for one in rows.values() for row in one if row[10] == "too_few")


def _told(cells: Sequence[tuple[str, Row]], tables: Mapping[str, Sequence[Row]]) -> list[bool]:
    """Of each hidden cell whether the sum of what is shown is no secret of its own."""
    known = {name: told_by_parts(rows) for name, rows in tables.items()}
    return [row[:6] in known[name] for name, row in cells]


def _then(task: Task) -> Task:
    """The task as the earlier release was published: by its own numbers, and nothing known of its respondents."""
    return replace(task, rules=task.rules_before or task.rules, respondents={})


def _world(system: LinearSystem, task: Task, rows: Mapping[str, list[Row]]) -> World:
    if task.family != "series":
        return index_world(system, rows.get(INDEX, []), rows.get(COUNTS, []), task.rules)
    return series_world(system, rows.get(SERIES, []), task.rules, task.respondents if rows is task.rows else {})


def _hidden(world: World, task: Task, tables: Mapping[str, list[Row]]) -> tuple[list[tuple[str, Row]], list[Mapping[int, float]]]:
    """The hidden cells of the edition that is looked at, and the sums behind them."""
    cells = []
    for name, rows in tables.items():
        measures = {INDEX: INDEX_MEASURES, COUNTS: COUNT_MEASURES, SERIES: LEVELS}[name]
        cells += [(name, row) for row in hidden_cells([row for row in rows if row[0] == task.edition], measures)]
    return cells, [_target(world, name, row) for name, row in cells]


def _target(world: World, name: str, row: Row) -> Mapping[int, float]:
    place = (row[1], row[2])
    return {world.cell(place, row[3], row[4], "yes"): 1.0} if name == SERIES else target(world, place, row[3], row[4], row[5])


def report_rows(
    keys: Sequence[tuple[object, ...]],
    lows: Sequence[float | None],
    highs: Sequence[float | None],
    required: Sequence[float],
    attack_name: str,
) -> pl.DataFrame:
    """Rows of the report: no bounds where what is published contradicts itself."""
    rows = [
        (*key, low, high, None if low is None or high is None else high - low, need, attack_name)
        for key, low, high, need in zip(keys, lows, highs, required, strict=True)
    ]
    schema = {name: REPORT_SCHEMA[name] for name in (*CELL_KEY, "low", "high", "width", "required", "attack")}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    no_secret = (pl.col("required") == 0) & pl.col("width").is_not_null()
    wide = no_secret | (pl.col("width") > pl.col("required") + MARGIN)
    verdict = (
        pl.when(pl.col("width").is_null())
        .then(pl.lit("contradiction"))
        .when(wide)
        .then(pl.lit("wide"))
        .otherwise(pl.lit("narrow"))
    )
    return frame.with_columns(verdict=verdict).select(*REPORT_SCHEMA)
