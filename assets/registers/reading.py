"""Bytes of a register file to all-text rows, and which register it is. No file system: `files.py` opens files.

Kolada, SCB and Skolverket's school indicators come as parquet, Skolverket's pupil counts as CSV as downloaded (or the parquet
that DIDreport made of the older ones), Skolenkäten as xlsx. Any other table, xlsx or CSV, needs a mapping file
(`table_mapping.py`). Everything is decided by content. A file that can't be read raises one plain Swedish sentence and hands over
nothing.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile

import polars as pl

from assets.methods.errors import PipelineError
from assets.registers.models import MAPPING_SHEET, Kind, RawRegister

KOLADA_COLUMNS = {"kpi", "municipality_id", "year", "gender", "status", "value"}
SKOLVERKET_PARQUET_COLUMNS = {"skola", "skol_enhetskod", "kommun_kod", "elever_arskurs_1_9", "elever_arskurs_9", "year"}
SKOLVERKET_API_COLUMNS = {"Skolenhetskod", "Kommunkod", "variable", "valueType", "timePeriod", "value", "type"}
SCB_COLUMNS = {"scb_table", "value", "status", "perturbed", "updated"}
SKOLVERKET_CSV_HEADER = "Skol-enhetskod"
#: "Skolenkäten 2022 -  Elever årskurs 8", and the ways in which the upper secondary survey may be called.
SKOLENKATEN_TITLE = re.compile(
    r"Skolenkäten\s+(\d{4})\s*[-–]\s*Elever,?\s+(?:i\s+)?"
    r"(?:(?P<compulsory>(?:grundskolan?,?\s+)?(?:årskurs|åk))|(?P<upper>gymnasie\w*,?\s+(?:(?:år|årskurs|åk)\s+)?|år\s+))\s*(?P<grade>\d)\b",
    re.IGNORECASE,
)
_SCHOOL_YEAR = re.compile(r"Valt läsår:\s*(\d{4})/(\d{2})\b")
_DATE = re.compile(r"(20\d{2}-[01]\d-[0-3]\d)")
_ROWS = {"source_sheet": pl.String, "source_row": pl.Int64, "cells": pl.List(pl.String)}


def read_register_bytes(data: bytes, file_name: str) -> RawRegister:
    """Read a register file.

    Args:
        data: the whole file.
        file_name: its name without folder, for messages and (Kolada only) the date of the vintage.

    Raises:
        PipelineError: `empty_file`, `wrong_encoding`, `truncated_file`, `unknown_register`, `missing_vintage`.
    """
    rows = register_rows(data, file_name)
    kind, meta = recognise(rows, file_name)
    if kind == "skolverket_csv":
        _check_whole(rows, file_name)
    return RawRegister(kind=kind, source_file=file_name, source_sha256=hashlib.sha256(data).hexdigest(), rows=rows, meta=meta)


def register_rows(data: bytes, file_name: str) -> pl.DataFrame:
    """All rows of a file as text (`RawRegister.rows`), whichever register it is.

    Raises:
        PipelineError: `empty_file`, `wrong_encoding`, `truncated_file`, `unknown_register`.
    """
    if not data.strip():
        raise PipelineError("empty_file", file_name, "en registerfil", "en tom fil", "Hämta filen på nytt från källan.")
    if data[:4] == b"PAR1":
        return _parquet_rows(data, file_name)
    if data[:2] == b"PK":
        return _xlsx_rows(data, file_name)
    return _csv_rows(_decode(data, file_name), file_name)


def recognise(rows: pl.DataFrame, file_name: str) -> tuple[Kind, dict[str, str]]:
    """Which register the rows are, and what they say about themselves (see `RawRegister.meta`).

    Raises:
        PipelineError: `unknown_register`; `missing_vintage` when a Kolada file has no date in its name;
            `unknown_layout` when a Skolverket file doesn't tell its school year.
    """
    if rows.height and (rows["source_sheet"] == MAPPING_SHEET).any():
        return "table", {}
    start = rows.filter(pl.col("source_row") <= 12)
    if start.height and start["source_row"][0] == 0:
        return _columnar(set(start["cells"][0].to_list()), file_name)
    cells = [cell for row in start["cells"].to_list() for cell in row if cell]
    if SKOLVERKET_CSV_HEADER in cells:
        return "skolverket_csv", school_year(cells, file_name)
    for cell in cells:
        if found := SKOLENKATEN_TITLE.search(cell):
            return "skolenkaten", {"year": found[1], "grade": ("ak" if found["compulsory"] else "gy") + found["grade"]}
    raise _unknown(file_name)


def _columnar(names: set[str], file_name: str) -> tuple[Kind, dict[str, str]]:
    """Which register a parquet file is, by its columns."""
    if names >= KOLADA_COLUMNS:
        return "kolada", {"vintage": _vintage(file_name)}
    if names >= SCB_COLUMNS:
        return "scb", {"vintage": _vintage(file_name)}
    if names >= SKOLVERKET_PARQUET_COLUMNS:
        return "skolverket_parquet", {}
    if names >= SKOLVERKET_API_COLUMNS:
        return "skolverket_api", {}
    raise _unknown(file_name)


def school_year(cells: list[str], file_name: str) -> dict[str, str]:
    """The school year in the title lines ("Valt läsår: 2023/24") and the year of its spring term (2024).

    Raises:
        PipelineError: `unknown_layout` when there is none, or when its two halves aren't consecutive years.
    """
    for cell in cells:
        if found := _SCHOOL_YEAR.search(cell):
            spring = int(found[1]) + 1
            if spring % 100 == int(found[2]):
                return {"school_year": f"{found[1]}/{found[2]}", "year": str(spring)}
    raise PipelineError(
        "unknown_layout",
        file_name,
        "en titelrad som säger läsåret, till exempel ”Valt läsår: 2023/24”",
        "inget läsår",
        "Hämta filen på nytt från Skolverket med titelraderna kvar.",
    )


def _vintage(file_name: str) -> str:
    found = _DATE.search(file_name)
    if not found:
        raise PipelineError(
            "missing_vintage",
            file_name,
            "hämtningsdatum i filens namn, till exempel kolada_2024-01-30.parquet",
            "inget datum",
            "Döp om filen så att dagen då den hämtades från källan står i namnet.",
        )
    return found[1]


def _unknown(file_name: str) -> PipelineError:
    return PipelineError(
        "unknown_register",
        file_name,
        "en registerfil från Kolada (parquet), Skolverket (csv) eller Skolenkäten (xlsx)",
        "ett innehåll som inte känns igen",
        "Lägg in filen oförändrad som den hämtades från källan, eller lägg en mappningsfil bredvid den (docs/registers.md).",
    )


def _truncated(where: str, expected: str, got: str) -> PipelineError:
    return PipelineError("truncated_file", where, expected, got, "Filen är skadad eller avklippt. Hämta den på nytt från källan.")


def _decode(data: bytes, file_name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise PipelineError(
            "wrong_encoding",
            file_name,
            "text i teckenkodningen UTF-8",
            "en annan teckenkodning eller en fil som inte är text",
            "Hämta filen på nytt från källan och öppna den inte i Excel emellan.",
        )
    return text


def _csv_rows(text: str, file_name: str) -> pl.DataFrame:
    try:
        return text_rows(text)
    except csv.Error as error:  # one endless field: JSON, for instance
        raise _unknown(file_name) from error


def text_rows(text: str) -> pl.DataFrame:
    """Semicolon-separated text as raw rows, one per line, each line quoted by itself."""
    lines = text.replace("\r\n", "\n").split("\n")
    cells = [next(csv.reader([line], delimiter=";"), []) for line in lines]
    return pl.DataFrame({"source_sheet": [""] * len(lines), "source_row": range(1, len(lines) + 1), "cells": cells}, schema=_ROWS)


def _parquet_rows(data: bytes, file_name: str) -> pl.DataFrame:
    if data[-4:] != b"PAR1":
        raise _truncated(file_name, "en hel parquetfil", "en fil utan slut")
    import pyarrow as pa
    import pyarrow.parquet as pq

    # pyarrow and not Polars: on a damaged page Polars panics (a BaseException that ends the run), pyarrow raises.
    try:
        frame = pl.from_arrow(pq.read_table(pa.BufferReader(data)))
    except (pa.ArrowException, OSError) as error:
        raise _truncated(file_name, "en läsbar parquetfil", "en fil som inte går att läsa") from error
    if not isinstance(frame, pl.DataFrame) or not frame.width:
        raise _unknown(file_name)
    text = frame.select(pl.all().cast(pl.String))
    body = text.select(
        source_sheet=pl.lit(""),
        source_row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        cells=pl.concat_list(pl.all()),
    )
    header = pl.DataFrame({"source_sheet": [""], "source_row": [0], "cells": [frame.columns]}, schema=_ROWS)
    return pl.concat([header, body])


def _xlsx_rows(data: bytes, file_name: str) -> pl.DataFrame:
    import fastexcel

    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise _truncated(file_name, "en hel Excelfil", "en fil utan slut")
    try:
        reader = fastexcel.read_excel(data)
        sheets = {name: reader.load_sheet(name, header_row=None, dtypes="string").to_polars() for name in reader.sheet_names}
    except (fastexcel.FastExcelError, zipfile.BadZipFile) as error:
        raise _truncated(file_name, "en läsbar Excelfil (.xlsx)", "en fil som inte går att läsa") from error
    frames = [
        sheet.select(
            source_sheet=pl.lit(name),
            source_row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
            cells=pl.concat_list(pl.all()),
        )
        for name, sheet in sheets.items()
        if sheet.width
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema=_ROWS)


def _check_whole(rows: pl.DataFrame, file_name: str) -> None:
    """A Skolverket file ends with notes, and all its school rows are as long as its header."""
    width = rows["cells"].list.len()
    header = rows.filter(pl.col("cells").list.contains(SKOLVERKET_CSV_HEADER))
    row, full = header["source_row"][0], header["cells"].list.len()[0]
    below = rows.with_columns(width=width).filter(pl.col("source_row") > row)
    short = below.filter((pl.col("width") > 1) & (pl.col("width") != full))
    if short.height:
        raise _truncated(f"{file_name}, rad {short['source_row'][0]}", f"{full} fält", f"{short['width'][0]} fält")
    schools = below.filter(pl.col("width") == full)
    if not schools.height:
        raise _truncated(file_name, "minst en rad med en skola under rubrikraden", "ingen")
    notes = below.filter((pl.col("width") == 1) & (pl.col("source_row") > schools["source_row"][-1]))
    if not notes["cells"].list.first().str.contains(r"\w").any():
        raise _truncated(file_name, "Skolverkets förklaringar efter sista skolan", "en fil som slutar bland skolorna")
