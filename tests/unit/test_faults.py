"""Faults one by one: what a full disk, a closed folder, a moved clock, a power cut and two at once leave, and what is said."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
from sqlalchemy.exc import OperationalError

from assets import whole_files
from assets.hygiene import purged
from assets.hygiene.archive import keep
from assets.intake import receive as intake
from assets.ledger import store
from assets.ledger.alive import living
from assets.ledger.types import DONE, INTERRUPTED, Ending, Start
from assets.methods.errors import PipelineError
from assets.quality.writer import write_pages
from assets.rejected_files import remember
from pipelines import cli, cli_chain
from pipelines.backup import make_backup
from pipelines.dead_runs import only_page, only_pass, settle_dead_runs
from pipelines.paths import COPIES, Paths
from pipelines.recorder import PASS
from pipelines.restore import restore
from pipelines.run import _failed, run_everything
from pipelines.run_outcome import attempts_of, lay_before, remember_lying, set_aside_after
from pipelines.saved_settings import save_setting
from pipelines.set_aside import lying
from pipelines.warehouse import TableName, Warehouse, _idle

RUN_GROUP_TAGS = ("dagster/root_run_id", "dagster/parent_run_id")
ROOT = Path(__file__).resolve().parents[2]
TABLE = TableName("release", "numbers")
ROWS = pl.DataFrame({"wave": [2022, 2024], "value": [1.0, 2.0]})
FULL, CLOSED = OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EACCES, "Permission denied")


@pytest.fixture
def paths(tmp_path) -> Paths:
    found = Paths(tmp_path / "data")
    found.make()
    return found


def refuses(error: OSError):
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def in_a_process(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_every_writer_survives_kills_and_power_cuts_at_every_operation():
    """The short version of benchmarks/kills: the writers that a later run trusts most."""
    few = ["en fil som sätts åt sidan", "arkivets kopia", "nycklarna", "listan över gallrade filer", "en inställning"]
    done = in_a_process("-m", "benchmarks.kills.writers", *few)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split("Sammanlagt ")[1].split()[0]) >= 70


@pytest.mark.parametrize("error", [FULL, CLOSED], ids=["full disk", "closed folder"])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch, error, step):
    path = tmp_path / "sida.html"
    whole_files.put_text(path, "gammal")
    with monkeypatch.context() as patch:
        patch.setattr(f"assets.whole_files.os.{step}", refuses(error))
        with pytest.raises(OSError, match=error.strerror):
            whole_files.put_text(path, "ny")
    assert names(tmp_path) == {"sida.html"}
    assert path.read_text() == "gammal"


@pytest.mark.parametrize("error", [FULL, CLOSED], ids=["full disk", "closed folder"])
def test_quality_pages_say_what_to_do_when_the_place_cannot_be_written(tmp_path, monkeypatch, error):
    monkeypatch.setattr("assets.whole_files.os.fsync", refuses(error))
    says = "fick en full disk. Frigör utrymme" if error is FULL else "fick en plats som är stängd för dig. Stäng filer"
    with pytest.raises(PipelineError, match=says):
        write_pages(tmp_path, {"2024/a_00000000.html": "x"}, [2024])
    assert not names(tmp_path)


def test_a_content_is_on_the_disk_before_its_name_is(tmp_path, monkeypatch):
    told: list[str] = []
    fsync, rename = os.fsync, os.replace
    monkeypatch.setattr("assets.whole_files.os.fsync", lambda number: (told.append("flush"), fsync(number))[1])
    monkeypatch.setattr("assets.whole_files.os.replace", lambda *names: (told.append("name"), rename(*names))[1])
    whole_files.put(tmp_path / "a", b"x")
    assert told == ["flush", "name", "flush"]


def test_of_two_that_write_the_same_new_file_one_does(tmp_path):
    assert whole_files.put_new(tmp_path / "01.json", b"a")
    assert not whole_files.put_new(tmp_path / "01.json", b"b")
    assert (tmp_path / "01.json").read_bytes() == b"a"


def test_a_file_that_changes_while_it_is_read_stays_in_the_inbox(paths, monkeypatch):
    path = paths.surveys / "okänd.csv"
    path.write_bytes(b"a;b\n1;2\n")
    real = intake.read_delivery

    def grows(*words: object, **named: object) -> object:
        path.write_bytes(path.read_bytes() + b"3;4\n")
        return real(*words, **named)

    monkeypatch.setattr(intake, "read_delivery", grows)
    with pytest.raises(PipelineError, match="Vänta tills den har kopierats färdigt"):
        intake.receive([path], paths.archive, paths.rejected, (), frozenset())
    assert path.exists()
    assert not names(paths.rejected)
    assert not names(paths.archive)


def test_a_file_set_aside_never_lies_without_its_sentence(paths, monkeypatch):
    path = paths.surveys / "okänd.csv"
    path.write_bytes(b"a;b\n1;2\n")
    error = PipelineError("x", "okänd.csv", "det ena", "det andra", "Gör så.")
    with monkeypatch.context() as patch:
        patch.setattr("assets.intake.receive.shutil.move", refuses(FULL))
        with pytest.raises(OSError, match="No space"):
            intake.set_aside(path, paths.rejected, error, "0" * 64)
    assert path.exists()
    intake.set_aside(path, paths.rejected, error, "0" * 64)
    assert names(paths.rejected) == {"okänd.csv", "okänd.csv.txt"}


def test_a_copy_in_the_archive_is_whole_or_not_there(paths, monkeypatch):
    path, target = paths.surveys / "a.csv", paths.archive / "f" / "a.csv"
    path.write_bytes(b"x")
    with monkeypatch.context() as patch:
        patch.setattr("assets.whole_files.shutil.copyfileobj", refuses(FULL))
        with pytest.raises(OSError, match="No space"):
            keep(path, target)
    assert not names(paths.archive)
    assert keep(path, target).read_bytes() == b"x"


def test_the_list_of_purged_files_is_never_half_a_line(paths, monkeypatch):
    purged.remember(paths.root, ["a" * 64])
    with monkeypatch.context() as patch:
        patch.setattr("assets.whole_files.os.replace", refuses(FULL))
        with pytest.raises(OSError, match="No space"):
            purged.remember(paths.root, ["b" * 64])
    assert purged.hashes(paths.root) == {"a" * 64}


def test_a_setting_is_never_half_written(paths, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("assets.whole_files.os.fsync", refuses(FULL))
        with pytest.raises(OSError, match="No space"):
            save_setting(paths, "min", {"utgava": "intern"})
    assert not names(paths.settings)


def test_a_second_run_gets_one_sentence(paths):
    with only_pass(paths), pytest.raises(PipelineError, match="Vänta tills den är klar") as told, only_pass(paths):
        pass
    assert told.value.code == "run_under_way"
    with only_pass(paths):
        pass  # the first has ended


def test_a_run_waits_for_one_of_dagster(paths):
    with living(paths.history_locks, "of-dagster"), pytest.raises(PipelineError, match="en körning som pågår"), only_pass(paths):
        pass


def test_a_second_page_over_the_same_folder_gets_one_sentence(paths):
    (paths.root / "dagster").mkdir()
    with only_page(paths.root), pytest.raises(PipelineError, match="redan är öppen"), only_page(paths.root):
        pass


@dg.op
def nothing() -> None:
    """Nothing."""


@dg.job
def idle() -> None:
    """A job for runs that are never run."""
    nothing()


PAGE = """
import subprocess, sys, time
from pathlib import Path
from pipelines.ui import _popen
child = "import time; from pipelines.ends_with_parent import end_with_parent; end_with_parent(); print('up'); time.sleep(600)"
with open(sys.argv[1], "wb") as log:
    page = _popen([sys.executable, "-u", "-c", child], Path.cwd(), None, log)
