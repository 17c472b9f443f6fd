"""A receiver can check every file with tools that the computer has, and is told how in plain words."""

from __future__ import annotations

import hashlib
import re

from assets.bundle.certificate import INSTRUCTION, SUMS, certificate_files
from assets.bundle.writer import MANIFEST, write_bundle
from tests.support.sample_bundle import sample_bundle_meta, sample_report_meta

META = sample_report_meta()
FOLDER = "0127_botkyrka_2024_v1.0_intern"


def test_the_list_has_every_file_of_the_folder_as_built_in_tools_read_it(sketched, tmp_path):
    paths = write_bundle(sketched(), tmp_path, sample_bundle_meta())
    lines = (paths.folder / SUMS).read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[0-9a-f]{64}  [!-~]+", line) for line in lines)
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = {p.relative_to(paths.folder).as_posix(): p for p in paths.folder.rglob("*") if p.is_file()}
    assert listed.keys() == found.keys() - {SUMS, MANIFEST}
    assert listed == {name: hashlib.sha256(found[name].read_bytes()).hexdigest() for name in listed}


def test_the_instruction_names_the_folder_and_a_command_for_each_system():
    raw = certificate_files({"a.txt": b"a"}, FOLDER, META)[INSTRUCTION]
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in raw
    assert b"\n" not in raw.replace(b"\r\n", b"")
    text = raw.decode("utf-8-sig")
    assert FOLDER in text
    for command in ("certutil -hashfile", "Get-FileHash", "shasum -a 256 -c", "sha256sum -c"):
        assert command in text
    for words in (f"did verifiera {FOLDER}.zip", "--fingeravtryck", "sigill.json", "på annat sätt än paketet"):
        assert words in text
    assert len(text.splitlines()) <= 60, "one page"
    assert "{{" not in text
    assert SUMS in text


def test_a_changed_file_changes_its_line_only():
    before, after = (certificate_files({"a": one, "b": b"same"}, FOLDER, META)[SUMS].split(b"\n") for one in (b"1", b"2"))
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1
