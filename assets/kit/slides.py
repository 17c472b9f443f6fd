"""The workshop's presentation: one slide after another along the timed agenda, guess before reveal. Pure but for texts.

The minutes in the speaker notes add up to the agenda's. What can't be shown gets a slide that says why, so that nobody has to
explain an empty one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from assets.bundle.slide_types import ChartPart, Deck, Part, Slide, TablePart, TextPart
from assets.bundle.slides_pptx import draw, table_pages
from assets.bundle.types import ReportMeta
from assets.bundle.words import Context
from assets.charts.types import ChartCard, ReleaseFrames, Scope
from assets.kit.board_types import AgendaItem, BoardCard, BoardContent
from assets.kit.slide_parts import LABEL, LARGE, ROOM, blank, has_value, reveal, slide_texts, text

FILE = "3_presentation/workshop.pptx"
MOST_TRENDS = 2
PLACES = {
    "las": ("faktorprofil",),
    "diagram": ("trend", "konsskillnad", "tackningsmatris", "prioriteringsfalt", "forutsattningar"),
}
"""Part of the agenda -> the charts that belong there, in the order of the board, the cards and the guess sheets."""
FIRST = {"valkommen": ("rules", "plan"), "las": ("read",)}
LAST = {
    "las": ("exercise",), "paus": ("pause",), "tolkning": ("interpret",), "prioritering": ("dots",), "beslut": ("decide",),
    "avslut": ("closing",),
}  # fmt: skip
WEIGHTS = {"guess": 1, "reveal": 2, "certain": 3, "missing": 1, "exercise": 4, "dots": 6}
"""How a part's minutes are shared among its slides; 1 for those that aren't named."""


@dataclass(frozen=True)
class _Step:
    """A slide before its minutes are known. `kind`: what its minutes are weighed by. `say`, `do`: what stands in its notes."""

    kind: str
    slide: Slide
    say: str
    do: str
    more: tuple[str, ...] = ()


def kit_slide_files(content: BoardContent, meta: ReportMeta, cards: Mapping[str, Sequence[ChartCard]]) -> dict[str, bytes]:
    """The presentation as a file of the kit.

    Args:
        content: what the board holds. cards: the charts' cards by the board's card ids (`faktorprofil`, `trend`, ...); a chart
            without cards gets a slide with the board's reason.
    """
    return {FILE: draw(kit_deck(content, meta, cards), meta.released)}


def kit_deck(content: BoardContent, meta: ReportMeta, cards: Mapping[str, Sequence[ChartCard]]) -> Deck:
    """All slides of the workshop as plain data."""
    return _Writer(content, meta, cards).deck()


class _Writer:
    def __init__(self, content: BoardContent, meta: ReportMeta, cards: Mapping[str, Sequence[ChartCard]]) -> None:
        self.content = content
        scope = Scope(content.area_code, content.area_name, content.wave, content.edition)
        self.context = Context(ReleaseFrames(*(pl.DataFrame(),) * 4), scope, meta)
        self.cards = {card.id: card for card in content.cards}
        self.charts = {key: _in_order(self.cards[key], held) for key, held in cards.items() if key in self.cards}
        self.where = {"area": content.area_name, "wave": content.wave, "version": content.version}

    def deck(self) -> Deck:
        """The first slide belongs to the welcome; its minutes are the slides' after it."""
        title = text("file_title", **self.where)
        warning = (text("synthetic_title"),) if self.content.synthetic else ()
        return Deck(
            title=title,
            subtitle=(f"{self.content.area_name} {self.content.wave}", *warning),
            first_notes=_notes(text("title_notes.say", **self.where), text("title_notes.do"), warning),
            footer=text("footer", **self.where),
            warning=text("synthetic") if self.content.synthetic else "",
            subject=text("subject", **self.where),
            slides=tuple(slide for item in self.content.agenda for slide in self.section(item)),
        )

    def section(self, item: AgendaItem) -> Iterator[Slide]:
        """A part of the agenda, with its minutes shared among its slides."""
        steps = [step for key in FIRST.get(item.id, ()) for step in self.worded(key, item)]
        steps += self.earlier() if item.view == "start" else []
        for chart in PLACES.get(item.id, ()):
            if chart in self.cards:
                steps += self.chart(chart)
        steps += [step for key in LAST.get(item.id, ()) for step in self.worded(key, item)]
        steps = steps or [self.other(item)]
        for step, minutes in zip(steps, _shared(item.minutes, [WEIGHTS.get(one.kind, 1) for one in steps]), strict=True):
            key = "time" if minutes else "time_short"
            told = text(key, minutes=minutes, all=item.minutes, section=f"”{item.title}”")
            yield replace(step.slide, notes=(told, *_notes(step.say, step.do, step.more)))

    def worded(self, key: str, item: AgendaItem) -> list[_Step]:
        """A slide of words alone."""
        words = slide_texts()["slides"][key]
        parts: tuple[Part, ...]
        if key == "plan":
            heads = slide_texts()["tables"]["agenda"]
            rows = tuple((one.title, str(one.minutes)) for one in self.content.agenda)
            parts = (TablePart("tidplan", tuple(heads.values()), rows, (0.8, 0.2), _alt(words["title"], rows), LABEL, LABEL),)
        else:
            items = tuple(one.format(**self.where, minutes=item.minutes) for one in words["items"])
            parts = (TextPart("", items, numbered=key == "exercise", sizes=LARGE),)
        return [_Step(key, Slide(key, words["title"], parts, ()), words["say"].format(**self.where), words["do"])]

    def other(self, item: AgendaItem) -> _Step:
        """A part of the agenda that this file has no slides for: its own words."""
        words = slide_texts()["slides"]["other"]
        slide = Slide(f"del-{item.id}", item.title, (TextPart("", (item.guidance,), sizes=LARGE),), ())
        return _Step("other", slide, words["say"], words["do"])

    def earlier(self) -> list[_Step]:
        """What was decided last time, on as many slides as it needs."""
        if not self.content.earlier:
            return []
        words, heads = slide_texts()["slides"]["earlier"], slide_texts()["tables"]["earlier"]
        rows = tuple((one.priority, one.owner, one.follow_up) for one in self.content.earlier)
        table = TablePart("tidigare-beslut", tuple(heads.values()), rows, (0.33, 0.33, 0.34), "", LABEL, LABEL)
        pages = [replace(page, alt=_alt(words["title"], page.rows)) for page in table_pages(table, ROOM)]
        titles = _numbered(words["title"], len(pages))
        return [
            _Step("earlier", Slide(f"tidigare-{n}", title, (page,), ()), words["say"], words["do"])
            for n, (title, page) in enumerate(zip(titles, pages, strict=True), start=1)
        ]

    def chart(self, kind: str) -> list[_Step]:
        """Guess, reveal, and what the picture doesn't say; for developments a guess for each."""
        card = self.cards[kind]
        shown = [one for one in self.charts.get(kind, ()) if all(has_value(part) for part in reveal(self.context, kind, one))]
        if not shown:
            return [self.missing(card)]
        chosen = shown[:MOST_TRENDS] if kind == "trend" else shown[:1] if kind == "tackningsmatris" else shown
        guessed = chosen if kind == "trend" else chosen[:1]
        steps: list[_Step] = []
        for one in chosen:
            if one in guessed:
                steps.append(self.guess(card, kind, one, several=len(guessed) > 1))
            steps += self.reveal(card, kind, one)
        return [*steps, self.certain(card)]

    def guess(self, card: BoardCard, kind: str, chart: ChartCard, *, several: bool) -> _Step:
        part = blank(self.context, kind, chart)
        title = text("guess_title", guess=_lower(card.guess))
        if isinstance(part, ChartPart):
            if several:
                title = text("guess_variant", title=title, label=f"({part.heading})")
            part = replace(part, heading=part.heading if kind == "trend" else "")
        slide = Slide(f"gissa-{chart.chart_id}", title, (part,), ())
        return _Step("guess", slide, text("guess.say", guess=card.guess), text("guess.do"))

    def reveal(self, card: BoardCard, kind: str, chart: ChartCard) -> list[_Step]:
        parts = reveal(self.context, kind, chart)
        titles = _numbered(chart.title, len(parts))
        lines = {"trend": "interval_line", "konsskillnad": "sexes_order", "faktorprofil": "interval_note"}
        foot = [text(lines[kind])] if kind in lines else []
        foot.append(chart.source or self.content.source)
        say = text("reveal.say", finding=chart.title.rstrip("."))
        steps = []
        for n, (title, part) in enumerate(zip(titles, parts, strict=True), start=1):
            shown = replace(part, heading=part.heading if kind == "trend" else "") if isinstance(part, ChartPart) else part
            end = f"-{n}" if n > 1 else ""
            slide = Slide(f"svar-{chart.chart_id}{end}", title, (shown,), (), foot=" ".join(foot))
            more = (*_said(part), *(chart.notes if n == len(parts) else ()))
            steps.append(_Step("reveal", slide, say, text("reveal.do"), more))
        return steps

    def certain(self, card: BoardCard) -> _Step:
        """The uncertainty, what the picture doesn't say and the questions to talk about."""
        heads = slide_texts()["certain_heads"]
        unsure = slide_texts()["unsure"].get(card.id, card.reading[-1])
        first = TextPart(heads["unsure"], (unsure, f"{heads['not_said']}: {_lower(card.not_said)}"), sizes=LARGE)
        asked = TextPart(heads["questions"], card.questions, numbered=True, sizes=LARGE)
        slide = Slide(f"sakert-{card.id}", text("certain_title", title=card.title), (first, asked), ())
        notes = tuple(dict.fromkeys(note for picture in card.pictures for note in picture.notes))
        return _Step("certain", slide, text("certain.say", not_said=card.not_said), text("certain.do"), notes)

    def missing(self, card: BoardCard) -> _Step:
        parts = (
            TextPart("", (card.missing,), sizes=LARGE),
            TextPart(slide_texts()["certain_heads"]["questions"], card.questions, numbered=True, sizes=LARGE),
        )
        slide = Slide(f"saknas-{card.id}", text("missing_title", title=card.title), parts, ())
        return _Step("missing", slide, text("missing.say", missing=card.missing), text("missing.do"))


