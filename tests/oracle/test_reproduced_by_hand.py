"""The whole way from validated answers to estimates against one R script with its own scoring, limits and design."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.estimate import area_estimates
from assets.methods.indicators import indicator_values
from assets.methods.persons import score_persons
from assets.methods.screening import without_removed
from assets.methods.series_estimates import series_estimates
from tests.oracle.rasch_reference import DATA

FOLDER = DATA / "reproduced"
RECIPE = Path(__file__).parents[2] / "docs" / "methods"
CATALOGUE = load_catalogue()
INDEX, INDICATOR = "psychosomatic", "dik36"
NUMBERS = ("estimate", "se", "low", "high")


@pytest.fixture(scope="module")
def answers() -> pl.DataFrame:
    """The exported answers as `validated.survey_responses`, with the columns of questions that were not exported."""
    texts = ("municipality_code", "grade", "sex", "school_code", "class_code")
    exported = pl.read_csv(FOLDER / "answers.csv", schema_overrides={"wave": pl.Int32} | dict.fromkeys(texts, pl.String))
    items = [item.key for item in CATALOGUE.survey.items]
    codes = [pl.col(item) if item in exported.columns else pl.lit(None).alias(item) for item in items]
    frame = exported.with_columns(
        *(code.cast(pl.Int16) for code in codes),
        district_code=pl.lit(None, pl.String),
        respondent_key=pl.format("a-{}", pl.int_range(pl.len())),
    )
    return without_removed(frame, items, active=CATALOGUE.screening.removal.active)


@pytest.fixture(scope="module")
def got(answers: pl.DataFrame) -> pl.DataFrame:
    """`area_code`, `cell` (measure of the index, or the indicator) and the estimates of the production path."""
    persons = score_persons(answers, CATALOGUE.index_file, CATALOGUE.cutoffs, CATALOGUE.item_scores())
    index = area_estimates(persons, {INDEX: CATALOGUE.index(INDEX).kind}).with_columns(cell="measure")
    indicator = CATALOGUE.indicator_file.by_id[INDICATOR]
    values = indicator_values(answers, [indicator], CATALOGUE.survey)
    series = series_estimates(values, [INDICATOR], "share").filter(pl.col("measure") == "share").with_columns(cell="indicator")
    columns = ["area_level", "area_code", "sex", "cell", *NUMBERS, "df", "n"]
    return pl.concat([index.select(columns), series.select(columns)])


@pytest.mark.parametrize("municipality", ["0128", "0187"])
def test_every_kind_of_number_is_that_of_r(got: pl.DataFrame, municipality: str) -> None:
    expected = pl.read_csv(FOLDER / f"expected_{municipality}.csv")
    here = got.filter(pl.col("area_level") == "municipality", pl.col("area_code") == municipality, pl.col("sex") == "all")
    both = expected.join(here, on="cell", suffix="_got", maintain_order="left")
    assert both.height == expected.height == 7
    assert both["df_got"].to_list() == both["df"].to_list()
    assert both["n_got"].to_list() == both["n"].to_list()
    for row in both.iter_rows(named=True):
        for number in NUMBERS:
            exact = "mean" not in row["cell"] and number in ("estimate", "se")
            bound = 1e-9 * abs(row[number]) if exact else 1e-6
            assert abs(row[f"{number}_got"] - row[number]) <= bound, (row["cell"], number)


def test_the_recipe_exports_the_columns_that_the_script_reads() -> None:
    """The words of the page and the script belong together: a column that is renamed must be renamed in both."""
    page = (RECIPE / "reproducera.md").read_text(encoding="utf-8")
    script = (RECIPE / "reproducera.R").read_text(encoding="utf-8")
    header = (FOLDER / "answers.csv").read_text(encoding="utf-8").splitlines()[0]
    assert f"select {header.replace(',', ', ')} from validated.survey_responses" in " ".join(page.split())
    for part in CATALOGUE.index(INDEX).items:
        assert f"c({', '.join(f'{t:g}' for t in part.thresholds)})" in script
    assert str(CATALOGUE.cutoffs.cuts[INDEX].upper) in script
