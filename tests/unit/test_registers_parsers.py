"""The three register parsers on small made-up tables: status, absence, marks and wrong input."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.errors import PipelineError
from assets.registers import assemble, files, kolada, skolenkaten, skolverket
from assets.registers.models import ONLY_IMPORTED, VALUE_KEY, VALUE_SCHEMA, Indicator, RegisterSource, finish_values
from assets.registers.reading import text_rows

AREAS = ("0114", "0180")
KPIS = (
    Indicator(key="N1", title_sv="Ett", section="skola", unit="percent", decimals=1, by_sex=True),
    Indicator(key="N2", title_sv="Två", section="brott", unit="per_1000", decimals=1, expected="absent_in_vintage"),
)
HEADER = (
    "Skola;Skol-enhetskod;Skolkommun;Kommun-kod;Typ av huvudman;Huvudman;Huvudman orgnr;Elever, förskoleklass;"
    "Andel (%) flickor, förskoleklass;Elever, årskurs 1-9;Andel (%) flickor, årskurs 1-9;x;y;"
    + ";".join(f"Elever, årskurs {g}" for g in range(1, 10))
    + ";"
)
TITLE = "Statistik från Skolverket\n\nGrundskola\nValt läsår: 2023/24\n\n"


def vintage(*rows: tuple[str | None, ...]) -> pl.DataFrame:
    columns = ["kpi", "municipality_id", "year", "gender", "status", "value"]
    return pl.DataFrame(rows, schema={c: pl.String for c in columns}, orient="row")


def school(code: str, total: str, grades: str, preschool: str = ".", municipality: str = "0114") -> str:
    return f"En skola;{code};Kommunen;{municipality};Kommunal;Kommunens namn;1;{preschool};.;{total};.;.;.;{grades};"


def schools(*lines: str) -> pl.DataFrame:
    return skolverket.parse_csv(TITLE + "\n".join([HEADER, *lines]) + "\n\nFotnot\n", "elever.csv")


def source(years: tuple[int, int]) -> RegisterSource:
    return files.load_register_catalogue().sources["skolverket"].model_copy(update={"years": years})


def total(frame: pl.DataFrame, key: str, area: str, year: int = 2024) -> tuple[float | None, int | None, str]:
    row = frame.filter((pl.col("indicator_key") == key) & (pl.col("area_code") == area) & (pl.col("year") == year))
    assert row.height == 1
    return row.select("value", "n", "reason").row(0)


# Kolada


def test_kolada_status_hides_the_value_even_when_a_number_is_there() -> None:
    frame = kolada.parse(
        vintage(
            ("N1", "0114", "2020", "T", "", "12,5"),
            ("N1", "0114", "2021", "T", "Missing", "99"),
            ("N1", "0114", "2022", "T", "Privacy", "99"),
            ("N1", "0114", "2023", "T", "Not applicable", None),
            ("N1", "0180", "2020", "T", "", None),
            ("N1", "0180", "2021", "T", "", "0"),
        ),
        KPIS,
        AREAS,
        "2024-01-30",
    )
    got = {
        (a, y): (v, r) for a, y, v, r in frame.filter(indicator_key="N1").select("area_code", "year", "value", "reason").rows()
    }
    assert got == {
        ("0114", 2020): (12.5, "ok"),
        ("0114", 2021): (None, "missing"),
        ("0114", 2022): (None, "masked_at_source"),
        ("0114", 2023): (None, "not_applicable"),
        ("0180", 2020): (None, "missing"),
        ("0180", 2021): (0.0, "ok"),
        ("0180", 2022): (None, "missing"),
        ("0180", 2023): (None, "missing"),
    }
    absent = frame.filter(indicator_key="N2")
    assert absent.select("area_code", "year", "sex", "value", "reason").rows() == [
        (area, 2023, "all", None, "absent_in_vintage") for area in AREAS
    ]
    assert frame.schema == pl.Schema(VALUE_SCHEMA)


def test_kolada_keeps_the_sexes_apart_and_tells_what_vanished() -> None:
    rows = [("N2", "0180", "2020", g, "", v) for g, v in (("T", "2"), ("K", "1"), ("M", "3"))]
    frame = kolada.parse(vintage(*rows), KPIS, AREAS, "2024-01-30")
    got = frame.filter((pl.col("indicator_key") == "N2") & (pl.col("area_code") == "0180")).select("sex", "value").rows()
    assert got == [("all", 2.0), ("boy", 3.0), ("girl", 1.0)]
    assert kolada.surprises(frame, KPIS) == (["N1"], ["N2"])


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("N1", "0114", "2020", "T", "Hidden", "1"), "unknown_code"),
        (("N1", "0114", "2020", "X", "", "1"), "unknown_code"),
        (("N1", "0114", "2020", "T", "", "tre"), "bad_number"),
        (("N1", "0114", "i år", "T", "", "1"), "bad_number"),
        (("N1", "0180", "2020", "T", "", "1"), "duplicate_rows"),
    ],
)
def test_kolada_refuses_what_it_doesnt_know(row: tuple[str, ...], code: str) -> None:
    with pytest.raises(PipelineError) as caught:
        kolada.parse(vintage(("N1", "0180", "2020", "T", "", "1"), row), KPIS, AREAS, "2024-01-30")
    assert caught.value.code == code
    assert "tre" not in str(caught.value).split()


def test_kolada_of_another_county_or_shape_is_refused() -> None:
    with pytest.raises(PipelineError) as caught:
        kolada.parse(vintage(("N1", "1440", "2020", "T", "", "1")), KPIS, AREAS, "2024-01-30")
    assert caught.value.code == "no_areas"
    with pytest.raises(PipelineError, match="”status”"):
        kolada.parse(vintage().drop("status"), KPIS, AREAS, "2024-01-30")


def test_finished_values_are_never_ok_and_null_nor_hidden_and_filled() -> None:
    base = dict.fromkeys(VALUE_SCHEMA.keys() - ONLY_IMPORTED, "x") | {"year": 2020, "n": 1}
    rows = [
        base | {"value": v, "reason": r, "area_code": str(i)}
        for i, (v, r) in enumerate([(None, "ok"), (3.0, "masked_at_source")])
    ]
    finished = finish_values(pl.DataFrame(rows, schema_overrides={"value": pl.Float64}))
    assert finished.select("value", "reason").rows() == [(None, "missing"), (None, "masked_at_source")]


def test_a_bad_file_is_named_when_it_is_checked_by_itself() -> None:
    path = files.BUNDLED / "kolada_2024-01-30_data_raw.parquet"
    good = files.read_register_file(path)
    catalogue = files.load_register_catalogue()
    assemble.check_file(good, catalogue)
    unknown = pl.col("cells").list.eval(pl.when(pl.element() == "Privacy").then(pl.lit("Secret")).otherwise(pl.element()))
    with pytest.raises(PipelineError, match=r"^kolada_2024-01-30_data_raw\.parquet: Kolada, kolumnen ”status”: .*”Secret”"):
        assemble.check_file(replace(good, rows=good.rows.with_columns(unknown)), catalogue)


# Skolverket


def test_full_stop_is_no_pupils_only_when_the_numbers_add_up() -> None:
    frame = schools(
        school("00000001", "30", ".;.;.;.;.;.;10;10;10"),
        school("00000002", "30", "10;10;10;.;.;.;.;.;."),
        school("00000003", "40", "10;10;10;.;.;.;.;.;."),
        school("00000004", ".", ".;.;.;.;.;.;.;.;.", preschool="12"),
        school("00000005", ".", ".;.;.;.;.;.;.;.;."),
        school("00000006", "1\u00a0030", ".;.;.;.;.;.;.;500;530"),
        school("00000007", "30", ".;.;.;.;.;.;10;10;.."),
    )
    got = dict(zip(frame["school_code"], frame.select("pupils_ak9", "pupils_ak9_reason").rows(), strict=True))
    assert got == {
        "00000001": (10, "ok"),
        "00000002": (None, "no_pupils"),
        "00000003": (None, "missing"),
        "00000004": (None, "no_pupils"),
        "00000005": (None, "missing"),
        "00000006": (530, "ok"),
        "00000007": (None, "masked_at_source"),
    }
    assert frame.filter(school_code="00000006")["pupils_1_9"].to_list() == [1030]


def test_a_hidden_school_hides_the_total_and_isnt_zero() -> None:
    frame = schools(
        school("00000001", "20", ".;.;.;.;.;.;.;10;10"),
        school("00000002", "25", ".;.;.;.;.;.;.;20;.."),
        school("00000003", "30", ".;.;.;.;.;.;.;10;20", municipality="0180"),
    )
    totals = skolverket.municipality_totals(frame, source((2023, 2024)), AREAS)
    assert total(totals, "pupils_ak9", "0114") == (None, 1, "masked_at_source")
    assert total(totals, "pupils_ak8", "0114") == (30.0, 2, "ok")
    assert total(totals, "pupils_ak9", "0180") == (20.0, 1, "ok")
    assert total(totals, "pupils_ak9", "01") == (None, 2, "masked_at_source")
    assert total(totals, "pupils_ak8", "01") == (40.0, 3, "ok")
    assert total(totals, "schools_ak9", "0180") == (1.0, 1, "ok")
    assert total(totals, "pupils_ak9", "0180", 2023) == (None, None, "missing")
    covered = skolverket.coverage(frame).filter(municipality_code="0114")
    assert covered.select("schools", "schools_with_pupils", "schools_masked", "schools_missing").row(0) == (2, 1, 1, 0)


def test_an_area_without_the_grade_has_no_pupils_and_not_zero() -> None:
    frame = schools(school("00000001", "30", "10;10;10;.;.;.;.;.;."))
    totals = skolverket.municipality_totals(frame, source((2024, 2024)), AREAS)
    assert total(totals, "pupils_ak9", "0114") == (None, 0, "no_pupils")
    assert total(totals, "pupils_ak9", "0180") == (None, None, "missing")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([school("00000001", "x", ".;.;.;.;.;.;.;.;1")], "bad_number"),
        ([school("00000001", "1,5", ".;.;.;.;.;.;.;.;1")], "bad_number"),
        ([school("00000001", "1", ".;.;.;.;.;.;.;.;1")] * 2, "duplicate_rows"),
    ],
)
def test_skolverket_refuses_what_it_doesnt_know(lines: list[str], code: str) -> None:
    with pytest.raises(PipelineError) as caught:
        schools(*lines)
    assert caught.value.code == code


def test_a_missing_column_is_named() -> None:
    with pytest.raises(PipelineError, match="”Elever, årskurs 9”") as caught:
        skolverket.parse_csv(TITLE + HEADER.replace("Elever, årskurs 9", "Annat") + "\n", "elever.csv")
    assert caught.value.code == "unknown_layout"
    with pytest.raises(PipelineError, match="rubrikrad"):
        skolverket.parse_csv("a;b\n1;2\n", "elever.csv")


def test_a_reconciled_year_replaces_the_parquets_and_two_equal_files_collide() -> None:
    new = schools(school("00000001", "10", ".;.;.;.;.;.;.;.;10"))
    old = new.with_columns(reconciled=pl.lit(False), pupils_ak9=pl.lit(7, pl.Int64))
    older = old.with_columns(year=pl.lit(2021, pl.Int32))
    combined = skolverket.combine_schools([old, new, older])
    assert combined.select("year", "pupils_ak9", "reconciled").rows() == [(2021, 7, False), (2024, 10, True)]
    with pytest.raises(PipelineError) as caught:
        skolverket.combine_schools([new, new])
    assert caught.value.code == "duplicate_rows"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["..", ".", "5", "12", "0"]), min_size=1, max_size=8))
def test_totals_never_count_a_hidden_or_missing_school_as_zero(marks: list[str]) -> None:
    lines = [school(f"{i:08d}", "40", f".;.;.;.;.;.;.;40;{mark}") for i, mark in enumerate(marks)]
    value, n, reason = total(skolverket.municipality_totals(schools(*lines), source((2024, 2024)), AREAS), "pupils_ak9", "0114")
    numbers = [int(mark) for mark in marks if mark.isdigit()]
    assert n == len(numbers)
    if ".." in marks:
        assert (value, reason) == (None, "masked_at_source")
    elif numbers:
        assert (value, reason) == (float(sum(numbers)), "ok")
    else:
        assert (value, reason) == (None, "no_pupils")


# Skolenkäten


def test_headers_are_normalised() -> None:
    assert skolenkaten.normalise("9. Trygghet") == "trygghet"
    assert (
        skolenkaten.normalise("Hur ofta  tycker du att skolarbetet är för lätt? (-)")
        == "hur ofta tycker du att skolarbetet är för lätt?"
    )
    assert skolenkaten.normalise("12. Övergripande nöjdhet (bildar ej index)") == "övergripande nöjdhet"


def workbook(order: tuple[str, ...], trust: str = "5,0") -> tuple[pl.DataFrame, RegisterSource]:
    """A file with one index of two questions; `order` moves the blocks about."""
    indicators = (
        Indicator(key="i", title_sv="I", section="skola", unit="index_0_10", decimals=1, role="index", header="Trygghet"),
        Indicator(
            key="q1",
            title_sv="1",
            section="skola",
            unit="index_0_10",
            decimals=1,
            role="question",
            header="Är du trygg?",
            index="i",
        ),
        Indicator(
            key="q2",
            title_sv="2",
            section="skola",
            unit="index_0_10",
            decimals=1,
            role="question",
            header="Är du rädd?",
            index="i",
        ),
        Indicator(key="r", title_sv="R", section="skola", unit="percent", decimals=1, role="response_rate"),
    )
    blocks = {
        "i": [("9. Trygghet", None, "Index", "6")],
        "q1": [("Är du trygg?", None, "Medelvärde", "7"), (None, "Alltid", "Antal", "*"), (None, None, "Andel", "**")],
        "q2": [("Är du rädd? (-)", None, "Medelvärde", trust), (None, "Alltid", "Antal", "8"), (None, None, "Andel", "0,5")],
    }
    columns = [column for key in order for column in blocks[key]]
    meta = ["2120000019", "Upplands Väsby kommun", None, None, None, "20", "16", "0,8"]
    title = ["Skolenkäten 2022 -  Elever årskurs 8", *[None] * 7]
    rows = [
        title + [c[0] for c in columns],
        list(skolenkaten.META) + [c[1] for c in columns],
        [None] * 8 + [c[2] for c in columns],
        meta + [c[3] for c in columns],
    ]
    frame = pl.DataFrame(
        {"source_sheet": ["Resultat"] * 4, "source_row": [1, 2, 3, 4], "cells": rows},
        schema={"source_sheet": pl.String, "source_row": pl.Int64, "cells": pl.List(pl.String)},
    )
    template = files.load_register_catalogue().sources["skolenkaten"]
    return frame, template.model_copy(update={"indicators": indicators})


@pytest.mark.parametrize("order", [("i", "q1", "q2"), ("q2", "i", "q1"), ("q1", "q2", "i")])
def test_columns_are_found_by_header_wherever_they_stand(order: tuple[str, ...]) -> None:
    rows, catalogue = workbook(order)
    values = skolenkaten.parse(rows, catalogue, {"Upplands Väsby kommun": "0114"}, AREAS)
    got = values.filter(area_code="0114").select("indicator_key", "value", "n", "reason").rows()
    assert got == [("i", 6.0, 16, "ok"), ("q1", 7.0, 16, "ok"), ("q2", 5.0, 16, "ok"), ("r", 80.0, 16, "ok")]
    assert values.filter(area_code="0180")["reason"].unique().to_list() == ["missing"]
    assert values.unique(VALUE_KEY).height == values.height


@pytest.mark.parametrize("mark", ["*", "**", "***", "-"])
def test_a_masked_mean_is_null_with_a_reason(mark: str) -> None:
    rows, catalogue = workbook(("i", "q1", "q2"), trust=mark)
    values = skolenkaten.parse(rows, catalogue, {"Upplands Väsby kommun": "0114"}, AREAS)
    assert values.filter(area_code="0114", indicator_key="q2").select("value", "reason").row(0) == (None, "masked_at_source")
    cells = skolenkaten.read_cells(rows).filter(pl.col("option") == "Alltid").select("text", "value", "status").rows()
    assert ("*", None, "*") in cells
    assert ("**", None, "**") in cells
    assert ("8", 8.0, "ok") in cells


def test_skolenkaten_refuses_a_changed_form_by_name() -> None:
    rows, catalogue = workbook(("i", "q1"))
    with pytest.raises(PipelineError, match="saknas: ”är du rädd") as caught:
        skolenkaten.parse(rows, catalogue, {}, AREAS)
    assert caught.value.code == "unknown_layout"
    rows, catalogue = workbook(("i", "q1", "q2"))
    fewer = catalogue.model_copy(update={"indicators": tuple(i for i in catalogue.indicators if i.key != "q1")})
    with pytest.raises(PipelineError, match="okända: ”är du trygg"):
        skolenkaten.parse(rows, fewer, {}, AREAS)
    rows, catalogue = workbook(("i", "q1", "q2"), trust="ungefär fem")
    with pytest.raises(PipelineError) as caught:
        skolenkaten.parse(rows, catalogue, {"Upplands Väsby kommun": "0114"}, AREAS)
    assert caught.value.code == "bad_number"
    assert "ungefär" not in str(caught.value)
    with pytest.raises(PipelineError, match="resultatblad"):
        skolenkaten.read_cells(text_rows("a;b\n1;2\n3;4"))
