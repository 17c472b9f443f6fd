"""Whether a bundle that has been published is still out as it was sealed: the archive, its seal and the release register."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from assets.methods.errors import PipelineError
from assets.sealing import store
from assets.sealing.verify import Known

NOT, WHOLE, CHANGED, UNREGISTERED, MISSING, ANOTHER = "", "out", "changed", "unregistered", "missing", "another"


def sent_out(archive: Path, manifest_sha256: str, registered: Collection[str]) -> str:
    """What has become of a bundle: one of the words above.

    Args:
        archive: where the sealed archive lies when it is out. manifest_sha256: of the bundle's certificate.
        registered: manifests in the release register.

    `WHOLE`: the archive is as it was sealed, is this bundle's, and is in the register. `MISSING`: it is in the register alone.
    `ANOTHER`: a whole archive of other numbers has gone out under the name.
    """
    if not archive.exists():
        return MISSING if manifest_sha256 in registered else NOT
    try:
        found = store.verify_path(archive, Known())
    except PipelineError:
        return CHANGED
    if found.outcome == "changed" or found.bundle is None:
        return CHANGED
    sealed = found.bundle.manifest.sha256
    if sealed not in registered:
        return UNREGISTERED
    return WHOLE if sealed == manifest_sha256 else ANOTHER
