"""`did sakerhetskopia`: the whole data folder as it is at one moment, in one file that is read back before it gets its name.

The warehouses are held while everything is copied, so tables, bundles and registers belong together. Left out are what can be
made again (caches, the training county), other backups, and, unless asked for, the keys and Dagster's own storage.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from assets.hygiene import encryption
from assets.hygiene.keys import configured_key, required_key
from assets.hygiene.permissions import own
from assets.hygiene.traces import files_below
from assets.ledger.alive import SUFFIX as LOCK
from assets.ledger.alive import is_living
from assets.methods.errors import PipelineError
from assets.whole_files import HALF, flush_file, half_of, take_place
from pipelines import migrations
from pipelines.backup_format import BLOCK, LIST, Contents, Kept, copy_out, damaged, read_contents
from pipelines.paths import COPIES, PROFILES, Paths
from pipelines.provenance import code_version
from pipelines.warehouse import Warehouse

KEYS, DAGSTER = "nycklar", "dagster"
LEFT_OUT = frozenset({"cache", "ovning", COPIES})
TEMPORARY = ".kopia-"
PARTIAL = (HALF, ".del", ".wal", ".ny", LOCK)
"""Endings of files that are being written, and of locks."""
PACKED = frozenset({".zip", ".png", ".pptx", ".docx", ".xlsx", ".parquet", ".pdf", ".zsav", ".woff2", encryption.SUFFIX})
"""Kinds of files that don't get smaller."""


@dataclass(frozen=True)
class Made:
    """A backup that has been written and read back."""

    path: Path
    files: int
    bytes_kept: int
    size: int
    encrypted: bool


def make_backup(home: Path, target: Path, *, with_keys: bool = False, with_dagster: bool = False, encrypt: bool = False) -> Made:
    """Write a backup of a data folder and read it back.

    Args:
        home: the data folder, with the folders of all profiles. target: the file to write; it must not be there.
        encrypt: refuse when there is no key; with a key it is encrypted always.

    Raises:
        PipelineError: `backup_exists`, `nothing_to_back_up`, `run_under_way`, `warehouse_busy`, `changed_meanwhile`, `no_room`,
            those of `required_key`; `damaged_backup` when what was written can't be read back.
    """
    key = required_key() if encrypt else configured_key()
    final = target.with_name(target.name + encryption.SUFFIX) if key else target
    if final.exists():
        raise PipelineError("backup_exists", str(final), "ett ledigt filnamn", "en fil som redan finns", "Ange ett annat namn.")
    if not home.is_dir() or not any(home.iterdir()):
        raise PipelineError(
            "nothing_to_back_up", str(home), "en datamapp med innehåll", "en som saknas eller är tom", "Kör did kor."
        )
    plain = half_of(target)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with held(home, final.parent) as copies:
            contents = _write(home, plain, copies, with_keys=with_keys, with_dagster=with_dagster)
        _read_back(plain, final.name, contents)
        if key:
            encryption.encrypt_file(plain, final, key)
            _require_same(plain, final, key)
        else:
            flush_file(plain)
            take_place(plain, final)
    except OSError:
        hint = "Frigör utrymme eller välj en annan plats, och kör igen."
        raise PipelineError("no_room", str(final.parent), "en plats att skriva säkerhetskopian på", "ett fel", hint) from None
    finally:
        plain.unlink(missing_ok=True)
    kept = sum(one.size for one in contents.files)
    return Made(final, len(contents.files), kept, final.stat().st_size, key is not None)


def roots(home: Path) -> list[Path]:
    """The folders of the base and of the profiles."""
    return [home, *(path for path in sorted((home / PROFILES).glob("*")) if path.is_dir())]


def require_rest(home: Path) -> None:
    """Raises PipelineError `run_under_way` when a run goes on: between its steps nothing is held, but nothing is finished."""
    for root in roots(home):
        locks = Paths(root).history_locks
        if any(is_living(locks, path.stem) for path in locks.glob(f"*{LOCK}")):
            hint = "Vänta tills den är klar och försök igen."
            raise PipelineError("run_under_way", str(root), "att ingen körning pågår", "en körning som pågår", hint)


