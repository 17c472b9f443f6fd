"""`python -m benchmarks.kills FOLDER`: one pass over a data folder killed until it ends, and compared with one left in peace."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pipelines.definitions
import pipelines.run_outcome  # noqa: F401 - imported before the fork, so that an attempt costs no start-up
from benchmarks.kills.attempts import Death, attempt
from benchmarks.kills.chain_pass import killed_pass
from benchmarks.kills.state import differences, leftovers, state
from pipelines import cli


def main() -> int:
    """1 when something differs or lies half-written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a data folder with deliveries in its inbox and nothing run; it is copied")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=30.0, help="no kill after that")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--words", nargs="*", default=["--utgava", "intern"], help="what did kor is asked for")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        calm, killed = (Path(folder) / name for name in ("lugn", "dodad"))
        for home in (calm, killed):
            shutil.copytree(asked.folder, home)

        def run() -> int:
            return cli.main(["kor", *asked.words])

        done = attempt(calm, run, Death())
        if done.code:
            raise RuntimeError(done.told[-4000:])
        until = time.time() + 60 * asked.minutes
        kills = killed_pass(killed, run, asked.kills, asked.seed, until, lambda line: sys.stdout.write(f"{line}\n"))
        wrong = _compared(calm, killed)
    sys.stdout.write(f"{kills} kills, {len(wrong)} faults\n" + "".join(f"  {one}\n" for one in wrong))
    return 1 if wrong else 0


def _compared(calm: Path, killed: Path) -> list[str]:
    return differences(state(killed), state(calm)) + [f"lämnat kvar: {name}" for name in leftovers(killed)]


if __name__ == "__main__":
    sys.exit(main())
