"""`did aterstall`: a backup put back beside the data folder, made safe, and only then put in its place.

Nothing is changed until everything has been read and compared. What has been purged since the backup was made is purged in it
before it is put in place; the keys that are there stay unless the backup has its own. The old folder is kept beside.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

from assets.hygiene import purge, purged
from assets.hygiene.deliveries import all_deliveries
from assets.hygiene.encryption import decrypt_file, is_encrypted
from assets.hygiene.keys import required_key
from assets.hygiene.permissions import FILE_MODE, own
from assets.methods.errors import PipelineError
from assets.whole_files import flush_tree, put, put_text, take_place
from pipelines.backup import KEYS, require_rest, roots
from pipelines.backup_format import Contents, copy_out, opened, read_contents
from pipelines.paths import COPIES, Paths, staging_folder
from pipelines.warehouse import Warehouse

READY = ".aterstalld"
"""In a folder that is whole and may be put in place: what an interrupted exchange goes on from."""


@dataclass(frozen=True)
class Restored:
    """A data folder that has been put in place. `aside`: where the one that was there lies now; `purged_again`: deliveries."""

    files: int
    made: str
    aside: Path | None
    purged_again: int
    keys: str


def restore(file: Path, home: Path, *, replace: bool = False, purge_log: Path | None = None) -> Restored:
    """Put a backup in the place of a data folder.

    Args:
        replace: also when something is there; it is kept beside.
        purge_log: a `gallrade.jsonl` that knows of later purges than the backup and the folder that is there.

    Raises:
        PipelineError: `no_backup`, `not_backup`, `damaged_backup`, `backup_newer`, `data_in_the_way`, `run_under_way`,
            `warehouse_busy`, `no_room`, `cannot_swap`, `traces_left`; those of `required_key` and `decrypt_file`. Nothing is
            changed then.
    """
    if not file.is_file():
        raise PipelineError("no_backup", str(file), "en säkerhetskopia", "ingen fil", "Kontrollera namnet.")
    _require_free_place(home, replace=replace)
    staging = staging_folder(home)
    shutil.rmtree(staging, ignore_errors=True)
    plain = staging.with_name(f"{staging.name}.del")
    try:
        staging.parent.mkdir(parents=True, exist_ok=True)
        if is_encrypted(file):
            decrypt_file(file, plain, required_key())
        with opened(plain if plain.exists() else file, file.name) as packed:
            contents = read_contents(packed, file.name)
            _unpack(packed, contents, staging, file.name)
        keys = _bring_keys(contents, home, staging)
        again = _purge_again(home, staging, purge_log)
        for root in roots(staging):
            if (path := Paths(root).warehouse).exists():
                with Warehouse(path).connect():
                    pass  # can be opened, and is of this version
        _write_mark(staging)
        aside = _swap(staging, home)
    except OSError:
        hint = "Frigör utrymme, eller välj en annan datamapp med DID_HOME, och kör igen. Datamappen är orörd."
        raise PipelineError("no_room", str(staging.parent), "plats att återställa på", "ett fel på disken", hint) from None
    finally:
        plain.unlink(missing_ok=True)
        if not (staging / READY).exists():
            shutil.rmtree(staging, ignore_errors=True)
    return Restored(len(contents.files), contents.made, aside, again, keys)


def finish_interrupted(home: Path) -> bool:
    """Put a restored folder in place when the exchange was interrupted between its two steps; whether there was one."""
    staging = staging_folder(home)
    if home.exists() or not (staging / READY).exists():
        return False
    take_place(staging, home)
    (home / READY).unlink()
    return True


def _require_free_place(home: Path, *, replace: bool) -> None:
    if not home.exists() or not any(path.is_file() for path in home.rglob("*")):
        return
    if not replace:
        hint = "Lägg till --ja för att byta ut den (den gamla sparas bredvid), eller välj en annan datamapp med DID_HOME."
        raise PipelineError("data_in_the_way", str(home), "en tom datamapp", "en som redan har innehåll", hint)
    require_rest(home)
    for root in roots(home):
        if (path := Paths(root).warehouse).exists():
            try:
                with Warehouse(path).connect():
                    pass
            except PipelineError as error:
                if error.code != "warehouse_unreadable":  # a damaged database is a good reason to restore
                    raise


def _unpack(packed: ZipFile, contents: Contents, staging: Path, name: str) -> None:
    needed = sum(one.size for one in contents.files)
    free = shutil.disk_usage(staging.parent).free
    if needed > free:
        got = f"{free // 10**6} MB ledigt"
        hint = "Frigör utrymme och kör igen."
        raise PipelineError("no_room", str(staging.parent), f"{needed // 10**6 + 1} MB ledigt", got, hint)
    staging.mkdir()
    own(staging)
    for one in contents.files:
        target = staging / one.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            own(target)
            copy_out(packed, one, out, name)
        os.utime(target, ns=(one.mtime_ns, one.mtime_ns))


def _bring_keys(contents: Contents, home: Path, staging: Path) -> str:
    """Where the keys come from, in words; those that are there are taken along when the backup has none."""
    if contents.with_keys:
        return "Nycklarna kommer från säkerhetskopian."
    if (home / KEYS).is_dir():
        shutil.copytree(home / KEYS, staging / KEYS)
        return "Nycklarna som redan fanns är kvar."
    return "Säkerhetskopian har inga nycklar. Lägg tillbaka mappen nycklar från sitt ställe innan något förseglas eller ges ut."


def _purge_again(home: Path, staging: Path, purge_log: Path | None) -> int:
    """Take away, in the folder that isn't in place yet, what has been purged since the backup was made; how many deliveries."""
    count = 0
    for root in roots(staging):
        here = home / root.relative_to(staging)
        events = _events([root / purged.FILE, here / purged.FILE, *([purge_log] if purge_log else [])])
        if events:
            put(root / purged.FILE, "".join(f"{line}\n" for line in events).encode("utf-8"), FILE_MODE)
        paths, gone = Paths(root), purged.hashes(root)
        doomed = [one for one in all_deliveries(paths) if one.sha256 in gone] if gone else []
        if doomed:
            record = purge.carry_out(paths, staging, purge.order(doomed, "did aterstall"))
            if not record.proven:
                found, hint = ", ".join(record.found_in), "Använd en säkerhetskopia från efter gallringen. Datamappen är orörd."
                raise PipelineError("traces_left", "Säkerhetskopian", "inga spår av gallrade leveranser", f"spår i {found}", hint)
            count += len(doomed)
    return count


