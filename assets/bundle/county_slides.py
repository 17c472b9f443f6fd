"""The county's presentation: the slides that a municipality's deck has, and those about the municipalities side by side. Pure.

Municipalities stand in alphabetical order in two native charts beside each other; there is no slide that orders them by value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from assets.bundle.county_frames import CountyFrames
from assets.bundle.county_print import leading_series
from assets.bundle.slide_charts import halves_chart
from assets.bundle.slide_types import Slide, TablePart, TextPart
from assets.bundle.slides import DeckWriter, with_more
from assets.bundle.slides_pptx import FILE, draw
from assets.bundle.types import Bullets, ReportContent, ReportMeta, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.charts.types import GRADES

INDEX_WIDTHS = (0.4, 0.3, 0.3)


def county_slide_files(frames: CountyFrames, content: ReportContent, meta: ReportMeta) -> dict[str, bytes]:
    """The county's presentation, by its path in the bundle."""
    deck = CountyDeckWriter(Context(frames, content.scope, meta), content, frames).deck()
    return {FILE: draw(deck, meta.released)}


class CountyDeckWriter(DeckWriter):
    """Chooses the slides of the county's edition."""

    def __init__(self, context: Context, content: ReportContent, frames: CountyFrames) -> None:
        super().__init__(context, content)
        self.frames = frames
        self.own: Mapping[str, str] = context.entry("county_edition.slides")

    def say(self, path: str, **values: object) -> str:
        """The county's own words where it has any, else those of `slides.yml`."""
        if path in self.own:
            return self.own[path].format(**{**self.names, **values})
        return super().say(path, **values)

    def slides(self) -> tuple[Slide, ...]:
        """All slides after the first, in order; what there is nothing for is left out."""
        found = [
            self.read(), self.answers(), self.highlights(), self.shares(), self.graded("sexes", "konsskillnad", GRADES),
            self.trends(), self.side_by_side(), self.outside(), self.ranks(), self.anatomy(), self.quality(), self.unclear(),
            self.ask(), self.method(),
        ]  # fmt: skip
        return with_more(self.say("more"), [slide for slide in found if slide])

    def answers(self) -> Slide | None:
        """Who delivered and how many answered."""
        items, _ = self.overview_list("svar")
        return Slide("svar", self.say("titles.who"), (TextPart("", items),), self.notes("who", items)) if items else None

    def shares(self) -> Slide | None:
        """The county's share of every index and grade."""
        table = next((b for b in self.section_blocks("oversikt") if isinstance(b, Table) and b.id == "lanet"), None)
        if table is None:
            return None
        rows = tuple(tuple(map(str, row)) for row in table.rows)
        part = TablePart(table.id, table.columns, rows, INDEX_WIDTHS, self.context.say("slides.alt.table", title=table.caption))
        return Slide("lanet", table.caption, (part,), self.notes("shares"), foot=table.source)

    def side_by_side(self) -> Slide | None:
        """All municipalities of the first leading series, in alphabetical order."""
        for name in leading_series(self.frames, self.content, self.context.meta):
            card = self.cards.get(f"rutkarta_{name}")
            charts = halves_chart(self.context, card) if card else ()
            if card and charts:
                foot = f"{charts[0].marks[0]} {self.context.say('slides.interval_note')} {card.source}"
                parts = tuple(replace(chart, marks=chart.marks[1:]) for chart in charts)
                return Slide("kommuner", card.title, parts, self.notes("side_by_side", [card.alt]), foot=foot)
        return None

    def outside(self) -> Slide | None:
        """Which municipalities lie outside the funnel; or that none does."""
        told = _below(self.section_blocks("oversikt"), "oversikt-utanfor")
        listed = next((block.items for block in told if isinstance(block, Bullets)), ())
        texts = [block.text for block in told if isinstance(block, Text)]
        items = listed or tuple(texts[:1])
        return Slide("tratt", self.say("titles.outside"), (TextPart("", items),), self.notes("outside", [*texts, *listed]))

    def ranks(self) -> Slide | None:
        """For how many municipalities the place can't be told, per index and grade."""
        rows = self.frames.rank_sets
        if not rows.width or rows["best_rank"].is_null().all():
            return None
        body = tuple(
            (index.label_sv, *(self._undecided(rows, key, grade) for grade in GRADES))
            for key, index in self.context.indices.items()
        )
        title = self.say("titles.ranks")
        grades = [self.context.grade(grade, short=True) for grade in GRADES]
        heads = (self.context.entry("county_edition.overview.county_columns")[0], *grades)
        part = TablePart("platser", heads, body, INDEX_WIDTHS, self.context.say("slides.alt.table", title=title))
        return Slide("platser", title, (part,), self.notes("ranks"), foot=self.context.meta.charts.survey_source)

    def _undecided(self, rows: pl.DataFrame, key: str, grade: str) -> str:
        held = rows.filter((pl.col("index_key") == key) & (pl.col("grade") == grade) & pl.col("best_rank").is_not_null())
        if held.is_empty():
            return self.say("ranks.none")
        return self.say("ranks.cell", count=int(held["undecided"].sum()), total=held.height)

    def anatomy(self) -> Slide | None:
        """How many questions of each index work as they should."""
        titles = tuple(card.title for name, card in self.cards.items() if name.startswith("indexanatomi_"))
        return Slide("psykometri", self.say("titles.anatomy"), (TextPart("", titles),), self.notes("anatomy")) if titles else None

    def quality(self) -> Slide | None:
        """How the deliveries were received, in the report's words."""
        told = tuple(block.text for block in self.section_blocks("kvalitet") if isinstance(block, Text) and not block.tone)
        return Slide("kvalitet", self.say("titles.quality"), (TextPart("", told),), self.notes("quality")) if told else None


def _below(blocks: tuple[object, ...], heading: str) -> list[object]:
    """The blocks between a heading and the next."""
    found: list[object] = []
    inside = False
    for block in blocks:
        if isinstance(block, SubHeading):
            inside = block.id == heading
        elif inside:
            found.append(block)
    return found
