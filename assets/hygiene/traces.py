"""What a delivery leaves behind in files: hash, id, name, pieces of its content. Found, and taken out of Dagster's log."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from zipfile import ZipFile, ZipInfo

from assets.hygiene.deliveries import Delivery
from assets.intake.names import in_markdown, shown_name, stored_name
from assets.methods.errors import PipelineError
from assets.zip_faults import DIRECTORY_FAULTS, ENTRY_FAULTS

BLOCK = 1 << 24
PIECES, PIECE_BYTES, MIXED_BYTES = 5, 48, 12
REDACTED = "gallrad"
PACKED, LARGEST_UNPACKED = (".zip", ".xlsx", ".pptx", ".docx"), 4 << 30
KEPT = ("reports", "publicerat", "register", "utgivning", "godkannanden", "gallring", "gallrade.jsonl")
"""What has been published or is our own record: cells and hashes, no microdata. It stays, and may name a delivery's hash."""


@dataclass(frozen=True)
class Traces:
    """`words`: hash, id and names, as they may be written; `pieces`: bytes out of the middle of the file."""

    words: tuple[str, ...]
    pieces: tuple[bytes, ...]

    @property
    def needles(self) -> tuple[bytes, ...]:
        """Everything to search for."""
        return (*(word.encode() for word in self.words), *self.pieces)


def traces(doomed: Sequence[Delivery], shared: set[str], copies: Sequence[Path]) -> Traces:
    """What to look for.

    Args:
        shared: names that a delivery which stays also has; they tell nothing. copies: readable copies of the files.
    """
    names = sorted({name for one in doomed for name in one.names} - shared)
    words = [word for one in doomed for word in (one.sha256, one.delivery_id, *one.form_ids)]
    words += [form for name in names for form in _written(name)]
    return Traces(tuple(dict.fromkeys(words)), tuple(dict.fromkeys(piece for path in copies for piece in pieces_of(path))))


def _written(name: str) -> Iterator[str]:
    """A name as itself, in Markdown, and either of them in JSON, once and twice over (a text in an event in an event log)."""
    for form in dict.fromkeys((name, shown_name(name), stored_name(name), in_markdown(name))):
        once = json.dumps(form)[1:-1]
        yield from (form, once, json.dumps(once)[1:-1])


def pieces_of(path: Path) -> list[bytes]:
    """A few pieces of a file's content that are mixed enough to stand for it."""
    size = path.stat().st_size
    found = []
    with path.open("rb") as file:
        for part in range(1, PIECES + 1):
            file.seek(size * part // (PIECES + 1))
            piece = file.read(PIECE_BYTES)
            if len(piece) == PIECE_BYTES and len(set(piece)) >= MIXED_BYTES:
                found.append(piece)
    return found


def holds(path: Path, needles: Sequence[bytes]) -> bool:
    """Whether one of the needles stands in a file's name or bytes."""
    if any(needle in path.name.encode() for needle in needles):
        return True
    with path.open("rb") as file:
        return _in_stream(file, needles)


def holds_inside(path: Path, needles: Sequence[bytes]) -> bool | None:
    """As `holds`, also in the files of a zip file or an Office file; None when the inside of one couldn't be searched.

    That is so when it is damaged, locked, packed in another way or far too large: then nobody can say that nothing is in it.
    """
    if holds(path, needles):
        return True
    if path.suffix.lower() not in PACKED:
        return False
    try:
        packed = ZipFile(path)
    except DIRECTORY_FAULTS:
        return None
    with packed:
        parts = packed.infolist()
        if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
            return None
        return _in_parts(packed, parts, needles)


def _in_parts(packed: ZipFile, parts: Sequence[ZipInfo], needles: Sequence[bytes]) -> bool | None:
    """Whether a needle stands in one of the parts; None when it is in none that can be unpacked, and some can't."""
    whole = True
    for part in parts:
        try:
            with packed.open(part) as file:
                if _in_stream(file, needles):
                    return True
        except ENTRY_FAULTS:
            whole = False
    return False if whole else None


def _in_stream(file: IO[bytes], needles: Sequence[bytes]) -> bool:
    overlap = max(map(len, needles), default=1)
    tail = b""
    while block := file.read(BLOCK):
        both = tail + block
        if any(needle in both for needle in needles):
            return True
        tail = both[-overlap:]
    return False


def files_below(home: Path) -> list[Path]:
    """Every file below a folder, links left alone, by path."""
    return sorted(path for path in home.rglob("*") if path.is_file() and not path.is_symlink())


def is_kept(path: Path, home: Path) -> bool:
    """Whether a file is one of those that stay (see `KEPT`), also those of a profile."""
    parts = path.relative_to(home).parts
    return parts[2 if parts[0] == "profiler" and len(parts) > 2 else 0] in KEPT


def redact(dagster: Path, words: Sequence[str]) -> int:
    """Write `gallrad` instead of the words in Dagster's databases and logs, and pack the databases anew.

    Returns:
        How many files were changed.

    Raises:
        PipelineError: `dagster_busy` when Dagster is at work.
    """
    changed = 0
    for path in files_below(dagster) if dagster.is_dir() else ():
        if path.suffix == ".db":
            changed += _redact_database(path, words)
        elif path.suffix not in (".db-wal", ".db-shm") and holds(path, [word.encode() for word in words]):
            content = path.read_bytes()
            for word in words:
                content = content.replace(word.encode(), REDACTED.encode())
            path.write_bytes(content)
            changed += 1
    return changed


def _redact_database(path: Path, words: Sequence[str]) -> bool:
    beside = [path, *(p for p in (Path(f"{path}-wal"),) if p.exists())]
    if not any(holds(one, [word.encode() for word in words]) for one in beside):
        return False
    try:
        with closing(sqlite3.connect(path, timeout=5)) as con:
            tables = [name for (name,) in con.execute("select name from sqlite_master where type = 'table'")]
            for table in tables:
                for column in [row[1] for row in con.execute(f'pragma table_info("{table}")')]:
                    for word in words:
                        place = f'"{table}" set "{column}" = replace("{column}", ?, ?)'
                        con.execute(f"update {place} where typeof(\"{column}\") = 'text' and instr(\"{column}\", ?)",
                                    (word, REDACTED, word))  # fmt: skip
            con.commit()
            con.execute("vacuum")
            con.execute("pragma wal_checkpoint(truncate)")
    except sqlite3.OperationalError:
        hint = "Stäng Dagster-sidan (did ui) och vänta tills pågående körningar är klara. Kör sedan did gallra igen."
        raise PipelineError("dagster_busy", "Dagsters logg", "att loggen är ledig", "att den används", hint) from None
    return True
