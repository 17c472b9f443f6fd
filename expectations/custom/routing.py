"""Follow-up questions: routed past if and only if the question before says so."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from expectations.custom.base import RowsExpectation, rows_metric

ROUTED = 996
NO_ANSWER = 999
SETTLED = 990
"""Codes from here on are kinds of missing; a question before that has one of them routes nobody for certain."""


def _routed_iff(frame: pd.DataFrame, routes: dict[str, list[int]], tolerance: float, least: int) -> pd.Series:
    gate, code, n = frame["gate_code"], frame["code"], frame["n"]
    settled = gate.notna() & (gate < SETTLED) & code.notna()
    opens = pd.Series(False, index=frame.index)
    for item, answers in routes.items():
        opens |= (frame["item"] == item).fillna(value=False) & gate.isin(answers).fillna(value=False)
    past, asked = (settled & ~opens).fillna(value=False), (settled & opens).fillna(value=False)
    wrong = (past & ~code.isin([ROUTED, NO_ANSWER])) | (asked & (code == ROUTED))
    broken = pd.Series(False, index=frame.index)
    keys = [frame["delivery_id"], frame["wave"], frame["item"]]
    for side in (past, asked):
        base = n.where(side, 0).groupby(keys).transform("sum")
        faults = n.where(side & wrong, 0).groupby(keys).transform("sum")
        broken |= side & (faults >= least) & (faults > tolerance * base)
    return ~(broken.astype(bool) & wrong.fillna(value=False))


rows_metric("did.routed_iff", ("routes", "tolerance", "least"), _routed_iff)


class ExpectRoutedPastIffRoute(RowsExpectation):
    """`996` stands exactly for those whom the question before routed past, per delivery and in both directions.

    Who was routed past may also have no answer (999). A row whose question before is unanswered is judged in neither direction.
    `routes`: follow-up question -> answers of the question before that open it. `tolerance`: share of wrong rows that is let
    through, of those routed past and of those asked. `least`: fewer wrong rows than this never break the rule.
    """

    map_metric = "did.routed_iff"
    success_keys = ("mostly", "routes", "tolerance", "least")
    column_list: Sequence[str] = ["delivery_id", "wave", "item", "gate_code", "code", "n"]
    routes: dict[str, list[int]]
    tolerance: float
    least: int
