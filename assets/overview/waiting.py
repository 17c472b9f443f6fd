"""Which files that were set aside still wait for somebody. Told by contents, never by a clock: a clock may have gone back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from assets.intake.names import stored_name
from assets.intake.receive import file_hash


@dataclass(frozen=True)
class SetAside:
    """A file that waits: the name it was delivered under, the sentence, and the name it has among those set aside."""

    name: str
    sentence: str
    stored: str


def still_waiting(folder: Path, rejected: pl.DataFrame, taken: pl.DataFrame) -> Iterator[SetAside]:
    """The files that lie in the folder and have not been dealt with, by name.

    A file is dealt with when the same content has been taken in, when another content of its name has been taken in since, or
    when it has been taken away. A link is not followed: its name and sentence are all that it is known by.

    Args:
        rejected: `raw.rejected_files`; a row from before `taken_before` was kept waits until its file is taken in or away.
        taken: `source_file, source_sha256` of all that has been taken in (`raw.survey_deliveries`, `raw.form_files`).
    """
    known: dict[str, set[str]] = {}
    for name, sha in taken.select("source_file", "source_sha256").iter_rows() if taken.height else ():
        known.setdefault(name, set()).add(sha)
    hashes = set(rejected["sha256"]) if rejected.height else set()
    contents = {sha for shas in known.values() for sha in shas}
    for row in rejected.sort("file_name", "sha256").iter_rows(named=True) if rejected.height else ():
        stored = _stored_as(folder, row, hashes)
        before = row.get("taken_before")
        since = known.get(row["file_name"], set()) - set(before.split()) if before is not None else set()
        if stored and row["sha256"] not in contents and not since:
            yield SetAside(row["file_name"], row["sentence"], stored)


def _stored_as(folder: Path, row: Mapping[str, Any], hashes: Collection[str]) -> str:
    """The name that the file of a row has in the folder: its sentence and its content; empty when it is gone.

    A file there that somebody has changed has its sentence still, and a content that is no row's (`hashes`).
    """
    stem, changed = Path(stored_name(row["file_name"])).stem, ""
    for note, file in notes(folder):
        if not file.name.startswith(stem) or first_line(note) != row["sentence"]:
            continue
        digest = row["sha256"] if file.is_symlink() else file_hash(file)
        if digest == row["sha256"]:
            return file.name
        changed = changed or (file.name if digest not in hashes else "")
    return changed


def first_line(note: Path) -> str:
    """The sentence of the text file beside a set-aside file; below it may stand what the file touches."""
    return note.read_text(encoding="utf-8").split("\n", 1)[0].strip()


def notes(folder: Path) -> Iterator[tuple[Path, Path]]:
    """The text files of a folder that lie beside a file, with that file, by name."""
    beside = ((note, note.with_suffix("")) for note in sorted(folder.glob("*.txt")))
    return ((note, file) for note, file in beside if file.is_file())
