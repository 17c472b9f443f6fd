"""`did hamta`: fetch a register when a person asks for it. Nothing else in the project goes out on the network."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from assets.bundle.words import date_text
from assets.methods.errors import PipelineError
from assets.registers.clients import kolada_client, scb_client
from assets.registers.clients.vintage import Fetched, Place, fetch_kolada, fetch_scb
from assets.registers.vintage_files import last_good, vintage_day
from pipelines.console import number
from pipelines.paths import Paths

SOURCES = {"kolada": (fetch_kolada, kolada_client.BASE_URL), "scb": (fetch_scb, scb_client.BASE_URL)}


def fetch_register(home: Path, source: str, base_url: str | None, fresh: bool, today: date) -> Fetched:
    """Fetch a vintage into the inbox.

    Args:
        home: the data folder.
        source: `kolada` or `scb`.
        base_url: another address than the source's own.
        fresh: ask again for what has already been answered today.
        today: the day the vintage is of.

    Raises:
        PipelineError: whatever stopped it; the sentence ends with which vintage is still in place.
    """
    paths = Paths(home)
    paths.make()
    fetch, address = SOURCES[source]
    try:
        return fetch(Place(paths.registers, paths.cache, today), base_url or address, fresh)
    except PipelineError as error:
        raise replace(error, hint=f"{error.hint} {still_in_place(paths.registers, source)}") from error


def still_in_place(inbox: Path, source: str) -> str:
    """What the chain goes on with when a source couldn't be fetched."""
    held = last_good(inbox, source)
    if held is None:
        return "Inget är ändrat; det finns ingen tidigare årgång i inkorgen."
    return f"Inget är ändrat; årgången från {date_text(vintage_day(held))} ligger kvar och används."


def report_lines(fetched: Fetched) -> list[str]:
    """What the person reads afterwards."""
    asked = f"{number(fetched.asked)} frågor" if fetched.asked else "inga nya frågor, allt var redan hämtat i dag"
    lines = [f"✓ {fetched.path.name}: {number(fetched.rows)} värden ({asked})."]
    lines += [f"  ! {note}" for note in fetched.notes]
    return [*lines, "Filen ligger i inkorgen. Kör did kor för att använda den."]
