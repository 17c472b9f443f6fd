"""What the county's edition says: overview, municipalities side by side without ranking, trends, coverage, deliveries. Pure.

Municipalities always stand in alphabetical order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from assets.bundle.anatomy import anatomy_sections
from assets.bundle.associations import section as association_section
from assets.bundle.county import comparison_sections
from assets.bundle.county_charts import map_section, place_cards, rank_figures, trend_figures
from assets.bundle.county_coverage import quality_section, who_section
from assets.bundle.county_frames import CountyFrames, guard_county
from assets.bundle.county_overview import overview_section
from assets.bundle.county_shares import focus_cells, municipality_names, row_of, share_text
from assets.bundle.county_use import use_section
from assets.bundle.method import method_section
from assets.bundle.types import (
    Block,
    BundleSummary,
    Figure,
    Notice,
    ReportContent,
    ReportMeta,
    Section,
    SubHeading,
    Table,
    Terms,
    Text,
)
from assets.bundle.words import Context, date_text
from assets.charts import numbers
from assets.charts.cells import Cell, read_cells
from assets.charts.changes import index_change
from assets.charts.findings import SMALL_POINTS
from assets.charts.types import COUNTY_CODE, GRADES, ChartCard, Scope
from assets.methods.editions import PUBLIC

Cards = Mapping[str, tuple[ChartCard, ...]]


def county_report(frames: CountyFrames, scope: Scope, meta: ReportMeta) -> ReportContent:
    """The county's whole report.

    Args:
        frames: what `assets.bundle.county_frames.select_county_frames` gives.
        scope: the county, wave and edition.
        meta: definitions, texts, version and date.

    Raises:
        PipelineError: `foreign_rows` when the frames hold rows of another edition or a later wave.
    """
    guard_county(frames, scope)
    context = Context(frames, scope, meta)
    cards = place_cards(context, frames)
    sections = (
        overview_section(context, frames),
        _municipalities(context, frames),
        map_section(context, cards),
        _places(context, frames, cards),
        _trends(context),
        association_section(context),
        use_section(context),
        who_section(context),
        quality_section(context),
        _psychometrics(context),
        method_section(context),
    )
    where = {"area": scope.area_name, "wave": scope.wave}
    return ReportContent(
        scope=scope,
        title=context.say("county_edition.title", **where),
        lead=_lead(context, context.say("county_edition.lead", **where)),
        facts=_facts(context),
        synthetic=context.say("county_edition.synthetic", **where) if meta.charts.synthetic else "",
        reading=_reading(context),
        sections=tuple(section for section in sections if section),
        summary=_summary(context),
    )


def county_folder(scope: Scope, meta: ReportMeta) -> str:
    """`01_stockholms_lan_2024_v1.0_intern`."""
    return f"{scope.area_code}_{meta.ascii_names[scope.area_code]}_{scope.wave}_v{meta.version}_{scope.edition}"


def _lead(context: Context, lead: str) -> str:
    """The lead; in the public edition with a sentence on what it leaves out."""
    return f"{lead.rstrip()} {context.say('county_edition.left_out')}" if context.scope.edition == PUBLIC else lead


def county_report_path(wave: int, edition: str, meta: ReportMeta) -> str:
    """The county's report from the folder of the wave."""
    return f"{county_folder(Scope(COUNTY_CODE, '', wave, edition), meta)}/1_rapport/rapport.html"


def _facts(context: Context) -> tuple[tuple[str, str], ...]:
    scope, meta = context.scope, context.meta
    values = {
        "area": scope.area_name,
        "wave": str(scope.wave),
        "edition": context.say(f"common.editions.{scope.edition}"),
        "version": meta.version,
        "released": date_text(meta.released),
    }
    return tuple((label, values[key]) for key, label in context.entry("county_edition.facts").items())


def _reading(context: Context) -> tuple[Terms, Table]:
    limit = numbers.spelled(int(SMALL_POINTS))
    terms = Terms(tuple((name, text.format(limit=limit)) for name, text in context.entry("reading.items")))
    reasons = context.meta.charts.reasons.values()
    rows = tuple((reason.mark, numbers.lower_first(reason.text_sv)) for reason in reasons if reason.mark)
    return terms, Table("marken", context.say("reading.marks_title"), tuple(context.entry("reading.marks_columns")), rows)


def _summary(context: Context) -> BundleSummary:
    """Of no use on the page that lists municipalities; a rendered bundle carries one."""
    scope, none = context.scope, dict.fromkeys(GRADES)
    return BundleSummary(
        scope.area_code, scope.area_name, county_folder(scope, context.meta), none, dict.fromkeys(GRADES, ""), none, "complete"
    )


def _title(context: Context, name: str) -> str:
    return context.say(f"county_edition.sections.{name}")


def _municipalities(context: Context, frames: CountyFrames) -> Section:
    blocks: list[Block] = [
        *context.synthetic_notice(),
        Text(context.say("county_edition.municipalities.intro")),
        *(_municipality_table(context, frames, grade) for grade in GRADES),
    ]
    return Section("kommuner", _title(context, "kommuner"), tuple(blocks))


