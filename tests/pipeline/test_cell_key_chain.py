"""Noise by cell key through the jobs: from the deliveries to the audit, and once more with a corrected delivery."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.audited_tables import AUDITED
from assets.catalogue import load as catalogue_files
from assets.catalogue.load import load_catalogue
from assets.demo.generate import ensure_demo
from assets.hygiene.cell_key_secret import MARK, SECRET, fingerprint
from assets.methods.cell_key_policy import LINKED, WITHHELD
from assets.record_keys import REGISTER
from assets.release_earlier import compared_with_register, current_inputs
from assets.release_register.cells import cells_of
from assets.release_register.store import register_release
from assets.release_register.types import NewEntry
from assets.slices import WAVES, range_tags
from assets.texts import register_texts
from pipelines.definitions import build_definitions
from pipelines.jobs import CHECKED, READ
from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse
from tests.pipeline.conftest import SMALL, Installation, audit_a_part

WAVE = WAVES[-1]
CORRECTED, UNCHANGED, THIRD = "Salem.csv", "Danderyd.sav", "Lidingö.sav"
OF_CORRECTED, OF_UNCHANGED = "0128", "0162"
NUMBERS = TableName("release", "index_results")
KEY = ["edition", "area_level", "area_code", "grade", "sex", "index_key", "measure"]


INGEST = tuple(name for name in (*READ, *CHECKED) if not name.startswith("quality/"))
ESTIMATED = ("indices/person_scores", "indices/area_counts", "indices/area_estimates")
SCREENED = ("indices/indicator_counts", "indices/indicator_estimates", "indices/screen_sensitivity")
RELEASED = (
    *("release/index_results", "release/suppression_log", "release/response_rates", "release/delivery_quality"),
    *("release/provenance", "release/response_by_school_type", "release/screen_sensitivity"),
)
ACCUMULATED = (
    *("indices/accumulated_counts", "indices/accumulated_estimates"),
    *("release/accumulated_results", "release/accumulated_suppression_log"),
)
"""What of the jobs the tests run: both tables with noise and two of those that are withheld."""


@dataclass(frozen=True)
class Noisy:
    """A data folder whose chain has run with noise: what was released, and the same with a corrected delivery."""

    paths: Paths
    tables: dict[str, pl.DataFrame]
    counts: pl.DataFrame
    corrected: pl.DataFrame
    key: bytes

    @property
    def warehouse(self) -> Warehouse:
        """Its warehouse, as it is after the correction."""
        return Warehouse(self.paths.warehouse)


@pytest.fixture(scope="module")
def noise_on() -> Iterator[None]:
    """Noise switched on, as a steward who changes `disclosure.yml` has it."""
    shipped = load_catalogue()
    cell_key = {**shipped.disclosure["cell_key"], "tables": list(LINKED)}
    noisy = replace(shipped, disclosure={**shipped.disclosure, "cell_key": cell_key}, content_hash="brus")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue_files, "_chosen_catalogue", lambda profile, cutoffs: noisy)
        audit_a_part(patch, *(name for name in (*AUDITED, *WITHHELD) if name != "indicator_results"), wave=[WAVE])
        yield


@pytest.fixture(scope="module")
def world(noise_on, small_demo: Installation, demo_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Noisy:
    """Three municipalities, one wave, beside registers that have been read already."""
    folder = tmp_path_factory.mktemp("noise")
    ensure_demo(folder / "alla", demo_cache, scale=SMALL)
    paths = Paths(folder / "data")
    paths.make()
    registers_alone(small_demo.paths.warehouse, paths.warehouse)
    for name in (CORRECTED, UNCHANGED, THIRD):
        shutil.copyfile(folder / "alla" / f"Stockholmsenkäten {WAVE} {name}", paths.surveys / name)
    here, warehouse = range_tags(str(WAVE), str(WAVE)), Warehouse(paths.warehouse)
    defs = build_definitions(paths.root, edition="intern", workers=1)
    with dg.DagsterInstance.ephemeral() as instance:

        def run(name: str, tags: dict[str, str], *only: str) -> None:
            chosen = [dg.AssetKey(one.split("/")) for one in only]
            assert defs.resolve_job_def(name).execute_in_process(instance=instance, tags=tags, asset_selection=chosen).success

        run("ingest_surveys", here, *INGEST)
        run("build_indices", here, *ESTIMATED, *SCREENED, *RELEASED, *ACCUMULATED)
        run("audit_release", {}, "release/audit", "release/repairs")
        names = [name for name in (*LINKED, *WITHHELD) if warehouse.exists(TableName("release", name))]
        tables = {name: warehouse.read(TableName("release", name)) for name in names}
        counts = warehouse.read(TableName("indices", "area_counts"))
        secret = (paths.keys("stockholm") / SECRET).read_bytes()
        published = cells_of({name: tables[name].filter(edition="intern", area_code=OF_CORRECTED) for name in LINKED})
        inputs = current_inputs(warehouse, load_catalogue())
        entry = NewEntry("2024-forsta", "paket", WAVE, "intern", OF_CORRECTED, "2025-03-01", "f" * 64, inputs, "2")
        register_release(paths.root, entry, published)
        lines = (paths.surveys / CORRECTED).read_bytes().splitlines(keepends=True)
        (paths.surveys / CORRECTED).write_bytes(b"".join(lines[:-1]))
        run("ingest_surveys", here, *INGEST)
        run("build_indices", here, *ESTIMATED, *RELEASED)
    return Noisy(paths, tables, counts, warehouse.read(NUMBERS), secret)


def registers_alone(source: Path, target: Path) -> None:
    """A copy of a warehouse that holds no answers nor anything made of them."""
    shutil.copyfile(source, target)
    with Warehouse(target).connect() as connection:
        found = connection.sql("select table_schema, table_name from information_schema.tables").fetchall()
        for layer, table in found:
            if not table.startswith(("register", "school")):
                connection.execute(f'drop table "{layer}"."{table}"')


def test_the_secret_is_made_on_first_use_for_the_owner_alone_and_stays(world):
    path = world.paths.keys("stockholm") / SECRET
    assert path.read_bytes() == world.key, "a second run makes no new one"
    assert path.stat().st_mode & 0o077 == 0
    told = (world.paths.root / REGISTER / MARK).read_text("utf-8").strip()
    assert told == fingerprint(bytes.fromhex(world.key.decode("ascii").strip()))


def test_both_editions_have_noise_and_exact_numbers_of_the_same_pupils_are_withheld(world):
    for name in LINKED:
        shown = world.tables[name].filter(pl.col("reason") == "ok", pl.col("area_level") != "county")
        assert shown.filter(edition="intern").height, name
        keys = [c for c in world.tables[name].columns if c in (*KEY, "wave", "count_key", "group_start")]
        both = [shown.filter(edition=one).select([k for k in keys if k != "edition"] + ["value"]) for one in ("intern", "publik")]
        shared = both[0].join(both[1], on=[k for k in keys if k != "edition"])
        assert (shared["value"] == shared["value_right"]).all(), name
    means = world.tables["index_results"].filter(pl.col("measure").is_in(["mean", "sd"]))
    assert means.filter(pl.col("reason") == "ok").is_empty()
    numbers = world.tables["index_results"].filter(
        pl.col("measure") == "n_scored", pl.col("value").is_not_null(), edition="intern"
    )
    exact = numbers.join(
        world.counts.filter(area_code=OF_UNCHANGED), on=[k for k in KEY if k not in ("edition", "measure")], how="inner"
    )
    assert exact.height
    assert (exact["value"].cast(pl.Int64) != (exact["n_scored"] + 2) // 5 * 5).any(), "none of the numbers has noise"
    withheld = set(world.tables) & set(WITHHELD)
    assert withheld == {"screen_sensitivity", "response_by_school_type"}
    for name in withheld:
        rows = world.tables[name]
        assert rows.height, name
        assert rows.filter(pl.col("reason") == "ok").is_empty(), name


def test_the_audit_has_passed(world):
    assert world.warehouse.exists(TableName("release", "audit"))
    assert world.warehouse.read(TableName("release", "audit_outcome")).height == 1


def test_the_register_finds_no_conflict_when_a_delivery_is_corrected(world):
    """What has been published of the municipality lies in the register, with its noise."""
    assert compared_with_register(world.warehouse, load_catalogue(), register_texts())["kind"].to_list() == [None]


def test_an_unchanged_municipality_keeps_its_numbers_when_another_is_corrected(world):
    before, after = (frame.sort(KEY) for frame in (world.tables["index_results"], world.corrected))
    columns = [*KEY, "value", "n", "reason"]
    own = [frame.filter(area_code=OF_UNCHANGED).filter(~pl.col("measure").str.starts_with("diff")) for frame in (before, after)]
    assert own[0].select(columns).equals(own[1].select(columns))
    moved = [frame.filter(area_code="01").select(columns) for frame in (before, after)]
    assert not moved[0].equals(moved[1]), "the correction changed nothing"


def test_every_cell_of_the_corrected_municipality_has_new_noise(world):
    """Cells without the pupil who is gone would else keep theirs, and tell which cells the pupil was in."""
    keys = ["area_level", "area_code", "grade", "sex", "index_key"]
    own = {"area_level": "municipality", "area_code": OF_CORRECTED}
    after = world.warehouse.read(TableName("indices", "area_counts")).filter(**own)
    both = world.counts.filter(**own).join(after, on=keys)
    same = both.filter(pl.col("n_scored") == pl.col("n_scored_right"), pl.col("n_scored") > 0)
    assert same.height, "the pupil who is gone was in every cell"
    assert same.filter(pl.col("key_n_scored") == pl.col("key_n_scored_right")).is_empty()