print(page.pid, flush=True)
time.sleep(600)
"""


def test_a_page_ends_when_the_one_who_opened_it_is_killed(tmp_path):
    log = tmp_path / "log"
    with subprocess.Popen([sys.executable, "-c", PAGE, str(log)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as opener:
        number = int(opener.stdout.readline())
        wait_until(lambda: log.read_bytes() == b"up\n")
        os.kill(number, 0)  # it lives as long as the one who opened it
        opener.kill()
        opener.wait()
        wait_until(lambda: not runs(number))


def wait_until(holds) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "waited for nothing"
        time.sleep(0.05)


def runs(number: int) -> bool:
    """Whether a process lives; one that has ended and that nobody has asked about counts as ended."""
    state = Path(f"/proc/{number}/stat")
    return state.exists() and state.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"


def test_a_killed_run_no_longer_keeps_the_queue_waiting(paths):
    started = dg.DagsterRunStatus.STARTED
    with dg.DagsterInstance.ephemeral() as instance:
        dead = instance.create_run_for_job(idle, tags={PASS: "dead"}, status=started)
        alive = instance.create_run_for_job(idle, tags={PASS: "alive"}, status=started)
        own = instance.create_run_for_job(idle, status=started)
        with living(paths.history_locks, "alive"):
            assert settle_dead_runs(instance, paths.root) == 1
            assert instance.get_run_by_id(dead.run_id).status == dg.DagsterRunStatus.FAILURE
            assert instance.get_run_by_id(own.run_id).status == started  # its own page may be about to begin it
            assert settle_dead_runs(instance, paths.root, alone=True) == 1
        assert instance.get_run_by_id(alive.run_id).status == started


def test_a_clock_that_goes_back_changes_no_order_of_runs(paths, monkeypatch):
    for number, now in enumerate(("2026-03-02T10:00:00+00:00", "2019-01-01T00:00:00+00:00", "2026-03-02T11:00:00+00:00")):
        monkeypatch.setattr(store, "_now", lambda now=now: now)
        store.begin(paths, Start(f"{number}", "did kor", "", {}))
        store.finish(paths, f"{number}", Ending(DONE), [])
    assert [run.key for run in store.runs(paths)] == ["2", "1", "0"]
    store.begin(paths, Start("killed", "did kor", "", {}))
    assert store.runs(paths)[0].outcome == INTERRUPTED


def test_a_clock_that_goes_back_hides_no_file_that_was_set_aside(paths):
    """What a pass stopped is told by what lay there when it began: the sentence is older than the pass."""
    error = PipelineError("x", "okänd.csv", "det ena", "det andra", "Gör så.")
    rejected = {}
    for name in ("gammal.csv", "ny.csv"):
        (paths.surveys / name).write_bytes(name.encode())
        before = lying(paths)
        rejected[name] = intake.set_aside(paths.surveys / name, paths.rejected, error, "0" * 64)
        os.utime(paths.rejected / f"{name}.txt", (1.5e9, 1.5e9))
    remember(Warehouse(paths.warehouse), list(rejected.values()))
    assert set_aside_after(paths, before) == [rejected["ny.csv"].sentence]
    assert set_aside_after(paths, lying(paths)) == []


def test_a_new_attempt_knows_what_lay_there_when_the_first_began(paths):
    with dg.DagsterInstance.ephemeral() as instance:
        first = instance.create_run_for_job(idle)
        remember_lying(instance, first.run_id, paths)
        (paths.rejected / "okänd.csv").write_bytes(b"a")
        (paths.rejected / "okänd.csv.txt").write_text("Skälet.", encoding="utf-8")
        again = instance.create_run_for_job(
            idle, root_run_id=first.run_id, parent_run_id=first.run_id, tags=dict.fromkeys(RUN_GROUP_TAGS, first.run_id)
        )
        remember_lying(instance, again.run_id, paths)
        attempts = attempts_of(instance, again)
        assert attempts == [first.run_id, again.run_id]
        assert lay_before(instance, attempts) == {}
        assert lay_before(instance, [again.run_id]) == lying(paths)


def test_a_held_warehouse_is_told_before_any_work(paths):
    Warehouse(paths.warehouse).replace(TABLE, ROWS, None)
    holder = "import duckdb,sys; con=duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", holder, str(paths.warehouse)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(PipelineError, match="Stäng det programmet och kör igen") as told:
            run_everything(paths.root, None)
        assert told.value.code == "warehouse_busy"
        assert str(other.pid) in str(told.value)
        other.communicate()


SMALL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np, polars as pl
from assets.methods.errors import PipelineError
from pipelines.warehouse import TableName, Warehouse
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
large = pl.DataFrame({"wave": [2024] * 600_000, "value": np.random.default_rng(1).normal(size=600_000)})
try:
    Warehouse(Path(sys.argv[1])).replace(TableName("release", "numbers"), large, None)
except PipelineError as error:
    print(error.code, error)
"""


