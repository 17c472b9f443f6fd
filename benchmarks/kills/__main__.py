"""`python -m benchmarks.kills FOLDER`: one pass over a data folder killed until it ends, and compared with one left in peace."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path

from benchmarks.kills.attempts import Death, attempt
from benchmarks.kills.chain_pass import deaths, killed_pass, seconds_of_steps
from benchmarks.kills.state import differences, leftovers, state
from benchmarks.small_world import small_world
from pipelines.training import enter_training

WORDS = ["--installning", "prov", "--av", "Eva Ek"]


def main() -> int:
    """1 when something differs or lies half-written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="a data folder with an inbox and nothing run; it is copied")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=60.0, help="no kill after that")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--words", nargs="*", default=WORDS, help="what did kor is asked for")
    parser.add_argument(
        "--keep", type=Path, default=None, help="where both data folders are left; one that has them is gone on with"
    )
    parser.add_argument("--from", dest="begin", default="", help="title of the first step that is killed")
    asked = parser.parse_args()
    enter_training()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        calm, killed = (folder / name for name in ("lugn", "dodad"))
        if not killed.exists():
            source = asked.folder or made_world(folder / "varld")
            for home in (calm, killed):
                shutil.copytree(source, home)
        wrong = _campaign(calm, killed, asked)
    return 1 if wrong else 0


def made_world(folder: Path) -> Path:
    """The small world, made in a process of its own: polars' threads must not be there when an attempt is forked."""
    made = get_context("spawn").Process(target=small_world, args=(folder,))
    made.start()
    made.join()
    if made.exitcode:
        raise RuntimeError("the world could not be made")
    return folder


def prepared(words: Sequence[str]) -> Callable[[], int]:
    """`did kor` with everything imported before the fork, so that an attempt costs no start-up."""
    import pipelines.definitions
    import pipelines.run
    import pipelines.run_outcome  # noqa: F401
    from pipelines import cli

    return lambda: cli.main(["kor", *words])


def _campaign(calm: Path, killed: Path, asked: argparse.Namespace) -> list[str]:
    run = prepared(asked.words)
    told = calm.with_name(f"{calm.name}.out")
    if not told.exists():
        done = attempt(calm, run, Death())
        if done.code:
            raise RuntimeError(done.told[-4000:])
    every = seconds_of_steps(told.read_text(encoding="utf-8"))
    first = next((place for place, title in enumerate(every) if title.startswith(asked.begin)), 0)
    steps, until = dict(list(every.items())[first:]), time.time() + 60 * asked.minutes
    _say("; ".join(f"{title}: {seconds:.1f} s" for title, seconds in steps.items()))
    kills = killed_pass(killed, run, list(deaths(steps, asked.kills, asked.seed)), until, _say)
    wanted, found = state(calm), state(killed)
    wrong = differences(found, wanted) + [f"lämnat kvar: {name}" for name in leftovers(killed)]
    _say("; ".join(f"{title}: {number} kills" for title, number in kills.items()))
    _say(f"{sum(kills.values())} kills, {len(wanted)} things compared, {len(wrong)} faults")
    for one in wrong:
        _say(f"  {one}")
    return wrong


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
