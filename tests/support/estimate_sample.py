"""Small seeded person tables for tests of counts and estimates: three municipalities, two districts, uneven classes."""

from __future__ import annotations

import numpy as np
import polars as pl

from assets.methods.bands import CutSet, with_bands

KINDS = {"acting_out": "risk", "wellbeing": "protective"}
CUTS = CutSet("test", {"acting_out": (0.4459, 0.9562), "wellbeing": (-0.6454, 0.7893)})


def sample_persons(seed: int, classes: int = 12, size: int = 9, waves: tuple[int, ...] = (2022, 2024)) -> pl.DataFrame:
    """Person rows with scores and bands; classes of 1 to `size` pupils, a few scores, sexes and districts missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for wave in waves:
        for number in range(classes):
            municipality = ("0180", "0127", "0114")[min(number % 4, 2)]
            level = rng.normal(0, 0.4)
            for _ in range(int(rng.integers(1, size + 1))):
                scores = [None if rng.random() < 0.1 else float(rng.normal(level, 1.2)) for _ in KINDS]
                rows.append(
                    {
                        "municipality_code": municipality,
                        "district_code": str(rng.choice(["0180-101", "0180-102"])) if municipality == "0180" else None,
                        "wave": wave,
                        "grade": ("ak9", "gy2")[number // 4 % 2],
                        "sex": (["girl", "boy"] * 8 + ["other", None])[int(rng.integers(18))],
                        "school_code": f"s{number // 8}",
                        "psu": f"c{number}",
                    }
                    | dict(zip(KINDS, scores, strict=True))
                )
    texts = {name: pl.String for name in ("municipality_code", "district_code", "grade", "sex", "school_code", "psu")}
    frame = pl.DataFrame(rows, schema_overrides={**texts, "wave": pl.Int32, **dict.fromkeys(KINDS, pl.Float64)})
    return with_bands(frame, KINDS, CUTS)
