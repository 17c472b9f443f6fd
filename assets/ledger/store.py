"""The ledger's tables in the warehouse (`ledger.*`): a run is written when it begins, and again when it ends; nothing is changed.

A run without an ending whose process is gone was interrupted: the next one to begin says so. Lists that runs share (inputs,
definitions, tables, bundles) are written once and pointed to by the hash of the list.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from assets.ledger import alive, state
from assets.ledger.types import (
    INTERRUPTED,
    RUNNING,
    Bundle,
    Check,
    DagsterRun,
    Definition,
    Ending,
    Input,
    Output,
    Run,
    Start,
)
from assets.methods.errors import PipelineError
from pipelines.paths import Paths
from pipelines.provenance import code_version
from pipelines.warehouse import TableName, Warehouse

if TYPE_CHECKING:
    import duckdb

RUNS, ENDINGS = "ledger.runs", "ledger.run_endings"
KILLED = "Körningen avbröts utan att programmet hann säga varför (datorn stängdes av, eller processen avslutades)."
_TABLES = {
    RUNS: "number integer, key varchar, job varchar, started varchar, by_name varchar, choices varchar, code_version varchar, "
    "catalogue_hash varchar, packages_hash varchar, definitions_id varchar",
    ENDINGS: "key varchar, ended varchar, outcome varchar, sentence varchar, dagster_runs varchar, inputs_id varchar, "
    "outputs_id varchar, bundles_id varchar",
    "ledger.run_checks": "key varchar, table_name varchar, name varchar, severity varchar, passed boolean, evaluations integer",
    "ledger.run_inputs": "list_id varchar, kind varchar, name varchar, sha256 varchar",
    "ledger.run_definitions": "list_id varchar, kind varchar, name varchar, version varchar",
    "ledger.run_outputs": "list_id varchar, table_name varchar, wave integer, rows bigint, content_hash varchar",
    "ledger.run_bundles": "list_id varchar, bundle varchar, manifest_sha256 varchar",
}
_RUNS = f"""
    select r.number, r.key, r.job, r.started, r.by_name, r.choices, r.code_version, r.catalogue_hash, r.packages_hash,
        r.definitions_id, e.ended, e.outcome, e.sentence, e.dagster_runs, e.inputs_id, e.outputs_id, e.bundles_id
    from {RUNS} r left join {ENDINGS} e on r.key = e.key
