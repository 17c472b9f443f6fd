"""The receiver's check of a sealed bundle: no network, no warehouse, nothing but the bytes.

Says what is true in Swedish lines. What it can't say is said too: a signature proves that the holder of a key sealed the bundle,
and only the fingerprint, received in another way, tells whose key it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from assets.methods.errors import PipelineError, count_sv
from assets.sealing.approvals import Approval, approval_bytes, faults_of_pair, make_approval
from assets.sealing.archive import ArchiveFault, Entry, finish, read_archive, record
from assets.sealing.bundle import Bundle, as_bundle
from assets.sealing.manifest import APPROVALS, CRATE, SEAL, faults_of_files, shown
from assets.sealing.seal import Seal, SealFault, read_seal, same_fingerprint

Outcome = Literal["unchanged", "unknown_key", "changed"]
EXIT: Mapping[Outcome, int] = {"unchanged": 0, "changed": 1, "unknown_key": 3}
MOST = 20
LAST_DAY = date(9999, 12, 31)
HERE = "paketet"


@dataclass(frozen=True)
class Verified:
    """What the check found: `lines` for the receiver, `faults` among them, and the outcome."""

    outcome: Outcome
    lines: tuple[str, ...]
    faults: tuple[str, ...] = ()
    bundle: Bundle | None = None
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True)
class Known:
    """What the receiver has been given in another way: fingerprints as typed, and public keys.

    `own`: nothing was given; the key is that of the installation where the bundle is checked.
    """

    fingerprints: Sequence[str] = ()
    keys: Sequence[bytes] = ()
    own: bool = False

    def __bool__(self) -> bool:
        return bool(self.fingerprints or self.keys)

    def has(self, key: bytes) -> bool:
        """Whether the key is one of those."""
        return key in self.keys or any(same_fingerprint(given, key) for given in self.fingerprints)


def verify_archive(data: bytes, known: Known = Known()) -> Verified:
    """Check a sealed zip, down to its last byte."""
    try:
        entries = read_archive(data)
    except ArchiveFault as fault:
        return _changed([str(fault)])
    roots = {entry.name.split("/")[0] for entry in entries}
    if len(roots) != 1 or any("/" not in entry.name for entry in entries):
        return _changed(["Arkivet har inte en enda mapp med paketet i."])
    root = roots.pop()
    files = {entry.name[len(root) + 1 :]: entry.content for entry in entries}
    return _verify(files, known, root, (data, entries[-1]))


def verify_files(files: Mapping[str, bytes], known: Known = Known()) -> Verified:
    """Check an unpacked bundle: path with `/` below its folder -> content."""
    return _verify(files, known, None, None)


def _verify(files: Mapping[str, bytes], known: Known, root: str | None, archive: tuple[bytes, Entry] | None) -> Verified:
    try:
        bundle = as_bundle(files, HERE)
    except PipelineError as error:
        return _changed([str(error)])
    place = bundle.certificate
    own = frozenset({bundle.manifest_name, f"{place}/{APPROVALS}", f"{place}/{SEAL}", CRATE})
    if f"{place}/{SEAL}" not in files:
        extra = faults_of_files(files, bundle.manifest, frozenset({bundle.manifest_name}))
        unsealed = "Paketet är inte förseglat: det är en förhandsvisning och inte utgivet. Be avsändaren om det utgivna paketet."
        return _changed([unsealed, *extra], bundle)
    faults = faults_of_files(files, bundle.manifest, own)
    if root is not None and root != bundle.manifest.bundle:
        faults.append("Mappen i arkivet heter inte som paketet.")
    approvals, wrong = _approvals(files.get(f"{place}/{APPROVALS}", b""), bundle)
    faults += wrong
    try:
        seal = read_seal(files[f"{place}/{SEAL}"])
    except SealFault as fault:
        return _changed([*faults, str(fault)], bundle)
    faults += _unlike(seal, bundle, archive)
    if faults:
        return _changed(faults, bundle)
    return _told(seal, bundle, approvals, known)


def _unlike(seal: Seal, bundle: Bundle, archive: tuple[bytes, Entry] | None) -> list[str]:
    """Sentences for what the seal was made over and this isn't."""
    place, said = bundle.certificate, seal.statement
    sums = {
        "manifest_sha256": (bundle.manifest_name, "Intyget"),
        "approvals_sha256": (f"{place}/{APPROVALS}", "Godkännandena"),
        "ro_crate_sha256": (CRATE, "Beskrivningen av ursprunget (ro-crate-metadata.json)"),
    }
    faults = [
        f"{words} är inte det som förseglades."
        for field, (name, words) in sums.items()
        if said[field] != hashlib.sha256(bundle.files.get(name, b"")).hexdigest()
    ]
    if said["bundle"] != bundle.manifest.bundle:
        faults.append("Sigillet gäller ett annat paket.")
    if archive is not None:
        data, last = archive
        sealed_last = last.name == f"{bundle.manifest.bundle}/{place}/{SEAL}"
        before = data[: last.start]
        as_written = finish(before + record(last.name, last.content, packed=False)) == data
        if not sealed_last or not as_written or said["archive_sha256"] != hashlib.sha256(before).hexdigest():
            faults.append("Arkivet är inte det som förseglades: det är ompackat eller ändrat.")
    return faults


