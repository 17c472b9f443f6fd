"""`did godkann`, `did publicera`, `did verifiera` and `did nyckel`; `did utgivningar`, `did hallinne` and `did rojande`.

Nothing heavy is imported at the top: a receiver who only has a zip starts `did verifiera` at once, without network or warehouse.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from assets.catalogue.base_profile import BASE_PROFILE, PROFILE_VARIABLE
from pipelines.homes import profile_home
from pipelines.paths import Paths

if TYPE_CHECKING:
    from assets.sealing.keys import SealingKey
    from assets.sealing.publish import Step

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add_commands(add: Add, with_profile: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the commands of publication to the parser."""
    decide = add("godkann", godkann, "godkänn eller avslå ett paket; två olika personer behövs innan det kan ges ut")
    decide.add_argument("paket", metavar="PAKET", help="paketets mapp i reports, till exempel 0127_botkyrka_2024_v1.0_intern")
    decide.add_argument("--namn", required=True, metavar="NAMN", help="för- och efternamn på den som beslutar")
    decide.add_argument("--roll", required=True, metavar="ROLL", help="den beslutandes roll")
    decide.add_argument("--skal", required=True, metavar="SKÄL", help="skälet, som står i paketet")
    decide.add_argument("--avsla", action="store_true", help="avslå i stället för att godkänna")
    with_profile(decide)
    out = add(
        "publicera",
        publicera,
        "ta emot godkännanden i inkorgen, försegla och ge ut det som två personer har godkänt, och visa läget",
    )
    out.add_argument("--pilot", default=None, metavar="ID", help="bara pilotens kommuner")
    out.add_argument("--kommun", action="append", default=None, metavar="KOD", help="bara en kommun; kan upprepas")
    out.add_argument("--ar", type=int, default=None, metavar="ÅR", help="mättillfället (förval det senaste)")
    with_profile(out)
    check = add(
        "verifiera", verifiera, "kontrollera ett utgivet paket, utan nät: att ingen byte är ändrad och vem som har förseglat det"
    )
    check.add_argument("paket", metavar="PAKET.zip", help="zip-filen, eller mappen om den är uppackad")
    check.add_argument(
        "--nyckel", action="append", default=None, metavar="FIL", help="publik nyckel som du har fått på annat sätt"
    )
    check.add_argument(
        "--fingeravtryck", action="append", default=None, metavar="TEXT", help="nyckelns fingeravtryck, inom citattecken"
    )
    own = add("nyckel", nyckel, "visa nyckeln som paketen förseglas med; den görs första gången")
    own.add_argument(
        "--exportera", nargs="?", const="sigill_publik.pem", default=None, metavar="FIL", help="skriv den publika nyckeln"
    )
    own.add_argument("--byt", action="store_true", help="gör en ny nyckel; den gamlas publika del sparas")


