"""What `did demo` puts into a profile's inbox: simulated answers for Swedish surveys, bundled real data for the American one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from assets.catalogue.base_profile import BASE_PROFILE

if TYPE_CHECKING:
    from assets.demo.generate import Progress


BESIDE_PILOTS = ("0125", "0126", "0180", "0187", "0188")
"""Stockholm, the largest and the only one with districts; Vaxholm, where much is hidden; and the pilots' neighbours by code, as
codes that follow each other are drawn side by side."""


FIRST_LOOK = 3
"""Waves that are counted in the demo when nobody has asked for all: the newest, enough to see a change go on or turn."""


def pilot_areas() -> tuple[str, ...]:
    """Municipalities of the pilots: in the demo they alone get a public bundle, so that it stays fast."""
    from assets.catalogue.pilots import load_pilots

    return tuple(sorted({code for one in load_pilots().pilots for code in one.municipalities}))


def drawn_areas() -> tuple[str, ...]:
    """Municipalities that get bundles and kits in the demo: enough to see every kind, so few that nobody waits for the others.

    The answers of all municipalities are read, counted, protected and attacked all the same.
    """
    return tuple(sorted({*pilot_areas(), *BESIDE_PILOTS}))


def first_counted(waves: Sequence[int]) -> int:
    """The first wave that the demo counts; the files hold the earlier ones too, and they wait for another pass."""
    return sorted(waves)[-FIRST_LOOK:][0]


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
