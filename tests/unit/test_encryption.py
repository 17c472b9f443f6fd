"""Files at rest: what is written can be read with the key, and with nothing else."""

from __future__ import annotations

import base64

import keyring
import pytest
from keyring.backend import KeyringBackend

from assets.hygiene import archive, encryption, keys
from assets.methods.errors import PipelineError

KEY, OTHER = bytes(range(32)), bytes(32)
NAME = "salem.csv"


@pytest.fixture
def chunks(monkeypatch) -> int:
    """Small chunks, so that a small file has many."""
    monkeypatch.setattr(encryption, "CHUNK", 100)
    return 100 + 16


@pytest.fixture
def sealed(tmp_path, chunks):
    """A file of four chunks and a bit, encrypted; its content."""
    content = bytes(n % 251 for n in range(450))
    (tmp_path / NAME).write_bytes(content)
    encryption.encrypt_file(tmp_path / NAME, tmp_path / "a.krypterad", KEY)
    return tmp_path / "a.krypterad", content


def code(action, *arguments) -> str:
    """The code of the error that is raised."""
    with pytest.raises(PipelineError) as caught:
        action(*arguments)
    assert str(caught.value).endswith(".")
    return caught.value.code


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200, 201, 1000])
def test_what_is_encrypted_comes_back_whatever_its_size(tmp_path, chunks, size):
    content = bytes(n % 256 for n in range(size))
    (tmp_path / NAME).write_bytes(content)
    encryption.encrypt_file(tmp_path / NAME, tmp_path / "a", KEY)
    encryption.decrypt_file(tmp_path / "a", tmp_path / "b", KEY)
    assert (tmp_path / "b").read_bytes() == content
    assert (tmp_path / "a").stat().st_mode & 0o777 == (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", NAME]


def test_the_same_file_is_never_the_same_bytes_twice_and_shows_nothing(tmp_path, sealed):
    path, content = sealed
    encryption.encrypt_file(tmp_path / NAME, tmp_path / "again", KEY)
    assert path.read_bytes() != (tmp_path / "again").read_bytes()
    assert content[:16] not in path.read_bytes()


def test_a_changed_moved_or_cut_file_cannot_be_read_and_leaves_nothing(tmp_path, sealed, chunks):
    path, _ = sealed
    whole, head = path.read_bytes(), 34
    parts = [whole[head + n * chunks : head + (n + 1) * chunks] for n in range(5)]
    assert b"".join(parts) == whole[head:]
    flipped = bytearray(whole)
    flipped[head + 7] ^= 1
    salted = bytearray(whole)
    salted[head - 1] ^= 1
    damaged = {
        "flipped": bytes(flipped),
        "salt": bytes(salted),
        "cut in a chunk": whole[:-5],
        "cut between chunks": whole[:head] + b"".join(parts[:4]),
        "only the header": whole[:head],
        "moved": whole[:head] + parts[1] + parts[0] + b"".join(parts[2:]),
        "one missing": whole[:head] + b"".join(parts[1:]),
        "one twice": whole[:head] + parts[0] + b"".join(parts),
        "something after": whole + b"x",
    }
    for content in damaged.values():
        path.write_bytes(content)
        assert code(encryption.decrypt_file, path, tmp_path / "ut", KEY) == "damaged_encryption"
        assert not (tmp_path / "ut").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.krypterad", NAME]


def test_another_key_and_another_file_are_told_apart(tmp_path, sealed):
    path, _ = sealed
    assert code(encryption.decrypt_file, path, tmp_path / "ut", OTHER) == "wrong_key"
    assert code(encryption.decrypt_file, tmp_path / NAME, tmp_path / "ut", KEY) == "not_encrypted"


def test_a_key_comes_from_the_environment_and_is_never_repeated(monkeypatch):
    monkeypatch.delenv(keys.VARIABLE, raising=False)
    assert keys.configured_key() is None
    assert code(keys.required_key) == "no_key"
    monkeypatch.setenv(keys.VARIABLE, keys.new_key())
    assert len(keys.configured_key()) == 32
    for bad in ("hemligt", base64.b64encode(b"kort").decode()):
        monkeypatch.setenv(keys.VARIABLE, bad)
        assert code(keys.configured_key) == "bad_key"
        with pytest.raises(PipelineError) as caught:
            keys.configured_key()
        assert bad not in str(caught.value)


class Ring(KeyringBackend):
    """A key ring in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service, username):
        return self.held.get((service, username))

    def set_password(self, service, username, password):
        self.held[service, username] = password


def test_the_key_ring_keeps_a_key_and_its_absence_is_a_sentence(monkeypatch):
    before = keyring.get_keyring()
    try:
        keyring.set_keyring(keyring.backends.fail.Keyring())
        monkeypatch.setenv(keys.VARIABLE, keys.IN_RING)
        assert code(keys.configured_key) == code(keys.keep_in_ring, keys.new_key()) == "no_key_ring"
        keyring.set_keyring(Ring())
        assert code(keys.configured_key) == "no_key"
        text = keys.new_key()
        keys.keep_in_ring(text)
        assert keys.configured_key() == base64.b64decode(text)
        assert code(keys.keep_in_ring, keys.new_key()) == "key_exists"
    finally:
        keyring.set_keyring(before)


def test_an_archive_may_have_both_kinds_and_be_encrypted_afterwards(tmp_path, monkeypatch):
    store, first, second = tmp_path / "arkiv", "a" * 64, "b" * 64
    (tmp_path / NAME).write_bytes(b"svar")
    monkeypatch.delenv(keys.VARIABLE, raising=False)
    plain = archive.keep(tmp_path / NAME, store / first / NAME)
    monkeypatch.setenv(keys.VARIABLE, base64.b64encode(KEY).decode())
    closed = archive.keep(tmp_path / NAME, store / second / NAME)
    assert (plain.name, closed.name) == (NAME, f"{NAME}.krypterad")
    assert archive.keep(tmp_path / NAME, store / first / NAME) == plain, "what is there is left as it is"
    for digest in (first, second):
        (path,) = archive.fetch(store, digest, tmp_path / digest[:1])
        assert (path.name, path.read_bytes()) == (NAME, b"svar")
    assert code(archive.fetch, store, first, tmp_path / "a") == "exists"
    assert code(archive.fetch, store, "c" * 64, tmp_path / "c") == "not_archived"
    assert archive.encrypt_archive(store) == (1, 1)
    assert archive.encrypt_archive(store) == (0, 2)
    assert not plain.exists()
    assert archive.fetch(store, first, tmp_path / "d")[0].read_bytes() == b"svar"
    assert [p for p in store.rglob("*") if p.is_file() and b"svar" in p.read_bytes()] == []
