"""Which version a warehouse file is of, and how an older one is brought up to date.

Tables of the chain are replaced whole or by slice, so most changes need nothing here. A migration is needed when a table that is
replaced by slice changes its form: slices not made anew would lie beside the new ones with empty columns (docs/adr/0055).
Each migration is a file `<version>_<what>.sql` in this folder; they are run in order, in one transaction, after the file has been
copied to `sakerhetskopior/`. A file without a version is version 1: from before versions were kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from assets.hygiene.permissions import FILE_MODE, own
from assets.methods.errors import PipelineError
from assets.whole_files import put_copy
from pipelines.paths import COPIES
from pipelines.provenance import VERSION

if TYPE_CHECKING:
    import duckdb

FIRST = 1
TABLE = "ledger.schema_versions"
COPY_NAME = "warehouse-version-{version}-{day}.duckdb"
_ROOM = Path(__file__).parent


@lru_cache(maxsize=1)
def steps() -> tuple[tuple[int, str], ...]:
    """Version that a migration leads to, and its SQL; in order."""
    return tuple((int(path.name.split("_")[0]), path.read_text(encoding="utf-8")) for path in sorted(_ROOM.glob("[0-9]*_*.sql")))


def newest() -> int:
    """The version that this program writes."""
    return max((version for version, _ in steps()), default=FIRST)


def version_of(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The version of the attached file; None when it has no tables at all."""
    tables = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_catalog()"
    ).fetchall()
    if not tables:
        return None
    if (TABLE,) not in tables:
        return FIRST
    ((version,),) = connection.execute(f"select max(version) from {TABLE}").fetchall()
    return version or FIRST


def bring_up_to_date(connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool, options: str) -> None:
    """Bring the file that is attached as `warehouse` to the version of this program; a file that has it is left alone.

    Args:
        path: of the file. read_only: only look. options: how it is attached again after it has been copied.

    Raises:
        PipelineError: `warehouse_newer` when a later version of the program has written it.
    """
    version = version_of(connection)
    if version is not None and version > newest():
        raise PipelineError(
            "warehouse_newer",
            path.name,
            f"en databas av version {newest()} eller äldre",
            f"en av version {version}, som en nyare version av programmet har skrivit",
            "Kör med den nyare versionen av programmet, eller återställ en säkerhetskopia från den här (did aterstall).",
        )
    if read_only or version == newest():
        return
    if version is not None:
        connection.execute("checkpoint")
        connection.execute("use memory")
        connection.execute("detach warehouse")
        keep_copy(path, version)
        place = str(path).replace("'", "''")
        connection.execute(f"attach '{place}' as warehouse ({options})")
        connection.execute("use warehouse")
    connection.execute("begin transaction")
    try:
        connection.execute("create schema if not exists ledger")
        connection.execute(f"create table if not exists {TABLE} (version integer, applied varchar, program varchar)")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        for step, sql in steps():
            if version is not None and step > version:
                connection.execute(sql)
                connection.execute(f"insert into {TABLE} values (?, ?, ?)", [step, now, VERSION])
        if version is None:
            connection.execute(f"insert into {TABLE} values (?, ?, ?)", [newest(), now, VERSION])
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def keep_copy(path: Path, version: int) -> Path:
    """Copy the file beside itself before it is changed; one copy per version and day, the first, is kept.

    Raises:
        PipelineError: `no_copy` when it can't be copied; then nothing has been changed.
    """
    folder = path.parent / COPIES
    target = folder / COPY_NAME.format(version=version, day=datetime.now(UTC).date().isoformat())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        own(folder)
        if not target.exists():
            put_copy(path, target, FILE_MODE)
    except OSError:
        hint = "Frigör utrymme på disken och kör igen. Databasen är orörd."
        raise PipelineError("no_copy", f"Mappen {COPIES}", "plats för en kopia av databasen", "ett fel på disken", hint) from None
    return target
