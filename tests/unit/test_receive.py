"""Taking in the inbox: nothing twice, nothing lost, nothing overwritten; and the rows of the raw tables."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.intake.receive import Received, Rejected, archive_copy, file_hash, inbox_files, receive, set_aside
from assets.intake.tables import (
    DELIVERY_SCHEMA,
    RESPONSE_SCHEMA,
    coded_cells,
    delivery_rows,
    in_deliveries,
    rejected_rows,
    response_rows,
    text_rows,
    value_labels,
)
from assets.methods.errors import PipelineError
from tests.support.bad_files import survey_cells

BOOKS = load_catalogue().codebooks
NEW = next(b for b in BOOKS if b.match_by == "code")
NOTHING = frozenset()


class Inbox:
    """An inbox with its archive and rejected folder."""

    def __init__(self, root: Path) -> None:
        self.files, self.archive, self.rejected = root / "inbox", root / "arkiv", root / "avvisade"
        self.files.mkdir()

    def drop(self, name: str, content: bytes) -> Path:
        """Put a file in the inbox."""
        path = self.files / name
        path.write_bytes(content)
        return path

    def receive(self, already: frozenset[str] = NOTHING) -> tuple[list[Received], list[Rejected]]:
        """Take in what lies there."""
        return receive(inbox_files(self.files), self.archive, self.rejected, BOOKS, already)


@pytest.fixture
def inbox(tmp_path):
    """An empty inbox."""
    return Inbox(tmp_path)


def good(rows: int = 3, wave: int = 2024) -> bytes:
    """A small delivery as CSV."""
    return survey_cells(NEW, rows).with_columns(pl.lit(wave).alias("ar")).write_csv(separator=";").encode()


def error(text: str = "fel") -> PipelineError:
    return PipelineError("empty", "fil.csv", "en fil med svar", text, "Exportera filen på nytt.")


def test_a_delivery_is_read_and_archived_under_its_hash(inbox):
    path = inbox.drop("täby.csv", good())
    (received,), refused = inbox.receive()
    assert refused == []
    assert received.codebook is NEW
    assert received.wave.to_list() == [2024] * 3
    assert received.received_ns == path.stat().st_mtime_ns
    digest = hashlib.sha256(good()).hexdigest()
    assert (inbox.archive / digest / "täby.csv").read_bytes() == good()
    assert path.exists(), "the inbox is the steward's; nothing good is moved"


def test_the_same_content_is_never_taken_twice(inbox):
    inbox.drop("a.csv", good())
    inbox.drop("b.csv", good())
    taken, _ = inbox.receive()
    assert [r.delivery.file_name for r in taken] == ["a.csv"]
    assert response_rows(taken, [2024]).height == 3
    inbox.drop("igen.csv", good())
    assert inbox.receive(frozenset({file_hash(inbox.files / "a.csv")})) == ([], [])


def test_one_bad_file_is_set_aside_and_the_others_go_on(inbox):
    inbox.drop("a.csv", b"")
    inbox.drop("b.csv", good())
    bad = inbox.drop("c.csv", b"Konto;Belopp\n1;2\n")
    taken, refused = inbox.receive()
    assert [r.delivery.file_name for r in taken] == ["b.csv"]
    assert [(r.file_name, r.code) for r in refused] == [("a.csv", "empty"), ("c.csv", "unknown_variables")]
    assert not bad.exists()
    assert (inbox.rejected / "c.csv").read_bytes() == b"Konto;Belopp\n1;2\n"
    assert (inbox.rejected / "c.csv.txt").read_text(encoding="utf-8") == refused[1].sentence + "\n"
    assert not (inbox.archive / hashlib.sha256(b"").hexdigest()).exists()
    assert inbox.receive(frozenset({taken[0].delivery.sha256})) == ([], [])


def test_hidden_lock_and_sub_folders_are_left_alone(inbox):
    for name in (".DS_Store", "~$täby.xlsx", "_utkast.csv"):
        inbox.drop(name, b"x")
    (inbox.files / "mapp").mkdir()
    inbox.drop("b.csv", b"x")
    inbox.drop("a.csv", b"x")
    assert [p.name for p in inbox_files(inbox.files)] == ["a.csv", "b.csv"]
    assert inbox_files(inbox.files / "saknas") == []


def test_setting_aside_never_overwrites(inbox):
    """The same name with other content, the same again, and a file whose name is another's note."""
    contents = [b"ett", b"tva", b"tva", b"tva", b"note"]
    names = ["a.csv", "a.csv", "a.csv", "a.csv", "a.csv.txt"]
    for name, content in zip(names, contents, strict=True):
        path = inbox.drop(name, content)
        set_aside(path, inbox.rejected, error(content.decode()), file_hash(path))
    kept = {p.name: p.read_bytes() for p in inbox.rejected.iterdir()}
    assert kept["a.csv"] == b"ett"
    assert sorted(v for v in kept.values() if v in contents) == sorted(contents)
    notes = [name for name in kept if b"Exportera" in kept[name]]
    assert len(kept) == 2 * len(contents) == 2 * len(notes), "every file has a note of its own"
    for note in notes:
        assert kept[note] == str(error(kept[note.removesuffix(".txt")].decode())).encode() + b"\n"
    path = inbox.drop("b.csv", b"b")
    (inbox.rejected / "b.csv.txt").write_bytes(b"stewardens egen anteckning")
    set_aside(path, inbox.rejected, error(), file_hash(path))
    assert (inbox.rejected / "b.csv.txt").read_bytes() == b"stewardens egen anteckning"


