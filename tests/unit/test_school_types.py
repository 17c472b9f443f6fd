"""Response by type of school: where the type comes from, what stands where, and over 100 per cent as an error signal."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.school_types import over_100_places, percent_of_enrolled, response_by_school_type, school_types
from tests.property.test_school_type_safety import NUMBERS, tables

KNOWN = {"municipal": [60, 50, 40], "independent": [50, 30, 20], "unknown": []}
BIG = {"municipal": [60, 50, 40], "independent": [50, 30, 20], "unknown": [40, 30, 20]}


def by_type(frame: pl.DataFrame, area: str = "0101") -> dict[str, dict]:
    return {r["school_type"]: r for r in frame.filter(pl.col("area_code") == area).iter_rows(named=True)}


def test_type_is_that_of_the_year_else_the_latest_and_never_guessed():
    schools = pl.DataFrame({
        "school_code": ["10", "10", "20"], "year": [2021, 2024, 2021],
        "organiser_type": ["municipal", "independent", "other"],
    })  # fmt: skip
    codes = pl.DataFrame({"wave": [2021, 2024, 2022, 2024, 2024, 2024], "school_code": ["10", "10", "10", "20", "99", None]})
    assert school_types(codes, schools).to_list() == ["municipal", "independent", "independent", "other", "unknown", "unknown"]


def test_types_stand_beside_the_total_with_register_and_coverage():
    people, register, rates = tables([BIG])
    more = pl.DataFrame({"school_code": ["x"], "organiser_type": ["independent"]})
    register = pl.concat([register, register.head(1).update(more)])
    told = by_type(response_by_school_type(rates, people, register, NUMBERS))
    assert list(told) == ["all", "municipal", "independent", "unknown"]
    assert {t: r["respondents"] for t, r in told.items()} == {"all": 340, "municipal": 150, "independent": 100, "unknown": 90}
    assert (told["municipal"]["schools_registered"], told["municipal"]["coverage_pct"]) == (3, 100)
    assert (told["independent"]["schools_participating"], told["independent"]["coverage_pct"]) == (3, 75)
    assert told["independent"]["response_pct"] == 63  # 100 of 160
    assert told["independent"]["reason"] == "not_reconciled", "some may be among the unknown"
    assert told["unknown"]["enrolled"] is None
    assert told["unknown"]["reason"] == "not_applicable"


def test_more_answers_than_pupils_is_an_error_and_no_number():
    people, register, rates = tables([KNOWN])
    told = by_type(response_by_school_type(rates, people, register, NUMBERS))
    assert told["municipal"]["response_pct"] is None  # 150 of 120
    assert told["municipal"]["reason"] == "over_100"
    assert load_catalogue().reason_by_code["over_100"].shown is False


@pytest.mark.parametrize(
    ("respondents", "enrolled", "percent", "over"),
    [
        (100, 100, 100, False),
        (100, 98, 100, False),
        (100, 97, None, True),
        (95, 100, 95, False),
        (None, 100, None, False),
        (5, 0, None, False),
    ],
)
def test_rounding_alone_never_makes_an_error(respondents, enrolled, percent, over):
    frame = pl.DataFrame({"r": [respondents], "e": [enrolled]}, schema={"r": pl.Int64, "e": pl.Int64})
    value, too_many = percent_of_enrolled(pl.col("r"), pl.col("e"))
    assert frame.select(value.alias("v"), too_many.alias("o")).row(0) == (percent, over)


def test_one_or_two_schools_of_a_type_are_hidden_and_the_other_type_with_them():
    people, register, rates = tables([{"municipal": [60, 50, 40], "independent": [30, 20], "unknown": []}, BIG, BIG])
    told = by_type(response_by_school_type(rates, people, register, NUMBERS))
    for school_type in ("municipal", "independent"):
        assert told[school_type]["respondents"] is None
        assert told[school_type]["schools_participating"] is None
        assert told[school_type]["reason"] == "suppressed"
    assert told["all"]["respondents"] == 200


@pytest.mark.parametrize("sizes", [[90, 4, 4], [60, 55, 5]])
def test_a_type_that_is_one_or_two_schools_number_is_hidden_however_many_it_has(sizes: list[int]) -> None:
    people, register, rates = tables([{"municipal": [60, 50, 40], "independent": sizes, "unknown": []}, BIG, BIG])
    told = by_type(response_by_school_type(rates, people, register, NUMBERS))
    assert {told[school_type]["reason"] for school_type in ("municipal", "independent")} == {"suppressed"}


def test_the_only_type_repeats_the_total():
    people, register, rates = tables([{"municipal": [60, 50], "independent": [], "unknown": []}])
    told = by_type(response_by_school_type(rates, people, register, NUMBERS))
    assert told["municipal"]["respondents"] == told["all"]["respondents"] == 110
    assert "independent" not in told


def test_a_registered_type_without_answers_is_0_only_when_every_school_is_known():
    for unknown, expected in (([], (0, "ok")), ([60, 50, 40], (None, "missing"))):
        people, register, rates = tables([{"municipal": [60, 50, 40], "independent": [], "unknown": unknown}])
        more = pl.DataFrame({"school_code": ["x"], "organiser_type": ["independent"]})
        told = by_type(response_by_school_type(rates, people, pl.concat([register, register.head(1).update(more)]), NUMBERS))
        assert (told["independent"]["respondents"], told["independent"]["reason"]) == expected
        assert told["independent"]["schools_registered"] == 1


def test_a_hidden_total_hides_its_types():
    people, register, rates = tables([{"municipal": [4, 3], "independent": [], "unknown": [1]}, BIG])
    told = by_type(response_by_school_type(rates, people, register, NUMBERS))
    assert {r["respondents"] for r in told.values()} == {None}
    assert {r["reason"] for r in told.values()} == {"too_few"}


def test_the_denominator_is_absent_for_upper_secondary_and_for_years_without_a_register():
    people, register, rates = tables([KNOWN])
    gymnasium = response_by_school_type(
        rates.with_columns(grade=pl.lit("gy2"), enrolled_reason=pl.lit("not_applicable")),
        people.with_columns(grade=pl.lit("gy2")), register, NUMBERS,
    )  # fmt: skip
    assert set(gymnasium["enrolled_reason"]) == {"not_applicable"}
    assert gymnasium["response_pct"].null_count() == gymnasium.height
    earlier = register.with_columns(pl.lit(2021, pl.Int32).alias("year"))
    no_year = by_type(response_by_school_type(rates, people, earlier, NUMBERS))
    assert no_year["municipal"]["respondents"] == 150
    assert no_year["municipal"]["reason"] == "missing"


def test_places_with_too_many_answers_are_named_once():
    people, register, rates = tables([KNOWN])
    table = response_by_school_type(rates, people, register, NUMBERS)
    whole = rates.with_columns(reason=pl.when(pl.col("area_code") == "0101").then(pl.lit("over_100")).otherwise("reason"))
    assert over_100_places(whole, table) == [
        ("01", 2024, "ak9", "municipal"),
        ("0101", 2024, "ak9", "all"),
        ("0101", 2024, "ak9", "municipal"),
    ]
