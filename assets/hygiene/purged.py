"""The hashes of what has been taken away (`gallrade.jsonl`): the same file is not taken in again by mistake.

A line per event, `{"sha256", "handelse": "gallrad" | "tillaten", "tid"}`; the latest about a hash holds. No file names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from assets.hygiene.permissions import FILE_MODE
from assets.methods.errors import PipelineError
from assets.whole_files import put

FILE = "gallrade.jsonl"
GONE, ALLOWED = "gallrad", "tillaten"


def hashes(root: Path) -> frozenset[str]:
    """What is not to come in again.

    Raises:
        PipelineError: `bad_purge_list` when a line can't be read: then nothing may be taken in.
    """
    path = root / FILE
    if not path.exists():
        return frozenset()
    latest: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            said = json.loads(line)
            latest[said["sha256"]] = said["handelse"]
        except (ValueError, KeyError, TypeError):
            hint = "Rätta raden eller hämta filen från en säkerhetskopia; utan den kan gallrade filer komma in igen."
            raise PipelineError("bad_purge_list", f"{FILE}, rad {number}", "en gallrad hash", "något annat", hint) from None
    return frozenset(digest for digest, event in latest.items() if event == GONE)


def remember(root: Path, digests: Iterable[str], event: str = GONE) -> None:
    """Add events; one that holds already is not written twice."""
    known = hashes(root)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    fresh = [digest for digest in digests if (digest in known) != (event == GONE)]
    if not fresh:
        return
    path, lines = root / FILE, "".join(json.dumps({"sha256": digest, "handelse": event, "tid": now}) + "\n" for digest in fresh)
    before = path.read_bytes() if path.exists() else b""
    put(path, before + lines.encode("utf-8"), FILE_MODE)  # anew and not added to: half a line would stop every run


def refusal(name: str, digest: str) -> PipelineError:
    """What the steward reads about a file that has been taken away before."""
    return PipelineError(
        "purged",
        name,
        "en leverans som inte har gallrats",
        "en fil som har gallrats",
        f"Ta bort filen. Ska den in ändå: kör did gallra {digest[:12]} --tillat och lägg den i inkorgen igen.",
    )
