"""The publication of a wave: every bundle by itself, through the gates and the register that the caller has chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assets.methods.errors import PipelineError
from assets.sealing.approvals import State
from assets.sealing.bundle import Bundle
from assets.sealing.gates import Ahead, Gate, Register, first_closed
from assets.sealing.keys import sealing_key
from assets.sealing.publish import Step, publish, state_of
from assets.sealing.store import bundle_folders, read_bundle
from pipelines.paths import Paths


def publish_wave(
    paths: Paths,
    keys: Path,
    wave: int,
    gates: Sequence[Gate],
    register: Register,
    only: Collection[str] = (),
) -> list[Step]:
    """Publish every bundle of a wave that two persons have approved; a bundle that can't be used stops no other.

    Args:
        keys: the folder of the sealing key.
        gates, register: those of the installation (`assets.published_gates.checks`).
        only: area codes; all when none are given.

    Returns:
        The state of each bundle, by name.

    Raises:
        PipelineError: the key can't be used, and something should have been sealed.
    """

    @cache
    def key() -> Ed25519PrivateKey:
        return sealing_key(keys).private

    def one(folder: Path) -> Step:
        try:
            return publish(paths, folder, key, gates, register)
        except PipelineError as error:
            if error.code.startswith("key_"):
                raise
            return Step(folder.name, State.STOPPED, (str(error),))

    folders = [folder for folder in bundle_folders(paths, wave) if not only or folder.name.split("_")[0] in only]
    for at, gate in enumerate(gates):
        if isinstance(gate, Ahead):
            gate.look_ahead(_coming(paths, folders, gates[:at]))
    return [one(folder) for folder in folders]


def _coming(paths: Paths, folders: Sequence[Path], before: Sequence[Gate]) -> Iterator[Bundle]:
    """The approved bundles that get as far as a gate. One that can't be read is told of when its turn comes."""
    for folder in folders:
        with suppress(PipelineError):
            if state_of(paths, folder).state is State.APPROVED:
                bundle = read_bundle(folder)
                if not first_closed(bundle, before):
                    yield bundle
