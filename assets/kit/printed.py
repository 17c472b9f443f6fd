"""The facilitator's kit for paper: A4 sheets, one file of all of them, and six chart cards in A3, all as PDF/UA-1.

Pure but for reading the package's own templates and fonts (`assets.bundle.pdf`). Every number is one that the workshop board
holds: nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assets.bundle.pdf import compile_pdf
from assets.bundle.types import ReportMeta
from assets.bundle.words import date_text, say
from assets.charts.types import ChartCard
from assets.kit.board_types import BoardContent
from assets.kit.print_pictures import Draw, printed_pictures
from assets.kit.print_sheets import Kit, Sheet, a4_sheets, card_pages, kit_texts

FOLDER = "2_utskrift"


def kit_print_files(
    content: BoardContent, meta: ReportMeta, cards: Mapping[str, Sequence[ChartCard]], draw: Draw
) -> dict[str, bytes]:
    """`2_utskrift/*.pdf`. Arguments and result can be pickled if `draw` can.

    Args:
        content: what the municipality's board holds.
        meta: texts and definitions.
        cards: finished charts by card id (`tackningsmatris`, `prioriteringsfalt`, `forutsattningar`). They give sources, remarks
            and a picture where the board has none.
        draw: card -> SVG text.

    Raises:
        PipelineError: `pdf_font` or `pdf`, as `assets.bundle.pdf.typeset`.
    """
    texts = kit_texts()["print"]
    kit = Kit(content, meta, printed_pictures(content, cards, draw, texts["pictures"]))
    sheets = a4_sheets(kit)
    pages, pictures = card_pages(kit)
    shared = {key: texts[key] for key in ("how", "not_said", "talk", "turn", "missing", "missing_talk", "notes_room", "remarks")}
    made = {
        texts["combined"]: _document(kit, texts["combined_title"], sheets),
        texts["cards"]: compile_pdf(
            "kit_cards.typ", _frame(kit, texts["cards_title"]) | {"cards": pages, "words": shared}, pictures
        ),
    }
    made |= {sheet.name: _document(kit, sheet.title, [sheet]) for sheet in sheets}
    return {f"{FOLDER}/{name}.pdf": made[name] for name in sorted(made)}


def _document(kit: Kit, title: str, sheets: Sequence[Sheet]) -> bytes:
    pictures = {name: svg for sheet in sheets for name, svg in sheet.files.items()}
    return compile_pdf("kit.typ", _frame(kit, title) | {"sheets": [sheet.data for sheet in sheets]}, pictures)


def _frame(kit: Kit, title: str) -> dict[str, Any]:
    """What stands on every page: running head and foot, the mark of simulated data, the date and the source."""
    content, texts, words = kit.content, kit.meta.texts, kit_texts()["print"]
    released, product = content.released, texts["header"]["product"]
    edition = say(texts, f"common.editions.{content.edition}")
    where = {"product": product, "version": content.version, "edition": edition, "released": date_text(released)}
    return {
        "product": product,
        "date": [released.year, released.month, released.day],
        "stamp": texts["common"]["synthetic_short"] if content.synthetic else "",
        "title": title,
        "file_title": words["file_title"].format(title=title, **kit.where),
        "running": words["running"].format(**kit.where),
        "footer": words["footer"].format(**where, **kit.where),
        "source": content.source,
        "page": texts["pdf"]["page"],
    }
