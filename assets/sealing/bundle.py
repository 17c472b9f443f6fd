"""A bundle as bytes on its way to a sealed archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assets.sealing.approvals import Approval, approval_bytes
from assets.sealing.archive import finish, record
from assets.sealing.manifest import APPROVALS, CRATE, NAME, SEAL, Manifest, certificate_of, read_manifest
from assets.sealing.rocrate import crate_bytes
from assets.sealing.seal import make_seal


@dataclass(frozen=True)
class Bundle:
    """A finished bundle's files with their content, its certificate's folder and what the certificate says."""

    files: Mapping[str, bytes]
    certificate: str
    manifest: Manifest

    @property
    def manifest_name(self) -> str:
        """Where the certificate lies."""
        return f"{self.certificate}/{NAME}"

    @property
    def manifest_bytes(self) -> bytes:
        """The certificate as it is."""
        return self.files[self.manifest_name]


def as_bundle(files: Mapping[str, bytes], where: str) -> Bundle:
    """A bundle of its files.

    Raises:
        PipelineError: `unfinished_bundle` or `bad_manifest`.
    """
    certificate = certificate_of(files, where)
    return Bundle(files, certificate, read_manifest(files[f"{certificate}/{NAME}"], where))


def sealed_archive(bundle: Bundle, approvals: Sequence[Approval], key: Ed25519PrivateKey) -> bytes:
    """The zip that is published: the bundle's own files, the approvals, the provenance, and the seal last.

    The same bundle, approvals and key give the same bytes.
    """
    folder, certificate = bundle.manifest.bundle, bundle.certificate
    given, crate = approval_bytes(approvals), crate_bytes(bundle.manifest, bundle.files, approvals, certificate)
    files = {**bundle.files, f"{certificate}/{APPROVALS}": given, CRATE: crate}
    records = b"".join(record(f"{folder}/{name}", content) for name, content in sorted(files.items()))
    seal = make_seal(folder, bundle.manifest_bytes, given, crate, records, key)
    return finish(records + record(f"{folder}/{certificate}/{SEAL}", seal, packed=False))
