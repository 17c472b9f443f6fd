"""`1_rapport/stadsdelsomraden.html`: a section per city district with all that is released of it, and why the rest isn't. Pure.

Districts stand in alphabetical order and never beside each other: each is read against its municipality and its own history. The
page is working material, so the edition `publik` has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from assets.bundle.frames import districts
from assets.bundle.questions import value_text
from assets.bundle.types import Block, Bullets, Section, Strip, SubHeading, Table, Text
from assets.bundle.words import Context, names
from assets.charts import numbers
from assets.charts.cells import Cell, read_cells
from assets.charts.changes import Change, read_changes
from assets.charts.series import read_series
from assets.charts.types import GRADES, IndexMeta

PAGE = "1_rapport/stadsdelsomraden.html"
PUBLIC = "publik"
SEXES = ("girl", "boy")
STEP = 10


def district_pages(context: Context) -> tuple[Section, ...]:
    """How to read, then a section per district; nothing in the public edition or without districts in the wave."""
    rows = districts(context.frames.index_results, context.scope).filter(pl.col("wave") == context.scope.wave)
    if rows.is_empty() or context.scope.edition == PUBLIC:
        return ()
    found = dict(rows.select("area_code", "area_name").unique().iter_rows())
    how = Bullets(tuple(context.entry("district_pages.how")))
    first = Section("las", context.say("district_pages.how_title"), (*context.synthetic_notice(), how))
    ordered = sorted(found.items(), key=lambda item: numbers.swedish(item[1]))
    return (first, *(_district(context, code, name) for code, name in ordered))


def _district(context: Context, code: str, name: str) -> Section:
    own = replace(context, scope=replace(context.scope, area_code=code, area_name=name))
    blocks: list[Block] = [Bullets(tuple(_answers(own)))]
    for grade in GRADES:
        blocks += _levels(own, context, grade)
    blocks += [*_history(own), *_questions(own, context)]
    blocks.append(Text(context.meta.charts.survey_source, "source"))
    return Section(f"stadsdel-{code}", name, tuple(blocks))


def _answers(own: Context) -> list[str]:
    """How many answered, per grade, in all and by sex; the reason where it isn't released."""
    counted = own.frames.index_results.filter(
        (pl.col("area_code") == own.scope.area_code) & (pl.col("wave") == own.scope.wave) & (pl.col("measure") == "n_respondents")
    )
    found = {(row["grade"], row["sex"]): row for row in counted.sort("index_key").iter_rows(named=True)}
    sentences = []
    for grade in GRADES:
        named, whole = own.grade_first(grade), found.get((grade, "all"))
        if whole is None or whole["value"] is None:
            reason = own.reason(whole["reason"] if whole else "missing")
            sentences.append(own.say("district_pages.answers_hidden", grade=named, reason=reason))
            continue
        parts = [found.get((grade, sex)) for sex in SEXES]
        counts = [own.count(int(row["value"])) if row and row["value"] is not None else "" for row in parts]
        kind = "answers_sexes" if all(counts) else "answers"
        where = {"grade": named, "n": own.count(int(whole["value"])), "girls": counts[0], "boys": counts[1]}
        sentences.append(own.say(f"district_pages.{kind}", **where))
    return sentences


def _levels(own: Context, city: Context, grade: str) -> list[Block]:
    """Shares with intervals beside the municipality's, girls and boys, and what can't be shown; a sentence when nothing can."""
    heading = SubHeading(f"stadsdel-{own.scope.area_code}-{grade}", f"{own.scope.area_name}, {own.grade(grade)}")
    if not any(own.focus(key, grade).shown for key in own.indices):
        return [heading, Text(_hidden(own, grade))]
    cells = [cell for key in own.indices for cell in (own.focus(key, grade), city.focus(key, grade))]
    top = _top(cells)
    columns = dict(own.entry("district_pages.level_columns"))
    columns["strip"] = columns["strip"].format(top=top)
    columns["city"] = city.say("districts.whole")
    where = {"area": own.scope.area_name, "grade": own.grade(grade), "wave": own.scope.wave}
    table = Table(
        id=f"stadsdel-{own.scope.area_code}-{grade}-nu",
        caption=own.say("district_pages.level_caption", **where),
        columns=tuple(columns.values()),
        rows=tuple(_level(own, city, index, grade, top) for index in own.indices.values()),
        numeric=frozenset({1, 3, 4, 5, 6, 7}),
    )
    hidden = _hidden(own, grade)
    return [heading, table, *([Text(hidden)] if hidden else [])]


def _level(own: Context, city: Context, index: IndexMeta, grade: str, top: int) -> tuple[str | Strip, ...]:
    key = index.index_key
    cell = own.focus(key, grade)
    strip: str | Strip = ""
    if cell.value is not None:
        words = own.say("districts.strip_alt", share=own.share(cell), interval=own.interval(cell))
        strip = Strip(cell.value, cell.low, cell.high, top, city.focus(key, grade).value, words)
    girls, boys = (_short(own, own.focus(key, grade, sex=sex)) for sex in SEXES)
    gap = own.own(key, grade, "sex_gap_share_focus")
    return (
        index.label_sv, _short(own, cell), strip, _short(own, city.focus(key, grade)), _signed(own, own.difference(key, grade)),
        girls, boys, _signed(own, gap),
    )  # fmt: skip


def _short(context: Context, cell: Cell) -> str:
    """`12 % (9–16 %)`, or the mark of the reason."""
    if cell.value is None:
        return context.meta.charts.reasons[cell.reason].mark or context.reason(cell.reason)
    interval = context.interval(cell)
    return f"{context.share(cell)} ({interval})" if interval else context.share(cell)


