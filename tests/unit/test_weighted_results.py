"""Results under non-response weights: they add to the register and repair what the cells explain."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import load_policy
from assets.methods.weighted_publish import weighted_comparison
from assets.methods.weighted_results import SCHEMA, weighted_estimates

CATALOGUE = load_catalogue()
RULES = CATALOGUE.estimates.weights
NUMBERS = load_policy(CATALOGUE.disclosure).numbers("intern")
GRADES = [("ak9", True), ("gy2", False)]
FOCUS = {"acting_out": 3}


def persons(*schools: tuple[str, str, int, int], grade: str = "ak9") -> pl.DataFrame:
    """Respondents per (municipality, school, number, number in the focus band), half girls, classes of ten."""
    rows = []
    for area, school, count, high in schools:
        for place in range(count):
            score = 2.0 if place < high else -1.0
            rows.append({
                "respondent_key": f"{school}/{grade}/{place:04d}", "municipality_code": area, "wave": 2024, "grade": grade,
                "sex": "girl" if place % 2 else "boy", "school_code": school, "psu": f"{school}/{place // 10}",
                "stratum": f"{area}/{grade}", "acting_out": score, "acting_out_band": 3 if place < high else 1,
            })  # fmt: skip
    return pl.DataFrame(rows).with_columns(pl.col("wave").cast(pl.Int32))


def schools(*rows: tuple[str, str, str, int]) -> pl.DataFrame:
    """The register's schools: municipality, code, type, pupils."""
    names = ["municipality_code", "school_code", "organiser_type", "pupils_ak9"]
    return pl.DataFrame(list(rows), schema=names, orient="row").with_columns(year=pl.lit(2024))


def pupils(*rows: tuple[str, int | None, str]) -> pl.DataFrame:
    """The register's pupils per municipality."""
    frame = pl.DataFrame(list(rows), schema=["municipality_code", "enrolled", "reason"], orient="row")
    return frame.with_columns(
        pl.col("enrolled").cast(pl.Float64), wave=pl.lit(2024, pl.Int32), grade=pl.lit("ak9"), sex=pl.lit("all")
    )


PEOPLE = persons(("0114", "A", 40, 20), ("0114", "B", 80, 8), ("0115", "C", 60, 6))
SCHOOLS = schools(("0114", "A", "municipal", 100), ("0114", "B", "independent", 100), ("0115", "C", "municipal", 90))
PUPILS = pupils(("0114", 200, "ok"), ("0115", 90, "ok"))


def estimates(people: pl.DataFrame = PEOPLE, roll: pl.DataFrame = SCHOOLS, register: pl.DataFrame = PUPILS) -> pl.DataFrame:
    return both(people, roll, register)[0]


def both(people: pl.DataFrame, roll: pl.DataFrame, register: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    return weighted_estimates(people, roll, register, FOCUS, RULES, GRADES, "01")


def one(table: pl.DataFrame, area: str, measure: str = "share_band3") -> dict[str, object]:
    return table.row(by_predicate=(pl.col("area_code") == area) & (pl.col("measure") == measure), named=True)


def test_a_school_that_answered_less_counts_by_its_pupils():
    table = estimates()
    assert table.schema == SCHEMA
    row = one(table, "0114")
    assert row["unweighted"] == pytest.approx(28 / 120)
    assert row["estimate"] == pytest.approx((100 * 0.5 + 100 * 0.1) / 200)
    assert row["sum_w"] == pytest.approx(200)
    assert row["weight_effect"] == pytest.approx(120 * (40 * 2.5**2 + 80 * 1.25**2) / 200**2)
    assert row["low"] < row["estimate"] < row["high"]


def test_the_county_counts_municipalities_by_their_pupils():
    row = one(estimates(), "01")
    assert row["estimate"] == pytest.approx((200 * 0.3 + 90 * 0.1) / 290)
    assert row["sum_w"] == pytest.approx(290)


def test_schools_that_the_register_lacks_are_weighted_as_one_with_their_municipality():
    row = one(estimates(roll=schools(("0114", "X", "municipal", 200), ("0115", "Y", "municipal", 90))), "0114")
    assert row["estimate"] == pytest.approx(row["unweighted"])
    assert row["weight_effect"] == pytest.approx(1)


def test_the_registers_municipality_decides_when_its_schools_add_to_something_else():
    assert one(estimates(register=pupils(("0114", 260, "ok"), ("0115", 90, "ok"))), "0114")["sum_w"] == pytest.approx(260)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("0115", None, "missing"), "missing"),
        (("0115", None, "masked_at_source"), "masked_at_source"),
        (("0115", 30, "ok"), "over_100"),
    ],
)
def test_what_cannot_be_weighted_says_why_and_takes_the_county_with_it(row, reason):
    table = estimates(register=pupils(("0114", 200, "ok"), row))
    assert (one(table, "0115")["estimate"], one(table, "0115")["reason"]) == (None, reason)
    assert (one(table, "01")["estimate"], one(table, "01")["reason"]) == (None, reason)
    assert one(table, "0114")["reason"] == "ok"


