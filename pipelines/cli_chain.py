"""The commands that run the chain: `did demo`, `did ovning`, `did kor`, and `did pilot` which tells how far it has come.

Nothing heavy is imported at the top.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from pipelines.cli_settings import asked_for
from pipelines.console import Progress, default_progress, print_summary
from pipelines.homes import data_home, profile_home
from pipelines.paths import Paths
from pipelines.samples import copy_registers, fill_forms


def demo(arguments: argparse.Namespace) -> int:
    """Fill the inbox with simulated deliveries and the bundled registers, then run everything."""
    from assets.catalogue.load import load_catalogue
    from assets.demo.profiles import drawn_areas, fill_inbox, first_counted, pilot_areas
    from assets.one_pass import one_pass
    from assets.worker_pool import WORKERS

    paths = Paths(profile_home())
    progress = default_progress()
    profile = load_catalogue().profile
    paths.make()
    with one_pass(WORKERS):  # the simulation is a part of it
        if profile.registers:
            with progress.step("Lägger registerfiler i inkorgen") as step:
                step.count("filer", copy_registers(paths.registers))
        fill_inbox(profile.id, paths.surveys, paths.cache / "demo", progress)
        if not profile.is_base:
            return run_chain(paths.root, progress, edition=arguments.utgava, command="did demo")
        with progress.step("Lägger påhittade formulär i inkorgen") as step:
            step.count("filer", fill_forms(paths.forms))
        waves = load_catalogue().calendar.survey_waves
        drawn, since = ((), None) if arguments.alla else (drawn_areas(), first_counted(waves))
        asked = {"edition": arguments.utgava, "public_areas": pilot_areas(), "only": drawn, "since": since}
        done = run_chain(paths.root, progress, **asked, command="did demo")
    if since:
        counted = len([wave for wave in waves if wave >= since])
        progress.note(
            f"De {counted} senaste av {len(waves)} mättillfällen räknades, och {len(drawn)} av länets kommuner fick paket. "
            "Med did demo --alla räknas alla mättillfällen, och alla kommuner får rapportpaket."
        )
    return done


def ovning(arguments: argparse.Namespace) -> int:
    """Build the invented county in a home of its own, run everything on it and write the answer key."""
    from pipelines.training import enter_training, fill_training, training_home, write_facit

    enter_training()
    home, progress = training_home(data_home(), arguments.mapp), default_progress()
    fill_training(home, progress)
    code = run_chain(home, progress, edition="intern", command="did ovning")
    sys.stdout.write(f"Facit, att visa efter övningen: {write_facit(home, progress)}\n")
    return code


def kor(arguments: argparse.Namespace) -> int:
    """Run everything on what lies in the inbox."""
    from assets.methods.errors import PipelineError

    paths = Paths(profile_home())
    paths.make()
    if not any(has_files(folder) for folder in (paths.surveys, paths.forms)) and not has_answers(paths):
        raise PipelineError(
            code="empty_inbox",
            where=f"Inkorgen {paths.surveys}",
            expected="minst en leverans",
            got="en tom mapp",
            hint="Lägg kommunernas filer där och kör igen, eller prova med make demo.",
        )
    asked = asked_for(arguments, paths)
    done = run_chain(paths.root, default_progress(), **asked)
    if not asked.get("pilot"):
        return done
    arguments.pilot = asked["pilot"].id
    return pilot(arguments) or done


def has_files(folder: Path) -> bool:
    """Whether anything that a person has put there lies in a folder of the inbox."""
    return folder.is_dir() and any(path.is_file() and not path.name.startswith(".") for path in folder.iterdir())


def has_answers(paths: Paths) -> bool:
    """Whether an earlier run has kept survey answers: then there is something to run without a new delivery."""
    if not paths.warehouse.is_file():
        return False
    from pipelines.warehouse import TableName, Warehouse

    return Warehouse(paths.warehouse).read(TableName("validated", "survey_responses"), columns=["wave"]).height > 0


def run_chain(home: Path, progress: Progress, **choices: Any) -> int:
    """The run itself and its summary; 1 when nothing could be written. `choices`: as in `run_everything`."""
    from assets.catalogue.load import load_catalogue
    from pipelines.run import run_everything

    summary = run_everything(home, progress, **choices)
    print_summary(summary)
    return 0 if summary.bundles_written or load_catalogue().profile.reach != "reports" else 1


def pilot(arguments: argparse.Namespace) -> int:
    """Say how far a pilot's municipalities have come, and write its page."""
    from assets.catalogue.pilots import find_pilot, load_pilots
    from pipelines.pilot import write_pilot_page

    chosen = find_pilot(arguments.pilot) if arguments.pilot else load_pilots().pilots[0]
    sys.stdout.write("\n".join(write_pilot_page(data_home(), chosen)) + "\n")
    return 0
