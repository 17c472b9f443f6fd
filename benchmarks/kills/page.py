"""`python -m benchmarks.kills.page WORLD`: Dagster's page killed with -9 while a run goes on and another waits; started again.

Twice: only the process that the steward started (`did ui`), and all of it at once as when the machine stops (Linux: processes are
found by their environment). After that a new page has to open on the same address, say that the killed run has failed, and carry
out the one that waited; and the tables have to be those of an undisturbed folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600.0
JOB = "ingest"
LOCATION, REPOSITORY = "data_i_dialog", "__repository__"
LAUNCH = """mutation($job: String!) { launchRun(executionParams: {selector: {repositoryLocationName: "data_i_dialog",
repositoryName: "__repository__", jobName: $job}, runConfigData: {}}) { __typename ... on LaunchRunSuccess { run { runId } }
... on PythonError { message } } }"""
STATE = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


def did(home: Path, *words: str) -> subprocess.Popen[str]:
    """A command in a session of its own."""
    settings = {**os.environ, "DID_HOME": str(home), "DID_TRAINING": "1", "NO_COLOR": "1", "CI": "1"}
    command = [sys.executable, "-m", "pipelines.cli", *words]
    return subprocess.Popen(
        command, cwd=ROOT, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def opened(home: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    """`did ui`, and what it said until it was open or ended."""
    page, said = did(home, "ui", "--port", str(port)), ""
    while page.stdout and (line := page.stdout.readline()):
        said += line
        if "Dagster är öppet" in line:
            break
    return page, said


def asked(port: int, query: str, **variables: str) -> dict:
    """An answer of the page."""
    content = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", content, headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())["data"]


def launched(port: int) -> str:
    """Id of a new run."""
    found = asked(port, LAUNCH, job=JOB)["launchRun"]
    if found["__typename"] != "LaunchRunSuccess":
        raise RuntimeError(str(found))
    return found["run"]["runId"]


def status(port: int, run: str) -> str:
    """How a run goes."""
    return asked(port, STATE, id=run)["runOrError"]["status"]


def until(port: int, run: str, *wanted: str) -> str:
    """Wait for one of some states; the state that the run has then, or when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while (now := status(port, run)) not in wanted and time.monotonic() < deadline:
        time.sleep(1)
    return now


def living(home: Path) -> list[int]:
    """Processes that work on a data folder."""
    wanted, found = f"DID_HOME={home}".encode(), []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def killed_once(home: Path, port: int, everything: bool) -> list[str]:
    """Open, run, kill, open again; what was not as it should be."""
    page, said = opened(home, port)
    if "Dagster är öppet" not in said:
        return [f"opened nothing: {said}"]
    first = launched(port)
    until(port, first, "STARTED", "FAILURE", "SUCCESS")
    second = launched(port)
    beside = did(home, "kor")
    told, _ = beside.communicate(timeout=PATIENCE)
    _say(f"did kor beside the page: {beside.returncode} {told.strip().splitlines()[-1]}")
    _say(f"before the kill: {status(port, first)}, {status(port, second)}; {len(living(home))} processes")
    for number in living(home) if everything else [page.pid]:
        os.kill(number, signal.SIGKILL)
    page.wait()
    for seconds in (1, 5, 15, 30):
        time.sleep(seconds)
        if not (left := living(home)):
            break
    _say(f"processes left after the kill: {len(left)}")
    page, said = opened(home, port)
    _say(f"again: {' '.join(said.split())[:300]}")
    try:
        if "Dagster är öppet" not in said:
            return [f"did not open again: {said}"]
        ended = until(port, first, "FAILURE", "SUCCESS", "CANCELED"), until(port, second, "FAILURE", "SUCCESS", "CANCELED")
        _say(f"in the end: {ended[0]}, {ended[1]}")
        return [] if ended[1] == "SUCCESS" and ended[0] != "STARTED" else [f"the runs ended as {ended}"]
    finally:
        page.send_signal(signal.SIGTERM)
        page.communicate(timeout=120)
        for number in living(home):
            os.kill(number, signal.SIGKILL)


def main() -> int:
    """1 when something is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path, help="a data folder with an inbox and nothing run; it is copied")
    parser.add_argument("--port", type=int, default=38811)
    given = parser.parse_args()
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for everything in (False, True):
            home = Path(folder) / ("allt" if everything else "sidan")
            shutil.copytree(given.world, home)
            _say("all of it killed" if everything else "did ui killed")
            faults += killed_once(home, given.port + everything, everything)
    _say(f"{len(faults)} faults")
    for one in faults:
        _say(f"  {one}")
    return 1 if faults else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