def test_a_full_disk_keeps_the_tables_as_they_were_and_says_so(paths):
    Warehouse(paths.warehouse).replace(TABLE, ROWS, None)
    done = in_a_process("-c", SMALL_DISK, str(paths.warehouse))
    assert done.stdout.startswith("warehouse_full"), done.stdout + done.stderr
    assert "Frigör utrymme" in done.stdout
    assert Warehouse(paths.warehouse).read(TABLE).equals(ROWS)


class NoRoomToCommit:
    """A connection whose commit ends as DuckDB's does when the disk has no room for its log: the transaction is over by then."""

    def __init__(self) -> None:
        self.real = duckdb.connect()

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def execute(self, text: str, *more: object) -> object:
        if text == "commit":
            self.real.execute("rollback")
            raise duckdb.TransactionException(
                "TransactionContext Error: Failed to commit: Could not write file: No space left on device"
            )
        return self.real.execute(text, *more)


def test_a_disk_that_is_full_when_the_rows_are_committed_says_so(paths, monkeypatch):
    warehouse = Warehouse(paths.warehouse)
    warehouse.replace(TABLE, ROWS, None)
    monkeypatch.setitem(_idle.engines, os.getpid(), NoRoomToCommit())
    with pytest.raises(PipelineError) as said:
        warehouse.replace(TABLE, ROWS.head(1), None)
    assert said.value.code == "warehouse_full"
    assert warehouse.read(TABLE).equals(ROWS)


