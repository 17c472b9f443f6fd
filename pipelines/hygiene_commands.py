"""`did gallra` and `did arkivnyckel`: what they are asked, and the lines they say."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from assets.catalogue.hygiene import load_hygiene
from assets.hygiene import archive, keys, purged
from assets.hygiene.deliveries import Delivery, all_deliveries, by_place, by_word, older_than
from assets.hygiene.purge import Order, carry_out, lines, order, pending
from assets.methods.errors import PipelineError
from pipelines.paths import Paths

CONFIRM = "GALLRA"


def gallra(arguments: argparse.Namespace, paths: Paths, home: Path, ask: Callable[[str], str] = input) -> int:
    """List what would go, or take it away; 1 when something of it could still be found afterwards."""
    if arguments.tillat:
        return allow(arguments.leverans or "", paths)
    begun = pending(paths)
    if begun is not None:
        sys.stdout.write("En gallring avbröts förra gången. Den slutförs nu.\n")
        return _done(paths, home, begun)
    chosen, notes = choose(arguments, paths)
    sys.stdout.write("\n".join([*plan(chosen), *notes]) + "\n")
    if not chosen:
        return 0
    if not arguments.utfor:
        sys.stdout.write("Inget är borttaget. Lägg till --utfor för att ta bort det som står ovan.\n")
        return 0
    if not arguments.ja and ask(f"Det går inte att ångra. Skriv {CONFIRM} för att ta bort: ").strip() != CONFIRM:
        sys.stdout.write("Avbrutet. Inget är borttaget.\n")
        return 0
    return _done(paths, home, order(chosen, arguments.av or ""))


def _done(paths: Paths, home: Path, wanted: Order) -> int:
    record = carry_out(paths, home, wanted, lambda text: sys.stdout.write(f"{text} ...\n"))
    sys.stdout.write("\n".join(lines(record)) + "\n")
    sys.stdout.write("Protokollet ligger i mappen gallring. Kör did kor, så räknas allt om utan leveransen.\n")
    return 0 if record.proven else 1


def choose(arguments: argparse.Namespace, paths: Paths) -> tuple[list[Delivery], list[str]]:
    """The deliveries that the words of the command mean, and sentences about what is left out.

    Raises:
        PipelineError: `what_to_purge` when the command says nothing or too much; and those of `by_word` and `by_place`.
    """
    said = [arguments.leverans is not None, arguments.kommun is not None, arguments.aldre is not None]
    if sum(said) != 1 or (arguments.kommun is None) != (arguments.ar is None):
        hint = 'Till exempel: did gallra "Salem 2016.sav", did gallra --kommun 0128 --ar 2016 eller did gallra --aldre.'
        raise PipelineError("what_to_purge", "Kommandot", "ett filnamn, en kommun med år, eller --aldre", "något annat", hint)
    deliveries = all_deliveries(paths)
    if arguments.leverans is not None:
        return by_word(deliveries, arguments.leverans), []
    if arguments.kommun is not None:
        return by_place(deliveries, arguments.kommun, arguments.ar), []
    years = arguments.aldre or load_hygiene().retention.years
    today = date.today()  # noqa: DTZ011 - the day on the calendar where the person sits
    old, mixed = older_than(deliveries, years, today.year)
    names = ", ".join(name for one in mixed for name in one.names)
    notes = [f"Kvar, för att de också har nyare svar: {names}."] if mixed else []
    return old, [f"Äldre än {years} år.", *notes]


def plan(chosen: list[Delivery]) -> list[str]:
    """What would go, a line per file."""
    if not chosen:
        return ["Det finns inget att gallra."]
    told = ["Det här tas bort överallt: ur inkorgen, arkivet, databasen, det som satts åt sidan, kvalitetssidorna och loggen."]
    for one in chosen:
        waves = ", ".join(map(str, one.waves)) or ("formulär" if one.form_ids else "inte inläst")
        rows = f"{one.rows:,}".replace(",", "\u00a0")
        told.append(f"  {', '.join(one.names) or one.delivery_id} ({waves}, {rows} rader, {one.delivery_id})")
    return [*told, "Publicerade rapportpaket och utgivningsregistret är kvar: de har celler, inga svar från enskilda."]


def allow(word: str, paths: Paths) -> int:
    """Let a purged file come in again.

    Raises:
        PipelineError: `not_purged`.
    """
    low = word.lower()
    found = [h for h in purged.hashes(paths.root) if re.fullmatch(r"[0-9a-f]{12,64}", low) and h.startswith(low)]
    if not found:
        hint = "Hashen står i meddelandet om filen och i mappen gallring."
        raise PipelineError("not_purged", "Listan över gallrade filer", "en hash som har gallrats", "ingen sådan", hint)
    purged.remember(paths.root, found, purged.ALLOWED)
    sys.stdout.write("Filen får läsas in igen. Lägg den i inkorgen och kör did kor.\n")
    return 0


def arkivnyckel(arguments: argparse.Namespace, paths: Paths) -> int:
    """Make a key, encrypt the archive with it, or fetch something out of the archive."""
    if arguments.kryptera_arkivet:
        done, before = archive.encrypt_archive(paths.archive)
        sys.stdout.write(f"{done} filer krypterades; {before} var redan krypterade.\n")
        return 0
    if arguments.hamta:
        written = archive.fetch(paths.archive, arguments.hamta, Path(arguments.ut))
        sys.stdout.write("".join(f"{path}\n" for path in written))
        return 0
    key = keys.new_key()
    if arguments.nyckelring:
        keys.keep_in_ring(key)
        sys.stdout.write(f"Nyckeln ligger i datorns nyckelring. Sätt {keys.VARIABLE}={keys.IN_RING} för att använda den.\n")
    else:
        sys.stdout.write(f"{key}\n")
    sys.stderr.write(
        "Spara en kopia av nyckeln på ett annat ställe än arkivet, till exempel i kommunens lösenordshanterare. "
        "Utan den går det som krypteras inte att läsa.\n"
    )
    return 0