def _approvals(content: bytes, bundle: Bundle) -> tuple[tuple[Approval, ...], list[str]]:
    try:
        rows = json.loads(content)
        approvals = tuple(make_approval(row, HERE, LAST_DAY) for row in rows)
    except (ValueError, TypeError, AttributeError, RecursionError, PipelineError):
        return (), ["Godkännandena är skadade och går inte att läsa."]
    faults = faults_of_pair(approvals, bundle.manifest_bytes, bundle.manifest.prepared_by, bundle.manifest.bundle)
    if approval_bytes(approvals) != content:
        faults.append("Godkännandena är ändrade: de är inte skrivna som programmet skriver dem.")
    return approvals, faults


def _told(seal: Seal, bundle: Bundle, approvals: Sequence[Approval], known: Known) -> Verified:
    manifest = bundle.manifest
    lines = [
        f"✓ {manifest.bundle}: alla {count_sv(len(bundle.files), 'fil', 'filer')} är som när paketet förseglades.",
        f"✓ Paketet är gjort av {shown(manifest.prepared_by)} och godkänt av två personer:",
        *(f"    {shown(one.namn)}, {shown(one.roll)}, {one.datum.isoformat()}: {shown(one.skal)}" for one in approvals),
        f"  Nyckelns fingeravtryck: {seal.fingerprint}",
    ]
    named = "den här installationens egen" if known.own else "den du angav"
    if known and not known.has(seal.public_key):
        other = f"Sigillet är gjort med en annan nyckel än {named}. Dess fingeravtryck är {seal.fingerprint}."
        return _changed([other], bundle)
    if known:
        lines.append(f"✓ Nyckeln är {named}.")
    else:
        lines.append(
            "! Nyckeln är okänd för dig: jämför fingeravtrycket med det som länsstyrelsen har lämnat på annat sätt, "
            "till exempel på sin webbplats eller i telefon."
        )
    return Verified("unchanged" if known else "unknown_key", tuple(lines), (), bundle, tuple(approvals))


def _changed(faults: Sequence[str], bundle: Bundle | None = None) -> Verified:
    lines = [f"✗ {fault}" for fault in faults[:MOST]]
    if len(faults) > MOST:
        lines.append(f"✗ och {len(faults) - MOST} till.")
    lines.append("Paketet går inte att lita på. Hämta det på nytt, eller fråga den som skickade det.")
    return Verified("changed", tuple(lines), tuple(faults), bundle)
