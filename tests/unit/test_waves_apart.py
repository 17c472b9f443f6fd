"""Tables that are made a wave at a time are those that all waves at once give, row by row."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.catalogue.load import load_catalogue
from assets.indices import PERSONS, estimated_areas
from assets.methods.cell_key_sums import with_cell_keys
from assets.methods.estimate import area_counts, area_estimates
from pipelines.warehouse import Warehouse
from tests.support.keyed_county import pupils

CATALOGUE = load_catalogue()
WAVES = (2020, 2024)
NOBODY = 2022
"""A wave of the run that nobody has answered."""


@pytest.fixture(scope="module")
def persons() -> pl.DataFrame:
    """Scores on the catalogue's indices in two waves; the same school and class names in both."""
    parts = [
        pupils((90, 40), seed=wave).with_columns(
            wave=pl.lit(wave, pl.Int32), respondent_key=pl.format("{}-{}", pl.lit(wave), "respondent_key")
        )
        for wave in WAVES
    ]
    drawn = pl.concat(parts)
    copies = [pl.col(f"acting_out{what}").alias(f"{index.key}{what}") for index in CATALOGUE.indices for what in ("", "_band")]
    return drawn.with_columns(copies)


def test_areas_are_the_same_as_of_all_waves_at_once(persons: pl.DataFrame, tmp_path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    warehouse.replace(PERSONS, persons, None)
    counts, estimates = estimated_areas(warehouse, CATALOGUE, [WAVES[0], NOBODY, WAVES[1]])
    kinds = {index.key: index.kind for index in CATALOGUE.indices}
    whole = with_cell_keys(area_counts(persons, list(kinds)), persons, list(kinds))
    assert set(counts["wave"]) == set(WAVES)
    assert_frame_equal(counts.drop("cutoff_set"), whole, check_exact=True)
    assert_frame_equal(estimates, area_estimates(persons, kinds, rest=True, quantiles=True), check_exact=True)
