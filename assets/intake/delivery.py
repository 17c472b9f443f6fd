"""A survey delivery as read from its file: faithful, all text."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from assets.methods.coded import CodedCells


@dataclass(frozen=True)
class RawDelivery:
    """One file somebody dropped in the inbox, read but not judged.

    Attributes:
        file_name: name as dropped.
        sha256: hash of the file's bytes; its first 12 characters are the delivery id.
        file_format: `sav`, `dta`, `csv` or `xlsx`.
        encoding: detected text encoding, `""` where the format carries its own.
        delimiter: detected delimiter of a CSV, else `""`.
        coded: all-text cells in file order, columns named exactly as in the file (case matters).
        value_labels: column -> code as text -> label, as the file declares them.
        row_numbers: 1-based row of the file that each row of `cells` comes from; empty: row 1, 2, 3, … Further sheets of a
            workbook count on from 10 000 000, 20 000 000, …
        decimal_mark: `komma`, `punkt` or both joined by ` och `; `""` when no number has decimals.
        column_labels: column -> the question's text, as the file declares it.
        notes: Swedish sentences about what was odd but could be read; counts only.
    """

    file_name: str
    sha256: str
    file_format: str
    coded: CodedCells
    encoding: str = ""
    delimiter: str = ""
    value_labels: dict[str, dict[str, str]] = field(default_factory=dict)
    row_numbers: tuple[int, ...] = ()
    decimal_mark: str = ""
    column_labels: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @cached_property
    def cells(self) -> pl.DataFrame:
        """The cells as a frame of text columns, missing cells null; made when somebody asks."""
        return self.coded.as_text()

    @property
    def delivery_id(self) -> str:
        """Short stable id: the first 12 characters of the hash."""
        return self.sha256[:12]
