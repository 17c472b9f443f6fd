"""Indexanatomi: definitions and verdicts for readers, nothing measured on too few, a caution where the sexes are compared."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.frames import select_frames
from assets.bundle.number_ids import number_ids
from assets.bundle.render import render_bundle
from assets.catalogue.load import load_catalogue
from assets.charts.numbers import decimal
from assets.file_scan.derived import with_derived
from assets.file_scan.pool import Pool
from assets.file_scan.scan import scan
from assets.file_scan.store import bundle_context, released_tables
from assets.methods.errors import PipelineError
from assets.methods.index_anatomy import SCHEMA
from tests.support.psychometric_sample import INDEX, LABELS, sample_anatomy, sample_table
from tests.support.sample_bundle import outline, sample_bundle_frames, sample_report_meta, whole_release
from tests.support.sample_release import sample_scope

PAGE = "5_metod/indexanatomi.html"
TABLE = "4_tabeller/indexanatomi.csv"


def files_of(anatomy: pl.DataFrame) -> dict[str, str]:
    frames, scope = sample_bundle_frames()
    return texts(render_bundle(replace(frames, index_anatomy=anatomy), scope, sample_report_meta(), outline).files)


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    """A bundle whose anatomy has a question that works differently for the sexes."""
    return files_of(sample_anatomy(sample_table(dif={"c": 0.9})))


def variance(steps: list[float], theta: float) -> float:
    """Of an item's points at theta."""
    weights = [math.exp(k * theta - sum(steps[:k])) for k in range(len(steps) + 1)]
    mean = sum(k * w for k, w in enumerate(weights)) / sum(weights)
    return sum((k - mean) ** 2 * w for k, w in enumerate(weights)) / sum(weights)


def texts(made: Mapping[str, bytes]) -> dict[str, str]:
    return {name: content.decode("utf-8") for name, content in made.items() if name.endswith((".html", ".csv", ".txt", ".json"))}


def test_an_index_has_its_questions_thresholds_and_a_verdict_per_criterion():
    anatomy = sample_anatomy(sample_table())
    assert dict(anatomy.schema) == SCHEMA
    items = anatomy.filter(pl.col("part") == "item")
    assert items["key"].to_list() == list(LABELS)
    assert items["thresholds"][0] == "-1.1 0.1 1.3"
    assert set(items["verdict"]) == {"holds"}
    criteria = anatomy.filter(pl.col("part") == "criterion")
    assert criteria.height == 7
    assert criteria["sentence"].null_count() == 0
    assert all(n % 50 == 0 and n >= 50 for n in anatomy["n"].drop_nulls())


def test_nothing_measured_is_shown_of_an_index_with_few_scored():
    anatomy = sample_anatomy(sample_table(150, 9))
    assert set(anatomy["part"]) == {"item", "criterion"}
    assert set(anatomy["verdict"]) == {"not_estimable"}
    assert anatomy["n"].null_count() == anatomy["value"].null_count() == anatomy.height
    assert set(anatomy.filter(pl.col("part") == "criterion")["statistic"]) == {None}
    page = files_of(anatomy)[PAGE]
    assert "För få elever har svarat" in page


def test_the_bundle_has_a_page_and_a_table_that_say_the_same(files):
    page, rows = files[PAGE], list(csv.DictReader(io.StringIO(files[TABLE])))
    assert 'lang="sv"' in page
    assert not re.search(r"https?://|<script", page.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    assert "SYNTETISKA DATA" in page
    sentence = next(row["Vad det säger"] for row in rows if row["Nyckel"] == "invariance")
    assert "fungerar olika efter kön" in sentence
    assert sentence in page
    assert page.count("<h2") >= 3
    assert "−1,10; 0,10; 1,30" in page
    steps = [[float(step) for step in row["Tröskelvärden"].lstrip("'").split()] for row in rows if row["Del"] == "fråga"]
    errors = [decimal(1 / math.sqrt(sum(variance(item, theta) for item in steps)), 2) for theta in (-3.0, 0.0, 3.0)]
    told = re.search(r"Mätfel \(logiter\)</th>(.*?)</tr>", page, re.S)
    assert told
    shown = re.findall(r">([0-9],[0-9]{2})<", told[1])
    assert [shown[0], shown[3], shown[6]] == errors
    assert {row["Bedömning"] for row in rows} <= {"", "Håller", "Håll ögonen på", "Håller inte", "Kan inte bedömas"}
    assert PAGE in files["LAS_MIG.html"]
    assert PAGE in files["5_metod/metod.html"]
    package = {r["name"]: r for r in json.loads(files["4_tabeller/datapackage.json"])["resources"]}
    assert package["indexanatomi"]["schema"]["primaryKey"] == ["Index-id", "Del", "Nyckel"]


def test_every_index_on_the_page_has_its_chart_with_a_table_and_a_text_alternative(files):
    page = files[PAGE]
    figures = re.findall(r'<figure id="(indexanatomi_\w+)">', page)
    assert figures
    assert len(figures) == len(set(figures)) == page.count('<section id="index-')
    assert all(f'<table id="{name}-tabell">' in page for name in figures)
    assert page.count('role="img"') == len(figures)


def test_the_page_passes_the_scan_of_finished_files(files):
    """The errors of measurement follow from the method's parameters: they stand in no released cell."""
    frames, scope = sample_bundle_frames()
    frames, meta = replace(frames, index_anatomy=sample_anatomy(sample_table(dif={"c": 0.9}))), sample_report_meta()
    pool, context = Pool(with_derived(released_tables(frames))), bundle_context(scope, meta, load_catalogue())
    found = scan({PAGE: files[PAGE].encode()}, None, pool, context, number_ids(frames, meta))
    assert [(one.place, one.rule) for one in found.findings] == []


def test_a_release_without_anatomy_has_no_page_and_no_link_to_it(sketched):
    files = texts(sketched().files)
    assert not {PAGE, TABLE} & set(files)
    assert "indexanatomi" not in files["LAS_MIG.html"]


def test_another_editions_anatomy_is_left_out_and_refused():
    anatomy = sample_anatomy(sample_table()).with_columns(edition=pl.lit("publik"))
    scope, meta = sample_scope("0127"), sample_report_meta()
    release = replace(whole_release("0127"), index_anatomy=anatomy)
    assert select_frames(release, scope, meta.charts.indices).index_anatomy.is_empty()
    with pytest.raises(PipelineError) as refused:
        files_of(anatomy)
    assert refused.value.code == "foreign_rows"


def test_an_item_has_the_worst_verdict_it_takes_part_in():
    anatomy = sample_anatomy(sample_table(dif={"c": 0.9}))
    found = dict(anatomy.filter(pl.col("part") == "item").select("key", "verdict").iter_rows())
    assert found["c"] == "fails"
    groups = anatomy.filter((pl.col("part") == "group") & (pl.col("index_key") == INDEX))
    assert dict(groups.select("key", "verdict").iter_rows())["sex"] == "fails"
