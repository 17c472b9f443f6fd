"""The archive's copies, plain or encrypted: `arkiv/<hash>/<name>` or `arkiv/<hash>/<name>.krypterad`. Both kinds may be there."""

from __future__ import annotations

import shutil
from pathlib import Path

from assets.hygiene.encryption import SUFFIX, decrypt_file, encrypt_file, is_encrypted, opened
from assets.hygiene.keys import configured_key, required_key
from assets.hygiene.permissions import FILE_MODE, own
from assets.methods.errors import PipelineError
from assets.whole_files import HALF, put_copy


def keep(path: Path, target: Path) -> Path:
    """Keep a copy of `path` as `target`, encrypted when a key is configured; a copy that is there, of either kind, is left.

    Raises:
        PipelineError: see `keys.configured_key`.
    """
    sealed = target.with_name(target.name + SUFFIX)
    there = next((one for one in (target, sealed) if one.exists()), None)
    if there:
        return there
    key = configured_key()
    target.parent.mkdir(parents=True, exist_ok=True)
    own(target.parent)
    if key:
        encrypt_file(path, sealed, key)
        return sealed
    return put_copy(path, target, FILE_MODE)


def is_whole(path: Path) -> bool:
    """Whether a file of the archive is a copy, and not what a killed run left of one."""
    return not path.name.endswith((HALF, ".del"))


def plain_name(path: Path) -> str:
    """The name of the file that an archived copy is of."""
    return path.name.removesuffix(SUFFIX) if is_encrypted(path) else path.name


def fetch(archive: Path, digest: str, folder: Path) -> list[Path]:
    """Write the archived files of a hash, readable, in a folder; nothing there is overwritten.

    Raises:
        PipelineError: `not_archived`, `exists`, and those of `decrypt_file` and `required_key`.
    """
    held = _copies(archive, digest)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path in held:
        target = folder / plain_name(path)
        if target.exists():
            hint = "Välj en tom mapp."
            raise PipelineError("exists", str(target), "ett ledigt filnamn", "en fil som redan finns", hint)
        if is_encrypted(path):
            decrypt_file(path, target, required_key())
        else:
            shutil.copy2(path, target)
            own(target)
        written.append(target)
    return written


def _copies(archive: Path, digest: str) -> list[Path]:
    folders = [f for f in archive.glob("*") if f.is_dir() and f.name.startswith(digest)] if len(digest) >= 12 else []
    if len(folders) != 1:
        hint = "Ange hela hashen, som står i raw.survey_deliveries och i rapportpaketets intyg."
        raise PipelineError("not_archived", "Arkivet", f"en fil med hashen {digest[:12]}", f"{len(folders)} sådana", hint)
    return sorted(p for p in folders[0].iterdir() if p.is_file() and is_whole(p))


def encrypt_archive(archive: Path) -> tuple[int, int]:
    """Encrypt what lies unencrypted in the archive; each copy is read back before the readable one is taken away.

    Returns:
        How many files were encrypted, and how many were so already. Interrupted halfway, the next call goes on.

    Raises:
        PipelineError: those of `required_key`; `damaged_encryption` when a copy can't be read back (the readable one stays).
    """
    key, done = required_key(), 0
    files = sorted(p for p in archive.rglob("*") if p.is_file() and is_whole(p))
    before = sum(is_encrypted(path) for path in files)
    for path in (p for p in files if not is_encrypted(p)):
        sealed = path.with_name(path.name + SUFFIX)  # written anew should an interrupted call have left one
        encrypt_file(path, sealed, key)
        with path.open("rb") as plain, sealed.open("rb") as again:
            if any(piece != plain.read(len(piece)) for piece in opened(again, sealed.name, key)) or plain.read(1):
                raise PipelineError("damaged_encryption", sealed.name, "samma innehåll", "ett annat", "Kontrollera disken.")
        path.unlink()
        done += 1
    return done, before
