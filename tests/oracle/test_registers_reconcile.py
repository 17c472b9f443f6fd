"""Every real file that ships, or is recorded for the tests, loads and agrees with what its source says about it.

The figures are those that the sources' descriptions state, or that were counted in the whole country's files before they were cut
to the county (Kolada: DIDreport, commit d18b36d; the county's share counted with Polars on 22 November 2026).
"""

from __future__ import annotations

import csv
import json
from functools import lru_cache
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.registers import assemble, files, jsonstat, kolada, revisions, skolenkaten, skolverket_api
from assets.registers import skolenkaten_rule as rule
from assets.registers.clients import kolada_client
from assets.registers.models import RawRegister
from assets.registers.pipeline import register_level_jumps, register_revisions
from assets.registers.raw import named_table, to_raw_cells

DATA = Path(__file__).resolve().parents[1] / "data"
CATALOGUE = files.load_register_catalogue()
KPIS = CATALOGUE.sources["kolada"].indicators
#: Vintage -> rows, key figures, first year, last year, statuses, values that stand under a status.
VINTAGES = {
    "2023-03-28": (12_298, 23, 2006, 2022, {"": 12_162, "Missing": 80, "Privacy": 39, "Not applicable": 17}, 26),
    "2023-09-12": (12_974, 24, 2006, 2022, {"": 12_846, "Missing": 71, "Privacy": 39, "Not applicable": 18}, 0),
    "2024-01-30": (11_440, 23, 2010, 2023, {"": 11_294, "Missing": 99, "Privacy": 34, "Not applicable": 13}, 0),
}


@lru_cache
def vintage(day: str) -> RawRegister:
    return files.read_register_file(files.BUNDLED / f"kolada_{day}_data_raw.parquet")


@lru_cache
def values(day: str) -> pl.DataFrame:
    return assemble.parse_values(vintage(day), CATALOGUE)


@lru_cache
def changes() -> pl.DataFrame:
    return register_revisions(pl.concat([to_raw_cells(vintage(day)) for day in VINTAGES]))


# Kolada


@pytest.mark.parametrize("day", VINTAGES)
def test_a_vintage_is_what_its_description_says(day: str) -> None:
    rows, kpis, first, last, statuses, hidden = VINTAGES[day]
    table = named_table(vintage(day).rows, 0, day)
    assert table.height == rows
    assert table["kpi"].n_unique() == kpis
    assert (table["year"].cast(int).min(), table["year"].cast(int).max()) == (first, last)
    assert dict(table.group_by("status").len().rows()) == statuses
    assert table.unique(["kpi", "municipality_id", "year", "gender"]).height == rows
    assert table.filter((pl.col("status") != "") & pl.col("value").is_not_null()).height == hidden


@pytest.mark.parametrize("day", VINTAGES)
def test_a_vintage_is_parsed_without_loss_and_shows_nothing_under_a_status(day: str) -> None:
    path = files.BUNDLED / f"kolada_{day}_data_raw.parquet"
    with duckdb.connect() as con:
        shown, total = con.sql(f"select count(*), sum(value) from '{path}' where status = '' and value is not null").fetchall()[0]
    got = values(day).filter(reason="ok")
    assert got.height == shown
    assert got["value"].sum() == pytest.approx(total, rel=1e-12)
    assert values(day).filter(pl.col("reason") != "ok")["value"].null_count() == values(day).height - shown


def test_the_key_figures_that_came_and_went_are_told() -> None:
    assert kolada.surprises(values("2023-03-28"), KPIS) == (["N09811"], ["N02904"])
    assert kolada.surprises(values("2023-09-12"), KPIS) == ([], ["N02904"])
    assert kolada.surprises(values("2024-01-30"), KPIS) == ([], [])


def test_the_revisions_between_the_three_vintages() -> None:
    counts = dict(changes()["change"].value_counts().rows())
    assert counts == {"new": 1179, "digits": 976, "withdrawn": 312, "not_fetched": 1730}
    per_kpi = revisions.summary(changes())
    withdrawn = per_kpi.filter(pl.col("withdrawn") > 0).select("indicator_key", "vintage_new", "withdrawn").rows()
    assert withdrawn == [("N02904", "2024-01-30", 312)]
    arrived = per_kpi.filter((pl.col("indicator_key") == "N09811") & (pl.col("vintage_new") == "2023-09-12"))
    assert arrived["new"].to_list() == [223]
    # N15428 is sent again as a whole, with more decimals: nothing that a reader sees has changed in the county.
    assert set(changes().filter(change="digits")["indicator_key"]) == {"N15428"}
    assert not changes().filter(change="digits")["visible"].any()


