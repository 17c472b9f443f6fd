"""Weights, strata and PSUs that deliveries bring along; questions that a site didn't ask; areas inside areas."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.catalogue.load import load_catalogue, load_profile_catalogue
from assets.methods.asked_waves import blank_questions
from assets.methods.contained_areas import as_parts, own_levels, require_sums
from assets.methods.disclosure import load_policy, protect
from assets.methods.errors import PipelineError
from assets.methods.harmonise import DeliveryInput, delivery_gaps, harmonise_delivery
from assets.methods.survey_design import design_columns, nested
from tests.support.disclosure_population import KEYS, population

YRBS = load_profile_catalogue("yrbs")
POLICY = load_policy(load_catalogue().disclosure)


def rows(**changes: list[object]) -> pl.DataFrame:
    """Three students of two sites."""
    return pl.DataFrame(
        {
            "municipality_code": ["CHIC", "CHIC", "BOST"],
            "wave": [2009, 2009, 2009],
            "weight": ["12.5", "0,75", "3"],
            "stratum": ["1", "2", "1"],
            "psu": ["7", "7", "7"],
        }
        | changes
    )


def test_a_psu_is_another_one_in_another_stratum_and_site():
    made = nested(rows(), ("weight", "stratum", "psu"), "fil.csv")
    assert made["psu"].to_list() == ["CHIC/2009/1/7", "CHIC/2009/2/7", "BOST/2009/1/7"]
    assert made["stratum"].to_list() == ["CHIC/2009/1", "CHIC/2009/2", "BOST/2009/1"]
    assert made["weight"].to_list() == [12.5, 0.75, 3.0]
    assert nested(rows(), (), "fil.csv").equals(rows())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"weight": ["1", "0", "1"]}, "bad_weight"),
        ({"weight": ["1", None, "1"]}, "bad_weight"),
        ({"weight": ["1", "x", "inf"]}, "bad_weight"),
        ({"psu": ["1", None, "1"]}, "bad_design"),
        ({"stratum": [None, "1", "1"]}, "bad_design"),
    ],
)
def test_a_row_without_its_design_stops_the_delivery(changes, code):
    with pytest.raises(PipelineError) as caught:
        nested(rows(**changes), ("weight", "stratum", "psu"), "fil.csv")
    assert caught.value.code == code
    assert "Komplettera kolumnen" in str(caught.value)


def test_a_survey_without_a_design_has_classes_and_municipalities():
    frame = pl.DataFrame({"municipality_code": "0160", "wave": 2024, "grade": "x", "school_code": "s", "class_code": None})
    frame = frame.cast({"class_code": pl.String})
    assert frame.select(**design_columns(frame)).row(0) == ("0160/2024/x/s/-", "0160/2024/x")
    own = frame.with_columns(psu=pl.lit("P"), stratum=pl.lit("S"))
    assert own.select(**design_columns(own)).row(0) == ("0160/2024/S/P", "0160/2024/S", 1.0)


def test_a_question_without_any_answer_from_a_site_and_year_was_not_asked():
    frame = pl.DataFrame(
        {
            "municipality_code": ["A", "A", "A", "B", "B"],
            "wave": [1, 1, 2, 1, 1],
            "x": [999, 999, 1, 999, 2],
            "y": [1, 999, None, 999, 999],
        },
        schema_overrides={"x": pl.Int16, "y": pl.Int16},
    )
    settled = blank_questions(frame, ["x", "y"])
    assert settled["x"].to_list() == [None, None, 1, 999, 2]
    assert settled["y"].to_list() == [1, 999, None, None, None]
    assert settled.schema == frame.schema


def yrbs_delivery(**cells: list[str | None]) -> pl.DataFrame:
    """A harmonised delivery of two students in Chicago."""
    given = {
        "site": ["chicago", "chicago"],
        "year": ["2009", "2009"],
        "weight": ["10.1234", "20"],
        "stratum": ["1", "1"],
        "psu": ["3", "4"],
        "grade": ["9", None],
        "sex": ["Female", None],
        "alcohol_days": ["1.5", "0"],
        "used_heroin": ["true", "false"],
        "hopeless": [None, None],
        "suicide_attempts": ["6", None],
    }
    frame = pl.DataFrame(given | cells)
    wave = frame["year"].cast(pl.Int32).rename("wave")
    number = pl.Series("source_row", range(1, frame.height + 1), dtype=pl.Int32)
    delivery = DeliveryInput("d", "fil.csv", YRBS.codebooks[0], frame, {}, wave, number)
    return harmonise_delivery(delivery, YRBS.survey, YRBS.municipality_of_survey_code, YRBS.district_names, YRBS.profile)


def test_a_site_with_design_columns_is_harmonised_like_any_delivery():
    first, second = yrbs_delivery().iter_rows(named=True)
    assert first["municipality_code"] == "CHIC"
    assert (first["weight"], first["stratum"], first["psu"]) == (10.1234, "CHIC/2009/1", "CHIC/2009/1/3")
    assert (first["grade"], first["sex"], first["alcohol_days"], first["used_heroin"]) == ("g9", "girl", 2, 1)
    assert (second["grade"], second["sex"], second["alcohol_days"], second["used_heroin"]) == (None, None, 1, 2)
    assert (first["hopeless"], second["hopeless"]) == (None, None), "nobody answered: not asked"
    assert (first["suicide_attempts"], second["suicide_attempts"]) == (5, 999), "somebody answered: no answer"
    assert first["used_cocaine"] is None, "no such column"


def test_an_unknown_site_or_class_stops_the_delivery():
    with pytest.raises(PipelineError, match="kolumnen site"):
        yrbs_delivery(site=["springfield", "chicago"])
    with pytest.raises(PipelineError, match="kolumnen alcohol_days"):
        yrbs_delivery(alcohol_days=["2", "0"])


def test_gaps_are_about_the_survey_s_own_units():
    gaps = delivery_gaps(yrbs_delivery(), [], None)
    assert gaps.select("kind", "item", "missing_pct").rows() == [("background", "psu", 0.0)]


CONTAINS = {"0180": [f"0180-{101 + i}" for i in range(5)]}


def boroughs(seed: int = 3, sizes: tuple[int, ...] = (200, 150, 90, 60, 40)) -> pl.DataFrame:
    """Counts of a city and its five boroughs, nobody outside them, all at the level of municipalities, and another site."""
    counts = population(seed, [500], districts=sizes, outside=0).filter(pl.col("area_level") != "county")
    return counts.with_columns(area_level=pl.lit("municipality")).sort(KEYS)


NO_ESTIMATES = pl.DataFrame(
    schema=dict.fromkeys((*KEYS, "measure"), pl.String)
    | {"wave": pl.Int32}
    | dict.fromkeys(("estimate", "low", "high"), pl.Float64)
)


def test_parts_get_the_form_that_disclosure_control_knows_and_back():
    flat = boroughs()
    parts = as_parts(flat, CONTAINS)
    assert set(parts.filter(pl.col("area_level") == "district")["area_code"]) == {f"0180-{c}" for c in CONTAINS["0180"]}
    assert set(parts.filter(pl.col("area_level") == "municipality")["area_code"]) == {"0180", "0120"}
    assert_frame_equal(own_levels(parts, CONTAINS), flat)


def test_parts_without_schools_count_their_psus():
    flat = boroughs().with_columns(n_schools=pl.lit(0, pl.Int64), n_psu=pl.lit(7, pl.Int64))
    parts = as_parts(flat, CONTAINS).filter(pl.col("area_level") == "district")
    assert parts["n_schools"].unique().to_list() == [7]
    assert as_parts(flat, CONTAINS).filter(pl.col("area_code") == "0120")["n_schools"].unique().to_list() == [0]


def test_a_part_without_its_whole_is_an_area_like_others():
    alone = boroughs().filter(pl.col("area_code") != "0180")
    assert_frame_equal(as_parts(alone, CONTAINS), alone)


def test_the_city_minus_its_boroughs_reveals_nothing():
    """As equals, a hidden borough is the city less the others; as parts, either its sum or its brothers are hidden too."""
    flat = boroughs()
    equals = protect(flat, NO_ESTIMATES, POLICY).results
    parts = own_levels(protect(as_parts(flat, CONTAINS), NO_ESTIMATES, POLICY).results, CONTAINS)

    def exposed(results: pl.DataFrame) -> int:
        """Shares whose only hidden one among the boroughs could be formed from the city and the other four."""
        shares = results.filter(pl.col("measure").str.starts_with("share_band"))
        hidden = shares.filter(pl.col("area_code").is_in(CONTAINS["0180"]) & (pl.col("reason") != "ok"))
        key = ["wave", "grade", "sex", "index_key", "measure"]
        city = shares.filter((pl.col("area_code") == "0180") & (pl.col("reason") == "ok"))
        lonely = hidden.group_by(key).len().filter(pl.col("len") == 1)
        return lonely.join(city, on=key, how="semi").height

    assert exposed(equals) > 0
    assert exposed(parts) == 0
    assert (parts["reason"] != "ok").sum() > (equals["reason"] != "ok").sum()


def test_a_whole_smaller_than_its_parts_is_refused():
    flat = boroughs()
    require_sums(flat, CONTAINS)
    wrong = flat.with_columns(
        n_respondents=pl.when(pl.col("area_code") == "0180").then(pl.col("n_respondents") - 1).otherwise("n_respondents")
    )
    with pytest.raises(PipelineError, match="minst så många svarande som i områdena det innehåller"):
        require_sums(wrong, CONTAINS)
