"""One section per arena: its indices over time, their values, and the register data that belong there."""

from __future__ import annotations

from assets.bundle.development import development
from assets.bundle.overview import difference_interval, hidden_reason
from assets.bundle.questions import item_blocks, question_blocks
from assets.bundle.registers import register_blocks
from assets.bundle.small_mode import hidden_arena, telling_reason
from assets.bundle.types import Block, Figure, Section, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.charts import findings, numbers, svarsfordelning, trend
from assets.charts.cells import Cell, read_cells
from assets.charts.types import GRADES, SEXES, IndexMeta

ARENAS = ("familj", "skola", "fritid", "narsamhalle", "individ")


def section(context: Context, arena: str) -> Section:
    """The section of one arena."""
    chosen = [context.indices[key] for key, text in context.meta.indices.items() if text.arena == arena]
    blocks: list[Block] = [Text(context.say(f"arenas.texts.{arena}"))]
    if chosen:
        blocks += [*context.synthetic_notice()]
        blocks += hidden_arena(context, arena, chosen) or _shown_arena(context, arena, chosen)
        blocks += item_blocks(context, arena)
    elif arena in context.meta.series_sections:
        blocks += [*context.synthetic_notice(), Text(context.say("arenas.no_index"))]
    else:
        blocks.append(Text(context.say("arenas.registers_only")))
    blocks += question_blocks(context, arena)
    blocks += register_blocks(context, arena)
    return Section(arena, context.title(arena), tuple(blocks))


def _shown_arena(context: Context, arena: str, chosen: list[IndexMeta]) -> list[Block]:
    """The arena's indices over time, the latest wave in numbers, and how they develop."""
    blocks = [block for index in chosen for block in _index(context, index)]
    return [*blocks, *_values(context, arena, chosen), *development(context, arena, chosen)]


def _index(context: Context, index: IndexMeta) -> list[Block]:
    text = context.meta.indices[index.index_key]
    what = context.say(
        "arenas.index_text",
        factor=numbers.lower_first(index.label_sv),
        items=numbers.spelled(text.items),
        description=text.description_sv,
    )
    blocks: list[Block] = [SubHeading(f"index-{slug(index.index_key)}", index.label_sv)]
    blocks.append(Text(f"{what} {context.say(f'arenas.index_{index.kind}')}"))
    for grade in GRADES:
        series = _series(context, index, grade)
        reason = telling_reason(series) if hidden_reason(series) else None
        card = None if reason else trend.build(
            context.frames, context.scope, context.meta.charts, grade=grade, index_key=index.index_key
        )  # fmt: skip
        if card:
            blocks.append(Figure(card, 4))
        else:
            words = context.reason(reason or "missing")
            blocks.append(Text(context.say("arenas.trend_none", grade=context.grade_first(grade), reason=words)))
    return [*blocks, *_spread(context, index)]


def _spread(context: Context, index: IndexMeta) -> list[Block]:
    """How the pupils spread over the index's three groups; the trends have said why when no group of pupils can be shown.

    The release holds no distribution of the answers to a question, so this is as near to them as a report may come.
    """
    shown = [context.own(index.index_key, grade, "share_band1").shown for grade in GRADES]
    card = svarsfordelning.build(context.frames, context.scope, context.meta.charts, index_key=index.index_key)
    return [Figure(card, 4)] if card and any(shown) else []


def _series(context: Context, index: IndexMeta, grade: str) -> list[Cell]:
    """The municipality's values over all waves; with nothing published, one cell that says so."""
    cells = read_cells(context.frames, context.scope, {index.focus_measure}, grade=grade)
    area = context.scope.area_code
    found = [cells.get(area, wave, grade, "all", index.index_key, index.focus_measure) for wave in cells.waves(area, grade)]
    return found or [Cell(None, reason="missing")]


def _values(context: Context, arena: str, chosen: list[IndexMeta]) -> list[Block]:
    """The latest wave as a table: all, girls, boys; the county beside and the difference to it."""
    scope = context.scope
    rows = []
    for index in chosen:
        for grade in GRADES:
            if context.whole_reason(grade) == "no_pupils":
                continue
            rows += [_value_row(context, index, grade, sex) for sex in ("all", *SEXES[:2])]
    if not rows:
        return []
    columns = context.entry("arenas.values_columns")
    caption = context.say("arenas.values_caption", arena=context.title(arena), area=scope.area_name, wave=scope.wave)
    table = Table(
        id=f"varden-{arena}",
        caption=caption,
        columns=tuple(columns.values()),
        rows=tuple(rows),
        numeric=frozenset({3, 4, 5, 6, 7}),
        note=context.say("arenas.values_note"),
        source=context.meta.charts.survey_source,
    )
    return [SubHeading(f"{arena}-varden", context.say("arenas.values_title", wave=scope.wave)), table]


def _value_row(context: Context, index: IndexMeta, grade: str, sex: str) -> tuple[str, ...]:
    cell = context.focus(index.index_key, grade, sex=sex)
    county = context.county_focus(index.index_key, grade, sex=sex)
    gap = context.difference(index.index_key, grade, sex)
    difference = context.reason(gap.reason)
    if gap.value is not None:
        interval = difference_interval(gap)
        difference = f"{numbers.signed(gap.value)} ({interval})" if interval else numbers.signed(gap.value)
    return (
        index.label_sv,
        context.grade(grade, short=True),
        context.say(f"common.sexes.{sex}"),
        context.share(cell),
        context.interval(cell),
        context.base(cell),
        context.share(county),
        difference,
        context.say(f"arenas.reading.{findings.verdict(gap)}"),
    )


def slug(key: str) -> str:
    """An id for a page: `acting_out` -> `acting-out`."""
    return key.replace("_", "-")
