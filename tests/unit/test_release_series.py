"""The release of single-question series in surveys that lack what the base has: indices, scales, a county."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from assets.catalogue.indicator_models import IndicatorFile
from assets.catalogue.load import load_profile_catalogue
from assets.methods.contained_areas import require_sums
from assets.methods.errors import PipelineError
from assets.methods.pomp import pomp_means
from assets.methods.protect_series import series_bases, series_shape
from assets.release_series import hidden_respondents
from pipelines.warehouse import TableName, Warehouse

BASE, YRBS = load_profile_catalogue("stockholm"), load_profile_catalogue("yrbs")


def test_denominators_are_in_the_files_language():
    scales = BASE.indicator_file.indices[:1]
    english = YRBS.indicator_file.model_copy(update={"indices": scales})
    bases = series_bases(english)
    assert (
        bases[scales[0].id] == f"students who answered at least {scales[0].minimum_answered} of {len(scales[0].items)} questions"
    )
    assert set(bases.values()) - {bases[scales[0].id]} == {"all students who answered the question"}
    with pytest.raises(ValueError, match="base_en"):
        IndicatorFile.model_validate(BASE.indicator_file.model_dump() | {"language": "en"})


def test_an_area_without_a_county_has_no_row_of_differences_to_it():
    with_county, without = (series_shape(YRBS.indicator_file, county=known) for known in (True, False))
    assert set(with_county["measure"]) - set(without["measure"]) == {"diff_share"}
    assert without.equals(with_county.filter(pl.col("measure") != "diff_share"))


def test_hidden_respondents_are_those_that_the_release_hides(tmp_path: Path):
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    keys = ["area_level", "area_code", "wave", "grade", "sex"]
    nothing = hidden_respondents(warehouse, 2024, "intern")
    assert nothing.columns == keys
    assert nothing.is_empty()
    rows = [
        ("municipality", "A", 2024, "g", "all", "n_respondents", "ok", "intern"),
        ("municipality", "B", 2024, "g", "all", "n_respondents", "too_few", "intern"),
        ("municipality", "A", 2024, "g", "all", "n_respondents", "suppressed", "publik"),
    ]
    frame = pl.DataFrame(rows, schema=[*keys, "measure", "reason", "edition"], orient="row").cast({"wave": pl.Int32})
    warehouse.replace(TableName("release", "index_results"), frame, {"wave": [2024]})
    assert hidden_respondents(warehouse, 2024, "intern")["area_code"].to_list() == ["B"]


def test_respondents_with_nothing_known_above_them_leave_the_questions_their_numbers(tmp_path: Path):
    """Where girls, boys and all are hidden for the numbers of scored pupils alone, as `whole_numbers` does."""
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    keys = ["edition", "area_level", "area_code", "wave", "grade", "sex"]
    rules = {
        "A": dict.fromkeys(("girl", "boy", "all"), "count_interval"),
        "B": {"girl": "count_interval", "boy": "count_interval"},
        "C": {"girl": "group_floor", "boy": "count_interval", "all": "count_interval"},
    }
    place = [("intern", "municipality", area, 2024, "g", sex, rule) for area, own in rules.items() for sex, rule in own.items()]
    log = pl.DataFrame(place, schema=[*keys, "rule"], orient="row").with_columns(cell=pl.lit("n_respondents"))
    results = log.select(*keys, measure="cell", reason=pl.lit("suppressed"))
    for name, frame in (("suppression_log", log), ("index_results", results)):
        warehouse.replace(TableName("release", name), frame.cast({"wave": pl.Int32}), {"wave": [2024]})
    shy = hidden_respondents(warehouse, 2024, "intern", whole=True)
    assert sorted(shy.select("area_code", "sex").rows()) == [
        ("B", "boy"), ("B", "girl"), ("C", "all"), ("C", "boy"), ("C", "girl")
    ]  # fmt: skip
    assert hidden_respondents(warehouse, 2024, "intern").height == 8


def test_a_table_of_no_scales_has_the_columns_of_one_with_scales():
    assert set(pomp_means(pl.DataFrame(), ()).columns) >= {
        "index_id",
        "n_respondents",
        "n_valid",
        "n_not_asked",
        "n_schools",
        "largest_school",
        "second_school",
        "mean",
    }


@pytest.mark.parametrize("column", ["n_respondents", "n_valid", "n_yes"])
def test_parts_that_exceed_the_whole_stop_the_release(column):
    frame = pl.DataFrame(
        {"area_code": ["W", "A", "B"], "wave": 1, "grade": "g", "sex": "all", "indicator": "i", "n_respondents": [9, 4, 5]}
    )
    counts = frame.with_columns(n_valid="n_respondents", n_yes="n_respondents")
    require_sums(counts, {"W": ("A", "B")})
    more = counts.with_columns(pl.when(pl.col("area_code") == "A").then(5).otherwise(pl.col(column)).alias(column))
    with pytest.raises(PipelineError) as caught:
        require_sums(more, {"W": ("A", "B")})
    assert caught.value.code == "parts_exceed_whole"