def _municipality_table(context: Context, frames: CountyFrames, grade: str) -> Table:
    """Municipalities down, indices across: share and interval, or the mark of the reason."""
    marks = context.meta.charts.reasons
    used: set[str] = set()

    def text(cell: Cell) -> str:
        if cell.shown:
            return share_text(context, cell)
        used.add(cell.reason)
        return marks[cell.reason].mark

    names, cells = municipality_names(frames, context.scope.wave), focus_cells(context, grade)
    rows = [(name, *(text(cell) for cell in row_of(context, cells, code))) for code, name in names.items()]
    whole = context.say("county_edition.municipalities.whole", area=context.scope.area_name)
    rows.append((whole, *(text(cell) for cell in row_of(context, cells, context.scope.area_code))))
    explained = "; ".join(f"{marks[code].mark} {numbers.lower_first(marks[code].text_sv)}" for code in sorted(used)) or "–"
    where = {"grade": numbers.upper_first(context.grade(grade)), "wave": context.scope.wave}
    return Table(
        id=f"kommuner-{grade}",
        caption=context.say("county_edition.municipalities.caption", **where),
        columns=(
            context.say("county_edition.municipalities.area"),
            *(index.label_sv for index in context.indices.values()),
        ),
        rows=tuple(rows),
        numeric=frozenset(range(1, len(context.indices) + 1)),
        note=context.say("county_edition.municipalities.note", marks=explained),
        source=context.meta.charts.survey_source,
    )


def _places(context: Context, frames: CountyFrames, cards: Cards) -> Section:
    """Funnels and sets of ranks, as on `lansjamforelse.html`, with the rank intervals drawn."""
    found = comparison_sections(frames.rank_sets, frames.funnel, context.meta, context.scope.wave) if frames.funnel.width else ()
    title = _title(context, "platser")
    if not found:
        return Section("platser", title, (Text(context.say("county_edition.places.none")),))
    blocks: list[Block] = [*context.synthetic_notice(), Text(context.say("county_edition.places.intro"))]
    how, *sections = found
    blocks += [block for block in how.blocks if not isinstance(block, Notice)]
    ranks = {f"index-{key.replace('_', '-')}": rank_figures(held) for key, held in cards.items()}
    for one in sections:
        blocks.append(SubHeading(one.id, one.title))
        blocks += [replace(figure, level=4) for figure in one.figures]
        blocks += [*ranks[one.id], *(block for block in one.blocks if not isinstance(block, Figure))]
    return Section("platser", title, tuple(blocks))


def _trends(context: Context) -> Section:
    """The county's focus share at each wave, drawn and in numbers, and what the release says about its development."""
    blocks: list[Block] = [*context.synthetic_notice(), Text(context.say("county_edition.trends.intro"))]
    area = context.scope.area_code
    for grade in GRADES:
        measures = {index.focus_measure for index in context.indices.values()}
        cells = read_cells(context.frames, context.scope, measures, grade=grade)
        waves = [wave for wave in cells.waves(area, grade) if wave <= context.scope.wave]
        rows, shown = [], []
        for key, index in context.indices.items():
            series = [cells.get(area, wave, grade, "all", key, index.focus_measure) for wave in waves]
            rows.append((index.label_sv, *(share_text(context, cell) for cell in series), _verdict(context, grade, key)))
            shown += [key] if any(cell.shown for cell in series) else []
        factor, development = context.entry("county_edition.trends.columns")
        where = {"area": context.scope.area_name, "grade": context.grade(grade)}
        if waves:
            blocks.append(SubHeading(f"trender-{grade}-rubrik", numbers.upper_first(context.grade(grade))))
            blocks += trend_figures(context, grade, shown)
            blocks.append(Table(
                id=f"trender-{grade}",
                caption=context.say("county_edition.trends.caption", **where),
                columns=(factor, *(str(wave) for wave in waves), development),
                rows=tuple(rows),
                numeric=frozenset(range(1, len(waves) + 1)),
                note=context.say("county_edition.trends.note"),
                source=context.meta.charts.survey_source,
            ))  # fmt: skip
    return Section("trender", _title(context, "trender"), tuple(blocks))


def _verdict(context: Context, grade: str, key: str) -> str:
    change = index_change(context.frames, context.scope, grade, key)
    if change is None or not change.shown:
        return context.say("county_edition.trends.none")
    verdict = context.say(f"development.verdicts.{change.verdict}")
    return context.say("county_edition.trends.verdict", verdict=verdict, earlier=change.from_wave)


def _psychometrics(context: Context) -> Section:
    """All indices at a glance and the steps of their questions, from the anatomy."""
    found = anatomy_sections(context.frames, context.scope, context.meta)
    title = _title(context, "psykometri")
    if not found:
        return Section("psykometri", title, (Text(context.say("county_edition.psychometrics.none")),))
    first, summary, *indices = found
    drawn = [figure for one in indices for figure in one.figures]
    intro = Text(context.say("county_edition.psychometrics.intro"))
    return Section("psykometri", title, (*context.synthetic_notice(), intro, *summary.blocks, *drawn, *first.blocks))
