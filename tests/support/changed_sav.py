"""An SPSS delivery written again with other answers: what a municipality sends when it has found a mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyreadstat


def write_changed(source: Path, target: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """The delivery after `change`, with the labels and missing values of the source."""
    frame, meta = pyreadstat.read_sav(source, user_missing=True, output_format="polars")
    pyreadstat.write_sav(
        change(frame),
        str(target),
        column_labels=dict(meta.column_names_to_labels),
        variable_value_labels=meta.variable_value_labels,
        missing_ranges=meta.missing_ranges,
    )