def add_register(add: Add, with_profile: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the command of the release register to the parser."""
    published = add("utgivningar", utgivningar, "lista vad som har getts ut och kontrollera att utgivningsregistret är helt")
    published.add_argument("--kontrollera", action="store_true", help="läs också tillbaka varje fil med utgivna celler")
    published.add_argument(
        "--konflikter", action="store_true", help="visa vad den nya utgivningen krockar med och vad man kan göra"
    )
    with_profile(published)
    held = add("hallinne", hall_inne, "låt en kommuns utgivna leverans gälla fast en nyare har kommit; de andra går vidare")
    held.add_argument("--kommun", default=None, metavar="KOD", help="kommunen; utan visas vad som hålls inne")
    held.add_argument("--ar", type=int, default=None, metavar="ÅR", help="mättillfället")
    held.add_argument("--namn", default=None, metavar="NAMN", help="för- och efternamn på den som beslutar")
    held.add_argument("--skal", default=None, metavar="SKÄL", help="skälet, för protokollet i hallna.jsonl")
    held.add_argument("--slapp", action="store_true", help="låt den nyaste leveransen gälla igen")
    with_profile(held)
    hidden = add(
        "rojande", rojande, "visa hur många tal som är dolda per kommun, av vilka regler, och vad andra gränser skulle ändra"
    )
    hidden.add_argument("--kommun", action="append", default=None, metavar="KOD", help="bara en kommun; kan upprepas")
    hidden.add_argument("--ar", type=int, default=None, metavar="ÅR", help="mättillfället (förval det senaste)")
    with_profile(hidden)


def godkann(arguments: argparse.Namespace) -> int:
    """Record one person's decision."""
    from datetime import date

    from assets.sealing.approvals import APPROVED, REFUSED
    from assets.sealing.taken_in import approve

    paths = _paths()
    bundle, state = approve(
        paths, date.today(), paket=arguments.paket, namn=arguments.namn, roll=arguments.roll, skal=arguments.skal,  # noqa: DTZ011 - the person's own day
        beslut=REFUSED if arguments.avsla else APPROVED,
    )  # fmt: skip
    _say([f"{bundle}: {state.value}."])
    _show_overview(paths)
    return 0


def publicera(arguments: argparse.Namespace) -> int:
    """Take in the approval files of the inbox, and publish what two persons have approved; 1 when something is stopped."""
    from datetime import date

    from assets.catalogue.load import load_catalogue
    from assets.methods.errors import count_sv
    from assets.published_gates import checks
    from assets.sealing.taken_in import take_in
    from assets.sealing.wired import publish_wave

    only = set(arguments.kommun or ())
    if arguments.pilot:
        from assets.catalogue.pilots import find_pilot

        only |= set(find_pilot(arguments.pilot).municipalities)
    wave = arguments.ar or load_catalogue().calendar.survey_waves[-1]
    paths = _paths()
    found = take_in(paths, date.today())  # noqa: DTZ011 - the person's own day
    _say([*(f"Mottaget: {line}" for line in found.kept), *(f"✗ {sentence}" for sentence in found.refused)])
    try:
        steps = publish_wave(paths, paths.keys(_profile()), wave, *checks(paths), only)
        _say(line for step in steps for line in _told(step))
    finally:  # approvals have been taken in also when the key can't be used
        _show_overview(paths)
    if not steps:
        _say([f"Det finns inga färdiga paket för {wave} i {paths.reports}. Kör did kor först."])
    new = sum(step.new for step in steps)
    _say([f"{count_sv(new, 'nytt utgivet', 'nya utgivna')} paket i {paths.published / str(wave)}."] if new else [])
    return 1 if found.refused or any(step.stopped for step in steps) else 0


def verifiera(arguments: argparse.Namespace) -> int:
    """Check a sealed bundle: 0 unchanged and the key is the one given, 3 unchanged but the key isn't compared, 1 changed."""
    from assets.sealing.keys import read_public
    from assets.sealing.store import verify_path
    from assets.sealing.verify import EXIT, Known

    known = Known(tuple(arguments.fingeravtryck or ()), tuple(read_public(Path(name)) for name in arguments.nyckel or ()))
    found = verify_path(Path(arguments.paket), known)
    _say(found.lines)
    return EXIT[found.outcome]


def nyckel(arguments: argparse.Namespace) -> int:
    """Show, export or replace the key that seals."""
    from assets.sealing.keys import OLD, public_pem, replace_key, sealing_key
    from assets.sealing.store import put

    folder = _paths().keys(_profile())
    key = replace_key(folder) if arguments.byt else sealing_key(folder)
    lines = key_lines(key)
    if arguments.byt:
        lines.append(f"Den gamla publika nyckeln ligger i {folder / OLD}: äldre paket kontrolleras med den.")
    if arguments.exportera:
        target = Path(arguments.exportera)
        put(target, public_pem(key.public))
        lines.append(f"Den publika nyckeln är skriven i {target}. Den är inte hemlig.")
    _say(lines)
    return 0


def key_lines(key: SealingKey) -> list[str]:
    """What a person needs to know about the key that seals."""
    from assets.sealing.keys import PASS_PHRASE

    lines = [f"Nyckelns fingeravtryck: {key.fingerprint}", f"Den ligger i {key.path} och kan bara läsas av den som äger filen."]
    if key.made_now:
        lines.append("Nyckeln är ny. Säkerhetskopiera mappen till ett låst ställe.")
        lines.append(
            "Lämna fingeravtrycket till mottagarna på annat sätt än paketen: på webbplatsen, i ett möte eller i telefon."
        )
    if not key.encrypted:
        lines.append(
            f"Nyckeln är inte krypterad. Sätt {PASS_PHRASE} till en lösenfras innan nyckeln görs om du vill ha den krypterad."
        )
    return lines


def _show_overview(paths: Paths) -> None:
    """Write the overview anew; what has been decided or published stands also when that can't be done."""
    from assets.methods.errors import PipelineError
    from assets.overview.current import write_now

    try:
        write_now(paths)
    except PipelineError as error:
        _say([f"Lägesöversikten är inte uppdaterad. {error}"])


def _told(step: Step) -> Iterable[str]:
    yield f"{step.bundle}: {step.state.value}{' nu' if step.new else ''}"
    yield from (f"  ✗ {sentence}" for sentence in step.stopped)


def _say(lines: Iterable[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _profile() -> str:
    return os.environ.get(PROFILE_VARIABLE) or BASE_PROFILE


def _paths() -> Paths:
    return Paths(profile_home())


def utgivningar(arguments: argparse.Namespace) -> int:
    """List what has been published, check the register, or say what the new release conflicts with."""
    from pipelines.releases import release_lines

    lines = release_lines(profile_home(), check=arguments.kontrollera, conflicts=arguments.konflikter)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def hall_inne(arguments: argparse.Namespace) -> int:
    """Hold back what has come since a municipality's numbers were published, or let it go."""
    from pipelines.held_commands import run

    return run(arguments, _paths())


def rojande(arguments: argparse.Namespace) -> int:
    """Say what disclosure control hides and costs, per municipality and edition."""
    from pipelines.disclosure import disclosure_lines

    _say(disclosure_lines(profile_home(), arguments.ar, set(arguments.kommun or ())))
    return 0
