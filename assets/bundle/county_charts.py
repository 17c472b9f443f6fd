"""The charts of the county's edition: maps, rank intervals and the county's own series, index by index. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from assets.bundle.areas import boundaries, tile_grid
from assets.bundle.county_frames import CountyFrames
from assets.bundle.types import Block, Figure, Section, SubHeading, Text
from assets.bundle.words import Context
from assets.charts import trend
from assets.charts.county import county_cards
from assets.charts.types import GRADES, ChartCard

MAPS = ("rutkarta_", "granskarta_")
ONLY_ON_SCREEN = ("granskarta_",)
"""Charts that the printed report leaves out: the tile map beside them has the same shares."""


def place_cards(context: Context, frames: CountyFrames) -> dict[str, tuple[ChartCard, ...]]:
    """Index -> its tile map, boundary map and rank intervals, both grades."""
    return {
        key: tuple(
            card
            for grade in GRADES
            for card in county_cards(
                frames.index_results, frames.rank_sets, context.scope, context.meta.charts,
                tiles=tile_grid(), shapes=boundaries(), grade=grade, index_key=key,
            )
        )
        for key in context.indices
    }  # fmt: skip


def map_section(context: Context, cards: dict[str, tuple[ChartCard, ...]]) -> Section:
    """The tile map and the boundary map of every index and grade; a sentence when there is nothing to put on a map."""
    title = context.say("county_edition.sections.kartor")
    blocks: list[Block] = []
    for key, held in cards.items():
        maps = [card for card in held if card.chart_id.startswith(MAPS)]
        if maps:
            blocks.append(SubHeading(f"karta-{key.replace('_', '-')}", context.indices[key].label_sv))
            blocks += [Figure(card, 4) for card in maps]
    if not blocks:
        return Section("kartor", title, (Text(context.say("county_edition.maps.none")),))
    intro = Text(context.say("county_edition.maps.intro"))
    return Section("kartor", title, (*context.synthetic_notice(), intro, *blocks))


def rank_figures(cards: tuple[ChartCard, ...]) -> list[Block]:
    """The rank intervals among the cards of one index."""
    return [Figure(card, 4) for card in cards if card.chart_id.startswith("platsintervall_")]


def trend_figures(context: Context, grade: str, keys: Iterable[str]) -> list[Block]:
    """The county's line over the waves for the indices."""
    made = [trend.build(context.frames, context.scope, context.meta.charts, grade=grade, index_key=key) for key in keys]
    return [Figure(card, 4) for card in made if card]


def printed_section(section: Section) -> Section:
    """A section without the charts that stand on screen only."""
    kept = (b for b in section.blocks if not (isinstance(b, Figure) and b.card.chart_id.startswith(ONLY_ON_SCREEN)))
    return Section(section.id, section.title, tuple(kept))
