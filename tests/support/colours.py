"""How colours look to others: WCAG contrast, lightness in grey print, and differences under simulated deuteranopia.

Sources: WCAG 2.1 (relative luminance, contrast); CIE 1976 L*a*b* (D65) and its distance; Machado, Oliveira and Fernandes (2009),
IEEE Trans. Vis. Comput. Graph. 15:1291, matrix of deuteranopia at severity 1, on linear RGB.
"""

from __future__ import annotations

from math import dist

Triple = tuple[float, float, float]
MACHADO = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
WHITE = (0.95047, 1.0, 1.08883)


def linear(colour: str) -> Triple:
    """`#rrggbb` (or `white`) -> linear RGB 0..1."""
    code = "#ffffff" if colour == "white" else colour
    red, green, blue = (_unfold(int(code[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return red, green, blue


def _unfold(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _times(matrix: tuple[Triple, Triple, Triple], vector: Triple) -> Triple:
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio, 1..21."""
    low, high = sorted(_times(TO_XYZ, linear(colour))[1] for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: Triple) -> Triple:
    """CIE L*a*b* of a linear colour."""
    x, y, z = (_cube(part / white) for part, white in zip(_times(TO_XYZ, rgb), WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _cube(part: float) -> float:
    return part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116


def lightness(colour: str) -> float:
    """L* 0..100: what is left of a colour in grey print."""
    return lab(linear(colour))[0]


def deuteranopic_distance(one: str, other: str) -> float:
    """CIE76 distance between two colours as a reader without green cones sees them; about 2 is just noticeable."""
    seen = []
    for colour in (one, other):
        red, green, blue = (min(1.0, max(0.0, part)) for part in _times(MACHADO, linear(colour)))
        seen.append(lab((red, green, blue)))
    return dist(seen[0], seen[1])
