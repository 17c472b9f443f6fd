"""What a respondent's record key hangs on, so that it is the same in every delivery and release. Pure.

The survey's own respondent number where the delivery has one. Else the answers themselves, with place and wave, and an occurrence
number for rows that are alike in all of it. A number survives corrected answers; without numbers a changed answer (or place) is a
new record with a new key, so cells with that pupil get new noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from assets.methods.cell_key import record_keys

COLUMN = "record_key"
PLACE = ("wave", "municipality_code")
BACKGROUND = ("district_code", "grade", "sex", "school_code", "class_code")
_BETWEEN = "\x1f"
_NOTHING = "\x1e"


def with_record_keys(rows: pl.DataFrame, numbers: pl.DataFrame, items: Sequence[str], secret: bytes) -> pl.DataFrame:
    """The rows with `record_key` (Int64, 0..10^8-1).

    Args:
        rows: harmonised answers. numbers: `respondent_key, respondent` (text; null where the delivery has no number). items: the
            survey's questions. secret: of the installation; the same for ever.
    """
    if rows.is_empty():
        return rows.with_columns(pl.lit(None, pl.Int64).alias(COLUMN))
    known = rows.join(numbers, on="respondent_key", how="left", maintain_order="left")
    content = _text([*PLACE, *BACKGROUND, *items])
    numbered = pl.col("respondent").is_not_null()
    frame = known.select(
        content=content, own=pl.when(numbered).then(_text([*PLACE, "respondent"])), kind=pl.when(numbered).then(pl.lit("nummer"))
    ).with_row_index("row")
    frame = frame.with_columns(
        identity=pl.coalesce(pl.col("kind"), pl.lit("svar")) + _BETWEEN + pl.coalesce("own", "content")
    ).sort("identity", "content", "row")
    # rows that are alike in everything may swap their occurrence numbers: no cell changes by it
    frame = frame.with_columns(again=pl.int_range(pl.len()).over("identity")).sort("row")
    texts = frame.select(pl.concat_str("identity", pl.col("again").cast(pl.String), separator=_BETWEEN)).to_series()
    return rows.with_columns(pl.Series(COLUMN, np.asarray(record_keys(texts, secret)), dtype=pl.Int64))


def _text(names: Sequence[str]) -> pl.Expr:
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null(_NOTHING) for name in names], separator=_BETWEEN)
