"""From a source on the network to a vintage file in the inbox. The only writer of the clients.

A vintage is written whole or not at all: whatever stops on the way leaves the inbox as it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from assets.catalogue.active import COUNTY_CODE
from assets.registers import assemble, revisions
from assets.registers.clients import kolada_client, scb_client
from assets.registers.clients.http import Fetcher, Pace, PageCache
from assets.registers.files import load_register_catalogue, read_register_file
from assets.registers.models import RegisterCatalogue
from assets.registers.vintage_files import last_good

KOLADA_PACE = (5, 1.0)
"""Calls and seconds. Kolada states no limit but answers 429 when asked too often."""


@dataclass(frozen=True)
class Place:
    """Where vintages are written (`inbox`), where answers are kept (`cache`), and the day that the vintage is of."""

    inbox: Path
    cache: Path
    today: date


@dataclass(frozen=True)
class Fetched:
    """A written vintage: its file, number of rows, Swedish sentences about it, and how many questions went out."""

    path: Path
    rows: int
    notes: tuple[str, ...]
    asked: int


def fetch_kolada(
    place: Place,
    base_url: str = kolada_client.BASE_URL,
    fresh: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    timeout: float = 30.0,
) -> Fetched:
    """Fetch the catalogue's key figures for the county's municipalities, from 2010 on, and write `kolada_<day>_data_raw.parquet`.

    Args:
        place: where to write.
        base_url: another address than Kolada's.
        fresh: ask again for what has already been answered today.
        sleep, timeout: see `Fetcher`.

    Raises:
        PipelineError: as `kolada_client.fetch`; `level_jump` when a key figure's level is of another order of magnitude than in
            the vintage at hand.
    """
    catalogue = load_register_catalogue()
    kpis = catalogue.sources["kolada"].indicators
    fetcher = _fetcher("Kolada", base_url, place, fresh, sleep, timeout)
    fetcher.pace = Pace(*KOLADA_PACE, sleep=sleep)
    years = range(kolada_client.FIRST_YEAR, place.today.year + 1)
    got = kolada_client.fetch(fetcher, kpis, catalogue.municipalities, years)
    target = place.inbox / f"kolada_{place.today.isoformat()}_data_raw.parquet"
    notes = [*got.notes, *_write_compared(got.frame, target, place, catalogue)]
    return Fetched(target, got.frame.height, tuple(notes), fetcher.asked)


def fetch_scb(
    place: Place,
    base_url: str = scb_client.BASE_URL,
    fresh: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    timeout: float = 30.0,
) -> Fetched:
    """Fetch the catalogue's table for the county and its municipalities and write `scb_<table>_<day>.parquet`.

    Raises:
        PipelineError: as `scb_client.fetch`.
    """
    catalogue = load_register_catalogue()
    source = catalogue.more["scb"]
    fetcher = _fetcher("SCB", base_url, place, fresh, sleep, timeout)
    got = scb_client.fetch(fetcher, source, [COUNTY_CODE, *catalogue.municipalities])
    table = source.table.id if source.table else ""
    target = place.inbox / f"scb_{table}_{place.today.isoformat()}.parquet"
    _check_and_place(_half(got.frame, target), target, catalogue)
    return Fetched(target, got.frame.height, got.notes, fetcher.asked)


def _fetcher(name: str, base_url: str, place: Place, fresh: bool, sleep: Callable[[float], None], timeout: float) -> Fetcher:
    cache = PageCache(place.cache / name.casefold(), place.today.isoformat())
    if fresh:
        cache.clear()
    return Fetcher(name, base_url, cache, timeout=timeout, sleep=sleep)


def _half(frame: pl.DataFrame, target: Path) -> Path:
    """Write beside the target under a name that the inbox doesn't see."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}")
    frame.write_parquet(half, compression="zstd")
    return half


def _write_compared(frame: pl.DataFrame, target: Path, place: Place, catalogue: RegisterCatalogue) -> list[str]:
    """Write a Kolada vintage unless its levels jumped; what changed since the vintage at hand, in Swedish."""
    before = last_good(place.inbox, "kolada", besides=target)
    half = _half(frame, target)
    try:
        notes = _changes(before, half, catalogue) if before is not None else []
        _check_and_place(half, target, catalogue)
    finally:
        half.unlink(missing_ok=True)
    return notes


def _changes(before: Path, after: Path, catalogue: RegisterCatalogue) -> list[str]:
    kpis = catalogue.sources["kolada"].indicators
    old, new = (assemble.parse_values(read_register_file(path), catalogue) for path in (before, after))
    if old["vintage"][0] >= new["vintage"][0]:
        return []
    revisions.require_same_level(old, new, kpis)
    counts = dict(revisions.compare(old, new, kpis)["change"].value_counts().iter_rows())
    return [
        f"Jämfört med årgången {old['vintage'][0]}: {counts.get('new', 0)} nya värden, {counts.get('revised', 0)} reviderade, "
        f"{counts.get('withdrawn', 0)} indragna."
    ]


def _check_and_place(half: Path, target: Path, catalogue: RegisterCatalogue) -> None:
    """Read the file as the inbox will; only one that can be read gets its name."""
    try:
        assemble.check_file(read_register_file(half), catalogue)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
