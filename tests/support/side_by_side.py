"""Run the whole test suite in two pytest processes that end together: `python -m tests.support.side_by_side [words to pytest]`.

How the files are shared out follows from the seconds that each took when it was last measured, `tests/durations.json`; a file
that isn't there counts as a few seconds. `DID_DURATIONS=1 make test` measures anew and writes the file. Files that share
something built once per process, a demo or an installation, stay together. pytest-xdist would build those again in each of its
processes, or keep them together by marks in every file; two lists do the same without another package.
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
UNKNOWN = 3.0
"""Seconds of a file that has never been measured."""
SLOWEST = ("--durations=25", "--durations-min=1")


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


def halves(files: Mapping[str, str], seconds: Mapping[str, float]) -> tuple[list[str], list[str]]:
    """The files in two parts that take about as long, the longest blocks first; within a part, those of chains come last.

    Running everything sets where Dagster keeps its runs for the rest of the process: other tests have been run by then.
    """
    parts: tuple[list[str], list[str]] = ([], [])
    taken = [0.0, 0.0]

    def cost(block: Sequence[str]) -> float:
        return sum(seconds.get(name, UNKNOWN) for name in block)

    for block in sorted(blocks(files), key=lambda block: (-cost(block), block)):
        lighter = taken.index(min(taken))
        parts[lighter].extend(block)
        taken[lighter] += cost(block)
    first, second = (sorted(part, key=lambda name: (name.startswith(CHAINS), name)) for part in parts)
    return first, second


def measured() -> dict[str, float]:
    """Path -> seconds when last measured."""
    return json.loads(DURATIONS.read_text(encoding="utf-8")) if DURATIONS.exists() else {}


def both(words: Sequence[str]) -> int:
    """Run both parts; the exit code of one that failed, else 0. What the second says comes after the first is done."""
    begun = time.monotonic()
    shown, kept = halves(files_of_tests(), measured())
    pytest = [sys.executable, "-m", "pytest", *SLOWEST, *words]
    with tempfile.TemporaryFile() as said:
        beside = subprocess.Popen([*pytest, *kept], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        try:
            code = subprocess.call([*pytest, *shown], cwd=ROOT)
            ended = time.monotonic()
            code = beside.wait() or code
        except KeyboardInterrupt:
            beside.terminate()
            raise
        said.seek(0)
        sys.stdout.flush()
        shutil.copyfileobj(said, sys.stdout.buffer)
    whole = time.monotonic() - begun
    minutes = f"{whole / 60:.1f}".replace(".", ",")
    sys.stdout.write(f"Testerna tog {minutes} min; den del som visas först var klar efter {ended - begun:.0f} s.\n")
    return code


def remember(seconds: Mapping[str, float]) -> None:
    """Put newly measured files into the list; those that no longer exist go. The two processes end at different times."""
    known = {name: round(value, 1) for name, value in {**measured(), **seconds}.items() if (ROOT / name).exists()}
    half = DURATIONS.with_suffix(".ofardig")
    half.write_text(json.dumps(known, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    half.replace(DURATIONS)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(both(sys.argv[1:]))
