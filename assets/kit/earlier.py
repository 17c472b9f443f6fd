"""Earlier decisions in words: what was decided and whether its indicator has moved, as `release.decisions` says it. Pure."""

from __future__ import annotations

import polars as pl

from assets.bundle.decision_words import follow_up_sentences
from assets.charts.types import Scope
from assets.kit.board_types import EarlierDecision


def earlier_decisions(decisions: pl.DataFrame, scope: Scope) -> tuple[EarlierDecision, ...]:
    """The municipality's decisions of workshops before the scope's wave was discussed, the newest first.

    Args:
        decisions: `release.decisions`; may have no columns where no decision has ever come back.
    """
    if not decisions.width:
        return ()
    mine = decisions.filter(
        pl.col("area_code") == scope.area_code,
        pl.col("edition") == scope.edition,
        (pl.col("wave") < scope.wave) | pl.col("wave").is_null(),
    ).sort("workshop_on", "decision_id", descending=[True, False])
    return tuple(
        EarlierDecision(
            row["decision_id"], row["priority"] or "", row["owner"] or "", row["first_step"] or "", follow_up_sentences(row)
        )
        for row in mine.iter_rows(named=True)
    )
