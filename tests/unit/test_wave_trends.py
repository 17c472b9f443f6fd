"""Changes and slopes of many series at once: equal to the slow reference, never across a break, nothing without a reason."""

from __future__ import annotations

import math
import random

import polars as pl
import pytest

from assets.methods import change_table as ct
from assets.methods import wave_trends
from assets.methods.design import Stage, SurveyDesign
from assets.methods.multiplicity import adjust_families, benjamini_hochberg
from assets.methods.school_changes import school_changes, school_sums
from assets.methods.series_breaks import SeriesDefinition, series_breaks
from assets.methods.trends import TrendRule, trend
from assets.methods.wave_change import change_between_waves
from assets.methods.wave_trends import CELL, GROUP, ChangeRules, judge_changes, points_of, slopes
from tests.support.sample_release import SeriesBreak

WAVES = (2016, 2018, 2020, 2022, 2024)
RULES = ChangeRules()
NONE = pl.DataFrame(schema={name: ct.SCHEMA[name] for name in (*GROUP, "from_wave", "wave", "se", "df")})
CELL_OF = {"area_level": "municipality", "area_code": "0127", "grade": "ak9", "sex": "all", "series_kind": "index",
           "series": "a", "measure": "share_focus", "wave": 2024}  # fmt: skip


def comparable(*breaks: int) -> pl.DataFrame:
    changes = tuple(SeriesBreak(year, "ändrad", "major") for year in breaks)
    return series_breaks([SeriesDefinition("index", "a", changes), SeriesDefinition("index", "b", ())], WAVES)


def cells(*rows: dict) -> pl.DataFrame:
    base = CELL_OF | {"estimate": 0.1, "se": 0.01, "df": 30.0, "n": 300, "n_psu": 31, "sum_w": 300.0, "minimum": 0.03}
    return pl.DataFrame([base | row for row in rows], schema_overrides={"wave": pl.Int32, "n": pl.Int64})


