"""The facilitator's kit of one municipality as bytes: a pure function that a pool of worker processes can run.

The kit is a bundle of its own beside the report's, for the one who leads the workshop. What it holds comes from parts: functions
that give files by path. See docs/adr/0039-the-kit-is-a-bundle.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assets.bundle.certificate import certificate_files
from assets.bundle.content import bundle_summary, folder_name
from assets.bundle.types import RenderedBundle, ReportMeta
from assets.bundle.words import Context
from assets.charts.svg import to_svg
from assets.charts.types import ChartCard, ReleaseFrames, Scope
from assets.kit.board import PATH as BOARD
from assets.kit.board import render_board
from assets.kit.board_content import board_content, chart_cards
from assets.kit.board_types import BoardContent
from assets.kit.earlier import earlier_decisions
from assets.kit.forms import form_files
from assets.kit.printed import kit_print_files
from assets.kit.readme import PATH as README
from assets.kit.readme import render_kit_readme
from assets.kit.slides import kit_slide_files

CERTIFICATE = "5_intyg"


@dataclass(frozen=True)
class Kit:
    """What every part is given.

    Attributes:
        content: the board's content: the six charts with their words, agenda and factors.
        cards: the report's cards of the six charts by the board's keys (`board_content.chart_cards`); () for one without.
        draw: card -> SVG text.
    """

    content: BoardContent
    meta: ReportMeta
    cards: Mapping[str, Sequence[ChartCard]]
    draw: Callable[[ChartCard], str]


Part = Callable[[Kit], Mapping[str, bytes]]


def _board(kit: Kit) -> dict[str, bytes]:
    return {BOARD: render_board(kit.content)}


def _forms(kit: Kit) -> dict[str, bytes]:
    return form_files(kit.content.area_code, kit.content.area_name)


def _printed(kit: Kit) -> dict[str, bytes]:
    return kit_print_files(kit.content, kit.meta, kit.cards, kit.draw)


def _slides(kit: Kit) -> dict[str, bytes]:
    return kit_slide_files(kit.content, kit.meta, kit.cards)


PARTS: tuple[Part, ...] = (_board, _printed, _slides, _forms)
"""What the kit is made of, in any order; `LAS_MIG.html` links the files that the parts give."""


def kit_folder_name(scope: Scope, meta: ReportMeta) -> str:
    """`0127_botkyrka_2024_v1.0_intern_workshop`, beside the report's bundle."""
    return f"{folder_name(scope, meta)}_workshop"


def render_kit(
    frames: ReleaseFrames, scope: Scope, meta: ReportMeta, draw: Callable[[ChartCard], str] = to_svg
) -> RenderedBundle:
    """Everything in a kit but its manifest. Arguments and result can be pickled.

    Args:
        frames: what `assets.bundle.frames.select_frames` gives for the scope.
        scope: municipality, wave and edition.
        meta: definitions, texts, version and date (`assets.bundle.load.build_report_meta`).
        draw: card -> SVG text. May remember what it has made.

    Raises:
        PipelineError: `foreign_rows` when the frames hold rows that the municipality's bundle may not see.
    """
    content = board_content(frames, scope, meta, earlier=earlier_decisions(frames.decisions, scope))
    kit = Kit(content, meta, chart_cards(frames, scope, meta), draw)
    files: dict[str, bytes] = {}
    for part in PARTS:
        files |= part(kit)
    folder = kit_folder_name(scope, meta)
    files[README] = render_kit_readme(content, meta, folder, sorted(files))
    files |= certificate_files(files, folder, meta, CERTIFICATE)
    return RenderedBundle(
        scope=scope,
        folder=folder,
        version=meta.version,
        released=meta.released,
        synthetic=meta.charts.synthetic,
        files=dict(sorted(files.items())),
        summary=bundle_summary(Context(frames, scope, meta)),
        certificate=CERTIFICATE,
        report=README,
    )
