"""Where the program and its data lie. Nothing heavy is imported, so that `did doctor` works before the packages are installed."""

from __future__ import annotations

import os
from pathlib import Path

from assets.catalogue.base_profile import BASE_PROFILE, PROFILE_VARIABLE
from pipelines.paths import profile_root

ROOT = Path(__file__).resolve().parent.parent


def data_home() -> Path:
    """Where all profiles' inboxes, warehouses and reports live: `data/` in the project, or the folder named by DID_HOME."""
    return Path(os.environ.get("DID_HOME") or ROOT / "data").resolve()


def profile_home() -> Path:
    """The active profile's own folder: `data_home()` for the base, `profiler/<id>/` in it for another."""
    return profile_root(data_home(), os.environ.get(PROFILE_VARIABLE) or BASE_PROFILE)


def profile_names() -> tuple[str, ...]:
    """The profiles that ship, by their folders: the catalogue itself can't be read before the packages are installed."""
    folder = ROOT / "assets" / "catalogue" / "profiles"
    return (BASE_PROFILE, *sorted(path.parent.name for path in folder.glob("*/profile.yml")))
