"""Everything that writes in a data folder, killed before each of its operations on files, as a kill and as a power cut.

Each writer works on a folder of its own. It is killed before its first operation, started again and killed before its second,
and so on until it ends by itself; then the folder must be the same as one that nothing disturbed, with nothing unfinished in it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from assets.hygiene import purged
from assets.hygiene.archive import keep
from assets.hygiene.cell_key_secret import cell_key_secret
from assets.intake.receive import receive
from assets.quality.writer import write_pages
from assets.release_register.cells import SCHEMA
from assets.release_register.store import check_register, register_release
from assets.release_register.types import Inputs, NewEntry
from assets.sealing import store
from assets.sealing.approvals import APPROVED
from assets.sealing.keys import sealing_key
from assets.sealing.publish import publish
from assets.sealing.taken_in import approve
from benchmarks.kills.attempts import Death, attempt
from benchmarks.kills.state import LEFTOVERS, differences
from pipelines.paths import Paths
from pipelines.saved_settings import save_setting
from pipelines.warehouse import TableName, Warehouse
from tests.support.sealed_bundle import FIRST, FOLDER, KEY, SECOND, write_tiny

MOST = 400
DAY = date(2026, 1, 2)
TABLE = TableName("release", "numbers")
INPUTS = Inputs({"0127|2024": "a"}, {"2024": "removed"}, "vanliga", "d")
RANDOM = ("nycklar/sigill.pem", "nycklar/sigill_publik.pem", "nycklar/cellnyckel", "register/cellnyckel.avtryck")
"""Files that are another one each time they are made: only that they are there, and can be used, is compared."""


class Book:
    """The real register's file, with one line per bundle and no cells."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def conflicts(self, bundle: object) -> tuple[str, ...]:
        """None."""
        return ()

    def append(self, bundle: store.Bundle) -> None:
        """Put the bundle in the register."""
        sha = bundle.manifest.sha256
        new = NewEntry("2024-1", FOLDER, 2024, "intern", "0127", "2026-01-02", sha, INPUTS, "2")
        register_release(self.root, new, pl.DataFrame(schema=SCHEMA))


def _bundle(home: Path) -> None:
    write_tiny(home)


def _bundle_again(home: Path) -> None:
    write_tiny(home, b"<p>Botkyrka, andra</p>")


def _approvals(home: Path) -> None:
    for name in (FIRST, SECOND):
        approve(Paths(home), DAY, paket=FOLDER, namn=name, roll="chef", skal="granskat", beslut=APPROVED)


def _publication(home: Path) -> None:
    (folder,) = store.bundle_folders(Paths(home), 2024)
    done = publish(Paths(home), folder, lambda: KEY, (), Book(home))
    if done.archive is None or len(check_register(home).entries) != 1:
        raise RuntimeError("not published, or not in the register once")


def _approved(home: Path) -> None:
    write_tiny(home)
    _approvals(home)


def _inbox(home: Path) -> None:
    paths = Paths(home)
    paths.make()
    (paths.surveys / "okänd.csv").write_bytes(b"en;fil\n1;2\n")


def _set_aside(home: Path) -> None:
    paths = Paths(home)
    files = sorted(path for path in paths.surveys.iterdir() if path.is_file())
    receive(files, paths.archive, paths.rejected, (), frozenset())


def _archived(home: Path) -> None:
    path = Paths(home).surveys / "okänd.csv"
    keep(path, Paths(home).archive / hashlib.sha256(path.read_bytes()).hexdigest() / path.name)


def _keys(home: Path) -> None:
    sealing_key(home / "nycklar")
    cell_key_secret(home / "nycklar", home / "register")


def _pages(home: Path) -> None:
    write_pages(home / "kvalitet", {"2024/a_00000000.html": "<p>å</p>", "2024/b_00000000.html": "<p>ö</p>"}, [2024])


def _setting(home: Path) -> None:
    save_setting(Paths(home), "min", {"utgava": "intern"})


def _purge_list(home: Path) -> None:
    purged.remember(home, ["a" * 64, "b" * 64])


