"""Files encrypted at rest: AES-256-GCM in chunks, so that a file of any size is written and read in little memory.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway & Vizár, 2015, "Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance", CRYPTO) as in the age file format (Valsorda & Cartwright-Cox, C2SP): each file has a key of its own, made with
HKDF-SHA256 (RFC 5869) from the archive key and 16 random bytes; a chunk's nonce is its number and a byte that says whether it is
the last. A chunk that is changed, moved, taken away or added, and a file that ends too soon, can't be read. The header (format,
key id, salt) goes into every chunk as associated data.

File: `DIDKRYPT1\\n`, 8 bytes of key id, 16 of salt, then chunks of 1 MiB each with a tag of 16 bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from assets.hygiene.keys import key_id
from assets.hygiene.permissions import own
from assets.methods.errors import PipelineError
from assets.whole_files import flush_file, half_of, take_place

MAGIC = b"DIDKRYPT1\n"
CHUNK = 1 << 20
SUFFIX = ".krypterad"
_TAG, _SALT, _ID = 16, 16, 8
_HEADER = len(MAGIC) + _ID + _SALT


def is_encrypted(path: Path) -> bool:
    """Whether a file says in its first bytes that it is one of ours."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def encrypt_file(source: Path, target: Path, key: bytes) -> None:
    """Write `source` encrypted as `target`, for the owner alone; a target appears whole or not at all."""
    header = MAGIC + key_id(key) + os.urandom(_SALT)
    with source.open("rb") as plain, _Whole(target) as out:
        out.write(header)
        for piece in _sealed(plain, header, key):
            out.write(piece)


def decrypt_file(source: Path, target: Path, key: bytes) -> None:
    """Write `source` decrypted as `target`, for the owner alone; nothing is left when it can't be read to its end.

    Raises:
        PipelineError: `not_encrypted`, `wrong_key`, `damaged_encryption`.
    """
    with source.open("rb") as sealed, _Whole(target) as out:
        for piece in opened(sealed, source.name, key):
            out.write(piece)


def opened(sealed: BinaryIO, name: str, key: bytes) -> Iterator[bytes]:
    """The content of an encrypted file in pieces, each of them verified.

    Raises:
        PipelineError: as `decrypt_file`; what came before a damaged chunk has been given out by then.
    """
    from cryptography.exceptions import InvalidTag

    header = sealed.read(_HEADER)
    if len(header) < _HEADER or not header.startswith(MAGIC):
        raise PipelineError(
            "not_encrypted", name, "en fil som did har krypterat", "en annan fil", "Kontrollera att det är rätt fil."
        )
    if header[len(MAGIC) : -_SALT] != key_id(key):
        hint = "Ange den nyckel som filen krypterades med i DID_ARKIVNYCKEL."
        raise PipelineError("wrong_key", name, "nyckeln som filen krypterades med", "en annan nyckel", hint)
    cipher = _cipher(header, key)
    for number, piece, last in _pieces(sealed, CHUNK + _TAG):
        try:
            yield cipher.decrypt(_nonce(number, last), piece, header)
        except InvalidTag:
            hint = "Hämta filen från en säkerhetskopia."
            raise PipelineError(
                "damaged_encryption", name, "en hel krypterad fil", "en som är avkortad, ändrad eller skadad", hint
            ) from None


def _sealed(plain: BinaryIO, header: bytes, key: bytes) -> Iterator[bytes]:
    cipher = _cipher(header, key)
    for number, piece, last in _pieces(plain, CHUNK):
        yield cipher.encrypt(_nonce(number, last), piece, header)


def _cipher(header: bytes, key: bytes):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    own_key = HKDF(algorithm=SHA256(), length=32, salt=header[-_SALT:], info=b"data-i-dialog arkiv 1").derive(key)
    return AESGCM(own_key)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _pieces(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes and whether it is the last, of each piece; an empty file is one empty piece."""
    number, piece = 0, file.read(size)
    while True:
        following = file.read(size) if len(piece) == size else b""
        yield number, piece, not following
        if not following:
            return
        number, piece = number + 1, following


class _Whole:
    """A file that gets its name only when everything has been written."""

    def __init__(self, target: Path) -> None:
        self.target, self.partial = target, half_of(target)

    def __enter__(self) -> BinaryIO:
        self.file = self.partial.open("wb")
        own(self.partial)
        return self.file

    def __exit__(self, kind: object, *_: object) -> None:
        self.file.close()
        if kind is None:
            flush_file(self.partial)
            take_place(self.partial, self.target)
        else:
            self.partial.unlink(missing_ok=True)
