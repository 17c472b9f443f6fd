"""The release of single-question series in surveys that lack what the base has: indices, scales, a county."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from assets.catalogue.indicator_models import IndicatorFile
from assets.catalogue.load import load_profile_catalogue
from assets.methods.contained_areas import require_sums
from assets.methods.disclosure import load_policy
from assets.methods.errors import PipelineError
from assets.methods.pomp import pomp_means
from assets.methods.protect_series import series_bases, series_shape
from assets.methods.protected_editions import hidden_respondents, nearly_all
from assets.release_series import concealed
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


PLACES = ["edition", "area_level", "area_code", "wave", "grade", "sex"]
NOBODY = pl.DataFrame(
    schema={"area_level": pl.String, "area_code": pl.String, "wave": pl.Int32, "grade": pl.String, "n_respondents": pl.Int64}
)
POLICY = load_policy(BASE.disclosure)


def test_hidden_respondents_are_those_that_the_release_hides(tmp_path: Path):
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    nothing = concealed(warehouse, BASE, 2024, ["intern"], NOBODY)["intern"]
    assert nothing.columns == PLACES[1:]
    assert nothing.is_empty()
    rows = [
        ("intern", "municipality", "A", 2024, "g", "all", "n_respondents", "ok"),
        ("intern", "municipality", "B", 2024, "g", "all", "n_respondents", "too_few"),
        ("publik", "municipality", "A", 2024, "g", "all", "n_respondents", "suppressed"),
    ]
    frame = pl.DataFrame(rows, schema=[*PLACES, "measure", "reason"], orient="row").cast({"wave": pl.Int32})
    log = frame.clear().select(*PLACES, cell="measure", rule="reason")
    for name, table in (("index_results", frame), ("suppression_log", log)):
        warehouse.replace(TableName("release", name), table, {"wave": [2024]})
    assert concealed(warehouse, BASE, 2024, ["intern"], NOBODY)["intern"]["area_code"].to_list() == ["B"]


def test_respondents_with_nothing_known_above_them_leave_the_questions_their_numbers():
    """Where girls, boys and all are hidden for the numbers of scored pupils alone, as `whole_numbers` does."""
    rules = {
        "A": dict.fromkeys(("girl", "boy", "all"), "count_interval"),
        "B": {"girl": "count_interval", "boy": "count_interval"},
        "C": {"girl": "group_floor", "boy": "count_interval", "all": "count_interval"},
    }
    place = [("municipality", area, 2024, "g", sex, rule) for area, own in rules.items() for sex, rule in own.items()]
    log = pl.DataFrame(place, schema=[*PLACES[1:], "rule"], orient="row").with_columns(cell=pl.lit("n_respondents"))
    results = log.select(*PLACES[1:], measure="cell", reason=pl.lit("suppressed"))

    def shy(enrolled: int, *, whole: bool = True) -> list[tuple[str, str]]:
        policy = POLICY.model_copy(update={"whole_numbers": whole})
        grade = {"area_level": ["municipality"], "area_code": ["A"], "wave": [2024], "grade": ["g"]}
        close = nearly_all(pl.DataFrame(grade | {"n_respondents": [90]}), pl.DataFrame(grade | {"enrolled": [enrolled]}), policy)
        return sorted(hidden_respondents(results, log, policy, close).select("area_code", "sex").rows())

    free = [("B", "boy"), ("B", "girl"), ("C", "all"), ("C", "boy"), ("C", "girl")]
    assert shy(120) == free
    assert shy(100) == [("A", "all"), ("A", "boy"), ("A", "girl"), *free]  # the register's pupils are above them
    assert len(shy(120, whole=False)) == 8


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