def test_a_null_under_weights_has_its_reason_and_an_interval_its_method_and_level():
    nobody = PEOPLE.with_columns(
        acting_out=pl.when(pl.col("municipality_code") == "0114").then("acting_out"),
        acting_out_band=pl.when(pl.col("municipality_code") == "0114").then("acting_out_band"),
    )
    row = one(estimates(nobody), "0115")
    assert (row["n"], row["estimate"], row["low"], row["estimate_reason"]) == (0, None, None, "no_answers")
    alike = one(estimates(PEOPLE.with_columns(acting_out_band=pl.lit(3))), "0114")
    assert (alike["estimate"], alike["low"], alike["interval_method"], alike["estimate_reason"]) == (1.0, None, None, "no_spread")
    held = one(estimates(), "0114")
    assert (held["interval_method"], held["confidence_level"], held["estimate_reason"]) == ("logit_t", 0.95, "ok")


def test_a_grade_without_a_register_is_not_weighted():
    table = estimates(people=persons(("0114", "G", 50, 10), grade="gy2"))
    assert set(table["reason"]) == {"not_applicable"}
    assert table["estimate"].is_null().all()


def test_a_register_that_tells_the_sexes_is_raked_to_them():
    sexes = pl.concat(
        [
            PUPILS.with_columns(sex=pl.lit(sex), enrolled=pl.col("enrolled") * part)
            for sex, part in (("girl", 0.75), ("boy", 0.25))
        ]
    )
    row = one(estimates(register=pl.concat([PUPILS, sexes.select(PUPILS.columns)])), "0115")
    girls, boys = 3 / 30, 3 / 30  # the first six alternate
    assert row["estimate"] == pytest.approx(0.75 * girls + 0.25 * boys)
    assert row["weight_effect"] > 1.2


def test_row_order_is_of_no_matter():
    mixed = PEOPLE.sample(fraction=1.0, shuffle=True, seed=2)
    assert estimates(mixed).equals(estimates())


def results(**shown: float | None) -> pl.DataFrame:
    """Released rows: area -> per cent, None when hidden."""
    rows = []
    for area, value in shown.items():
        code = area.removeprefix("k")
        same = {"edition": "intern", "area_level": "county" if code == "01" else "municipality", "area_code": code, "wave": 2024,
                "grade": "ak9", "sex": "all", "index_key": "acting_out"}  # fmt: skip
        hidden = value is None
        rows.append(
            same
            | {"measure": "share_band3", "value": value, "n": None if hidden else 120, "reason": "suppressed" if hidden else "ok"}
        )
        rows.append(same | {"measure": "n_respondents", "value": 120.0, "n": 120, "reason": "ok"})
    return pl.DataFrame(rows).with_columns(pl.col("wave").cast(pl.Int32))


def published(table: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    cells = both(PEOPLE, SCHOOLS, PUPILS)[1]
    return weighted_comparison(table, cells, released, RULES, NUMBERS, "intern", names={"0114": "Upplands Väsby"})


def test_a_hidden_share_stays_hidden_under_weights():
    row = one(published(estimates(), results(k01=20.0, k0114=None, k0115=10.0)), "0114")
    assert (row["weighted"], row["low"], row["confidence_level"], row["difference"]) == (None, None, None, None)
    assert row["reason"] == "suppressed"


def test_weights_that_differ_much_in_a_small_municipality_are_not_told():
    row = one(published(estimates(), results(k01=20.0, k0114=23.0, k0115=10.0)), "0114")
    assert (row["unweighted"], row["weighted"], row["reason"]) == (23.0, None, "suppressed")


def test_equal_weights_are_told_and_the_difference_is_of_the_published_numbers():
    row = one(published(estimates(), results(k01=20.0, k0114=23.0, k0115=10.0)), "0115")
    assert (row["unweighted"], row["weighted"], row["difference"], row["reason"]) == (10.0, 10.0, 0.0, "ok")
    assert row["confidence_level"] == 0.95


def test_an_interval_that_rounds_to_one_number_keeps_a_width():
    narrow = estimates().with_columns(low=pl.col("estimate"), high=pl.col("estimate"))
    row = one(published(narrow, results(k01=20.0, k0114=23.0, k0115=10.0)), "0115")
    assert (row["low"], row["weighted"], row["high"]) == (9.0, 10.0, 11.0)


def test_a_group_below_the_limit_is_not_told():
    small = results(k01=20.0, k0114=23.0, k0115=10.0).with_columns(n=pl.when(pl.col("n").is_not_null()).then(95))
    assert one(published(estimates(), small), "0115")["reason"] == "too_few"


def test_means_under_weights_never_leave():
    assert set(published(estimates(), results(k01=20.0, k0114=23.0, k0115=10.0))["measure"]) == {"share_band3"}
