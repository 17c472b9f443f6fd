"""`did status`: the Lägesöversikt for a terminal. Starts no Dagster and writes nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.homes import profile_home
from pipelines.paths import Paths

if TYPE_CHECKING:
    from assets.methods.errors import PipelineError
    from assets.overview.types import Overview

BUSY = "warehouse_busy"


def add_status(add: Callable[..., argparse.ArgumentParser], with_profile: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the command to the parser."""
    command = add("status", status, "visa hur långt varje kommun har kommit, vad som stoppar och vad ett fel berör")
    command.add_argument("--ar", type=int, default=None, metavar="ÅR", help="bara ett mättillfälle (förval det senaste; 0: alla)")
    command.add_argument("--kommun", action="append", default=None, metavar="KOD", help="bara en kommun; kan upprepas")
    command.add_argument("--json", action="store_true", help="samma sak som data, för andra program")
    with_profile(command)


def status(arguments: argparse.Namespace) -> int:
    """Say where everything stands: 0, or 1 when something is stopped and somebody has to put it right."""
    from assets.overview.plain import as_json, terminal_lines
    from assets.overview.texts import overview_texts

    paths, texts = Paths(profile_home()), overview_texts()
    overview, note = read_overview(paths)
    chosen = _chosen(overview, set(arguments.kommun or ()), arguments.ar)
    waves = chosen.waves if arguments.ar == 0 else chosen.waves[:1]
    if arguments.json:
        sys.stdout.write(as_json(replace(chosen, rows=tuple(row for row in chosen.rows if row.wave in waves))))
    else:
        lines = [texts["status"]["title"].format(place=paths.root), *note, *terminal_lines(chosen, waves, texts)]
        sys.stdout.write("\n".join([*lines, *_page(paths, texts)]) + "\n")
    return 1 if any(row.stopped for row in chosen.rows) or any(file.touches for file in chosen.files) else 0


def read_overview(paths: Paths) -> tuple[Overview, list[str]]:
    """The overview as everything lies now, and a note about it; as the latest run left it while another program has the database.

    Raises:
        PipelineError: the database or the release register can't be read; `warehouse_busy` when no run has left an overview.
    """
    from assets.catalogue.load import load_catalogue
    from assets.methods.errors import PipelineError
    from assets.overview.gather import gather
    from assets.overview.table import status_overview
    from assets.overview.texts import overview_texts, rule_says

    texts = overview_texts()
    try:
        catalogue = load_catalogue()
        facts = gather(paths, catalogue)
    except PipelineError as problem:
        kept = _kept(paths) if problem.code == BUSY else None
        if kept is None:
            raise
        return kept[0], [texts["status"]["busy"].format(problem=_short(problem), when=kept[1])]
    overview = status_overview(facts, catalogue, texts, rule_says)
    return overview, [] if facts.deliveries.height or facts.files else [texts["status"]["none"]]


def _short(problem: PipelineError) -> str:
    """The problem without what to do about it: here nothing has to be done."""
    return f"{problem.where}: {problem.got}."


def _kept(paths: Paths) -> tuple[Overview, str] | None:
    """The overview that the latest run has left, and when."""
    from assets.overview.html import DATA
    from assets.overview.plain import overview_of

    path = paths.quality / DATA
    try:
        found = overview_of(path.read_text(encoding="utf-8"))
        return found, f"{datetime.fromtimestamp(path.stat().st_mtime).astimezone():%Y-%m-%d %H.%M}"
    except (OSError, ValueError):
        return None


def _chosen(overview: Overview, codes: set[str], year: int | None) -> Overview:
    """The rows of some municipalities and of a wave.

    Raises:
        PipelineError: `unknown_area` or `unknown_wave`.
    """
    from assets.methods.errors import PipelineError

    known = {row.area_code for row in overview.rows}
    if codes - known:
        wanted = ", ".join(sorted(codes - known))
        raise PipelineError(
            "unknown_area", "Valet --kommun", "koden för en kommun i profilen", wanted, "Skriv till exempel 0127."
        )
    if year and year not in overview.waves:
        waves = ", ".join(map(str, overview.waves))
        raise PipelineError("unknown_wave", "Valet --ar", f"något av {waves}", str(year), "Skriv ett av dem, eller 0 för alla.")
    rows = tuple(row for row in overview.rows if (not codes or row.area_code in codes) and (not year or row.wave == year))
    return replace(overview, rows=rows)


def _page(paths: Paths, texts: dict[str, Any]) -> list[str]:
    from assets.overview.html import PAGE

    page: Path = paths.quality / PAGE
    return [texts["status"]["page"].format(page=page)] if page.is_file() else []
