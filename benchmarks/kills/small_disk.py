"""`python -m benchmarks.kills.small_disk`: one pass of `did kor` on a real small disk that is full again and again (Linux, root).

The data folder is a file system in memory of so many megabytes. Each attempt gets a few more, until the pass ends; every attempt
before that has to end by itself with one sentence, and what has come in the end has to be what a pass with room makes.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.kills.__main__ import WORDS, made_world, prepared
from benchmarks.kills.attempts import Death, Outcome, attempt
from benchmarks.kills.state import differences, leftovers, state
from pipelines.training import enter_training

LARGEST = 400


def main() -> int:
    """1 when an attempt ends with something else than a sentence, or what was made is another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=3, help="megabytes of the first attempt")
    parser.add_argument("--more", type=int, default=6, help="megabytes more for each attempt after it")
    parser.add_argument("--world", type=Path, default=None, help="a data folder with an inbox and nothing run; it is copied")
    parser.add_argument("--calm", type=Path, default=None, help="the same folder after a pass that nothing disturbed")
    asked = parser.parse_args()
    enter_training()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        world, calm = asked.world or made_world(folder / "varld"), asked.calm or folder / "lugn"
        run = prepared(WORDS)
        if not asked.calm:
            shutil.copytree(world, calm)
            done = attempt(calm, run, Death())
            if done.code:
                raise RuntimeError(done.told[-4000:])
        with disk(folder / "liten", asked.first) as home:
            shutil.copytree(world, home, dirs_exist_ok=True)
            faults = []
            for size in range(asked.first, LARGEST, asked.more):
                resize(home, size)
                done = attempt(home, run, Death())
                well = done.code == 0 or (done.code == 2 and "Traceback" not in done.told)
                sys.stdout.write(f"{size} MB: {done.code} {_told(done) if well else done.told}\n")
                sys.stdout.flush()
                if not well:
                    faults.append(f"{size} MB: {done.code}")
                if done.code == 0:
                    break
            faults += differences(state(home), state(calm)) + [f"lämnat kvar: {name}" for name in leftovers(home)]
    sys.stdout.write(f"{len(faults)} faults\n" + "".join(f"  {one}\n" for one in faults))
    return 1 if faults else 0


@contextmanager
def disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def resize(place: Path, megabytes: int) -> None:
    """Another size for it, with what it holds."""
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(place)], check=True)


def _told(done: Outcome) -> str:
    lines = [line for line in done.told.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith("✗ ") and ":" in line), lines[-1] if lines else "(nothing said)")


if __name__ == "__main__":
    sys.exit(main())
