"""One changed delivery beside everything from scratch: benchmarks/README.md says what and how.

    python -m benchmarks.one_change [--first-look] [--only scratch nothing answer form register]

In a data folder of its own, thrown away afterwards, with the demo's simulated inbox: from scratch, again with nothing new, then
after one answer, one form and one register value have been corrected, each on top of what was before. Every pass is a process of
its own, so that start-up is part of it; cpu is that of all its workers too.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.common.costs import Cost, measured

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
for _name, _value in {"GX_ANALYTICS_ENABLED": "false", "DAGSTER_DISABLE_TELEMETRY": "1", "OPENBLAS_NUM_THREADS": "1"}.items():
    os.environ.setdefault(_name, _value)
TARGET = 10.0
"""From scratch, divided by a pass after one correction: at least this."""
QUESTION, MUNICIPALITY, FORM_OF = "F5", "Nykvarn", "0127"
REGISTER = "antal_elever_per_arskurs_2023_skolenhet.csv"
GRADE_9 = 21
"""The register's column with pupils in grade 9."""


def fill(home: Path) -> None:
    """The demo's inbox."""
    from assets.catalogue.base_profile import BASE_PROFILE
    from assets.demo.profiles import fill_inbox
    from pipelines.paths import Paths
    from pipelines.samples import copy_registers, fill_forms

    paths = Paths(home)
    paths.make()
    copy_registers(paths.registers)
    fill_inbox(BASE_PROFILE, paths.surveys, paths.cache / "demo")
    fill_forms(paths.forms)


def one_pass(home: Path, *, everybody: bool) -> None:
    """What `did demo --alla` runs; without `everybody` what `did demo` does."""
    from assets.catalogue.load import load_catalogue
    from assets.demo.profiles import drawn_areas, first_counted, pilot_areas
    from pipelines.console import PlainProgress
    from pipelines.run import run_everything

    only, since = ((), None) if everybody else (drawn_areas(), first_counted(load_catalogue().calendar.survey_waves))
    run_everything(home, PlainProgress(sys.stderr), public_areas=pilot_areas(), only=only, since=since)


def correct_answer(home: Path) -> None:
    """Another answer by the first pupil of a municipality's latest delivery who has answered the question."""
    (path,) = (home / "inbox" / "enkat").glob(f"* 2024 {MUNICIPALITY}.csv")
    lines = path.read_bytes().decode("utf-8-sig").split("\r\n")
    (head,) = (n for n, line in enumerate(lines[:2]) if QUESTION in line.split(";"))
    column = lines[head].split(";").index(QUESTION)
    rows = [line.split(";") for line in lines[head + 1 :]]
    given = sorted({row[column] for row in rows if len(row) > column and row[column]})
    first = next(row for row in rows if len(row) > column and row[column])
    first[column] = next(answer for answer in given if answer != first[column])
    text = "\r\n".join([*lines[: head + 1], *(";".join(row) for row in rows)])
    path.write_bytes(text.encode("utf-8-sig"))


def correct_form(home: Path) -> None:
    """Another answer about one activity in one of a municipality's forms."""
    path = min((home / "inbox" / "formular").glob(f"activities_{FORM_OF}_2024_*.json"))
    form = json.loads(path.read_text(encoding="utf-8"))
    answer = next(one for one in form["sections"]["summary"] if one["exists"] == "no")
    answer["exists"] = "dont_know"
    path.write_text(json.dumps(form, ensure_ascii=False) + "\n", encoding="utf-8")


def correct_register(home: Path) -> None:
    """Another number of pupils in grade 9 of one school."""
    path = home / "inbox" / "register" / REGISTER
    text = path.read_bytes().decode("utf-8-sig")
    line = next(one for one in text.splitlines() if f";{MUNICIPALITY};" in one and one.split(";")[GRADE_9].isdigit())
    cells = line.split(";")
    cells[GRADE_9] = str(int(cells[GRADE_9]) + 1)
    path.write_bytes(text.replace(line, ";".join(cells), 1).encode("utf-8-sig"))


CHANGES: dict[str, Callable[[Path], None]] = {
    "scratch": fill,
    "nothing": lambda _: None,
    "answer": correct_answer,
    "form": correct_form,
    "register": correct_register,
}


@contextmanager
def folder(given: str | None) -> Iterator[Path]:
    """The data folder: the one that is named, which is kept, or one that is thrown away."""
    if given:
        yield Path(given).resolve()
        return
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


def table(found: dict[str, Cost], load: dict[str, float]) -> str:
    """Markdown: cpu and wall seconds of each pass, and how many times cheaper than from scratch."""
    whole = found.get("scratch")
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        "",
        "| pass | cpu s | wall s | times cheaper, cpu | load |",
        "|---|---|---|---|---|",
    ]
    for name, cost in found.items():
        times = f"{whole.cpu / cost.cpu:.1f}" if whole else ""
        lines.append(f"| {name} | {cost.cpu:.0f} | {cost.wall:.0f} | {times} | {load[name]:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table; exit 1 when a corrected answer or form is not `TARGET` times cheaper than from scratch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", help="a data folder of the demo to go on in; kept")
    parser.add_argument("--first-look", action="store_true", help="what the demo does when it isn't asked for everything")
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES))
    parser.add_argument("--pass", dest="inner", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inner:
        one_pass(Path(chosen.home), everybody=not chosen.first_look)
        return
    found, load = {}, {}
    with folder(chosen.home) as home:
        less = ["--first-look"] * chosen.first_look
        command = [sys.executable, "-m", "benchmarks.one_change", "--pass", "--home", str(home), *less]
        for name in chosen.only:
            CHANGES[name](home)
            found[name] = measured(command)
            load[name] = os.getloadavg()[0]
    sys.stdout.write(table(found, load) + "\n")
    slow = [n for n in ("answer", "form") if {n, "scratch"} <= found.keys() and found["scratch"].cpu < TARGET * found[n].cpu]
    raise SystemExit(1 if slow else 0)


if __name__ == "__main__":
    main()
