"""What a bundle has to pass here before it is sealed: its files, the audit, the release as it is now, and the register.

The gates of `assets.sealing` know a bundle and nothing else. Those that have to look at the release are here: each bundle's rows
are taken from the release anew, as when it was drawn, and compared with the cells it was drawn from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from assets.bundle.types import ReportMeta
from assets.catalogue.load import Catalogue, load_catalogue
from assets.charts.types import COUNTY_CODE, ReleaseFrames, Scope
from assets.methods.errors import PipelineError
from assets.published_scan import Scanned
from assets.release_earlier import compared_with_register
from assets.release_register.cells import cells_hash, published_cells
from assets.release_register.store import read_preview, read_register, register_release
from assets.release_register.types import Entry, Inputs, NewEntry
from assets.reports import municipality_frames, release_frames, report_meta
from assets.reports_county_bundle import county_frames
from assets.reports_preview import ReleaseFacts, release_facts
from assets.reports_workshop import kit_frames
from assets.sealing import store
from assets.sealing.approvals import standing
from assets.sealing.bundle import Bundle
from assets.sealing.gates import MOST, Audited, Gate, Register, Whole
from assets.texts import register_texts
from pipelines.paths import Paths
from pipelines.resources import ReleaseReader
from pipelines.warehouse import Warehouse

KIT = "_workshop"
"""How the name of a kit's folder ends."""
AGAIN = "Kör did kor så att det görs på nytt, och låt två personer godkänna det."


class ReleaseNow:
    """The release as it lies in the warehouse during one publication; what is read once is kept."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.reader = ReleaseReader(data_dir=str(paths.root))
        self._hashes: dict[tuple[str, int, str, bool], str] = {}

    @cached_property
    def catalogue(self) -> Catalogue:
        """Definitions and texts."""
        return load_catalogue()

    @cached_property
    def meta(self) -> ReportMeta:
        """What the reports are drawn with."""
        return report_meta(self.catalogue)

    @cached_property
    def facts(self) -> ReleaseFacts:
        """Which release it is, and whether it has passed the audit."""
        return release_facts(self.reader)

    @cached_property
    def _whole(self) -> ReleaseFrames:
        return release_frames(self.reader)

    def frames(self, scope: Scope, *, kit: bool) -> ReleaseFrames:
        """The rows that a bundle of this scope sees now."""
        if scope.area_code == COUNTY_CODE:
            return county_frames(self.reader, scope)
        if kit:
            return kit_frames(self.reader, self._whole, self.meta, scope)
        return municipality_frames(self.reader, self._whole, self.catalogue, self.meta, scope)

    def cells_sha256(self, area_code: str, wave: int, edition: str, *, kit: bool) -> str:
        """Hash of the cells that a bundle made now would publish."""
        key = (area_code, wave, edition, kit)
        if key not in self._hashes:
            scope = Scope(area_code, self.catalogue.area_names.get(area_code, ""), wave, edition)
            self._hashes[key] = cells_hash(published_cells(self.frames(scope, kit=kit)))
        return self._hashes[key]

    def still_holds(self, entry: Entry) -> bool:
        """Whether what an entry of the register published is in the release as it is now, number for number."""
        new = entry.new
        return entry.cells_sha256 == self.cells_sha256(new.area_code, new.wave, new.edition, kit=new.bundle.endswith(KIT))


def scope_of(bundle: Bundle) -> Scope:
    """What a bundle is about, as its certificate says."""
    manifest = bundle.manifest
    return Scope(manifest.text("area_code"), manifest.text("area_name"), manifest.wave, manifest.text("edition"))


def is_kit(bundle: Bundle) -> bool:
    """Whether it is the facilitator's kit."""
    return bundle.manifest.bundle.endswith(KIT)


@dataclass(frozen=True)
class Current:
    """Every number of the bundle stands in the release as it is now, and that release has passed the audit."""

    now: ReleaseNow
    name: str = "Utgåvan som den är nu"

    def check(self, bundle: Bundle) -> Sequence[str]:
        """A sentence when the release has changed since the bundle was drawn, or isn't audited."""
        if not self.now.facts.passed:
            return ["Utgåvan som ligger i databasen har inte klarat granskningen. Kör did kor och se vad granskningen säger."]
        scope, name = scope_of(bundle), bundle.manifest.bundle
        try:
            _, _, kept = read_preview(self.now.paths.root, scope.wave, name)
        except PipelineError as error:
            return [str(error)]
        if kept != bundle.manifest.release.get("cells_sha256"):
            return [f"Siffrorna som sparats bredvid paketet är inte de som intyget säger. {AGAIN}"]
        if kept != self.now.cells_sha256(scope.area_code, scope.wave, scope.edition, kit=is_kit(bundle)):
            return [f"Siffrorna i utgåvan är andra nu än när paketet gjordes. {AGAIN}"]
        return []


