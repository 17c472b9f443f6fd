"""Small tables and pictures in Dagster: rounded where rows are pupils, exact for cells, and words beside every picture."""

import base64
import xml.etree.ElementTree as ET

import polars as pl
import pytest

from assets.bundle.types import BundlePaths
from assets.charts.types import Scope
from assets.reports_told import bundle_metadata, county_table, preview, state_table
from assets.ui_pictures import as_image, bars, blocks, number, spark_image, sparkline
from assets.ui_tables import cell_table, freshness_table, latest_years, municipality_table, released_freshness, slice_table
from pipelines.io_managers import DuckDBTables
from pipelines.shown import shown_metadata
from pipelines.warehouse import TableName, Warehouse
from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta

CELLS = pl.DataFrame(
    {
        "edition": ["intern", "intern", "intern", "publik"],
        "area_level": ["municipality"] * 4,
        "area_code": ["0127", "0127", "0126", "0127"],
        "wave": [2022, 2024, 2024, 2024],
        "reason": ["ok", "suppressed", "ok", "suppressed"],
    }
)
DELIVERIES = pl.DataFrame(
    {
        "wave": [2022, 2024, 2024],
        "municipality_code": ["0127", "0127", "0126"],
        "promoted": [True, True, False],
        "critical_broken": [0, 0, 2],
        "warnings_broken": [1, 3, 0],
    }
)


def test_pictures_are_svg_with_their_numbers_in_words():
    shown = spark_image([1.5, None, 3.0, 2.0])
    assert shown.startswith("![1,5; visas inte; 3; 2](data:image/svg+xml;base64,")
    drawn = ET.fromstring(base64.b64decode(shown.split("base64,")[1].rstrip(")")))
    assert drawn.find("{*}path").get("d") == "M3 19h0M63 3h0L93 14", "a missing value breaks the line"
    assert len(shown) < 400, "several fit in what Dagster shows without being asked"
    assert spark_image([1.0]) == "–"
    assert sparkline([]) == sparkline([None])
    assert blocks([0, None, 50, 100, 250]) == "▁·▅██"


def test_a_name_cannot_break_out_of_a_picture_or_its_text():
    picture = bars([("<script>alert(1)</script>", 40.0, 50.0), ("B", None, None)])
    assert "<script>" not in picture
    assert "visas inte" in picture
    assert as_image(picture, "a](javascript:x) | b").startswith("![a)(javascript:x) / b](data:image/svg+xml;base64,")


def test_numbers_are_swedish():
    assert [number(n) for n in (1234567, 0.5, -3.0, 12.25)] == ["1\u00a0234\u00a0567", "0,5", "\u22123", "12,2"]


def test_rows_that_may_be_pupils_are_rounded_and_few_are_not_told():
    told = slice_table({2024: 1234, 2022: 7}, "wave", exact=False)
    assert "| rader (cirka) | färre än 10 | 1\u00a0235 |" in told
    assert "1\u00a0234" not in told
    assert "| rader | 7 | 1\u00a0234 |" in slice_table({2024: 1234, 2022: 7}, "wave", exact=True)


def test_shown_and_hidden_cells_per_edition_and_municipality():
    assert cell_table(CELLS).splitlines()[2:] == ["| intern | 3 | 2 | 1 |", "| publik | 1 | 0 | 1 |"]
    assert municipality_table(CELLS, {"0126": "Huddinge", "0127": "Botkyrka"}).splitlines()[2:] == [
        "| Botkyrka | 0 | 1 | █▁ |",
        "| Huddinge | 1 | 0 | ·█ |",
    ]
    assert municipality_table(CELLS.drop("wave"), {}) == ""


def test_freshness_says_wave_checks_and_registers():
    years = latest_years(pl.DataFrame({"source": ["kolada", "kolada"], "year": [2021, 2023]}))
    told = freshness_table(DELIVERIES, years)
    assert "2024: 1 kommuner" in told
    assert "2 prövade leveranser: 2 brutna stoppande regler, 3 varningar" in told
    assert "kolada till och med 2023" in told
    assert freshness_table(pl.DataFrame(), {}) == "Inga leveranser är prövade ännu."
    assert released_freshness(pl.DataFrame(schema={"item": pl.String}), {}) == "Inga leveranser är utgivna ännu."


def test_a_table_that_is_written_gets_its_tables(tmp_path):
    warehouse, name = Warehouse(tmp_path / "w.duckdb"), TableName("release", "index_results")
    warehouse.replace(name, CELLS, None)
    warehouse.replace(TableName("validated", "deliveries"), DELIVERIES, None)
    told = shown_metadata(warehouse, name, CELLS, "wave")
    assert set(told) == {"omfattning", "visas och döljs", "läget per kommun", "färskhet"}
    persons = TableName("indices", "person_scores")
    warehouse.replace(persons, CELLS, None)
    assert set(shown_metadata(warehouse, persons, CELLS, "wave")) == {"omfattning", "färskhet"}, "no cells of what isn't released"
    assert "färre än 10" in shown_metadata(warehouse, persons, CELLS, "wave")["omfattning"].md_str
    assert shown_metadata(warehouse, TableName("raw", "rejected_files"), CELLS, None) == {}
    assert DuckDBTables(data_dir=str(tmp_path)).data_dir == str(tmp_path)


@pytest.fixture(scope="module")
def sample() -> tuple:
    """Released tables of one municipality."""
    frames, scope = sample_bundle_frames("0127")
    return frames, scope, sample_report_meta()


def test_a_bundle_is_told_of_where_it_lies_with_links_state_and_picture(sample, tmp_path):
    frames, scope, meta = sample
    folder = tmp_path / "reports" / "x"
    place = BundlePaths(folder, folder / "1_rapport" / "rapport.html", folder / "m.json", tmp_path / "x.zip")
    told = bundle_metadata(frames, {scope: place}, meta, tmp_path)[f"{scope.area_code}|{scope.wave}"]
    assert told["rapport, intern"].value == str(place.report)
    assert told["metod, intern"].value == str(folder / "5_metod" / "metod.html")
    assert told["kvalitetsrapport"].value == str(tmp_path / "kvalitet" / "index.html")
    assert "data:image/svg+xml" in told["förhandsbild"].md_str
    assert len(told["förhandsbild"].md_str) < 12_000, "it is kept for every run and municipality"
    assert "svarsandel i procent" in told["läget"].md_str


def test_the_picture_has_nothing_that_is_not_released(sample):
    """A hidden share is a bar less, and words."""
    frames, scope, meta = sample
    measure = next(iter(meta.charts.indices.values())).focus_measure
    rows = frames.index_results.with_columns(
        reason=pl.when(pl.col("measure") == measure).then(pl.lit("suppressed")).otherwise(pl.col("reason"))
    )
    hidden = preview(type(frames)(**{**vars(frames), "index_results": rows}), scope, meta)
    assert hidden.count("visas inte") > preview(frames, scope, meta).count("visas inte")
    assert county_table(frames, scope.wave, {scope.area_code: scope.area_name}).count("\n") == 2
    assert state_table(frames, Scope("9999", "Ingen", scope.wave, scope.edition)).count("svarsandel") == 0
