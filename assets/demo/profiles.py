"""What `did demo` puts into a profile's inbox: simulated answers for Swedish surveys, bundled real data for the American one."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from assets.catalogue.base_profile import BASE_PROFILE

if TYPE_CHECKING:
    from assets.demo.generate import Progress


def fill_inbox(profile_id: str, inbox: Path, cache: Path, progress: Progress | None = None) -> None:
    """Fill the inbox of a profile.

    Args:
        profile_id: which one; the base gets the whole county. inbox: its folder for surveys. cache: for the truth.

    Raises:
        KeyError: the profile has no demonstration.
    """
    from assets.demo.generate import ensure_demo
    from assets.demo.lupp import write_lupp
    from assets.demo.yrbs import write_yrbs

    if profile_id == BASE_PROFILE:
        ensure_demo(inbox, cache, progress)
        return
    title, write = {
        "lupp": ("Simulerar Luppleveranser (SYNTETISKA DATA)", write_lupp),
        "yrbs": ("Lägger YRBS-filer i inkorgen (verkliga data, CDC)", write_yrbs),
    }[profile_id]
    with progress.step(title) if progress else nullcontext() as step:
        files = write(inbox, cache / "truth")
        if step:
            step.count("filer", len(files))
            step.count("svar", sum(files.values()))
