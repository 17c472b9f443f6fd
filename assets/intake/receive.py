"""Take in what lies in the inbox: read, recognise, archive; set aside what cannot be read.

Touches the file system only inside the folders it is given. A set-aside file is moved untouched to `avvisade/` with the
sentence that says why beside it; nothing else changes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import polars as pl

from assets.catalogue.models import Codebook
from assets.hygiene.archive import keep
from assets.hygiene.permissions import own as close_to_others
from assets.hygiene.purged import refusal
from assets.intake.by_text import KnownColumns, names_by_text, with_names
from assets.intake.delivery import RawDelivery
from assets.intake.isolated import PROCESSES
from assets.intake.limits import load_limits
from assets.intake.names import linked_file, shown_name, stored_name
from assets.intake.other_profiles import UNKNOWN, OtherInbox, other_profile
from assets.intake.personal import check_personal_data
from assets.intake.readers import read_delivery
from assets.intake.recognise import check_texts, declared_wave, other_years, recognise, waves
from assets.intake.sidecar import SUFFIX, Declared, is_sidecar, read_sidecar, sidecar_hash, sidecar_path
from assets.methods.errors import PipelineError
from assets.whole_files import put_text

NO_WORDINGS: Mapping[str, str] = MappingProxyType({})
IGNORED_PREFIXES = (".", "~$", "_")


@dataclass(frozen=True)
class Received:
    """A delivery that could be read, with the codebook it follows, the wave of each row and what its sidecar declares.

    `named`: column of the file -> its name in the codebook, where the text of the column told which it is.
    """

    delivery: RawDelivery
    codebook: Codebook
    wave: pl.Series
    received_ns: int
    declared: Declared | None = None
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def reading_key(self) -> str:
        """See `reading_key`."""
        return reading_key(self.delivery.sha256, self.declared.sha256 if self.declared else "")


@dataclass(frozen=True)
class Rejected:
    """A file that was set aside: its name, hash and the sentence the steward reads."""

    file_name: str
    sha256: str
    code: str
    sentence: str


def reading_key(digest: str, sidecar_digest: str) -> str:
    """What tells whether a file has been read as it now lies there: its hash, with that of its sidecar if it has one."""
    return f"{digest}+{sidecar_digest}" if sidecar_digest else digest


def inbox_files(folder: Path) -> list[Path]:
    """Files a person has dropped, sidecars too, by name; hidden files and Office lock files are left alone."""
    if not folder.exists():
        return []
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith(IGNORED_PREFIXES))


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def receive(
    paths: Sequence[Path],
    archive: Path,
    rejected: Path,
    codebooks: Iterable[Codebook],
    already: frozenset[str],
    municipalities: Collection[str] = (),
    wordings: Mapping[str, str] = NO_WORDINGS,
    others: Callable[[], Sequence[OtherInbox]] = tuple,
    purged: Collection[str] = (),
) -> tuple[list[Received], list[Rejected]]:
    """Read the files whose `reading_key` is not in `already`.

    Args:
        municipalities: codes that a sidecar may name. wordings: `wordings.known_hashes`, to compare the files' own texts with.
        others: gives the other profiles, asked only about a file that no codebook here knows.
        purged: hashes of files that have been taken away (`assets.hygiene.purged`) and are not to come in again.

    Returns:
        What could be read, and what was set aside; both in the order of `paths`. The same bytes under a second name are left
        where they lie.
    """
    books = tuple(codebooks)
    names, ids = KnownColumns(books, wordings), {b.id for b in books}
    taken: list[Received] = []
    refused: list[Rejected] = []
    digests = {path: file_hash(path) for path in paths if not is_sidecar(path) and not path.is_symlink()}
    fresh = {path: digest for path, digest in digests.items() if reading_key(digest, sidecar_hash(path)) not in already}

    for path in [path for path, digest in fresh.items() if digest in purged]:
        refused.append(set_aside(path, rejected, refusal(path.name, fresh[path]), fresh.pop(path)))

    def read(path: Path) -> tuple[Declared | None, RawDelivery]:
        return read_sidecar(path, ids, municipalities, load_limits().sidecar_bytes), read_delivery(path, names)

    def understood(path: Path, declared: Declared | None, delivery: RawDelivery) -> Received:
        named = names_by_text(delivery, books, wordings)
        told = with_names(delivery, named)
        book = recognise(path.name, told.coded.columns, books, declared.sidecar if declared else None)
        check_texts(path.name, told.column_labels, book, wordings)
        check_personal_data(delivery, told, book)
        year = declared.sidecar.ar if declared else None
        wave = declared_wave(told.coded, int(year)) if year else waves(path.name, told.coded, book)
        notes = other_years(path.name, told.coded, book, int(year)) if year else ()
        noted = replace(delivery, notes=(*delivery.notes, *notes))
        return Received(noted, book, wave, path.stat().st_mtime_ns, declared, named)

    with ThreadPoolExecutor(PROCESSES) as pool:  # the parsers work while we look at what they have read
        first = {digest: path for path, digest in reversed(fresh.items())}
        largest_first = sorted(set(first.values()), key=lambda path: (-path.stat().st_size, path))  # no parser ends up waiting
        ahead = {path: pool.submit(read, path) for path in largest_first}
        seen: set[str] = set()
        for path in paths:
            if path.is_symlink() and not is_sidecar(path):
                refused.append(set_aside(path, rejected, linked_file(path.name), name_hash(path)))
            digest = fresh.get(path, "")
            if not digest or digest in seen:
                continue
            try:
                item = understood(path, *(ahead.pop(path).result() if path in ahead else read(path)))
            except PipelineError as error:
                _require_still(path, digest, digest)
                known = other_profile(path, others()) if error.code in UNKNOWN else None
                refused.append(set_aside(path, rejected, known or error, digest))
                continue
            _require_still(path, digest, item.delivery.sha256)
            seen.add(digest)
            taken.append(item)
            _archive(path, archive, item)
    return taken, refused


def _require_still(path: Path, digest: str, read: str) -> None:
    """Raises PipelineError `changing_file`: the file isn't what it was when the run began; it stays where it is.

    Args:
        digest: hash when the run began. read: hash of the bytes that were read.
    """
    if read != digest or not path.is_file() or file_hash(path) != digest:
        raise PipelineError(
            "changing_file",
            shown_name(path.name),
            "en fil som ligger still medan den läses",
            "en som ändrades eller togs bort under tiden",
            "Vänta tills den har kopierats färdigt till inkorgen och kör igen; filen ligger kvar orörd.",
        )


def _archive(path: Path, archive: Path, item: Received) -> None:
    archive_copy(path, archive, item.delivery.sha256)
    if item.declared:
        name = f"{path.name}.{item.declared.sha256[:8]}.kodbok.yml"
        archive_copy(sidecar_path(path), archive, item.delivery.sha256, name)


def name_hash(path: Path) -> str:
    """What a link is told apart by: its name, since what it points at isn't read."""
    return hashlib.sha256(path.name.encode("utf-8", "surrogateescape")).hexdigest()


