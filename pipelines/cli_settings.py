"""`did kor --kommun KOD`, `--installning NAMN` and `--spara NAMN`: a run's choices, from a saved setting or saved as one."""

from __future__ import annotations

import argparse
import os
from typing import Any

from assets.catalogue.base_profile import CUTOFF_VARIABLE
from pipelines.paths import Paths

FIELDS = ("utgava", "pilot", "granser", "av", "kommuner")
"""Arguments of `did kor` that are fields of the launch under the same name."""


def add_arguments(run: argparse.ArgumentParser) -> None:
    """Add what chooses municipalities, and chooses and saves a setting, to the parser of `did kor`."""
    text = "bara den kommunens paket ritas, och länets; kan upprepas, och namnet går lika bra (förval alla kommuner)"
    run.add_argument("--kommun", action="append", default=None, dest="kommuner", metavar="KOD", help=text)
    text = "en sparad inställning i mappen installningar (eller en som följer med: ordinarie, provkorning, allt-pa-nytt)"
    run.add_argument("--installning", default=None, metavar="NAMN", help=text)
    run.add_argument("--spara", default=None, metavar="NAMN", help="spara valen som en inställning med det namnet")


def asked_for(arguments: argparse.Namespace, paths: Paths) -> dict[str, Any]:
    """The choices of `run_everything` that the arguments make, together with a saved setting when one is named; saves them when
    asked to.

    Must be called before anything has read the catalogue: a setting may choose its limits (docs/adr/0028).

    Raises:
        PipelineError: see `pipelines.launch.choose`.
    """
    if arguments.installning or arguments.spara or arguments.kommuner:
        return _chosen(arguments, paths)
    from assets.catalogue.pilots import find_pilot
    from assets.methods.person_names import require_name

    asked = {"everything": arguments.allt, "edition": arguments.utgava}
    asked |= {"prepared_by": require_name(arguments.av, "Valet --av")} if arguments.av else {}
    return asked | ({"pilot": find_pilot(arguments.pilot)} if arguments.pilot else {})


def _chosen(arguments: argparse.Namespace, paths: Paths) -> dict[str, Any]:
    if arguments.installning and not arguments.granser:
        from pipelines.saved_settings import limits_of

        limits = limits_of(paths, arguments.installning)
        if limits:
            os.environ[CUTOFF_VARIABLE] = limits
    from assets.catalogue.pilots import find_pilot
    from pipelines.launch import choose

    typed = {field: value for field in FIELDS if (value := getattr(arguments, field))}
    typed |= {"allt": "ja"} if arguments.allt else {}
    typed |= {"installning": arguments.installning or "", "spara_som": arguments.spara or ""}
    chosen = choose(paths, typed)
    return {
        "everything": chosen.everything,
        "edition": chosen.edition,
        "wave": chosen.wave,
        "only": chosen.only,
        "public_areas": chosen.public_areas,
        "pilot": find_pilot(chosen.pilot) if chosen.pilot else None,
        "workers": chosen.workers,
        "prepared_by": chosen.prepared_by,
        "tags": chosen.tags(),
    }
