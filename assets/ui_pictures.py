"""Small pictures for the Dagster UI, drawn as SVG and written into Markdown as data URIs, which Dagster shows. Pure.

Every picture has its numbers in words as alternative text. What is drawn must be allowed to be shown where it stands: the caller
gives released numbers, or counts that are rounded.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, EDGE = 96, 22, 3
INK, PALE, MARK = "#1f5f8b", "#d5dde3", "#b3411f"
SVG = "http://www.w3.org/2000/svg"
BLOCKS, GAP = "▁▂▃▄▅▆▇█", "·"
BAR_WIDTH, BAR_HEIGHT, LABEL_WIDTH = 150, 16, 190


def sparkline(values: Sequence[float | None]) -> str:
    """A line through the values in order; a missing value breaks it, and a value alone is a dot.

    Short on purpose: Dagster shows Markdown of more than a thousand characters only on request.

    Args:
        values: two or more make a line; the scale goes from the smallest to the largest.
    """
    known = [value for value in values if value is not None]
    low, span = min(known, default=0), (max(known, default=0) - min(known, default=0)) or 1
    step = (WIDTH - 2 * EDGE) / max(len(values) - 1, 1)
    path, pen_down = "", False
    for place, value in enumerate(values):
        if value is not None:
            y = HEIGHT - EDGE - (value - low) / span * (HEIGHT - 2 * EDGE)
            path += f"{'L' if pen_down else 'M'}{EDGE + place * step:.0f} {y:.0f}{'' if pen_down else 'h0'}"
        pen_down = value is not None
    style = f'fill="none" stroke="{INK}" stroke-width="2" stroke-linecap="round"'
    return f'<svg xmlns="{SVG}" width="{WIDTH}" height="{HEIGHT}"><path d="{path}" {style}/></svg>'


def blocks(shares: Sequence[float | None]) -> str:
    """Shares from 0 to 100 as block characters, for tables with a row per municipality, where pictures would weigh too much."""
    steps = len(BLOCKS) - 1
    return "".join(GAP if share is None else BLOCKS[round(min(max(share, 0), 100) / 100 * steps)] for share in shares)


def bars(rows: Sequence[tuple[str, float | None, float | None]]) -> str:
    """Horizontal bars with a mark to compare with.

    Args:
        rows: label, the bar's value and the mark's, both from 0 to 100; a missing value has no bar (or mark), only words.
    """
    parts = []
    top = max([value for _, *pair in rows for value in pair if value is not None], default=1) or 1
    for place, (label, value, mark) in enumerate(rows):
        y = place * BAR_HEIGHT
        parts.append(f'<text x="{LABEL_WIDTH - 6}" y="{y + 12}" text-anchor="end" font-size="11">{escape(label)}</text>')
        parts.append(f'<rect x="{LABEL_WIDTH}" y="{y + 3}" width="{BAR_WIDTH}" height="10" fill="{PALE}"/>')
        if value is not None:
            parts.append(f'<rect x="{LABEL_WIDTH}" y="{y + 3}" width="{value / top * BAR_WIDTH:.1f}" height="10" fill="{INK}"/>')
        if mark is not None:
            x = LABEL_WIDTH + mark / top * BAR_WIDTH
            parts.append(f'<line x1="{x:.1f}" y1="{y + 1}" x2="{x:.1f}" y2="{y + 15}" stroke="{MARK}" stroke-width="2"/>')
        shown = "visas inte" if value is None else number(value)
        parts.append(f'<text x="{LABEL_WIDTH + BAR_WIDTH + 6}" y="{y + 12}" font-size="11">{shown}</text>')
    return _svg(LABEL_WIDTH + BAR_WIDTH + 70, max(len(rows), 1) * BAR_HEIGHT + 2, "".join(parts))


def as_image(svg: str, words: str) -> str:
    """The picture as Markdown. `words`: what it shows, for those who don't see it; may not end the alternative text early."""
    plain = " ".join(words.replace("[", "(").replace("]", ")").replace("|", "/").split())
    return f"![{plain}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def spark_image(values: Sequence[float | None]) -> str:
    """A sparkline as Markdown, with its values in words; a dash when fewer than two values are known."""
    if sum(value is not None for value in values) < 2:
        return "–"
    return as_image(sparkline(values), "; ".join("visas inte" if v is None else number(v) for v in values))


def number(value: float) -> str:
    """A number as Swedish has it: decimal comma, no-break spaces between thousands, at most one decimal."""
    text = f"{value:,.1f}".removesuffix(".0")
    return text.replace(",", "\N{NO-BREAK SPACE}").replace(".", ",").replace("-", "\N{MINUS SIGN}")


def _svg(width: int, height: int, content: str) -> str:
    return (
        f'<svg xmlns="{SVG}" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif">{content}</svg>'
    )
