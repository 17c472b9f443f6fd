"""What holds right after a kill, before anything is run again: nothing half-published, nothing lost, one folder or the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from assets.methods.errors import PipelineError
from assets.release_register.store import read_register
from assets.sealing.verify import verify_archive
from benchmarks.kills.state import differences, leftovers, state
from pipelines.backup_format import copy_out, opened, read_contents
from pipelines.paths import Paths, staging_folder
from pipelines.restore import READY

DELIVERED = ("arkiv/", "inbox/enkat/")
"""Where deliveries lie."""


def faults(home: Path, backup: Path, stays: Collection[str]) -> list[str]:
    """What is wrong in a data folder whose command has just been killed, in words.

    Args:
        backup: the file that a backup is written to; it may be missing.
        stays: files (`state`'s names) that are there both before the command and after it.
    """
    return [*half_published(home), *half_backup(backup), *lost(home, stays)]


def half_published(home: Path) -> list[str]:
    """Published archives that don't verify to the last byte, or that the register doesn't know of."""
    archives = sorted(Paths(home).published.rglob("*.zip")) if home.exists() else []
    try:
        known = {entry.new.manifest_sha256 for entry in read_register(home).entries}
    except PipelineError as error:
        return [str(error)]
    found = {path.name: verify_archive(path.read_bytes()) for path in archives}
    unsealed = [f"inte som det förseglades: {name}" for name, one in found.items() if one.outcome == "changed"]
    strange = [name for name, one in found.items() if one.bundle and one.bundle.manifest.sha256 not in known]
    return unsealed + [f"inte i registret: {name}" for name in strange]


def half_backup(backup: Path) -> list[str]:
    """A backup that is there and can't be read back to its last file."""
    if not backup.exists():
        return []
    try:
        with opened(backup, backup.name) as packed:
            for one in read_contents(packed, backup.name).files:
                copy_out(packed, one, None, backup.name)
    except PipelineError as error:
        return [str(error)]
    return []


def lost(home: Path, stays: Collection[str]) -> list[str]:
    """Deliveries of `stays` that lie neither in the data folder nor in the one that waits to take its place."""
    place = home if home.exists() else staging_folder(home)
    delivered = sorted(name for name in stays if name.startswith(DELIVERED))
    return [f"borta: {name}" for name in delivered if not (place / name).is_file()]


def neither(home: Path, allowed: tuple[Mapping[str, str], ...]) -> list[str]:
    """How the folder differs from both the old one and the new one; a missing one has to wait beside, whole."""
    if not home.exists():
        waiting = (staging_folder(home) / READY).is_file()
        return [] if waiting else ["datamappen är borta, och ingen hel väntar bredvid"]
    apart = [differences(state(home), one) for one in allowed]
    return min(apart, key=len) if all(apart) else []


def compared(home: Path, wanted: Mapping[str, str]) -> list[str]:
    """How a folder differs from one that nothing disturbed, and what lies unfinished in it."""
    return differences(state(home), wanted) + [f"lämnat kvar: {one}" for one in leftovers(home)]
