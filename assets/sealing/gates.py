"""What has to hold before a bundle can be sealed: gates in order, each a name and a check that gives Swedish sentences.

The parts that look at the release (finished-file scan, release register) come in here as gates and as a `Register`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from assets.sealing.bundle import Bundle
from assets.sealing.manifest import APPROVALS, CRATE, SEAL, faults_of_files

MOST = 5


class Gate(Protocol):
    """A condition on a finished bundle."""

    @property
    def name(self) -> str:
        """What the gate is, in Swedish, as `Paketets filer`."""
        ...

    def check(self, bundle: Bundle) -> Sequence[str]:
        """What is wrong, as sentences; none when the bundle may pass."""
        ...


@runtime_checkable
class Ahead(Protocol):
    """A gate that is quicker when it may look at many bundles at once, before it is asked about each."""

    def look_ahead(self, bundles: Iterable[Bundle]) -> None:
        """Look at bundles that will be asked about; what is wrong with one is said when it is asked about."""
        ...


class Register(Protocol):
    """The release register's part in a publication."""

    def conflicts(self, bundle: Bundle) -> Sequence[str]:
        """Why the bundle can't stand beside everything published before; one that is registered already has no conflict."""
        ...

    def append(self, bundle: Bundle) -> None:
        """Write the bundle's entry; a bundle (its manifest's sum) that has one already is left as it is.

        Raises:
            PipelineError: the register can't be read or written.
        """
        ...


@dataclass(frozen=True)
class Whole:
    """Every file as the certificate says and no other; not sealed before."""

    name: str = "Paketets filer"

    def check(self, bundle: Bundle) -> Sequence[str]:
        """Sentences for files that are changed, missing or too much."""
        own = {f"{bundle.certificate}/{APPROVALS}", f"{bundle.certificate}/{SEAL}", CRATE}
        if own & bundle.files.keys():
            return ["Mappen har redan filer som bara ett förseglat paket har. Gör paketet på nytt."]
        found = faults_of_files(bundle.files, bundle.manifest, frozenset({bundle.manifest_name}))
        return [*found[:MOST], *([f"och {len(found) - MOST} filer till"] if len(found) > MOST else [])]


@dataclass(frozen=True)
class Audited:
    """The release that the bundle is drawn from has passed the independent audit."""

    name: str = "Granskningen av utgivningen"

    def check(self, bundle: Bundle) -> Sequence[str]:
        """A sentence unless the certificate says that the audit passed, in so many words."""
        audit = bundle.manifest.release.get("audit")
        if isinstance(audit, dict) and audit.get("passed") is True:
            return []
        return ["Intyget säger inte att utgåvan har klarat granskningen. Kör did kor och se vad granskningen säger."]


def first_closed(bundle: Bundle, gates: Sequence[Gate]) -> tuple[str, ...]:
    """The sentences of the first gate that doesn't open, with its name before each; none when all do."""
    for gate in gates:
        if wrong := gate.check(bundle):
            return tuple(f"{gate.name}: {sentence}" for sentence in wrong)
    return ()
