"""The words after `did gallra` and `did arkivnyckel`. Nothing heavy is imported here."""

from __future__ import annotations

import argparse

GALLRA = "ta bort en leverans överallt och visa att den är borta; utan --utfor visas bara vad som skulle tas bort"
ARKIVNYCKEL = "gör en nyckel att kryptera arkivet med, eller använd den"


def gallra_arguments(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Which delivery, and whether it is to be done."""
    command.add_argument("leverans", nargs="?", default=None, metavar="LEVERANS", help="filens namn, hash eller leveransens id")
    command.add_argument("--kommun", default=None, metavar="KOD", help="en kommuns leverans, tillsammans med --ar")
    command.add_argument("--ar", type=int, default=None, metavar="ÅR", help="mättillfället")
    text = "allt vars mättillfälle är äldre än så många år (förval enligt hygiene.yml)"
    command.add_argument("--aldre", type=int, nargs="?", const=0, default=None, metavar="ANTAL", help=text)
    command.add_argument("--utfor", action="store_true", help="ta bort, efter en bekräftelse")
    command.add_argument("--ja", action="store_true", help="utan att fråga")
    command.add_argument("--av", default=None, metavar="NAMN", help="vem som gallrar, för protokollet")
    command.add_argument("--tillat", action="store_true", help="låt en gallrad fil (dess hash) läsas in igen")
    return command


def arkivnyckel_arguments(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Make a key, encrypt with it, or fetch something out of the archive."""
    command.add_argument("--nyckelring", action="store_true", help="lägg den nya nyckeln i datorns nyckelring")
    command.add_argument("--kryptera-arkivet", action="store_true", help="kryptera det som redan ligger i arkivet")
    command.add_argument("--hamta", default=None, metavar="HASH", help="hämta en fil ur arkivet, läsbar")
    command.add_argument("--ut", default=".", metavar="MAPP", help="var den hämtade filen läggs (förval här)")
    return command
