"""What the person at the keyboard sees while the chain runs: one line per step and an honest summary.

`Progress` is the only thing the rest of the project knows. A step is opened with `with progress.step("Läser leveranser") as
step:`, may count (`step.count("rader", 104512)`), and prints one line when it is done. Nothing here knows what the steps do,
and no step may pass a row value on.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TextIO

NBSP = "\u00a0"
"""No-break space: thousands and the space before a unit. The narrow one (U+202F) is missing from older console fonts."""


def number(value: float) -> str:
    """An integer or a float as Swedish text: thousands with a no-break space, decimal comma with one decimal."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return text.replace(",", NBSP).replace(".", ",").replace("-", "\u2212")


def seconds_text(seconds: float) -> str:
    """Elapsed time for people: "3,2 s" below a minute, else "1 min 20 s"."""
    if seconds < 59.95:
        return f"{number(round(float(seconds), 1))}{NBSP}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}{NBSP}min {rest}{NBSP}s"


@dataclass
class Step:
    """One step under way: its title and what it has counted so far, in the order the counts came."""

    title: str
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, unit: str, value: int) -> None:
        """Set how many of `unit` (a Swedish plural: "rader", "filer") the step has handled."""
        self.counts[unit] = value

    def line(self, seconds: float) -> str:
        """The finished step as one line without its mark."""
        parts = [f"{number(value)}{NBSP}{unit}" for unit, value in self.counts.items()]
        return " · ".join([self.title, *parts, seconds_text(seconds)])


class Progress(Protocol):
    """What a long job tells the person who started it."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Open a step; on a clean exit one line with counts and seconds is printed, on an error one line that says so."""

    def note(self, text: str) -> None:
        """One line of information between steps."""


class _Timed:
    """Timing and order of calls shared by the printing implementations."""

    def _started(self, title: str) -> None: ...

    def _finished(self, mark: str, line: str) -> None: ...

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        step = Step(title)
        begun = time.perf_counter()
        self._started(title)
        done = False
        try:
            yield step
            done = True
        finally:
            line = step.line(time.perf_counter() - begun)
            self._finished("✓" if done else "✗", line if done else f"{line} · avbröts")


class SilentProgress(_Timed):
    """Says nothing: tests, and jobs that run inside the Dagster UI."""

    def note(self, text: str) -> None: ...


class PlainProgress(_Timed):
    """Plain lines for logs, pipes and consoles without colours; every line is written out at once."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def _finished(self, mark: str, line: str) -> None:
        self._write(f"{mark} {line}")

    def note(self, text: str) -> None:
        self._write(f"  {text}")

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class RichProgress(_Timed):
    """Coloured lines with a spinner on the step under way, for a real terminal."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False)
        self._status = None

    def _started(self, title: str) -> None:
        self._stop()
        self._status = self._console.status(f"{title} …")
        self._status.start()

    def _finished(self, mark: str, line: str) -> None:
        self._stop()
        colour = "green" if mark == "✓" else "bold red"
        self._console.print(f"[{colour}]{mark}[/{colour}] ", end="")
        self._console.print(line, markup=False, soft_wrap=True)

    def note(self, text: str) -> None:
        self._console.print(f"  {text}", style="dim", markup=False, soft_wrap=True)

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def default_progress() -> Progress:
    """Rich lines on a terminal, plain ones in a pipe, in CI, with NO_COLOR set or where rich is missing."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("CI"):
        return PlainProgress()
    try:
        return RichProgress()
    except ModuleNotFoundError:
        return PlainProgress()


def utf8_console() -> None:
    """Make å, ä, ö and ✓ safe to print everywhere, also on a Windows console with an old code page."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class RunSummary:
    """What a whole run did, counted by the run itself.

    Attributes:
        deliveries_read: files that became raw tables and passed on, whole or in part.
        deliveries_rejected: (file name, the Swedish sentence that says why and what to do) per file or wave set aside.
        rows_read, rows_kept: respondents before and after the validation layer.
        checks_passed, checks_failed: expectations evaluated on the candidate tables; failed counts every severity.
        bundles_written: report bundles with a manifest, those that needn't be made again included.
        bundles_unchanged: how many of them were left as they were, because nothing in them has changed.
        seconds: wall time of the run, generation of demo data excluded.
        layer_seconds: wall seconds per layer in the order they ran, keyed by the layer's name.
        reports_dir: folder that holds the county overview of the wave that was built.
        with_reports: whether the profile's chain goes as far as report bundles.
        quality_page: the page that lists all deliveries with their quality, None when there is none.
        texts_held_back: (file name, the form's remarks) of forms where a text that looks like personal data was left out.
    """

    deliveries_read: int
    deliveries_rejected: list[tuple[str, str]]
    rows_read: int
    rows_kept: int
    checks_passed: int
    checks_failed: int
    bundles_written: int
    seconds: float
    layer_seconds: dict[str, float]
    reports_dir: Path
    with_reports: bool = True
    quality_page: Path | None = None
    bundles_unchanged: int = 0
    texts_held_back: Sequence[tuple[str, str]] = ()


