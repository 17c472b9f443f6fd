"""The bundled register files against numbers computed another way: DuckDB SQL on the files, and the sources' own totals."""

from __future__ import annotations

import csv
from functools import lru_cache

import duckdb
import fastexcel
import polars as pl
import pytest

from assets.catalogue.load import ROOT
from assets.registers import files, kolada, skolenkaten, skolverket
from assets.registers.assemble import RegisterTables, build
from assets.registers.models import ONLY_IMPORTED, VALUE_KEY, RawRegister

PUPILS = {2023: "antal_elever_per_arskurs_2022_skolenhet.csv", 2024: "antal_elever_per_arskurs_2023_skolenhet.csv"}
PARQUET = files.BUNDLED / "grundskola_antal_elever_skolenhet_2010_2023.parquet"
KOLADA = files.BUNDLED / "kolada_2024-01-30_data_raw.parquet"
EXCEL = files.BUNDLED / "excelrapport-elever-grundskola-ak-8-2022.xlsx"
#: Parts of the county that took part in Skolenkäten åk 8 2022 with an organiser row of their own.
TOOK_PART = {"0114", "0120", "0126", "0128", "0136", "0139", "0160", "0180", "0181", "0182", "0183", "0188", "0192"}


@lru_cache(maxsize=1)
def raws() -> dict[str, RawRegister]:
    return {p.name: files.read_register_file(p) for p in files.bundled_register_files()}


@lru_cache(maxsize=1)
def tables() -> RegisterTables:
    return build(list(raws().values()), files.load_register_catalogue())


@lru_cache(maxsize=1)
def cells_of_excel() -> pl.DataFrame:
    return skolenkaten.read_cells(raws()[EXCEL.name].rows)


def sql(query: str) -> list[tuple]:
    with duckdb.connect() as con:
        return con.sql(query).fetchall()


def values(source: str, key: str | None = None) -> pl.DataFrame:
    frame = tables().values.filter(source=source)
    return frame if key is None else frame.filter(indicator_key=key)


# All sources together


def test_values_have_a_unique_key_and_every_null_a_reason() -> None:
    frame = tables().values
    assert frame.unique(VALUE_KEY).height == frame.height > 10_000
    shown = frame["reason"].is_in(["ok", "not_reconciled"])
    assert (frame["value"].is_not_null() == shown).all()
    with (ROOT / "reasons.yml").open(encoding="utf-8") as file:
        text = file.read()
    assert all(f"code: {reason}," in text for reason in frame["reason"].unique())
    assert frame.drop("value", "n", *ONLY_IMPORTED).null_count().sum_horizontal()[0] == 0
    assert frame.select(sorted(ONLY_IMPORTED)).null_count().row(0) == (frame.height,) * len(ONLY_IMPORTED)
    assert frame.equals(frame.sort(VALUE_KEY))


def test_every_indicator_and_municipality_has_rows_and_nothing_else_does() -> None:
    catalogue = files.load_register_catalogue()
    for name, source in catalogue.sources.items():
        frame = values(name)
        assert set(frame["indicator_key"]) == set(source.by_key)
        areas = frame.filter(area_level="municipality").group_by("indicator_key").agg(pl.col("area_code").unique().sort())
        assert all(held == sorted(catalogue.municipalities) for held in areas["area_code"].to_list())
        units = frame.select("indicator_key", "unit").unique()
        assert {(k, u) for k, u in units.iter_rows()} == {(i.key, i.unit) for i in source.indicators}
    counties = tables().values.filter(area_level="county")
    assert set(counties["source"]) == {"skolverket"}


def test_values_are_the_same_whatever_order_the_files_come_in() -> None:
    again = build(list(raws().values())[::-1], files.load_register_catalogue())
    assert again.values.equals(tables().values)
    assert again.schools.equals(tables().schools)


def test_of_two_kolada_vintages_only_the_newest_is_used() -> None:
    new = raws()[KOLADA.name]
    old = RawRegister(new.kind, "kolada_2023-03-28.parquet", "0" * 64, new.rows, {"vintage": "2023-03-28"})
    both = build([new, old], files.load_register_catalogue()).values
    assert both["vintage"].unique().to_list() == ["2024-01-30"]


# Kolada


