"""What the presentation says: 12-15 slides chosen from the report's own content. Pure; `slides_pptx.py` draws them.

A slide is there only when the report has something for it: a municipality with one grade or few answers gets fewer slides, and
the slide "Osäkert, och vad vi inte kan säga" has the reasons in words. Arena slides fill what is left up to the limit, those with
a highlighted finding first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from assets.bundle.arenas import ARENAS
from assets.bundle.highlights import chosen_findings
from assets.bundle.register_slides import county_slide, register_findings
from assets.bundle.slide_charts import (
    counts_chart,
    difference_chart,
    number,
    profile_chart,
    rows_of,
    sex_chart,
    trend_chart,
    who_chart,
)
from assets.bundle.slide_types import ChartPart, Deck, Part, Slide, TablePart, TextPart
from assets.bundle.types import Block, Bullets, ReportContent, SubHeading, Table, Terms, Text
from assets.bundle.words import Context, date_text
from assets.charts import numbers
from assets.charts.types import GRADES, ChartCard
from assets.methods.finding_sentences import sentence

_IN_BRACKETS = re.compile(r" \([^()]*\d[^()]*\)")
MOST_SLIDES = 15
TRENDS = 2
REGISTER_ROWS = 8
REGISTER_TERMS = 3
WHO_NOTES = 2
NOTED = ("sexes", "counts")
"""Charts whose own notes hold on the slide too; the notes of the others tell of marks that only the report's chart has."""
SENTENCES = 2
TITLE_LENGTH = 160
"""Characters of about two lines; findings longer than that stand over their own charts instead."""
_MAKERS: dict[str, Callable[[Context, ChartCard, str], ChartPart]] = {
    "faktorprofil": profile_chart, "skillnadsdiagram": difference_chart, "konsskillnad": sex_chart, "samlade": counts_chart,
}  # fmt: skip


