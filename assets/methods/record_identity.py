"""What a respondent's record key hangs on: all counted answers of the municipality in the wave, and the respondent's own. Pure.

The same answers have the same keys, in whatever file or order they come, so a cell has the same noise in every table and release.
When a pupil comes late, is taken away or answers something else, every key of that municipality and wave is another one: cells
that the pupil is not in would else keep their noise, and the two releases side by side would tell which cells the pupil is in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import polars as pl

from assets.methods.cell_key import record_keys

COLUMN = "record_key"
PLACE = ("wave", "municipality_code")
BACKGROUND = ("district_code", "grade", "sex", "school_code", "class_code")
_BETWEEN = "\x1f"
_NOTHING = "\x1e"


def with_record_keys(rows: pl.DataFrame, items: Sequence[str], secret: bytes) -> pl.DataFrame:
    """The rows with `record_key` (Int64, 0..10^8-1).

    Args:
        rows: the answers that are counted: all of every municipality and wave that is in them, after what the screen takes out.
        items: the survey's questions. secret: of the installation; the same for ever.
    """
    frame = (
        rows.select(place=_text(PLACE), content=_text([*BACKGROUND, *items]))
        .with_row_index("row")
        .sort("place", "content", "row")
    )
    # rows that are alike in everything may swap their occurrence numbers: no cell changes by it
    frame = frame.with_columns(again=pl.int_range(pl.len()).over("place", "content").cast(pl.String))
    parts = [
        part.with_columns(draw=pl.lit(_draw(part["content"], secret)))
        for part in frame.partition_by("place", maintain_order=True)
    ]
    if not parts:
        return rows.with_columns(pl.lit(None, pl.Int64).alias(COLUMN))
    texts = pl.concat(parts).sort("row").select(pl.concat_str("draw", "place", "content", "again", separator=_BETWEEN))
    return rows.with_columns(pl.Series(COLUMN, np.asarray(record_keys(texts.to_series(), secret)), dtype=pl.Int64))


def _draw(contents: pl.Series, secret: bytes) -> str:
    """What tells whether all answers of a municipality and wave are the same, given in order."""
    digest = hashlib.blake2b(key=secret, digest_size=16)
    for one in contents:
        digest.update(hashlib.blake2b(one.encode("utf-8"), key=secret, digest_size=16).digest())
    return digest.hexdigest()


def _text(names: Sequence[str]) -> pl.Expr:
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null(_NOTHING) for name in names], separator=_BETWEEN)
