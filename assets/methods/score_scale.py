"""On which scale an index is published: logits, or points from 0 to 100 for mean scores. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from assets.catalogue.models import IndexFile

LOGIT, POINTS_OF_100 = "logit", "score_0_100"
MEAN_SCORE_DECIMALS = 1
"""A decimal of 0-100 is about as fine as two decimals of a logit; more would tell more about a small group."""


def policy_for(disclosure: Mapping[str, Any], index_file: IndexFile) -> Mapping[str, Any]:
    """The disclosure policy with the decimals of means that fit the indices' scale (never more than the policy's own)."""
    if index_file.model == "pcm":
        return disclosure
    own = next(rule["value"] for rule in disclosure["rules"] if rule["id"] == "mean_decimals")
    editions = {
        name: {"mean_decimals": min(own, MEAN_SCORE_DECIMALS)} | values for name, values in disclosure["editions"].items()
    }
    return {**disclosure, "editions": editions}


def with_unit(results: pl.DataFrame, index_file: IndexFile) -> pl.DataFrame:
    """Released rows with the unit of the indices' own scale."""
    if index_file.model == "pcm":
        return results
    return results.with_columns(unit=pl.col("unit").replace({LOGIT: POINTS_OF_100}))
