"""The seven published indices as the oracle files name them (old item names), and how to read their answer patterns."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from assets.methods.rasch import IndexSpec, ItemSpec

DATA = Path(__file__).parent / "data"
PROTECTIVE = {"SkolaPositiv", "Wellbeing"}


def published_specs(min_answered: int = 5) -> dict[str, IndexSpec]:
    """Index name -> specification with the published thresholds, items in the order of the file."""
    table = pl.read_csv(DATA / "rasch" / "item_parameters.csv")
    return {
        str(name): IndexSpec(
            key=str(name),
            kind="protective" if name in PROTECTIVE else "risk",
            items=tuple(
                ItemSpec(row["item"], tuple(row[f"threshold_{k}"] for k in range(1, row["n_categories"])))
                for row in rows.iter_rows(named=True)
            ),
            min_answered=min_answered,
        )
        for (name,), rows in table.group_by(["index"], maintain_order=True)
    }


def patterns_frame(spec: IndexSpec, patterns: list[str]) -> pl.DataFrame:
    """One row per pattern of characters in item order; `.` is no answer."""
    columns = {
        item.key: [None if pattern[position] == "." else int(pattern[position]) for pattern in patterns]
        for position, item in enumerate(spec.items)
    }
    return pl.DataFrame(columns, schema={item.key: pl.Int16 for item in spec.items})


def sign(spec: IndexSpec) -> int:
    """Stored score = sign x theta."""
    return -1 if spec.kind == "protective" else 1
