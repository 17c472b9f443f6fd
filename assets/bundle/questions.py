"""Single questions in the report: per group a chart beside the county and a table, and the leading questions over the waves.

Which questions stand where is data (`report_series.yml`). Every number is a released one; what is hidden stands as its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assets.bundle.types import Block, Figure, Section, SubHeading, Table, Terms, Text
from assets.bundle.words import Context
from assets.catalogue.report_models import SeriesGroup, SeriesSection
from assets.charts import findings, fragor, numbers, serier
from assets.charts.cells import Cell
from assets.charts.changes import Change, Key, read_changes
from assets.charts.series import SeriesCells, SeriesMeta, read_series
from assets.charts.types import COUNTY_CODE, GRADES

OWN_SECTIONS = ("brott", "andts")
"""Sections that hold nothing but single questions; the others stand inside an arena."""
NOT_ASKED = {"not_asked", "missing"}
SEXES = ("girl", "boy")


def question_section(context: Context, section: str) -> Section | None:
    """A section of its own, or None when the catalogue has no such questions."""
    if section not in context.meta.series_sections:
        return None
    blocks = [Text(context.say(f"questions.intro.{section}")), *context.synthetic_notice(), *question_blocks(context, section)]
    return Section(section, context.title(section), tuple(blocks))


def question_blocks(context: Context, section: str) -> list[Block]:
    """The single questions of a section; a sentence when the release has none, nothing when the catalogue has none."""
    part = context.meta.series_sections.get(section)
    if part is None:
        return []
    heading: list[Block] = []
    if section not in OWN_SECTIONS:
        heading = [SubHeading(f"fragor-{section}", context.say("questions.title", title=part.title_sv))]
    keys = [key for group in part.groups for key in group.series]
    cells = read_series(context.frames, context.scope, keys)
    if not any(key[1] == context.scope.wave for key in cells.by_key):
        return [*heading, Text(context.say("questions.none", wave=context.scope.wave))]
    changes = read_changes(context.frames, context.scope)
    blocks = [*heading, *_missing_grades(context, cells, keys)]
    for group in part.groups:
        blocks += _group(context, part, group, cells, changes)
    return blocks + _over_waves(context, part)


def _missing(cells: Iterable[Cell]) -> bool:
    """Whether the area has no answers at all: no such pupils, or not asked."""
    return all(cell.reason == "no_pupils" or cell.reason in NOT_ASKED for cell in cells)


def _missing_grades(context: Context, cells: SeriesCells, keys: Sequence[str]) -> list[Block]:
    """One sentence for each grade that the area has no answers from."""
    blocks: list[Block] = []
    for grade in GRADES:
        found = [_own(context, cells, one, grade) for one in _series(context, keys)]
        if _missing(found):
            reason = context.reason("no_pupils" if any(cell.reason == "no_pupils" for cell in found) else "missing")
            words = {"grade": context.grade_first(grade), "area": context.scope.area_name}
            blocks.append(Text(context.say("questions.grade_missing", reason=reason, **words)))
    return blocks


def _series(context: Context, keys: Sequence[str]) -> list[SeriesMeta]:
    return [context.meta.series[key] for key in keys]


def _group(
    context: Context, part: SeriesSection, group: SeriesGroup, cells: SeriesCells, changes: Mapping[Key, Change]
) -> list[Block]:
    whole = f"grupp-{group.id}"
    heading = [] if group.title_sv == part.title_sv else [SubHeading(whole, group.title_sv)]  # the part's stands right above
    blocks: list[Block] = [*heading, Text(group.question_sv)]
    series = [one for one in _series(context, group.series) if _asked(context, cells, one)]
    if not series:
        return [*blocks, Text(context.say("questions.no_rows", title=group.title_sv, wave=context.scope.wave))]
    if group.chart:
        drawn = _series(context, group.chart)
        card = fragor.build(
            context.frames, context.scope, context.meta.charts, drawn, chart_id=group.id.replace("-", "_"), title=group.title_sv
        )  # fmt: skip
        if card:
            blocks.append(Figure(card, 4))
        else:
            reason = context.reason(_whole_reason(context, cells, drawn))
            blocks.append(
                Text(context.say("questions.chart_none", title=group.title_sv, area=context.scope.area_name, reason=reason))
            )
    return blocks + _table(context, group, series, cells, changes)


def _asked(context: Context, cells: SeriesCells, series: SeriesMeta) -> bool:
    """Whether anything is said of the series in the scope's wave, in any grade."""
    found = [
        cells.get(area, context.scope.wave, grade, "all", series.key, series.measure)
        for area in (context.scope.area_code, COUNTY_CODE)
        for grade in GRADES
    ]
    return any(cell.reason not in NOT_ASKED for cell in found)


def _whole_reason(context: Context, cells: SeriesCells, series: Sequence[SeriesMeta]) -> str:
    """The most common reason why the area's values can't be shown."""
    found = [_own(context, cells, one, grade).reason for one in series for grade in GRADES]
    told = [reason for reason in found if reason not in ("ok", "no_pupils")] or found
    return max(sorted(set(told)), key=told.count)


def _own(context: Context, cells: SeriesCells, series: SeriesMeta, grade: str, sex: str = "all") -> Cell:
    return cells.get(context.scope.area_code, context.scope.wave, grade, sex, series.key, series.measure)


def _county(context: Context, cells: SeriesCells, series: SeriesMeta, grade: str, sex: str = "all") -> Cell:
    return cells.get(COUNTY_CODE, context.scope.wave, grade, sex, series.key, series.measure)


