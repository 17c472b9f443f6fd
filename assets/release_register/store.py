"""The register's files under the data folder; the only module of the room that touches files.

`register/utgivningar.jsonl` (the chain), `register/utgivningar.huvud` (its head), `register/celler/<cells_sha256>.parquet`, and
for previews `utgivning/<wave>/<folder>.parquet` with `.json` beside it. Cells are written before the line and the line before the
head, each flushed to the disk: a power cut between them leaves a register that can be read and a bundle that isn't in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import polars as pl

from assets import whole_files
from assets.methods.errors import PipelineError
from assets.release_register.cells import CELL_COLUMNS, cells_hash
from assets.release_register.chain import HINT, WHERE, Chain, Head, canonical, head_of, head_text, line_of, link, verify
from assets.release_register.types import Entry, Inputs, NewEntry

FOLDER, CHAIN, HEAD, CELLS, PREVIEWS = "register", "utgivningar.jsonl", "utgivningar.huvud", "celler", "utgivning"
PUBLISHED, BUNDLE = "publicerat", re.compile(r"[0-9a-z]+_\w+_[0-9]{4}_v[0-9.]+_[a-z_]+")
"""Where sealed archives lie, and their names; a copy that somebody has put there under another name says nothing."""
LOCK = ".las"


def register_release(root: Path, entry: NewEntry, cells: pl.DataFrame) -> Entry:
    """Put a sealed bundle in the register; the same manifest is put there once however often this is called.

    Args:
        root: the profile's data folder. cells: `published_cells` of the bundle.

    Raises:
        PipelineError: as `read_register`; `register_other_cells`, the manifest is there with other cells; `register_busy`.
    """
    folder = root / FOLDER
    (folder / CELLS).mkdir(parents=True, exist_ok=True)
    digest = cells_hash(cells)
    with _locked(folder / LOCK):
        chain = read_register(root)
        for known in chain.entries:
            if known.new.manifest_sha256 == entry.manifest_sha256:
                _require_same(known, digest)
                _settle(folder, chain)
                return known
        _settle(folder, chain)
        _write_cells(folder / CELLS, digest, cells)
        made = link(entry, digest, head_of(chain.entries))
        whole_files.append_line(folder / CHAIN, line_of(made))
        whole_files.put(folder / HEAD, head_text(Head(made.number, made.hash)))
    return made


def read_register(root: Path) -> Chain:
    """The chain, verified; an empty one when nothing has been published.

    Raises:
        PipelineError: as `chain.verify`; `register_lost`, there are cells but no register, or a sealed archive that it lacks.
    """
    folder = root / FOLDER
    path, head = folder / CHAIN, folder / HEAD
    chain = Chain()
    if path.exists() or head.exists():
        chain = verify(path.read_bytes() if path.exists() else b"", head.read_bytes() if head.exists() else None)
    elif any((folder / CELLS).glob("*.parquet")):
        raise PipelineError("register_lost", WHERE, "registret över det som har getts ut", "bara dess celler", HINT)
    _require_all(root, chain)
    return chain


def _require_all(root: Path, chain: Chain) -> None:
    """Raises PipelineError `register_lost` when the register lacks an archive that has gone out: it is told before any goes."""
    known = {entry.new.bundle for entry in chain.entries}
    for archive in sorted((root / PUBLISHED).glob("*/*.zip")):
        if BUNDLE.fullmatch(archive.stem) and archive.stem not in known:
            raise PipelineError("register_lost", WHERE, f"en rad om {archive.stem}, som ligger i publicerat", "ingen sådan", HINT)


def register_head(root: Path) -> Path:
    """The file that is another one as soon as something has been published."""
    return root / FOLDER / HEAD


def read_cells(root: Path, digest: str) -> pl.DataFrame:
    """The published cells with this hash.

    Raises:
        PipelineError: `register_cells`, the file is missing, can't be read or holds other cells.
    """
    return _checked(root / FOLDER / CELLS / f"{digest}.parquet", digest)


def check_register(root: Path) -> Chain:
    """The chain with every file of cells read back. Raises PipelineError as `read_register` and `read_cells`."""
    chain = read_register(root)
    for digest in sorted({entry.cells_sha256 for entry in chain.entries}):
        read_cells(root, digest)
    return chain


def preview_path(root: Path, wave: int, folder: str) -> Path:
    """Where the cells of a preview lie."""
    return root / PREVIEWS / str(wave) / f"{folder}.parquet"


def write_preview(root: Path, wave: int, folder: str, cells: pl.DataFrame, inputs: Inputs) -> str:
    """Keep the cells of a preview beside the reports with what they were made from. Returns `cells_sha256`."""
    path = preview_path(root, wave, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, content = cells_hash(cells), _parquet(cells)
    whole_files.put(path, content)
    _tell_preview(path, digest, hashlib.sha256(content).hexdigest(), inputs)
    return digest


def renew_preview(root: Path, wave: int, folder: str, inputs: Inputs, digest: str) -> bool:
    """Say what the same cells, those with this `cells_sha256`, have been made from now.

    False, and nothing is said, when other cells lie there or their file isn't as it was written.
    """
    path = preview_path(root, wave, folder)
    try:
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        written = str(told["file_sha256"])
        same = told["cells_sha256"] == digest and hashlib.sha256(path.read_bytes()).hexdigest() == written
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if same:
        _tell_preview(path, digest, written, inputs)
    return same


def _tell_preview(path: Path, digest: str, written: str, inputs: Inputs) -> None:
    """Write what belongs to a preview's cells: their hash, that of their file, and what they were made from."""
    told = {"cells_sha256": digest, "file_sha256": written, "inputs": asdict(inputs)}
    whole_files.put(path.with_suffix(".json"), (canonical(told) + "\n").encode())


