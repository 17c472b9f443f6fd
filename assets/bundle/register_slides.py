"""Slides of a municipality without answers: why there are none, and what open registers say beside other municipalities. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from assets.bundle.slide_types import Slide, TablePart, TextPart
from assets.bundle.types import Block, ReportContent, Table
from assets.bundle.words import Context

ROWS = 8
"""Of a table on a slide; those that lie outside stand first, and the rest is in the report."""
WIDTHS = (0.4, 0.08, 0.12, 0.11, 0.12, 0.17)
COUNTY, COUNTY_WIDTHS = "enkaten-lanet", (0.5, 0.25, 0.25)


class Writer(Protocol):
    """What the deck's writer gives: texts of `slides.yml`, speaker notes and the report's blocks."""

    context: Context
    content: ReportContent
    say: Callable[..., str]
    notes: Callable[..., tuple[str, ...]]
    section_blocks: Callable[[str], tuple[Block, ...]]
    overview_list: Callable[[str], tuple[tuple[str, ...], bool]]


def register_findings(writer: Writer) -> list[Slide]:
    """Why there are no answers, what lies outside, and a table per part of the report that has one."""
    scope = writer.context.scope
    why = writer.context.say("register_only.why", area=scope.area_name, wave=scope.wave)
    slides = [Slide("fynd", writer.say("titles.no_survey"), (TextPart("", (why,)),), writer.notes("no_survey", [why]))]
    found, _ = writer.overview_list("skiljer")
    if found:
        slides.append(Slide("skiljer", writer.say("titles.outside"), (TextPart("", found),), writer.notes("outside", found)))
    return slides + [slide for section in writer.content.sections if (slide := _compared(writer, section.id))]


def county_slide(writer: Writer) -> Slide | None:
    """The county's shares, as what the survey could answer."""
    table = _table(writer.section_blocks("enkaten"), COUNTY)
    if table is None:
        return None
    rows = tuple(tuple(map(str, row)) for row in table.rows)
    part = TablePart(COUNTY, table.columns, rows, COUNTY_WIDTHS, writer.say("alt.table", title=table.caption))
    title = writer.say("titles.county_shares", county=writer.context.meta.charts.comparison_name)
    return Slide("lanet", title, (part,), writer.notes("county_shares"), foot=f"{table.caption}. {table.source}")


def _compared(writer: Writer, section: str) -> Slide | None:
    table = _table(writer.section_blocks(section), f"jamfort-{section}")
    if table is None:
        return None
    ordinary, alone = (writer.context.say(f"register_only.places.{place}") for place in ("middle", "few"))
    rows = sorted((row for row in table.rows if row[-1] != alone), key=lambda row: row[-1] == ordinary)[:ROWS]
    if not rows:
        return None
    title = writer.say("titles.compared", part=writer.context.title(section))
    body = tuple(tuple(map(str, row)) for row in rows)
    part = TablePart(table.id, table.columns, body, WIDTHS, writer.say("alt.table", title=table.caption), size=16, head=14)
    return Slide(f"jamfort-{section}", title, (part,), writer.notes("compared", [table.caption, table.note]))


def _table(blocks: Sequence[Block], table_id: str) -> Table | None:
    return next((block for block in blocks if isinstance(block, Table) and block.id == table_id), None)
