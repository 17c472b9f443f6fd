"""A small line of shares over waves as inline SVG with a Swedish text alternative. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

WIDTH, HEIGHT, MARGIN = 132, 30, 5


def sparkline(points: Sequence[tuple[int, int | None]], top: int, words: str, *, flagged: bool = False) -> Markup:
    """The line as an SVG element without ids, styles or references.

    Args:
        points: wave and whole per cent, oldest first; None is a gap. The waves stand at their true distance.
        top: per cent at the upper edge, the same for all lines of a page. words: the text alternative.
        flagged: draw the last point as a diamond in orange instead of a blue dot.
    """
    first, last = points[0][0], points[-1][0]
    reach = max(last - first, 1)
    where = [
        (round(MARGIN + (WIDTH - 2 * MARGIN) * (wave - first if last > first else reach) / reach, 1), _height(value, top))
        for wave, value in points
    ]
    parts = [f'<path d="M{MARGIN} {HEIGHT - MARGIN}H{WIDTH - MARGIN}" stroke="#8c8c8c" stroke-width="1" fill="none"/>']
    parts += [f'<path d="{run}" stroke="#0b559f" stroke-width="1.8" fill="none"/>' for run in _runs(where)]
    parts += [f'<circle cx="{x}" cy="{y}" r="2.2" fill="#0b559f"/>' for x, y in where[:-1] if y is not None]
    x, y = where[-1]
    if y is not None and flagged:
        parts.append(f'<path d="M{x - 5:g} {y:g}l5 -5 5 5 -5 5z" fill="#b35806"/>')
    elif y is not None:
        parts.append(f'<circle cx="{x}" cy="{y}" r="3.4" fill="#0b559f"/>')
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return Markup(f'<svg class="spark" {size} role="img" aria-label="{escape(words)}">{"".join(parts)}</svg>')


def _height(value: int | None, top: int) -> float | None:
    return None if value is None else round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * min(value, top) / top, 1)


def _runs(where: Sequence[tuple[float, float | None]]) -> list[str]:
    """Paths between points without a gap."""
    runs: list[list[str]] = [[]]
    for x, y in where:
        if y is None:
            runs.append([])
        else:
            runs[-1].append(f"{x:g} {y:g}")
    return ["M" + "L".join(run) for run in runs if len(run) > 1]