def read_preview(root: Path, wave: int, folder: str) -> tuple[pl.DataFrame, Inputs, str]:
    """Cells, inputs and `cells_sha256` of a preview, which the caller compares with the bundle's manifest.

    Raises:
        PipelineError: `preview_cells`, a file is missing, changed or can't be read.
    """
    path = preview_path(root, wave, folder)
    hint = "Skriv paketet igen (did kor --allt) och försegla det nya."
    try:
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        inputs, digest = Inputs(**told["inputs"]), str(told["cells_sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        where = f"Cellerna till {folder} ({PREVIEWS}/{wave})"
        raise PipelineError("preview_cells", where, "en hel fil", "en som saknas eller är ändrad", hint) from None
    return _checked(path, digest, "preview_cells", hint), inputs, digest


def holds_preview(root: Path, wave: int, folder: str, inputs: Inputs) -> bool:
    """Whether the cells of a preview lie there, made from these inputs."""
    path = preview_path(root, wave, folder)
    try:
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return path.is_file() and isinstance(told, dict) and told.get("inputs") == asdict(inputs)


def _require_same(known: Entry, digest: str) -> None:
    if known.cells_sha256 != digest:
        raise PipelineError(
            "register_other_cells",
            f"Utgivningsregistret, rad {known.number}",
            "samma celler som när paketet gavs ut",
            "andra celler för samma paket",
            "Försegla ett nytt paket i stället för att ändra ett som är utgivet.",
        )


def _settle(folder: Path, chain: Chain) -> None:
    """Finish what an interrupted writing left: cut off half a line, bring the head up to the last whole one."""
    path = folder / CHAIN
    if not (folder / HEAD).exists() or chain.recovered:
        whole_files.put(folder / HEAD, head_text(head_of(chain.entries)))
    if path.exists() and path.stat().st_size > chain.whole:
        with path.open("r+b") as file:
            file.truncate(chain.whole)
            os.fsync(file.fileno())


def _write_cells(folder: Path, digest: str, cells: pl.DataFrame) -> None:
    path = folder / f"{digest}.parquet"
    if not path.exists():
        whole_files.put(path, _parquet(cells))
    _checked(path, digest)


def _parquet(cells: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    cells.select(CELL_COLUMNS).sort(pl.all()).write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def _checked(path: Path, digest: str, code: str = "register_cells", hint: str = HINT) -> pl.DataFrame:
    """The cells of a file whose canonical text has the hash."""
    where = f"Filen med utgivna celler {path.parent.name}/{path.name}"
    if not path.is_file():
        raise PipelineError(code, where, "filen som registret pekar på", "ingen fil", hint)
    try:
        cells = pl.read_parquet(BytesIO(path.read_bytes()))
        found = cells_hash(cells.select(CELL_COLUMNS))
    except (pl.exceptions.PolarsError, OSError):
        raise PipelineError(code, where, "en hel fil", "en som inte går att läsa", hint) from None
    if found != digest:
        raise PipelineError(code, where, "cellerna som gavs ut", "ändrade celler", hint)
    return cells


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Only one process writes; the lock is let go by the operating system when the process ends, however it ends.

    Raises:
        PipelineError: `register_busy`.
    """
    with path.open("a+b") as file:
        if not whole_files.try_lock(file):
            hint = "Vänta tills den andra körningen är klar och försök igen."
            raise PipelineError("register_busy", WHERE, "att inget annat skriver i det", "en annan körning", hint)
        yield
