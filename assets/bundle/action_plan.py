"""`6_atgard/lagesbild_atgardsplan.docx`: the skeleton of the statutory situation picture and action plan (act 2023:196). Pure.

The headings follow the parts of the act that our sources confirm; paragraphs are not quoted and the reader is told what to check.
Numbers are released ones, each row with a reference (`lagesbild_siffror.csv` lists them all); what the municipality has to write
itself is marked.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from assets.bundle.action_plan_forms import activity_blocks, order_blocks, plan_table, readiness_blocks
from assets.bundle.action_plan_rows import QUESTIONS, Ledger, Levels, register_table
from assets.bundle.docx_file import Block, FillIn, Heading, WordFile, docx_bytes
from assets.bundle.tables import csv_bytes
from assets.bundle.types import Bullets, Notice, ReportContent, ReportMeta, Table, Text
from assets.bundle.words import Context, date_text
from assets.charts import numbers
from assets.charts.types import GRADES, ReleaseFrames

PATH = "6_atgard/lagesbild_atgardsplan.docx"
NUMBERS = "6_atgard/lagesbild_siffror.csv"


def action_plan_files(frames: ReleaseFrames, content: ReportContent, meta: ReportMeta) -> dict[str, bytes]:
    """The document and the list of its numbers."""
    context = Context(frames, content.scope, meta)
    ledger = Ledger()
    blocks = [*_about(context), *_picture(context, ledger), *_plan(context), *_references(context, ledger)]
    words = {"area": content.scope.area_name, "wave": content.scope.wave}
    document = WordFile(
        title=context.say("action_plan.file_title", **words),
        header=context.say("action_plan.header", **words),
        mark=context.say("action_plan.synthetic") if meta.charts.synthetic else "",
        released=meta.released,
    )
    return {PATH: docx_bytes(document, blocks), NUMBERS: _numbers(context, ledger)}


def _say(context: Context, path: str, **words: object) -> str:
    return context.say(f"action_plan.{path}", **words)


def _heading(context: Context, level: int, name: str) -> Heading:
    return Heading(level, _say(context, f"headings.{name}"))


def _fill(context: Context, name: str) -> FillIn:
    return FillIn(_say(context, "fill", what=_say(context, f"fill_in.{name}")))


def _about(context: Context) -> Iterator[Block]:
    scope, meta = context.scope, context.meta
    if meta.charts.synthetic:
        yield Notice(_say(context, "synthetic_notice"), "synthetic", f"{_say(context, 'synthetic')}.")
    if meta.other_limits:
        yield Notice(meta.other_limits)
    yield Text(
        _say(
            context, "lead", area=scope.area_name, wave=scope.wave, version=meta.version, released=date_text(meta.released)
        )
    )  # fmt: skip
    yield _heading(context, 1, "about")
    grades = numbers.words([context.grade(grade) for grade in GRADES])
    yield Bullets(tuple(str(line).replace("{grades}", grades) for line in context.entry("action_plan.about")))


def _picture(context: Context, ledger: Ledger) -> Iterator[Block]:
    levels = Levels(context, ledger)
    yield _heading(context, 1, "picture")
    yield _heading(context, 2, "mapping")
    yield _heading(context, 3, "extent")
    yield from _questions(levels, "victim")
    yield from _questions(levels, "own_crime")
    yield from (_fill(context, name) for name in ("police", "others", "groups_places"))
    yield _heading(context, 3, "consequences")
    yield from _questions(levels, "safety")
    yield _fill(context, "consequences")
    yield _heading(context, 2, "other")
    yield _heading(context, 3, "factors")
    yield from _factors(levels)
    yield _heading(context, 3, "registers")
    yield register_table(context, ledger) or Text(_say(context, "no_registers"))
    yield _heading(context, 3, "activities")
    yield from activity_blocks(context, ledger)
    yield _fill(context, "gaps")
    yield _heading(context, 3, "readiness")
    yield from readiness_blocks(context, ledger)
    yield from (_fill(context, name) for name in ("readiness", "other"))
    yield _heading(context, 2, "analysis")
    yield from _analysis(context, ledger)
    yield _fill(context, "analysis")
    yield _heading(context, 3, "order")
    yield from order_blocks(context, ledger)
    yield _fill(context, "order")


def _questions(levels: Levels, caption: str) -> Iterator[Block]:
    context, (section, group) = levels.context, QUESTIONS[caption]
    part = context.meta.series_sections.get(section)
    keys = next((one.series for one in part.groups if one.id == group), ()) if part else ()
    series = [context.meta.series[key] for key in keys if key in context.meta.series]
    if not series or not context.frames.indicator_results.width:
        yield Text(_say(context, "no_series"))
        return
    where = _say(context, "references.where.series")
    for grade in GRADES:
        title = _say(context, f"captions.{caption}", grade=context.grade(grade), wave=context.scope.wave)
        found = levels.table(f"{caption}-{grade}", title, grade, [levels.question(one, grade) for one in series], where)
        yield Text(found) if isinstance(found, str) else found


def _factors(levels: Levels) -> Iterator[Block]:
    context = levels.context
    for grade in GRADES:
        title = _say(context, "captions.factors", grade=context.grade(grade), wave=context.scope.wave)
        factors = [levels.factor(index, grade) for index in context.indices.values()]
        found = levels.table(f"faktorer-{grade}", title, grade, factors, _say(context, "references.where.index"))
        yield Text(found) if isinstance(found, str) else found


def _analysis(context: Context, ledger: Ledger) -> Iterator[Block]:
    """What the published verdicts say, in four lists; nothing is judged here."""
    lines = []
    for name in ("more", "less", "up", "down"):
        items = [
            _say(context, "analysis.item", name=numbers.lower_first(label), grade=context.grade(grade), ref=reference)
            for label, grade, reference in ledger.said.get(name, ())
        ]
        lines += [_say(context, f"analysis.{name}", names=", ".join(items))] if items else []
    yield Bullets(tuple(lines)) if lines else Text(_say(context, "analysis.none"))
    yield Text(_say(context, "analysis.note"), "source")


def _plan(context: Context) -> Iterator[Block]:
    words = context.entry("action_plan.plan")
    yield _heading(context, 1, "plan")
    yield _heading(context, 2, "stand")
    yield _fill(context, "stand")
    yield _heading(context, 2, "measures")
    yield Text(_say(context, "plan.from_workshop" if context.frames.decisions.height else "plan.none"))
    measures = [(str(head), name) for name, head in words["measures"].items()]
    yield plan_table(context, "measures", measures, ("measure", "why", "first_step"))
    yield _heading(context, 2, "owners")
    yield plan_table(context, "owners", [(str(words["owner"]), "owner")], ("owner",))
    yield _heading(context, 2, "time")
    days = [(str(words["time"]["decided_on"]), "workshop_on"), (str(words["time"]["follow_up_on"]), "follow_up_on")]
    yield plan_table(context, "time", days, ("decided", "follow_up_on"))
    yield _heading(context, 2, "follow_up")
    followed = [(str(head), name) for name, head in words["follow_up"].items()]
    yield plan_table(context, "follow_up", followed, ("indicator", "state"))
    for name in ("coordination", "decision"):
        yield _heading(context, 1, name)
        yield _fill(context, name)
    yield _fill(context, "renewal")


def _references(context: Context, ledger: Ledger) -> Iterator[Block]:
    yield _heading(context, 1, "references")
    yield Text(_say(context, "references.law"))
    yield Text(_say(context, "references.note", source=context.meta.charts.survey_source), "source")
    heads = tuple(str(name) for name in context.entry("action_plan.references.columns").values())
    first = {entry.reference: entry for entry in reversed(ledger.entries)}
    rows = tuple((e.reference, e.row, e.number_id, e.where) for e in reversed(first.values()))
    yield Table("referenser", _say(context, "captions.references"), heads, rows)


def _numbers(context: Context, ledger: Ledger) -> bytes:
    columns = [str(name) for name in context.entry("action_plan.csv_columns")]
    parts = context.entry("action_plan.parts")
    rows = [
        (e.reference, e.table, e.row, str(parts.get(e.part, e.part)), e.number_id, e.text, e.where) for e in ledger.entries
    ]  # fmt: skip
    return csv_bytes(pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row"))