@contextmanager
def held(home: Path, folder: Path) -> Iterator[dict[Path, Path]]:
    """Hold all warehouses; the path of each -> a consistent copy of it, which is gone after the block."""
    require_rest(home)
    with ExitStack() as stack:
        if folder == home / COPIES:  # nobody else's: elsewhere the backup of another data folder may be under way
            for left in folder.glob(f"{TEMPORARY}*"):
                shutil.rmtree(left)
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=folder)))
        copies = {}
        for number, root in enumerate(roots(home)):
            path = Paths(root).warehouse
            if path.exists():
                copies[path] = place / f"{number}.duckdb"
                stack.enter_context(Warehouse(path).copied_to(copies[path]))
        yield copies


def chosen(home: Path, *, with_keys: bool, with_dagster: bool) -> list[Path]:
    """The files that belong in a backup, by path; the warehouses among them."""
    left_out = LEFT_OUT | (frozenset() if with_keys else {KEYS}) | (frozenset() if with_dagster else {DAGSTER})
    return [
        path
        for path in files_below(home)
        if _area(path, home) not in left_out
        and not path.name.endswith(PARTIAL)
        and not any(part.startswith(TEMPORARY) for part in path.relative_to(home).parts)
    ]


def _area(path: Path, home: Path) -> str:
    parts = path.relative_to(home).parts
    return parts[2 if parts[0] == PROFILES and len(parts) > 2 else 0]


def _write(home: Path, target: Path, copies: dict[Path, Path], *, with_keys: bool, with_dagster: bool) -> Contents:
    files: list[Kept] = []
    entries: dict[str, str] = {}
    with (
        target.open("wb") as out,
        ZipFile(out, "w") as packed,
        tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=target.parent) as folder,
    ):
        own(target)
        for path in chosen(home, with_keys=with_keys, with_dagster=with_dagster):
            source = copies.get(path) or _steady(path, Path(folder))
            try:
                digest, status = _digest(source), path.stat()
            except FileNotFoundError:  # taken out of the inbox since the folder was listed
                continue
            if digest not in entries:
                entries[digest] = f"innehall/{len(entries):06}"
                _put(packed, source, entries[digest], digest, path)
            name = path.relative_to(home).as_posix()
            files.append(Kept(name, source.stat().st_size, digest, status.st_mtime_ns, entries[digest]))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        found = Contents(now, code_version(), migrations.newest(), with_keys, with_dagster, tuple(files))
        packed.writestr(_info(LIST, ZIP_DEFLATED), found.text())
    return found


def _put(packed: ZipFile, source: Path, entry: str, digest: str, path: Path) -> None:
    """Put a file's bytes in the backup. Raises PipelineError `changed_meanwhile`."""
    written = hashlib.sha256()
    how = ZIP_STORED if path.suffix in PACKED else ZIP_DEFLATED
    with source.open("rb") as file, packed.open(_info(entry, how), "w", force_zip64=True) as out:
        while block := file.read(BLOCK):
            written.update(block)
            out.write(block)
    if written.hexdigest() != digest:
        hint = "Vänta tills filen har kopierats färdigt och kör igen."
        raise PipelineError("changed_meanwhile", path.name, "en fil som ligger still", "en som ändras", hint)


def _info(name: str, how: int) -> ZipInfo:
    info = ZipInfo(name)
    info.compress_type, info._compresslevel = how, 1  # the fastest: most of it is packed already
    return info


def _steady(path: Path, folder: Path) -> Path:
    """The file itself; of an SQLite database, which may be written to meanwhile, a consistent copy."""
    if path.suffix != ".db":
        return path
    copy = folder / f"{hashlib.sha256(str(path).encode()).hexdigest()}.db"
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_back(path: Path, name: str, wanted: Contents) -> None:
    """Raises PipelineError `damaged_backup` when the file doesn't hold what was put in it."""
    with ZipFile(path) as packed:
        if read_contents(packed, name) != wanted:
            raise damaged(name)
        for one in {one.entry: one for one in wanted.files}.values():
            copy_out(packed, one, None, name)


def _require_same(plain: Path, sealed: Path, key: bytes) -> None:
    """Raises PipelineError when the encrypted file can't be read back as the plain one; it is taken away then."""
    digest = hashlib.sha256()
    try:
        with sealed.open("rb") as file:
            for piece in encryption.opened(file, sealed.name, key):
                digest.update(piece)
        if digest.hexdigest() != _digest(plain):
            raise damaged(sealed.name)
    except PipelineError:
        sealed.unlink(missing_ok=True)
        raise
