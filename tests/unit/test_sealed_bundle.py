"""A sealed bundle: whole and readable by any zip program, checked without network, and every trick is told."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from assets.sealing.archive import LARGEST_FILE, LOCAL, finish, read_archive, record
from assets.sealing.bundle import as_bundle
from assets.sealing.rocrate import crate_bytes
from assets.sealing.seal import fingerprint, read_seal
from assets.sealing.store import read_folder, verify_path
from assets.sealing.verify import EXIT, Known, verify_archive, verify_files
from tests.support.sealed_bundle import AUTHOR, FIRST, FOLDER, PUBLIC, SECOND, both, decision, sealed, tiny

ROOT = Path(__file__).resolve().parents[2]
MINE = Known(keys=(PUBLIC,))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The tiny bundle as it lies in `reports/`."""
    return tiny(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def archive(bundle):
    """The same, sealed."""
    return sealed(bundle)


def unpacked(archive: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        zipped.extractall(folder)
    return folder / FOLDER


def test_any_zip_program_reads_what_is_sealed_and_it_is_the_same_every_time(bundle, archive):
    assert sealed(bundle) == archive
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        assert zipped.testzip() is None
        names = {name.removeprefix(f"{FOLDER}/") for name in zipped.namelist()}
    assert names == bundle.files.keys() | {"7_intyg/godkannanden.json", "7_intyg/sigill.json", "ro-crate-metadata.json"}


def test_the_receiver_is_told_who_made_and_approved_it_and_whose_key_it_is(archive):
    known = verify_archive(archive, Known(fingerprints=(fingerprint(PUBLIC).lower().replace(" ", "-"),)))
    assert (known.outcome, EXIT[known.outcome]) == ("unchanged", 0)
    told = "\n".join(known.lines)
    assert AUTHOR in told
    assert FIRST in told
    assert SECOND in told
    stranger = verify_archive(archive)
    assert EXIT[stranger.outcome] == 3
    assert "jämför fingeravtrycket" in stranger.lines[-1]
    assert fingerprint(PUBLIC) in "\n".join(stranger.lines)
    wrong = verify_archive(archive, Known(keys=(b"\1" * 32,), fingerprints=(fingerprint(PUBLIC)[:19],)))
    assert wrong.outcome == "changed"
    assert "en annan nyckel" in wrong.faults[0]


def test_an_unpacked_bundle_is_checked_file_by_file(archive, tmp_path):
    folder = unpacked(archive, tmp_path)
    assert verify_path(folder, MINE).outcome == "unchanged"
    (folder / "LAS_MIG.html").unlink()
    (folder / "ny.txt").write_text("x", encoding="utf-8")
    (folder / "4_tabeller" / "t.csv").write_text("a", encoding="utf-8")
    assert verify_path(folder, MINE).faults == (
        "Ändrad: 4_tabeller/t.csv",
        "Saknas: LAS_MIG.html",
        "Finns inte i intyget: ny.txt",
    )


@pytest.mark.parametrize(
    "name", ["7_intyg/godkannanden.json", "ro-crate-metadata.json", "7_intyg/manifest.json", "7_intyg/sigill.json"]
)
def test_what_is_only_reformatted_is_changed(archive, tmp_path, name):
    folder = unpacked(archive, tmp_path)
    (folder / name).write_text(json.dumps(json.loads((folder / name).read_bytes())), encoding="utf-8")
    assert verify_path(folder, MINE).outcome == "changed"


def test_a_link_in_an_unpacked_folder_is_refused(archive, tmp_path):
    from assets.methods.errors import PipelineError

    folder = unpacked(archive, tmp_path)
    (folder / "lank").symlink_to(tmp_path)
    with pytest.raises(PipelineError, match="vanliga filer"):
        verify_path(folder, MINE)


def test_a_preview_is_not_a_publication(bundle):
    found = verify_files(bundle.files)
    assert found.outcome == "changed"
    assert "inte förseglat" in found.faults[0]


@pytest.mark.parametrize(
    ("approvals", "sentence"),
    [
        ((FIRST, FIRST.upper()), "två olika personer"),
        ((FIRST,), "två olika personer"),
        ((FIRST, AUTHOR), "någon annan än den som gjorde"),
    ],
)
def test_a_seal_over_approvals_that_do_not_count_is_refused(bundle, approvals, sentence):
    found = verify_archive(sealed(bundle, both(bundle, approvals)), MINE)
    assert sentence in " ".join(found.faults)


def test_a_seal_over_a_refusal_or_another_bundles_approvals_is_refused(bundle):
    refused = [decision(bundle.manifest_bytes, FIRST), decision(bundle.manifest_bytes, SECOND, "avslås")]
    assert "avslagit" in " ".join(verify_archive(sealed(bundle, refused), MINE).faults)
    other = [decision(b"another", FIRST), decision(b"another", SECOND)]
    assert "ett annat paket" in " ".join(verify_archive(sealed(bundle, other), MINE).faults)


def test_files_sealed_anew_with_another_key_are_seen_by_whoever_has_the_fingerprint(bundle, tmp_path, archive):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from assets.sealing.bundle import sealed_archive

    forged = sealed_archive(bundle, both(bundle), Ed25519PrivateKey.generate())
    assert verify_archive(forged).outcome == "unknown_key"
    assert verify_archive(forged, MINE).outcome == "changed"


def rebuilt(archive: bytes, change) -> bytes:
    """The archive with its list of (name, content) changed, written as the program writes it."""
    entries = change([(e.name, e.content) for e in read_archive(archive)])
    return finish(b"".join(record(name, content) for name, content in entries))


TRICKS = {
    "removed": lambda entries: entries[1:],
    "renamed": lambda entries: [(f"{FOLDER}/1_rapport/ny.html", entries[0][1]), *entries[1:]],
    "added": lambda entries: [(f"{FOLDER}/0.txt", b"x"), *entries],
    "reordered": lambda entries: entries[::-1],
    "twice": lambda entries: [entries[0], *entries],
    "twice in another case": lambda entries: [(entries[-1][0].upper(), b"x"), *entries],
    "outside": lambda entries: [(f"{FOLDER}/../x.txt", b"x"), *entries],
    "absolute": lambda entries: [("/x.txt", b"x"), *entries],
    "backslash": lambda entries: [(f"{FOLDER}\\x.txt", b"x"), *entries],
    "device": lambda entries: [(f"{FOLDER}/nul.txt", b"x"), *entries],
    "trailing dot": lambda entries: [(f"{FOLDER}/LAS_MIG.html.", b"x"), *entries],
    "another folder": lambda entries: [("a/x.txt", b"x"), *entries],
    "repacked": lambda entries: entries,
}


@pytest.mark.parametrize("trick", TRICKS)
def test_an_archive_made_anew_is_told(archive, trick):
    assert verify_archive(rebuilt(archive, TRICKS[trick]), MINE).outcome == "changed"


def test_data_before_after_between_and_in_a_second_directory_is_told(archive):
    end = len(archive) - 22
    directory = struct.unpack("<I", archive[-6:-2])[0]
    for tricked in (
        b"PK" + archive,
        archive + b"\0",
        archive + archive,
        archive[:directory] + b"mellan" + archive[directory:],
        archive[:end] + archive[directory:end] + archive[end:],
        archive[:-2] + struct.pack("<H", 4) + b"hej!",
        archive[: len(archive) // 2],
        b"",
        b"not a zip",
    ):
        found = verify_archive(tricked, MINE)
        assert found.outcome == "changed", tricked[:8]
        assert found.lines[0].startswith("✗ ")


def test_a_huge_entry_is_refused_before_it_is_unpacked(archive):
    small = record("a/b.txt", b"\0" * 100_000)
    head = list(LOCAL.unpack_from(small))
    head[8] = LARGEST_FILE + 1
    bomb = finish(LOCAL.pack(*head) + small[LOCAL.size :])
    assert "mer än ett paket" in verify_archive(bomb).faults[0]
    head[8] = 10
    lying = finish(LOCAL.pack(*head) + small[LOCAL.size :])
    assert "en annan storlek" in verify_archive(lying).faults[0]


def test_the_crate_says_what_it_was_made_of_without_file_names(bundle):
    crate = json.loads(crate_bytes(bundle.manifest, bundle.files, both(bundle), "7_intyg"))
    by_id = {entity["@id"]: entity for entity in crate["@graph"]}
    assert by_id["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert len(by_id) == len(crate["@graph"]), "ids are unique"
    named = {ref["@id"] for e in crate["@graph"] for ref in _references(e)}
    outside = {"https://w3id.org/ro/crate/1.1", "https://w3id.org/ro/wfrun/process/0.5"}
    assert named <= by_id.keys() | outside
    assert {ref["@id"] for ref in by_id["./"]["hasPart"]} >= bundle.files.keys()
    assert by_id["LAS_MIG.html"]["sha256"] == bundle.manifest.files["LAS_MIG.html"]
    assert by_id["#programmet"]["softwareVersion"] == "0.1.0"
    assert by_id["#definitioner"]["identifier"] == f"sha256:{'a' * 64}"
    assert by_id["#rojandepolicy"]["version"] == "policy-1"
    assert by_id[f"#indata-{'b' * 16}"]["identifier"] == f"sha256:{'b' * 64}"
    assert "botkyrka.sav" not in json.dumps(crate)
    assert [by_id[f"#person-{n}"]["name"] for n in (1, 2)] == [FIRST, SECOND]


def _references(entity: dict) -> list[dict]:
    values = [v for value in entity.values() for v in (value if isinstance(value, list) else [value])]
    return [value for value in values if isinstance(value, dict)]


def test_the_seal_reads_back_as_it_was_written(archive, tmp_path):
    files = read_folder(unpacked(archive, tmp_path))
    seal = read_seal(files["7_intyg/sigill.json"])
    assert seal.public_key == PUBLIC
    assert seal.statement["bundle"] == as_bundle(files, "x").manifest.bundle
    assert len(seal.fingerprint.split()) == 8


def test_checking_imports_nothing_heavy_and_asks_no_network():
    heavy = ("dagster", "duckdb", "polars", "scipy", "altair", "numpy", "keyring", "requests", "pandas")
    code = (
        "import sys, socket; socket.socket = None\n"
        "from pipelines import cli; code = cli.main(['verifiera', 'finns_inte.zip'])\n"
        f"print(code, [m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "2 []"
    assert "finns_inte.zip" in done.stderr
