"""`did ovning`: build the invented county in a home of its own, run the chain on it, and write the facilitator's answer key.

The training home is never a home of real data: it is marked, and a folder that holds anything else is refused.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from assets.catalogue.base_profile import PROFILE_VARIABLE, TRAINING_VARIABLE
from assets.methods.errors import PipelineError
from pipelines.paths import Paths

if TYPE_CHECKING:
    from pipelines.console import Progress

FOLDER = "ovning"
MARKER = "SYNTETISKA_DATA_OVNING.txt"
MARKED = "Den här mappen är en övning. Kommunerna, eleverna och svaren är påhittade (SYNTETISKA DATA).\n"
FACIT = "facit.html"


def enter_training() -> None:
    """From here on the process works with the invented county. Called before anything reads the catalogue."""
    os.environ[TRAINING_VARIABLE] = "1"
    os.environ.pop(PROFILE_VARIABLE, None)


def training_home(home: Path, chosen: str | None) -> Path:
    """The folder of the rehearsal: the chosen one, or `ovning/` in the data folder; made and marked when it is new.

    Raises:
        PipelineError: `not_a_training_home` when the folder holds something that isn't a rehearsal.
    """
    folder = Path(chosen).resolve() if chosen else home / FOLDER
    held = [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []
    if held and not (folder / MARKER).is_file():
        raise PipelineError(
            "not_a_training_home",
            f"Mappen {folder}",
            "en tom mapp eller en mapp från en tidigare övning",
            f"en mapp med {len(held)} andra filer och mappar",
            "Välj en annan mapp: övningens påhittade data får aldrig blandas med verkliga.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(MARKED, encoding="utf-8")
    return folder


def fill_training(home: Path, progress: Progress) -> None:
    """Put the county's deliveries and forms into the inbox of the training home."""
    from assets.catalogue.load import load_catalogue
    from assets.demo.activity_answers import activity_forms
    from assets.demo.form_files import write_forms
    from assets.demo.readiness_ratings import readiness_forms
    from assets.demo.training import earlier_decision, training, write_pupil_counts, write_training
    from assets.forms.definitions import form_definitions

    paths, definitions = Paths(home), form_definitions()
    paths.make()
    with progress.step("Hittar på Övningslänet (SYNTETISKA DATA)") as step:
        files = write_training(load_catalogue(), paths.surveys, paths.cache / FOLDER)
        step.count("filer", len(files))
        step.count("svar", sum(files.values()))
    with progress.step("Lägger påhittade elevantal i inkorgen") as step:
        step.count("filer", write_pupil_counts(load_catalogue(), paths.registers))
    with progress.step("Lägger påhittade formulär i inkorgen") as step:
        decided = earlier_decision(definitions["decisions"].version)
        forms = [*activity_forms((training()["municipality"],)), *readiness_forms(), decided]
        step.count("filer", len(write_forms(forms, definitions, paths.forms)))


def write_facit(home: Path, progress: Progress) -> Path:
    """The page that lays what is planted beside what the chain published."""
    from assets.catalogue.load import load_catalogue
    from assets.demo.facit import facit_page
    from assets.demo.training import training
    from assets.demo.truth import load_truth
    from assets.methods.editions import INTERN
    from pipelines.warehouse import TableName, Warehouse

    paths, catalogue = Paths(home), load_catalogue()
    with progress.step("Skriver facit till den som leder övningen"):
        released = Warehouse(paths.warehouse).read(TableName("release", "index_results"), {"edition": [INTERN]})
        page = facit_page(released, load_truth(paths.cache / FOLDER).cells, catalogue, training())
        target = home / FACIT
        target.write_text(page, encoding="utf-8")
    return target
