"""A made-up county whose pupils have record keys, and its tables with noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.methods.cell_key import record_keys
from assets.methods.cell_key_policy import LINKED
from assets.methods.cell_key_sums import with_cell_keys
from assets.methods.disclosure import DisclosurePolicy, ProtectedRelease, load_policy
from assets.methods.estimate import area_counts, area_estimates
from assets.methods.perturbed_release import protect_perturbed, with_noise
from assets.methods.record_identity import with_record_keys

KINDS: dict[str, Any] = {"acting_out": "risk", "school_bonding": "protective"}
FOCUS = {"acting_out": 3, "school_bonding": 1}
SECRET = b"bara i test"
CUTS = (0.7, 0.9)
"""Shares of the pupils below the second and the third band."""


def pupils(sizes: Sequence[int], seed: int = 1, first: int = 0) -> pl.DataFrame:
    """`indices.person_scores` of municipalities of the given sizes, in classes of about 20. `first`: number of the first."""
    random = np.random.default_rng(seed)
    parts = []
    for place, size in enumerate(sizes, first):
        code = f"01{20 + place}"
        rows: dict[str, Any] = {
            "municipality_code": [code] * size,
            "respondent_key": [f"{code}-{n}" for n in range(size)],
            "school_code": [f"skola {n // 40}" for n in range(size)],
            "psu": [f"klass {n // 20}" for n in range(size)],
            "sex": ["girl" if girl else "boy" for girl in random.random(size) < 0.5],
        }
        for key in KINDS:
            # None where the pupil has no score
            drawn = [None if gone else float(u) for u, gone in zip(random.random(size), random.random(size) < 0.04, strict=True)]
            rows[key] = drawn
            rows[f"{key}_band"] = [None if u is None else 1 + sum(u >= cut for cut in CUTS) for u in drawn]
        parts.append(pl.DataFrame(rows, schema_overrides={f"{key}_band": pl.Int8 for key in KINDS}))
    frame = pl.concat(parts).with_columns(
        wave=pl.lit(2024, pl.Int32), grade=pl.lit("ak9"), district_code=pl.lit(None, pl.String), stratum=pl.lit(None, pl.String)
    )
    return frame.with_columns(pl.Series("record_key", record_keys(frame["respondent_key"], SECRET)))


def redrawn(persons: pl.DataFrame) -> pl.DataFrame:
    """The pupils with the keys that the pipeline gives them: of all answers of their municipality, here their scores."""
    return with_record_keys(persons.with_columns(class_code="psu"), list(KINDS), SECRET).drop("class_code")


def noisy_policy(**chosen: Any) -> DisclosurePolicy:
    """The shipped policy with noise switched on."""
    content = load_catalogue().disclosure
    return load_policy({**content, "cell_key": {**content["cell_key"], "tables": list(LINKED), **chosen}})


def keyed_counts(persons: pl.DataFrame) -> pl.DataFrame:
    """`indices.area_counts` with cell keys."""
    return with_cell_keys(area_counts(persons, list(KINDS)), persons, list(KINDS))


def release(persons: pl.DataFrame, policy: DisclosurePolicy, edition: str = "intern") -> ProtectedRelease:
    """The perturbed release of the pupils."""
    counts = keyed_counts(persons)
    estimates = with_noise(counts, area_estimates(persons, KINDS), policy, FOCUS)
    clear = estimates.with_columns(is_clear=pl.col("p_value") < 0.05)
    return protect_perturbed(counts, clear, policy, edition, FOCUS)
