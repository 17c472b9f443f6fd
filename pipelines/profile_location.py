"""Choose the profile of a process before anything reads the catalogue."""

from __future__ import annotations

import os
import sys

from assets.catalogue.base_profile import CUTOFF_VARIABLE, PROFILE_VARIABLE
from assets.catalogue.load import active_profile


def choose(profile_id: str) -> None:
    """Make `profile_id` the process's profile. A choice of limits is about the base's sets and isn't carried over.

    Raises:
        RuntimeError: another profile has been read already; the constants of a process can't change.
    """
    if "assets.catalogue.active" in sys.modules and active_profile() != profile_id:
        raise RuntimeError(f"the process works with {active_profile()} already, not {profile_id}")
    os.environ[PROFILE_VARIABLE] = profile_id
    os.environ.pop(CUTOFF_VARIABLE, None)
