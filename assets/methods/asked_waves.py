"""Which questions were in the questionnaire of a row's wave. Pure.

A file with several waves has one column per question, also for waves in which the question didn't exist. An empty cell there is
no skipped question: it was never asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.catalogue.models import Survey

NO_ANSWER = 999
UNANSWERED = (996, NO_ANSWER)


def settle_waves(items: pl.DataFrame, wave: pl.Series, survey: Survey) -> pl.DataFrame:
    """Make what was not asked null, and move answers to an earlier question that the supplier keeps under the newer name.

    A real answer in a wave in which the catalogue says that the question wasn't asked is left alone.

    Args:
        items: encoded items, one column per question of the survey.
        wave: of each row.

    Returns:
        The same columns and rows.
    """
    year = pl.lit(wave.cast(pl.Int32))
    frame = items
    for item in survey.items:
        if item.earlier:
            early = year < item.first_wave
            moved = pl.when(early).then(pl.coalesce(item.earlier, item.key)).otherwise(pl.col(item.earlier))
            frame = frame.with_columns(moved.alias(item.earlier), pl.when(~early).then(pl.col(item.key)).alias(item.key))
    blank = []
    for item in survey.items:
        if item.first_wave is None and item.last_wave is None:
            continue
        asked = year.is_between(item.first_wave or 0, item.last_wave or 9999)
        blank.append(pl.when(asked | ~pl.col(item.key).is_in(UNANSWERED)).then(pl.col(item.key)).alias(item.key))
    return frame.with_columns(blank)


def blank_questions(frame: pl.DataFrame, items: Sequence[str]) -> pl.DataFrame:
    """Take a question for not asked where nobody in a municipality and wave answered it.

    For sources that leave the same empty cell when a question was not asked and when it was not answered.

    Args:
        frame: `municipality_code, wave` and the items of one delivery.

    Returns:
        The same rows; such a question is null there instead of 999.
    """
    place = ["municipality_code", "wave"]

    def settled(item: str) -> pl.Expr:
        empty = pl.col(item).is_null() | (pl.col(item) == NO_ANSWER)
        return pl.when(~empty.all().over(place)).then(pl.col(item)).alias(item)

    return frame.with_columns(settled(item) for item in items)
