"""What has to be the same after kills as without: files byte for byte, tables by content, and nothing unfinished left behind."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from pipelines.paths import Paths
from pipelines.warehouse import Warehouse

COMPARED = ("reports", "arkiv", "publicerat", "godkannanden", "utgivning", "inbox", "kvalitet", "installningar", "nycklar")
LEFTOVERS = re.compile(r"(\.ofardig|\.ersatt|\.del|\.ny|\.kopia-[^/]*|\.wal)$")
LAYERS = ("raw", "harmonised", "validated", "indices", "release")
MOMENTS = ("tid", "moment", "published", "sealed", "hash", "previous", "klart", "paborjat")
"""Fields of register and records that say when, and what follows from it."""


def state(home: Path) -> dict[str, str]:
    """Name -> content hash of everything that is compared."""
    found = {
        path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for name in COMPARED
        for path in sorted((home / name).rglob("*"))
        if path.is_file()
    }
    warehouse = Paths(home).warehouse
    if warehouse.exists():
        contents = Warehouse(warehouse).contents(LAYERS)
        found |= {f"tabell {table} {wave}": f"{rows} {digest}" for table, wave, rows, digest in contents}
    chain = home / "register" / "utgivningar.jsonl"
    if chain.exists():
        found["register"] = str([_timeless(json.loads(line)) for line in chain.read_text(encoding="utf-8").splitlines()])
    return found


def _timeless(held: object) -> object:
    if isinstance(held, dict):
        return {name: _timeless(value) for name, value in held.items() if name not in MOMENTS}
    return held


def differences(found: dict[str, str], wanted: dict[str, str]) -> list[str]:
    """What is missing, too much or another, by name."""
    return (
        [f"saknas: {name}" for name in sorted(wanted.keys() - found.keys())]
        + [f"för mycket: {name}" for name in sorted(found.keys() - wanted.keys())]
        + [f"annat: {name}" for name in sorted(found.keys() & wanted.keys()) if found[name] != wanted[name]]
    )


def leftovers(home: Path) -> list[str]:
    """Unfinished files and folders that lie in a data folder."""
    inside = (path.relative_to(home).as_posix() for path in home.rglob("*"))
    return sorted(name for name in inside if LEFTOVERS.search(name) and not name.startswith("dagster/"))
