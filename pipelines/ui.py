"""`did ui`: the Dagster page on this computer, started and stopped as one thing.

Webserver and daemon run in a session of their own on the user's `workspace.yaml`, bound to 127.0.0.1 and behind the guard of
`web_guard.py`. Their English log goes to `<data>/dagster/ui.log`; the console gets Swedish. Dagster takes over whatever handling
of SIGINT it inherits, and orphans its four children when it is killed, so the signals are handled here and the whole session is
taken down.
"""

from __future__ import annotations

import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from assets.catalogue.base_profile import PROFILE_VARIABLE
from assets.methods.errors import PipelineError
from pipelines.dead_runs import only_page, settle_dead_runs
from pipelines.instance_settings import instance_settings
from pipelines.operation_settings import write_template
from pipelines.paths import Paths
from pipelines.web_guard import ORIGINS_VARIABLE, page_origins

HOST = "127.0.0.1"
OWN_COMPUTER = (HOST, "localhost")
DEFAULT_PORT = 3333
NOT_OURS = "annan-sida.invalid"
"""A host name that the page can't have (RFC 2606): the guard has to refuse it."""
USUAL_SECONDS = 120
SLOW = (
    "Det tar längre tid än vanligt. Datorn kan ha mycket att göra; vänta, sidan öppnas när den är klar (stoppa med Ctrl-C).\n"
    "  Vad som händer skrivs i {log}.\n"
)
STOP_SECONDS = 20
LINGER_SECONDS = 3
"""How long children may tidy up after themselves once Dagster itself has ended."""
SLOW_START_SECONDS = 600
"""How long Dagster waits for its own code server: it fails a run that hasn't begun after 60 when nobody says otherwise, and a
busy computer may need longer. A server that has gone away is told of at once all the same."""
WINDOWS = sys.platform == "win32"
NEW_PROCESS_GROUP = 0x00000200
"""Windows' flag CREATE_NEW_PROCESS_GROUP, by number because the name exists on Windows only."""


@dataclass(frozen=True)
class Page:
    """How the page is opened.

    `outside`: the name that a reverse proxy serves it under. `read_only`: for those who only look: nothing can be started, and
    there is no daemon.
    """

    port: int = DEFAULT_PORT
    outside: str = ""
    read_only: bool = False

    @property
    def log(self) -> str:
        """Name of its log; two pages on one data folder have one each."""
        return "ui-las.log" if self.read_only else "ui.log"


def require_own_computer(host: str) -> None:
    """Raise PipelineError unless the address is this computer's own: Dagster has no login."""
    if host not in OWN_COMPUTER:
        hint = "Dagster har ingen inloggning. Låt andra nå sidan genom en proxy som frågar vem de är: docs/steward/sakerhet.md."
        raise PipelineError("not_own_computer", "Adressen för did ui", f"den egna datorn ({HOST})", "en annan adress", hint)


def prepare_dagster_home(home: Path) -> Path:
    """The instance folder `<home>/dagster`, absolute and with our settings in place; also what DAGSTER_HOME must be."""
    folder = (home / "dagster").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(instance_settings(), folder / "dagster.yaml")
    return folder


def command(root: Path, page: Page) -> list[str]:
    """What is started: webserver and daemon over one shared code server, or a webserver alone that changes nothing."""
    program = ["pipelines.webserver", "--read-only"] if page.read_only else ["pipelines.workplace", "dev"]
    return [sys.executable, "-m", *program, "-w", str(root / "workspace.yaml"), "-h", HOST, "-p", str(page.port)]


def environment(root: Path, home: Path, page: Page = Page()) -> dict[str, str]:
    """The child's environment: the instance folder, the project importable in place, the page's own names, telemetry off."""
    return {
        "DAGSTER_GRPC_TIMEOUT_SECONDS": str(SLOW_START_SECONDS),
        **{name: value for name, value in os.environ.items() if name != PROFILE_VARIABLE},  # each location has its own
        "DAGSTER_HOME": str(prepare_dagster_home(home)),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "DID_HOME": str(home.resolve()),
        ORIGINS_VARIABLE: " ".join(page_origins(page.port, page.outside)),
        "PYTHONPATH": str(root),
        "PYTHONUTF8": "1",
    }


def require_free_port(port: int) -> None:
    """Raise PipelineError when something already listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((HOST, port)) == 0:
            raise PipelineError(
                code="port_busy",
                where=f"Port {port}",
                expected="en ledig port",
                got="en port som redan används",
                hint=f"Är det Dagster: öppna http://{HOST}:{port}. Annars: python3 start.py ui --port {port + 1}.",
            )


def is_answering(port: int) -> bool:
    """Does the webserver answer?"""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/server_info", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def require_guard(port: int) -> None:
    """Raise PipelineError when the page answers to a name that it doesn't have: then other sites could use it."""
    asked = urllib.request.Request(f"http://{HOST}:{port}/server_info", headers={"Host": NOT_OURS})
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            status = answer.status
    except urllib.error.HTTPError as refused:
        status = refused.code
    except OSError:
        status = 0
    if status != 403:
        hint = "Sidan stängdes. Kör make setup, så att Dagster är av den version som programmet är gjort för."
        raise PipelineError("ui_unguarded", "Dagster", "en sida som bara svarar sig själv", "en som svarar andra", hint)