def test_the_revisions_are_those_that_sql_finds() -> None:
    old, new = (files.BUNDLED / f"kolada_{day}_data_raw.parquet" for day in ("2023-09-12", "2024-01-30"))
    shown = "status = '' and value is not null"
    with duckdb.connect() as con:
        found = con.sql(f"""
            with a as (select kpi, municipality_id m, year y, gender g, value v from '{old}' where {shown}),
                 b as (select kpi, municipality_id m, year y, gender g, value v from '{new}' where {shown})
            select count(*) filter (a.v is null), count(*) filter (b.v is null and y between 2010 and 2023),
                   count(*) filter (b.v is null and y < 2010), count(*) filter (a.v <> b.v)
            from a full join b using (kpi, m, y, g)""").fetchall()[0]
    got = changes().filter(vintage_new="2024-01-30")
    counted = [got.filter(change=c).height for c in ("new", "withdrawn", "not_fetched")]
    assert [*counted, got.filter(pl.col("change").is_in(["digits", "revised"])).height] == list(found)


def test_no_level_jumps_between_the_real_vintages() -> None:
    assert register_level_jumps(pl.concat([to_raw_cells(vintage(day)) for day in VINTAGES])) == []


def test_the_recorded_pages_hold_the_bundled_vintages_values() -> None:
    pages = [json.loads((DATA / "kolada" / f"page{n}.json").read_text(encoding="utf-8")) for n in (1, 2, 3)]
    assert [len(p["values"]) for p in pages] == [p["count"] for p in pages] == [60, 60, 10]
    assert [kolada_client.next_page(p) for p in pages] == [2, 3, None]
    held = {
        (r["kpi"], r["municipality"], r["period"], v["gender"]): v["value"]
        for p in pages
        for r in p["values"]
        for v in r["values"]
    }
    table = named_table(vintage("2024-01-30").rows, 0, "k")
    wanted = table.filter(pl.col("kpi").is_in(["N15428", "N09890"]) & pl.col("year").is_in(["2021", "2022", "2023"]))
    bundled = {
        (k, m, int(y), g): None if v is None else float(v)
        for k, m, y, g, v in wanted.select("kpi", "municipality_id", "year", "gender", "value").rows()
    }
    assert held == bundled


# SCB


def recording(name: str) -> dict:
    return json.loads((DATA / "scb" / f"{name}.json").read_text(encoding="utf-8"))


def test_the_recorded_table_has_its_2772_values_and_most_sums_are_off() -> None:
    answer = recording("TAB6471_data")
    frame = jsonstat.parse(answer, "TAB6471")
    assert frame.height == 21 * 11 * 3 * 1 * 4 == 2772
    assert frame["value"].null_count() == 0
    assert frame.filter(Region="01", Alder="0-9", Kon="TotSa", Tid="2026M01")["value"].to_list() == [245_284.0]
    parts = jsonstat.without_totals(frame, jsonstat.total_codes(answer))
    keys = ["Region", "Alder", "Tid"]
    totals = frame.filter(Kon="TotSa").select(*keys, "value")
    compared = parts.group_by(keys).agg(pl.col("value").sum().alias("added")).join(totals, on=keys)
    off = compared.filter(pl.col("added") != pl.col("value"))
    assert (compared.height, off.height) == (924, 776)
    assert (off["added"] - off["value"]).abs().max() < 20  # noise, not an error of reading


def test_the_recorded_metadata_and_config_are_what_the_client_reads() -> None:
    metadata, config = recording("TAB6471_metadata"), recording("config")
    assert set(CATALOGUE.municipalities) <= set(metadata["dimension"]["Region"]["category"]["label"])
    assert {"15", "17"} <= set(metadata["dimension"]["Alder"]["category"]["label"])
    assert (config["maxDataCells"], config["maxCallsPerTimeWindow"], config["timeWindow"]) == (150_000, 3, 1)


def test_the_older_json_stat_answer_loads_too() -> None:
    frame = jsonstat.parse(recording("jsonstat1_statswe_norrbotten"), "statswe")
    assert frame.height == 1 * 1 * 20 * 2 * 1 * 28
    assert set(frame["Region"]) == {"25"}
    assert frame["value"].null_count() == 0


def test_the_population_of_17_is_the_countys_share_of_scbs_table() -> None:
    people = pl.read_csv(files.BUNDLED / "scb_17_2019.csv", schema_overrides={"municipality_code": pl.String})
    assert people["population_17"].sum() == 26_004  # the same as in the whole country's table, cut to these 26 municipalities