def test_an_archived_copy_is_left_as_it_is(inbox):
    path = inbox.drop("a.csv", b"innehall")
    first = archive_copy(path, inbox.archive, "abc")
    path.write_bytes(b"annat")
    assert archive_copy(path, inbox.archive, "abc") == first
    assert first.read_bytes() == b"innehall"
    assert [p.name for p in first.parent.iterdir()] == ["a.csv"], "no half copy is left"


def test_rows_of_the_raw_table_carry_provenance(inbox):
    inbox.drop("a.csv", b"Enkat\n" + good(2))
    inbox.drop("b.csv", good(1, wave=2022))
    taken, _ = inbox.receive()
    rows = response_rows(taken, [2022, 2024])
    assert dict(rows.schema) == RESPONSE_SCHEMA
    assert rows.select("wave", "source_file", "source_row").rows() == [(2024, "a.csv", 3), (2024, "a.csv", 4), (2022, "b.csv", 2)]
    assert rows["delivery_id"].to_list() == [r.delivery.delivery_id for r in (taken[0], taken[0], taken[1])]
    assert response_rows(taken, [2022])["source_file"].to_list() == ["b.csv"]
    assert response_rows([], [2022]).schema == rows.schema


def test_a_delivery_read_from_spss_counts_its_rows_from_one(inbox):
    inbox.drop("a.csv", good(2))
    (received,), _ = inbox.receive()
    plain = replace(received, delivery=replace(received.delivery, row_numbers=()))
    assert response_rows([plain], [2024])["source_row"].to_list() == [1, 2]


def test_one_row_per_delivery_and_wave_and_the_way_back(inbox):
    stacked = pl.concat([survey_cells(NEW, 2), survey_cells(NEW, 1).with_columns(pl.lit(2022).cast(pl.Int64).alias("ar"))])
    inbox.drop("a.csv", stacked.write_csv(separator=",").encode("cp1252"))
    taken, _ = inbox.receive()
    taken = [replace(taken[0], delivery=replace(taken[0].delivery, value_labels={"F2": {"1": "Pojke å"}}))]
    table = delivery_rows(taken, [2022, 2024])
    assert dict(table.schema) == DELIVERY_SCHEMA
    assert table.select("wave", "file_format", "delimiter", "codebook", "rows").rows() == [
        (2022, "csv", ",", NEW.id, 1),
        (2024, "csv", ",", NEW.id, 2),
    ]
    assert delivery_rows(taken, [2020]).height == 0
    columns = table["columns"][0]
    texts = dict(text_rows(taken, [2022, 2024]).select("wave", "texts").iter_rows())
    back = coded_cells(response_rows(taken, [2022, 2024]), columns, texts[2024])
    assert texts[2022] == texts[2024]
    assert back.as_text().equals(taken[0].delivery.cells)
    assert value_labels(table["value_labels"][0]) == {"F2": {"1": "Pojke å"}}


def test_names_that_differ_only_in_case_survive_the_way_through_the_raw_table():
    rows = pl.DataFrame({"codes": [[1, 1], [2, 0]]}, schema={"codes": pl.List(pl.UInt32)})
    cells = coded_cells(rows, '["f66a", "F66a"]', '[["1", "3"], ["2"]]')
    assert cells.as_text().to_dict(as_series=False) == {"f66a": ["1", "3"], "F66a": ["2", None]}


def test_what_was_set_aside_becomes_a_table():
    taken = {"a.csv": ["1" * 64, "2" * 64], "b.csv": ["3" * 64]}
    assert rejected_rows([Rejected("a.csv", "f" * 64, "empty", "En mening.")], taken).rows() == [
        ("a.csv", "f" * 64, "empty", "En mening.", f"{'1' * 64} {'2' * 64}")
    ]
    assert rejected_rows([], {}).columns == ["file_name", "sha256", "code", "sentence", "taken_before"]


def test_rows_are_cut_into_deliveries_and_waves_in_the_order_of_the_file():
    table = pl.DataFrame(
        {
            "delivery_id": ["b", "b", "a", "a"],
            "wave": [2022, 2024, 2024, 2024],
            "source_row": [1, 2, 3, 4],
            "codes": [[1], [2], [3], [4]],
        }
    )
    expected = {("a", 2024): [[3], [4]], ("b", 2022): [[1]], ("b", 2024): [[2]]}
    for order in ([0, 1, 2, 3], [3, 0, 2, 1], [2, 0, 3, 1]):
        parts = in_deliveries(table[order])
        assert {key: part["codes"].to_list() for key, part in parts.items()} == expected
