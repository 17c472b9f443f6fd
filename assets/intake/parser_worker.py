"""The program of the parser process: reads SPSS, Stata and Excel files for `isolated.py`. Run by path, never imported.

The libraries that read these formats are written in C and Rust, and a damaged file can make them crash. Here that ends this
process and nothing else. An error that a library reports itself is answered with `damaged`; anything else ends the process.

One request per line on standard input (`{"kind": "sav", "path": "..."}`); the answer is the length of a JSON header (8 bytes,
big endian), the header, and one Arrow IPC stream of text columns per table, in the order and with the lengths of the header.
"""

from __future__ import annotations

import io
import json
import os
import sys

import polars as pl

Answer = tuple[dict[str, object], list[pl.DataFrame]]
STATA_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


def read_sav(path: str) -> Answer:
    """An SPSS system file: user-missing codes stay codes, system-missing cells become null."""
    import pyreadstat

    try:
        frame, meta = pyreadstat.read_sav(path, output_format="polars", user_missing=True)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError):
        return {"error": "damaged"}, []
    return _described(meta, {}), [_as_text(frame, {})]


def read_dta(path: str) -> Answer:
    """A Stata file: the missing values `.a` to `.z` become the texts `.a` to `.z`, the plain `.` null."""
    import pyreadstat

    try:
        frame, meta = pyreadstat.read_dta(path, output_format="polars", user_missing=True)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError):
        return {"error": "damaged"}, []
    letters = {column: STATA_LETTERS for column in meta.missing_user_values}
    return _described(meta, letters), [_as_text(frame, letters)]


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


def _as_text(frame: pl.DataFrame, letters: dict[str, frozenset[str]]) -> pl.DataFrame:
    """Every column as text: whole numbers without decimals, empty texts null. One pass, so columns run in parallel."""
    mixed = [name for name, kind in frame.schema.items() if kind == pl.Object]
    plain = frame.with_columns(
        pl.Series(
            name, [None if v is None else _code(v, letters.get(name, frozenset())) for v in frame[name].to_list()], pl.String
        )
        for name in mixed
    )
    decimal = [name for name, kind in plain.schema.items() if kind.is_float()]
    checks = [(pl.col(name).is_null() | (pl.col(name) == pl.col(name).floor())).all() for name in decimal]
    whole = {name for name, is_whole in plain.select(checks).row(0, named=True).items() if is_whole} if decimal else set()
    text = pl.String
    return plain.select(
        pl.col(name).cast(pl.Int64).cast(text) if name in whole else pl.col(name).cast(text).str.strip_chars().replace("", None)
        for name in plain.columns
    )


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
