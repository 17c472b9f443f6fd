"""What becomes of one file in an inbox of its own, from reading to harmonised rows: `judge(root, path)`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.catalogue.models import Codebook
from assets.intake.receive import inbox_files, receive
from assets.intake.wordings import known_hashes
from assets.methods.harmonise import DeliveryInput, harmonise_all
from assets.raw import _of_known_waves
from pipelines.paths import Paths

CATALOGUE = load_catalogue()
WORDINGS = known_hashes(CATALOGUE.survey)


@dataclass(frozen=True)
class Verdict:
    """The sentence of a refused file, or the notes and harmonised rows of one that was taken in."""

    sentence: str | None
    notes: tuple[str, ...] = ()
    rows: pl.DataFrame | None = None


def inbox(root: Path) -> Paths:
    """The folders of an installation."""
    paths = Paths(root)
    paths.make()
    return paths


def judge(paths: Paths, extra: tuple[Codebook, ...] = ()) -> Verdict:
    """Take in the one delivery that lies in the inbox."""
    files = inbox_files(paths.surveys)
    places = frozenset(CATALOGUE.municipality_by_code)
    books = (*CATALOGUE.codebooks, *extra)
    taken, refused = receive(files, paths.archive, paths.rejected, books, frozenset(), places, WORDINGS)
    taken, unknown = _of_known_waves(taken, files, paths)
    if refused or unknown:
        (one,) = [*refused, *unknown]
        return Verdict(one.sentence)
    (item,) = taken
    d = item.delivery
    numbers = pl.Series("source_row", d.row_numbers or range(1, d.cells.height + 1), dtype=pl.Int32)
    declared = item.declared.sidecar.kommun if item.declared else None
    whole = DeliveryInput(d.delivery_id, d.file_name, item.codebook, d.cells, d.value_labels, item.wave, numbers, declared or "")
    frames, failed = harmonise_all([whole], CATALOGUE.survey, CATALOGUE.municipality_of_survey_code, CATALOGUE.district_names)
    if failed:
        return Verdict(str(failed[0][1]))
    return Verdict(None, d.notes, frames[0])
