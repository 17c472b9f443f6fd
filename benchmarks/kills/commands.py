"""`python -m benchmarks.kills.commands`: whole commands killed again and again, looked at after each kill, and given again.

A county of three of the demo's municipalities (`benchmarks/small_world.py`) is run once in peace. Then a publication of its
bundles, a backup, a purge and a restoring over another state of the folder are each killed so many times: before one of the
command's operations on files, by the clock, or with a power cut, in turn. A few deaths in a row meet the same copy of the
folder; after each of them `sound.py` says what has to hold, and when the command has then come to its end the folder is compared
with one that nothing disturbed. SYNTETISKA DATA.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.kills import sound
from benchmarks.kills.attempts import Death, attempt
from benchmarks.kills.elsewhere import Call, elsewhere
from benchmarks.kills.state import state
from benchmarks.small_world import DRAWN, LEFT, WAVE, three_municipalities
from pipelines.paths import COPIES, staging_folder

IN_A_ROW = 3
"""Deaths that one copy of the folder meets before the command is let come to its end."""
PASS = ["kor", "--kommun", DRAWN, "--utgava", "intern", "--av", "Eva Ek"]
PERSONS = ("Bo Alm", "Ulla Berg")
BACKUP = f"{COPIES}/kopia.zip"
Run = Callable[[list[str]], int]


@dataclass(frozen=True)
class Command:
    """What is killed: its words in a data folder, and the folder that it begins in.

    `exchanges`: it puts another folder in the place of the one that is there.
    """

    name: str
    words: Callable[[Path], list[str]]
    start: Path
    exchanges: bool = False


def deaths(seed: str, kills: int, operations: int, seconds: float) -> Iterator[Death]:
    """The deaths of one command: by operation, by clock, and with a power cut, in turn; the same for the same seed."""
    for number in range(kills):
        chance = random.Random(f"{seed} {number}")
        if number % 3 == 1:
            yield Death(seconds=chance.uniform(0.05, seconds))
        else:
            yield Death(point=chance.randint(1, max(operations, 1)), power_cut=number % 3 == 2)


def county(folder: Path, run: Run, call: Call) -> tuple[Path, Path, Path]:
    """The county with its bundles approved by two persons, the same when they are published, and a backup of that; made once."""
    begun, approved, published, backup = (folder / name for name in ("paborjad", "godkand", "utgiven", "kopia.zip"))
    if not approved.exists():
        call(three_municipalities, begun)
        _peacefully(begun, run, PASS)
        for bundle in sorted(path.name for path in (begun / "reports" / str(WAVE)).iterdir() if path.is_dir()):
            for name in PERSONS:
                _peacefully(begun, run, ["godkann", bundle, "--namn", name, "--roll", "chef", "--skal", "granskat"])
        begun.rename(approved)
    if not backup.exists():
        shutil.rmtree(published, ignore_errors=True)
        shutil.copytree(approved, published)
        _peacefully(published, run, ["publicera"])
        _peacefully(published, run, ["sakerhetskopia", str(backup)])
    return approved, published, backup


def campaign(command: Command, home: Path, asked: argparse.Namespace, run: Run, call: Call) -> tuple[int, list[str]]:
    """Kills of one command, and what was wrong after them or in the end."""
    work = partial(run, command.words(home))
    _fresh(command.start, home)
    before, began = call(state, home), time.monotonic()
    done = attempt(home, work, Death())
    seconds, after = time.monotonic() - began, call(state, home)
    if done.code:
        raise RuntimeError(done.told[-4000:])
    planned, dead, wrong = deaths(f"{asked.seed} {command.name}", asked.kills, done.operations, seconds), 0, []
    while row := list(islice(planned, IN_A_ROW)):
        _fresh(command.start, home)
        for death in row:
            if not attempt(home, work, death).killed:
                break  # it came to its end before
            dead += 1
            wrong += [f"{command.name}, {death}: {one}" for one in _after(command, home, before, after, call)]
        (home / BACKUP).unlink(missing_ok=True)  # a whole one stands in the way of the next
        done = attempt(home, work, Death())
        told = [f"slutade med {done.code}: {done.told[-400:]}"] if done.code else []
        ended = [*told, *call(sound.compared, home, after), *call(sound.half_backup, home / BACKUP)]
        wrong += [f"{command.name}, till sist: {one}" for one in ended]
    _say(f"{command.name}: {done.operations} operations, {seconds:.1f} s, {dead} kills, {len(wrong)} faults")
    return dead, wrong


def _after(command: Command, home: Path, before: dict[str, str], after: dict[str, str], call: Call) -> list[str]:
    found = call(sound.faults, home, home / BACKUP, before.keys() & after.keys())
    return found + (call(sound.neither, home, (before, after)) if command.exchanges else [])


def main() -> int:
    """1 when something was wrong after a kill or in the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=24, help="of each command; those that come too late kill nothing")
    parser.add_argument("--folder", type=Path, default=None, help="where the county is kept; one that has it is used again")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--only", nargs="+", default=None, help="names of the commands that are killed; all when none are given")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, elsewhere() as call:
        folder = (asked.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        run = imported()
        approved, published, backup = county(folder, run, call)
        purge = ["gallra", "--kommun", LEFT, "--ar", str(WAVE), "--utfor", "--ja", "--av", "Eva Ek"]
        commands = (
            Command("publicera", lambda _: ["publicera"], approved),
            Command("sakerhetskopia", lambda home: ["sakerhetskopia", str(home / BACKUP)], published),
            Command("gallra", lambda _: purge, approved),
            Command("aterstall", lambda _: ["aterstall", str(backup), "--ja"], approved, exchanges=True),
        )
        chosen = [one for one in commands if asked.only is None or one.name in asked.only]
        found = [campaign(command, folder / "provad", asked, run, call) for command in chosen]
    wrong = [one for _, some in found for one in some]
    _say(f"{sum(dead for dead, _ in found)} kills, {len(wrong)} faults")
    for one in wrong:
        _say(f"  {one}")
    return 1 if wrong else 0


def imported() -> Run:
    """The command line with everything imported before the fork, so that an attempt costs no start-up."""
    import assets.published_gates
    import assets.sealing.wired  # noqa: F401
    import pipelines.backup_commands
    import pipelines.definitions
    import pipelines.run
    import pipelines.run_outcome  # noqa: F401
    from pipelines import cli

    return cli.main


def _peacefully(home: Path, run: Run, words: list[str]) -> None:
    done = attempt(home, partial(run, words), Death())
    if done.code:
        raise RuntimeError(f"{words}: {done.told[-4000:]}")


def _fresh(start: Path, home: Path) -> None:
    """A copy of the folder that the command begins in, with nothing left beside it of an earlier one."""
    staging = staging_folder(home)
    for left in (home, staging, *home.parent.glob(f"{home.name}.fore-*")):
        shutil.rmtree(left, ignore_errors=True)
    staging.with_name(f"{staging.name}.del").unlink(missing_ok=True)
    shutil.copytree(start, home)


def _say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
