"""Columns that the survey's contractor has computed (`dik14a`, …) beside the same indicators recomputed from the answers. Pure.

The delivered columns are never used: they come without their rules, and the codebook has errors in some of them. How often they
say the same is worth knowing: a low share means that one of the two, the rule or the column, isn't what its name says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from assets.catalogue.indicator_models import Indicator
from assets.catalogue.models import Survey
from assets.methods.coded import CodedCells
from assets.methods.indicators import indicator_values

YES, NO = frozenset({"1", "100", "Ja"}), frozenset({"0", "Nej"})
"""How a computed column says yes and no; anything else, also an empty cell, is not compared."""
SCHEMA = {"column": pl.String, "rows": pl.Int64, "equal": pl.Int64}


def delivered_agreement(
    cells: CodedCells, answers: pl.DataFrame, indicators: Sequence[Indicator], survey: Survey
) -> pl.DataFrame:
    """How often a delivery's own computed columns and ours say the same.

    Args:
        cells: the delivery's cells. answers: its harmonised rows, in the same order.
        indicators: those whose id is the name of a column in the delivery (upper or lower case) are compared.

    Returns:
        `column, rows, equal`: rows where both say yes or no, and how many of them say the same. One row per compared column.
    """
    named = {name.lower(): name for name in cells.columns}
    chosen = [indicator for indicator in indicators if indicator.id.lower() in named]
    if not chosen:
        return pl.DataFrame(schema=SCHEMA)
    ours = indicator_values(answers, chosen, survey)
    rows = []
    for indicator in chosen:
        column = named[indicator.id.lower()]
        theirs = cells[column].codes(lambda text: 1 if text in YES else 0 if text in NO else -1, -1)
        mine = ours[indicator.id].fill_null(-1).to_numpy()
        both = (theirs >= 0) & (mine >= 0)
        rows.append((column, int(both.sum()), int(np.sum(both & (theirs == mine)))))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def agreement_text(found: pl.DataFrame) -> str:
    """Swedish: `dik14a 100 %, dik18 97 %`; whole per cent, rounded down: 100 % is every pupil. Empty: nothing compared."""
    compared = found.filter(pl.col("rows") > 0).sort("column")
    return ", ".join(f"{column} {100 * equal // rows}\u00a0%" for column, rows, equal in compared.iter_rows())
