"""What a publication has to pass here, and the publication of a wave: the one place where gates and register are chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assets.methods.errors import PipelineError
from assets.sealing.approvals import State
from assets.sealing.gates import Audited, Closed, Gate, Register, Whole
from assets.sealing.keys import sealing_key
from assets.sealing.publish import Step, publish
from assets.sealing.store import bundle_folders
from pipelines.paths import Paths

NOT_SCANNED = Closed("Granskning av färdiga filer", "Granskningen är inte inkopplad, så inget kan ges ut.")
NOT_REGISTERED = Closed("Utgåveregistret", "Registret är inte inkopplat, så inget kan ges ut.")


def gates(paths: Paths) -> tuple[Gate, ...]:
    """The gates of this installation, in order. One that isn't there is closed."""
    return (Whole(), NOT_SCANNED, Audited())


def register(paths: Paths) -> Register:
    """The release register of this installation."""
    return NOT_REGISTERED


def publish_wave(
    paths: Paths,
    keys: Path,
    wave: int,
    only: Collection[str] = (),
    with_gates: Sequence[Gate] | None = None,
    with_register: Register | None = None,
) -> list[Step]:
    """Publish every bundle of a wave that two persons have approved; a bundle that can't be used stops no other.

    Args:
        keys: the folder of the sealing key.
        only: area codes; all when none are given.
        with_gates, with_register: instead of those of this installation.

    Returns:
        The state of each bundle, by name.

    Raises:
        PipelineError: the key can't be used, and something should have been sealed.
    """
    chosen = gates(paths) if with_gates is None else with_gates
    book = register(paths) if with_register is None else with_register

    @cache
    def key() -> Ed25519PrivateKey:
        return sealing_key(keys).private

    def one(folder: Path) -> Step:
        try:
            return publish(paths, folder, key, chosen, book)
        except PipelineError as error:
            if error.code.startswith("key_"):
                raise
            return Step(folder.name, State.STOPPED, (str(error),))

    return [one(folder) for folder in bundle_folders(paths, wave) if not only or folder.name.split("_")[0] in only]