def test_kolada_equals_sql_on_the_file_value_by_value() -> None:
    expected = sql(f"""
        select kpi, municipality_id, year, case gender when 'T' then 'all' when 'K' then 'girl' else 'boy' end,
               case when coalesce(status, '') = '' then value end,
               case when coalesce(status, '') = '' and value is not null then 'ok'
                    when status = 'Privacy' then 'masked_at_source'
                    when status = 'Not applicable' then 'not_applicable' else 'missing' end
        from '{KOLADA}' order by 1, 2, 3, 4""")
    got = values("kolada").filter(pl.col("reason") != "absent_in_vintage")
    assert got.sort("indicator_key", "area_code", "year", "sex").select(
        "indicator_key", "area_code", "year", "sex", "value", "reason"
    ).rows() == [tuple(row) for row in expected]


def test_every_wanted_key_figure_has_values_or_is_absent_as_expected() -> None:
    kpis = files.load_register_catalogue().sources["kolada"].indicators
    assert len(kpis) == 30
    assert kolada.surprises(values("kolada"), kpis) == ([], [])
    absent = values("kolada").filter(reason="absent_in_vintage")
    assert set(absent["indicator_key"]) == {k.key for k in kpis if k.expected == "absent_in_vintage"}
    assert "N02904" in set(absent["indicator_key"])
    assert absent.height == 7 * 26
    assert set(absent["year"]) == {2023}


def test_key_figures_by_sex_are_those_that_the_catalogue_says() -> None:
    for kpi in files.load_register_catalogue().sources["kolada"].indicators:
        if kpi.expected == "present":
            assert set(values("kolada", kpi.key)["sex"]) == ({"all", "girl", "boy"} if kpi.by_sex else {"all"}), kpi.key


def test_per_cent_stays_within_bounds_and_counts_may_not() -> None:
    per_cent = values("kolada").filter((pl.col("unit") == "percent") & (pl.col("indicator_key") != "N11821"))
    assert per_cent["value"].drop_nulls().is_between(0, 100).all()
    assert values("kolada", "U09800")["value"].drop_nulls().max() > 100


# Skolverket


@pytest.mark.parametrize("year", PUPILS)
@pytest.mark.parametrize("grade", [8, 9])
def test_municipal_totals_equal_sql_on_the_raw_lines(year: int, grade: int) -> None:
    column = 13 + grade  # position in the file, 1-based; the parser goes by header
    expected = sql(f"""
        with lines as (select unnest(string_split(content, chr(10))) as line from read_text('{files.BUNDLED / PUPILS[year]}')),
             fields as (select string_split(line, ';') as f from lines where line like '%;%;%')
        select f[4], sum(cast(f[{column}] as int)), count(*) from fields
        where f[4] <> 'Kommun-kod' and regexp_matches(f[{column}], '^[0-9]+$') group by 1 order by 1""")
    got = values("skolverket", f"pupils_ak{grade}").filter((pl.col("year") == year) & (pl.col("area_level") == "municipality"))
    assert got.select("area_code", "value", "n").rows() == [(code, float(pupils), n) for code, pupils, n in expected]
    assert set(got["reason"]) == {"ok"}
    county = values("skolverket", f"pupils_ak{grade}").filter((pl.col("year") == year) & (pl.col("area_level") == "county"))
    assert county.select("value", "n").row(0) == (float(sum(r[1] for r in expected)), sum(r[2] for r in expected))


def test_county_totals_are_what_they_were_when_the_files_were_cut() -> None:
    got = values("skolverket", "pupils_ak9").filter(area_level="county")
    assert dict(got.select("year", "value").rows()) == {
        2010: 24009.0, 2011: 22778.0, 2012: 21674.0, 2013: 20891.0, 2014: 21358.0, 2015: 21286.0, 2016: 22950.0, 2017: 24185.0,
        2018: 25245.0, 2019: 26065.0, 2020: 26963.0, 2021: 27343.0, 2022: None, 2023: 28797.0, 2024: 29251.0,
    }  # fmt: skip


def test_years_without_a_raw_file_are_marked_and_2022_is_missing() -> None:
    got = values("skolverket").group_by("year").agg(pl.col("reason").unique().sort()).sort("year")
    reasons = dict(got.rows())
    assert reasons == {key: ["not_reconciled"] for key in range(2010, 2022)} | {2022: ["missing"], 2023: ["ok"], 2024: ["ok"]}


def test_older_years_equal_sql_on_the_parquet() -> None:
    expected = sql(f"""
        select kommun_kod, year, sum(elever_arskurs_9), count(elever_arskurs_9) from '{PARQUET}'
        where year < 2023 group by all order by 1, 2""")
    got = values("skolverket", "pupils_ak9").filter((pl.col("year") < 2022) & (pl.col("area_level") == "municipality"))
    assert got.select("area_code", "year", "value", "n").rows() == [tuple(row) for row in expected]