def _purged_has_no_time(home: Path) -> None:
    path = home / purged.FILE
    events = [json.loads(line) | {"tid": ""} for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text(json.dumps(events), encoding="utf-8")


def _tables(home: Path) -> None:
    warehouse = Warehouse(Paths(home).warehouse)
    for wave in (2022, 2024):
        warehouse.replace(TABLE, pl.DataFrame({"wave": [wave] * 3, "value": [1.0, 2.0, float(wave)]}), {"wave": [wave]})
    warehouse.rewrite()


def _nothing(home: Path) -> None:
    """Nothing to prepare, or to tidy."""


@dataclass(frozen=True)
class Writer:
    """What is done first in peace, what is killed, and what takes the moment out of what was written before it is compared."""

    prepare: Callable[[Path], None]
    work: Callable[[Path], None]
    timeless: Callable[[Path], None] = _nothing


WRITERS = {
    "ett paket": Writer(_nothing, _bundle),
    "ett paket i stället för ett annat": Writer(_bundle, _bundle_again),
    "två godkännanden": Writer(_bundle, _approvals),
    "utgivning och register": Writer(_approved, _publication),
    "en fil som sätts åt sidan": Writer(_inbox, _set_aside),
    "arkivets kopia": Writer(_inbox, _archived),
    "nycklarna": Writer(_nothing, _keys),
    "kvalitetssidor": Writer(_nothing, _pages),
    "en inställning": Writer(_nothing, _setting),
    "listan över gallrade filer": Writer(_nothing, _purge_list, _purged_has_no_time),
    "databasen skrivs om": Writer(_nothing, _tables),
}


def campaign(name: str, writer: Writer, folder: Path, *, power_cut: bool) -> tuple[int, list[str]]:
    """Kills, and what was wrong afterwards."""
    calm, killed = folder / "lugn", folder / "dodad"
    for home in (calm, killed):
        home.mkdir(parents=True)
        _must(attempt(home, _job(writer.prepare, home), Death()), f"{name}: prepare")
    _must(attempt(calm, _job(writer.work, calm), Death()), f"{name}: undisturbed")
    kills = 0
    while kills < MOST:
        done = attempt(killed, _job(writer.work, killed), Death(point=kills + 1, power_cut=power_cut))
        if not done.killed:
            break
        kills += 1
    if done.code != 0:
        return kills, [done.told[-800:]]
    found: list[dict[str, str]] = []
    for home in (calm, killed):
        _must(attempt(home, _job(writer.timeless, home), Death()), f"{name}: compared")
        found.append(_files(home))
    wrong = differences(found[1], found[0])
    return kills, wrong + [f"lämnat kvar: {one}" for one in found[1] if LEFTOVERS.search(one)]


def _job(work: Callable[[Path], None], home: Path) -> Callable[[], int]:
    def run() -> int:
        work(home)
        return 0

    return run


def _must(done: object, what: str) -> None:
    if done.code != 0:
        raise RuntimeError(f"{what}: {done.told[-2000:]}")


def _files(home: Path) -> dict[str, str]:
    """Files by content; a database by its name, for its rows are compared by the passes of the whole chain."""
    paths = [path for path in sorted(home.rglob("*")) if path.is_file() and not path.name.endswith(".las")]
    named = {path.relative_to(home).as_posix(): path for path in paths}
    free = {*RANDOM, "warehouse.duckdb"}
    return {name: "" if name in free else hashlib.sha256(path.read_bytes()).hexdigest() for name, path in named.items()}


def main(names: Sequence[str] = ()) -> int:
    """Kill every writer (or those named) everywhere; 1 when something was wrong."""
    total, faults = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, writer) in enumerate((name, WRITERS[name]) for name in names or WRITERS):
            for power_cut in (False, True):
                place = Path(folder) / f"{number}{'s' if power_cut else 'd'}"
                kills, wrong = campaign(name, writer, place, power_cut=power_cut)
                shutil.rmtree(place)
                total, faults = total + kills, faults + len(wrong)
                sys.stdout.write(f"{name}, {'strömavbrott' if power_cut else 'kill -9'}: {kills} gånger\n")
                sys.stdout.write("".join(f"  ✗ {one}\n" for one in wrong))
                sys.stdout.flush()
    sys.stdout.write(f"Sammanlagt {total} gånger, {faults} fel.\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
