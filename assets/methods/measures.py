"""Numbers that come with each respondent beside the questions, such as the supplier's own alcohol volume. Pure.

They are no answers: a cell is a number or nothing, and none of the codes for kinds of missing (996 to 999) means anything here,
because 998 centilitres is a volume like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import polars as pl

from assets.catalogue.models import Codebook, Survey
from assets.methods.coded import CodedCells, CodedColumn
from assets.methods.errors import PipelineError, count_sv

_NUMBER = re.compile(r"[0-9]{1,9}([.,][0-9]{1,15})?")


def encode_measures(
    cells: pl.DataFrame | CodedCells,
    value_labels: Mapping[str, Mapping[str, str]],
    codebook: Codebook,
    survey: Survey,
    where: str,
) -> pl.DataFrame:
    """The measures of one delivery.

    Args: see `encode.encode`.

    Returns:
        One Float64 column per measure of the survey, in catalogue order, rows as in `cells`; null for an empty cell, for one
        that the file itself labels as a kind of missing, and throughout when the delivery lacks the column. No columns for a
        survey without measures.

    Raises:
        PipelineError: `unknown_code` when a cell holds anything but a number of at least 0.
    """
    cells = cells if isinstance(cells, CodedCells) else CodedCells.of(cells)
    source_of = {key: source for source, key in codebook.measures.items() if source in cells.columns}
    empty = pl.Series([None], dtype=pl.Float64).new_from_index(0, cells.height)
    found = []
    for measure in survey.measures:
        source = source_of.get(measure.key)
        numbers = empty if source is None else _numbers(cells[source], value_labels.get(source, {}), codebook, source, where)
        found.append(numbers.rename(measure.key))
    return pl.DataFrame(found)


def _numbers(column: CodedColumn, labels: Mapping[str, str], codebook: Codebook, source: str, where: str) -> pl.Series:
    missing = [labels.get(text, text) in codebook.missing_labels for text in column.texts]
    unknown = [not gone and not _NUMBER.fullmatch(text) for text, gone in zip(column.texts, missing, strict=True)]
    if any(unknown):
        rows = int(np.array([False, *unknown])[column.numbers].sum())
        raise PipelineError(
            "unknown_code",
            f"{where}, kolumnen {source}",
            "tal som är 0 eller större",
            f"något annat på {count_sv(rows, 'rad', 'rader')}",
            "Rätta värdena i källan, eller ta bort kolumnen, och lägg filen i inkorgen igen.",
        )
    values = [None if gone else float(text.replace(",", ".")) for text, gone in zip(column.texts, missing, strict=True)]
    return pl.Series([None, *values], dtype=pl.Float64).gather(column.numbers)
