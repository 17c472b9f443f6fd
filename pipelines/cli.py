"""The command line `did`: Swedish verbs, plain sentences, no traceback for what a person can mend.

Nothing heavy is imported at the top: `did --help` and `did doctor` start at once, also before the packages are installed.
Exit codes: 0 done, 1 the machine or the run has something that stops it, 2 the user has something to put right, 3 a
sealed bundle is unchanged but its key was not compared (`did verifiera`), 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from assets.catalogue.base_profile import BASE_PROFILE, CUTOFF_VARIABLE, PROFILE_VARIABLE
from assets.hygiene.permissions import owner_only_from_now, sentence
from pipelines.cli_care import add_care
from pipelines.cli_chain import demo, kor, ovning, pilot
from pipelines.cli_publish import add_commands, add_register
from pipelines.cli_settings import add_arguments
from pipelines.console import utf8_console
from pipelines.full_disk import disk_full, is_full_disk, met_by
from pipelines.homes import ROOT, data_home, profile_home, profile_names
from pipelines.hygiene_arguments import ARKIVNYCKEL, GALLRA, arkivnyckel_arguments, gallra_arguments
from pipelines.paths import Paths, staging_folder
from pipelines.status import add_status

EDITIONS = ("bada", "intern", "publik")
"""What `--utgava` can be; as `pipelines.resources.EDITIONS`, which can't be read before the packages are installed."""
FORM_KINDS = ("aktiviteter", "forutsattningar", "beslut")
"""What `did formular` can be asked for; the words of `assets.forms.layout.KIND_WORDS`."""
ENVIRONMENT = {"GX_ANALYTICS_ENABLED": "false", "DAGSTER_DISABLE_TELEMETRY": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Nothing is sent anywhere; and the matrices are small, so threads cost more than they give (docs/adr/0023)."""


def hamta(arguments: argparse.Namespace) -> int:
    """Fetch a register from its source, because somebody asked for it."""
    from datetime import date

    from pipelines.fetch import fetch_register, report_lines

    require_registers()
    today = date.today()  # noqa: DTZ011 - the day on the calendar where the person sits
    fetched = fetch_register(profile_home(), arguments.source, arguments.bas_url, arguments.pa_nytt, today)
    sys.stdout.write("\n".join(report_lines(fetched)) + "\n")
    return 0


def require_registers() -> None:
    """Raises PipelineError `no_registers_here` when the active profile has no registers to fetch."""
    from assets.catalogue.load import load_catalogue
    from assets.methods.errors import PipelineError

    profile = load_catalogue().profile
    if not profile.registers:
        hint = "Välj en profil med register, eller kör utan --profil."
        raise PipelineError("no_registers_here", f"Profilen {profile.id}", "en profil med register", "en utan", hint)


def kodbok(arguments: argparse.Namespace) -> int:
    """Propose a codebook for a delivery that none knows."""
    from pipelines.codebook import propose_codebook

    lines = propose_codebook(Path(arguments.fil), Path(arguments.ut) if arguments.ut else None, profile_home())
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def formular(arguments: argparse.Namespace) -> int:
    """Write the forms about activities, preconditions and decisions that are sent to the municipalities."""
    from pipelines.forms import this_year, write_forms

    only: tuple[str, ...] = ()
    if arguments.pilot:
        from assets.catalogue.pilots import find_pilot

        only = find_pilot(arguments.pilot, "forms").municipalities
    lines = write_forms(data_home(), arguments.omgang or this_year(), arguments.kommun, arguments.sort, only)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def kontroller(arguments: argparse.Namespace) -> int:
    """Say what the rules said, or build Great Expectations' own pages because somebody asked for them."""
    from pipelines.rules import rule_lines, write_data_docs

    home = data_home()
    lines = write_data_docs(home, Path(arguments.datadocs)) if arguments.datadocs else rule_lines(home)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def kunskap(arguments: argparse.Namespace) -> int:
    """Say what the knowledge base has about a factor."""
    from pipelines.knowledge import knowledge_lines

    sys.stdout.write("\n".join(knowledge_lines(arguments.faktor)) + "\n")
    return 0


def gallra(arguments: argparse.Namespace) -> int:
    """Take a delivery away everywhere."""
    from pipelines.hygiene_commands import gallra as take_away

    return take_away(arguments, Paths(profile_home()), data_home())


def arkivnyckel(arguments: argparse.Namespace) -> int:
    """Make a key to encrypt the archive with, or use it."""
    from pipelines.hygiene_commands import arkivnyckel as handle_key

    return handle_key(arguments, Paths(profile_home()))


def ui(arguments: argparse.Namespace) -> int:
    """Open the Dagster page."""
    from pipelines.ui import Page, require_own_computer, serve

    require_own_computer(arguments.host)
    return serve(ROOT, data_home(), Page(arguments.port, arguments.adress, arguments.las))


def doctor(arguments: argparse.Namespace) -> int:
    """Examine the machine."""
    from pipelines.doctor import main as examine

    return examine(ROOT, profile_home())


class SwedishParser(argparse.ArgumentParser):
    """argparse with Swedish headings and one Swedish sentence for a command that can't be understood."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, add_help=False)
        self._positionals.title, self._optionals.title = "Kommandon", "Val"
        self.add_argument("-h", "--help", action="help", help="visa den här hjälpen")

    def format_help(self) -> str:
        return super().format_help().replace("usage: ", "Användning: ", 1)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"✗ Kommandot gick inte att förstå. Så här kan det se ut:\n\n{self.format_help()}")


def _form_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--omgang", default=None, metavar="OMGÅNG", help="omgången, till exempel 2026 eller 2026-2 (förval i år)"
    )
    command.add_argument("--kommun", default=None, metavar="KOD", help="en kommunkod (förval alla kommuner)")
    command.add_argument("--sort", default=None, choices=FORM_KINDS, metavar="SORT", help=f"en av {', '.join(FORM_KINDS)}")
    command.add_argument("--pilot", default=None, metavar="ID", help="bara pilotens kommuner")


def parser() -> SwedishParser:
    """All commands with their Swedish help."""
    top = SwedishParser(
        prog="did",
        description="Data i dialog: från kommunernas ungdomsenkäter och registerdata till säkra rapportpaket.",
        epilog="Allt stannar på den här datorn. Filerna ligger i data/, eller i mappen som DID_HOME pekar ut.",
    )
    commands = top.add_subparsers(dest="command", metavar="KOMMANDO", required=True, parser_class=SwedishParser)

    def add(name: str, action: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        one.set_defaults(action=action)
        return one

    def with_profile(command: argparse.ArgumentParser) -> None:
        text = f"enkäten och dess områden: {', '.join(profile_names())} (förval {BASE_PROFILE})"
        command.add_argument("--profil", default=None, choices=profile_names(), metavar="PROFIL", help=text)

    def with_choices(command: argparse.ArgumentParser) -> None:
        text = "en annan av katalogens gränsuppsättningar än den vanliga; allt räknas om, och rapporterna säger det"
        command.add_argument("--granser", default=None, metavar="ID", help=text)
        text = "vilka rapportpaket som skrivs: intern, publik eller bada (förval bada)"
        command.add_argument("--utgava", default=None, choices=EDITIONS, metavar="UTGÅVA", help=text)

    sample = add("demo", demo, "simulera leveranser, kör hela kedjan och skriv rapportpaketen")
    with_profile(sample)
    with_choices(sample)
    text = "alla mättillfällen, och paket för länets alla kommuner; annars de tre senaste, och paket för några"
    sample.add_argument("--alla", action="store_true", help=text)
    rehearsal = add("ovning", ovning, "bygg en påhittad övningskommun med känt facit, att öva workshopen på (SYNTETISKA DATA)")
    rehearsal.add_argument("mapp", nargs="?", default=None, metavar="MAPP", help="övningens egen mapp (förval ovning i data)")
    run = add("kor", kor, "kör kedjan på det som ligger i inkorgen; bara det som påverkas av något nytt räknas om")
    run.add_argument("--allt", action="store_true", help="räkna om allt, också det som inget har ändrats för")
    run.add_argument(
        "--av", default=None, metavar="NAMN", help="vem som gör körningen; behövs för att paketen ska kunna godkännas"
    )
    run.add_argument("--pilot", default=None, metavar="ID", help="bara pilotens kommuner får rapportpaket och workshoppaket")
    add_arguments(run)
    with_profile(run)
    with_choices(run)
    fetch = add("hamta", hamta, "hämta en ny årgång av ett register från källan (använder internet)")
    fetch.add_argument("source", choices=("kolada", "scb"), metavar="KÄLLA", help="kolada eller scb")
    fetch.add_argument("--bas-url", default=None, metavar="URL", help="en annan adress än källans egen")
    with_profile(fetch)
    fetch.add_argument("--pa-nytt", action="store_true", help="fråga om även det som redan har hämtats i dag")
    book = add("kodbok", kodbok, "föreslå en kodbok för en leverans som ingen kodbok känner igen")
    book.add_argument("fil", metavar="FIL", help="leveransen (.sav, .zsav, .dta, .csv, .tsv, .txt eller .xlsx)")
    book.add_argument("--ut", default=None, metavar="FIL", help="var förslaget skrivs (förval i data/kodbocker)")
    with_profile(book)
    _form_arguments(
        add("formular", formular, "skriv formulär om aktiviteter, förutsättningar och beslut att skicka till kommunerna")
    )
    led = add("pilot", pilot, "visa hur långt en pilots kommuner har kommit, från leverans till uppföljning")
    led.add_argument(
        "pilot", nargs="?", default=None, metavar="ID", help="pilotens id i assets/catalogue/pilots.yml (förval den första)"
    )
    rules = add("kontroller", kontroller, "visa vilka regler leveranserna bröt mot i den senaste körningen")
    rules.add_argument(
        "--datadocs", default=None, metavar="MAPP", help="skriv Great Expectations egna sidor (engelska, kräver nät)"
    )
    with_profile(rules)
    known = add("kunskap", kunskap, "visa vad kunskapsbasen säger om en faktor: utfall, källor och insatser")
    known.add_argument("faktor", nargs="?", metavar="FAKTOR", help="faktorns namn, till exempel parenting; utan namn visas alla")
    add_commands(add, with_profile)
    add_register(add, with_profile)
    add_status(add, with_profile)
    _add_care(add, with_profile)
    return top


def _add_care(add: Callable[..., argparse.ArgumentParser], with_profile: Callable[[argparse.ArgumentParser], None]) -> None:
    """Commands that look after the data folder and the machine."""
    with_profile(gallra_arguments(add("gallra", gallra, GALLRA)))
    with_profile(arkivnyckel_arguments(add("arkivnyckel", arkivnyckel, ARKIVNYCKEL)))
    add_care(add, with_profile)
    with_profile(add("doctor", doctor, "undersök vad som är fel på datorn"))
    page = add("ui", ui, "öppna Dagster i webbläsaren")
    page.add_argument("--port", type=int, default=3333, metavar="NUMMER", help="port på den egna datorn (förval 3333)")
    page.add_argument("--las", action="store_true", help="visa utan att kunna ändra, för andra än förvaltaren")
    text = "namnet som en proxy med inloggning visar sidan under, se docs/steward/sakerhet.md"
    page.add_argument("--adress", default="", metavar="NAMN", help=text)
    page.add_argument("--host", default="127.0.0.1", metavar="ADRESS", help="bara den egna datorn (127.0.0.1) går att välja")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; PipelineError becomes one sentence on standard error and exit code 2."""
    utf8_console()
    owner_only_from_now()
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    arguments = parser().parse_args(words)
    if getattr(arguments, "profil", None):
        os.environ[PROFILE_VARIABLE] = arguments.profil
    if getattr(arguments, "granser", None):
        os.environ[CUTOFF_VARIABLE] = arguments.granser
    if arguments.action is doctor:
        return doctor(arguments)
    from assets.methods.errors import PipelineError

    try:
        if not data_home().exists() and staging_folder(data_home()).exists():
            from pipelines.restore import finish_interrupted

            if finish_interrupted(data_home()):
                sys.stdout.write("En återställning som avbröts är slutförd.\n")
        opened = sentence(data_home())
        if opened:
            (sys.stderr if getattr(arguments, "json", False) else sys.stdout).write(f"{opened}\n")
        return arguments.action(arguments)
    except PipelineError as problem:
        sys.stderr.write(f"✗ {problem}\n")
        return 2
    except met_by() as problem:
        if not is_full_disk(problem):
            raise
        sys.stderr.write(f"✗ {disk_full(data_home())}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Avbrutet. Det som redan var färdigt är orört; kör kommandot igen.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
