"""`did sakerhetskopia` and `did aterstall`: what they are asked, and the lines they say."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from assets.ledger.words import SWEDISH_TIME, moment
from assets.methods.errors import count_sv
from pipelines.backup import make_backup
from pipelines.backup_format import SUFFIX
from pipelines.paths import COPIES
from pipelines.restore import restore


def sakerhetskopia(arguments: argparse.Namespace, home: Path) -> int:
    """Write a backup."""
    target = place(arguments.mal, home)
    made = make_backup(
        home, target, with_keys=arguments.med_nycklar, with_dagster=arguments.med_dagster, encrypt=arguments.kryptera
    )
    lines = [
        f"Säkerhetskopian är skriven och läst tillbaka: {made.path}",
        f"{count_sv(made.files, 'fil', 'filer')}, {_megabytes(made.bytes_kept)} som tar {_megabytes(made.size)}.",
        "Den är krypterad: utan nyckeln i DID_ARKIVNYCKEL går den inte att läsa."
        if made.encrypted
        else "Den är inte krypterad och har elevsvar i sig: lägg den där bara du kommer åt den.",
    ]
    if not arguments.med_nycklar:
        lines.append("Nycklarna är inte med. Spara mappen nycklar för sig, på ett låst ställe, eller kör med --med-nycklar.")
    if target.parent == home / COPIES:
        lines.append("Den ligger på samma disk som datamappen. Flytta den till ett annat ställe.")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def aterstall(arguments: argparse.Namespace, home: Path) -> int:
    """Put a backup back."""
    log = Path(arguments.gallrade) if arguments.gallrade else None
    done = restore(Path(arguments.fil), home, replace=arguments.ja, purge_log=log)
    lines = [f"Säkerhetskopian från {moment(done.made)} är återställd i {home}: {count_sv(done.files, 'fil', 'filer')}."]
    if done.purged_again:
        told = count_sv(done.purged_again, "leverans", "leveranser")
        lines.append(f"{told} som har gallrats sedan kopian skrevs togs bort igen. Kör did kor, så räknas allt om utan dem.")
    lines.append(done.keys)
    if done.aside:
        lines.append(f"Det som fanns ligger i {done.aside}. Ta bort den mappen när du har sett att allt stämmer.")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def place(said: str | None, home: Path) -> Path:
    """The file to write: in the folder that was said, or with that name."""
    own_name = f"sakerhetskopia-{datetime.now(SWEDISH_TIME):%Y-%m-%d-%H%M%S}{SUFFIX}"
    if said is None:
        return home / COPIES / own_name
    path = Path(said).resolve()
    return path / own_name if path.is_dir() or said.endswith(("/", "\\")) else path


def _megabytes(size: int) -> str:
    return f"{max(1, round(size / 10**6)):,} MB".replace(",", "\u00a0")
