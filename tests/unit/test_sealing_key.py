"""The sealing key: its owner's alone, made once, never replaced in silence."""

from __future__ import annotations

import stat

import keyring
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from keyring.errors import NoKeyringError

from assets.methods.errors import PipelineError
from assets.sealing.keys import PASS_PHRASE, public_pem, read_public, replace_key, sealing_key


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the key lies, on a computer without a key ring."""

    def none(*names: str) -> str:
        raise NoKeyringError

    monkeypatch.delenv(PASS_PHRASE, raising=False)
    monkeypatch.setattr(keyring, "get_password", none)
    return tmp_path / "nycklar"


def refused(folder) -> str:
    with pytest.raises(PipelineError) as told:
        sealing_key(folder)
    assert "\n" not in str(told.value)
    return told.value.code


def test_it_is_made_on_first_use_for_the_owner_alone(folder):
    first = sealing_key(folder)
    assert (first.made_now, first.encrypted) == (True, False)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    again = sealing_key(folder)
    assert (again.made_now, again.public) == (False, first.public)
    assert read_public(folder / "sigill_publik.pem") == first.public


def test_a_key_that_others_can_read_is_not_used(folder):
    path = sealing_key(folder).path
    path.chmod(0o640)
    assert refused(folder) == "key_open"
    path.chmod(0o600)
    folder.chmod(0o755)
    assert refused(folder) == "key_open"


def test_a_lost_damaged_or_foreign_key_is_told_and_never_replaced_in_silence(folder, tmp_path):
    path = sealing_key(folder).path
    good = path.read_bytes()
    path.unlink()
    assert refused(folder) == "key_lost"
    path.write_bytes(good[:-40])
    path.chmod(0o600)
    assert refused(folder) == "key_damaged"
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(other)
    assert refused(folder) == "key_damaged"
    path.write_bytes(sealing_key(tmp_path / "annan").path.read_bytes())
    assert refused(folder) == "key_foreign"
    path.unlink()
    path.symlink_to(tmp_path / "annan" / "sigill.pem")
    assert refused(folder) == "key_damaged"
    path.unlink()
    path.write_bytes(good)
    path.chmod(0o600)
    assert not sealing_key(folder).made_now


def test_with_a_pass_phrase_it_is_encrypted_and_opened_from_the_environment_or_the_key_ring(folder, monkeypatch):
    monkeypatch.setenv(PASS_PHRASE, "en lång fras")
    key = sealing_key(folder)
    assert key.encrypted
    assert b"ENCRYPTED" in key.path.read_bytes()
    monkeypatch.setenv(PASS_PHRASE, "fel")
    assert refused(folder) == "key_locked"
    monkeypatch.delenv(PASS_PHRASE)
    assert refused(folder) == "key_locked"
    monkeypatch.setattr(keyring, "get_password", lambda *names: "en lång fras")
    assert sealing_key(folder).public == key.public


def test_replacing_keeps_the_old_public_key(folder):
    old = sealing_key(folder)
    new = replace_key(folder)
    assert new.public != old.public
    kept = folder / "gamla" / f"{old.fingerprint.replace(' ', '-')}.pem"
    assert read_public(kept) == old.public
    assert sealing_key(folder).public == new.public
    new.path.unlink()
    assert replace_key(folder).made_now, "also when the private key is lost"
    assert len(list((folder / "gamla").glob("*.pem"))) == 2


def test_a_public_key_that_is_none_is_told(tmp_path):
    for content in (
        b"",
        b"hej",
        generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ):
        (tmp_path / "k.pem").write_bytes(content)
        with pytest.raises(PipelineError, match="did nyckel --exportera"):
            read_public(tmp_path / "k.pem")
    with pytest.raises(PipelineError):
        read_public(tmp_path / "finns_inte.pem")
    key = bytes(range(32))
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    raw = Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()
    (tmp_path / "k.pem").write_bytes(public_pem(raw))
    assert read_public(tmp_path / "k.pem") == raw
