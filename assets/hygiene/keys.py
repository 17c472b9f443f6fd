"""The archive's key: 32 random bytes, as base64 in the environment variable DID_ARKIVNYCKEL or in the system's key ring.

The key lies in no file of ours. Without the variable nothing is encrypted; the word `nyckelring` in it means the key ring.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os

from assets.methods.errors import PipelineError

VARIABLE = "DID_ARKIVNYCKEL"
IN_RING = "nyckelring"
_SERVICE, _NAME = "data-i-dialog", "arkivnyckel"
LENGTH = 32


def new_key() -> str:
    """A new key as text."""
    return base64.b64encode(os.urandom(LENGTH)).decode("ascii")


def key_id(key: bytes) -> bytes:
    """Eight bytes that tell keys apart and say nothing about them."""
    return hashlib.sha256(b"data-i-dialog nyckel-id" + key).digest()[:8]


def configured_key() -> bytes | None:
    """The key to encrypt with, or None when none is asked for.

    Raises:
        PipelineError: `bad_key`, `no_key`, `no_key_ring`.
    """
    said = os.environ.get(VARIABLE, "").strip()
    if not said:
        return None
    return decoded(_from_ring() if said == IN_RING else said)


def required_key() -> bytes:
    """The key.

    Raises:
        PipelineError: as `configured_key`, and `no_key` when none is configured.
    """
    key = configured_key()
    if key is None:
        raise _no_key(f"Miljövariabeln {VARIABLE}")
    return key


def decoded(text: str) -> bytes:
    """The key's bytes.

    Raises:
        PipelineError: `bad_key` when the text is no key; the text itself is never repeated.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != LENGTH:
        got = "något annat" if not key else f"{len(key)} byte"
        hint = "Gör en ny nyckel med did arkivnyckel, eller kopiera om den du har."
        raise PipelineError("bad_key", f"Miljövariabeln {VARIABLE}", "en nyckel på 32 byte i base64", got, hint)
    return key


def keep_in_ring(text: str) -> None:
    """Store a key in the system's key ring; one that is there is not replaced, for files may need it.

    Raises:
        PipelineError: `no_key_ring`, `key_exists`.
    """
    import keyring
    from keyring.errors import KeyringError

    try:
        if keyring.get_password(_SERVICE, _NAME):
            hint = f"Sätt {VARIABLE}={IN_RING} för att använda den."
            raise PipelineError("key_exists", "Nyckelringen", "plats för en ny arkivnyckel", "en som redan finns", hint)
        keyring.set_password(_SERVICE, _NAME, text)
    except KeyringError:
        raise _no_ring() from None


def _from_ring() -> str:
    import keyring
    from keyring.errors import KeyringError

    try:
        text = keyring.get_password(_SERVICE, _NAME)
    except KeyringError:
        raise _no_ring() from None
    if not text:
        raise _no_key("Nyckelringen")
    return text


def _no_key(where: str) -> PipelineError:
    return PipelineError("no_key", where, "arkivets nyckel", "ingen nyckel", "Gör en med did arkivnyckel, eller ange den du har.")


def _no_ring() -> PipelineError:
    hint = f"Ange nyckeln själv i miljövariabeln {VARIABLE}."
    return PipelineError("no_key_ring", "Nyckelringen", "en nyckelring som går att använda", "ingen på den här datorn", hint)