def summary_lines(summary: RunSummary, overview: str = "lansoversikt.html") -> list[str]:
    """The final words of a run, line by line: counts first, then what was set aside and why, last where to look."""
    rejected = len(summary.deliveries_rejected)
    facts = [
        ("Inlästa leveranser", number(summary.deliveries_read)),
        ("Avvisade leveranser", number(rejected)),
        ("Lästa rader", number(summary.rows_read)),
        ("Behållna rader", number(summary.rows_kept)),
        ("Godkända kontroller", number(summary.checks_passed)),
        ("Underkända kontroller", number(summary.checks_failed)),
        ("Skrivna rapportpaket", number(summary.bundles_written - summary.bundles_unchanged)),
        ("Oförändrade rapportpaket", number(summary.bundles_unchanged)),
        ("Tid", seconds_text(summary.seconds)),
    ]
    lines = ["", "Sammanfattning", *_columns(facts)]
    if summary.layer_seconds:
        lines += ["", "Tid per lager", *_columns([(name, seconds_text(value)) for name, value in summary.layer_seconds.items()])]
    if rejected:
        lines += ["", "Dessa leveranser togs inte med:"]
        lines += [f"  ✗ {_with_name(name, sentence)}" for name, sentence in summary.deliveries_rejected]
    if summary.texts_held_back:
        lines += ["", "Texter som kan vara personuppgifter lämnades utanför. Be om rättade filer och ta bort de gamla:"]
        lines += [f"  ! {_with_name(name, remarks)}" for name, remarks in summary.texts_held_back]
    if summary.checks_failed:
        lines += ["", "Underkända kontroller visas per regel i Dagster (make ui) och i rapportpaketens kvalitetsdel."]
    if summary.quality_page:
        lines += ["", f"Kvaliteten i varje leverans: {summary.quality_page}"]
    if summary.bundles_written:
        lines += ["", f"Börja här: {summary.reports_dir / overview}"]
    elif not summary.with_reports:
        lines += ["", "Klart. Den här profilen har inga rapportpaket än; resultaten ligger i databasen och syns i Dagster."]
    else:
        lines += ["", "Inga rapportpaket skrevs. Det som redan fanns är orört."]
    return lines


def print_summary(summary: RunSummary) -> None:
    """Write the summary to standard output; plain text, so that it can be copied into a mail."""
    sys.stdout.write("\n".join(summary_lines(summary)) + "\n")
    sys.stdout.flush()


def _columns(rows: list[tuple[str, str]]) -> list[str]:
    """Left-aligned labels and right-aligned values, two spaces in."""
    left = max(len(label) for label, _ in rows)
    right = max(len(value) for _, value in rows)
    return [f"  {label:<{left}}  {value:>{right}}" for label, value in rows]


def _with_name(name: str, sentence: str) -> str:
    """The sentence, with the file's name in front unless it already starts with it."""
    return sentence if sentence.startswith(name) else f"{name}: {sentence}"
