"""Rounding of what is published, half away from zero, decided on whole numbers.

A share is rounded from its two counts and never from a float, so that 12.5 per cent is 13 on every machine. The same rules,
read backwards, tell which counts a rounded number may stand for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_SNAP_DECIMALS = 7
"""A float nearer than this to a tie is the tie: counts below ten thousand never come closer without being one."""


def nearest(count: IntArray, step: int) -> IntArray:
    """Count (>= 0) rounded to the nearest multiple of `step`, a tie upwards."""
    return (2 * count + step) // (2 * step) * step


def share_percent(count: IntArray, total: IntArray, step: int = 1) -> IntArray:
    """100 x count / total rounded to whole multiples of `step` per cent, a tie upwards; 0 where the total is 0."""
    safe = np.maximum(total, 1)
    return np.where(total > 0, (200 * count + step * safe) // (2 * step * safe) * step, 0)


def count_window(rounded: IntArray, step: int) -> tuple[IntArray, IntArray]:
    """Least and greatest whole count that `nearest` rounds to `rounded`."""
    low = rounded - step // 2
    return np.maximum(low, 0), rounded + (step - 1) // 2


def half_away(value: FloatArray, decimals: int) -> FloatArray:
    """Float rounded half away from zero to `decimals`; never -0.0, NaN stays NaN.

    The value is first snapped to seven further decimals, so that 1.005 (stored as 1.00499...) is a tie and becomes 1.01.
    """
    scale = 10.0**decimals
    snapped = np.round(np.abs(value) * scale, _SNAP_DECIMALS)
    return np.copysign(np.floor(snapped + 0.5) / scale, value) + 0.0
