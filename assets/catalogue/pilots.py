"""Read `pilots.yml`: named groups of municipalities."""

from __future__ import annotations

from functools import lru_cache

from assets.catalogue.load import catalogue_file, load_catalogue
from assets.catalogue.pilot_models import Pilot, PilotFile, Produced
from assets.catalogue.reader import Reader
from assets.methods.errors import PipelineError

FILE = "pilots.yml"


@lru_cache(maxsize=1)
def load_pilots() -> PilotFile:
    """All pilots.

    Raises:
        PipelineError: code `catalogue`: a key that is wrong, a municipality that isn't the county's, or one without a comparison
            group in `areas/comparison_groups.yml`.
    """
    read = Reader(catalogue_file(FILE).parent)  # training has a list of its own
    found = read.model(PilotFile, FILE)
    if found is not None:
        catalogue = load_catalogue()
        groups = catalogue.comparison_groups.by_code
        for pilot in found.pilots:
            for code in pilot.municipalities:
                if code not in catalogue.municipality_by_code:
                    read.problems.append(f"{FILE}: {pilot.id}: okänd kommun {code}")
                elif code not in groups:
                    read.problems.append(f"{FILE}: {pilot.id}: {code} saknar jämförelsekommuner i areas/comparison_groups.yml")
    if found is None or read.problems:
        problems = f"{len(read.problems)} fel: {' | '.join(read.problems)}"
        raise PipelineError("catalogue", "assets/catalogue", "en katalog utan fel", problems, "Rätta raderna ovan och kör igen.")
    return found


def find_pilot(pilot_id: str, made: Produced | None = None) -> Pilot:
    """The pilot with the id. `made`: what it must have.

    Raises:
        PipelineError: `unknown_pilot`, or `not_in_pilot` when the pilot doesn't have what is asked for.
    """
    pilots = {pilot.id: pilot for pilot in load_pilots().pilots}
    if pilot_id not in pilots:
        known = ", ".join(sorted(pilots))
        raise PipelineError(
            "unknown_pilot", "Piloten", f"någon av {known}", pilot_id[:40], f"Välj en, eller lägg till den i {FILE}."
        )
    found = pilots[pilot_id]
    if made and made not in found.produces:
        raise PipelineError(
            "not_in_pilot", f"Piloten {pilot_id}", f"{made} i produces", "en pilot utan", f"Lägg till det i {FILE}."
        )
    return found


def wanted_step(step: str, pilot: Pilot | None) -> bool:
    """Whether a step of the chain makes something that the pilot has; without a pilot all steps do."""
    made = {"publish_bundles": "bundles", "publish_kits": "kits"}.get(step)
    return pilot is None or made is None or made in pilot.produces