def _events(logs: Sequence[Path]) -> list[str]:
    """The lines of several logs of purges in the order of their time, each once.

    Raises:
        PipelineError: `bad_purge_list`.
    """
    found: dict[str, str] = {}
    for path in logs:
        if path.exists():
            try:
                for line in path.read_text(encoding="utf-8").splitlines():
                    found[line] = json.loads(line)["tid"]
            except (ValueError, KeyError, TypeError):
                hint = "Rätta filen eller välj en annan; utan den kan gallrade filer komma tillbaka. Datamappen är orörd."
                raise PipelineError("bad_purge_list", str(path), "en lista över gallrade filer", "något annat", hint) from None
    return sorted(found, key=lambda line: found[line])


def _write_mark(staging: Path) -> None:
    flush_tree(staging)  # whole on the disk before it is said to be
    put_text(staging / READY, "hel\n")


def _swap(staging: Path, home: Path) -> Path | None:
    """Put the restored folder in place; where the one that was there lies now."""
    aside = home.with_name(f"{home.name}.fore-aterstallning-{datetime.now(UTC):%Y%m%d-%H%M%S}") if home.exists() else None
    try:
        if aside is not None:
            take_place(home, aside)
        finish_interrupted(home)
    except OSError:
        (staging / READY).unlink(missing_ok=True)
        if aside is not None and not home.exists():
            aside.rename(home)
        hint = "Stäng program som använder mappen (did ui) och kör igen. Är mappen en egen disk: välj en annan med DID_HOME."
        got = "en som inte går att flytta"
        raise PipelineError("cannot_swap", str(home), "en datamapp som går att byta ut", got, hint) from None
    if aside is not None:
        _keep_backups(aside / COPIES, home / COPIES)
    return aside


def _keep_backups(source: Path, target: Path) -> None:
    """Backups are in no backup, and the folder put aside is to be deleted: they stay with the data folder."""
    for path in sorted(source.glob("*")) if source.is_dir() else ():
        if path.is_file() and not (target / path.name).exists():
            target.mkdir(exist_ok=True)
            path.rename(target / path.name)
