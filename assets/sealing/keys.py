"""The key that seals: made on first use, readable by its owner only, and never replaced without being asked.

`nycklar/sigill.pem` (PKCS8, mode 0600, in a folder of mode 0700), `nycklar/sigill_publik.pem` for receivers, and the public keys
that were used before in `nycklar/gamla/`. With a pass phrase in `DID_NYCKEL_LOSEN` when the key is made the file is encrypted;
it is then opened with the same variable, or with the pass phrase that the system's key ring has for `data-i-dialog`, `sigill`.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from assets import whole_files
from assets.methods.errors import PipelineError
from assets.sealing.seal import fingerprint
from assets.write_faults import not_written

PASS_PHRASE = "DID_NYCKEL_LOSEN"
RING, ENTRY = "data-i-dialog", "sigill"
PRIVATE, PUBLIC, OLD = "sigill.pem", "sigill_publik.pem", "gamla"
OTHERS = 0o077
LARGEST = 16_384
BACKUP = (
    "Lägg tillbaka säkerhetskopian av mappen nycklar, eller gör en ny nyckel med did nyckel --byt "
    "och lämna ut dess fingeravtryck."
)


@dataclass(frozen=True)
class SealingKey:
    """The key, where it lies, and whether it was made just now."""

    private: Ed25519PrivateKey
    path: Path
    made_now: bool
    encrypted: bool

    @property
    def public(self) -> bytes:
        """The public key's 32 bytes."""
        return self.private.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """What a receiver compares with."""
        return fingerprint(self.public)


def sealing_key(folder: Path) -> SealingKey:
    """The key of the folder; made when there has never been one.

    Raises:
        PipelineError: `key_lost` (its public half is still there), `key_open` (others can read it), `key_damaged`, `key_locked`
            (encrypted and no pass phrase, or a wrong one), `key_foreign` (the halves don't belong together), `key_folder`.
    """
    path = folder / PRIVATE
    if path.is_symlink() or path.exists():
        return _opened(folder, path)
    if (folder / PUBLIC).exists():
        raise PipelineError("key_lost", str(path), "nyckeln som har förseglat tidigare paket", "ingen fil", BACKUP)
    return _made(folder)


def public_pem(public: bytes) -> bytes:
    """A public key as the text file that receivers are given."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_public(path: Path) -> bytes:
    """The 32 bytes of a public key that somebody has been given.

    Raises:
        PipelineError: `bad_public_key`.
    """
    try:
        content = path.read_bytes()[: LARGEST + 1]
        key = load_pem_public_key(content)
    except (OSError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        hint = "Be den som har förseglat paketet om filen sigill_publik.pem, eller ange fingeravtrycket."
        raise PipelineError("bad_public_key", str(path), "en publik nyckel från did nyckel --exportera", "något annat", hint)
    return key.public_bytes_raw()


def replace_key(folder: Path) -> SealingKey:
    """Make a new key; the public half of the old one is kept in `gamla/`, the private half is removed.

    What was sealed with the old key is checked with the old public key. Works also when the old private key is lost or damaged.
    """
    public = folder / PUBLIC
    if public.exists():
        old = read_public(public)
        _write(folder / OLD / f"{fingerprint(old).replace(' ', '-')}.pem", public_pem(old), 0o644)
    for path in (folder / PRIVATE, public):
        path.unlink(missing_ok=True)
    return _made(folder)


def _opened(folder: Path, path: Path) -> SealingKey:
    _require_private(folder, path)
    content = path.read_bytes()
    encrypted = b"ENCRYPTED" in content.split(b"\n", 1)[0]
    phrase = _pass_phrase() if encrypted else None
    if encrypted and phrase is None:
        hint = f"Sätt {PASS_PHRASE} till lösenfrasen, eller lägg den i datorns nyckelring under {RING}, {ENTRY}."
        raise PipelineError("key_locked", str(path), "en lösenfras", "ingen", hint)
    try:
        key = load_pem_private_key(content, phrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if encrypted:
            hint = f"Kontrollera {PASS_PHRASE}. {BACKUP}"
            raise PipelineError("key_locked", str(path), "rätt lösenfras till en hel nyckel", "något annat", hint) from None
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise PipelineError("key_damaged", str(path), "en Ed25519-nyckel", "en skadad fil eller något annat", BACKUP)
    public, raw = folder / PUBLIC, key.public_key().public_bytes_raw()
    if not public.exists():
        _write(public, public_pem(raw), 0o644)
    elif read_public(public) != raw:
        raise PipelineError("key_foreign", str(path), f"nyckeln som hör till {PUBLIC}", "en annan nyckel", BACKUP)
    return SealingKey(key, path, made_now=False, encrypted=encrypted)


def _require_private(folder: Path, path: Path) -> None:
    """Raises PipelineError `key_open` when anybody but the owner can read or replace the key. Windows has no such modes."""
    if path.is_symlink() or not path.is_file():
        raise PipelineError("key_damaged", str(path), "en vanlig fil", "en länk eller något annat", BACKUP)
    if os.name == "nt":
        return
    for place, mode in ((folder, 0o700), (path, 0o600)):
        facts = place.stat()
        if facts.st_uid != os.getuid():
            hint = "Kör som den som äger nyckeln, eller lägg tillbaka den egna säkerhetskopian."
            raise PipelineError("key_open", str(place), "att du äger den", "en annan ägare", hint)
        if facts.st_mode & OTHERS:
            hint = f"Kör chmod {mode:o} {place}. Om någon annan kan ha läst nyckeln: gör en ny med did nyckel --byt."
            raise PipelineError("key_open", str(place), "att bara ägaren kan läsa", "att andra också kan det", hint)


def _made(folder: Path) -> SealingKey:
    key, phrase = Ed25519PrivateKey.generate(), os.environ.get(PASS_PHRASE)
    how = BestAvailableEncryption(phrase.encode("utf-8")) if phrase else NoEncryption()
    _write(folder / PRIVATE, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how), 0o600)
    _write(folder / PUBLIC, public_pem(key.public_key().public_bytes_raw()), 0o644)
    return SealingKey(key, folder / PRIVATE, made_now=True, encrypted=bool(phrase))


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a new file that nobody else can read while it is written; one that is there with the same content is left."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.chmod(0o700)
        if path.exists() and path.read_bytes() == content:
            return
        if not whole_files.put_new(path, content, mode):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    except OSError as error:
        hint = "Kontrollera mappen nycklar och kör igen."
        raise not_written("key_folder", str(path), error, hint) from error


def _pass_phrase() -> bytes | None:
    """From the environment, else from the system's key ring; None when neither has one."""
    given = os.environ.get(PASS_PHRASE)
    if given is None:
        import keyring
        from keyring.errors import KeyringError

        try:
            given = keyring.get_password(RING, ENTRY)
        except KeyringError:
            given = None
    return given.encode("utf-8") if given else None
