"""did doctor: each finding, with its remedy, on good and bad machines."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import doctor
from pipelines.doctor import Finding

ROOT = Path(__file__).resolve().parents[2]
HOLDER = "import sys, duckdb; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


def marks(findings):
    return [finding.mark for finding in findings]


def test_python_too_old_stops():
    assert marks(doctor.check_python((3, 10, 4))) == ["stop"]
    assert doctor.check_python((3, 11, 0)) == [Finding("ok", "Python 3.11.0")]


def test_the_environment_of_these_tests_follows_the_lock():
    assert marks(doctor.check_packages(ROOT / "requirements.lock")) == ["ok"]


def test_missing_and_wrong_packages_are_named(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("finns-inte==1.0 \\\n    --hash=sha256:a\npytest==0.0.1 \\\n    --hash=sha256:b\n", encoding="utf-8")
    missing, other = doctor.check_packages(lock)
    assert missing.text == "1 av 2 paket är inte installerade (finns-inte)"
    assert other.text.startswith("1 paket har fel version (pytest ")
    assert "i stället för 0.0.1" in other.text
    assert "make setup" in missing.remedy
    assert marks(doctor.check_packages(tmp_path / "borta.lock")) == ["stop"]


def test_a_machine_without_the_packages_is_told_so_once(tmp_path):
    lock = tmp_path / "requirements.lock"
    lines = [f"finns-inte-{number}==1.0 \\\n    --hash=sha256:a\n" for number in range(3)]
    lock.write_text("".join(lines) + "pytest==0.0.1 \\\n    --hash=sha256:b\n", encoding="utf-8")
    assert [finding.text for finding in doctor.check_packages(lock)] == ["Paketen är inte installerade än (3 av 4 saknas)"]


def test_packages_for_other_platforms_and_the_installer_are_not_asked_for():
    text = "a==1 \\\n    --hash=sha256:x\nb==2 ; sys_platform == 'win32' \\\n    --hash=sha256:x\nuv==3 \\\n    --hash=sha256:x\n"
    assert doctor.locked_versions(text) == {"a": "1"}


@pytest.mark.parametrize(("free", "mark"), [(5 * 10**8, "stop"), (2 * 10**9, "note"), (5 * 10**10, "ok")])
def test_disk(tmp_path, free, mark):
    finding = doctor.check_disk(tmp_path / "finns" / "inte", free)[0]
    assert finding.mark == mark
    assert "GB" in finding.text


def test_disk_is_measured_where_the_folder_will_be(tmp_path):
    assert doctor.check_disk(tmp_path / "a" / "b")[0].text.endswith("GB ledigt på disken")


def test_a_writable_folder_is_left_clean(tmp_path):
    assert marks(doctor.check_write(tmp_path / "data")) == ["ok"]
    assert list((tmp_path / "data").iterdir()) == []


def test_a_folder_that_cannot_be_written_stops(tmp_path, monkeypatch):
    def refused(self, data):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "write_bytes", refused)
    finding = doctor.check_write(tmp_path)[0]
    assert finding.mark == "stop"
    assert "DID_HOME" in finding.remedy


def test_no_warehouse_yet_is_fine(tmp_path):
    assert marks(doctor.check_warehouse(tmp_path)) == ["ok"]


def test_a_warehouse_held_by_another_process_names_it(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "warehouse.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "open\n"
            finding = doctor.check_warehouse(tmp_path)[0]
        finally:
            holder.stdin.close()
            holder.wait(timeout=20)
    assert finding.mark == "stop"
    assert f"upptaget av process {holder.pid}" in finding.text
    assert marks(doctor.check_warehouse(tmp_path)) == ["ok"]


def test_windows_words_for_a_held_file(tmp_path):
    message = "IO Error: Cannot open file: The process cannot access the file because it is being used by another process."
    assert "ett annat program" in doctor.warehouse_finding(tmp_path, message).text


def test_a_damaged_warehouse_is_told_apart(tmp_path):
    (tmp_path / "warehouse.duckdb").write_bytes(b"inte en databas" * 400)
    finding = doctor.check_warehouse(tmp_path)[0]
    assert finding.mark == "stop"
    assert "skadad" in finding.text


def test_inbox_and_rejected_files_are_counted(tmp_path):
    assert marks(doctor.check_inbox(tmp_path)) == ["ok"]
    for name in ("enkat/a.sav", "enkat/.dold", "register/k.parquet", "avvisade/b.csv", "avvisade/b.csv.txt"):
        path = tmp_path / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    inbox, rejected = doctor.check_inbox(tmp_path)
    assert "1 leverans och 1 registerfil" in inbox.text
    assert rejected.text.startswith("1 avvisad fil")


def test_missing_chromium_is_only_a_note(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert marks(doctor.check_browser()) == ["note"]


def test_a_busy_port_is_noted():
    with doctor.socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert marks(doctor.check_port(port)) == ["note"]
    assert marks(doctor.check_port(port)) == ["ok"]


def test_exit_code_follows_what_stops(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda root, home: [Finding("ok", "Bra"), Finding("note", "Obs", "Gör så.")])
    assert doctor.main(ROOT, tmp_path) == 0
    assert capsys.readouterr().out == "✓ Bra\n– Obs\n    Gör så.\n\nAllt som behövs finns.\n"
    monkeypatch.setattr(doctor, "examine", lambda root, home: [Finding("stop", "Fel", "Laga.")])
    assert doctor.main(ROOT, tmp_path) == 1
    assert "1 sak måste åtgärdas först." in capsys.readouterr().out


def test_the_whole_examination_runs_here(tmp_path):
    findings = doctor.examine(ROOT, tmp_path)
    assert len(findings) >= 8
    assert not [finding for finding in findings if finding.mark == "stop"]