def test_the_overlapping_year_of_the_parquet_agrees_with_the_raw_file() -> None:
    parquet = sql(f"""
        select cast(cast(skol_enhetskod as bigint) as varchar), kommun_kod, elever_arskurs_9 from '{PARQUET}'
        where year = 2023 order by 1""")
    raw = tables().schools.filter(year=2023).sort("school_code").select("school_code", "municipality_code", "pupils_ak9").rows()
    assert raw == [(code, area, None if n is None else int(n)) for code, area, n in parquet]
    lost = sql(f"select count(*) from '{PARQUET}' where year = 2023 and elever_arskurs_1_9 is null")[0][0]
    whole = tables().schools.filter(year=2023)
    assert whole.filter(pl.col("pupils_1_9") >= 1000).height == lost > 0
    assert whole["pupils_1_9"].null_count() == 0


def test_schools_are_typed_unique_and_never_zero_when_hidden() -> None:
    schools = tables().schools
    assert schools.schema == pl.Schema(skolverket.SCHOOL_SCHEMA)
    assert schools.unique(["year", "school_code"]).height == schools.height
    assert schools["school_code"].str.contains(r"^\d{8}$").all()
    assert set(schools["organiser_type"]) == {"municipal", "independent"}
    for column in ("pupils_1_9", "pupils_ak8", "pupils_ak9"):
        assert (schools[column].is_not_null() == (schools[f"{column}_reason"] == "ok")).all()
    assert set(schools["pupils_ak9_reason"]) == {"ok", "no_pupils"}


# Skolenkäten


def test_each_municipality_has_all_values_or_took_no_part() -> None:
    frame = values("skolenkaten")
    per_area = frame.group_by("area_code").agg(pl.col("reason").unique().sort(), pl.len())
    assert per_area["len"].unique().to_list() == [41 * 3 + 1]
    reasons = dict(per_area.select("area_code", "reason").rows())
    assert {a for a, r in reasons.items() if r != ["missing"]} == TOOK_PART
    assert all(reasons[a] == ["ok"] for a in TOOK_PART)


def test_index_is_the_mean_of_its_questions_in_the_country_and_every_municipality() -> None:
    source = files.load_register_catalogue().sources["skolenkaten"]
    country = skolenkaten.country_means(raws()[EXCEL.name].rows, source).filter(sex="all")
    assert country.height == 41
    assert set(country["reason"]) == {"ok"}
    numbers = dict(country.select("indicator_key", "value").rows())
    published = [5.8, 5.1, 5.9, 5.6, 6.9, 6.8, 4.7, 5.7, 8.2, 5.5, 6.0]
    indices = [i for i in source.indicators if i.role == "index"]
    assert [numbers[i.key] for i in indices] == published
    local = values("skolenkaten").filter(pl.col("area_code").is_in(list(TOOK_PART)))
    everyone = [numbers] + [
        dict(g.select("indicator_key", "value").rows()) for _, g in local.group_by("area_code", "sex", maintain_order=True)
    ]
    assert len(everyone) == 1 + 3 * len(TOOK_PART)
    for one in everyone:
        for index in indices:
            questions = [one[q.key] for q in source.indicators if q.index == index.key]
            assert len(questions) in (2, 3, 4)
            assert abs(one[index.key] - sum(questions) / len(questions)) <= 0.1 + 1e-9, index.key


def country_counts(start: str) -> dict[str, float]:
    cells = cells_of_excel().filter(
        (pl.col("organiser_name") == skolenkaten.COUNTRY_ROW)
        & pl.col("header").str.starts_with(start.casefold())
        & (pl.col("measure") == "Antal")
    )
    return dict(cells.select("option", "value").rows())


def test_golden_case_of_a_question_mean() -> None:
    counts = country_counts("Hur ofta förklarar lärarna")
    assert counts == {"Alltid": 10658, "Ofta": 24892, "Ibland": 7717, "Sällan": 1631, "Aldrig": 540, "Vet inte": 405}
    weights = {"Alltid": 10, "Ofta": 7.5, "Ibland": 5, "Sällan": 2.5, "Aldrig": 0}
    mean = sum(counts[o] * w for o, w in weights.items()) / sum(counts[o] for o in weights)
    assert round(mean, 3) == 7.393
    source = files.load_register_catalogue().sources["skolenkaten"]
    country = skolenkaten.country_means(raws()[EXCEL.name].rows, source).filter(
        indicator_key="skolenkaten_ak8_fraga_larare_forklarar", sex="all"
    )
    assert country["value"].to_list() == [7.4]


