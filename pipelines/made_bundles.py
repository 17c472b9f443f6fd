"""What a steward does with bundles that have been made: where they lie, what to read first, and what to write in `godkann`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import dagster as dg

from assets.bundle.disclosure_report import PAGE
from assets.intake.names import in_markdown
from assets.methods.errors import PipelineError
from assets.sealing.approvals import State
from assets.sealing.publish import state_of
from assets.sealing.store import bundle_folders
from assets.texts import automation_texts
from pipelines.paths import Paths

FIRST_PAGE, COUNTY_PAGE = "LAS_MIG.html", "lansoversikt.html"
FEW = 4
"""So many bundles have their page as a line of its own with a button that copies it; the pages of more stand in the table."""


def _state(paths: Paths, folder: Path) -> str:
    try:
        return state_of(paths, folder).state.value
    except PipelineError:
        return State.STOPPED.value  # the publication says why, in a sentence of its own


def made_bundles(paths: Paths, wave: int, only: Collection[str]) -> Mapping[str, dg.MetadataValue]:
    """Metadata of a run that has made bundles: the next step, the pages to open, and each bundle with its state.

    Args:
        only: codes of the municipalities that it made bundles for; with none, all of the wave, without their states.
    """
    folder, texts = paths.reports / str(wave), automation_texts()["next"]
    told: dict[str, dg.MetadataValue] = {"nästa steg": dg.MetadataValue.text(texts["made"])}
    made = [one for one in bundle_folders(paths, wave) if one.name.split("_")[0] in only]
    few = len(made) <= FEW
    if made:  # before the pages: Dagster folds the end of a long answer away, and covers what stands there with a button
        cells = [("skriv i fältet paket", "läge", "sida att öppna"), ("---",) * 3]
        cells += [(in_markdown(one.name), _state(paths, one), in_markdown(str(one / FIRST_PAGE))) for one in made]
        told["paket"] = dg.MetadataValue.md("\n".join(f"| {' | '.join(row[: 2 if few else 3])} |" for row in cells))
    if few:
        told |= {f"öppna {one.name}": dg.MetadataValue.path(str(one / FIRST_PAGE)) for one in made}
    pages = {"öppna länsöversikten": folder / COUNTY_PAGE, "öppna röjanderapporten": folder / PAGE}
    told |= {name: dg.MetadataValue.path(str(page)) for name, page in pages.items() if page.is_file()}
    return told
