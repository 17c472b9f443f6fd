"""`4_tabeller/enskilda_fragor.csv`: Swedish headers, marks beside every empty cell, denominators in words."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.frames import guard_frames, select_frames
from assets.bundle.series_table import KEYS, series_table
from assets.bundle.tables import table_files
from assets.catalogue.load import load_catalogue
from assets.methods.errors import PipelineError
from assets.methods.protect_series import series_shape
from assets.methods.publish import absent_rows, finish_series
from assets.methods.series_breaks import series_breaks
from tests.support.sample_bundle import sample_report_meta
from tests.support.sample_release import sample_release, sample_scope
from tests.support.series_world import FILE, publish, world

CATALOGUE = load_catalogue()
OWN = "0127"


@pytest.fixture(scope="module")
def release():
    """The sample release with series of three municipalities, the bundle's own among them."""
    answers = world(3, [300, 500, 900]).with_columns(
        municipality_code=pl.col("municipality_code").replace({"0120": OWN, "0121": "0114", "0122": "0115"})
    )
    safe = publish(answers).results
    delivered = answers.select("municipality_code", "wave").unique()
    absent = absent_rows(safe, [OWN], [2024], delivered, ["ak9", "gy2"], series_shape(FILE))
    series = finish_series(safe, absent, CATALOGUE.area_names, "intern")
    return replace(sample_release(OWN), indicator_results=series, series_breaks=series_breaks(CATALOGUE.series(), (2022, 2024)))


@pytest.fixture(scope="module")
def meta():
    file = CATALOGUE.indicator_file
    return replace(sample_report_meta(), series_titles={s.id: s.title_sv for s in (*file.indicators, *file.indices)})


def rows_of(release, meta) -> list[dict[str, str]]:
    scope = sample_scope(OWN)
    frames = select_frames(release, scope, meta.charts.indices)
    guard_frames(frames, scope, meta.charts.indices)
    files = table_files(frames, scope, meta)
    return list(csv.DictReader(io.StringIO(files["4_tabeller/enskilda_fragor.csv"].decode("utf-8"))))


def test_every_cell_is_a_number_or_says_why_not(release, meta) -> None:
    rows = rows_of(release, meta)
    assert {row["Områdeskod"] for row in rows} == {"01", OWN}
    assert {row["Kön"] for row in rows} == {"Flickor och pojkar", "Flickor", "Pojkar"}
    for row in rows:
        assert row["Nämnare"].startswith(("elever", "alla elever"))
        assert row["Fråga"]
        assert bool(row["Värde"]) != bool(row["Märke"]), row["Fråga-id"]
        assert bool(row["Märke"]) == bool(row["Skäl"])
    marks = {row["Märke"] for row in rows}
    assert {"", "[c]", "[-]"} <= marks
    shown = [row for row in rows if row["Värde"]]
    assert len(shown) > 40
    assert any(row["Skillnad mot länet, bedömning"] for row in shown)
    assert any(row["Flickor minus pojkar"] for row in shown)
    (daily,) = [
        r for r in rows if (r["Områdeskod"], r["Kön"], r["Fråga-id"], r["Årskurs"]) == ("01", "Pojkar", "dik15", "årskurs 9")
    ]
    assert daily["Går att jämföra från"] == "2022"
    assert daily["Ändrad sedan förra"] == "Två svarsalternativ kortades"


def test_the_data_package_describes_the_table(release, meta) -> None:
    scope = sample_scope(OWN)
    files = table_files(select_frames(release, scope, meta.charts.indices), scope, meta)
    resources = {r["name"]: r for r in json.loads(files["4_tabeller/datapackage.json"])["resources"]}
    resource = resources["enskilda_fragor"]
    header = files["4_tabeller/enskilda_fragor.csv"].decode("utf-8").splitlines()[0]
    assert [f["name"] for f in resource["schema"]["fields"]] == next(csv.reader([header]))
    assert resource["schema"]["primaryKey"] == list(KEYS)
    keys = [tuple(row[key] for key in KEYS) for row in rows_of(release, meta)]
    assert len(keys) == len(set(keys))


def test_a_release_without_series_has_no_such_table(meta) -> None:
    assert series_table(sample_release(OWN), meta) is None


def test_another_municipalitys_rows_are_refused(release, meta) -> None:
    scope = sample_scope(OWN)
    frames = select_frames(release, scope, meta.charts.indices)
    assert set(frames.indicator_results["area_code"]) == {"01", OWN}
    with pytest.raises(PipelineError, match="indicator_results"):
        guard_frames(replace(frames, indicator_results=release.indicator_results), scope, meta.charts.indices)
