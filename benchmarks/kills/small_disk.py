"""`python -m benchmarks.kills.small_disk`: one pass of `did kor` on a real small disk that is full again and again (Linux, root).

The county of three municipalities (`benchmarks/small_world.py`), in a file system in memory of so many megabytes. Each attempt
gets a few more, until the pass ends; every attempt before that has to end by itself with one sentence, and what has come in the
end has to be what a pass with room makes. SYNTETISKA DATA.
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

from benchmarks.kills import sound
from benchmarks.kills.__main__ import prepared
from benchmarks.kills.attempts import Death, Outcome, attempt
from benchmarks.kills.commands import PASS
from benchmarks.kills.elsewhere import elsewhere
from benchmarks.kills.state import state
from benchmarks.small_world import three_municipalities

LARGEST = 400


def main() -> int:
    """1 when an attempt ends with something else than a sentence, or what was made is another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=6, help="megabytes of the first attempt")
    parser.add_argument("--more", type=int, default=20, help="megabytes more for each attempt after it")
    parser.add_argument("--folder", type=Path, default=None, help="where the county is kept; one that has it is used again")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, elsewhere() as call:
        folder = (asked.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        world, calm, run = folder / "varld", folder / "lugn", prepared(PASS[1:])
        if not world.exists():
            call(three_municipalities, world)
        if not calm.exists():
            shutil.copytree(world, folder / "forsta")
            done = attempt(folder / "forsta", run, Death())
            if done.code:
                raise RuntimeError(done.told[-4000:])
            (folder / "forsta").rename(calm)
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
            faults += call(sound.compared, home, call(state, calm))
    sys.stdout.write(f"{len(faults)} faults\n" + "".join(f"  {one}\n" for one in faults))
    return 1 if faults else 0


@contextmanager
def disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own."""
    place.mkdir(exist_ok=True)
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
    return next((line for line in reversed(lines) if line.startswith("✗ ")), lines[-1] if lines else "(nothing said)")


if __name__ == "__main__":
    sys.exit(main())