def _in_order(card: BoardCard, charts: Sequence[ChartCard]) -> tuple[ChartCard, ...]:
    """The cards in the order of the board's pictures (the clearest development first), found by their alternative text."""
    order = {picture.alt: place for place, picture in enumerate(card.pictures)}
    return tuple(sorted(charts, key=lambda chart: order.get(chart.alt, len(order))))


def _numbered(title: str, pages: int) -> list[str]:
    if pages == 1:
        return [title]
    return [text("page", title=title, n=n, all=pages) for n in range(1, pages + 1)]


def _said(part: Part) -> tuple[str, ...]:
    """For the notes: all numbers in words, since not all of them stand beside the bars."""
    return (part.alt, *part.marks) if isinstance(part, ChartPart) else ()


def _notes(say: str, do: str, more: Sequence[str] = ()) -> tuple[str, ...]:
    heads = slide_texts()["note_parts"]
    return (f"{heads['say']} {say}", f"{heads['do']} {do}", *dict.fromkeys(more))


def _alt(title: str, rows: Sequence[tuple[str, ...]]) -> str:
    said = [text("alt.row", name=row[0], values=", ".join(row[1:])) for row in rows]
    return text("alt.table", title=title, values=" ".join(said))


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _shared(minutes: int, weights: Sequence[int]) -> list[int]:
    """Whole minutes that add up, by the largest remainders; of equal remainders the first gets the minute."""
    parts = [minutes * weight / sum(weights) for weight in weights]
    whole = [int(part) for part in parts]
    for place in sorted(range(len(parts)), key=lambda n: (whole[n] - parts[n], n))[: minutes - sum(whole)]:
        whole[place] += 1
    return whole
