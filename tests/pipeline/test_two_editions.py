"""Two editions from one run: both in the release, every differing cell listed, bundles and archives apart."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.editions import TABLES, require_nested_tables
from assets.slices import WAVES, bundle_range
from pipelines.chain import Choice, runs
from pipelines.definitions import build_definitions
from pipelines.resources import RunChoices
from pipelines.warehouse import TableName
from tests.pipeline.conftest import Installation
from tests.support.published_numbers import World, read_bundle

AREA = "0114"
WORKING = (
    "activity_status",
    "activity_coverage",
    "readiness",
    "factor_overview",
    "priority_order",
    "decisions",
    "use_of_results",
)


@pytest.fixture(scope="module")
def tables(small_demo: Installation) -> dict[str, pl.DataFrame]:
    """The survey tables of the release."""
    return {name: small_demo.warehouse.read(TableName("release", name)) for name in TABLES}


@pytest.fixture(scope="module")
def differences(small_demo: Installation) -> pl.DataFrame:
    """`release.edition_differences`."""
    return small_demo.warehouse.read(TableName("release", "edition_differences"))


@pytest.fixture(scope="module")
def published(small_demo: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the latest wave's bundles, written in both editions by one run on a copy."""
    root = tmp_path_factory.mktemp("editions") / "data"
    shutil.copytree(small_demo.root, root, ignore=shutil.ignore_patterns("dagster", "arkiv", "inbox"))
    definitions = build_definitions(root, edition="bada")
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_job_def("publish_bundles")
        done = job.execute_in_process(instance=instance, tags=bundle_range(WAVES[-1], (AREA, AREA)))
    assert done.success
    return root / "reports" / str(WAVES[-1])


def test_the_release_holds_both_editions_and_working_material_the_internal_one_alone(small_demo, tables):
    for name, table in tables.items():
        assert sorted(table["edition"].unique()) == ["intern", "publik"], name
    require_nested_tables(tables)
    for name in WORKING:
        assert small_demo.warehouse.read(TableName("release", name))["edition"].unique().to_list() == ["intern"], name


def _latest(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("wave") == WAVES[-1]) if "wave" in table.columns else table


def test_every_cell_that_differs_is_listed_and_no_other(tables, differences):
    """Counted anew, without the function that made the list."""
    for name, spec in TABLES.items():
        rows: dict[str, dict[tuple[object, ...], tuple[object, ...]]] = {"intern": {}, "publik": {}}
        numbers = [c for c, kind in tables[name].schema.items() if kind.is_float() or (c == "n" and kind.is_integer())]
        columns = [*spec.cells, *(c for c in numbers if c not in spec.cells)]
        for row in _latest(tables[name]).iter_rows(named=True):
            rows[row["edition"]][tuple(row[key] for key in spec.keys)] = tuple(row[c] for c in columns)
        nothing = (None,) * len(columns)
        shown = len(spec.cells)
        differing = sum(
            any(value is not None for value in own[:shown]) and own != rows["publik"].get(key, nothing)
            for key, own in rows["intern"].items()
        )
        listed = _latest(differences.filter(pl.col("table_name") == name))
        per_row = (
            listed.with_columns(pl.col("measure").str.split(":").list.first().alias("m")) if "measure" in spec.keys else listed
        )
        places = [c for c in ("area_level", "area_code", "wave", "grade", "sex", "key", "m") if c in per_row.columns]
        assert per_row.select(places).unique().height >= differing, name
        if name == "index_results":
            assert listed.height == differing
    assert not {"value", "low", "high", "n"} & set(differences.columns)
    assert differences["rule"].null_count() == 0


def test_both_bundles_come_from_one_run_in_archives_of_their_own(published):
    found = sorted(path.name for path in published.glob(f"{AREA}_*_v*_*.zip") if path.stem.endswith(("_intern", "_publik")))
    found = [name for name in found if (published / name.removesuffix(".zip") / "1_rapport").is_dir()]
    assert [name.rsplit("_", 1)[1] for name in found] == ["intern.zip", "publik.zip"]
    for name in found:
        with zipfile.ZipFile(published / name) as archive:
            held = archive.namelist()
        assert {member.split("/")[0] for member in held} == {name.removesuffix(".zip")}
        listed = any(member.endswith("7_intyg/utgavor.csv") for member in held)
        assert listed == name.endswith("intern.zip")
        assert any("/6_atgard/" in member for member in held) == name.endswith("intern.zip")


def test_no_internal_number_is_in_any_file_of_the_public_bundle(published, differences):
    """Ids of cells that public hides, against what the finished files themselves say."""
    catalogue = load_catalogue()
    hidden = differences.filter(
        pl.col("table_name") == "index_results", pl.col("publik") == "hidden", pl.col("area_code").is_in([AREA, "01"])
    )
    ids = {
        f"{r['wave']}/{r['area_code']}/{r['grade']}/{r['sex']}/{r['key']}/{r['measure']}" for r in hidden.iter_rows(named=True)
    }
    focus = {i.key: "share_band3" if i.kind == "risk" else "share_band1" for i in catalogue.indices}
    world = World(
        AREA,
        catalogue.area_names[AREA],
        catalogue.area_names["01"],
        WAVES[-1],
        {i.label_sv: i.key for i in catalogue.indices},
        focus,
    )
    read = {}
    for folder in published.glob(f"{AREA}_*_v*_*"):
        if (folder / "1_rapport").is_dir():  # a kit lies beside
            names = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            read[folder.name.rsplit("_", 1)[1]] = read_bundle(names, world)
    told = {
        edition: {key for file in files.values() for key, text in file.items() if key in ids and any(c.isdigit() for c in text)}
        for edition, files in read.items()
    }
    assert told["intern"], "the reader must find the internal numbers"
    assert told["publik"] == set()


def test_another_choice_of_bundles_runs_nothing_of_the_release_again(small_demo):
    assert RunChoices(edition="publik").kind == RunChoices(edition="intern").kind  # the small demo was run with the latter
    assert runs(small_demo.paths, "build_indices", Choice(edition=RunChoices(edition="publik").kind)) == []