class DeckWriter:
    """Chooses the slides of one municipality."""

    def __init__(self, context: Context, content: ReportContent) -> None:
        self.context = context
        self.content = content
        self.cards = {card.chart_id: card for card in content.cards}
        self.names = {
            "area": context.scope.area_name, "wave": context.scope.wave, "version": context.meta.version,
            "edition": context.say(f"common.editions.{context.scope.edition}"), "released": date_text(context.meta.released),
        }  # fmt: skip

    def say(self, path: str, **values: object) -> str:
        """A text of `slides.yml`."""
        return self.context.say(f"slides.{path}", **{**self.names, **values})

    def deck(self) -> Deck:
        """The whole presentation."""
        synthetic = self.context.meta.charts.synthetic
        line = numbers.upper_first(self.say("title.line"))
        warning = [self.say("title.synthetic")] if synthetic else []
        return Deck(
            title=self.content.title,
            subtitle=(self.say("title.head"), line, *warning),
            first_notes=self.notes("title", warning, ask=self.say("notes.no_survey.ask") if self.content.register_only else ""),
            footer=self.say("footer"),
            warning=self.context.say("common.synthetic_short") if synthetic else "",
            subject=self.say("subject"),
            slides=self.slides(),
        )

    def slides(self) -> tuple[Slide, ...]:
        """All slides after the first, in order; the arena slides stand after the developments."""
        if self.content.register_only:
            registers = [self.read(), *register_findings(self), self.register(), self.unclear(), county_slide(self)]
            return with_more(self.say("more"), [slide for slide in (*registers, self.ask(), self.method()) if slide])
        before: list[Slide | None] = [self.read(), self.who(), self.highlights()]
        before += [self.graded("profile", "faktorprofil", (grade,)) for grade in GRADES]
        before += [
            self.graded(key, name, GRADES) for key, name in (("difference", "skillnadsdiagram"), ("sexes", "konsskillnad"))
        ]
        before.append(self.trends())
        after = [self.graded("counts", "samlade", GRADES), self.register(), self.unclear(), self.ask(), self.method()]
        first = [slide for slide in before if slide]
        last = [slide for slide in after if slide]
        room = MOST_SLIDES - 1 - len(first) - len(last)
        return with_more(self.say("more"), (*first, *self.arenas()[: max(room, 0)], *last))

    def notes(self, key: str, extra: Sequence[str] = (), ask: str = "") -> tuple[str, ...]:
        """Speaker notes: what it shows (with the chart's own words), how to read, what it doesn't say, a question."""
        parts = self.context.entry("slides.note_parts")
        said = {part: self.say(f"notes.{key}.{part}") for part in parts}
        said["ask"] = ask or said["ask"]
        lines = [f"{parts[part]} {text}" for part, text in said.items()]
        return (lines[0], *extra, *lines[1:])

    def read(self) -> Slide:
        if self.content.register_only:
            told = tuple(f"{name}: {numbers.lower_first(text)}" for name, text in self.content.reading[0].items[:REGISTER_TERMS])
            return Slide("las", self.say("titles.read_register"), (TextPart("", told),), self.notes("read_register"))
        chosen = self.context.entry("slides.reading")
        items = tuple(f"{name}: {numbers.lower_first(text)}" for name, text in self.content.reading[0].items if name in chosen)
        marks = [f"{mark} {text}." for mark, text in self.content.reading[1].rows]
        return Slide("las", self.say("titles.read"), (TextPart("", items),), self.notes("read", [str(m) for m in marks]))

    def who(self) -> Slide | None:
        card = self.cards.get("bortfall")
        chart = who_chart(self.context, card) if card else None
        section = self.section_blocks("vilka")
        listed = next((block.items for block in section if isinstance(block, Bullets)), ())
        told = TextPart("", listed[:1] if chart else listed[:WHO_NOTES])
        if card is None or chart is None:
            reason = [block.text for block in section if isinstance(block, Text)][1:2]
            part = replace(told, items=(*([card.title] if card else reason), *told.items))
            return Slide("svar", self.say("titles.who"), (part,), self.notes("who", listed)) if part.items else None
        told = replace(told, items=(*chart.marks, *told.items))
        parts: tuple[Part, ...] = (replace(chart, marks=()), told)
        return Slide("svar", card.title, parts, self.notes("who", [chart.alt, *listed]), foot=card.source, widths=(0.62, 0.38))

    def highlights(self) -> Slide | None:
        strengths, strong = self.overview_list("strengths")
        attention, heeded = self.overview_list("attention")
        kind = {(True, True): "both", (True, False): "strength", (False, True): "attention"}.get((strong, heeded), "none")
        title = self.say(f"titles.highlights_{kind if strengths or attention else 'hidden'}")
        if not (strengths or attention):
            if not self.section_blocks("oversikt"):
                return None
            told = self.say("nothing_compared", county=self.context.meta.charts.comparison_label)
            return Slide("fynd", title, (TextPart("", (told,)),), self.notes("highlights", [told]))
        parts = (
            TextPart(self.say("headings.strengths"), tuple(_short(text) for text in strengths)),
            TextPart(self.say("headings.attention"), tuple(_short(text) for text in attention)),
        )
        length = [sum(map(len, part.items)) for part in parts]
        share = min(0.65, max(0.33, length[0] / (sum(length) or 1)))
        return Slide("fynd", title, parts, self.notes("highlights", [*strengths, *attention]), widths=(share, 1 - share))

    def graded(self, key: str, name: str, grades: Sequence[str]) -> Slide | None:
        """The native charts of one kind, a grade beside the other. None when the report has no such chart."""
        held = [(self.cards[f"{name}_{grade}"], grade) for grade in grades if f"{name}_{grade}" in self.cards]
        charts = [_MAKERS[name](self.context, card, grade) for card, grade in held]
        shown = [(card, chart) for (card, _), chart in zip(held, charts, strict=True) if _has_value(chart)]
        if not shown:
            return None
        hollow = any(series.hollow for _, chart in shown for series in chart.series)
        foot = [self.say("interval_note"), *([self.say("hollow")] if hollow else []), shown[0][0].source]
        extra = [text for card, chart in shown for text in (chart.alt, *(card.notes[1:] if key in NOTED else ()))]
        slide_id = f"{name}_{grades[0]}" if len(grades) == 1 else name
        title = self.joined_title([card.title for card, _ in shown])
        parts = tuple(chart if len(shown) > 1 else replace(chart, heading="") for _, chart in shown)
        if len(shown) > 1 and len(title) > TITLE_LENGTH:
            title, parts = self.say(f"titles.{key}_long"), self._under_findings(shown)
        return Slide(slide_id, title, parts, self.notes(key, list(dict.fromkeys(extra))), foot=" ".join(foot))

    def _under_findings(self, shown: Sequence[tuple[ChartCard, ChartPart]]) -> tuple[ChartPart, ...]:
        """The charts, each under what its own card found; the slide's title names the area."""
        start = f"{self.context.scope.area_name}, "
        return tuple(replace(chart, heading=numbers.upper_first(card.title.removeprefix(start))) for card, chart in shown)

    def joined_title(self, titles: Sequence[str]) -> str:
        """One title from the findings of both grades, the area named once, and a finding that both have once."""
        start = f"{self.context.scope.area_name}, "
        grades = [title.removeprefix(start).partition(": ") for title in titles]
        if len(titles) > 1 and len({finding for _, _, finding in grades}) == 1:
            return f"{start}{numbers.words([grade for grade, _, _ in grades])}: {grades[0][2]}"
        rest = [numbers.upper_first(title.removeprefix(start)) if n else title for n, title in enumerate(titles)]
        return ". ".join(rest)

    def trends(self) -> Slide | None:
        """The developments behind the findings; otherwise those of the first factors with a chart."""
        found = sorted(chosen_findings(self.context), key=lambda f: not f.measure.startswith("change"))
        wanted = [f"trend_{f.index_key}_{f.grade}" for f in found]
        every = [f"trend_{key}_{grade}" for grade in GRADES for key in self.context.indices]
        ids = [key for key in dict.fromkeys([*wanted, *every]) if key in self.cards]
        shown: list[tuple[ChartCard, ChartPart]] = []
        for key in ids:
            index_key, _, grade = key.removeprefix("trend_").rpartition("_")
            chart = trend_chart(self.context, self.cards[key], self.context.indices[index_key], grade)
            if chart.series and sum(v is not None for v in chart.series[0].values) > 1:
                shown.append((self.cards[key], chart))
        # a line that ends before the latest wave is told of only when there is no other
        shown.sort(key=lambda pair: number(rows_of(self.context, pair[0])[-1]["own"]) is None)
        shown = shown[:TRENDS]
        if not shown:
            return None
        title, parts = ". ".join(numbers.upper_first(card.title) for card, _ in shown), tuple(chart for _, chart in shown)
        if len(shown) > 1 and len(title) > TITLE_LENGTH:
            title, parts = self.say("titles.trend_long"), self._under_findings(shown)
        extra = list(dict.fromkeys(text for card, chart in shown for text in (chart.alt, *card.notes[1:])))
        foot = f"{self.say('interval_note')} {shown[0][0].source}"
        return Slide("utveckling", title, parts, self.notes("trend", extra), foot=foot)

    def arenas(self) -> list[Slide]:
        """A slide for each arena with published values, those with a highlighted finding first."""
        meta = self.context.meta
        found = chosen_findings(self.context)
        leading: dict[str, str] = {}
        for one in found:
            text = meta.indices.get(one.index_key)
            if text and meta.findings:
                said = sentence(one, meta.findings.templates, meta.findings.words).partition(". ")[0]
                leading.setdefault(text.arena, numbers.lower_first(said))
        order = sorted(ARENAS, key=lambda arena: arena not in leading)
        slides = [self.arena(arena, leading.get(arena, "")) for arena in order]
        return [slide for slide in slides if slide]

    def arena(self, arena: str, finding: str) -> Slide | None:
        tables = [b for b in self.section_blocks(arena) if isinstance(b, Table) and b.id == f"varden-{arena}"]
        columns = self.context.entry("arenas.values_columns")
        keys = list(columns)
        every = self.context.say("common.sexes.all")
        rows = [dict(zip(keys, map(str, row), strict=True)) for table in tables for row in table.rows if row[2] == every]
        rows = [row for row in rows if number(row["share"]) is not None]
        if not rows:
            return None
        name = self.context.title(arena)
        short = _IN_BRACKETS.sub("", finding)  # a title has no room for intervals; the notes say the whole sentence
        title = self.say("titles.arena", arena=name, finding=short) if finding else self.say("titles.arena_plain", arena=name)
        chosen = {"factor": 0.24, "grade": 0.1, "share": 0.17, "county": 0.09, "difference": 0.19, "reading": 0.22}
        body = tuple(
            tuple(f"{row['share']} ({row['interval']})" if key == "share" else row[key] for key in chosen) for row in rows
        )
        table = TablePart(
            tables[0].id, tuple(columns[key] for key in chosen), body, tuple(chosen.values()),
            self.say("alt.table", title=tables[0].caption),
        )  # fmt: skip
        told = [f"{numbers.upper_first(finding)}."] if finding else []
        notes = self.notes("arena", [*told, tables[0].caption, tables[0].note])
        return Slide(
            f"arena-{arena}", title, (table,), notes, foot=tables[0].source, below=TextPart("", self.about_indices(arena))
        )

    def about_indices(self, arena: str) -> tuple[str, ...]:
        """What the arena's indices are made of, in the report's words."""
        blocks = self.section_blocks(arena)
        return tuple(
            _first_sentences(text.text, 1) for head, text in pairwise(blocks)
            if isinstance(head, SubHeading) and head.id.startswith("index-") and isinstance(text, Text)
        )  # fmt: skip

    def register(self) -> Slide | None:
        """Newest value of Kolada's measures: those outside the middle half of the county, which the title is about, or all."""
        rows: list[tuple[bool, dict[str, str]]] = []
        for card in self.content.cards:
            if card.chart_id.startswith("kolada"):
                newest = {
                    row["measure"]: row for row in rows_of(self.context, card, "kolada") if number(row["value"]) is not None
                }
                rows += [(outside(row["value"], row["middle"]), row) for row in newest.values()]
        if not rows:
            return None
        count = sum(far for far, _ in rows)
        title = self.say(f"titles.register_{'none' if not count else 'one' if count == 1 else 'some'}")
        chosen = [row for far, row in rows if far or not count][:REGISTER_ROWS]
        heads = {key: text.format(**self.names) for key, text in self.context.entry("slides.register.columns").items()}
        body = tuple(
            (f"{row['measure']} ({row['unit']})", row["year"], row["value"], row["middle"] or numbers.DASH) for row in chosen
        )
        table = TablePart("register", tuple(heads.values()), body, (0.58, 0.1, 0.14, 0.18), self.say("alt.table", title=title))
        titles = [card.title for card in self.content.cards if card.chart_id.startswith("kolada")]
        ask = self.say("notes.compared.ask") if self.content.register_only else ""
        return Slide("register", title, (table,), self.notes("register", titles, ask=ask), foot=self.say("register.foot"))

    def unclear(self) -> Slide | None:
        parts = []
        listed = []
        for name in ("unclear", "hidden"):
            items, _ = self.overview_list(name)
            listed += items
            parts.append(TextPart(self.say(f"headings.{name}"), items))
        length = [sum(map(len, part.items)) for part in parts]
        share = min(0.65, max(0.33, length[0] / (sum(length) or 1)))
        held = tuple(part for part in parts if part.items)
        if not held:
            return None
        widths = (share, 1 - share) if len(held) > 1 else ()
        key = "unsaid" if self.content.register_only else "unclear"
        return Slide("osakert", self.say(f"titles.{key}"), held, self.notes(key, listed), widths=widths)

    def ask(self) -> Slide:
        questions = TextPart("", tuple(self.context.entry(f"slides.{self._own('ask')}")), numbered=True)
        return Slide("fragor", self.say("titles.ask"), (questions,), self.notes("ask"))

    def method(self) -> Slide | None:
        blocks = self.section_blocks("metod")
        terms = [item for block in blocks if isinstance(block, Terms) for item in block.items]
        wanted = self.context.entry(f"slides.{self._own('method')}")
        items = tuple(f"{name}: {numbers.lower_first(_first_sentences(text))}" for name, text in terms if name in wanted)
        sources = next((block.items for block in reversed(blocks) if isinstance(block, Bullets)), ())  # waivers stand before them
        parts = (TextPart(self.say("headings.method"), items), TextPart(self.say("headings.sources"), sources))
        parts = tuple(part for part in parts if part.items)
        if not parts:
            return None
        full = [f"{name}: {text}" for name, text in terms if name in wanted]
        return Slide("metod", self.say("titles.method"), parts, self.notes("method", [*full, *sources]))

    def _own(self, key: str) -> str:
        """The key of a text that a report of registers has of its own."""
        return f"{key}_register" if self.content.register_only else key

    def section_blocks(self, section_id: str) -> tuple[Block, ...]:
        return next((section.blocks for section in self.content.sections if section.id == section_id), ())

    def overview_list(self, name: str) -> tuple[tuple[str, ...], bool]:
        """The sentences below one heading of the overview, and whether they are findings (and not the words for none)."""
        blocks = self.section_blocks("oversikt")
        for place, block in enumerate(blocks):
            if isinstance(block, SubHeading) and block.id == f"oversikt-{name}":
                after = blocks[place + 1]
                if isinstance(after, Bullets):
                    return after.items, True
                return ((after.text,), False) if isinstance(after, Text) else ((), False)
        return (), False


