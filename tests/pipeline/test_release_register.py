"""A second release that differs by one school stops, names both tables, and nothing is written; an unchanged one passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import load_policy, protect
from assets.methods.errors import PipelineError
from assets.methods.estimate import area_counts, area_estimates
from assets.release_earlier import COMPARED, EARLIER, current_inputs, kept_cells, kept_questions
from assets.release_register.cells import cells_of
from assets.release_register.store import CHAIN, FOLDER, check_register, register_release
from assets.release_register.types import NewEntry
from assets.release_series import indicator_tables
from assets.reports_preview import released_inputs
from pipelines.definitions import build_definitions
from pipelines.paths import Paths
from pipelines.releases import release_lines
from pipelines.resources import ReleaseReader
from pipelines.warehouse import TableName, Warehouse

CATALOGUE = load_catalogue()
EDITIONS = ("intern", "publik")
WAVE = 2024
NEEDED = (
    *(TableName("release", name) for name in (*COMPARED, "provenance", "screen_sensitivity")),
    *(TableName("validated", "deliveries"), TableName("raw", "survey_deliveries"), TableName("indices", "screen_sensitivity")),
)


@pytest.fixture(scope="module")
def municipality(small_demo) -> str:
    """The one with the most schools among those that show a share of the girls."""
    shown = small_demo.warehouse.read(
        TableName("release", "index_results"),
        {"wave": [WAVE], "area_level": ["municipality"], "sex": ["girl"], "measure": ["share_band3"], "reason": ["ok"]},
    )
    pupils = small_demo.warehouse.read(
        TableName("indices", "person_scores"), {"wave": [WAVE]}, ["municipality_code", "school_code"]
    )
    schools = pupils.filter(pl.col("municipality_code").is_in(shown["area_code"].unique().to_list()))
    return (
        schools.group_by("municipality_code").agg(pl.col("school_code").n_unique()).sort("school_code")["municipality_code"][-1]
    )


@pytest.fixture
def published(small_demo, municipality, tmp_path) -> Paths:
    """A data folder with the small demo's release of one wave, one municipality's bundle of which is in the register."""
    paths = Paths(tmp_path)
    warehouse = Warehouse(paths.warehouse)
    for table in NEEDED:
        warehouse.replace(table, small_demo.warehouse.read(table, {"wave": [WAVE]}), None)
    own = [warehouse.read(TableName("release", name), {"area_code": [municipality, "01"]}) for name in COMPARED]
    inputs = current_inputs(warehouse, CATALOGUE)
    entry = NewEntry("2024-forsta", "paket", WAVE, "intern", municipality, "2025-03-01", "f" * 64, inputs, "2")
    register_release(tmp_path, entry, cells_of(dict(zip(COMPARED, own, strict=True))))
    return paths


@contextmanager
def compared(paths: Paths) -> Iterator[dg.ExecuteInProcessResult]:
    """The asset of the comparison, run by Dagster."""
    key = dg.AssetKey(["release", "earlier_releases"])
    job = build_definitions(paths.root).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        yield job.execute_in_process(instance=instance, asset_selection=[key], raise_on_error=False)


def without_a_school(small_demo, paths: Paths, municipality: str) -> None:
    """Index results as they are when the municipality's delivery comes again without its smallest school."""
    warehouse = Warehouse(paths.warehouse)
    pupils = small_demo.warehouse.read(
        TableName("indices", "person_scores"), {"wave": [WAVE], "municipality_code": [municipality]}
    )
    school = pupils.group_by("school_code").len().drop_nulls().sort("len", "school_code")["school_code"][0]
    fewer = pupils.filter(pl.col("school_code") != school)
    kinds = {index.key: index.kind for index in CATALOGUE.indices}
    counts = area_counts(fewer, list(kinds), ["municipality"])
    estimates = area_estimates(fewer, kinds).filter(area_level="municipality").with_columns(is_clear=pl.lit(value=False))
    results = protect(counts, estimates, load_policy(CATALOGUE.disclosure)).results
    where = {"area_code": [municipality], "area_level": ["municipality"]}
    table = TableName("release", "index_results")
    columns = warehouse.columns(table)
    rows = results.with_columns(area_name=pl.lit(""), cutoff_set=pl.lit(CATALOGUE.cutoffs.id)).select(columns)
    warehouse.replace(table, rows, where)
    for name in ("raw.survey_deliveries", "release.provenance"):
        delivery = TableName(*name.split("."))
        rows = warehouse.read(delivery)
        warehouse.replace(delivery, rows.with_columns(source_sha256=pl.col("source_sha256") + "2"), None)


