"""Two releases put beside each other by the register's comparison: cells of one area, and the conflicts that are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import load_policy
from assets.release_register.cells import cells_of
from assets.release_register.chain import head_of, link
from assets.release_register.conflicts import find_conflicts
from assets.release_register.history import history
from assets.release_register.inputs import with_state
from assets.release_register.rules import conflict_rules
from assets.release_register.types import Entry, Inputs, NewEntry
from assets.release_register.windows import Rules

POLICY = load_policy(load_catalogue().disclosure)
RULES = conflict_rules(POLICY, ["narkotika"])
FIRST = Inputs({"0127|2024": "d1"}, {"2024": "removed"}, "limits", "defs")
CORRECTED = replace(FIRST, deliveries={"0127|2024": "d2"})
Value = tuple[str, str, float | None, int | None]
"""Sex, measure, published number (None: hidden) and published number of pupils."""


def index_cells(values: Sequence[Value], edition: str = "intern", key: str = "acting_out") -> pl.DataFrame:
    """Cells of `release.index_results` of one municipality; means and spreads have an interval of 0.2 either way."""
    rows = [
        (edition, "municipality", "0127", 2024, "ak9", sex, key, measure, value, *_ends(measure, value), n,
         "ok" if value is not None else "suppressed")
        for sex, measure, value, n in values
    ]  # fmt: skip
    columns = [
        "edition",
        "area_level",
        "area_code",
        "wave",
        "grade",
        "sex",
        "index_key",
        "measure",
        "value",
        "low",
        "high",
        "n",
        "reason",
    ]
    kinds = {"wave": pl.Int32} | dict.fromkeys(("value", "low", "high", "n"), pl.Float64)
    return cells_of({"index_results": pl.DataFrame(rows, schema=columns, orient="row").cast(kinds)})


def _ends(measure: str, value: float | None) -> tuple[float | None, float | None]:
    return (value - 0.2, value + 0.2) if measure == "mean" and value is not None else (None, None)


def entered(cells: pl.DataFrame, inputs: Inputs, number: int = 1) -> tuple[Entry, pl.DataFrame]:
    """The cells as an entry of a register."""
    new = NewEntry(f"2024-{number}", f"paket_{number}", 2024, "intern", "0127", "2025-02-01", f"{number}" * 64, inputs, "2")
    return link(new, f"{number}", head_of(())), cells


def conflicts(
    before: pl.DataFrame, now: pl.DataFrame, inputs: Inputs, first: Inputs = FIRST, rules: Sequence[Rules] = RULES
) -> pl.DataFrame:
    """Conflicts of a new release with an earlier one."""
    entry, cells = entered(before, first)
    told = with_state(now, inputs).with_columns(release_id=pl.lit("ny"), published_on=pl.lit(""))
    return find_conflicts(history([entry], lambda _: cells), told, rules)
