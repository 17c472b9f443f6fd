"""Which files that were set aside still wait: told by their contents, whatever the clock was when they came."""

from __future__ import annotations

import os

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.delivery_reports import waiting_files
from assets.intake.receive import file_hash, set_aside
from assets.methods.errors import PipelineError
from assets.overview.gather import gather
from assets.rejected_files import REJECTED, TAKEN, remember
from pipelines.paths import Paths
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
