"""The DuckDB warehouse: one file, one schema per layer, one writing process.

The only module that opens DuckDB. The file is attached late and always detached; the engine, which holds nothing of it then, is
used again (docs/adr/0018). A slice (for example one wave) is replaced inside a transaction: delete, then insert by name.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.hygiene.permissions import own
from assets.methods.errors import PipelineError
from assets.whole_files import flush_file, take_place

if TYPE_CHECKING:
    import duckdb

LAYERS = ("raw", "harmonised", "validated", "indices", "release", "ledger")
"""One schema each; the last is the record of the runs and of the file's own version, no layer of the chain."""
ROW_GROUP = 20_480
"""Rows that DuckDB packs together. A wave is about this many, so waves are packed side by side and not the whole table as one."""
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_COLUMNS = (
    "select column_name from information_schema.columns where table_schema = ? and table_name = ? order by ordinal_position"
)
_ALL_COLUMNS = (
    "select schema_name, table_name, column_name, data_type from duckdb_columns() "
    "where database_name = current_catalog() and schema_name != 'ledger' and not internal order by all"
)
_HELD = re.compile(r"(set|conflicting) lock|already open|used by another process", re.IGNORECASE)
_FULL = re.compile(r"no space left|disk full|file too large|disk quota|not enough space", re.IGNORECASE)


@dataclass(frozen=True)
class TableName:
    """Layer and table, checked so that they can stand in SQL."""

    layer: str
    table: str

    def __post_init__(self) -> None:
        if self.layer not in LAYERS or not _NAME.match(self.table):
            raise ValueError(f"no such layer or not a table name: {self.layer}.{self.table}")

    def __str__(self) -> str:
        return f"{self.layer}.{self.table}"


Where = Mapping[str, Sequence[object]]
"""Column -> the values it may have: rows that have one of them in every column."""
Slice = tuple[TableName, pl.DataFrame, Where | Sequence[Where] | None]
"""A table, its new rows, and which rows they replace: those that one of the conditions is true of; None: the whole table."""


class _Idle(threading.local):
    """The thread's DuckDB engine between two uses, by process: a child process must not touch that of its parent.

    `held`: engines that have a file attached until `Warehouse.held` ends, by process and file.
    """

    def __init__(self) -> None:
        self.engines: dict[int, duckdb.DuckDBPyConnection] = {}
        self.held: dict[tuple[int, Path], duckdb.DuckDBPyConnection] = {}


_idle = _Idle()
_looked_at: set[tuple[Path, int]] = set()
"""Files (path and inode) whose version this process has looked at."""


