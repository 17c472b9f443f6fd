"""`did historik`, `did sakerhetskopia` and `did aterstall`. Nothing heavy is imported at the top."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pipelines.homes import data_home, profile_home
from pipelines.paths import Paths

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]

HISTORIK = "lista körningarna, visa en av dem eller vad som ändrades mellan två, tal för tal"
SAKERHETSKOPIA = "kopiera hela datamappen till en fil, och läs tillbaka filen för att se att den är hel"
ATERSTALL = "lägg tillbaka en säkerhetskopia; det som redan finns skrivs aldrig över utan --ja, och sparas bredvid"


def add_care(add: Add, with_profile: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the commands to the parser."""
    with_profile(historik_arguments(add("historik", historik, HISTORIK)))
    sakerhetskopia_arguments(add("sakerhetskopia", sakerhetskopia, SAKERHETSKOPIA))
    aterstall_arguments(add("aterstall", aterstall, ATERSTALL))


def historik(arguments: argparse.Namespace) -> int:
    """Say what the ledger has."""
    from pipelines.history_commands import historik as tell

    return tell(arguments, Paths(profile_home()))


def sakerhetskopia(arguments: argparse.Namespace) -> int:
    """Copy the data folder, of all profiles, to one file."""
    from pipelines.backup_commands import sakerhetskopia as copy

    return copy(arguments, data_home())


def aterstall(arguments: argparse.Namespace) -> int:
    """Put a copy back."""
    from pipelines.backup_commands import aterstall as put_back

    return put_back(arguments, data_home())


def historik_arguments(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Which runs."""
    command.add_argument("korning", nargs="*", type=int, metavar="KÖRNING", help="numret på en körning, eller på två att jämföra")
    command.add_argument("--alla", action="store_true", help="lista alla körningar, inte bara de senaste")
    command.add_argument("--csv", default=None, metavar="FIL", help="skriv alla tal som skiljer sig mellan två körningar")
    return command


def sakerhetskopia_arguments(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Where to, and with what."""
    text = "en mapp, eller namnet på filen (förval mappen sakerhetskopior i datamappen)"
    command.add_argument("mal", nargs="?", default=None, metavar="MÅL", help=text)
    text = "ta med nycklarna som paketen förseglas och bruset görs med; annars sparas de för sig"
    command.add_argument("--med-nycklar", action="store_true", help=text)
    command.add_argument("--med-dagster", action="store_true", help="ta med Dagsters egen historik och inställningar")
    text = "kräv att kopian krypteras; det görs alltid när DID_ARKIVNYCKEL är satt"
    command.add_argument("--kryptera", action="store_true", help=text)
    return command


def aterstall_arguments(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What to put back."""
    command.add_argument("fil", metavar="FIL", help="säkerhetskopian")
    command.add_argument("--ja", action="store_true", help="byt ut datamappen som finns; den gamla läggs bredvid")
    text = "en gallrade.jsonl som är nyare än säkerhetskopian, så att det som har gallrats sedan dess inte kommer tillbaka"
    command.add_argument("--gallrade", default=None, metavar="FIL", help=text)
    return command
