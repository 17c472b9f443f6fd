"""What the county's edition says: overview, municipalities side by side without ranking, trends, coverage, deliveries. Pure.

Municipalities always stand in alphabetical order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from assets.bundle.anatomy import anatomy_sections
from assets.bundle.associations import section as association_section
from assets.bundle.county import comparison_sections
from assets.bundle.county_coverage import quality_section, who_section
from assets.bundle.county_frames import CountyFrames, guard_county
from assets.bundle.method import method_section
from assets.bundle.types import (
    Block,
    Bullets,
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
from assets.charts.types import COUNTY_CODE, GRADES, ChartCard, ChartMeta, Scope

MUNICIPALITY = "municipality"
Focus = Mapping[tuple[str, str], Cell]
Chart = Callable[[CountyFrames, Scope, ChartMeta], Sequence[ChartCard]]
OVERVIEW_CHARTS: tuple[Chart, ...] = ()
"""Charts of the whole county (tile map, boundary map) drawn first among the municipalities: (frames, scope, meta) -> cards."""


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
    sections = (
        _overview(context, frames),
        _municipalities(context, frames),
        _places(context, frames),
        _trends(context),
        association_section(context),
        who_section(context),
        quality_section(context),
        _psychometrics(context),
        method_section(context),
    )
    where = {"area": scope.area_name, "wave": scope.wave}
    return ReportContent(
        scope=scope,
        title=context.say("county_edition.title", **where),
        lead=context.say("county_edition.lead", **where),
        facts=_facts(context),
        synthetic=context.say("county_edition.synthetic", **where) if meta.charts.synthetic else "",
        reading=_reading(context),
        sections=tuple(section for section in sections if section),
        summary=_summary(context),
    )


def county_folder(scope: Scope, meta: ReportMeta) -> str:
    """`01_stockholms_lan_2024_v1.0_intern`."""
    return f"{scope.area_code}_{meta.ascii_names[scope.area_code]}_{scope.wave}_v{meta.version}_{scope.edition}"


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


def municipality_names(frames: CountyFrames, wave: int) -> dict[str, str]:
    """Code -> name of the municipalities of the release, in the Swedish alphabet's order of the names."""
    rows = frames.index_results.filter((pl.col("area_level") == MUNICIPALITY) & (pl.col("wave") == wave))
    found = dict(rows.select("area_code", "area_name").unique().iter_rows())
    return dict(sorted(found.items(), key=lambda item: numbers.swedish(item[1])))


def _overview(context: Context, frames: CountyFrames) -> Section:
    where = {"area": context.scope.area_name, "wave": context.scope.wave}
    blocks: list[Block] = [
        *context.synthetic_notice(),
        Text(context.say("county_edition.overview.intro", **where)),
        SubHeading("oversikt-svar", context.say("county_edition.overview.answers_title")),
        Bullets(tuple(_answered(context, frames))),
        SubHeading("oversikt-lanet", context.say("county_edition.overview.county_title")),
        _county_table(context),
        SubHeading("oversikt-utanfor", context.say("county_edition.overview.outside_title")),
        *_outside(context, frames),
    ]
    return Section("oversikt", _title(context, "oversikt"), tuple(blocks))


def _answered(context: Context, frames: CountyFrames) -> list[str]:
    """Who delivered, how many answered, and how many shares can be shown."""
    names, wave = municipality_names(frames, context.scope.wave), context.scope.wave
    rates = frames.response_rates.filter(pl.col("wave") == wave)
    municipal = rates.filter(pl.col("area_level") == MUNICIPALITY)
    absent = {code for code in names if set(municipal.filter(pl.col("area_code") == code)["reason"]) <= {"no_delivery"}}
    sentences = [context.say("county_edition.overview.delivered", count=len(names) - len(absent), total=len(names))]
    if absent:
        missing = numbers.words([name for code, name in names.items() if code in absent])
        sentences.append(context.say("county_edition.overview.missing", names=missing))
    for row in rates.filter(pl.col("area_code") == context.scope.area_code).sort("grade").iter_rows(named=True):
        if row["respondents"] is not None:
            pct = row["response_pct"]
            rate = "" if pct is None else str(context.entry("county_edition.overview.rate")).format(pct=numbers.percent(pct))
            grade, count = context.grade(row["grade"], short=True), numbers.thousands(row["respondents"])
            sentences.append(context.say("county_edition.overview.answers", grade=grade, respondents=count, rate=rate))
    shares = [cell for cells in (focus_cells(context, grade) for grade in GRADES) for code in names
              for cell in row_of(context, cells, code)]  # fmt: skip
    expected = [cell for cell in shares if cell.reason not in ("no_pupils", "no_delivery")]
    shown = sum(cell.shown for cell in expected)
    return [*sentences, context.say("county_edition.overview.shown", shown=shown, total=len(expected))]


