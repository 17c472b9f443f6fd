"""The scan of finished files as a gate: what stops becomes sentences with file, place and kind, never a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256

import polars as pl

from assets.bundle.number_ids import number_ids
from assets.bundle.types import ReportMeta
from assets.catalogue.load import Catalogue
from assets.charts.types import ReleaseFrames, Scope
from assets.file_scan.context import ScanContext
from assets.file_scan.scan import scan
from assets.file_scan.store import bundle_context, local_names, released_tables
from assets.methods.editions import INTERN
from assets.methods.errors import PipelineError, count_sv
from assets.sealing.bundle import Bundle
from assets.sealing.gates import MOST
from assets.worker_pool import over_workers

PLACE = ("ställe", "ställen")
_Task = tuple[dict[str, bytes], dict[str, pl.DataFrame], ScanContext, Mapping[str, str]]


@dataclass(frozen=True)
class Scanned:
    """Every file can be read back, holds nothing but what is published, and every number leads to a released cell.

    `drawn_from`: what a bundle is about, the rows it sees and what it was drawn with. The zip isn't scanned: the one that is
    published is written later, from the files that are. `workers`: how many processes may scan bundles at once.
    """

    drawn_from: Callable[[Bundle], tuple[Scope, ReleaseFrames, ReportMeta, Catalogue]]
    name: str = "Granskningen av färdiga filer"
    workers: int = 2
    _known: dict[str, list[str]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def look_ahead(self, bundles: Iterable[Bundle]) -> None:
        """Scan several bundles at once. What is found is kept by the files' content, so a changed file is scanned anew."""
        keys: list[str] = []
        found = over_workers(stopping, self._tasks(bundles, keys), self.workers)
        for at, sentences in enumerate(found):
            self._known[keys[at]] = sentences

    def check(self, bundle: Bundle) -> Sequence[str]:
        """A sentence for each of the first findings that stop, and how many there are besides."""
        key = _key(bundle)
        if key not in self._known:
            self._known[key] = stopping(*self._task(bundle))
        return self._known[key]

    def _tasks(self, bundles: Iterable[Bundle], keys: list[str]) -> Iterator[_Task]:
        for bundle in bundles:
            with suppress(PipelineError):  # said when the bundle itself is asked about
                task = self._task(bundle)
                keys.append(_key(bundle))
                yield task

    def _task(self, bundle: Bundle) -> _Task:
        scope, frames, meta, catalogue = self.drawn_from(bundle)
        context = _own(bundle_context(scope, meta, catalogue))
        return dict(bundle.files), released_tables(frames), context, number_ids(frames, meta)


def stopping(
    files: Mapping[str, bytes], released: Mapping[str, pl.DataFrame], context: ScanContext, ids: Mapping[str, str]
) -> list[str]:
    """The sentences of a scan (`assets.file_scan.scan.scan`): the first findings that stop, and how many there are besides."""
    report = scan(files, None, released, context, ids)
    stops = [finding for finding in report.findings if finding.severity == "stop"]
    kinds = context.rules.findings
    told = [f"{one.file}, {one.place}: {kinds[one.rule].text_sv}" for one in stops[:MOST]]
    return [*told, *([f"och på {count_sv(len(stops) - MOST, *PLACE)} till"] if len(stops) > MOST else [])]


def _key(bundle: Bundle) -> str:
    """A hash of every file's name and content."""
    told = "".join(f"{name}\0{sha256(content).hexdigest()}\n" for name, content in sorted(bundle.files.items()))
    return sha256(told.encode()).hexdigest()


def _own(context: ScanContext) -> ScanContext:
    """With the names of who runs this, and no word against an internal bundle that names the public edition: it lists what
    that one hides."""
    return replace(
        context,
        users=local_names(),
        other_editions=() if context.edition == INTERN else context.other_editions,
    )
