"""Run the whole test suite in pytest processes that end together: `python -m tests.support.side_by_side [words to pytest]`.

How the files are shared out follows from the seconds that each took when it was last measured, `tests/durations.json`; a file
that isn't there counts as a few seconds. `DID_DURATIONS=1 make test` measures anew and writes the file. Files that share
something built once per process, a demo or an installation, stay together. pytest-xdist would build those again in each of its
processes, or keep them together by marks in every file; lists do the same without another package.

Three processes on two cores: browsers, databases and processes that start are waited for a third of the time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DURATIONS = ROOT / "tests" / "durations.json"
CHAINS = "tests/pipeline/"
SHARED = (
    (CHAINS, "small_demo|copy_of_demo"),
    (CHAINS, "full_demo"),
    (CHAINS, "profiles_home|yrbs|lupp"),
    ("tests/", "small_deliveries|copy_of_deliveries"),
    ("tests/unit/", "sketched"),
    ("tests/browser/", "drawn_bundles"),
)
"""What is built once per process: where it is used, and the fixtures that give it, as they stand among a function's arguments."""
PROCESSES = 3
UNKNOWN = 3.0
"""Seconds of a file that has never been measured."""
SLOWEST = ("--durations=25", "--durations-min=1")
MEMORY = Path("/dev/shm")
"""Linux' folder in memory: thousands of small databases are made and flushed, and a disk is waited for each time."""
ROOM = 8 * 2**30
"""Bytes that have to be free there, by default half of a machine's memory, for the tests to use it; they need half as much."""


def files_of_tests() -> dict[str, str]:
    """Path from the root -> text of every file of tests."""
    paths = sorted((ROOT / "tests").glob("*/test_*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def blocks(files: Mapping[str, str]) -> list[list[str]]:
    """Files that share something, together; every other file alone."""
    together: dict[str, str] = {}
    for name, text in files.items():
        together[name] = name
        for folder, fixtures in SHARED:
            if name.startswith(folder) and re.search(rf"def \w+\([^)]*\b(?:{fixtures})\b", text):
                here, there = together[name], together.setdefault(fixtures, fixtures)
                together = {one: there if block == here else block for one, block in together.items()}
    found: dict[str, list[str]] = {}
    for name in files:
        found.setdefault(together[name], []).append(name)
    return list(found.values())


def parts(files: Mapping[str, str], seconds: Mapping[str, float], number: int = PROCESSES) -> list[list[str]]:
    """The files in parts that take about as long, the longest blocks first; within a part, those of chains come last.

    Running everything sets where Dagster keeps its runs for the rest of the process: other tests have been run by then.
    """
    found: list[list[str]] = [[] for _ in range(number)]
    taken = [0.0] * number

    def cost(block: Sequence[str]) -> float:
        return sum(seconds.get(name, UNKNOWN) for name in block)

    for block in sorted(blocks(files), key=lambda block: (-cost(block), block)):
        lightest = taken.index(min(taken))
        found[lightest].extend(block)
        taken[lightest] += cost(block)
    return [sorted(part, key=lambda name: (name.startswith(CHAINS), name)) for part in found]


def measured() -> dict[str, float]:
    """Path -> seconds when last measured."""
    return json.loads(DURATIONS.read_text(encoding="utf-8")) if DURATIONS.exists() else {}


def scratch() -> Path | None:
    """Where the tests' temporary folders lie: in memory where there is plenty of it, else where they usually do."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM else None


def run_all(words: Sequence[str]) -> int:
    """Run all parts; the exit code of one that failed, else 0. What the others say comes after the first is done."""
    begun = time.monotonic()
    shown, *others = parts(files_of_tests(), measured())
    pytest = [sys.executable, "-m", "pytest", *SLOWEST, *words]
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="did-", dir=scratch(), ignore_cleanup_errors=True))
        settings = {**os.environ, "TMPDIR": folder}
        said = [stack.enter_context(tempfile.TemporaryFile()) for _ in others]
        beside = [
            subprocess.Popen([*pytest, *part], cwd=ROOT, env=settings, stdout=file, stderr=subprocess.STDOUT)
            for part, file in zip(others, said, strict=True)
        ]
        try:
            codes = [subprocess.call([*pytest, *shown], cwd=ROOT, env=settings)]
            ended = [time.monotonic() - begun]
            for process, file in zip(beside, said, strict=True):
                codes.append(process.wait())
                ended.append(time.monotonic() - begun)
                file.seek(0)
                sys.stdout.flush()
                shutil.copyfileobj(file, sys.stdout.buffer)
        except KeyboardInterrupt:
            for process in beside:
                process.terminate()
            raise
    minutes = f"{ended[-1] / 60:.1f}".replace(".", ",")
    each = ", ".join(f"{seconds:.0f}" for seconds in ended)
    sys.stdout.write(f"Testerna tog {minutes} min; delarna var klara efter {each} s.\n")
    return next((code for code in codes if code), 0)


def remember(seconds: Mapping[str, float]) -> None:
    """Put newly measured files into the list; those that no longer exist go. The two processes end at different times."""
    known = {name: round(value, 1) for name, value in {**measured(), **seconds}.items() if (ROOT / name).exists()}
    half = DURATIONS.with_suffix(".ofardig")
    half.write_text(json.dumps(known, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    half.replace(DURATIONS)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(run_all(sys.argv[1:]))
