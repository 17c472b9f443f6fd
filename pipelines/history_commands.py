"""`did historik`: the runs, one of them, or what changed between two."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assets.catalogue.load import load_catalogue
from assets.hygiene.permissions import own
from assets.ledger import store
from assets.ledger.difference import difference
from assets.ledger.titles import titles_of
from assets.ledger.types import Bundle, Input, Output
from assets.ledger.words import difference_csv, difference_lines, list_lines, run_lines
from assets.methods.errors import PipelineError
from assets.texts import ui_guide
from pipelines.paths import Paths

MOST = 20
"""Runs that are listed when nobody asks for all."""


def historik(arguments: argparse.Namespace, paths: Paths) -> int:
    """Say it.

    Raises:
        PipelineError: `no_such_run`, `which_runs`, `no_numbers`, `cannot_write`.
    """
    numbers = arguments.korning
    if len(numbers) > 2 or (arguments.csv and len(numbers) != 2):
        hint = "Till exempel: did historik, did historik 12 eller did historik 11 12 --csv andrat.csv."
        raise PipelineError("which_runs", "Kommandot", "högst två körningar, och två med --csv", f"{len(numbers)}", hint)
    if not numbers:
        found = store.runs(paths)
        lines = list_lines(found, len(found) if arguments.alla else MOST)
    elif len(numbers) == 1:
        lines = one_run(paths, numbers[0])
    else:
        lines = two_runs(paths, numbers[0], numbers[1], Path(arguments.csv) if arguments.csv else None)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def one_run(paths: Paths, number: int) -> list[str]:
    """All about a run."""
    run = store.run(paths, number)
    return run_lines(
        run,
        store.checks(paths, run.key),
        store.listed(paths, Input, run.inputs_id),
        store.listed(paths, Output, run.outputs_id),
        store.listed(paths, Bundle, run.bundles_id),
    )


def two_runs(paths: Paths, first: int, second: int, csv: Path | None) -> list[str]:
    """What changed between two runs; every number in a file when one is asked for."""
    found = difference(paths, first, second)
    lines = difference_lines(found, titles_of(load_catalogue(), ui_guide()["names"]))
    if csv is None:
        return lines
    try:
        csv.write_bytes(difference_csv(found.cells))
        own(csv)
    except OSError:
        hint = "Välj en annan plats, eller stäng programmet som har filen öppen."
        raise PipelineError("cannot_write", str(csv), "en fil som går att skriva", "ett fel", hint) from None
    return [*lines, "", f"Alla tal som skiljer sig: {csv}"]
