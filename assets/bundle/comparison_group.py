"""The municipalities that one is compared with: chosen ones and similar ones, by name with the reason, never ranked. Pure.

A bundle may see the other municipalities' focus shares of its own wave, girls and boys together, and nothing else of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from assets.bundle.types import Block, ReportMeta, Section, SubHeading, Table, Text
from assets.bundle.words import Context, say, source_line
from assets.catalogue.report_models import SimilarityMeasure
from assets.charts import numbers
from assets.charts.cells import Cell, Cells, read_cells
from assets.charts.read_once import ReadOnce
from assets.charts.types import COUNTY_CODE, GRADES, ReleaseFrames
from assets.methods.similar_areas import Measured, Neighbour, similar_areas, unknown_for

TABLE = "jamforelsekommuner"
LEAST_MEASURES = 2
_measured: ReadOnce[list[Measured]] = ReadOnce()
KEYS = ("Kommunkod", "Jämförelsekommunens kod", "Slag")


@dataclass(frozen=True)
class Compared:
    """A municipality to compare with: why it was chosen (empty: it wasn't), how near it is (None: not among the similar)."""

    area_code: str
    reason: str
    distance: float | None


def measured(values: pl.DataFrame, measure: SimilarityMeasure, wave: int) -> Measured:
    """A measure in the latest year, not after the wave, in which at least half of the municipalities have a value.

    Args:
        values: `register_values` of the release.
    """
    rows = values.filter(
        (pl.col("source") == measure.source)
        & (pl.col("indicator_key") == measure.indicator_key)
        & (pl.col("area_level") == "municipality")
        & (pl.col("sex") == "all")
        & (pl.col("year") <= wave)
    )
    counts = rows.group_by("year").agg(known=pl.col("value").is_not_null().sum().cast(pl.Int64)).sort("year")
    areas = rows["area_code"].n_unique()
    years = [year for year, known in counts.iter_rows() if known and 2 * known >= areas]
    if not years:
        return Measured(measure.text_sv, None, {}, measure.log)
    chosen = rows.filter((pl.col("year") == years[-1]) & pl.col("value").is_not_null()).sort("area_code")
    return Measured(measure.text_sv, years[-1], dict(chosen.select("area_code", "value").iter_rows()), measure.log)


def measures_of(frames: ReleaseFrames, meta: ReportMeta, wave: int) -> list[Measured]:
    """The measures of the rule for similarity that the registers have by the wave; none when they are fewer than two."""
    rule, values = meta.comparison_groups.similarity, frames.register_values
    if rule is None:
        return []
    found = _measured.get(values, (wave, repr(rule.measures)), lambda: [measured(values, one, wave) for one in rule.measures])
    known = [measure for measure in found if measure.year is not None]
    return known if len(known) >= LEAST_MEASURES else []


def compared_with(meta: ReportMeta, measures: Sequence[Measured], area_code: str) -> list[Compared]:
    """Chosen and similar municipalities together, in alphabetical order."""
    groups = meta.comparison_groups
    chosen = groups.by_code.get(area_code)
    reasons = dict.fromkeys(chosen.compared_with, chosen.reason_sv) if chosen else {}
    near = _near(meta, measures, area_code)
    distances = {one.area_code: one.distance for one in near}
    found = [Compared(code, reasons.get(code, ""), distances.get(code)) for code in {*reasons, *distances}]
    return sorted(found, key=lambda one: numbers.swedish(meta.area_names[one.area_code]))


def _near(meta: ReportMeta, measures: Sequence[Measured], area_code: str) -> list[Neighbour]:
    rule = meta.comparison_groups.similarity
    return similar_areas(area_code, measures, rule.most) if rule else []


def comparison_section(context: Context) -> Section | None:
    """The section, or None when the catalogue has neither chosen municipalities nor a rule for similar ones."""
    groups, scope = context.meta.comparison_groups, context.scope
    if not groups.similarity and not groups.chosen:
        return None
    measures = measures_of(context.frames, context.meta, scope.wave)
    found = compared_with(context.meta, measures, scope.area_code)
    blocks: list[Block] = [Text(_say(context, "intro")), *context.synthetic_notice()]
    blocks += _who(context, found, measures)
    if found:
        blocks += _shares(context, found)
    else:
        blocks.append(Text(_say(context, "no_group")))
    return Section("jamforelse", context.title("jamforelse"), tuple(blocks))


def _say(context: Context, path: str, **words: object) -> str:
    return context.say(f"questions.comparison.{path}", **({"area": context.scope.area_name} | words))


def _who(context: Context, found: Sequence[Compared], measures: Sequence[Measured]) -> list[Block]:
    meta, area = context.meta, context.scope.area_code
    blocks: list[Block] = [SubHeading("jamforelse-vilka", _say(context, "group_title"))]
    if area not in meta.comparison_groups.by_code:
        blocks.append(Text(_say(context, "chosen_none")))
    rule = meta.comparison_groups.similarity
    near = [one for one in found if one.distance is not None]
    if rule and near:
        told = [_say(context, "log", name=measure.name) if measure.log else measure.name for measure in measures]
        blocks.append(Text(_say(context, "similar_text", most=numbers.spelled(len(near)), measures=numbers.words(told))))
    elif rule:
        unknown = unknown_for(area, measures) or [measure.text_sv for measure in rule.measures]
        reason = _say(context, "similar_reasons.no_measure", names=numbers.words(unknown))
        blocks.append(Text(_say(context, "similar_none", reason=reason)))
    if found:
        rows = tuple((meta.area_names[one.area_code], _why(context, one)) for one in found)
        columns = tuple(context.entry("questions.comparison.group_columns"))
        source = meta.comparison_groups.source_sv if any(one.reason for one in found) else ""
        blocks.append(Table("jamforelse-kommuner", _say(context, "group_caption"), columns, rows, source=source))
    if near:
        blocks.append(_measures_table(context, near, measures))
    return blocks


def _why(context: Context, one: Compared) -> str:
    return numbers.upper_first(why(context.meta, one))


def why(meta: ReportMeta, one: Compared) -> str:
    """Why a municipality is in the group, in words."""
    kind = "both" if one.reason and one.distance is not None else "chosen" if one.reason else "similar"
    return say(meta.texts, f"questions.comparison.{kind}", reason=one.reason)


def _measures_table(context: Context, near: Sequence[Compared], measures: Sequence[Measured]) -> Table:
    """The open values that the likeness rests on: the municipality first, then the similar ones in alphabetical order."""
    labels = context.entry("questions.comparison.measures_columns")
    heads = [numbers.upper_first(_say(context, "measure", text=measure.name, year=measure.year)) for measure in measures]
    areas = [(context.scope.area_code, 0.0), *((one.area_code, one.distance or 0.0) for one in near)]
    rows = tuple(
        (
            context.meta.area_names[code],
            *(numbers.decimal(measure.values[code], 0 if measure.log else 1) for measure in measures),
            "" if code == context.scope.area_code else numbers.decimal(distance, 1),
        )
        for code, distance in areas
    )
    return Table(
        id="jamforelse-matt",
        caption=_say(context, "measures_caption"),
        columns=(labels["area"], *heads, labels["distance"]),
        rows=rows,
        numeric=frozenset(range(1, len(heads) + 2)),
        source=_sources(context),
    )


def _sources(context: Context) -> str:
    rule = context.meta.comparison_groups.similarity
    used = {measure.source for measure in rule.measures} if rule else set()
    values = context.frames.register_values.filter(pl.col("area_code") == context.scope.area_code)
    lines = [source_line(group.source_line, group.source, values) for group in context.meta.registers if group.source in used]
    return " ".join(dict.fromkeys(lines))


def _shares(context: Context, found: Sequence[Compared]) -> list[Block]:
    """A table per grade: own, county and the comparison municipalities; those without a single value in a sentence."""
    blocks: list[Block] = [SubHeading("jamforelse-tal", _say(context, "table_title"))]
    for grade in GRADES:
        measures = {index.focus_measure for index in context.indices.values()}
        cells = read_cells(context.frames, context.scope, measures, grade=grade, others=True)
        areas = [(context.scope.area_code, context.scope.area_name), (COUNTY_CODE, context.meta.charts.comparison_name)]
        areas += [(one.area_code, context.meta.area_names[one.area_code]) for one in found]
        rows: list[tuple[str, ...]] = []
        silent: list[Block] = []
        for code, name in areas:
            shares = [_share(context, cells, code, grade, key) for key in context.indices]
            if any(cell.shown for cell in shares):
                rows.append((name, *(_share_text(context, cell) for cell in shares)))
            else:
                reason = context.reason(shares[0].reason if shares else "missing")
                silent.append(Text(_say(context, "no_data", name=name, grade=context.grade(grade), reason=reason)))
        blocks += silent
        if rows:
            blocks.append(_share_table(context, grade, rows))
    return blocks


def _share(context: Context, cells: Cells, code: str, grade: str, key: str) -> Cell:
    return cells.get(code, context.scope.wave, grade, "all", key, context.indices[key].focus_measure)


def _share_text(context: Context, cell: Cell) -> str:
    """`12 % (9–16)`, or the mark of the reason."""
    if cell.value is None:
        return context.meta.charts.reasons[cell.reason].mark
    if cell.low is None or cell.high is None:
        return numbers.percent(cell.value)
    return f"{numbers.percent(cell.value)} ({numbers.decimal(cell.low)}{numbers.DASH}{numbers.decimal(cell.high)})"


def _share_table(context: Context, grade: str, rows: Sequence[tuple[str, ...]]) -> Table:
    heads = [
        _say(context, "factor", label=index.label_sv, band=index.focus_band_label_sv) for index in context.indices.values()
    ]  # fmt: skip
    return Table(
        id=f"jamforelse-{grade}",
        caption=_say(context, "table_caption", grade=context.grade(grade), wave=context.scope.wave),
        columns=(_say(context, "area"), *heads),
        rows=tuple(rows),
        numeric=frozenset(range(1, len(heads) + 1)),
        source=context.meta.charts.survey_source,
    )


def comparison_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """`jamforelsekommuner.csv`: who every municipality is compared with and why, or None without a rule or chosen ones.

    It rests on open register values only, so it is the same in all bundles of a release, and frozen with it.
    """
    groups = meta.comparison_groups
    waves = frames.index_results["wave"]
    if waves.is_empty() or (not groups.similarity and not groups.chosen):
        return None
    wave = int(waves.cast(pl.Int64).to_numpy().max())
    measures = measures_of(frames, meta, wave)
    names, texts = meta.area_names, meta.texts["questions"]["comparison"]
    rows = []
    for code in sorted(meta.ascii_names):
        for one in compared_with(meta, measures, code):
            for kind, wanted in (("chosen", bool(one.reason)), ("similar", one.distance is not None)):
                if wanted:
                    distance = round(one.distance, 3) if kind == "similar" and one.distance is not None else None
                    reason = one.reason if kind == "chosen" else texts["similar"]
                    rows.append((names[code], code, names[one.area_code], one.area_code, texts["kinds"][kind], reason, distance))
    if not rows:
        return None
    heads = texts["csv"]
    schema = {heads[key]: pl.Float64 if key == "distance" else pl.String for key in heads}
    return pl.DataFrame(rows, schema=schema, orient="row")
