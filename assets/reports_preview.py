"""What a preview leaves beside the reports for its publication: its cells, what they were made from, and which release it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from assets.audited_tables import OUTCOME
from assets.bundle.types import BundleMeta, BundlePaths
from assets.catalogue.load import Catalogue
from assets.charts.types import ReleaseFrames, Scope
from assets.methods.errors import PipelineError
from assets.release_register.cells import published_cells
from assets.release_register.inputs import inputs_of
from assets.release_register.store import holds_preview, renew_preview, write_preview
from assets.release_register.types import Inputs
from assets.release_register.words import TABLE_SCHEMA, conflict_error
from assets.texts import register_texts
from pipelines.resources import ReleaseReader


def released_inputs(reader: ReleaseReader, catalogue: Catalogue) -> Inputs:
    """What the release was made from, after a look that it may be published.

    Raises:
        PipelineError: `release_conflict`, it tells too much together with what has been published.
    """
    texts, compared = register_texts(), reader.read("earlier_releases")
    problem = conflict_error(compared, texts) if compared.width == len(TABLE_SCHEMA) else None
    if problem:
        raise PipelineError(problem.code, problem.where, problem.expected, problem.got, texts["stop"]["reports"])
    removal = reader.read("screen_sensitivity")
    screen = dict(removal.select("wave", "removal").unique().sort("wave").iter_rows()) if removal.width else {}
    return inputs_of(reader.read("provenance"), screen, catalogue)


@dataclass(frozen=True)
class ReleaseFacts:
    """Which release the warehouse holds and what the audit says of it.

    Attributes:
        release_id: of the tables as they are now.
        passed: the audit has passed for exactly these tables. cells: how many hidden cells it attacked, 0 when it hasn't passed.
        entries: how many entries the register of everything published had then.
    """

    release_id: str
    passed: bool
    cells: int
    entries: int

    def told(self) -> dict[str, object]:
        """As a certificate says it."""
        return {"id": self.release_id, "audit": {"passed": self.passed, "cells": self.cells}}


def release_facts(reader: ReleaseReader) -> ReleaseFacts:
    """The facts as they are now. An audit of other tables than these says nothing about them."""
    now, outcome = reader.release_id(), reader.read(OUTCOME)
    known = outcome.rows(named=True)[0] if outcome.height == 1 else {}
    if known.get("release_id") != now:
        return ReleaseFacts(now, passed=False, cells=0, entries=0)
    return ReleaseFacts(now, passed=True, cells=known["cells"], entries=known["entries"])


@dataclass(frozen=True)
class Previews:
    """Keeps the cells of previews, and says in each certificate which release it is and who prepared it.

    Attributes:
        root: the profile's data folder.
        prepared_by: the name given to the run, or empty.
    """

    root: Path
    facts: ReleaseFacts
    inputs: Inputs
    prepared_by: str = ""

    def certified(
        self, scope: Scope, folder: str, frames: ReleaseFrames, made_by: BundleMeta, earlier: Mapping[str, object] | None = None
    ) -> BundleMeta:
        """Write the cells of a bundle that is about to be written, and give what its certificate says.

        They lie beside the reports and never in the bundle. `earlier`: the certificate of a bundle drawn from the same rows; its
        cells, where they lie, are only told to be of these inputs.
        """
        place, digest = (self.root, scope.wave, folder), _cells_told(earlier or {})
        if not digest or not renew_preview(*place, self.inputs, digest):
            digest = write_preview(*place, published_cells(frames), self.inputs)
        release = {**made_by.release, **self.facts.told(), "cells_sha256": digest}
        return replace(made_by, release=release, prepared_by=self.prepared_by)

    def kept(self, held: BundlePaths | None, scope: Scope, frames: ReleaseFrames) -> BundlePaths | None:
        """A bundle that is there and unchanged, with its cells beside it; None when it has to be made again.

        It is made again when its certificate can't say that the audit had passed and now it can, or names nobody and now somebody
        is named. Release and name are no part of a bundle's inputs: one whose numbers are the same stays as it is, and so do
        its approvals, whoever makes the next run.
        """
        if held is None:
            return None
        told = json.loads(held.manifest.read_text(encoding="utf-8"))
        if (self.facts.passed and not _says_passed(told)) or (self.prepared_by and not told.get("prepared_by")):
            return None
        place, digest = (self.root, scope.wave, held.folder.name), _cells_told(told)
        if not holds_preview(*place, self.inputs) and not renew_preview(*place, self.inputs, digest):  # the same rows and cells
            write_preview(self.root, scope.wave, held.folder.name, published_cells(frames), self.inputs)
        return held


def _cells_told(told: Mapping[str, object]) -> str:
    """`cells_sha256` of a certificate; empty when it has none."""
    release = told.get("release", {})
    return str(release.get("cells_sha256", "")) if isinstance(release, Mapping) else ""


def _says_passed(told: Mapping[str, object]) -> bool:
    release = told.get("release", {})
    audit = release.get("audit") if isinstance(release, Mapping) else None
    return isinstance(audit, Mapping) and audit.get("passed") is True and bool(release.get("cells_sha256"))


def previews(reader: ReleaseReader, catalogue: Catalogue, prepared_by: str = "") -> Previews:
    """For the run's bundles. Raises PipelineError `release_conflict`."""
    return Previews(Path(reader.data_dir), release_facts(reader), released_inputs(reader, catalogue), prepared_by)