# Skolenkäten


@lru_cache(maxsize=1)
def cells() -> pl.DataFrame:
    return skolenkaten.read_cells(files.read_register_file(files.BUNDLED / "excelrapport-elever-grundskola-ak-8-2022.xlsx").rows)


def test_every_mean_that_can_be_recomputed_from_counts_is_the_published_one() -> None:
    questions, indices = rule.question_means(cells()), rule.index_means(cells())
    assert (questions.height, indices.height) == (1754, 369)
    assert questions["published"].null_count() == 0
    assert questions["difference"].abs().max() <= 0.052  # one decimal; 6.67 and 3.33 are rounded thirds
    assert indices["difference"].abs().max() <= rule.TOLERANCE
    assert rule.disagreements(cells()).is_empty()
    assert set(questions["row_type"]) == set(indices["row_type"]) == {"country", "organiser", "school"}


def test_the_golden_question_and_the_countrys_indices() -> None:
    country = rule.question_means(cells()).filter(pl.col("organiser_name") == skolenkaten.COUNTRY_ROW)
    golden = country.filter(pl.col("header").str.starts_with("hur ofta förklarar lärarna"))
    assert golden["answered"].to_list() == [10658 + 24892 + 7717 + 1631 + 540]
    assert round(golden["recomputed"][0], 3) == 7.393
    assert golden["published"].to_list() == [7.4]
    indices = rule.index_means(cells()).filter(pl.col("organiser_name") == skolenkaten.COUNTRY_ROW)
    assert {round(r, 1) for r in indices["recomputed"]} == {5.8, 5.1, 5.9, 5.6, 6.9, 6.8, 4.8, 5.7, 8.2, 5.5, 6.0}


def test_reversed_questions_are_shown_by_a_mark_or_by_the_order_of_their_options() -> None:
    marked = cells().filter("reversed")["header"].unique().sort().to_list()
    assert [h.rsplit(" ", 1)[1] for h in marked] == ["lätt?", "svårt?"]
    first = (
        cells()
        .filter((pl.col("measure") == "Antal") & (pl.col("source_row") == 4))
        .group_by("header", maintain_order=True)
        .first()
    )
    assert first.filter(pl.col("option") == "Aldrig").height == 4


# Skolverket


def test_the_school_indicators_are_those_of_the_download() -> None:
    path = files.BUNDLED / "skolenheter_planned_educations_2024-12-12.parquet"
    got = assemble.parse_school_indicators(files.read_register_file(path), CATALOGUE)
    with duckdb.connect() as con:
        kinds = dict(con.sql(f"select valueType, count(*) from '{path}' group by 1").fetchall())
        means = con.sql(f"select variable, count(value), sum(value) from '{path}' group by 1 order by 1").fetchall()
    assert kinds == {
        "EXISTS": 38_180, "MISSING": 7_486, "OMITTED_DUE_TO_BASED_ON_FEW_PUPILS": 2_996,
        "ROUNDED_OFF_DUE_TO_FEW_PUPILS_NOT_ELIGIBLE": 2_069, "TEACHERS_EXCLUDED_DUE_TO_NO_REQUIRED_LEGITIMATION": 966,
    }  # fmt: skip
    assert dict(got["value_type"].value_counts().rows()) == kinds
    assert got.unique(skolverket_api.KEY).height == got.height == 51_697
    assert set(got["municipality_code"]) == set(CATALOGUE.municipalities)
    assert got["variable"].n_unique() == 20
    mine = got.group_by("variable").agg(pl.col("value").count(), pl.col("value").sum().alias("s")).sort("variable").rows()
    assert [(v, n) for v, n, _ in mine] == [(v, n) for v, n, _ in means]
    assert [s for *_, s in mine] == pytest.approx([s for *_, s in means])
    assert set(got["year"].drop_nulls()) == {2019, 2020, 2021, 2022, 2023}


# Areas


def test_the_areas_are_the_countys_26_in_every_list() -> None:
    areas = files.CATALOGUE / "areas"
    with (areas / "municipalities.csv").open(encoding="utf-8", newline="") as file:
        codes = {row["municipality_code"] for row in csv.DictReader(file)}
    shapes = json.loads((areas / "municipalities.geojson").read_text(encoding="utf-8"))["features"]
    assert {s["id"] for s in shapes} == codes == set(CATALOGUE.municipalities)
    for day in VINTAGES:
        assert set(named_table(vintage(day).rows, 0, day)["municipality_id"]) == codes
