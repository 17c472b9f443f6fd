"""The scan of finished files as a gate: what stops becomes sentences with file, place and kind, never a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assets.bundle.number_ids import number_ids
from assets.bundle.types import ReportMeta
from assets.catalogue.load import Catalogue
from assets.charts.types import ReleaseFrames, Scope
from assets.file_scan.context import ScanContext
from assets.file_scan.scan import scan
from assets.file_scan.store import bundle_context, local_names, released_tables
from assets.methods.editions import INTERN
from assets.methods.errors import count_sv
from assets.sealing.bundle import Bundle
from assets.sealing.gates import MOST

PLACE = ("ställe", "ställen")


@dataclass(frozen=True)
class Scanned:
    """Every file can be read back, holds nothing but what is published, and every number leads to a released cell.

    `drawn_from`: what a bundle is about, the rows it sees and what it was drawn with. The zip isn't scanned: the one that is
    published is written later, from the files that are.
    """

    drawn_from: Callable[[Bundle], tuple[Scope, ReleaseFrames, ReportMeta, Catalogue]]
    name: str = "Granskningen av färdiga filer"

    def check(self, bundle: Bundle) -> Sequence[str]:
        """A sentence for each of the first findings that stop, and how many there are besides."""
        scope, frames, meta, catalogue = self.drawn_from(bundle)
        context = _own(bundle_context(scope, meta, catalogue), catalogue)
        report = scan(bundle.files, None, released_tables(frames), context, number_ids(frames, meta))
        stops = [finding for finding in report.findings if finding.severity == "stop"]
        kinds = context.rules.findings
        told = [f"{one.file}, {one.place}: {kinds[one.rule].text_sv}" for one in stops[:MOST]]
        return [*told, *([f"och på {count_sv(len(stops) - MOST, *PLACE)} till"] if len(stops) > MOST else [])]


def _own(context: ScanContext, catalogue: Catalogue) -> ScanContext:
    """With the names of who runs this, the publication's own address, and no word against an internal bundle that names the
    public edition: it lists what that one hides."""
    described = catalogue.publication.open_data
    addresses = (*context.rules.addresses, *((described.contact_email,) if described else ()))
    return replace(
        context,
        users=local_names(),
        rules=context.rules.model_copy(update={"addresses": addresses}),
        other_editions=() if context.edition == INTERN else context.other_editions,
    )