def _signed(context: Context, cell: Cell) -> str:
    """`+8 (3 till 13)`, or the mark."""
    if cell.value is None:
        return context.meta.charts.reasons[cell.reason].mark or context.reason(cell.reason)
    if cell.low is None or cell.high is None:
        return numbers.signed(cell.value)
    return f"{numbers.signed(cell.value)} ({numbers.signed_interval(cell.low, cell.high)})"


def _top(cells: Sequence[Cell]) -> int:
    drawn = [end for cell in cells for end in (cell.value, cell.high) if end is not None]
    return min(100, int(max(drawn, default=0) // STEP + 1) * STEP)


def _hidden(own: Context, grade: str) -> str:
    """Which shares can't be shown and why: of all pupils, then of girls and boys; nothing when all can."""
    whole_name = own.grade_first(grade)
    whole = own.whole_reason(grade)
    if whole:
        return own.say("district_pages.hidden_grade", grade=whole_name, reason=own.reason(whole))
    sentences = []
    for sexes, text in ((("all",), "hidden"), (SEXES, "hidden_sexes")):
        by_reason: dict[str, list[IndexMeta]] = {}
        for key, index in own.indices.items():
            reasons = {cell.reason for sex in sexes if not (cell := own.focus(key, grade, sex=sex)).shown}
            for code in sorted(reasons):
                by_reason.setdefault(code, []).append(index)
        for code, chosen in by_reason.items():
            named = own.say("district_pages.every") if len(chosen) == len(own.indices) else names(chosen)
            sentences.append(own.say(f"district_pages.{text}", grade=whole_name, names=named, reason=own.reason(code)))
    return " ".join(sentences)


def _history(own: Context) -> list[Block]:
    """The share at every wave and the published change, for the series that have any share; a sentence when none has."""
    changes, rows, waves = read_changes(own.frames, own.scope), [], []
    cells = {grade: read_cells(own.frames, own.scope, ("share_band1", "share_band3"), grade=grade) for grade in GRADES}
    waves = sorted(
        {wave for grade in GRADES for wave in cells[grade].waves(own.scope.area_code, grade) if wave <= own.scope.wave}
    )
    heading = SubHeading(
        f"stadsdel-{own.scope.area_code}-utveckling", own.say("district_pages.history_title", area=own.scope.area_name)
    )
    for key, index in own.indices.items():
        for grade in GRADES:
            line = [
                cells[grade].get(own.scope.area_code, wave, grade, "all", key, index.focus_measure) for wave in waves
            ]  # fmt: skip
            if sum(cell.shown for cell in line) > 1:
                texts = [own.share(cell) if cell.shown else _short(own, cell) for cell in line]
                change = changes.get((grade, "all", "index", key, "share_focus"))
                rows.append((index.label_sv, own.grade(grade, short=True), *texts, *_change(own, change)))
    if not rows:
        return [heading, Text(own.say("district_pages.history_none", area=own.scope.area_name))]
    factor, grade_name, change_name, verdict = own.entry("district_pages.history_columns")
    table = Table(
        id=f"stadsdel-{own.scope.area_code}-over-tid",
        caption=own.say("district_pages.history_caption", area=own.scope.area_name),
        columns=(factor, grade_name, *(str(wave) for wave in waves), change_name, verdict),
        rows=tuple(rows),
        numeric=frozenset(range(2, len(waves) + 3)),
    )
    return [heading, table]


def _change(own: Context, change: Change | None) -> tuple[str, str]:
    if change is None or change.change is None:
        return "", own.reason(change.reason) if change else ""
    amount = numbers.signed(change.change)
    if change.low is not None and change.high is not None:
        amount = f"{amount} ({numbers.signed_interval(change.low, change.high)})"
    verdict = own.say(f"development.verdicts.{change.verdict}")
    return amount, own.say("district_pages.since", verdict=verdict, earlier=change.from_wave)


def _questions(own: Context, city: Context) -> list[Block]:
    """The catalogue's questions for districts, beside the municipality; nothing when the release has none."""
    keys = own.meta.district_series
    if not keys or not own.frames.indicator_results.width:
        return []
    here, there = (read_series(one.frames, one.scope, keys) for one in (own, city))
    shown: list[tuple[str, ...]] = []
    lacking: dict[str, list[str]] = {}
    for key in keys:
        series, texts, any_shown = own.meta.series[key], [], False
        for grade in GRADES:
            cell = here.get(own.scope.area_code, own.scope.wave, grade, "all", key, series.measure)
            beside = there.get(city.scope.area_code, city.scope.wave, grade, "all", key, series.measure)
            texts += [value_text(own, cell, series), value_text(own, beside, series)]
            any_shown = any_shown or cell.shown
            if not cell.shown:
                reason = own.say("district_pages.question_reason", grade=own.grade_first(grade), reason=own.reason(cell.reason))
                lacking.setdefault(reason, []).append(numbers.lower_first(series.title_sv))
        if any_shown:
            shown.append((series.title_sv, *texts))
    title = own.say("district_pages.questions_title", area=own.scope.area_name)
    blocks: list[Block] = [SubHeading(f"stadsdel-{own.scope.area_code}-fragor", title)]
    if shown:
        places = (own.scope.area_name, city.say("districts.whole"))
        columns = [f"{own.grade(grade, short=True)}, {place}" for grade in GRADES for place in places]
        blocks.append(Table(
            id=f"stadsdel-{own.scope.area_code}-svar",
            caption=own.say("district_pages.questions_caption", area=own.scope.area_name, wave=own.scope.wave),
            columns=(own.say("district_pages.question_column"), *columns),
            rows=tuple(shown),
            numeric=frozenset(range(1, 1 + len(columns))),
        ))  # fmt: skip
    if lacking:
        blocks.append(Bullets(tuple(f"{reason}: {numbers.words(titles)}." for reason, titles in lacking.items())))
    return blocks
