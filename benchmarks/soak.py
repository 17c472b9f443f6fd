"""Many rounds of changing deliveries on one data folder: does a round cost the same at the end, and does the disk fill up?

    python -m benchmarks.soak [--rounds 50] [--home FOLDER] [--goal-seconds N]

The world of `benchmarks/small_world.py` with bundles for one municipality. Each round changes something (`KINDS`, in turn), runs
`did kor` in a process of its own and writes a line in `rounds.csv`: wall and cpu seconds, peak memory, open files, exit code, and
the size of each part of the data folder. A folder that holds rounds already is gone on with. At the end a line is fitted to each
figure over the rounds, and the script fails when one grows more than `BOUNDS` allows. SYNTETISKA DATA.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.small_world import CHANGING, COMING, SETTING_NAME, SHOWN, WAVE, deliveries, fill, form_for

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("rättelse", "ny kommun", "trasig fil", "formulär", "tillbakadragen")
EVERY = 10
"""Every so many rounds two persons approve the bundle and it is published, instead of a change."""
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


def change(home: Path, stock: dict[str, Path], number: int) -> str:
    """Do what the round does to the inbox; what it was."""
    inbox, kind = home / "inbox/enkat", KINDS[(number - 1) % len(KINDS)]
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
    else:
        (inbox / f"{COMING}.csv").unlink(missing_ok=True)
    return kind


def did(home: Path, *words: str) -> dict[str, float]:
    """One command in a process of its own: seconds, peak memory and exit code."""
    settings = {**os.environ, "DID_HOME": str(home), "NO_COLOR": "1", "CI": "1"}
    started = time.perf_counter()
    with (home / "soak.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", *words], cwd=ROOT, env=settings, stdout=log, stderr=log
        )
        files = most_open_files(process)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = {"wall": time.perf_counter() - started, "cpu": used.ru_utime + used.ru_stime}
    return {**seconds, "memory_mb": used.ru_maxrss / 1024, "open_files": files, "exit": process.returncode}


def most_open_files(process: subprocess.Popen[bytes]) -> int:
    """The largest number of files that a process has open while it runs, looked at every half second (Linux; else 0)."""
    folder, most = Path(f"/proc/{process.pid}/fd"), 0
    while not ended(process.pid):
        if folder.is_dir():
            most = max(most, len(list(folder.iterdir())))
        time.sleep(0.5)
    return most


def ended(pid: int) -> bool:
    """Whether a child has ended, without taking its status: the caller wants what it used."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def publish(home: Path) -> dict[str, float]:
    """Two persons approve the newest bundle, and it is published."""
    (bundle,) = [path.name for path in (home / "reports" / str(WAVE)).glob(f"{SHOWN}_*_intern") if path.is_dir()]
    decided = [
        did(home, "godkann", bundle, "--namn", name, "--roll", "chef", "--skal", "prov") for name in ("Bo Alm", "Ulla Berg")
    ]
    done = [*decided, did(home, "publicera", "--kommun", SHOWN)]
    return {key: (max if key in ("memory_mb", "open_files", "exit") else sum)(one[key] for one in done) for key in done[0]}


def sizes(home: Path) -> dict[str, float]:
    """Megabytes of each part of the data folder."""
    return {part: sum(f.stat().st_size for f in _files(home / part)) / 2**20 for part in PARTS}


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]


def slopes(rows: list[dict[str, str]]) -> dict[str, tuple[float, float]]:
    """Growth per round and middle value of each figure, from rounds of the same kinds, the warming up left out."""
    kept = [row for row in rows if int(row["round"]) > WARM] or rows
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
    asked.add_argument("--goal-seconds", type=float, default=float("inf"), help="begin no round after so many seconds")
    arguments = asked.parse_args()
    from pipelines.training import enter_training

    enter_training()
    home, began = arguments.home.resolve(), time.perf_counter()
    stock, table = deliveries(home.with_name(f"{home.name}-leveranser")), home / "rounds.csv"
    if not table.is_file():
        fill(home, stock)
    rows = list(csv.DictReader(table.open(encoding="utf-8"))) if table.is_file() else []
    while len(rows) < arguments.rounds and time.perf_counter() - began < arguments.goal_seconds:
        number = len(rows)  # round 0 is the first run of the folder
        if number and number % EVERY == 0:
            kind, used = "utgivning", publish(home)
        else:
            kind = change(home, stock, number) if number else "första"
            used = did(home, "kor", "--installning", SETTING_NAME, "--av", "Eva Ek")
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
