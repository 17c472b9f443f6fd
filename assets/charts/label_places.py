"""Names beside points without lying on each other: the first free place of a fixed list of tries, so always the same."""

from __future__ import annotations

from collections.abc import Sequence

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in px."""
GAP, CLOSE, LINE, TRIES = 8.0, 14.0, 18.0, 16


def touches(one: Box, other: Box) -> bool:
    """Whether two boxes share any area."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def place_labels(
    marks: Sequence[tuple[float, float, float, float]],
    widths: Sequence[float],
    size: float,
    inside: Box,
    taken: Sequence[Box] = (),
    avoid: Sequence[Box] = (),
) -> list[tuple[float, float]]:
    """Left end and middle (px) of each label, in the marks' order.

    Beyond the right or left end of its interval, else as near above or below its point as can be. Where everything is taken a
    label may lie over a mark, never over another label as long as there is room for it in the frame.

    Args:
        marks: of each point x, y and the ends of its lying interval. widths: of each label. size: of the text. inside: the frame.
        taken: boxes that no label may touch. avoid: boxes of points and rules, avoided where it can be.
    """
    placed: list[Box] = []
    found = []
    for mark, width in zip(marks, widths, strict=True):
        tries = [box for box in _tries(mark, width, size) if _within(box, inside)]
        free = [box for box in tries if not any(touches(box, other) for other in (*placed, *taken))]
        clear = [box for box in free if not any(touches(box, other) for other in avoid)]
        chosen = next(iter(clear or free or tries or [_box(inside[0], mark[1], width, size)]))
        placed.append(chosen)
        found.append((chosen[0], (chosen[1] + chosen[3]) / 2))
    return found


def _tries(mark: tuple[float, float, float, float], width: float, size: float) -> list[Box]:
    x, y, low, high = mark
    boxes = [_box(high + GAP, y, width, size), _box(low - GAP - width, y, width, size)]
    for step in range(TRIES):
        for away in (-CLOSE - step * LINE, CLOSE + step * LINE):
            boxes += [_box(left, y + away, width, size) for left in (x + GAP, x - GAP - width, x - width / 2)]
    return boxes


def _box(left: float, middle: float, width: float, size: float) -> Box:
    return (left, middle - size / 2 - 1, left + width, middle + size / 2 + 1)


def _within(box: Box, inside: Box) -> bool:
    return box[0] >= inside[0] and box[1] >= inside[1] and box[2] <= inside[2] and box[3] <= inside[3]
