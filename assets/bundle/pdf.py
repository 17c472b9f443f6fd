"""Tagged PDF/UA-1 with Typst: the whole report, the two-page summary and posters for the wall.

Pure but for reading the package's own templates and fonts. No system font, clock or random id takes part, so equal content gives
equal bytes on every machine.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.bundle.highlights import chosen_findings
from assets.bundle.pdf_data import Files, poster_data, report_data, summary_data
from assets.bundle.pdf_pack import packed_pdf
from assets.bundle.sized_trends import POSTER_HEIGHT, SUMMARY_HEIGHT, sized_trends
from assets.bundle.summary import PAGE, SummaryContent, preferred_trends, render_summary, summary_content
from assets.bundle.types import ReportContent, ReportMeta
from assets.bundle.words import Context
from assets.charts.types import ChartCard, ReleaseFrames
from assets.methods.errors import PipelineError

if TYPE_CHECKING:
    import typst

FONT = "Liberation Sans"
FONT_FOLDER = Path(__file__).parent / "fonts"
TEMPLATE_FOLDER = Path(__file__).parent / "typst"
KEPT_DOCUMENTS = 11
"""One more than the documents whose parts Typst keeps."""
MOST_TRENDS = 2
"""So many series over the waves become posters; the others are in the report."""


def printed_files(
    frames: ReleaseFrames,
    content: ReportContent,
    svgs: Mapping[str, str],
    meta: ReportMeta,
    draw: Callable[[ChartCard], str] | None = None,
) -> dict[str, bytes]:
    """What a bundle holds for paper: `rapport.pdf`, the summary as HTML and PDF, and `2_diagram/affischer/*.pdf`.

    Args:
        frames: what the bundle may see.
        content: the report made of them.
        svgs: chart id -> SVG text of every card in the content.
        meta: texts, version and date.
        draw: draws the few series whose height on the two pages and on the wall isn't the report's; without it they are as there.

    Raises:
        PipelineError: `pdf_font` when the fonts are missing, `pdf` when Typst refuses or warns.
    """
    findings = chosen_findings(Context(frames, content.scope, meta))
    trends = {card.chart_id for card in preferred_trends(content, findings)[:MOST_TRENDS]}
    summary, posters = summary_content(content, findings, meta), wall_charts(content, trends, meta)
    low: dict[str, str] = {}
    high: dict[str, str] = {}
    if draw:
        low = sized_trends(summary.charts, SUMMARY_HEIGHT, frames, content.scope, meta, draw)
        high = sized_trends((card for _, card in posters), POSTER_HEIGHT, frames, content.scope, meta, draw)
    return paper_files(content, summary, posters, svgs, meta, low=low, high=high)


def paper_files(
    content: ReportContent,
    summary: SummaryContent,
    posters: Sequence[tuple[str, ChartCard]],
    svgs: Mapping[str, str],
    meta: ReportMeta,
    *,
    low: Mapping[str, str] | None = None,
    high: Mapping[str, str] | None = None,
) -> dict[str, bytes]:
    """The files of `printed_files` from a report, its summary and the charts for the wall (kind in `pdf.yml` and card).

    `low`, `high`: pictures that the summary and the wall have instead of the report's.

    Raises:
        PipelineError: as `printed_files`.
    """
    two_pages, wall = {**svgs, **(low or {})}, {**svgs, **(high or {})}
    files = {
        "1_rapport/rapport.pdf": compile_pdf("report.typ", *report_data(content, svgs, meta)),
        PAGE: render_summary(summary, content, two_pages, meta).encode(),
        "1_rapport/sammanfattning.pdf": compile_pdf("summary.typ", *summary_data(summary, content, two_pages, meta)),
    }
    for kind, card in posters:
        made = compile_pdf("poster.typ", *poster_data(card, kind, content, wall, meta))
        files[f"2_diagram/affischer/{card.chart_id}.pdf"] = made
    _forget()
    return files


def wall_charts(content: ReportContent, trends: set[str], meta: ReportMeta) -> list[tuple[str, ChartCard]]:
    """Charts that have steps and limits written for the wall (`posters` in `pdf.yml`), of the series only the named ones."""
    kinds = [name for name, entry in meta.texts["posters"].items() if isinstance(entry, Mapping)]
    found = []
    for card in content.cards:
        kind = next((name for name in kinds if f"{card.chart_id}_".startswith(f"{name}_")), "")
        if kind and (kind != "trend" or card.chart_id in trends):
            found.append((kind, card))
    return found


def compile_pdf(template: str, data: Mapping[str, Any], pictures: Files, fonts: Path = FONT_FOLDER) -> bytes:
    """One document as PDF/UA-1, packed; the arguments and errors are those of `typeset`."""
    return packed_pdf(typeset(template, data, pictures, fonts))


def typeset(template: str, data: Mapping[str, Any], pictures: Files, fonts: Path = FONT_FOLDER) -> bytes:
    """One document as Typst writes it.

    Args:
        template: file in `typst/`.
        data: what the template reads as `data.json`.
        pictures: virtual file name -> SVG.
        fonts: folder with the fonts.

    Raises:
        PipelineError: `pdf_font` when the fonts are missing, `pdf` when Typst refuses or warns (a warning is as a rule a
            font or a reference that isn't there, and the page would be wrong without anybody seeing it).
    """
    import typst as engine

    source = {**_templates(), **pictures, "data.json": json.dumps(data, ensure_ascii=False).encode()}
    source["main.typ"] = source[template]
    try:
        made, warnings = compiler(fonts).compile_with_warnings(
            input=source, format="pdf", sys_inputs=None, pdf_standards=["ua-1"]
        )
    except engine.TypstError as error:
        raise _refused(template, data, error.message) from error
    if warnings or not isinstance(made, bytes):
        raise _refused(template, data, "; ".join(warning.message for warning in warnings))
    return made


@lru_cache(maxsize=2)
def compiler(fonts: Path) -> typst.Compiler:
    """Typst with our fonts and no others."""
    import typst as engine

    found = engine.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts)])
    if FONT not in found.families():
        raise PipelineError(
            code="pdf_font",
            where=f"mappen med typsnitt ({fonts.name})",
            expected=f"typsnittet {FONT}",
            got="inget sådant typsnitt",
            hint="Hämta programmet på nytt så att assets/bundle/fonts är fullständig.",
        )
    return engine.Compiler(font_paths=found)


def _forget() -> None:
    """Let Typst drop what it has laid out, by making small documents until the large ones have left its memory.

    It keeps the parts of its latest documents for the next and can't be told otherwise; a process that makes bundles one after
    another would hold 0.15 GB for nothing. What was freed is given back to the system, which glibc doesn't by itself.
    """
    for place in range(KEPT_DOCUMENTS):
        compiler(FONT_FOLDER).compile(input={"main.typ": b"// " + str(place).encode()}, format="pdf", sys_inputs=None)
    with suppress(OSError, AttributeError):  # another system's C library: it has none of this, and nothing is lost
        ctypes.CDLL("libc.so.6").malloc_trim(0)


@lru_cache(maxsize=1)
def _templates() -> Files:
    return {path.name: path.read_bytes() for path in sorted(TEMPLATE_FOLDER.glob("*.typ"))}


def _refused(template: str, data: Mapping[str, Any], message: str) -> PipelineError:
    return PipelineError(
        code="pdf",
        where=f"PDF-filen för {data['running']} ({template})",
        expected="ett dokument utan anmärkning från Typst",
        got=message,
        hint="Rapporten som HTML berörs inte. Rätta mallen eller texten som nämns och kör igen.",
    )
