"""The scan of a bundle's finished files: bytes in, findings out. Nothing found is repeated, only its place and kind."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from assets.catalogue.scan_models import ScanRules, Severity
from assets.file_scan.archives import archive_facts, entries
from assets.file_scan.bare import strange_in_print
from assets.file_scan.contents import Contents, Limits
from assets.file_scan.context import ScanContext
from assets.file_scan.derived import with_derived
from assets.file_scan.pool import Pool
from assets.file_scan.read import read_file
from assets.file_scan.search import search
from assets.file_scan.trace import trace, untraced_by_file

ARCHIVE = "arkivet"


@dataclass(frozen=True, order=True)
class Finding:
    """Something that may not be in a file. `count`: how many times in the same place. No value, only where and what kind."""

    file: str
    place: str
    rule: str
    severity: Severity
    count: int = 1


@dataclass(frozen=True)
class FileTrace:
    """Published numbers of a file, and those that lead to a released cell."""

    file: str
    numbers: int
    traced: int


@dataclass(frozen=True)
class ScanReport:
    """What the scan found. `passed`: nothing that stops. `seconds` is no part of what is stored."""

    findings: tuple[Finding, ...]
    files: tuple[FileTrace, ...]
    scanned: int
    released_cells: int
    rules_version: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the bundle may be sealed as far as its files are concerned."""
        return not any(finding.severity == "stop" for finding in self.findings)

    @property
    def numbers(self) -> int:
        """Published numbers in all files."""
        return sum(file.numbers for file in self.files)

    @property
    def traced(self) -> int:
        """Numbers that lead to a released cell."""
        return sum(file.traced for file in self.files)


def scan(
    files: Mapping[str, bytes],
    archive: bytes | None,
    released: Mapping[str, pl.DataFrame] | Pool,
    context: ScanContext,
    ids: Mapping[str, str] | None = None,
) -> ScanReport:
    """Read every file of a bundle back and search it.

    Args:
        files: path in the bundle -> content.
        archive: the bundle's zip file: its own facts are searched, and its files must be the same as `files`.
        released: release table -> the rows that the bundle may show, or the pool made of them.
        context: rules, words and names.
        ids: number id -> the text readers see (`assets.bundle.number_ids.number_ids`).
    """
    started = time.perf_counter()
    with _uncollected():
        return _scanned(files, archive, released, context, ids or {}, started)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles: it walks through millions of cells that are all in use."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _scanned(
    files: Mapping[str, bytes],
    archive: bytes | None,
    released: Mapping[str, pl.DataFrame] | Pool,
    context: ScanContext,
    ids: Mapping[str, str],
    started: float,
) -> ScanReport:
    limits = Limits(**context.rules.limits.model_dump())
    contents = Contents()
    for name, raw in sorted(files.items()):
        read_file(name, raw, contents, limits)
    if archive is not None:
        _archive(files, archive, contents, limits)
    pool = released if isinstance(released, Pool) else Pool(with_derived(released))
    traced = trace(contents, pool, ids, context)
    _drop_expected(contents, pool, context.rules)
    strange = strange_in_print(contents, pool, frozenset(context.rules.fixed_numbers))
    findings = _gathered([*search(contents, context), *traced.findings, *strange], context.rules)
    return ScanReport(
        findings=findings,
        files=tuple(FileTrace(*row) for row in untraced_by_file(traced)),
        scanned=len(files),
        released_cells=pool.cells,
        rules_version=context.rules.version,
        seconds=time.perf_counter() - started,
    )


def _archive(files: Mapping[str, bytes], archive: bytes, contents: Contents, limits: Limits) -> None:
    """The zip file itself, and whether it holds the same files in one folder."""
    archive_facts(ARCHIVE, archive, contents)
    inside = {name.partition("/")[2]: raw for name, raw in entries(ARCHIVE, archive, contents, limits).items()}
    for name in sorted(inside.keys() ^ files.keys()) + sorted(n for n in inside.keys() & files.keys() if inside[n] != files[n]):
        contents.fault(ARCHIVE, f"posten {name}", "archive_differs")
        if name not in files:
            read_file(f"{ARCHIVE} ⟩ {name}", inside[name], contents, limits)


def _drop_expected(contents: Contents, pool: Pool, rules: ScanRules) -> None:
    """Leave out hidden parts that are meant to be hidden, and decimals that the released cell has too."""
    expected = [(re.compile(part.file), re.compile(part.place)) for part in rules.expected]
    contents.faults = [
        fault
        for fault in contents.faults
        if not any(file.fullmatch(fault.file) and place.fullmatch(fault.place) for file, place in expected)
        and not (fault.value is not None and pool.has({}, fault.value))
    ]


def _gathered(found: list[tuple[str, str, str]], rules: ScanRules) -> tuple[Finding, ...]:
    counted: dict[tuple[str, str, str], int] = {}
    for key in found:
        counted[key] = counted.get(key, 0) + 1
    return tuple(sorted(Finding(*key, rules.findings[key[2]].severity, count) for key, count in counted.items()))
