"""Many rounds of changing deliveries on one data folder: does a round cost the same at the end, and does the disk fill up?

    python -m benchmarks.soak [--rounds 50] [--home FOLDER] [--least] [--goal-seconds N]

The world of `benchmarks/small_world.py` with bundles for one municipality. Each round changes something (`KINDS`, in turn), runs
`did kor` in a process of its own and writes a line in `rounds.csv`: wall and cpu seconds, peak memory, open files, exit code, and
the size of each part of the data folder. A folder that holds rounds already is gone on with. At the end a line is fitted to each
figure over the rounds, and the script fails when one grows more than `BOUNDS` allows. SYNTETISKA DATA.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.small_world import CHANGING, COMING, SETTING_NAME, SHOWN, STAYING, WAVE, deliveries, fill, form_for
from pipelines.training import enter_training

Command = Callable[[list[str]], int]
KINDS = ("rättelse", "ny kommun", "trasig fil", "formulär", "tillbakadragen")
PASS = ("kor", "--installning", SETTING_NAME, "--av", "Eva Ek")
EVERY, FIRST_OUT = 10, 40
"""From the second on, every so many rounds two persons approve the bundle and it is published, instead of a change. Not before:
next to what is published the register stops nearly every change in a county this small, and a pass that stops is another pass."""
PARTS = (
    "warehouse.duckdb",
    "dagster",
    "arkiv",
    "historik",
    "reports",
    "cache",
    "utgivning",
    "publicerat",
    "meddelanden",
    "kvalitet",
)
FIGURES = ("cpu", "memory_mb", *PARTS)
BOUNDS = {
    "cpu": 0.02,
    "memory_mb": 0.01,
    "dagster": 0.02,
    "warehouse.duckdb": 0.02,
    "historik": 0.02,
    "reports": 0.01,
    "cache": 0.01,
}
"""Largest growth per round, as a share of the middle value. The archive and what is published grow by what is kept on purpose."""
WARM = 8
"""Rounds before the fit begins: Dagster's runs are kept up to a limit, which the first rounds fill."""


def kind_of(number: int) -> str:
    """What a round does; round 0 is the first run of the folder."""
    if number >= FIRST_OUT and number % EVERY == 0:
        return "utgivning"
    return KINDS[(number - 1) % len(KINDS)] if number else "första"


