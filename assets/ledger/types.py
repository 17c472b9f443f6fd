"""What the ledger says about a run. Plain data: hashes, names, counts and sentences; never a row of a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["klar", "misslyckades", "avbruten", "pågår"]
DONE: Outcome = "klar"
FAILED: Outcome = "misslyckades"
INTERRUPTED: Outcome = "avbruten"
RUNNING: Outcome = "pågår"


@dataclass(frozen=True)
class Start:
    """A run that begins: `key` is its own for ever, `job` what was asked for (`did kor`, or the name of a job in Dagster)."""

    key: str
    job: str
    by: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """How many times a check of a table was evaluated in the run with one verdict."""

    table_name: str
    name: str
    severity: str
    passed: bool
    evaluations: int


@dataclass(frozen=True)
class DagsterRun:
    """A run in Dagster that was part of it."""

    run_id: str
    job: str
    success: bool


@dataclass(frozen=True)
class Ending:
    """How a run ended; `sentence`: the Swedish sentence that it failed with."""

    outcome: Outcome
    sentence: str = ""
    dagster_runs: tuple[DagsterRun, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Run:
    """A run as the ledger has it. `*_id` point to lists that runs share; empty when the run never came to its end."""

    number: int
    key: str
    job: str
    started: str
    by: str
    choices: Mapping[str, str]
    code_version: str
    catalogue_hash: str
    packages_hash: str
    definitions_id: str
    ended: str = ""
    outcome: Outcome = RUNNING
    sentence: str = ""
    dagster_runs: tuple[DagsterRun, ...] = ()
    inputs_id: str = ""
    outputs_id: str = ""
    bundles_id: str = ""


@dataclass(frozen=True)
class Input:
    """A file that the run's data came from: `kind` enkät, formulär or register."""

    kind: str
    name: str
    sha256: str


@dataclass(frozen=True)
class Definition:
    """A definition file or a package: `version` is the file's hash or the package's version."""

    kind: str
    name: str
    version: str


@dataclass(frozen=True)
class Output:
    """A table after the run, per wave (None: not by wave). `content_hash` only of the release: see docs/adr/0054."""

    table_name: str
    wave: int | None
    rows: int
    content_hash: str


@dataclass(frozen=True)
class Bundle:
    """A bundle that lay finished when the run ended."""

    bundle: str
    manifest_sha256: str