class ReleaseRegister:
    """The register of everything published, asked and told for one publication.

    What has been put in the register since the audit is asked about number by number: what the release still holds tells nothing
    new, so a county's bundles can go out one after another without an audit between.
    """

    def __init__(self, now: ReleaseNow) -> None:
        self.now = now
        self._same: set[int] = set()
        self._found: dict[tuple[int, ...], tuple[str, ...]] = {}

    def conflicts(self, bundle: Bundle) -> Sequence[str]:
        """What the release would tell together with what has been published, or why that can't be said.

        Raises:
            PipelineError: the register isn't whole.
        """
        entries = read_register(self.now.paths.root).entries
        if any(entry.new.manifest_sha256 == bundle.manifest.sha256 for entry in entries):
            return ()
        others = tuple(entry for entry in entries if not self._is_same(entry))
        numbers = tuple(entry.number for entry in others)
        if numbers not in self._found:
            self._found[numbers] = (*self._compared(others), *self._unaudited(others))
        found = self._found[numbers]
        return (
            *found[:MOST],
            *([f"och {len(found) - MOST} till; kör did utgivningar --konflikter"] if len(found) > MOST else []),
        )

    def append(self, bundle: Bundle) -> None:
        """Write the bundle's entry. Raises PipelineError as `read_preview` and `register_release`, and `preview_cells`."""
        manifest, root = bundle.manifest, self.now.paths.root
        cells, inputs, digest = read_preview(root, manifest.wave, manifest.bundle)
        if digest != manifest.release.get("cells_sha256"):
            raise PipelineError(
                "preview_cells", f"Cellerna till {manifest.bundle}", "de som intyget säger", "andra", AGAIN,
            )  # fmt: skip
        entry = register_release(root, self._entry(bundle, inputs), cells)
        self._same.add(entry.number)

    def _entry(self, bundle: Bundle, inputs: Inputs) -> NewEntry:
        manifest = bundle.manifest
        kept = store.kept_approvals(self.now.paths, manifest.sha256)
        counted = standing(bundle.manifest_bytes, manifest.prepared_by, kept).approvals
        return NewEntry(
            release_id=str(manifest.release.get("id", "")),
            bundle=manifest.bundle,
            wave=manifest.wave,
            edition=manifest.text("edition"),
            area_code=manifest.text("area_code"),
            published_on=max(approval.datum for approval in counted).isoformat(),
            manifest_sha256=manifest.sha256,
            inputs=inputs,
            policy_version=str(manifest.release.get("policy_version", "")),
        )

    def _is_same(self, entry: Entry) -> bool:
        if entry.number not in self._same and self.now.still_holds(entry):
            self._same.add(entry.number)
        return entry.number in self._same

    def _compared(self, others: Sequence[Entry]) -> tuple[str, ...]:
        """The sentences of the comparison with everything published; nothing to compare when all of it still holds."""
        if not others:
            return ()
        warehouse = Warehouse(self.now.paths.warehouse)
        found = compared_with_register(warehouse, self.now.catalogue, register_texts())
        return tuple(found.drop_nulls("kind")["sentence"].to_list())

    def _unaudited(self, others: Sequence[Entry]) -> tuple[str, ...]:
        """Whether the audit has attacked the release together with everything published that is another now."""
        later = [entry.new for entry in others if entry.number > self.now.facts.entries]
        return tuple(
            f"Utgåvan är inte granskad tillsammans med {new.bundle}, som gavs ut {new.published_on}. Kör did kor så granskas den."
            for new in later
        )


def checks(paths: Paths) -> tuple[tuple[Gate, ...], Register]:
    """The gates of this installation, in order, and its register; for one publication, as what they read is kept.

    Raises:
        PipelineError: the register isn't whole; then nothing is said of any bundle.
    """
    read_register(paths.root)
    now = ReleaseNow(paths)

    def drawn_from(bundle: Bundle) -> tuple[Scope, ReleaseFrames, ReportMeta, Catalogue]:
        scope = scope_of(bundle)
        return scope, now.frames(scope, kit=is_kit(bundle)), now.meta, now.catalogue

    # The files are traced to the release, which says something only when it is the one that they were drawn from.
    return (Whole(), Audited(), Current(now), Scanned(drawn_from)), ReleaseRegister(now)
