"""Put the overview on disk, and what a set-aside file touches in the text file beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assets.overview.html import DATA, PAGE, render_overview
from assets.overview.plain import as_json
from assets.overview.types import Overview, WaitingFile
from assets.overview.waiting import first_line
from assets.whole_files import put_text
from assets.write_faults import not_written


def write_overview(folder: Path, overview: Overview, texts: Mapping[str, Any]) -> Path:
    """Write the page and the same as data, each whole or not at all, and say where the page lies.

    Raises:
        PipelineError: `write_overview` when the place can't be written.
    """
    try:
        put_text(folder / DATA, as_json(overview))
        put_text(folder / PAGE, render_overview(overview, texts))
    except OSError as error:
        hint = "Stäng filer som är öppna i mappen kvalitet och kör igen."
        raise not_written("write_overview", "Lägesöversikten", error, hint) from error
    return folder / PAGE


def tell_beside(folder: Path, file: WaitingFile, touches: tuple[str, ...], texts: Mapping[str, Any]) -> None:
    """Write what a set-aside file touches below its sentence.

    The text file keeps its time, which tells a sentence that lay there when a pass began from one of that pass.
    """
    note = folder / f"{file.stored}.txt"
    told = "\n".join([first_line(note), "", f"{texts['details']}:", *(f"- {line}" for line in touches), ""])
    if touches and note.read_text(encoding="utf-8") != told:
        written = note.stat()
        put_text(note, told)
        os.utime(note, ns=(written.st_atime_ns, written.st_mtime_ns))
