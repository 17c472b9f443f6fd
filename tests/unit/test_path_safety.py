"""Names and paths from outside: nothing is read or written outside its folder, and each refusal is one sentence."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from assets.file_scan.contents import Contents
from assets.file_scan.read_office import xml_of
from assets.intake import readers
from assets.intake.names import stored_name
from assets.methods.errors import PipelineError
from assets.registers.files import read_register_file
from assets.registers.pipeline import read_register_files
from assets.sealing.archive import fault_of_name
from pipelines.paths import Paths
from pipelines.saved_settings import find_setting, save_setting

ROOT = Path(__file__).resolve().parents[2]
SECRET = "hemligt utanför mappen"
NAMES = ["../x", "..", "/etc/passwd", "..\\x", "C:\\x", "a/b", "a\0b", "a" * 300, "", " ", "\u202ex", "CON", "<script>"]


@pytest.fixture
def outside(tmp_path):
    """A file beside the data folder, and the data folder."""
    (tmp_path / "utanfor.yml").write_text(f"version: 1\nname_sv: {SECRET}\n", encoding="utf-8")
    paths = Paths(tmp_path / "data")
    paths.make()
    return tmp_path / "utanfor.yml", paths


@pytest.mark.parametrize("name", [*NAMES, "../utanfor", "../../utanfor.yml"])
def test_a_setting_is_only_read_and_written_by_a_name_of_the_list(outside, name):
    _, paths = outside
    for use in (lambda: find_setting(paths, name), lambda: save_setting(paths, name, {"utgava": "intern"})):
        with pytest.raises(PipelineError) as told:
            use()
        assert told.value.code in {"unknown_setting", "bad_setting_name"}
        assert SECRET not in str(told.value)
        assert "\n" not in str(told.value)
    assert sorted(path.name for path in paths.root.parent.iterdir()) == ["data", "utanfor.yml"]


@pytest.mark.parametrize(
    "name", ["../x", "a/../x", "/x", "a\\x", "C:x", "a:b", "aux", "a/NUL.txt", "a\0b", "a" * 241, "a.", "a /x", "å", "\u202ex"]
)
def test_a_sealed_archive_has_no_name_that_leads_elsewhere(name):
    assert fault_of_name(name)


def test_links_in_the_register_inbox_are_set_aside_unread(outside, tmp_path):
    secret, paths = outside
    real = paths.registers / "tabell.csv"
    real.write_text("a;b\n1;2\n", encoding="utf-8")
    (paths.registers / "tabell.csv.yml").symlink_to(secret)
    (paths.registers / "lank.csv").symlink_to(secret)
    rows, refused = read_register_files(sorted(paths.registers.iterdir()), paths.archive, paths.rejected)
    assert rows.is_empty()
    assert {one.code for one in refused} == {"bad_name", "unknown_register"}
    assert secret.read_text(encoding="utf-8").endswith(f"{SECRET}\n")
    copied = [path for path in paths.root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not [path for path in copied if SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize("name", ["a\u202evsc.csv", "a\nb.csv", "a" * 121 + ".csv"])
def test_a_register_or_delivery_that_hides_its_name_is_refused(outside, name):
    _, paths = outside
    path = paths.registers / name
    path.write_text("a;b\n1;2\n", encoding="utf-8")
    with pytest.raises(PipelineError) as told:
        readers.read_delivery(path, None)
    assert told.value.code == "bad_name"
    _, refused = read_register_files([path], paths.archive, paths.rejected)
    assert [one.code for one in refused] == ["bad_name"]
    assert all("\n" not in one.sentence and "\u202e" not in one.sentence for one in refused)
    assert (paths.rejected / stored_name(name)).is_file()


def test_a_register_workbook_that_unpacks_to_far_too_much_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"<c>" * 10_000_000)
    with pytest.raises(PipelineError, match="orimligt stor när den packas upp"):
        read_register_file(path)


def test_an_office_part_may_declare_nothing_in_any_encoding():
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
    named = '<?xml version="1.0" encoding="{}"?><a>x</a>'
    wrong = [bomb.encode(), bomb.encode("utf-16"), bomb.encode("utf-16-le"), bomb.encode("utf-32")]
    wrong += [
        named.format(name).encode(coding) for name, coding in (("utf-16", "utf-16"), ("latin-1", "latin-1"), ("cp037", "ascii"))
    ]
    for raw in wrong:
        found = Contents()
        assert xml_of("a.xlsx", "xl/workbook.xml", raw, found) is None
        assert [fault.rule for fault in found.faults] == ["external_link"]
    for fine in (named.format("UTF-8"), named.format("us-ascii"), "<a>x</a>"):
        assert xml_of("a.xlsx", "xl/workbook.xml", fine.encode(), Contents()).text == "x"


def test_the_proxy_file_lets_nobody_in_without_asking_and_only_to_this_computer():
    text = (ROOT / "deploy" / "nginx-did.conf").read_text(encoding="utf-8")
    plain = "\n".join(line.split("#")[0] for line in text.splitlines())
    assert plain.count("{") == plain.count("}")
    assert all(line.rstrip().endswith((";", "{", "}")) for line in plain.splitlines() if line.strip())
    default, *pages = re.split(r"^server \{", plain, flags=re.MULTILINE)[1:]
    assert "return 444;" in default
    assert len(pages) == 2
    for page in pages:
        assert re.search(r"auth_basic_user_file \S+/(forvaltare|lasare)\.htpasswd;", page)
        assert re.findall(r"proxy_pass (\S+);", page)[0] in {"http://127.0.0.1:3333", "http://127.0.0.1:3334"}
        assert "proxy_set_header Host $http_host;" in page
        assert re.findall(r"listen (\S+)", page) == ["443"]
        assert re.search(r"ssl_protocols\s+TLSv1\.2 TLSv1\.3;", page)
    guide = (ROOT / "docs" / "steward" / "sakerhet.md").read_text(encoding="utf-8")
    for name in re.findall(r"server_name (did\S+|las\S+);", plain):
        assert f"--adress {name}" in guide


def test_every_test_that_the_threat_model_names_exists():
    guide = (ROOT / "docs" / "steward" / "sakerhet.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+\.py)`", guide))
    assert len(named) > 10
    assert named <= {path.name for path in (ROOT / "tests").rglob("test_*.py")}
