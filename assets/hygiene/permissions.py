"""Everything under the data folder is readable by its owner alone.

Standard library only: `did doctor` asks before anything is installed. On Windows nothing is changed: files have the
permissions of the folder they lie in (access control lists are inherited), and the mode bits that Python shows say nothing
about them.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

OTHERS = 0o077
"""Mode bits of everybody but the owner; also the umask of our processes."""
FOLDER_MODE, FILE_MODE = 0o700, 0o600
FOLDERS = (
    *("inbox", "arkiv", "cache", "dagster", "kvalitet", "reports", "kodbocker", "formular", "profiler", "ovning"),
    *("godkannanden", "utgivning", "publicerat", "register", "nycklar", "gallring", "installningar"),
    *("historik", "sakerhetskopior", "meddelanden", "drift"),
)
"""What the product keeps under the data folder. The data folder itself may hold other things and is left as it is."""
FILES = ("warehouse.duckdb", "warehouse.duckdb.wal", "gallrade.jsonl")


def supported() -> bool:
    """Whether files have an owner's mode bits here."""
    return sys.platform != "win32"


def owner_only_from_now() -> None:
    """Whatever this process and its children create is for the owner alone."""
    if supported():
        os.umask(OTHERS)


def own(path: Path) -> None:
    """Take everybody else's rights to one file or folder; a link is left alone."""
    if supported() and not path.is_symlink():
        path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)


def open_to_others(home: Path) -> list[Path]:
    """Top folders and files of the data folder that somebody else can read; what lies in a closed folder is out of reach."""
    if not supported():
        return []
    tops = [home / name for name in (*FOLDERS, *FILES)]
    return [path for path in tops if not path.is_symlink() and path.exists() and stat.S_IMODE(path.stat().st_mode) & OTHERS]


def tighten(home: Path) -> list[Path]:
    """Close what others can read, with all that lies in it; links are left alone.

    Returns:
        The top folders and files that were open. Those that belong to somebody else stay open; ask `open_to_others` again.
    """
    found = open_to_others(home)
    for top in found:
        for path in (top, *_below(top)):
            try:
                if stat.S_IMODE(path.stat().st_mode) & OTHERS:
                    own(path)
            except (PermissionError, FileNotFoundError):
                continue
    return found


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if not path.is_symlink():
                yield path


def sentence(home: Path) -> str:
    """Tighten, and what to tell about it: empty when nothing was open."""
    found = tighten(home)
    if not found:
        return ""
    names = ", ".join(path.name for path in found)
    left = open_to_others(home)
    if left:
        rest = ", ".join(path.name for path in left)
        return f"Andra på datorn kan läsa {rest} i {home}: de hör till en annan användare. Byt ägare till dig själv och kör igen."
    return f"Andra på datorn kunde läsa {names} i {home}. Nu kan bara du läsa det som ligger där."
