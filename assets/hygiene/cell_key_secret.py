"""The secret that record keys are made with: made once, for the owner alone, never made anew in silence.

`nycklar/cellnyckel` (32 random bytes as hexadecimal text, mode 0600). Its fingerprint lies in `register/cellnyckel.avtryck`,
beside what has been published: with another secret every cell would get new noise, and the mean of two draws tells more than one.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from assets import whole_files
from assets.hygiene.permissions import OTHERS, supported
from assets.methods.errors import PipelineError

SECRET, MARK = "cellnyckel", "cellnyckel.avtryck"
BYTES = 32
BACKUP = "Lägg tillbaka säkerhetskopian av mappen nycklar, eller stäng av bruset (cell_key: tables: [] i disclosure.yml)."


def cell_key_secret(keys: Path, register: Path) -> bytes:
    """The installation's secret, made on first use.

    Args:
        keys: the folder `nycklar`. register: the profile's folder `register`.

    Raises:
        PipelineError: `cell_key_lost` (noise has been used and the file is gone), `cell_key_foreign` (another secret than then),
            `cell_key_open` (others can read it), `cell_key_damaged`.
    """
    path, mark = keys / SECRET, register / MARK
    there = path.is_symlink() or path.exists()
    if not there and mark.exists():
        raise PipelineError("cell_key_lost", str(path), "nyckeln som tidigare brus är gjort med", "ingen fil", BACKUP)
    secret = _read(path) if there else _made(path)
    told = fingerprint(secret)
    if not mark.exists():
        _write(mark, told)
    elif mark.read_text("utf-8").strip() != told:
        raise PipelineError("cell_key_foreign", str(path), "nyckeln som tidigare brus är gjort med", "en annan nyckel", BACKUP)
    return secret


def fingerprint(secret: bytes) -> str:
    """What tells whether a secret is the same, and nothing of it."""
    return hashlib.blake2b(b"Data i dialog, cellnyckel 1", key=secret, digest_size=16).hexdigest()


def _read(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise PipelineError("cell_key_damaged", str(path), "en vanlig fil", "en länk eller något annat", BACKUP)
    if supported() and path.stat().st_mode & OTHERS:
        hint = f"Kör chmod 600 {path}. Om någon annan kan ha läst nyckeln: stäng av bruset och fråga dataskyddsombudet."
        raise PipelineError("cell_key_open", str(path), "att bara ägaren kan läsa", "att andra också kan det", hint)
    try:
        secret = bytes.fromhex(path.read_bytes()[: 4 * BYTES].decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != BYTES:
        raise PipelineError("cell_key_damaged", str(path), f"{2 * BYTES} hexadecimala tecken", "något annat", BACKUP)
    return secret


def _made(path: Path) -> bytes:
    secret = secrets.token_bytes(BYTES)
    _write(path, secret.hex())
    return secret


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not whole_files.put_new(path, f"{text}\n".encode("ascii"), 0o600):
        raise FileExistsError(path)
