"""All bundles on two Celery workers with PostgreSQL, one of which is killed on the way, against those of one computer.

    DID_PG_HOST=... DID_PG_USER=... DID_PG_PASSWORD=... DID_PG_DATABASE=... DID_BROKER=amqp://... \\
        python -m benchmarks.two_workers --home DATA [--against OTHER] [--wave 2024] [--kill-after 3] [--municipalities 0115 0120]

`DATA`: a data folder with a finished release; its bundles are written. `OTHER`: a folder whose bundles were written on one
computer from the same release and code; every file is compared. Needs the packages of `requirements-scale.lock`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCALE = ROOT / "pipelines" / "scale"
WORKERS = ("ett", "tva")


def main() -> None:
    """Run, kill, compare, print."""
    asked = _arguments()
    home = asked.home.resolve()
    _prepare(home)
    import dagster as dg

    from assets.slices import bundle_range
    from pipelines.definitions import build_definitions
    from pipelines.jobs import run_child
    from pipelines.recorder import PASS

    defs = build_definitions(home)
    workers = {name: _worker(name, home) for name in WORKERS}
    try:
        with dg.DagsterInstance.get() as instance:
            victim = workers["ett"] if asked.kill_after else None
            killer = (
                subprocess.Popen([sys.executable, "-c", KILLER, str(victim.pid), str(asked.kill_after), str(home)])
                if victim
                else None
            )
            started = time.perf_counter()
            part = {**bundle_range(asked.wave, asked.municipalities), PASS: "benchmark"}  # the ledger is the sender's to write
            found = run_child(defs, instance, "publish_bundles", part)
            took = time.perf_counter() - started
            killer.terminate()
            killer.wait()
            _say(f"{'all bundles written' if found.success else 'FAILED'}: {len(found.runs)} runs in {took:.0f} s wall")
            begun = instance.get_runs(dg.RunsFilter(job_name="publish_bundles"))
            _say(f"runs that died with their worker: {sum(not run.is_success for run in begun)}")
    finally:
        for worker in workers.values():
            _end(worker)
    if asked.against:
        _compare(home / "reports", asked.against / "reports", whole=not asked.municipalities)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


KILLER = """
import os, signal, sys, time
from pathlib import Path
pid, after, home = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
while after and len(list(home.glob("reports/*/*.zip"))) < after:
    time.sleep(0.1)
if after:
    os.killpg(pid, signal.SIGKILL)
    print(f"killed a worker with all its processes after {after} bundles", flush=True)
"""


def _killer(worker: subprocess.Popen, after: int, home: Path) -> subprocess.Popen:
    """A process that kills the worker as soon as that many bundles lie there; a thread would wait for ours."""
    return subprocess.Popen([sys.executable, "-c", KILLER, str(worker.pid), str(after), str(home)])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--wave", type=int, default=2024)
    parser.add_argument("--municipalities", nargs=2, metavar=("FIRST", "LAST"))
    parser.add_argument("--kill-after", type=int, default=3, help="kill one worker when this many bundles are written; 0: never")
    return parser.parse_args()


def _prepare(home: Path) -> None:
    """The instance folder with the settings for several machines, for this process and its workers."""
    folder = home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SCALE / "dagster.yaml", folder / "dagster.yaml")
    scripts = str(Path(sys.executable).parent)
    os.environ |= {
        "DAGSTER_HOME": str(folder),
        "DID_HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",  # dagster-celery starts `celery` by name
    }


def _worker(name: str, home: Path) -> subprocess.Popen:
    """A worker of the bundles' queue in a process group of its own, as if it were a machine of its own."""
    command = [sys.executable, "-m", "dagster_celery.cli", "worker", "start", "-A", "dagster_celery.app"]
    command += ["-y", str(SCALE / "worker.yaml"), "-q", "paket", "-n", name]
    log = (home / f"arbetare_{name}.log").open("wb")
    return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)


def _end(worker: subprocess.Popen) -> None:
    """End the worker and what it started, if it still runs."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGTERM)
        worker.wait(timeout=60)


def _compare(ours: Path, theirs: Path, *, whole: bool) -> None:
    """Every file of every bundle, the certificates included. Exits with 1 when one differs or is missing."""
    first, second = _hashes(ours), _hashes(theirs)
    wanted = first.keys() | second.keys() if whole else first.keys()  # of chosen municipalities only what was written here
    differing = sorted(name for name in wanted if first.get(name) != second.get(name))
    _say(f"{len(wanted)} files, {len(differing)} differ from the run on one computer")
    if differing:
        _say("\n".join(differing[:20]))
        sys.exit(1)


def _hashes(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file() and not path.relative_to(folder).as_posix().startswith("."))
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(found)}


if __name__ == "__main__":
    main()
