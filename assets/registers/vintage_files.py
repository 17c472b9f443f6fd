"""Names of vintage files in the inbox: which is the newest, and of which day."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

_DATED = re.compile(r"_(20\d{2}-[01]\d-[0-3]\d)")


def last_good(inbox: Path, source: str, besides: Path | None = None) -> Path | None:
    """The newest vintage file of a source in the inbox, by the date in its name; `besides` isn't looked at."""
    held = [p for p in inbox.glob(f"{source}_*.parquet") if _DATED.search(p.name) and p != besides]
    return max(held, key=lambda p: (_DATED.findall(p.name)[-1], p.name), default=None)


def vintage_day(path: Path) -> date:
    """The day in a vintage file's name."""
    return date.fromisoformat(_DATED.findall(path.name)[-1])