def wait_until_ready(
    process: subprocess.Popen[bytes], port: int, log: Path, say: Callable[[str], object], usual: float = USUAL_SECONDS
) -> None:
    """Return when the page answers, however long it takes: a busy computer is no fault, and stopping it would begin anew.

    Args:
        usual: seconds after which it is said, once, that it takes longer than it does as a rule.

    Raises:
        PipelineError: `ui_not_started`: Dagster has ended.
    """
    late = time.monotonic() + usual
    while process.poll() is None:
        if is_answering(port):
            return
        if time.monotonic() > late:
            say(SLOW.format(log=log))
            sys.stdout.flush()
            late = math.inf
        time.sleep(0.5)
    raise _not_started(f"ett program som avslutades med kod {process.returncode}", log)


def stop(process: subprocess.Popen[bytes], seconds: float = STOP_SECONDS) -> None:
    """Ask the whole session to end, wait, and take down what is left."""
    if process.poll() is None:
        _interrupt(process)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)
    _kill_rest(process)
    if process.stdin is not None:
        process.stdin.close()


def serve(root: Path, home: Path, page: Page = Page(), say: Callable[[str], object] = sys.stdout.write) -> int:
    """Start the page and stay until Ctrl-C (or SIGTERM, or a closed terminal); 0 after a clean stop.

    Raises:
        PipelineError: `port_busy`, `bad_address`, `ui_not_started`, `ui_unguarded`.
    """
    require_free_port(page.port)
    variables = environment(root, home, page)
    log = prepare_dagster_home(home) / page.log
    write_template(home)
    if not page.read_only:
        Paths(home).make()  # the first thing a steward does is to look for the inbox
    previous = {number: signal.signal(number, _raise_interrupt) for number in _signals()}
    try:
        alone = nullcontext() if page.read_only else only_page(home)
        with alone, log.open("wb") as stream:
            if not page.read_only:
                _settle(home)
            process = _popen(command(root, page), root, variables, stream)
            try:
                say("Startar Dagster ...\n")
                sys.stdout.flush()
                wait_until_ready(process, page.port, log, say)
                require_guard(page.port)
                say(first_words(page))
                sys.stdout.flush()
                process.wait()
                raise _not_started(f"ett program som avslutades med kod {process.returncode}", log)
            except KeyboardInterrupt:
                say("\nStoppar Dagster ...\n")
                sys.stdout.flush()
                return 0
            finally:
                stop(process)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _settle(home: Path) -> None:
    """Runs that were killed would keep every new one waiting."""
    import dagster as dg

    with dg.DagsterInstance.from_config(str(home.resolve() / "dagster")) as instance:
        settle_dead_runs(instance, home, alone=True)


def first_words(page: Page) -> str:
    """The address and what to click first."""
    told = f"Dagster är öppet på http://{HOST}:{page.port} (stoppa med Ctrl-C).\n"
    if page.read_only:
        return told + "  Sidan visar men ändrar inget: inga körningar kan startas här.\n"
    return (
        f"{told}"
        "  1. Lineage visar kedjan, ett lager per grupp från inkorg till rapporter. Klicka på en ruta för att läsa vad den är.\n"
        "  2. Jobs → everything → Launchpad → Launch Run kör allt. Under Checks på en ruta står varje regel och om den håller.\n"
    )


def _signals() -> list[signal.Signals]:
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _raise_interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _popen(words: list[str], root: Path, env: dict[str, str], log: BinaryIO) -> subprocess.Popen[bytes]:
    """Start in a session (Windows: process group) of its own, so that all of it can be taken down.

    The standard input is a pipe that tells it when this process is gone (`ends_with_parent.py`).
    """
    if WINDOWS:
        return subprocess.Popen(
            words, cwd=root, env=env, stdin=subprocess.PIPE, stdout=log, stderr=log, creationflags=NEW_PROCESS_GROUP
        )
    return subprocess.Popen(words, cwd=root, env=env, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.CTRL_BREAK_EVENT if WINDOWS else signal.SIGTERM)


def _kill_rest(process: subprocess.Popen[bytes]) -> None:
    """Nothing of the session may stay behind and hold the port."""
    if WINDOWS:
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        deadline = time.monotonic() + LINGER_SECONDS
        with suppress(ProcessLookupError):  # raised as soon as the session is empty
            os.killpg(process.pid, signal.SIGTERM)
            while time.monotonic() < deadline:
                os.killpg(process.pid, 0)
                time.sleep(0.1)
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _not_started(got: str, log: Path) -> PipelineError:
    return PipelineError(
        code="ui_not_started",
        where="Dagster",
        expected="en sida som svarar",
        got=got,
        hint=f"Orsaken står sist i {log}; kör också make doctor.",
    )
