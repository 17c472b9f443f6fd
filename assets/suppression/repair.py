"""Repair of a release: what an audit found too narrow is made wide by hiding the cheapest further rows and what hangs on them.

The audit stands outside and is run again afterwards; nothing here is taken as proof. A row that is hidden for another's sake
becomes a hidden count itself, so it is asked to be wide as well, until nothing more has to go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from assets.suppression.hidden_rows import KEYS, hide
from assets.suppression.pattern import QUICK, Effort, is_safe, suppress
from assets.suppression.published import FAMILY, PLACE, Family, PublicationRules, family_of
from assets.suppression.tables import LinkedTables


@dataclass(frozen=True)
class Repaired:
    """A mended release.

    Attributes:
        results: the rows, those hidden with reason `suppressed` and nothing but their keys.
        log: rows of `release.suppression_log`, one per row hidden now.
        cells: `KEYS` of the counts and shares chosen, without what hangs on them.
    """

    results: pl.DataFrame
    log: pl.DataFrame
    cells: pl.DataFrame


def repair(
    results: pl.DataFrame,
    narrow: pl.DataFrame,
    rules: PublicationRules,
    focus: Mapping[str, int] | None = None,
    joint: bool = False,
) -> Repaired:
    """Hide the cheapest rows that make the narrow cells wide, and every cell hidden for that.

    Args:
        results: `release.index_results`, one or both editions.
        narrow: hidden cells that are known too well: `edition, wave, grade, index_key, area_level, area_code, sex, measure` and
            `required`, the least difference of their bounds.
        rules: what a reader knows of floors and rounding.
        focus: index key -> the band that is compared between areas and sexes; 3 where nothing is given.
        joint: take all indices of a wave and grade together, as an attacker can; slower, and needed only for what is narrow
            through the respondents that they share.

    Raises:
        PipelineError: nothing that can be hidden makes a cell wide enough, or what is published contradicts itself.
    """
    chosen = [keys.clear() for keys in [narrow.select(KEYS)]]
    mended = results
    together = FAMILY[:-1] if joint else FAMILY
    for place, cells in sorted(narrow.group_by(together), key=lambda item: item[0]):
        family = mended.filter(*(pl.col(name) == value for name, value in zip(together, place, strict=True)))
        family = family.filter(~pl.col("reason").is_in(["no_delivery", "no_pupils"]))
        found = cheapest_rows(family, cells, rules)
        if found.height:
            mended, _ = hide(mended, found, focus=focus)
        chosen.append(found)
    cells = pl.concat(chosen).unique().sort(KEYS)
    mended, log = hide(results, cells, focus=focus)
    return Repaired(mended, log, cells)


def cheapest_rows(rows: pl.DataFrame, narrow: pl.DataFrame, rules: PublicationRules, effort: Effort = QUICK) -> pl.DataFrame:
    """`KEYS` of the rows to hide, so that the narrow cells and the rows themselves get the required width.

    Args:
        rows: of one edition, wave and grade, and of one index or several; see `family_of`.
        narrow: as in `repair`.
    """
    family = family_of(rows, rules)
    place = rows.select(FAMILY[:-1]).row(0, named=True)
    width = _widths(family, narrow)
    before = (family.cells["reason"] != "ok").to_numpy()
    hidden = before.copy()
    asked = np.where(hidden, width, 0.0)
    while True:
        hidden = before | _hidden_cells(family, hidden, asked, effort)
        # the strictest width of the family also holds for what is hidden on its behalf
        more = np.where(hidden & ~before, width.max(initial=0.0), asked)
        if (more == asked).all():
            break
        asked = more
    hidden = _given_back(family, before, hidden, asked)
    return family.cells.filter(pl.Series(hidden & ~before)).select(
        *(pl.lit(value).cast(rows.schema[name]).alias(name) for name, value in place.items()), "index_key", *PLACE, "measure"
    )


def _widths(family: Family, narrow: pl.DataFrame) -> np.ndarray:
    """[published cell] required width. Respondents stand once in a family, so what any index requires of them holds."""
    once = pl.when(pl.col("measure") != "n_respondents").then("index_key").alias("_index")
    keys = ["_index", *PLACE, "measure"]
    asked = narrow.with_columns(once).group_by(keys).agg(pl.col("required").cast(pl.Float64).max())
    found = family.cells.with_columns(once).join(asked, on=keys, how="left", maintain_order="left", nulls_equal=True)
    return found["required"].fill_null(0.0).to_numpy()


def _hidden_cells(family: Family, hidden: np.ndarray, asked: np.ndarray, effort: Effort) -> np.ndarray:
    """[published cell] hidden in the cheapest pattern that gives every cell its asked width and keeps what is hidden."""
    pattern = suppress(_asking(family, hidden, asked), effort=effort)
    return np.isin(np.arange(len(asked)), family.tables.unit[pattern.hidden])


def _asking(family: Family, hidden: np.ndarray, asked: np.ndarray) -> LinkedTables:
    tables = family.tables
    width, primary = np.zeros(tables.size), np.zeros(tables.size, dtype=bool)
    width[family.first_target :] = asked
    primary[family.first_target :] = asked > 0
    keep = np.isin(tables.unit, np.flatnonzero(hidden))
    return replace(tables.frozen(keep), width=width, primary=primary)


def _given_back(family: Family, before: np.ndarray, hidden: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Show again, dearest first, what was hidden for cells that need no protection once they are shown themselves."""
    unit, cost = family.tables.unit, family.tables.cost
    new = np.flatnonzero(hidden & ~before)
    loss = np.array([cost[unit == cell].sum() for cell in new.tolist()])
    for cell in new[np.lexsort((new, -loss))].tolist() if len(new) else []:
        trial, needed = hidden.copy(), asked.copy()
        trial[cell], needed[cell] = False, 0.0
        tables = _asking(family, trial, needed)
        if is_safe(tables, tables.required):
            hidden, asked = trial, needed
    return hidden
