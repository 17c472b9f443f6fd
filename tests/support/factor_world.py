"""Seeded persons with bands, and both publications about them, for attacks on the numbers of factors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import yaml

from assets.methods.accumulated import CountRule
from assets.methods.accumulated_areas import SWAPS, accumulated_counts, accumulated_estimates, counted_persons
from assets.methods.accumulated_publish import protect_accumulated
from assets.methods.disclosure import load_policy, protect
from assets.methods.estimate import area_counts, area_estimates

RULES = yaml.safe_load((Path(__file__).parents[2] / "assets/catalogue/disclosure.yml").read_text(encoding="utf-8"))
RISK = CountRule("risk", ("a", "b", "c"), "risk", 2, 3)
PROTECTION = CountRule("protection", ("f", "g"), "protective", 2, 2)
STARTS = {"risk": (0, 1, 3), "protection": (0, 1, 2)}
KINDS = {"a": "risk", "b": "risk", "c": "risk", "f": "protective", "g": "protective"}
FOCUS = {key: 3 if kind == "risk" else 1 for key, kind in KINDS.items()}


def persons(seed: int, sizes: Sequence[int], unscored: float = 0.04, link: float = 0.6) -> pl.DataFrame:
    """Pupils of municipalities of the given sizes whose factors gather (`link` 0..1) as in real answers."""
    random = np.random.default_rng(seed)
    parts = []
    for at, size in enumerate(sizes):
        common = random.normal(size=size)
        columns: dict[str, object] = {
            "municipality_code": f"01{20 + at}",
            "sex": random.choice(["girl", "boy"], size=size),
            "psu": [f"{n // 20}" for n in range(size)],
        }
        for key, kind in KINDS.items():
            sign = 1 if kind == "risk" else -1
            score = sign * link * common + np.sqrt(1 - link**2) * random.normal(size=size) + random.normal(scale=0.2)
            lower, upper = (0.67, 1.28) if kind == "risk" else (-1.04, 1.04)
            band = np.where(score > upper, 3, np.where(score > lower, 2, 1)).astype(float)
            band[random.random(size) < unscored] = np.nan
            columns |= {key: np.where(np.isnan(band), np.nan, score), f"{key}_band": band}
        parts.append(pl.DataFrame(columns))
    bands = [pl.col(f"{key}_band").fill_nan(None).cast(pl.Int8) for key in KINDS]
    scores = [pl.col(key).fill_nan(None) for key in KINDS]
    fixed = [
        pl.lit(None, pl.String).alias("district_code"), pl.lit(2024, pl.Int32).alias("wave"), pl.lit("ak9").alias("grade"),
        pl.lit("1").alias("school_code"),
    ]  # fmt: skip
    return pl.concat(parts).with_columns(*bands, *scores, *fixed)


def published(frame: pl.DataFrame, barred: bool = True, kept: pl.DataFrame | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The index table and the table of numbers of factors; `barred=False` protects the second by itself alone."""
    policy, levels = load_policy(RULES), ("county", "municipality")
    clear = pl.lit(False).alias("is_clear")
    estimates = area_estimates(frame, KINDS, levels).with_columns(clear)
    index = protect(area_counts(frame, list(KINDS), levels), estimates, policy, "intern", FOCUS).results
    rules = [RISK, PROTECTION]
    counted = counted_persons(frame, rules, STARTS)
    counts = accumulated_counts(counted, rules, STARTS).filter(pl.col("area_level").is_in(levels))
    own = accumulated_estimates(counted, rules).with_columns(clear).filter(pl.col("area_level").is_in(levels))
    beside = index
    if not barred:
        everything = index.with_columns(reason=pl.lit("ok"))
        counts, beside = counts.with_columns(pl.lit(99, pl.Int64).alias(name) for name in ("least_linked", *SWAPS)), everything
    safe = protect_accumulated(counts, own, beside, rules, RULES, "intern", kept=kept).results
    return index, safe.rename({"index_key": "count_key"})