def outside(value: str, middle: str) -> bool:
    """Whether a register value lies outside the middle half of the county's other municipalities."""
    amount = number(value)
    low, dash, high = middle.partition(numbers.DASH)
    ends = number(low), number(high)
    if amount is None or not dash or ends[0] is None or ends[1] is None:
        return False
    return not ends[0] <= amount <= ends[1]


def with_more(more: str, slides: Sequence[Slide]) -> tuple[Slide, ...]:
    """Every text is told what to say when there is no room for all of it."""
    return tuple(
        replace(slide, parts=tuple(replace(part, more=more) if isinstance(part, TextPart) else part for part in slide.parts))
        for slide in slides
    )


def _has_value(chart: ChartPart) -> bool:
    """Whether the municipality has anything to show; the county's values alone aren't a chart about it."""
    return any(value is not None for value in chart.series[0].values)


def _short(text: str) -> str:
    """A finding without the reasons of its certainty, which stand in the notes: `... Säkerhet: medel.`"""
    head, mark, tail = text.partition(" Säkerhet: ")
    return f"{head}{mark}{tail.split(',')[0].split('.')[0]}." if mark else text


def _first_sentences(text: str, count: int = SENTENCES) -> str:
    return f"{'. '.join(text.split('. ')[:count]).rstrip('.')}."
