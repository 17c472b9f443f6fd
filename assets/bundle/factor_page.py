"""`6_atgard/faktorer.html`: need, activity, readiness and evidence of one factor on one screen or one sheet of paper. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.bundle.action_facts import ANY, STATES, Action, Row
from assets.bundle.action_types import FactorPage
from assets.bundle.arenas import slug
from assets.bundle.overview import difference_interval
from assets.bundle.register_only import Beside, beside
from assets.bundle.types import Strip, Table
from assets.bundle.words import source_line
from assets.charts import findings, numbers
from assets.charts.activity_notes import activity_notes
from assets.charts.cells import Cell
from assets.charts.changes import Change, read_changes
from assets.charts.types import GRADES, IndexMeta
from assets.methods.knowledge import evidence_in_three_lines, factor_evidence

MOST_REGISTERS = 4
SOURCE = "kolada"
"""The register whose indicators say what they are by their titles; those of Skolenkäten need their survey around them."""
LAST_GROUPS = ("forskola",)
"""Groups of register indicators that come last: they are about children far younger than the pupils who have answered."""
SCALE_STEP = 10


def factor_pages(action: Action) -> tuple[FactorPage, ...]:
    """A page per factor of the join, in the catalogue's order."""
    factors = {factor for _, factor in action.overview}
    changes = read_changes(action.context.frames, action.context.scope)
    registers = {arena: list(beside(action.context, arena)) for arena in {_arena(action, key) for key in factors}}
    return tuple(
        FactorPage(
            id=f"faktor-{slug(key)}",
            title=index.label_sv,
            about=_about(action, index),
            level=_level(action, index, {grade: changes.get((grade, "all", "index", key, "share_focus")) for grade in GRADES}),
            affected=_affected(action, key),
            activities=_activities(action, index),
            activities_said=_activities_said(action, index),
            stated=_stated(action, key),
            gaps=_gaps(action, key),
            readiness=_readiness(action, index),
            readiness_said=_readiness_said(action),
            evidence=_evidence(action, index),
            sources=_sources(action, key),
            registers=_registers(action, index, registers[_arena(action, key)]),
            registers_said=_registers_said(action, key),
        )
        for key, index in action.context.indices.items()
        if key in factors
    )


def _arena(action: Action, key: str) -> str:
    return action.context.meta.indices[key].arena


def _about(action: Action, index: IndexMeta) -> str:
    """What the index is made of, and which limits it has when they aren't the usual ones."""
    meta = action.context.meta
    text = meta.indices[index.index_key]
    about = action.say(f"factor.about.{index.kind}", items=numbers.spelled(text.items), description=text.description_sv)
    return f"{about} {meta.other_limits}".rstrip()


def _grades(action: Action) -> tuple[str, ...]:
    return tuple(grade for grade in GRADES if action.context.whole_reason(grade) != "no_pupils")


