"""What a backup is: a zip file with the content of each file once and a list that says where it goes (docs/adr/0055).

`innehall/<number>` holds the bytes, `sakerhetskopia.json` the list: path, size, SHA-256 and time of each file. Encrypted it is
that zip file through `assets/hygiene/encryption.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from zipfile import ZipFile

from assets.methods.errors import PipelineError
from assets.sealing.archive import DEVICES
from assets.zip_faults import DIRECTORY_FAULTS, UNPACK_FAULTS
from pipelines import migrations

FORMAT, VERSION, LIST = "did-sakerhetskopia", 1, "sakerhetskopia.json"
SUFFIX = ".didkopia"
BLOCK = 1 << 20
LARGEST_LIST = 256 << 20
ON_WINDOWS = os.name == "nt"
LONGEST_NAME = 255
"""Bytes of a name that file systems take."""
_ANOTHER = "Ange en fil som did sakerhetskopia har skrivit."
_DAMAGED = "Använd en annan säkerhetskopia. Datamappen är orörd."


@dataclass(frozen=True)
class Kept:
    """A file of the data folder: where (POSIX, relative), how large, its hash and time, and where in the backup it lies."""

    path: str
    size: int
    sha256: str
    mtime_ns: int
    entry: str


@dataclass(frozen=True)
class Contents:
    """The list of a backup. `schema`: the newest version of a warehouse that the program knew."""

    made: str
    program: str
    schema: int
    with_keys: bool
    with_dagster: bool
    files: tuple[Kept, ...]

    def text(self) -> str:
        """As JSON."""
        return json.dumps({"format": FORMAT, "version": VERSION, **asdict(self)}, ensure_ascii=False, indent=0)


def read_contents(packed: ZipFile, name: str) -> Contents:
    """The list of a backup.

    Raises:
        PipelineError: `not_backup`, `backup_newer`, `damaged_backup`.
    """
    if LIST not in packed.namelist() or packed.getinfo(LIST).file_size > LARGEST_LIST:
        raise PipelineError("not_backup", name, "en säkerhetskopia från det här programmet", "en annan fil", _ANOTHER)
    try:
        told = json.loads(packed.read(LIST))
        kind, version = told.pop("format"), int(told.pop("version"))
    except (*UNPACK_FAULTS, KeyError, TypeError, AttributeError):
        raise damaged(name) from None
    if kind != FORMAT:
        raise PipelineError("not_backup", name, "en säkerhetskopia från det här programmet", "en annan fil", _ANOTHER)
    try:
        found = Contents(**{**told, "files": tuple(Kept(**one) for one in told["files"])}) if version == VERSION else None
        newer = found is None or found.schema > migrations.newest()
        safe = found is None or all(_is_safe(one) for one in found.files)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise damaged(name) from None
    if found is None or newer:
        hint = "Återställ den med den versionen av programmet. Datamappen är orörd."
        raise PipelineError("backup_newer", name, "en säkerhetskopia som den här versionen kan läsa", "en nyare", hint)
    folders = {str(above) for one in found.files for above in PurePosixPath(one.path).parents}
    names = {one.path for one in found.files}
    if not safe or len(names) != len(found.files) or names & folders:
        raise damaged(name)
    return found


def damaged(name: str) -> PipelineError:
    """What is told of a backup that isn't as it was written."""
    return PipelineError("damaged_backup", name, "en hel säkerhetskopia", "en som är avkortad, ändrad eller skadad", _DAMAGED)


def opened(path: Path, name: str) -> ZipFile:
    """The zip file of a backup. Raises PipelineError `not_backup`."""
    try:
        return ZipFile(path)
    except DIRECTORY_FAULTS:
        hint = f"{_ANOTHER} Är det en säkerhetskopia är den avkortad eller skadad."
        raise PipelineError("not_backup", name, "en säkerhetskopia från det här programmet", "en annan fil", hint) from None


def copy_out(packed: ZipFile, one: Kept, out: BinaryIO | None, name: str) -> None:
    """Write a file of the backup, or only read it, and compare it with the list. Raises PipelineError `damaged_backup`."""
    digest, size = hashlib.sha256(), 0
    try:
        with packed.open(one.entry) as file:
            while block := file.read(BLOCK):
                size += len(block)
                if size > one.size:
                    raise damaged(name)
                digest.update(block)
                if out is not None:
                    out.write(block)
    except (*UNPACK_FAULTS, KeyError):
        raise damaged(name) from None
    if size != one.size or digest.hexdigest() != one.sha256:
        raise damaged(name)


def _is_safe(one: Kept) -> bool:
    """Whether a file's path stays below the folder it is put in, on every system, and its size and time are such."""
    parts = PurePosixPath(one.path).parts
    stays = bool(parts) and not one.path.startswith("/") and all(_is_safe_name(part) for part in parts)
    return stays and type(one.size) is int and one.size >= 0 and type(one.mtime_ns) is int and isinstance(one.entry, str)


def _is_safe_name(part: str) -> bool:
    """Whether a name is a file's here: no way up, nothing that a disk can't hold, on Windows no drive, folder or device.

    Elsewhere a delivery may be called `Täby 10:30.csv`, and has to be put back by that name.
    """
    if part == ".." or "\0" in part or len(part.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        return False
    return not ON_WINDOWS or not (set(part) & set("\\:") or part.split(".", maxsplit=1)[0].rstrip().upper() in DEVICES)
