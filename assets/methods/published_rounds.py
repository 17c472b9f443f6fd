"""Which rounds of the preconditions may be published, and what is kept of what has been published. Pure.

Raters are few and anonymous. Two editions of the same round that differ by one form would show that form's levels in the
difference. So a round is left out until it is closed, and a row that has been published stays as it is until at least the minimum
of raters have come to it; see docs/adr/0034-preconditions-and-order.md and 0038.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import polars as pl

from assets.methods.readiness import OK, change_of

KEYS = ("area_code", "round", "condition")
NO_ROLES = "{}"
Row = dict[str, Any]


def closed(table: pl.DataFrame, last_day: Callable[[str], date], released: date) -> pl.DataFrame:
    """The rows of rounds that closed before the day of publication.

    Args:
        table: has a column `round`. last_day: round -> the last day on which answers are taken.
    """
    rounds = [name for name in table["round"].unique().to_list() if last_day(name) < released]
    return table.filter(pl.col("round").is_in(rounds))


def kept(table: pl.DataFrame, published: pl.DataFrame, minimum: int) -> tuple[pl.DataFrame, int]:
    """The rows to publish now, and how many of them are those of an earlier publication.

    A published row stays while the number of raters differs by less than the minimum. With at least the minimum of new raters the
    new row is shown, but never again with medians by role: a role could have got a single one of them.

    Args:
        table: `release.readiness` or `release.readiness_statements` as it would be. published: the same table as it is, of the
            same edition; may have no columns.
    """
    if not published.width or published.is_empty():
        return table, 0
    keys = [name for name in (*KEYS, "statement") if name in table.columns]
    shown = published.with_columns(edition=pl.lit(table["edition"][0] if table.height else None, pl.String))
    before = {tuple(row[name] for name in keys): row for row in shown.filter(pl.col("reason") == OK).iter_rows(named=True)}
    rows, old = [], 0
    for row in table.iter_rows(named=True):
        earlier = before.get(tuple(row[name] for name in keys))
        chosen = row if earlier is None else _chosen(row, earlier, minimum)
        old += chosen is earlier
        rows.append(dict(chosen))
    if "change" in table.columns:
        _compare_anew(rows)
    return pl.DataFrame(rows, schema=table.schema), old


def _chosen(row: Row, earlier: Row, minimum: int) -> Row:
    if row["reason"] != OK or 0 < abs(row["n_raters"] - earlier["n_raters"]) < minimum:
        return earlier
    roles_hidden = row["n_raters"] != earlier["n_raters"] or earlier.get("role_medians") == NO_ROLES
    return row | {"role_medians": NO_ROLES} if roles_hidden and "role_medians" in row else row


def _compare_anew(rows: list[Row]) -> None:
    """Comparisons with the round before from the published rows, so that a kept row's new median can't be read out of them."""
    shown: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda one: (one["area_code"], one["condition"], one["round"])):
        if row["reason"] != OK:
            continue
        place = (row["area_code"], row["condition"])
        earlier = shown.get(place)
        row["change"] = change_of(row, earlier)
        row["median_before"] = earlier["median"] if earlier else None
        shown[place] = row
