"""Does the warehouse file grow when its tables are replaced again and again? The cheap half of the soak, without Dagster.

    python -m benchmarks.soak_warehouse --home DATA [--rounds 50] [--layers release]

Each round replaces every table of the layers in a copy of a finished run's warehouse, by wave where it has one, with its rows in
the opposite order, so that no block is the same. Prints megabytes per round and fails when the file at the end is more than a
tenth larger than after the first rounds.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse

LAYERS = ("raw", "harmonised", "validated", "indices", "release")
WARM = 10
MOST = 1.1


def held_tables(warehouse: Warehouse, layers: Sequence[str]) -> dict[TableName, pl.DataFrame]:
    """Every table that has rows."""
    tables = [table for layer in layers for table in warehouse.tables(layer)]
    return {table: frame for table in tables if (frame := warehouse.read(table)).height}


def replace_all(warehouse: Warehouse, tables: Mapping[TableName, pl.DataFrame]) -> None:
    """Every table anew, as a pass in which everything has changed does it."""
    for table, frame in tables.items():
        where = {"wave": frame["wave"].unique().to_list()} if "wave" in frame.columns else None
        warehouse.replace(table, frame, where)


def main() -> int:
    """1 when the file grows."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--home", type=Path, required=True)
    asked.add_argument("--rounds", type=int, default=50)
    asked.add_argument("--layers", nargs="*", default=LAYERS)
    arguments = asked.parse_args()
    sizes = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "warehouse.duckdb"
        shutil.copyfile(Paths(arguments.home).warehouse, copy)
        warehouse = Warehouse(copy)
        tables = held_tables(warehouse, arguments.layers)
        for number in range(arguments.rounds):
            began = time.process_time()
            tables = {name: frame.reverse() for name, frame in tables.items()}
            replace_all(warehouse, tables)
            sizes.append(copy.stat().st_size / 2**20)
            sys.stdout.write(f"{number} {sizes[-1]:.2f} MB {time.process_time() - began:.1f} cpu s\n")
            sys.stdout.flush()
    grown = max(sizes[-10:]) / max(sizes[:WARM])
    sys.stdout.write(f"largest of the last ten / of the first ten: {grown:.3f}\n")
    return 1 if grown > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
