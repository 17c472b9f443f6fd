"""Tables of counts and results keep their columns from version to version of the warehouse; who changes them adds a migration."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pipelines import migrations
from pipelines.warehouse import Warehouse

KNOWN = Path(__file__).resolve().parents[1] / "golden" / "warehouse_form.json"
LAYERS = ("indices", "release")
"""Layers whose slices must not lie beside each other with different columns (docs/adr/0055)."""
WHAT_TO_DO = (
    "Add pipelines/migrations/<version>_<what>.sql that drops or fills the table, and run make golden on this file "
    "(DID_UPDATE_GOLDEN=1): slices of a file from before would keep the old columns."
)


def form(warehouse: Warehouse) -> dict[str, list[str]]:
    """Table -> columns with their types, of the tables that are replaced by wave."""
    with warehouse.connect() as con:
        rows = con.execute(
            "select schema_name || '.' || table_name, list(column_name || ' ' || data_type order by column_name) "
            "from duckdb_columns() where database_name = current_catalog() and not internal group by all order by all"
        ).fetchall()
    return {name: columns for name, columns in rows if name.split(".")[0] in LAYERS and "wave INTEGER" in columns}


def test_a_table_that_changes_its_columns_has_a_migration(small_demo):
    now = {"version": migrations.newest(), "tables": form(small_demo.warehouse)}
    if os.environ.get("DID_UPDATE_GOLDEN") == "1":
        KNOWN.write_text(json.dumps(now, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    known = json.loads(KNOWN.read_text(encoding="utf-8"))
    assert known["version"] == now["version"], "Run this test with DID_UPDATE_GOLDEN=1 after a new migration."
    changed = [name for name, columns in known["tables"].items() if now["tables"].get(name, columns) != columns]
    assert not changed, WHAT_TO_DO
    assert len(known["tables"]) > 20
