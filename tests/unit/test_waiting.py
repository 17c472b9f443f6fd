"""Which files that were set aside still wait: told by their contents, whatever the clock was when they came."""

from __future__ import annotations

import os

import polars as pl
import pytest

from assets import harmonised
from assets.catalogue.load import load_catalogue
from assets.delivery_reports import waiting_files
from assets.intake.receive import file_hash, set_aside
from assets.methods.errors import PipelineError
from assets.overview.gather import gather
from assets.raw import COMPLETE, DELIVERIES, RESPONSES, TEXTS
from assets.rejected_files import REJECTED, TAKEN, remember, remember_found
from pipelines.paths import Paths
from pipelines.set_aside import lying, rejected_since
from pipelines.warehouse import Warehouse

NAME = "Täby 2024.csv"
WHY = PipelineError("empty", NAME, "svar", "inga rader", "Exportera den igen.")
LONG_AFTER, LONG_BEFORE = 2e9, 1e9


@pytest.fixture
def paths(tmp_path):
    made = Paths(tmp_path)
    made.make()
    return made


def take_in(paths, content: bytes, received: float = 1.5e9, table=TAKEN[0]) -> None:
    """As raw.survey and raw.forms: a row per file that was read; the moment is the file's own."""
    path = paths.surveys / NAME
    path.write_bytes(content)
    key, sha = ("delivery_id", file_hash(path))
    row = {key: sha[:16], "source_file": NAME, "source_sha256": sha, "received_ns": int(received * 1e9)}
    more = {"wave": 2024, "municipality_code": "0160"} if table == TAKEN[0] else {"municipality_code": "0160"}
    Warehouse(paths.warehouse).replace(table, pl.DataFrame([row | more]), {"source_sha256": [sha]})
    path.unlink()


def refuse(paths, content: bytes, at: float = 1.5e9):
    """Set a file aside by a clock that shows `at`, without the row in the database."""
    path = paths.surveys / NAME
    path.write_bytes(content)
    refused = set_aside(path, paths.rejected, WHY, file_hash(path))
    for note in paths.rejected.glob("*.txt"):
        os.utime(note, (at, at))
    return refused


def waiting(paths) -> list[str]:
    """What both pages that tell of it say: the quality room and the overview."""
    told = [one.stored for one in waiting_files(Warehouse(paths.warehouse), paths)]
    assert [one.stored for one in gather(paths, load_catalogue()).files] == told
    return told


@pytest.mark.parametrize("table", TAKEN)
@pytest.mark.parametrize("clock", [LONG_BEFORE, LONG_AFTER])
def test_a_broken_file_waits_though_one_of_its_name_was_taken_in_by_a_later_clock(paths, clock, table):
    take_in(paths, b"hel", table=table)
    remember(Warehouse(paths.warehouse), [refuse(paths, b"trasig", clock)])
    assert waiting(paths) == [NAME]
    take_in(paths, b"lagad", LONG_BEFORE, table)
    assert waiting(paths) == []


def test_a_file_that_breaks_once_more_waits_once_more(paths):
    warehouse = Warehouse(paths.warehouse)
    remember(warehouse, [refuse(paths, b"trasig")])
    take_in(paths, b"lagad")
    assert waiting(paths) == []
    (paths.rejected / NAME).unlink()
    remember(warehouse, [refuse(paths, b"trasig")])
    assert waiting(paths) == [NAME]


def test_a_file_waits_until_it_is_taken_in_as_it_is_or_taken_away(paths):
    remember(Warehouse(paths.warehouse), [refuse(paths, b"trasig")])
    take_in(paths, b"trasig")
    assert waiting(paths) == []
    remember(Warehouse(paths.warehouse), [refuse(paths, b"en till")])
    (stored,) = waiting(paths)
    (paths.rejected / stored).write_bytes(b"mended where it lies")
    assert waiting(paths) == [stored]
    (paths.rejected / stored).unlink()
    assert waiting(paths) == []


def test_a_row_of_an_earlier_version_waits_for_its_file(paths):
    refused = refuse(paths, b"trasig")
    old = pl.DataFrame([{"file_name": NAME, "sha256": refused.sha256, "code": "empty", "sentence": refused.sentence}])
    Warehouse(paths.warehouse).replace(REJECTED, old, None)
    take_in(paths, b"lagad")
    assert waiting(paths) == [NAME]


def test_a_file_whose_row_was_never_written_is_found_again_with_its_sentence(paths):
    """As when the run was killed between the move and the row."""
    refused, warehouse = refuse(paths, b"trasig"), Warehouse(paths.warehouse)
    (paths.rejected / "beslut.yml").write_text("paket: x\n", "utf-8")
    (paths.rejected / "beslut.yml.txt").write_text("beslut.yml: nej.\n", "utf-8")
    (paths.rejected / "utan text.csv").write_bytes(b"okand")
    assert waiting(paths) == []
    before = lying(paths)
    remember_found(warehouse, paths.rejected)
    assert warehouse.read(REJECTED).select("file_name", "sha256", "sentence").rows() == [(NAME, refused.sha256, str(WHY))]
    assert waiting(paths) == [NAME]
    assert rejected_since(paths, before) == [(NAME, str(WHY))], "told by the pass that finds it, as the killed one didn't"
    remember(warehouse, [refused])
    before = lying(paths)
    remember_found(warehouse, paths.rejected)
    assert rejected_since(paths, before) == []
    assert warehouse.read(REJECTED)["code"].to_list() == [WHY.code], "what is known is left as it is"
    take_in(paths, b"lagad")
    assert waiting(paths) == []


def test_a_delivery_that_fails_is_read_again_when_the_run_is_killed_before_it_is_moved(paths, monkeypatch):
    path, warehouse = paths.surveys / NAME, Warehouse(paths.warehouse)
    path.write_bytes(b"trasig")
    sha = file_hash(path)
    about = {"delivery_id": "d", "wave": 2024, "source_file": NAME, "source_sha256": sha, "municipality_code": "0160"}
    row = pl.DataFrame([about])
    for table in (DELIVERIES, RESPONSES, TEXTS):
        warehouse.replace(table, row, None)
    warehouse.replace(COMPLETE, pl.DataFrame({"sha256": [sha], "reading_key": [sha]}), None)

    def killed(*args):
        raise KeyboardInterrupt

    failed = [harmonised._Failed("d", NAME, 2024, WHY)]
    with monkeypatch.context() as patched:
        patched.setattr(harmonised, "set_aside", killed)
        with pytest.raises(KeyboardInterrupt):
            harmonised._set_aside(warehouse, paths, row, failed)
    assert path.is_file()
    assert [warehouse.read(table).height for table in (COMPLETE, DELIVERIES, RESPONSES, TEXTS)] == [0, 0, 0, 0]
    harmonised._set_aside(warehouse, paths, row, failed)
    assert waiting(paths) == [NAME]