def _level(action: Action, index: IndexMeta, changes: dict[str, Change | None]) -> Table:
    """Share with interval, the county, the difference and the development: a row per grade."""
    context, key = action.context, index.index_key
    ends = [context.focus(key, g).high or context.focus(key, g).value or 0.0 for g in _grades(action)]
    top = min(100.0, max(2.0 * SCALE_STEP, SCALE_STEP * (max(ends, default=0.0) // SCALE_STEP + 1)))
    rows = []
    for grade in _grades(action):
        cell, county, gap = context.focus(key, grade), context.county_focus(key, grade), context.difference(key, grade)
        share = f"{context.share(cell)} ({context.interval(cell)})" if context.interval(cell) else context.share(cell)
        drawn: str | Strip = ""
        if cell.value is not None:
            drawn = Strip(cell.value, cell.low, cell.high, top, county.value, share)
        rows.append((
            numbers.upper_first(context.grade(grade)).replace(" ", numbers.NBSP), share, drawn, context.share(county),
            _difference(action, gap), _development(action, changes[grade]),
        ))  # fmt: skip
    return Table(
        id=f"lage-{slug(key)}",
        caption=action.say(f"factor.level_caption.{index.kind}", factor=index.label_sv, wave=context.scope.wave),
        columns=tuple(action.entry("factor.level_columns")),
        rows=tuple(rows),
        note=action.say("factor.level_note", top=numbers.percent(top)),
    )


def _difference(action: Action, gap: Cell) -> str:
    if gap.value is None:
        return action.context.reason(gap.reason)
    interval = difference_interval(gap)
    amount = f"{numbers.signed(gap.value)} ({interval})" if interval else numbers.signed(gap.value)
    return f"{amount}: {action.context.say(f'arenas.reading.{findings.verdict(gap)}')}"


def _development(action: Action, change: Change | None) -> str:
    """The change since the wave before and the word for the whole line."""
    context = action.context
    if change is None:
        return action.say("factor.no_development")
    if change.change is None:
        told = context.reason(change.reason)
    else:
        interval = ""
        if change.low is not None and change.high is not None:
            interval = f" ({numbers.signed_interval(change.low, change.high)})"
        verdict = context.say(f"development.verdicts.{change.verdict}")
        told = action.say(
            "factor.since", year=change.from_wave, amount=f"{numbers.signed(change.change)}{interval}", verdict=verdict
        )
    line = context.meta.trend_words.get(change.trend_verdict or "")
    return f"{told}. {action.say('factor.line', verdict=numbers.lower_first(line))}" if line else told


def _affected(action: Action, key: str) -> tuple[str, ...]:
    """Who it is about, a sentence per grade, and what may be said of the grades."""
    context, said = action.context, []
    for grade in _grades(action):
        girls, boys = (context.focus(key, grade, sex=sex) for sex in ("girl", "boy"))
        gap = context.own(key, grade, "sex_gap_share_focus")
        where = {"grade": numbers.upper_first(context.grade(grade)), "girls": context.share(girls), "boys": context.share(boys)}
        if gap.value is None:
            said.append(action.say("factor.sex_hidden", **where, reason=context.reason(gap.reason)))
            continue
        verdict = findings.verdict(gap).removesuffix("_small")
        interval = (
            f"{numbers.signed(gap.value)} ({difference_interval(gap)})" if gap.low is not None else numbers.signed(gap.value)
        )
        said.append(action.say(f"factor.sex.{verdict}", **where, gap=interval))
    shown = [context.focus(key, grade) for grade in _grades(action)]
    if len(shown) == len(GRADES) and all(cell.shown for cell in shown):
        said.append(action.say("factor.grades"))
    return tuple(said)


def _chosen(action: Action, key: str) -> pl.DataFrame:
    """The status of the activities that are set beside the factor."""
    ids = action.definitions.activities.activities_of_index.get(key, ())
    return action.status.filter(pl.col("activity_id").is_in(list(ids))) if action.status.height else action.status


def _activities(action: Action, index: IndexMeta) -> Table | None:
    """How many of the activities beside the factor are in which state, in all, per arena and per level."""
    if not action.inventoried:
        return None
    file = action.definitions.activities.activity_file
    own = action.coverage.filter(
        (pl.col("factor_kind") == "index") & (pl.col("factor") == index.index_key) & (pl.col("age_band") == ANY)
    )
    cells = {(row["arena"], row["level"]): row for row in own.iter_rows(named=True)}
    lines = [(action.entry("factor.all"), cells.get((ANY, ANY)))]
    lines += [(arena.label_sv, cells.get((arena.key, ANY))) for arena in file.arenas]
    lines += [(action.say("factor.level_row", level=level.label_sv), cells.get((ANY, level.key))) for level in file.levels]
    rows = [(label, *(numbers.thousands(row[f"n_{state}"]) for state in STATES)) for label, row in lines if row and _any(row)]
    if not rows:
        return None
    head = action.entry("factor.activity_columns")
    return Table(
        id=f"verksamheter-{slug(index.index_key)}",
        caption=action.say("factor.activity_caption", factor=index.label_sv, round=action.activity_round),
        columns=tuple(head),
        rows=tuple(rows),
        numeric=frozenset(range(1, len(head))),
    )


def _any(row: Row) -> bool:
    return bool(row["n_activities"])


def _activities_said(action: Action, index: IndexMeta) -> str:
    if not action.inventoried:
        return action.say("not_inventoried.activities")
    chosen = _chosen(action, index.index_key)
    if chosen.is_empty():
        return action.say("factor.no_activities", factor=numbers.lower_first(index.label_sv))
    known = chosen.filter(pl.col("exists") == "yes").height
    return action.say("factor.known", known=known, total=chosen.height)


def _stated(action: Action, key: str) -> tuple[tuple[str, str], ...]:
    """Names of the activities by state; those that nobody has inventoried are named too."""
    if not action.inventoried:
        return ()
    chosen = _chosen(action, key)
    found = []
    for state in STATES:
        names = [numbers.lower_first(action.name(row)) for row in chosen.filter(pl.col("exists") == state).iter_rows(named=True)]
        if names:
            found.append((action.say(f"states.{state}"), f"{numbers.words(names)}."))
    return tuple(found)


def _gaps(action: Action, key: str) -> tuple[str, ...]:
    """Activities whose money ends, those that nobody follows up, legal duties, groups that aren't reached and what is new."""
    if not action.inventoried:
        return ()
    chosen, said = _chosen(action, key), []
    for column in ("fragile", "blind"):
        rows = chosen.filter(pl.col(column))
        names = [numbers.lower_first(action.name(row)) for row in rows.iter_rows(named=True)]
        said.append(action.say(f"factor.{column}", names=numbers.words(names)) if names else action.say(f"factor.no_{column}"))
    return (*said, *activity_notes(chosen, action.definitions.activities, action.context.meta.charts))


def _readiness(action: Action, index: IndexMeta) -> Table | None:
    """The seven conditions in short: the same for all factors."""
    if not action.rated:
        return None
    rows = []
    for condition in action.definitions.readiness.conditions:
        row = action.readiness.get(condition.id)
        if row is None or row["reason"] != "ok":
            reason = action.say(f"reasons.{row['reason'] if row else 'not_inventoried'}")
            rows.append((condition.label_sv, reason, ""))
            continue
        rows.append((condition.label_sv, action.level(row["median"]), action.span(row["q1"], row["q3"])))
    caption = action.say("factor.readiness_caption", factor=index.label_sv, round=action.readiness_round)
    return Table(
        f"forutsattningar-{slug(index.index_key)}", caption, tuple(action.entry("factor.readiness_columns")), tuple(rows)
    )


def _readiness_said(action: Action) -> str:
    if not action.rated:
        return action.say(f"not_inventoried.{'few' if action.readiness_reason == 'too_few_raters' else 'readiness'}")
    return action.say("factor.readiness_note")


def _evidence(action: Action, index: IndexMeta) -> tuple[str, ...]:
    knowledge = action.definitions.knowledge
    if index.index_key not in knowledge.crosswalk.factors:
        return (action.say("factor.no_evidence"),)
    return evidence_in_three_lines(factor_evidence(knowledge, index.index_key), knowledge, index.label_sv)


def _sources(action: Action, key: str) -> tuple[tuple[str, bool], ...]:
    knowledge = action.definitions.knowledge
    if key not in knowledge.crosswalk.factors:
        return ()
    return tuple((source.text, source.suspect) for source in factor_evidence(knowledge, key).sources)


def _registers(action: Action, index: IndexMeta, found: Sequence[Beside]) -> Table | None:
    """A few register indicators of the factor's arena beside the middle of the county's other municipalities.

    Those outside the middle half of the municipalities come first.
    """
    compared = [one for one in found if one.median is not None and one.indicator.source == SOURCE]
    late = {i.indicator_key for group in action.context.meta.registers if group.group in LAST_GROUPS for i in group.indicators}
    chosen = sorted(compared, key=lambda one: (one.indicator.indicator_key in late, one.place == "middle"))[:MOST_REGISTERS]
    if not chosen:
        return None
    rows = []
    for one in chosen:
        own, middle = (_number(one, value) for value in (one.own, one.median))
        place = action.context.say(f"register_only.places.{one.place}")
        rows.append((one.indicator.title_sv, str(one.year), own, middle, place))
    return Table(
        id=f"register-{slug(index.index_key)}",
        caption=action.say("factor.register_caption", factor=index.label_sv),
        columns=tuple(action.entry("factor.register_columns")),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3}),
    )


def _registers_said(action: Action, key: str) -> str:
    """Which arena, how the measures are chosen, and their source."""
    context, arena = action.context, _arena(action, key)
    groups = [group for group in context.meta.registers if group.arena == arena and group.source == SOURCE]
    lines = dict.fromkeys(source_line(group.source_line, group.source, context.frames.register_values) for group in groups)
    return " ".join([action.say("factor.registers_note", arena=context.title(arena)), *lines])


def _number(one: Beside, value: float | None) -> str:
    if value is None:
        return ""
    digits = one.indicator.decimals
    return numbers.percent(value, digits) if one.unit == "percent" else numbers.decimal(value, digits)