def test_one_school_less_stops_and_names_both_tables(small_demo, published, municipality):
    without_a_school(small_demo, published, municipality)
    with compared(published) as result:
        (failed,) = [event for event in result.all_events if event.is_step_failure]
    words = str(failed.event_specific_data.user_failure_data.description)
    assert "release.index_results" in words
    assert "samma tabell i utgivningen 2024-for (2025-03-01)" in words
    assert CATALOGUE.area_names[municipality] in words
    found = Warehouse(published.warehouse).read(EARLIER).drop_nulls("kind")
    assert municipality in found["area_code"].to_list()
    assert not {"low", "high", "value"} & set(found.columns)
    with pytest.raises(PipelineError) as stopped:
        released_inputs(ReleaseReader(data_dir=str(published.root)), CATALOGUE)
    assert stopped.value.code == "release_conflict"
    lines = release_lines(published.root, check=False, conflicts=True)
    assert any("utgivningen 2024-for" in line for line in lines)
    assert [line.split(".")[0] for line in lines[-3:]] == ["Håll inne", "Gör grövre", "Brus med cellnyckel"]


def test_the_same_release_passes_and_is_listed(small_demo, published, municipality):
    with compared(published) as result:
        assert result.success
    table = Warehouse(published.warehouse).read(EARLIER)
    assert table.select("area_code", "same_pupils", "kind").rows() == [(municipality, True, None)]
    assert released_inputs(ReleaseReader(data_dir=str(published.root)), CATALOGUE) == current_inputs(
        Warehouse(published.warehouse), CATALOGUE
    )
    kept = kept_cells(Warehouse(published.warehouse), CATALOGUE, "intern", "index_results")
    hidden = Warehouse(published.warehouse).read(
        TableName("release", "index_results"),
        {"edition": ["intern"], "area_code": [municipality], "measure": ["share_band2"], "reason": ["suppressed", "too_few"]},
    )
    assert kept.filter(measure="share_band2", area_code=municipality).height == hidden.height
    questions = kept_questions(Warehouse(published.warehouse), CATALOGUE, EDITIONS)
    ((again, _),) = indicator_tables(small_demo.warehouse, CATALOGUE, EDITIONS, [WAVE], questions)
    first = small_demo.warehouse.read(TableName("release", "indicator_results"), {"wave": [WAVE]})
    rows = ["edition", "area_level", "area_code", "grade", "sex", "indicator", "measure"]
    assert questions["intern"].filter(pl.col("kept_share"), area_code=municipality).height
    assert again.select(first.columns).sort(rows).equals(first.sort(rows)), "what stays hidden hides nothing more"
    lines = release_lines(published.root, check=True, conflicts=False)
    assert any(line.startswith("1. 2025-03-01 paket (utgåva intern") for line in lines)
    assert lines[-1].startswith("Registret är helt.")


def test_a_broken_chain_stops_the_release_with_one_sentence(published):
    path = published.root / FOLDER / CHAIN
    path.write_bytes(path.read_bytes().replace(b"2025-03-01", b"2025-03-02"))
    with compared(published) as result:
        (failed,) = [event for event in result.all_events if event.is_step_failure]
    words = str(failed.event_specific_data.user_failure_data.description)
    assert words.startswith("Utgivningsregistret (register/utgivningar.jsonl): väntade")
    assert not Warehouse(published.warehouse).exists(EARLIER)
    with pytest.raises(PipelineError):
        check_register(published.root)
