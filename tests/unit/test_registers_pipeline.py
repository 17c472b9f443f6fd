"""Register files between the inbox and the tables: what can't be read is set aside, the rest goes on."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import polars as pl
import pytest

from assets.registers.files import BUNDLED
from assets.registers.models import RAW_SCHEMA, VALUE_SCHEMA
from assets.registers.pipeline import parse_registers, read_register_files

PUPILS = "antal_elever_per_arskurs_2023_skolenhet.csv"


@pytest.fixture
def folders(tmp_path):
    """Inbox, archive and rejected folder, with one good file."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    shutil.copy(BUNDLED / PUPILS, inbox / PUPILS)
    return inbox, tmp_path / "arkiv", tmp_path / "avvisade"


def read(folders: tuple[Path, Path, Path]):
    inbox, archive, rejected = folders
    return read_register_files(sorted(inbox.iterdir()), archive, rejected)


def test_a_register_becomes_rows_of_text_with_provenance_and_then_values(folders):
    rows, refused = read(folders)
    digest = hashlib.sha256((BUNDLED / PUPILS).read_bytes()).hexdigest()
    assert refused == []
    assert dict(rows.schema) == RAW_SCHEMA
    assert set(rows["source_sha256"]) == {digest}
    assert (folders[1] / digest / PUPILS).exists()
    tables = parse_registers(rows)
    assert dict(tables.values.schema) == VALUE_SCHEMA
    known = tables.values.filter((pl.col("source") == "skolverket") & pl.col("value").is_not_null())
    assert set(known["year"]) == {2024}
    county = known.filter((pl.col("area_code") == "01") & (pl.col("indicator_key") == "pupils_ak9"))
    assert county.height == 1
    assert county["value"][0] > 20_000
    assert tables.schools.height > 300


def test_the_same_file_under_another_name_is_read_once(folders):
    shutil.copy(folders[0] / PUPILS, folders[0] / "kopia.csv")
    rows, refused = read(folders)
    assert refused == []
    assert set(rows["source_file"]) == {PUPILS}


def test_a_file_that_is_no_register_is_set_aside_alone(folders):
    (folders[0] / "anteckningar.csv").write_text("en;två\n1;2\n", encoding="utf-8")
    (folders[0] / "tom.csv").write_bytes(b"")
    rows, refused = read(folders)
    assert set(rows["source_file"]) == {PUPILS}
    assert [r.file_name for r in refused] == ["anteckningar.csv", "tom.csv"]
    for refusal in refused:
        assert not (folders[0] / refusal.file_name).exists()
        assert (folders[2] / f"{refusal.file_name}.txt").read_text(encoding="utf-8") == refusal.sentence + "\n"
        assert ": väntade " in refusal.sentence
        assert ", fick " in refusal.sentence


def test_a_file_that_reads_but_does_not_parse_is_set_aside_too(folders):
    text = (folders[0] / PUPILS).read_text(encoding="utf-8-sig")
    (folders[0] / PUPILS).unlink()
    header = next(line for line in text.splitlines() if "Kommun-kod" in line)
    (folders[0] / "kort.csv").write_text(text[: text.index(header) + len(header) // 2], encoding="utf-8")
    rows, refused = read(folders)
    assert rows.is_empty()
    assert [r.file_name for r in refused] == ["kort.csv"]


def test_no_files_give_empty_tables_with_the_right_columns(tmp_path):
    rows, refused = read_register_files([], tmp_path / "arkiv", tmp_path / "avvisade")
    assert (rows.height, refused) == (0, [])
    assert dict(rows.schema) == RAW_SCHEMA
    tables = parse_registers(rows)
    assert dict(tables.values.filter(pl.col("source") == "skolverket").schema) == VALUE_SCHEMA


def test_the_order_of_the_files_does_not_matter(folders):
    shutil.copy(BUNDLED / "antal_elever_per_arskurs_2022_skolenhet.csv", folders[0])
    paths = sorted(folders[0].iterdir())
    one, _ = read_register_files(paths, folders[1], folders[2])
    other, _ = read_register_files(paths[::-1], folders[1], folders[2])
    assert one.equals(other)
    shuffled = one.sample(fraction=1, shuffle=True, seed=1)
    assert parse_registers(shuffled).values.equals(parse_registers(one).values)