def focus_cells(context: Context, grade: str) -> Focus:
    """(area, index) -> focus share of the wave, girls and boys together."""
    frame = context.frames.index_results.filter(
        (pl.col("wave") == context.scope.wave) & (pl.col("grade") == grade) & (pl.col("sex") == "all")
    )
    found: dict[tuple[str, str], Cell] = {}
    for key, index in context.indices.items():
        rows = frame.filter((pl.col("index_key") == key) & (pl.col("measure") == index.focus_measure))
        for row in rows.select("area_code", "value", "low", "high", "n", "reason").iter_rows():
            found[row[0], key] = Cell(*row[1:])
    return found


def row_of(context: Context, cells: Focus, code: str) -> list[Cell]:
    """An area's focus shares in catalogue order."""
    return [cells.get((code, key), Cell(None, reason="missing")) for key in context.indices]


def _county_table(context: Context) -> Table:
    where = {"area": context.scope.area_name, "wave": context.scope.wave}
    rows = tuple(
        (index.label_sv, *(share_text(context, context.focus(key, grade)) for grade in GRADES))
        for key, index in context.indices.items()
    )
    return Table(
        id="lanet",
        caption=context.say("county_edition.overview.county_caption", **where),
        columns=tuple(context.entry("county_edition.overview.county_columns")),
        rows=rows,
        numeric=frozenset({1, 2}),
        source=context.meta.charts.survey_source,
    )


def share_text(context: Context, cell: Cell) -> str:
    """`12 % (9–16 %)`, or the reason in words."""
    interval = context.interval(cell)
    return f"{context.share(cell)} ({interval})" if interval else context.share(cell)


def _outside(context: Context, frames: CountyFrames) -> list[Block]:
    """Which municipalities lie outside the funnel, per grade and index; no direction, as that is no verdict."""
    rows = frames.funnel.filter(pl.col("position").is_not_null()) if frames.funnel.width else frames.funnel
    if rows.is_empty():
        return [Text(context.say("county_edition.overview.not_compared"))]
    sentences = []
    for grade in GRADES:
        for key, index in context.indices.items():
            found = rows.filter((pl.col("grade") == grade) & (pl.col("index_key") == key) & (pl.col("position") != "inside"))
            names = sorted(found["area_name"].to_list(), key=numbers.swedish)
            if names:
                where = {"grade": context.grade(grade, short=True), "index": numbers.lower_first(index.label_sv)}
                sentences.append(context.say("county_edition.overview.outside", names=numbers.words(names), **where))
    if not sentences:
        return [Text(context.say("county_edition.overview.outside_none"))]
    intro, note = (Text(context.say(f"county_edition.overview.outside_{name}")) for name in ("intro", "note"))
    return [intro, Bullets(tuple(sentences)), note]


def _municipalities(context: Context, frames: CountyFrames) -> Section:
    cards = [card for chart in OVERVIEW_CHARTS for card in chart(frames, context.scope, context.meta.charts)]
    blocks: list[Block] = [
        *context.synthetic_notice(),
        Text(context.say("county_edition.municipalities.intro")),
        *(Figure(card, 3) for card in cards),
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


def _places(context: Context, frames: CountyFrames) -> Section:
    """Funnels and sets of ranks, as on `lansjamforelse.html`."""
    found = comparison_sections(frames.rank_sets, frames.funnel, context.meta, context.scope.wave) if frames.funnel.width else ()
    title = _title(context, "platser")
    if not found:
        return Section("platser", title, (Text(context.say("county_edition.places.none")),))
    blocks: list[Block] = [*context.synthetic_notice(), Text(context.say("county_edition.places.intro"))]
    how, *sections = found
    blocks += [block for block in how.blocks if not isinstance(block, Notice)]
    for one in sections:
        blocks.append(SubHeading(one.id, one.title))
        blocks += [replace(block, level=4) if isinstance(block, Figure) else block for block in one.blocks]
    return Section("platser", title, tuple(blocks))


def _trends(context: Context) -> Section:
    """The county's focus share at each wave, and what the release says about its development."""
    blocks: list[Block] = [*context.synthetic_notice(), Text(context.say("county_edition.trends.intro"))]
    area = context.scope.area_code
    for grade in GRADES:
        measures = {index.focus_measure for index in context.indices.values()}
        cells = read_cells(context.frames, context.scope, measures, grade=grade)
        waves = [wave for wave in cells.waves(area, grade) if wave <= context.scope.wave]
        rows = []
        for key, index in context.indices.items():
            series = [cells.get(area, wave, grade, "all", key, index.focus_measure) for wave in waves]
            rows.append((index.label_sv, *(share_text(context, cell) for cell in series), _verdict(context, grade, key)))
        factor, development = context.entry("county_edition.trends.columns")
        where = {"area": context.scope.area_name, "grade": context.grade(grade)}
        if waves:
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
    """All indices at a glance, from the anatomy."""
    found = anatomy_sections(context.frames, context.meta)
    title = _title(context, "psykometri")
    if not found:
        return Section("psykometri", title, (Text(context.say("county_edition.psychometrics.none")),))
    first, summary = found[:2]
    intro = Text(context.say("county_edition.psychometrics.intro"))
    return Section("psykometri", title, (*context.synthetic_notice(), intro, *summary.blocks, *first.blocks))