def test_questions_called_reversed_are_those_where_the_good_answer_is_never() -> None:
    source = files.load_register_catalogue().sources["skolenkaten"]
    weights = {"Alltid": 0, "Ofta": 2.5, "Ibland": 5, "Sällan": 7.5, "Aldrig": 10}
    country = skolenkaten.country_means(raws()[EXCEL.name].rows, source).filter(sex="all")
    published = dict(country.select("indicator_key", "value").rows())
    for question in source.indicators:
        if question.role != "question":
            continue
        counts = country_counts(skolenkaten.normalise(question.header or ""))
        if set(weights) <= set(counts):
            answered = sum(counts[o] for o in weights)
            mean = sum(counts[o] * w for o, w in weights.items()) / answered
            reversed_mean = sum(counts[o] * (10 - w) for o, w in weights.items()) / answered
            shown = mean if "(omvänd)" in question.title_sv else reversed_mean
            assert abs(shown - published[question.key]) <= 0.051, question.key


def test_both_sheets_agree_on_the_total() -> None:
    cells = cells_of_excel().filter(
        (pl.col("sex") == "all") & pl.col("measure").is_in(["Index", "Medelvärde"]) & (pl.col("row_type") == "organiser")
    )
    per_value = cells.group_by("organiser_name", "header", "measure").agg(pl.col("text").n_unique(), pl.len())
    assert per_value["len"].unique().to_list() == [2]
    assert per_value["text"].unique().to_list() == [1]


def test_masks_keep_their_mark_and_hold_no_number() -> None:
    cells = cells_of_excel()
    masked = cells.filter(pl.col("status").is_in(["*", "**", "***", "-"]))
    assert masked["value"].null_count() == masked.height
    assert set(cells["status"]) == {"ok", "*", "**", "***", "-"}
    sheet = fastexcel.read_excel(EXCEL.read_bytes()).load_sheet(0, header_row=None, dtypes="string").to_polars()
    flat = [cell for row in sheet.rows()[3:] for cell in row[8:]]
    first = cells.filter(pl.col("source_sheet") == "Resultat elever åk 8 2022")
    for mark in ("*", "**", "***", "-"):
        assert first.filter(status=mark).height == flat.count(mark) > 0


def test_predecessors_inflated_share_cannot_come_from_masked_cells() -> None:
    """Upplands Väsby, safe at school: 76.5 % as published; with masked cells as zero the base shrinks and gives 80.3 % (D48)."""
    cells = cells_of_excel().filter(
        (pl.col("row_type") == "organiser")
        & (pl.col("organiser_name") == "Upplands Väsby kommun")
        & (pl.col("header") == "känner du dig trygg i skolan?")
    )
    counts = dict(cells.filter(measure="Antal").select("option", "value").rows())
    assert counts == {"Helt och hållet": 85, "Till stor del": 78, "Till viss del": 40, "Inte alls": None, "Vet inte": None}
    shares = dict(cells.filter(measure="Andel").select("option", "value").rows())
    assert shares["Helt och hållet"] + shares["Till stor del"] == pytest.approx(0.765)
    assert pytest.approx(0.803, abs=5e-4) == (85 + 78) / (85 + 78 + 40)
    shown = values("skolenkaten").filter(area_code="0114", indicator_key="skolenkaten_ak8_fraga_trygg", sex="all")
    assert shown.select("value", "n").row(0) == (7.2, int(cells["answered"][0]))


def test_organiser_names_point_to_the_right_municipality_by_organisation_number() -> None:
    with (files.CATALOGUE / "areas" / "organiser_names.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    register = sql(f"""
        with lines as (select unnest(string_split(content, chr(10))) as line from read_text('{files.BUNDLED / PUPILS[2024]}')),
             fields as (select string_split(line, ';') as f from lines where line like '%;%;%')
        select distinct f[7], f[4], f[6] from fields where f[5] = 'Kommunal'""")
    by_number = {number: code for number, code, _ in register}
    assert len(by_number) == 26
    assert all(by_number[row["organisation_number"]] == row["municipality_code"] for row in listed)
    assert {(row["organisation_number"], row["organiser_name"]) for row in listed} >= {(n, name) for n, _, name in register}
    in_survey = cells_of_excel().filter(row_type="organiser")
    pairs = set(in_survey.select("organisation_number", "organiser_name").unique().rows())
    municipal = {(n, name) for n, name in pairs if n in by_number}
    assert municipal <= {(row["organisation_number"], row["organiser_name"]) for row in listed}
    assert {by_number[n] for n, _ in municipal} == TOOK_PART