def _table(
    context: Context, group: SeriesGroup, series: Sequence[SeriesMeta], cells: SeriesCells, changes: Mapping[Key, Change]
) -> list[Block]:
    scope = context.scope
    split = any(_own(context, cells, one, grade, sex).shown for one in series for grade in GRADES for sex in SEXES)
    rows: list[tuple[str, ...]] = []
    sentences: list[Block] = []
    for grade in GRADES:
        found = [(one, _own(context, cells, one, grade)) for one in series]
        if _missing(cell for _, cell in found):
            continue
        chosen = [one for one, cell in found if cell.reason not in NOT_ASKED and (cell.shown or not group.short)]
        rows += [_row(context, one, grade, cells, changes, split=split) for one in chosen]
        if group.short:
            sentences += _hidden(context, grade, [(one, cell) for one, cell in found if not cell.shown])
    if not rows:
        return sentences
    columns = {key: text.format(area=scope.area_name) for key, text in context.entry("questions.columns").items()}
    columns |= {} if split else context.entry("questions.county_columns")
    table = Table(
        id=f"fragor-{group.id}-tabell",
        caption=context.say(
            "questions.caption", title=group.title_sv, area=scope.area_name, wave=scope.wave,
            unit=context.say(f"questions.units.{series[0].kind}"),
        ),
        columns=tuple(columns.values()),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5, 6}),
        note=" ".join([context.say("questions.note"), *_notes(context, group, series, split=split)]),
        source=context.meta.charts.survey_source,
    )  # fmt: skip
    return [*sentences, table]


def _notes(context: Context, group: SeriesGroup, series: Sequence[SeriesMeta], *, split: bool) -> list[str]:
    """Whose sexes are shown, and denominators that the chart above has not already told."""
    found = [] if split else [context.say("questions.county_note")]
    bases = [one for one in series if one.base_sv and one.key not in group.chart]
    return found + [context.say("questions.base_note", title=one.title_sv, base=one.base_sv) for one in bases]


def _hidden(context: Context, grade: str, found: Sequence[tuple[SeriesMeta, Cell]]) -> list[Block]:
    """The questions of a long list that can't be shown, one sentence per reason."""
    by_reason: dict[str, list[str]] = {}
    for one, cell in found:
        if cell.reason not in NOT_ASKED:
            by_reason.setdefault(cell.reason, []).append(numbers.lower_first(one.title_sv))
    words = {"grade": context.grade_first(grade), "area": context.scope.area_name}
    return [
        Text(context.say("questions.short", names=numbers.words(names), reason=context.reason(reason), **words))
        for reason, names in sorted(by_reason.items())
    ]


def _row(
    context: Context, series: SeriesMeta, grade: str, cells: SeriesCells, changes: Mapping[Key, Change], *, split: bool
) -> tuple[str, ...]:
    of_sex = _own if split else _county
    gap = cells.get(context.scope.area_code, context.scope.wave, grade, "all", series.key, series.difference)
    change = changes.get((grade, "all", series.kind, series.key, series.measure))
    return (
        series.title_sv,
        context.grade(grade, short=True),
        value_text(context, _own(context, cells, series, grade), series),
        *(value_text(context, of_sex(context, cells, series, grade, sex), series, interval=False) for sex in SEXES),
        value_text(context, _county(context, cells, series, grade), series),
        _difference(context, gap),
        context.say(f"questions.reading.{findings.verdict(gap)}"),
        _change(context, change),
    )


def value_text(context: Context, cell: Cell, series: SeriesMeta, *, interval: bool = True) -> str:
    """`12 % (9–16)`, `43 (41–45)` for a scale, or the mark of the reason (explained in the box on how to read)."""
    if cell.value is None:
        return context.meta.charts.reasons[cell.reason].mark or context.reason(cell.reason)
    text = numbers.percent(cell.value) if series.kind == "indicator" else numbers.decimal(cell.value)
    if not interval or cell.low is None or cell.high is None:
        return text
    low, high = numbers.decimal(cell.low), numbers.decimal(cell.high)
    return f"{text} ({low if low == high else f'{low}{numbers.DASH}{high}'})"


def _difference(context: Context, gap: Cell) -> str:
    if gap.value is None:
        return context.meta.charts.reasons[gap.reason].mark
    if gap.low is None or gap.high is None:
        return numbers.signed(gap.value)
    return f"{numbers.signed(gap.value)} ({numbers.signed_interval(gap.low, gap.high)})"


def _change(context: Context, change: Change | None) -> str:
    if change is None or change.change is None:
        return ""
    word = context.say(f"questions.changes.{change.verdict}")
    return context.say("questions.change", change=numbers.signed(change.change), since=change.from_wave, word=word)


def _over_waves(context: Context, part: SeriesSection) -> list[Block]:
    if not part.over_waves:
        return []
    heading = SubHeading(f"over-tid-{part.section}", context.say("questions.over_waves_title", title=part.title_sv))
    card = serier.build(
        context.frames, context.scope, context.meta.charts, _series(context, part.over_waves),
        chart_id=part.section, title=part.title_sv,
    )  # fmt: skip
    if card:
        return [heading, Figure(card, 4)]
    words = {"title": part.title_sv, "area": context.scope.area_name}
    return [heading, Text(context.say("questions.over_waves_none", **words))]


def item_blocks(context: Context, arena: str) -> list[Block]:
    """The questions behind the arena's indices, in short."""
    found = [(context.indices[key].label_sv, text.questions) for key, text in context.meta.indices.items() if text.arena == arena]
    items = tuple((label, f"{'; '.join(questions)}.") for label, questions in found if questions)
    if not items:
        return []
    heading = SubHeading(f"{arena}-index-fragor", context.say("questions.items_title"))
    return [heading, Text(context.say("questions.items_text")), Terms(items)]
