"""What a pass has set aside or stopped, for the console and for the run's page in Dagster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.methods.errors import count_sv
from assets.overview.waiting import first_line
from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse

VERDICTS = TableName("validated", "deliveries")


def lying(paths: Paths) -> dict[str, int]:
    """The sentences that lie beside set-aside files: name of the text file -> when it was written, in ns."""
    beside = (p for p in paths.rejected.glob("*.txt") if p.with_suffix("").exists())
    return {p.name: p.stat().st_mtime_ns for p in beside}


def rejected_since(paths: Paths, before: dict[str, int]) -> list[tuple[str, str]]:
    """File and sentence of what was set aside after `before`; a bad file that comes a second time is told a second time."""
    new = sorted(name for name, written in lying(paths).items() if before.get(name) != written)
    return [(name.removesuffix(".txt"), first_line(paths.rejected / name)) for name in new]


def stopped(verdicts: pl.DataFrame) -> list[tuple[str, str]]:
    """File and sentence of each delivery and wave that broke a stopping rule; `verdicts` is `validated.deliveries`."""
    if verdicts.is_empty():
        return []
    held = verdicts.filter(~pl.col("promoted") & pl.col("municipality_code").is_not_null())
    return [(row["source_file"], _stopped(row)) for row in held.iter_rows(named=True)]


def _stopped(row: Mapping[str, Any]) -> str:
    rules = count_sv(row["critical_broken"], "stoppande regel", "stoppande regler")
    then = "Läs varför på kvalitetssidan, rätta filen och lägg in den igen."
    return f"{row['source_file']}, {row['wave']}: leveransen bröt mot {rules}. {then}"


@dataclass(frozen=True)
class Outcome:
    """What the steward has to look at after a pass: sentences of files set aside in it, of files that were waiting already, and
    of stopped deliveries."""

    rejected: tuple[str, ...]
    older: tuple[str, ...]
    stopped: tuple[str, ...]


def outcome(paths: Paths, before: dict[str, int], waiting: Sequence[str]) -> Outcome:
    """What there is to look at, `before` being `lying` when the pass began and `waiting` the sentences of all that waits now."""
    new = [sentence for _, sentence in rejected_since(paths, before)]
    held = stopped(Warehouse(paths.warehouse).read(VERDICTS))
    return Outcome(tuple(new), tuple(s for s in waiting if s not in new), tuple(sentence for _, sentence in held))
