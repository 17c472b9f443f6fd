"""Take in what lies in the inbox: read, recognise, archive; set aside what cannot be read.

Touches the file system only inside the folders it is given. A set-aside file is moved untouched to `avvisade/` with the
sentence that says why beside it; nothing else changes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.catalogue.models import Codebook
from assets.intake.delivery import RawDelivery
from assets.intake.readers import read_delivery
from assets.intake.recognise import known_names, recognise, waves
from assets.methods.errors import PipelineError

IGNORED_PREFIXES = (".", "~$", "_")


@dataclass(frozen=True)
class Received:
    """A delivery that could be read, with the codebook it follows and the wave of each row."""

    delivery: RawDelivery
    codebook: Codebook
    wave: pl.Series
    received_ns: int


@dataclass(frozen=True)
class Rejected:
    """A file that was set aside: its name, hash and the sentence the steward reads."""

    file_name: str
    sha256: str
    code: str
    sentence: str


def inbox_files(folder: Path) -> list[Path]:
    """Files a person has dropped, by name; hidden files and Office lock files are left alone."""
    if not folder.exists():
        return []
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith(IGNORED_PREFIXES))


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def receive(
    paths: Sequence[Path], archive: Path, rejected: Path, codebooks: Iterable[Codebook], already: frozenset[str]
) -> tuple[list[Received], list[Rejected]]:
    """Read the files whose hash is not in `already`.

    Returns:
        What could be read, and what was set aside; both in the order of `paths`. The same bytes under a second name are left
        where they lie.
    """
    books = tuple(codebooks)
    names = known_names(books)
    taken: list[Received] = []
    refused: list[Rejected] = []
    seen = set(already)
    for path in paths:
        digest = file_hash(path)
        if digest in seen:
            continue
        seen.add(digest)
        try:
            delivery = read_delivery(path, names)
            book = recognise(path.name, delivery.cells.columns, books)
            taken.append(Received(delivery, book, waves(path.name, delivery.cells, book), path.stat().st_mtime_ns))
        except PipelineError as error:
            refused.append(set_aside(path, rejected, error, digest))
            continue
        archive_copy(path, archive, digest)
    return taken, refused


def archive_copy(path: Path, archive: Path, digest: str) -> Path:
    """Keep a copy under the file's hash; an existing copy is left as it is."""
    target = archive / digest / path.name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".del")
        shutil.copy2(path, partial)
        partial.replace(target)
    return target


def set_aside(path: Path, rejected: Path, error: PipelineError, digest: str) -> Rejected:
    """Move a file to the rejected folder and write the sentence beside it; nothing that lies there is overwritten."""
    rejected.mkdir(parents=True, exist_ok=True)
    names = [path.name, *(f"{path.stem}-{digest[:8]}{more}{path.suffix}" for more in ("", *(f"-{n}" for n in range(2, 1000))))]
    target = next(rejected / name for name in names if not (rejected / name).exists() and not _note(rejected / name).exists())
    shutil.move(path, target)
    _note(target).write_text(f"{error}\n", encoding="utf-8")
    return Rejected(path.name, digest, error.code, str(error))


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".txt")
