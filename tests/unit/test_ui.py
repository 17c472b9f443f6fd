"""did ui: our settings reach Dagster, only this computer is served, and nothing is left behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from assets.methods.errors import PipelineError
from pipelines import instance_settings, ui

ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import http.server, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open("child.pid", "w").write(str(child.pid))
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        own = self.headers["Host"].startswith("127.0.0.1") or "open" in sys.argv
        self.send_response(200 if own else 403)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""


def free_port():
    """A port nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_running(pid):
    """Is there such a process that isn't merely waiting to be reaped?"""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"


def test_dagster_takes_our_settings(tmp_path, monkeypatch):
    import dagster as dg

    monkeypatch.setenv("DAGSTER_HOME", str(ui.prepare_dagster_home(tmp_path)))
    with dg.DagsterInstance.get() as instance:
        assert instance.telemetry_enabled is False
        assert instance.nux_enabled is False
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1


def test_an_older_copy_of_the_settings_is_replaced(tmp_path):
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: true}", encoding="utf-8")
    folder = ui.prepare_dagster_home(tmp_path)
    assert folder.is_absolute()
    assert (folder / "dagster.yaml").read_bytes() == instance_settings.SETTINGS.read_bytes()


def test_only_this_computer_is_served_and_the_users_workspace_is_used():
    words = ui.command(ROOT, ui.Page(3333))
    assert words[words.index("-h") + 1] == "127.0.0.1"
    assert words[words.index("-w") + 1] == str(ROOT / "workspace.yaml")
    assert words[words.index("-p") + 1] == "3333"


def test_the_page_works_on_the_same_data_folder_as_the_command(tmp_path):
    env = ui.environment(ROOT, tmp_path)
    assert env["DID_HOME"] == str(tmp_path.resolve())
    assert env["DAGSTER_HOME"] == str(tmp_path.resolve() / "dagster")
    assert env["DAGSTER_DISABLE_TELEMETRY"] == "1"


def test_a_run_on_a_busy_computer_is_waited_for_unless_somebody_has_said_how_long(tmp_path, monkeypatch):
    monkeypatch.delenv("DAGSTER_GRPC_TIMEOUT_SECONDS", raising=False)
    assert int(ui.environment(ROOT, tmp_path)["DAGSTER_GRPC_TIMEOUT_SECONDS"]) >= 600
    monkeypatch.setenv("DAGSTER_GRPC_TIMEOUT_SECONDS", "90")
    assert ui.environment(ROOT, tmp_path)["DAGSTER_GRPC_TIMEOUT_SECONDS"] == "90"


def test_a_busy_port_is_a_plain_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PipelineError, match=f"Port {port}: väntade en ledig port") as problem:
            ui.require_free_port(port)
    assert f"--port {port + 1}" in problem.value.hint
    ui.require_free_port(port)


def test_a_page_that_dies_points_to_the_log(tmp_path, monkeypatch):
    monkeypatch.setattr(ui, "command", lambda root, page: [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(PipelineError, match=r"avslutades med kod 3.*ui\.log"):
        ui.serve(ROOT, tmp_path, ui.Page(free_port()), say=lambda text: None)


SLOW_SERVER = """
import sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words):
        pass
time.sleep(1.5)
HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""


def test_a_page_that_is_slow_to_open_is_waited_for_and_told_of_once(tmp_path):
    port, said = free_port(), []
    process = subprocess.Popen([sys.executable, "-c", SLOW_SERVER, str(port)], start_new_session=True)
    try:
        ui.wait_until_ready(process, port, tmp_path / "ui.log", said.append, usual=0.1)
        assert process.poll() is None
    finally:
        ui.stop(process, seconds=5)
    (told,) = said
    assert told.startswith("Det tar längre tid än vanligt.")
    assert str(tmp_path / "ui.log") in told


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM"])
def test_stopping_takes_everything_down(tmp_path, monkeypatch, how):
    """A stand-in for Dagster with a child of its own; both must be gone, and the port free, when serve returns."""
    root, said = tmp_path / "root", []
    root.mkdir()
    (root / "server.py").write_text(SERVER, encoding="utf-8")
    monkeypatch.setattr(ui, "command", lambda folder, page: [sys.executable, str(folder / "server.py"), str(page.port)])
    port = free_port()

    def interrupt():
        deadline = time.monotonic() + 20
        while not any("öppet" in text for text in said) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(os.getpid(), getattr(signal, how))

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    helper = threading.Thread(target=interrupt)
    helper.start()
    assert ui.serve(root, tmp_path / "data", ui.Page(port), say=said.append) == 0
    helper.join()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert f"http://127.0.0.1:{port}" in "".join(said)
    ui.require_free_port(port)
    child = int((root / "child.pid").read_text(encoding="ascii"))
    deadline = time.monotonic() + 5
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)


def test_a_page_without_its_guard_is_taken_down(tmp_path, monkeypatch):
    """A server that answers to any name could be used by other sites; it isn't left running, and the port is free again."""
    (tmp_path / "server.py").write_text(SERVER, encoding="utf-8")
    words = [sys.executable, str(tmp_path / "server.py")]
    monkeypatch.setattr(ui, "command", lambda folder, page: [*words, str(page.port), "open"])
    port = free_port()
    with pytest.raises(PipelineError) as problem:
        ui.serve(tmp_path, tmp_path / "data", ui.Page(port), say=lambda text: None)
    assert problem.value.code == "ui_unguarded"
    ui.require_free_port(port)


def test_a_page_for_readers_starts_no_daemon_and_changes_nothing():
    words = ui.command(ROOT, ui.Page(3334, read_only=True))
    assert words[1:4] == ["-m", "pipelines.webserver", "--read-only"]
    assert words[words.index("-h") + 1] == "127.0.0.1"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10", "did.exempel.se", ""])
def test_another_address_than_this_computers_is_refused(host):
    with pytest.raises(PipelineError, match=r"den egna datorn \(127\.0\.0\.1\).*docs/steward/sakerhet\.md"):
        ui.require_own_computer(host)
    for own in ("127.0.0.1", "localhost"):
        ui.require_own_computer(own)
