"""Released index results of an invented county: shares, intervals and counts as they are published."""

from __future__ import annotations

import numpy as np
import polars as pl

from assets.methods.intervals import wilson

EDITION = "intern"
FOCUS = {"acting_out": "share_band3"}


def released(
    truth: dict[str, float],
    n: dict[str, int],
    *,
    waves: tuple[int, ...] = (2024,),
    hidden: frozenset[tuple[str, int]] = frozenset(),
    seed: int = 1,
) -> pl.DataFrame:
    """`release.index_results` of one index and grade: binomial answers, Wilson intervals, everything rounded as in a release.

    Args:
        truth: area code -> probability. n: area code -> pupils. hidden: (area, wave) whose share and count are not shown.
    """
    chance = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for wave in waves:
        yes = {code: int(chance.binomial(n[code], p)) for code, p in truth.items()}
        areas = [("municipality", code, yes[code], n[code]) for code in truth]
        areas.append(("county", "01", sum(yes.values()), sum(n.values())))
        for level, code, x, size in areas:
            low, high = (float(limit) for limit in wilson(x, size))
            shown = (code, wave) not in hidden
            rows += _rows((level, code, wave), (x / size, low, high), size, shown=shown)
    return pl.DataFrame(rows).with_columns(pl.col("wave").cast(pl.Int32), pl.col("n").cast(pl.Int64))


def _rows(key: tuple[str, str, int], share: tuple[float, float, float], size: int, *, shown: bool) -> list[dict[str, object]]:
    level, code, wave = key
    near = 5 * round(size / 5)
    value, low, high = (float(round(100 * number)) for number in share)
    same = {
        "edition": EDITION, "area_level": level, "area_code": code, "area_name": f"K {code}", "wave": wave, "grade": "ak9",
        "sex": "all", "index_key": "acting_out",
    }  # fmt: skip
    focus = {
        "measure": "share_band3", "value": value if shown else None, "low": low if shown else None,
        "high": high if shown else None, "n": near if shown else None, "reason": "ok" if shown else "suppressed",
        "confidence_level": 0.95 if shown else None,
    }  # fmt: skip
    count = {
        "measure": "n_respondents", "value": float(near), "low": None, "high": None, "n": near, "reason": "ok",
        "confidence_level": None,
    }  # fmt: skip
    return [same | focus, same | count]


def codes(count: int) -> list[str]:
    """Codes of so many municipalities."""
    return [f"{100 + place:04d}" for place in range(count)]
