"""One municipality's bundle as bytes: a pure function that a pool of worker processes can run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from assets.bundle.action_pages import action_files, page_links
from assets.bundle.action_plan import action_plan_files
from assets.bundle.anatomy import PAGE as ANATOMY_PAGE
from assets.bundle.anatomy import anatomy_sections, anatomy_svgs
from assets.bundle.blank_forms import blank_form_files
from assets.bundle.certificate import certificate_files
from assets.bundle.content import folder_name, municipality_report
from assets.bundle.dcat import dcat_files
from assets.bundle.district_pages import PAGE as DISTRICT_PAGE
from assets.bundle.district_pages import district_pages
from assets.bundle.edition_list import difference_files
from assets.bundle.english import english_files, to_english
from assets.bundle.explore import choices
from assets.bundle.html import render_anatomy, render_districts, render_easy, render_method, render_report
from assets.bundle.lattlast import PAGE as EASY_PAGE
from assets.bundle.lattlast import easy_page
from assets.bundle.method_folder import method_files
from assets.bundle.pdf import printed_files
from assets.bundle.readme import readme_files
from assets.bundle.slides_pptx import slide_files
from assets.bundle.tables import bundle_tables, csv_bytes, written_tables
from assets.bundle.types import RenderedBundle, ReportMeta
from assets.bundle.vega import library
from assets.bundle.words import Context
from assets.bundle.workbook import workbook_files
from assets.charts.svg import to_svg
from assets.charts.types import ChartCard, ReleaseFrames, Scope
from assets.methods.editions import PUBLIC

FONT_STACK = 'font-family="Liberation Sans, Arial, Helvetica, sans-serif"'


def render_bundle(
    frames: ReleaseFrames,
    scope: Scope,
    meta: ReportMeta,
    draw: Callable[[ChartCard], str] = to_svg,
    script: Callable[[], str] = library,
    begin: Callable[..., Callable[[], dict[str, bytes]]] = partial,
) -> RenderedBundle:
    """Everything in a bundle but its certificate. Arguments and result can be pickled.

    Args:
        frames: what `assets.bundle.frames.select_frames` gives for the scope.
        scope: municipality, wave and edition.
        meta: definitions, texts, version and date (`assets.bundle.load.build_report_meta`).
        draw: card -> SVG text. script: gives the chart library's text. Both may remember what they have made.
        begin: takes a function and its arguments and gives what gives the result: another process may do the work meanwhile.

    Raises:
        PipelineError: `foreign_rows` when the frames hold rows that the bundle may not see.
    """
    content = municipality_report(frames, scope, meta)
    anatomy = anatomy_sections(frames, scope, meta)
    context = Context(frames, scope, meta)
    places = district_pages(context)
    svgs = {card.chart_id: with_fallback_fonts(draw(card)) for card in content.cards}
    drawn = partial(_drawn, draw)
    printed = begin(printed_files, frames, content, svgs, meta, drawn)
    english = begin(english_files, frames, content, svgs, meta, drawn)
    slides = begin(slide_files, frames, content, meta)
    other = to_english(meta, register_only=content.register_only)
    internal = scope.edition != PUBLIC  # what a municipality works with is nobody else's
    action = {} if not internal else action_files(frames, content, svgs, meta, drawn)
    report = render_report(content, svgs, meta, choices(context), script=script, other=other)
    more = page_links(meta, action)
    easy = easy_page(context, content.summary, register_only=content.register_only)
    readme = readme_files(content, meta, anatomy=bool(anatomy), districts=bool(places), english=bool(other), more=more)
    files = {**action, **readme}
    files |= {
        "1_rapport/rapport.html": report.encode("utf-8"),
        EASY_PAGE: render_easy(easy, content, meta).encode("utf-8"),
        "5_metod/metod.html": render_method(content, meta).encode("utf-8"),
    }
    if places:
        files[DISTRICT_PAGE] = render_districts(places, content, meta).encode("utf-8")
    if anatomy:
        pictures = {name: with_fallback_fonts(svg) for name, svg in anatomy_svgs(anatomy, draw).items()}
        files[ANATOMY_PAGE] = render_anatomy(anatomy, pictures, content, meta).encode("utf-8")
    for card in content.cards:
        files |= chart_files(card, svgs[card.chart_id])
    files |= english() | printed()
    tables = bundle_tables(frames, scope, meta)
    files |= written_tables(tables, scope, meta)
    files |= slides()
    files |= method_files(frames, content, meta, lambda: tables)
    files |= workbook_files(content, tables, meta)
    if internal:
        files |= action_plan_files(frames, content, meta)
        files |= blank_form_files(scope, meta.released.year)
        files |= difference_files(frames, scope, meta)
    files |= dcat_files(files, frames, scope, meta)
    files |= certificate_files(files, folder_name(scope, meta), meta)
    return RenderedBundle(
        scope=scope,
        folder=folder_name(scope, meta),
        version=meta.version,
        released=meta.released,
        synthetic=meta.charts.synthetic,
        files=dict(sorted(files.items())),
        summary=content.summary,
    )


def _drawn(draw: Callable[[ChartCard], str], card: ChartCard) -> str:
    return with_fallback_fonts(draw(card))


def with_fallback_fonts(svg: str) -> str:
    """Name what to use where Liberation Sans isn't installed; Arial has the same widths."""
    return svg.replace('font-family="Liberation Sans"', FONT_STACK)


def chart_files(card: ChartCard, svg: str) -> dict[str, bytes]:
    """A chart as picture, words and table."""
    words = "\n\n".join([card.title, card.subtitle, card.alt, *card.notes, card.source])
    return {
        f"2_diagram/{card.chart_id}.svg": svg.encode("utf-8"),
        f"2_diagram/{card.chart_id}.txt": f"{words}\n".encode(),
        f"2_diagram/{card.chart_id}.csv": csv_bytes(card.table),
    }