class Warehouse:
    """Reads and writes whole slices of tables as Polars frames."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """`read_only`: never writes, so that other processes may read at the same time."""
        self.path, self.read_only = path, read_only

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the file attached over many short reads by this thread: attaching takes longer than most of them.

        Not around long work: nobody else can open the file meanwhile. Raises as `connect`.
        """
        place = (os.getpid(), self.path)
        if place in _idle.held or not self.path.exists():
            yield
            return
        with self.connect() as connection:
            _idle.held[place] = connection
            try:
                yield
            finally:
                del _idle.held[place]

    @contextmanager
    def connect(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with the file attached as its current database; the file is let go whatever happens.

        Raises:
            PipelineError: `warehouse_busy` when another program holds the file, `warehouse_unreadable` when it is no DuckDB
                file or one that this version cannot read, `warehouse_full` when the disk has no room for more.
        """
        import duckdb

        if held := _idle.held.get((os.getpid(), self.path)):
            yield held
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Starting DuckDB takes ten times as long as attaching a file to one that runs.
        connection = _idle.engines.pop(os.getpid(), None) or duckdb.connect()
        try:
            self._attach(connection, read_only=read_only or self.read_only)
            yield connection
            connection.execute("use memory")
            connection.execute("detach warehouse")
        except BaseException as error:
            with suppress(duckdb.Error):  # a full disk may stop the closing too; what was committed is kept all the same
                connection.close()  # with whatever it was in the middle of; the next use starts anew
            # A commit that the disk has no room for comes as an error of the transaction, with the reason in its text.
            of_disk = isinstance(error, duckdb.TransactionException) and _FULL.search(str(error))
            if of_disk or isinstance(error, (duckdb.IOException, duckdb.FatalException)):
                raise _cannot_use(self.path, str(error)) from error
            raise
        if _idle.engines.setdefault(os.getpid(), connection) is not connection:
            connection.close()  # two files were open at once

    def _attach(self, connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        import duckdb

        new = not self.path.exists()
        place, mode = str(self.path).replace("'", "''"), ", read_only" if read_only and self.path.exists() else ""
        try:
            connection.execute(f"attach '{place}' as warehouse (row_group_size {ROW_GROUP}{mode})")
        except duckdb.IOException as error:
            raise _cannot_open(self.path, str(error)) from error
        if new:
            own(self.path)
        connection.execute("use warehouse")
        found = (self.path, self.path.stat().st_ino)
        if new or found not in _looked_at:
            from pipelines import migrations  # knows the warehouse's schema and nothing of this class

            migrations.bring_up_to_date(connection, self.path, read_only=read_only, options=f"row_group_size {ROW_GROUP}")
            _looked_at.add(found)

    def exists(self, name: TableName) -> bool:
        """Whether the table has been written."""
        if not self.path.exists():
            return False
        with self.connect() as con:
            return _exists(con, name)

    def read(self, name: TableName, where: Where | None = None, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Rows of a table whose columns take one of the given values; an unwritten table is an empty frame without columns."""
        if not self.path.exists():
            return pl.DataFrame()
        import duckdb

        with self.connect() as con:
            clause, params = _clause(where)
            chosen = ", ".join(f'"{c}"' for c in columns) if columns else "*"
            try:
                return con.sql(f"select {chosen} from {name}{clause}", params=params).pl()
            except duckdb.CatalogException:  # looking first would take longer than most reads
                if _exists(con, name):
                    raise
                return pl.DataFrame()

    def tables(self, layer: str) -> list[TableName]:
        """The tables that have been written in a layer, by name."""
        query = "select table_name from information_schema.tables where table_schema = ? order by table_name"
        return [TableName(layer, name) for (name,) in self._ask(query, [layer])]

    def columns(self, name: TableName) -> list[str]:
        """The columns of a table; none when it hasn't been written."""
        return [column for (column,) in self._ask(_COLUMNS, [name.layer, name.table])]

    def row_counts(self, name: TableName, by: str) -> dict[int, int]:
        """Rows per value of a column; none when the table hasn't been written or lacks the column."""
        if by not in self.columns(name):
            return {}
        return dict(self._ask(f'select "{by}", count(*) from {name} group by 1 order by 1', []))

    def hashes(self, name: TableName, by: str | None = None, columns: Sequence[str] = ()) -> dict[object, str]:
        """What tells whether a table's content is the same: a text per value of the column `by`, or one (key None) for all of it.

        The order of rows doesn't matter; columns (all, or those that are named), types and every value do. An unwritten table
        has no hash.
        """
        found = self.slice_hashes(name, [by] if by else [], columns)
        return {key[0] if by else None: digest for key, digest in found.items()}

    def slice_hashes(self, name: TableName, by: Sequence[str], columns: Sequence[str] = ()) -> dict[tuple, str]:
        """As `hashes`, by the values of several columns together; the columns that are named have to hold them."""
        with self.held():
            return self._slice_hashes(name, by, columns) if self.exists(name) else {}

    def _slice_hashes(self, name: TableName, by: Sequence[str], columns: Sequence[str]) -> dict[tuple, str]:
        there = [(column, kind) for column, kind in self._ask(f"select column_name, column_type from (describe {name})", [])]
        kinds = [one for one in there if not columns or one[0] in columns]
        keys, chosen = (", ".join(f'"{column}"' for column in names) for names in (by, columns))
        rows, n = f"(select {chosen} from {name})" if columns else str(name), len(by)
        sums = f"count(*), bit_xor(hash(t)), sum(hash(t)::hugeint) from {rows} t"
        query = f"select {keys}, {sums} group by {keys}" if by else f"select {sums}"
        return {row[:n]: hashlib.sha256(f"{kinds}{row[n:]}".encode()).hexdigest() for row in self._ask(query, [])}

    def contents(self, hashed: Collection[str] = ()) -> list[tuple[str, int | None, int, str]]:
        """Every table per wave (None: no such column): its rows, and what tells its content where its layer is `hashed`, else "".

        One pass on one connection; the hash is of columns, types and values, whatever the order of the rows.
        """
        if not self.path.exists():
            return []
        found: list[tuple[str, int | None, int, str]] = []
        with self.connect() as con:
            columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
            for layer, table, column, kind in con.execute(_ALL_COLUMNS).fetchall():
                columns.setdefault((layer, table), []).append((column, kind))
            for (layer, table), kinds in columns.items():
                by = "wave" if any(column == "wave" for column, _ in kinds) else "null"
                sums = ", bit_xor(hash(t)), sum(hash(t)::hugeint)" if layer in hashed else ""
                for wave, rows, *content in con.execute(
                    f"select {by}, count(*){sums} from {TableName(layer, table)} t group by 1 order by 1"
                ).fetchall():
                    digest = hashlib.sha256(f"{table}{kinds}{rows}{content}".encode()).hexdigest() if sums else ""
                    found.append((f"{layer}.{table}", wave, rows, digest))
        return found

    def redact(self, layer: str, words: Sequence[str], by: str) -> None:
        """Write `by` instead of the words wherever they stand in a text column of a layer."""
        for name in self.tables(layer):
            texts = self._ask(f"select column_name from (describe {name}) where column_type = 'VARCHAR'", [])
            with self.connect() as con:
                for column, word in ((column, word) for (column,) in texts for word in words):
                    put = f'update {name} set "{column}" = replace("{column}", ?, ?) where contains("{column}", ?)'
                    con.execute(put, [word, by, word])

    def _ask(self, query: str, params: Sequence[object]) -> list[tuple]:
        if not self.path.exists():
            return []
        with self.connect() as con:
            return con.sql(query, params=list(params)).fetchall()

    def remove(self, rows: Sequence[tuple[TableName, str, Sequence[object]]]) -> dict[str, int]:
        """Delete, as one, the rows of tables for which an expression takes one of the values; how many went, by table.

        An expression is ours, never a user's: the name of a column, or what is made of one.
        """
        gone: dict[str, int] = {}
        with self.connect() as con:
            con.execute("begin transaction")
            try:
                for name, expression, values in rows:
                    marks = ", ".join("?" for _ in values)
                    asked = f"from {name} where {expression} in ({marks})"
                    ((count,),) = con.execute(f"select count(*) {asked}", list(values)).fetchall()
                    con.execute(f"delete {asked}", list(values))
                    gone[str(name)] = gone.get(str(name), 0) + count
                con.execute("commit")
            except BaseException:
                con.execute("rollback")
                raise
        return gone

    def rewrite(self) -> None:
        """Write the file anew from the rows it has, so that the bytes of deleted rows are in it no longer."""
        fresh = self.path.with_name(f".{self.path.name}.ny")
        with self.copied_to(fresh):
            pass
        flush_file(fresh)
        take_place(fresh, self.path)
        self.path.with_name(self.path.name + ".wal").unlink(missing_ok=True)

    @contextmanager
    def copied_to(self, target: Path) -> Iterator[None]:
        """Write the rows of all tables to a new file, for the owner alone; within the block nobody else can open this one.

        What lies at `target` is replaced. Raises PipelineError as `connect`.
        """
        for leftover in (target, target.with_name(target.name + ".wal")):
            leftover.unlink(missing_ok=True)
        with self.connect() as con:
            place = str(target).replace("'", "''")
            con.execute(f"attach '{place}' as fresh (row_group_size {ROW_GROUP})")
            own(target)
            con.execute("copy from database warehouse to fresh")
            con.execute("detach fresh")
            yield

    def mentions(self, words: Sequence[str]) -> list[str]:
        """The tables with a text column in which one of the words stands."""
        found = []
        for layer in LAYERS:
            for name in self.tables(layer):
                query = f"select column_name from (describe {name}) where column_type = 'VARCHAR'"
                columns = [column for (column,) in self._ask(query, [])]
                hits = [f'contains("{column}", ?)' for column in columns for _ in words]
                asked = f"select 1 from {name} where {' or '.join(hits)} limit 1"
                if hits and self._ask(asked, [*words] * len(columns)):
                    found.append(str(name))
        return found

    def replace(self, name: TableName, frame: pl.DataFrame, where: Where | None) -> None:
        """Replace the slice `where` (None: the whole table) by `frame`, in one transaction.

        New columns are added to the table; rows are inserted by column name.
        """
        self.replace_together([(name, frame, where)])

    def replace_together(self, slices: Sequence[Slice]) -> None:
        """Replace slices of several tables as one: all of them or, when something goes wrong, none."""
        import duckdb

        with self.connect() as con:
            con.execute("begin transaction")
            try:
                for name, frame, where in slices:
                    con.execute(f"create schema if not exists {name.layer}")
                    con.register("incoming", frame.to_arrow())
                    if where is None:
                        con.execute(f"create or replace table {name} as select * from incoming")
                    else:
                        self._replace_slice(con, name, where)
                    con.unregister("incoming")
                con.execute("commit")
            except BaseException:
                with suppress(duckdb.TransactionException):  # a commit that failed has rolled back already
                    con.execute("rollback")
                raise

    @staticmethod
    def _replace_slice(con: duckdb.DuckDBPyConnection, name: TableName, where: Where | Sequence[Where]) -> None:
        if not _exists(con, name):
            con.execute(f"create table {name} as select * from incoming limit 0")
        have = {r[0] for r in con.sql(f"select column_name from (describe {name})").fetchall()}
        for column, kind in con.sql("select column_name, column_type from (describe incoming)").fetchall():
            if column not in have:
                con.execute(f'alter table {name} add column "{column}" {kind}')
        for one in [where] if isinstance(where, Mapping) else where:
            clause, params = _clause(one)
            con.execute(f"delete from {name}{clause}", params)
        con.execute(f"insert into {name} by name select * from incoming")


def _exists(con: duckdb.DuckDBPyConnection, name: TableName) -> bool:
    found = con.sql(
        "select 1 from duckdb_tables() where database_name = current_catalog() and schema_name = ? and table_name = ?",
        params=[name.layer, name.table],
    ).fetchall()
    return bool(found)


def _clause(where: Where | None) -> tuple[str, list[object]]:
    if not where:
        return "", []
    parts, params = [], []
    for column, values in where.items():
        if not values:
            return " where false", []
        parts.append(f'"{column}" in ({", ".join("?" for _ in values)})')
        params.extend(values)
    return " where " + " and ".join(parts), params


def _cannot_use(path: Path, message: str) -> PipelineError:
    """What to say of an error that the file system gives in the middle of the work."""
    if _FULL.search(message):
        return PipelineError(
            "warehouse_full",
            path.name,
            "plats på disken för resultaten",
            "en full disk",
            "Frigör utrymme och kör igen; det som var klart finns kvar och görs inte om.",
        )
    return _cannot_open(path, message)


def _cannot_open(path: Path, message: str) -> PipelineError:
    if not _HELD.search(message):
        return PipelineError(
            "warehouse_unreadable",
            path.name,
            "en DuckDB-databas som den här versionen kan läsa",
            "en fil som inte går att öppna",
            "Lägg tillbaka en säkerhetskopia (did aterstall). Finns ingen: flytta undan filen och kör igen; databasen byggs upp "
            "på nytt av det som ligger i inkorgen och arkivet.",
        )
    pid = re.search(r"PID (\d+)", message)
    who = f"ett annat program (process {pid.group(1)})" if pid else "ett annat program"
    return PipelineError(
        "warehouse_busy",
        path.name,
        "att databasen är ledig",
        f"att {who} har den öppen",
        "Stäng det programmet och kör igen.",
    )