@pytest.mark.parametrize(
    "met",
    [
        FULL,
        OperationalError("insert", (), sqlite3.OperationalError("database or disk is full")),
        RuntimeError("Formulär: OSError: [Errno 28] No space left on device: 'form.json'"),
    ],
    ids=["a file", "dagster's storage", "a step of dagster"],
)
def test_a_full_disk_anywhere_is_one_sentence(tmp_path, monkeypatch, capsys, met):
    monkeypatch.setenv("DID_HOME", str(tmp_path))
    (tmp_path / "inbox/enkat").mkdir(parents=True)
    (tmp_path / "inbox/enkat/fil.csv").write_bytes(b"a")
    monkeypatch.setattr(cli_chain, "run_chain", refuses(met))
    assert cli.main(["kor"]) == 2
    told = capsys.readouterr()
    assert told.err.count("✗") == 1
    assert "Frigör utrymme och kör igen" in told.err
    monkeypatch.setattr(cli_chain, "run_chain", refuses(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        cli.main(["kor"])


@pytest.mark.parametrize("damage", [b"", b"not a database" * 1000, None], ids=["empty", "other", "cut"])
def test_a_damaged_warehouse_says_what_to_do_and_a_backup_brings_it_back(paths, damage):
    Warehouse(paths.warehouse).replace(TABLE, ROWS, None)
    made = make_backup(paths.root, paths.root / COPIES / "kopia.zip")
    content = paths.warehouse.read_bytes()
    paths.warehouse.write_bytes(content[: len(content) // 2 + 100] if damage is None else damage)
    if damage != b"":
        with pytest.raises(PipelineError, match="did aterstall") as told:
            Warehouse(paths.warehouse).read(TABLE)
        assert told.value.code == "warehouse_unreadable"
    restore(made.path, paths.root, replace=True)
    assert Warehouse(paths.warehouse).read(TABLE).equals(ROWS)


def test_what_a_killed_backup_left_is_taken_away_by_the_next(paths):
    Warehouse(paths.warehouse).replace(TABLE, ROWS, None)
    left = paths.root / COPIES / ".kopia-abc"
    left.mkdir(parents=True)
    (left / "0.duckdb").write_bytes(b"answers of pupils")
    made = make_backup(paths.root, paths.root / COPIES / "kopia.zip")
    assert {path.name for path in made.path.parent.iterdir()} == {"kopia.zip"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_broken_off_is_no_bug(number):
    """Dagster makes a failed step of Ctrl-C; whoever pressed it is told so, and gets no traceback."""

    @dg.op
    def broken_off():
        os.kill(os.getpid(), number)
        time.sleep(5)

    @dg.job
    def one():
        broken_off()

    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(KeyboardInterrupt):
        raise _failed("Rapportpaket", one.execute_in_process(instance=instance, raise_on_error=False))
