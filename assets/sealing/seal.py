"""The seal: a signature over what a bundle is and who let it go.

Ed25519 (Bernstein et al. 2012, RFC 8032) through `cryptography`: deterministic, so the same bundle, approvals and key give the
same bytes. What is signed is short and canonical (sorted keys, no spaces, UTF-8): the sums of the certificate, the approvals, the
provenance and of every byte of the archive before the seal. The certificate has the sum of every other file.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PURPOSE = b"Data i dialog, sigill 1\n"
"""Stands before what is signed, so that a signature made for something else is never one over a bundle."""
FORMAT = "data-i-dialog-sigill-1"
GROUP, GROUPS = 4, 8
FIELDS = frozenset({"archive_sha256", "approvals_sha256", "bundle", "format", "manifest_sha256", "ro_crate_sha256"})


class SealFault(Exception):
    """The seal isn't in order. The message is a Swedish sentence for the receiver."""


@dataclass(frozen=True)
class Seal:
    """A seal that has been read and whose signature holds for its own key."""

    statement: Mapping[str, str]
    public_key: bytes

    @property
    def fingerprint(self) -> str:
        """See `fingerprint`."""
        return fingerprint(self.public_key)


def canonical(content: Mapping[str, object]) -> bytes:
    """One way to write a mapping: sorted keys, no spaces, UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def fingerprint(public_key: bytes) -> str:
    """The first 160 bits of the key's SHA-256 in eight groups of four letters and digits (base32: no 0, 1, 8 or 9)."""
    letters = base64.b32encode(hashlib.sha256(public_key).digest()[:20]).decode("ascii")
    return " ".join(letters[place : place + GROUP] for place in range(0, GROUP * GROUPS, GROUP))


def same_fingerprint(given: str, public_key: bytes) -> bool:
    """Whether a fingerprint that a person has typed is the whole of the key's, however it is spaced."""
    return "".join(c for c in given.upper() if c.isalnum()) == fingerprint(public_key).replace(" ", "")


def make_seal(bundle: str, manifest: bytes, approvals: bytes, crate: bytes, archive: bytes, key: Ed25519PrivateKey) -> bytes:
    """The seal's file. `archive`: every byte of the archive before the seal's own record."""
    sums = {"manifest": manifest, "approvals": approvals, "ro_crate": crate, "archive": archive}
    statement = {f"{name}_sha256": hashlib.sha256(content).hexdigest() for name, content in sums.items()}
    statement |= {"bundle": bundle, "format": FORMAT}
    public = key.public_key().public_bytes_raw()
    return _file(statement, public, key.sign(PURPOSE + canonical(statement)))


def read_seal(content: bytes) -> Seal:
    """A seal whose signature holds.

    Raises:
        SealFault: the file is damaged, says more or less than a seal does, or the signature doesn't hold.
    """
    try:
        parsed = json.loads(content)
        statement, public = parsed["statement"], bytes.fromhex(parsed["public_key"])
        signature = bytes.fromhex(parsed["signature"])
        as_written = _file(statement, public, signature)
        key = Ed25519PublicKey.from_public_bytes(public)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SealFault("Sigillet är skadat och går inte att läsa.") from None
    if as_written != content or statement.keys() != FIELDS or not all(isinstance(v, str) for v in statement.values()):
        raise SealFault("Sigillet är ändrat: det är inte skrivet som programmet skriver det.")
    if statement["format"] != FORMAT:
        raise SealFault("Sigillet är av ett slag som den här versionen av programmet inte känner till.")
    try:
        key.verify(signature, PURPOSE + canonical(statement))
    except InvalidSignature:
        raise SealFault("Sigillet stämmer inte: signaturen gäller något annat.") from None
    return Seal(statement, public)


def _file(statement: Mapping[str, str], public: bytes, signature: bytes) -> bytes:
    whole = {
        "fingerprint": fingerprint(public), "public_key": public.hex(), "signature": signature.hex(), "statement": statement,
    }  # fmt: skip
    return (json.dumps(whole, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