def change(home: Path, stock: dict[str, Path], number: int) -> None:
    """Do what the round does to the inbox."""
    inbox, kind = home / "inbox/enkat", kind_of(number)
    if kind == "rättelse":  # one pupil less than in the file as it first was, another one each time
        lines = stock[CHANGING].read_text("utf-8-sig").splitlines()
        del lines[-number]
        (inbox / f"{CHANGING}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    elif kind == "ny kommun":
        lines = stock[COMING].read_text("utf-8-sig").splitlines()
        (inbox / f"{COMING}.csv").write_text("\n".join(lines[: len(lines) - number]) + "\n", encoding="utf-8-sig")
    elif kind == "trasig fil":
        (inbox / f"trasig {number}.sav").write_bytes(b"$FL2" + bytes(range(200)) * number)
    elif kind == "formulär":
        form_for(home, number)
    elif kind == "tillbakadragen":
        (inbox / f"{COMING}.csv").unlink(missing_ok=True)


def imported() -> Callable[[list[str]], int]:
    """The command line with all that a pass needs imported."""
    import pipelines.definitions
    import pipelines.run
    import pipelines.run_outcome  # noqa: F401
    from pipelines import cli

    return cli.main


def did(command: Command, home: Path, *words: str, before: Callable[[], object] = lambda: None) -> dict[str, float]:
    """One command in a process of its own: seconds, peak memory and exit code.

    The process is forked from one that has imported everything and run nothing, so that 50 rounds don't pay for 50 starts.

    Args:
        before: what the process does first, counted with the rest.
    """
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        _carried_out(command, home, words, before)
    files = most_open_files(child)
    _, status, used = os.wait4(child, 0)
    seconds = {"wall": time.perf_counter() - started, "cpu": used.ru_utime + used.ru_stime}
    return {**seconds, "memory_mb": used.ru_maxrss / 1024, "open_files": files, "exit": os.waitstatus_to_exitcode(status)}


def _carried_out(command: Command, home: Path, words: Sequence[str], before: Callable[[], object]) -> None:
    """The forked process's whole life."""
    code = 70
    try:
        log = os.open(home / "soak.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ |= {"DID_HOME": str(home), "NO_COLOR": "1", "CI": "1"}
        before()
        code = command(list(words))
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def most_open_files(child: int) -> int:
    """The largest number of files that a process has open while it runs, looked at every half second (Linux; else 0)."""
    folder, most = Path(f"/proc/{child}/fd"), 0
    while not ended(child):
        if folder.is_dir():
            most = max(most, len(list(folder.iterdir())))
        time.sleep(0.5)
    return most


def ended(pid: int) -> bool:
    """Whether a child has ended, without taking its status: the caller wants what it used."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def publish(command: Command, home: Path) -> dict[str, float]:
    """Two persons approve the newest bundle, and it is published."""
    (bundle,) = [path.name for path in (home / "reports" / str(WAVE)).glob(f"{SHOWN}_*_intern") if path.is_dir()]
    decided = [
        did(command, home, "godkann", bundle, "--namn", name, "--roll", "chef", "--skal", "prov")
        for name in ("Bo Alm", "Ulla Berg")
    ]
    done = [*decided, did(command, home, "publicera", "--kommun", SHOWN)]
    return {key: (max if key in ("memory_mb", "open_files", "exit") else sum)(one[key] for one in done) for key in done[0]}


def made_world(home: Path, least: bool) -> dict[str, Path]:
    """Fill a folder that has no rounds yet; the deliveries as they first are."""
    enter_training()
    stock = deliveries(home.with_name(f"{home.name}-leveranser"), few_questions=least)
    if not (home / "rounds.csv").is_file():
        fill(home, stock, staying=(SHOWN, CHANGING) if least else STAYING)
    return stock


def sizes(home: Path) -> dict[str, float]:
    """Megabytes of each part of the data folder."""
    return {part: sum(f.stat().st_size for f in _files(home / part)) / 2**20 for part in PARTS}


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]


def slopes(rows: list[dict[str, str]]) -> dict[str, tuple[float, float]]:
    """Growth per round and middle value of each figure, from whole rounds of the same kinds, the warming up left out."""
    kept = [row for row in rows if WARM < int(row["round"]) < FIRST_OUT] or rows
    rounds = np.array([float(row["round"]) for row in kept])
    found = {}
    for name in FIGURES:
        values = np.array([float(row[name]) for row in kept])
        slope = float(np.polyfit(rounds, values, 1)[0]) if len(kept) > 1 else 0.0
        found[name] = (slope, float(np.median(values)))
    return found


def too_much(found: dict[str, tuple[float, float]]) -> list[str]:
    """The figures that grow more than they may."""
    return [name for name, most in BOUNDS.items() if found[name][0] > most * max(found[name][1], 1.0)]


def main() -> int:
    """Run the rounds; 1 when something grows without bound."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=50)
    asked.add_argument("--home", type=Path, default=Path("soak"))
    asked.add_argument("--least", action="store_true", help="two municipalities and only the indices' questions")
    asked.add_argument("--goal-seconds", type=float, default=float("inf"), help="begin no round after so many seconds")
    arguments = asked.parse_args()
    enter_training()
    home, began = arguments.home.resolve(), time.perf_counter()
    home.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:  # polars' threads must not be there when a round is forked
        stock = pool.submit(made_world, home, arguments.least).result()
    table, command = home / "rounds.csv", imported()
    rows = list(csv.DictReader(table.open(encoding="utf-8"))) if table.is_file() else []
    while len(rows) < arguments.rounds and time.perf_counter() - began < arguments.goal_seconds:
        number = len(rows)
        kind, before = kind_of(number), partial(change, home, stock, number)
        used = publish(command, home) if kind == "utgivning" else did(command, home, *PASS, before=before)
        row = {"round": number, "kind": kind, **used, **sizes(home)}
        rows.append({name: str(value if isinstance(value, (int, str)) else round(value, 2)) for name, value in row.items()})
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        sys.stdout.write(" ".join(f"{name}={value}" for name, value in rows[-1].items()) + "\n")
        sys.stdout.flush()
    found = slopes(rows)
    sys.stdout.writelines(f"{name}: {slope:+.3f} a round, middle {middle:.1f}\n" for name, (slope, middle) in found.items())
    grown = too_much(found)
    sys.stdout.write(f"grows: {', '.join(grown)}\n" if grown else "")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
