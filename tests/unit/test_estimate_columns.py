"""Every row of the tables of estimates says where, when and for whom, how it was made, how sure it is, and why a null is null."""

from __future__ import annotations

import polars as pl
import pytest

from assets.methods.associations_table import SCHEMA as ASSOCIATIONS
from assets.methods.change_table import SCHEMA as TRENDS
from assets.methods.estimate import area_estimates
from assets.methods.series_estimates import series_estimates
from assets.methods.weighted_results import SCHEMA as WEIGHTED
from tests.support.estimate_sample import KINDS, sample_persons

PEOPLE = sample_persons(3, classes=4)
ANSWERS = PEOPLE.with_columns(
    q=pl.lit(1, pl.Int8),
    stratum=pl.format("{}/{}/{}", "municipality_code", "wave", "grade"),
    respondent_key=pl.int_range(pl.len()).cast(pl.String),
)
TABLES = {
    "area_estimates and accumulated_estimates": (area_estimates(PEOPLE, KINDS).columns, "index_key"),
    "indicator_estimates": (series_estimates(ANSWERS, ["q"], "share").columns, "indicator"),
    "scale_estimates": (series_estimates(ANSWERS, ["q"], "mean").columns, "indicator"),
    "weighted_estimates": (list(WEIGHTED), "index_key"),
    "trends": (list(TRENDS), "series"),
    "associations": (list(ASSOCIATIONS), "outcome"),
}
WHO = {"area_code", "wave", "grade", "sex", "measure"}
HOW_SURE = {"se", "low", "high", "df", "n", "n_psu", "sum_w", "method", "confidence_level", "reason"}
OWN_NAMES = {
    "trends": {"estimate": "change"},
    "associations": {"confidence_level": "level"},
}
ALL_SEXES = {"associations"}
"""Girls and boys together throughout, so there is no such column."""


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_estimated_without_its_uncertainty_and_origin(table: str) -> None:
    columns, indicator = TABLES[table]
    names = OWN_NAMES.get(table, {})
    wanted = (WHO | HOW_SURE | {"estimate", indicator}) - ({"sex"} if table in ALL_SEXES else set())
    assert {names.get(name, name) for name in wanted} - set(columns) == set()
