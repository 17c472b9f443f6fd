"""`python -m benchmarks.kills.commands DONE`: whole commands on a folder that has been run, killed and given again to the end.

Two decisions, the publication, a backup, a purge and a restoring. A command's deaths are spread over the operations on files and
the seconds that it took in the folder that nothing disturbs. The two folders are compared before the restoring and after it.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.kills.attempts import Death, attempt
from benchmarks.kills.state import differences, leftovers, state
from benchmarks.small_world import CHANGING, SHOWN, WAVE
from pipelines.training import enter_training

BACKUP = "kopia.zip"
COMPARED_AFTER = ("gallra", "aterstall")


def words(home: Path) -> dict[str, list[str]]:
    """Name of each command -> its words, in the order in which they are given."""
    (bundle,) = (path.name for path in (home / "reports" / str(WAVE)).glob(f"{SHOWN}_*_intern") if path.is_dir())
    reason, backup = ["--roll", "chef", "--skal", "granskat"], home.with_name(f"kopia-{home.name}") / BACKUP
    backup.parent.mkdir(exist_ok=True)
    return {
        "godkann, den första": ["godkann", bundle, "--namn", "Bo Alm", *reason],
        "godkann, den andra": ["godkann", bundle, "--namn", "Ulla Berg", *reason],
        "publicera": ["publicera", "--kommun", SHOWN],
        "sakerhetskopia": ["sakerhetskopia", str(backup)],
        "gallra": ["gallra", "--kommun", CHANGING, "--ar", str(WAVE), "--utfor", "--ja", "--av", "Eva Ek"],
        "aterstall": ["aterstall", str(backup), "--ja"],
    }


def deaths(name: str, kills: int, operations: int, seconds: float) -> Iterator[Death]:
    """The deaths of one command: by operation, by clock, and with a power cut, in turn."""
    for number in range(kills):
        chance = random.Random(f"{name} {number}")
        if number % 3 == 1:
            yield Death(seconds=chance.uniform(0.05, seconds))
        else:
            yield Death(point=chance.randint(1, max(operations, 1)), power_cut=number % 3 == 2)


def killed(home: Path, run: Callable[[], int], planned: Iterator[Death]) -> tuple[int, int]:
    """Kill as planned, then let it end: kills, and the code of the last attempt."""
    dead = 0
    for death in planned:
        done = attempt(home, run, death)
        if not done.killed:
            return dead, done.code
        dead += 1
    return dead, attempt(home, run, Death()).code


def compared_elsewhere(found: Path, wanted: Path) -> list[str]:
    """The differences, looked for in another process: polars' threads must not be there when the next attempt is forked."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        return other.submit(_compared, found, wanted).result()


def _compared(found: Path, wanted: Path) -> list[str]:
    return differences(state(found), state(wanted)) + [f"lämnat kvar: {one}" for one in leftovers(found)]


def main() -> int:
    """1 when something differs or lies half-written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("done", type=Path, help="a data folder that has been run; it is copied")
    parser.add_argument("--kills", type=int, default=6, help="of each command")
    asked = parser.parse_args()
    enter_training()
    from pipelines import cli

    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        calm, other = Path(folder) / "lugn", Path(folder) / "dodad"
        for home in (calm, other):
            shutil.copytree(asked.done, home)
        for name, given in words(calm).items():
            again, begun = words(other)[name], time.monotonic()
            done = attempt(calm, lambda given=given: cli.main(given), Death())
            seconds = time.monotonic() - begun
            dead, code = killed(other, lambda again=again: cli.main(again), deaths(name, asked.kills, done.operations, seconds))
            wrong = compared_elsewhere(other, calm) if name in COMPARED_AFTER else []
            _say(f"{name}: {done.operations} operations, {dead} kills, ended with {code} ({done.code}), {len(wrong)} faults")
            faults += [f"{name}: {one}" for one in wrong]
    for one in faults:
        _say(f"  {one}")
    return 1 if faults else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
