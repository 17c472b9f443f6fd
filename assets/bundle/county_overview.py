"""The first section of the county's edition: what the county's own tests say, who is in, and who lies outside the funnel. Pure.

The headings are those of a municipality's overview, so that the two pages and the slides are made from it in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.bundle.county_frames import CountyFrames
from assets.bundle.county_shares import MUNICIPALITY, focus_cells, municipality_names, row_of, share_text
from assets.bundle.highlights import Listed, highlights
from assets.bundle.overview import drawn_cells, hidden_reason, no_chart, unclear_changes
from assets.bundle.types import Block, Bullets, Figure, Section, SubHeading, Table, Text
from assets.bundle.words import Context, names
from assets.charts import konsskillnad, numbers
from assets.charts.types import GRADES


def overview_section(context: Context, frames: CountyFrames) -> Section:
    """Findings about the county, answers and coverage, the county's shares, girls and boys, and who lies outside the funnel."""
    where = {"area": context.scope.area_name, "wave": context.scope.wave}
    blocks: list[Block] = [
        *context.synthetic_notice(),
        Text(context.say("county_edition.overview.intro", **where)),
        *_findings(context, frames),
        SubHeading("oversikt-svar", context.say("county_edition.overview.answers_title")),
        Bullets(tuple(_answered(context, frames))),
        SubHeading("oversikt-lanet", context.say("county_edition.overview.county_title")),
        _county_table(context),
        SubHeading("oversikt-sex", context.say("overview.charts.sex")),
        *_sexes(context),
        SubHeading("oversikt-utanfor", context.say("county_edition.overview.outside_title")),
        *_outside(context, frames),
    ]
    return Section("oversikt", context.say("county_edition.sections.oversikt"), tuple(blocks))


def _findings(context: Context, frames: CountyFrames) -> list[Block]:
    """Strengths, what needs attention, what is uncertain and what can't be said, chosen by the same tests as a municipality's."""
    chosen = highlights(context)
    unclear = [*unclear_changes(context), *_undecided(context, frames)]
    return [
        *_listed(context, "strengths", _sentences(context, "strengths", chosen.strengths), "strength", chosen.compared),
        *_listed(context, "attention", _sentences(context, "attention", chosen.attention), "attention", chosen.compared),
        *_listed(context, "unclear", unclear, "unclear"),
        *_listed(context, "hidden", _hidden(context, frames), "hidden"),
    ]


def _sentences(context: Context, name: str, listed: Listed) -> list[str]:
    more = [context.say(f"overview.{name}.more", count=numbers.spelled(listed.more))] if listed.more else []
    return [*listed.sentences, *more]


def _listed(context: Context, name: str, sentences: Sequence[str], tone: str, compared: int = 0) -> list[Block]:
    heading = SubHeading(f"oversikt-{name}", context.say(f"overview.{name}.title"))
    if not sentences:
        return [heading, Text(context.say(f"county_edition.findings.{name}", compared=compared))]
    return [heading, Bullets(tuple(sentences), tone)]


def _undecided(context: Context, frames: CountyFrames) -> list[str]:
    """For how many of the compared shares the municipality's place can't be told, per grade."""
    sentences = []
    for grade in GRADES:
        rows = (
            frames.rank_sets.filter(pl.col("best_rank").is_not_null() & (pl.col("grade") == grade))
            if frames.rank_sets.width
            else None
        )
        if rows is not None and rows.height:
            where = {"grade": context.grade_first(grade), "count": int(rows["undecided"].sum()), "total": rows.height}
            sentences.append(context.say("county_edition.findings.undecided", **where))
    return sentences


def _hidden(context: Context, frames: CountyFrames) -> list[str]:
    """The county's own shares that can't be shown, and how many of the municipalities'."""
    sentences = []
    for grade in GRADES:
        named = context.grade_first(grade)
        for code in sorted({context.focus(key, grade).reason for key in context.indices} - {"ok"}):
            chosen = [index for key, index in context.indices.items() if context.focus(key, grade).reason == code]
            where = {"grade": named, "names": names(chosen), "reason": context.reason(code)}
            sentences.append(context.say("county_edition.findings.own_hidden", **where))
        cells, places = focus_cells(context, grade), municipality_names(frames, context.scope.wave)
        reasons = [cell.reason for code in places for cell in row_of(context, cells, code) if not cell.shown]
        total = len(places) * len(context.indices)
        for code in sorted(set(reasons), key=lambda code: (-reasons.count(code), code)):
            where = {"grade": named, "count": reasons.count(code), "total": total, "reason": context.reason(code)}
            sentences.append(context.say("county_edition.findings.hidden_shares", **where))
    return sentences


def _sexes(context: Context) -> list[Block]:
    blocks: list[Block] = []
    for grade in GRADES:
        reason = hidden_reason(drawn_cells(context, "sex", grade))
        card = None if reason else konsskillnad.build(context.frames, context.scope, context.meta.charts, grade=grade)
        blocks.append(Figure(card, 4) if card else Text(no_chart(context, grade, reason or "missing")))
    return blocks


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
        if count := context.answers(row):
            pct = context.response(row)
            rate = str(context.entry("county_edition.overview.rate")).format(pct=pct) if pct else ""
            grade = context.grade_first(row["grade"])
            sentences.append(context.say("county_edition.overview.answers", grade=grade, respondents=count, rate=rate))
    shares = [cell for cells in (focus_cells(context, grade) for grade in GRADES) for code in names
              for cell in row_of(context, cells, code)]  # fmt: skip
    expected = [cell for cell in shares if cell.reason not in ("no_pupils", "no_delivery")]
    shown = sum(cell.shown for cell in expected)
    return [*sentences, context.say("county_edition.overview.shown", shown=shown, total=len(expected))]


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
                where = {"grade": context.grade_first(grade), "index": numbers.lower_first(index.label_sv)}
                sentences.append(context.say("county_edition.overview.outside", names=numbers.words(names), **where))
    if not sentences:
        return [Text(context.say("county_edition.overview.outside_none"))]
    intro, note = (Text(context.say(f"county_edition.overview.outside_{name}")) for name in ("intro", "note"))
    return [intro, Bullets(tuple(sentences)), note]