def pupils(seed: int) -> pl.DataFrame:
    """Persons of three municipalities with schools in both waves, in one only, and without a school."""
    drawn = random.Random(seed)
    rows = []
    for municipality, schools in (("0114", 5), ("0127", 8), ("0180", 2)):
        for school in range(schools):
            level = drawn.gauss(0, 0.6)
            for wave in (2022, 2024):
                if drawn.random() < 0.2:
                    continue
                for _ in range(drawn.randint(3, 9)):
                    value = level + drawn.gauss(0, 1) + (wave == 2024) * 0.3
                    rows.append({
                        "wave": wave, "grade": "ak9", "sex": drawn.choice(["girl", "boy"]), "municipality_code": municipality,
                        "district_code": None, "school_code": f"{municipality}-{school}" if school else None,
                        "mean": round(value, 6) if drawn.random() > 0.1 else None,
                    })  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"wave": pl.Int32, "district_code": pl.String, "mean": pl.Float64}).with_columns(
        share=(pl.col("mean") > 0.5).cast(pl.Int8)
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("value", ["mean", "share"])
def test_common_schools_give_the_standard_error_of_the_reference(seed, value):
    persons = pupils(seed)
    units = {"share": 1, "mean": 1_000_000}
    found = school_changes(school_sums(persons, units), units, (2022, 2024), ("county", "municipality"), ["share", "mean"])
    named = persons.with_columns(
        school=pl.concat_str("municipality_code", pl.col("school_code").fill_null("?")),
        number=pl.col(value).cast(pl.Float64),
        county=pl.lit("01"),
    )
    design = SurveyDesign((Stage("school", "municipality_code"),), lonely="adjust")
    for level, area in (("county", "county"), ("municipality", "municipality_code")):
        for sex, chosen in (("all", pl.lit(True)), ("girl", pl.col("sex") == "girl")):
            there = named.with_columns(number=pl.when(chosen).then("number"))
            expected = change_between_waves(there, design, "number", (2022, 2024), by=[area])
            for row in expected.iter_rows(named=True):
                same = found.filter(
                    pl.col("area_level") == level,
                    pl.col("area_code") == row[area],
                    pl.col("sex") == sex,
                    pl.col("column") == value,
                )
                if row["se"] is not None and row["n"]:
                    assert math.isclose(same["se"].item(), row["se"], rel_tol=1e-9, abs_tol=1e-6), (level, row)


def test_the_order_of_pupils_changes_no_bit():
    persons, units = pupils(4), {"share": 1, "mean": 1_000_000}
    results = [
        school_changes(school_sums(shuffled, units), units, (2022, 2024), ("county", "municipality"), ["share", "mean"])
        for shuffled in (persons, persons.sample(fraction=1.0, shuffle=True, seed=1))
    ]
    assert results[0].equals(results[1])


@pytest.mark.parametrize(
    "estimates", [(0.1, 0.11, 0.12, 0.13, 0.16), (0.1, 0.1, 0.1, 0.1, 0.1), (0.1, 0.2, 0.1, 0.2, 0.1),
                  (0.2, 0.15, 0.1, 0.1, 0.05), (0.1, 0.105, 0.11, 0.115, 0.12)]
)  # fmt: skip
def test_slopes_are_those_of_one_series_at_a_time(estimates):
    errors = [0.01, 0.008, 0.012, 0.01, 0.009]
    values = cells(*({"wave": w, "estimate": e, "se": s} for w, e, s in zip(WAVES, estimates, errors, strict=True)))
    values = values.with_columns(variance=pl.col("se") ** 2)
    pairs = ct.earlier_waves(values, comparable())
    found = slopes(points_of(values, pairs), RULES)
    for count in range(1, 6):
        expected = trend(WAVES[:count], estimates[:count], errors[:count], rule=TrendRule(3, 0.05, 0.03))
        row = found.row(by_predicate=pl.col("wave") == WAVES[count - 1], named=True)
        assert (row["trend_verdict"], row["trend_reason"]) == (expected.verdict, expected.reason)
        for name, want in (("slope", expected.slope), ("slope_low", expected.low), ("slope_high", expected.high)):
            assert row[name] == pytest.approx(want, rel=1e-9) if want is not None else row[name] is None


def test_a_change_is_with_the_latest_earlier_wave_that_has_data():
    table = ct.change_table(
        cells({"wave": 2018}, {"wave": 2022, "estimate": None, "n": 0, "se": None}, {"wave": 2024, "estimate": 0.2}),
        comparable(), NONE, RULES,
    )  # fmt: skip
    last = table.row(by_predicate=pl.col("wave") == 2024, named=True)
    assert (last["from_wave"], round(last["change"], 9), last["verdict"], last["reason"]) == (2018, 0.1, "increase", "ok")
    assert last["se"] == pytest.approx(math.hypot(0.01, 0.01))
    assert last["method"] == ct.INDEPENDENT
    assert table.filter(pl.col("wave") == 2022)["reason"].item() == "no_estimate"
    assert table.filter(pl.col("wave") == 2018)["reason"].item() == "no_earlier_wave"


def test_nothing_is_compared_across_a_break_and_no_slope_leads_over_it():
    rows = [{"wave": wave, "estimate": 0.1 + 0.05 * place} for place, wave in enumerate(WAVES)]
    table = ct.change_table(cells(*rows), comparable(2022), NONE, RULES)
    said = {row["wave"]: (row["from_wave"], row["reason"], row["n_waves"]) for row in table.iter_rows(named=True)}
    assert said[2022] == (None, "series_break", 1)
    assert said[2024] == (2022, "ok", 2)
    assert said[2020] == (2018, "ok", 3)
    assert table.filter(pl.col("wave") >= 2022)["slope"].null_count() == 2


def test_impossible_designs_give_null_and_a_reason_never_nan():
    odd = [
        {"wave": 2022, "estimate": 0.0, "se": 0.0}, {"wave": 2024, "estimate": 0.1},
        {"wave": 2022, "series": "b", "df": 0.0, "se": None}, {"wave": 2024, "series": "b"},
        {"wave": 2022, "grade": "gy2", "se": 0.0, "measure": "mean"},
        {"wave": 2024, "grade": "gy2", "se": 0.0, "measure": "mean"},
    ]  # fmt: skip
    table = ct.change_table(cells(*odd), comparable(), NONE, RULES).filter(pl.col("wave") == 2024)
    assert dict(table.select("series", "reason").filter(pl.col("series") == "b").iter_rows()) == {"b": "no_degrees_of_freedom"}
    assert table.filter(pl.col("series") == "a")["reason"].to_list() == ["no_spread", "no_spread"]
    assert table["verdict"].to_list() == ["cannot_tell"] * 3
    assert table["low"].null_count() == 3
    floats = [name for name, kind in table.schema.items() if kind == pl.Float64]
    assert not table.select(pl.any_horizontal(pl.col(floats).is_nan().fill_null(False)).any()).item()


def test_schools_are_the_unit_only_when_there_are_enough_of_them():
    rows = cells({"wave": 2022}, {"wave": 2024, "estimate": 0.15})
    for df, method in ((5.0, ct.COMMON_SCHOOLS), (4.0, ct.INDEPENDENT)):
        schools = pl.DataFrame([{**CELL_OF, "from_wave": 2022, "se": 0.002, "df": df}]).select(NONE.columns).cast(NONE.schema)
        last = ct.change_table(rows, comparable(), schools, RULES).row(by_predicate=pl.col("wave") == 2024, named=True)
        assert last["method"] == method
        assert (last["se"] == 0.002) == (method == ct.COMMON_SCHOOLS)


@pytest.mark.parametrize(
    ("change", "se", "verdict"),
    [(0.06, 0.01, "increase"), (-0.06, 0.01, "decrease"), (0.0, 0.01, "stable"), (0.02, 0.004, "stable"),
     (0.02, 0.01, "cannot_tell"),
     (0.06, 0.05, "cannot_tell"), (0.06, None, "cannot_tell"), (None, 0.01, None)],
)  # fmt: skip
def test_verdicts(change, se, verdict):
    row = pl.DataFrame([CELL_OF | {"change": change, "se": se, "df": 40.0, "minimum": 0.03}], schema_overrides={
        "change": pl.Float64, "se": pl.Float64})  # fmt: skip
    assert judge_changes(row, RULES)["verdict"].item() == verdict


def test_many_comparisons_make_a_single_small_p_value_less_convincing():
    one = [CELL_OF | {"change": 0.05, "se": 0.022, "df": 1000.0, "minimum": 0.03}]
    nothing = [CELL_OF | {"series": f"x{n}", "change": 0.0, "se": 0.02, "df": 1000.0, "minimum": 0.03} for n in range(30)]
    assert judge_changes(pl.DataFrame(one), RULES)["verdict"].item() == "increase"
    assert judge_changes(pl.DataFrame(one + nothing), RULES)["verdict"][0] == "cannot_tell"
    elsewhere = [row | {"area_code": "0180"} for row in nothing]
    assert judge_changes(pl.DataFrame(one + elsewhere), RULES)["verdict"][0] == "increase", "another area is another family"


def test_cells_are_unique():
    table = ct.change_table(cells(*({"wave": w} for w in WAVES)), comparable(), NONE, RULES)
    assert table.select(CELL).is_unique().all()
    assert list(table.schema) == list(ct.SCHEMA)


@pytest.mark.parametrize("seed", range(4))
def test_families_are_adjusted_as_one_by_one(seed):
    drawn = random.Random(seed)
    rows = [{"a": drawn.choice("xyz"), "b": drawn.randint(1, 4), "p_value": drawn.choice([None, round(drawn.random() ** 2, 2)])}
            for _ in range(120)]  # fmt: skip
    frame = pl.DataFrame(rows, schema_overrides={"p_value": pl.Float64})
    found = adjust_families(frame, ["a", "b"])
    assert found.drop("p_adjusted").equals(frame)
    for (_, _), family in found.group_by("a", "b"):
        expected = benjamini_hochberg(family["p_value"].fill_null(math.nan).to_numpy())
        assert family["p_adjusted"].fill_null(-1.0).to_list() == [-1.0 if math.isnan(p) else p for p in expected]


def test_some_areas_at_a_time_give_what_all_give_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = random.Random(4)
    rows = [
        {"area_code": code, "series": series, "wave": wave, "estimate": drawn.uniform(0.05, 0.3), "se": drawn.uniform(0.01, 0.03)}
        for code in ("0180-1", "0127", "01", "0180")
        for series in ("a", "b")
        for wave in WAVES
    ]
    known = pl.DataFrame([CELL_OF | {"area_code": "0180", "from_wave": 2022, "se": 0.004, "df": 20.0}]).select(NONE.columns)
    known = known.cast({"from_wave": pl.Int32, "wave": pl.Int32})
    found = []
    for at_once in (1, 25, 10_000):
        monkeypatch.setattr(wave_trends, "AT_ONCE", at_once)
        found.append(ct.change_table(cells(*rows), comparable(), known, RULES))
    assert found[0].equals(found[2])
    assert found[1].equals(found[2])
    assert found[2].filter(pl.col("method") == ct.COMMON_SCHOOLS)["area_code"].to_list() == ["0180"]
    monkeypatch.setattr(wave_trends, "AT_ONCE", 1)
    assert [part["area_code"].unique().to_list() for part in wave_trends.by_areas(cells(*rows))] == [
        ["01"],
        ["0127"],
        ["0180"],
        ["0180-1"],
    ]
    assert ct.change_table(cells(*rows).clear(), comparable(), known, RULES).schema == pl.Schema(ct.SCHEMA)
