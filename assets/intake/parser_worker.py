"""The program of the parser process: reads SPSS, Stata and Excel files for `isolated.py`. Run by path, never imported.

The libraries that read these formats are written in C and Rust, and a damaged file can make them crash. Here that ends this
process and nothing else. An error that a library reports itself is answered with `damaged`; anything else ends the process.

One request per line on standard input (`{"kind": "sav", "path": "..."}`); the answer is the length of a JSON header (8 bytes,
big endian), the header, and one Arrow IPC stream per table, in the order and with the lengths of the header. A workbook's tables
are text columns; those of SPSS and Stata files are numbers into the texts that the header lists per column (see `_coded`).
"""

from __future__ import annotations

import io
import json
import os
import sys

import numpy as np
import polars as pl

Answer = tuple[dict[str, object], list[pl.DataFrame]]
MANY, WIDEST = 2**53, 2**16
"""Whole numbers beyond the first are no longer exact; a column wider than the second isn't counted value by value."""
STATA_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


def read_sav(path: str) -> Answer:
    """An SPSS system file: user-missing codes stay codes, system-missing cells become null."""
    import pyreadstat

    try:
        frame, meta = pyreadstat.read_sav(path, output_format="polars", user_missing=True)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError):
        return {"error": "damaged"}, []
    numbers, texts = _coded(frame, {})
    return _described(meta, {}) | {"texts": texts}, [numbers]


def read_dta(path: str) -> Answer:
    """A Stata file: the missing values `.a` to `.z` become the texts `.a` to `.z`, the plain `.` null."""
    import pyreadstat

    try:
        frame, meta = pyreadstat.read_dta(path, output_format="polars", user_missing=True)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError):
        return {"error": "damaged"}, []
    letters = {column: STATA_LETTERS for column in meta.missing_user_values}
    numbers, texts = _coded(frame, letters)
    return _described(meta, letters) | {"texts": texts}, [numbers]


def read_xlsx(path: str) -> Answer:
    """All sheets of a workbook with every cell as text; formulas give the values that Excel saved."""
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
        sheets = [book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string") for name in book.sheet_names]
        tables = [sheet.to_polars() for sheet in sheets]
    except fastexcel.FastExcelError:
        return {"error": "damaged"}, []
    return {"sheets": [{"name": s.name, "visible": s.visible == "visible"} for s in sheets]}, tables


def _described(meta: object, letters: dict[str, frozenset[str]]) -> dict[str, object]:
    labels = {
        column: {_code(code, letters.get(column, frozenset())): str(label) for code, label in pairs.items()}
        for column, pairs in meta.variable_value_labels.items()
    }
    texts = {column: str(text) for column, text in meta.column_names_to_labels.items() if text}
    return {
        "declared_rows": meta.number_rows,
        "encoding": meta.file_encoding or "",
        "value_labels": labels,
        "column_labels": texts,
    }


def _code(value: object, letters: frozenset[str]) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return f".{text}" if text in letters else text


def _coded(frame: pl.DataFrame, letters: dict[str, frozenset[str]]) -> tuple[pl.DataFrame, list[list[str]]]:
    """Every column as text: whole numbers without decimals, empty texts null; each kept as numbers into its own sorted texts.

    Returns:
        Unsigned numbers (0: no text, n: the column's n-th text), and the texts of each column. Pupils' answers are millions of
        cells with a few texts per column, so no text is made twice.
    """
    numbers, texts = [], []
    for column in frame.get_columns():
        coded, own = _whole_numbers(column) or _texts(column, letters.get(column.name, frozenset()))
        numbers.append(pl.Series(column.name, coded))
        texts.append(own)
    return pl.DataFrame(numbers), texts


def _whole_numbers(column: pl.Series) -> tuple[np.ndarray, list[str]] | None:
    """A column of whole numbers close to each other (codes, years, counts); None when it is something else."""
    if not column.dtype.is_float():
        return None
    values = column.to_numpy()
    absent = np.isnan(values)
    low, high = (np.fmin.reduce(values), np.fmax.reduce(values)) if not absent.all() else (0.0, 0.0)
    if not (abs(low) < MANY and abs(high) < MANY and high - low < WIDEST):
        return None
    steps = np.where(absent, -1.0, values - low)
    whole = steps.astype(np.int32)
    if not np.array_equal(whole, steps) or not float(low).is_integer():
        return None
    found = np.flatnonzero(np.bincount(whole + 1)[1:])
    own = sorted(str(int(low) + int(step)) for step in found)
    place = {text: number for number, text in enumerate(own, start=1)}
    number_of = np.zeros(int(whole.max(initial=-1)) + 2, dtype=_smallest(len(own)))
    for step in found:
        number_of[step + 1] = place[str(int(low) + int(step))]
    return number_of[whole + 1], own


def _texts(column: pl.Series, letters: frozenset[str]) -> tuple[np.ndarray, list[str]]:
    """Any other column: its values as texts, stripped."""
    if column.dtype == pl.Object:
        column = pl.Series(column.name, [None if v is None else _code(v, letters) for v in column.to_list()], pl.String)
    if column.dtype.is_float() and ((column == column.floor()) & (column.abs() < MANY)).fill_null(True).all():
        column = column.cast(pl.Int64)
    column = column.cast(pl.String).str.strip_chars().replace("", None)
    own = column.drop_nulls().unique().sort()
    numbers = column.cast(pl.Enum(own)).to_physical().cast(pl.UInt32) + 1
    return numbers.fill_null(0).to_numpy().astype(_smallest(len(own))), own.to_list()


def _smallest(texts: int) -> type[np.unsignedinteger]:
    return np.uint8 if texts < 2**8 else np.uint16 if texts < 2**16 else np.uint32


READERS = {"sav": read_sav, "dta": read_dta, "xlsx": read_xlsx}


def main() -> None:
    """Answer requests until standard input ends. What a library prints never reaches the answer channel."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        header, tables = READERS[request["kind"]](request["path"])
        blobs = []
        for table in tables:
            stream = io.BytesIO()
            table.write_ipc_stream(stream)
            blobs.append(stream.getvalue())
        head = json.dumps(header | {"lengths": [len(blob) for blob in blobs]}).encode()
        answers.write(len(head).to_bytes(8, "big"))
        answers.write(head)
        for blob in blobs:
            answers.write(blob)
        answers.flush()


if __name__ == "__main__":
    main()