def inbox_notes(paths: Sequence[Path], kept: Collection[str] = ()) -> list[str]:
    """Swedish sentences about what lies in the inbox to no use: the same content under two names, sidecars without a file.

    Args:
        kept: names of files that are in the raw tables; of two with the same content such a one is called the first.
    """
    here = [p for p in paths if p.is_file() and not p.is_symlink()]
    names = {p.name for p in here}
    notes = [
        f"{shown_name(p.name)}: sidofilen hör inte till någon fil i inkorgen."
        for p in here
        if is_sidecar(p) and p.name.removesuffix(SUFFIX) not in names
    ]
    deliveries = [p for p in here if not is_sidecar(p)]
    sizes = Counter(p.stat().st_size for p in deliveries)
    same: dict[str, list[str]] = {}
    for path in deliveries:
        if sizes[path.stat().st_size] > 1:
            same.setdefault(file_hash(path), []).append(path.name)
    for group in same.values():
        first, *others = sorted(group, key=lambda name: (name not in kept, group.index(name)))
        notes += [
            f"{shown_name(o)}: filen har samma innehåll som {shown_name(first)} och lästes inte en gång till." for o in others
        ]
    return sorted(notes)


def archive_copy(path: Path, archive: Path, digest: str, name: str | None = None) -> Path:
    """Keep a copy under the file's hash (as `name`, default its own); encrypted when a key is configured (`assets.hygiene`)."""
    return keep(path, archive / digest / (name or path.name))


def set_aside(path: Path, rejected: Path, error: PipelineError, digest: str) -> Rejected:
    """Move a file and its sidecar to the rejected folder and write the sentence beside it; nothing there is overwritten.

    The name it gets there is the one it had, without control characters and not longer than a file system takes.
    """
    rejected.mkdir(parents=True, exist_ok=True)
    own = Path(stored_name(path.name))
    names = [own.name, *(f"{own.stem}-{digest[:8]}{more}{own.suffix}" for more in ("", *(f"-{n}" for n in range(2, 1000))))]
    places = (rejected / name for name in names)
    free = (one for one in places if not any(p.exists() for p in (one, sidecar_path(one))))
    target = next(one for one in free if not _told_of_another(_note(one), error))
    put_text(_note(target), f"{error}\n")  # before the file: one without its sentence would never get it
    shutil.move(path, target)
    close_to_others(target)
    beside = sidecar_path(path)
    if beside.is_file() and not is_sidecar(path):
        shutil.move(beside, sidecar_path(target))
    return Rejected(shown_name(path.name), digest, error.code, str(error))


def _told_of_another(note: Path, error: PipelineError) -> bool:
    """Whether a sentence lies there that isn't this one; this one is what a run that was killed before the move left."""
    return note.exists() and note.read_text(encoding="utf-8") != f"{error}\n"


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".txt")