"""
Listed = TypeVar("Listed", Input, Definition, Output, Bundle)
_OF = {
    Input: "ledger.run_inputs",
    Definition: "ledger.run_definitions",
    Output: "ledger.run_outputs",
    Bundle: "ledger.run_bundles",
}


def begin(paths: Paths, start: Start) -> int:
    """Write that a run begins, and that runs whose process is gone were interrupted. Returns the run's number.

    Called again for the same key it changes nothing.

    Raises:
        PipelineError: `warehouse_busy`.
    """
    definitions = state.definitions(paths)
    row = [
        *(start.key, start.job, _now(), start.by, json.dumps(dict(start.choices), ensure_ascii=False, sort_keys=True)),
        *(code_version(), state.catalogue_hash(), state.packages_hash(), _list_id(definitions)),
    ]
    with Warehouse(paths.warehouse).connect() as con:
        _make(con)
        held = con.execute(f"select number from {RUNS} where key = ?", [start.key]).fetchall()
        if held:
            return held[0][0]
        open_runs = con.execute(f"select key from {RUNS} where key not in (select key from {ENDINGS})").fetchall()
        dead = [key for (key,) in open_runs if not alive.is_living(paths.history_locks, key)]
        con.execute("begin transaction")
        for key in dead:
            _insert(con, ENDINGS, [(key, _now(), INTERRUPTED, KILLED, "[]", "", "", "")])
        ((number,),) = con.execute(f"select coalesce(max(number), 0) + 1 from {RUNS}").fetchall()
        _insert(con, RUNS, [(number, *row)])
        _keep_list(con, Definition, definitions)
        con.execute("commit")
    for key in dead:
        alive.forget(paths.history_locks, key)
    return number


def finish(paths: Paths, key: str, ending: Ending, outputs: Sequence[Output]) -> None:
    """Write how a run ended and what the data folder holds then; a run that has an ending keeps it.

    Args:
        outputs: of `state.outputs`, which the snapshots of numbers are named by too.

    Raises:
        PipelineError: `warehouse_busy`.
    """
    warehouse = Warehouse(paths.warehouse)
    inputs, bundles = state.inputs(warehouse), state.bundles(paths)
    with warehouse.connect() as con:
        _make(con)
        if con.execute(f"select 1 from {ENDINGS} where key = ?", [key]).fetchall():
            return
        con.execute("begin transaction")
        runs = json.dumps([asdict(one) for one in ending.dagster_runs], ensure_ascii=False)
        ids = [_keep_list(con, kind, rows) for kind, rows in ((Input, inputs), (Output, outputs), (Bundle, bundles))]
        _insert(con, ENDINGS, [(key, _now(), ending.outcome, ending.sentence, runs, *ids)])
        _insert(con, "ledger.run_checks", [(key, *astuple(check)) for check in ending.checks])
        con.execute("commit")


def runs(paths: Paths) -> list[Run]:
    """All runs, latest first; one without an ending whose process is gone shows as interrupted."""
    found = [_run(row) for row in _rows(paths, f"{_RUNS} order by r.number desc, r.started desc", [])]
    return [
        one if one.outcome != RUNNING or alive.is_living(paths.history_locks, one.key) else _interrupted(one) for one in found
    ]


def run(paths: Paths, number: int) -> Run:
    """One run.

    Raises:
        PipelineError: `no_such_run`.
    """
    found = [one for one in runs(paths) if one.number == number]
    if not found:
        known = runs(paths)
        expected = f"en körning mellan {known[-1].number} och {known[0].number}" if known else "en körning som har gjorts"
        hint = "Se vilka som finns med did historik." if known else "Kör did kor först."
        raise PipelineError("no_such_run", "Körningarnas historik", expected, str(number), hint)
    return found[0]


def listed(paths: Paths, kind: type[Listed], list_id: str) -> list[Listed]:
    """The rows of a list that a run points to, in order; none when the run never came so far."""
    names = ", ".join(field.name for field in fields(kind))
    found = _rows(paths, f"select {names} from {_OF[kind]} where list_id = ? order by all", [list_id])
    return [kind(*row) for row in found]


def checks(paths: Paths, key: str) -> list[Check]:
    """The checks of a run, by table and name."""
    query = "select table_name, name, severity, passed, evaluations from ledger.run_checks where key = ? order by all"
    return [Check(*row) for row in _rows(paths, query, [key])]


def _rows(paths: Paths, query: str, params: Sequence[object]) -> list[tuple]:
    if not paths.warehouse.exists() or not Warehouse(paths.warehouse).exists(TableName("ledger", "runs")):
        return []
    with Warehouse(paths.warehouse).connect() as con:
        return con.execute(query, list(params)).fetchall()


def _run(row: tuple) -> Run:
    choices, told = json.loads(row[5]), [DagsterRun(**one) for one in json.loads(row[13] or "[]")]
    ended = [value or "" for value in (row[10], row[11], row[12])]
    return Run(
        *row[:5], choices, *row[6:10], ended[0], ended[1] or RUNNING, ended[2], tuple(told), *(value or "" for value in row[14:])
    )


def _interrupted(one: Run) -> Run:
    return Run(**{field.name: getattr(one, field.name) for field in fields(one)} | {"outcome": INTERRUPTED, "sentence": KILLED})


def _make(con: duckdb.DuckDBPyConnection) -> None:
    for name, columns in _TABLES.items():
        con.execute(f"create table if not exists {name} ({columns})")


def _keep_list(con: duckdb.DuckDBPyConnection, kind: type[Listed], rows: Sequence[Listed]) -> str:
    """Write a list unless it is there; its id."""
    list_id, name = _list_id(rows), _OF[kind]
    if rows and not con.execute(f"select 1 from {name} where list_id = ? limit 1", [list_id]).fetchall():
        _insert(con, name, [(list_id, *astuple(row)) for row in rows])
    return list_id


def _insert(con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple]) -> None:
    if rows:
        con.register("incoming", pl.DataFrame(rows, orient="row", infer_schema_length=None).to_arrow())
        con.execute(f"insert into {name} select * from incoming")
        con.unregister("incoming")


def _list_id(rows: Sequence[object]) -> str:
    return state.list_id([astuple(row) for row in rows])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
