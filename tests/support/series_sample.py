"""Small seeded answers in the shape of `validated.survey_responses`, for tests of single-question series."""

from __future__ import annotations

import numpy as np
import polars as pl

AREAS = ("0180", "0127", "0114")


def sample_answers(
    seed: int, design: bool = False, classes: int = 20, waves: tuple[int, ...] = (2022, 2024), size: int = 12
) -> pl.DataFrame:
    """Answers about smoking, alcohol and drugs that keep to the questionnaire's routing; some sexes and answers missing.

    With `design` each pupil has a `weight` (decimal), a `stratum` that reaches over grades and a `psu` number nested in it.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for wave in waves:
        for number in range(classes):
            area = AREAS[min(number % 4, 2)]
            drinks, drugs = rng.uniform(0.2, 0.7), rng.uniform(0.05, 0.4)
            for _ in range(int(rng.integers(3, size + 1))):
                drunk, used = rng.random() < drinks, rng.random() < drugs
                row = {
                    "respondent_key": f"{wave}-{number}-{len(rows)}",
                    "municipality_code": area,
                    "district_code": str(rng.choice(["0180-101", "0180-102"])) if area == "0180" else None,
                    "wave": wave,
                    "grade": ("ak9", "gy2")[number // 4 % 2],
                    "sex": (["girl", "boy"] * 8 + ["other", None])[int(rng.integers(18))],
                    "school_code": f"s{number // 8}",
                    "class_code": f"c{number}",
                    "F14": int(rng.choice([1, 2, 3, 4, 5, 999], p=[0.6, 0.1, 0.05, 0.15, 0.05, 0.05])),
                    "F36": int(rng.integers(2, 8)) if drunk else 1,
                    "F37": int(rng.integers(0, 4)) if drunk else 996,
                    "F46": 2 if used else 1,
                    "F53": int(rng.choice([1, 2, 999])),
                }
                if design:
                    row |= {
                        "weight": round(float(rng.lognormal(2, 0.8)), 4),
                        "stratum": str(number // 24),
                        "psu": str(number % 3),
                    }
                rows.append(row)
    texts = ("municipality_code", "district_code", "grade", "sex", "school_code", "class_code", "stratum", "psu")
    types = {"wave": pl.Int32, **dict.fromkeys(("F14", "F36", "F37", "F46", "F53"), pl.Int16), **dict.fromkeys(texts, pl.String)}
    return pl.DataFrame(rows, schema_overrides={name: kind for name, kind in types.items() if name in rows[0]})
