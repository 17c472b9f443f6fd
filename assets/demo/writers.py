"""Write a delivery as .sav, .csv or .xlsx with the same bytes every time, marked as synthetic."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import polars as pl

from assets.demo.deliveries import SYNTHETIC, DeliveryTable, FilePlan

_CREATED = dt.datetime(2024, 6, 1, 12, 0, 0, tzinfo=dt.UTC)
_SAV_TIMESTAMP = slice(92, 109)
"""Creation date (9 bytes) and time (8 bytes) in the header of an SPSS system file."""
_SAV_FIXED_TIMESTAMP = b"01 Jun 2412:00:00"
ROWS_ABOVE = {"sav": 0, "csv_codes": 2, "csv_labels": 2, "xlsx": 4}
"""Title rows and header row above the first answer, per format."""
_MARK = f"{SYNTHETIC}: simulerade svar, inga elevers svar"


def write_delivery(plan: FilePlan, table: DeliveryTable, folder: Path) -> Path:
    """Write the file of a plan into `folder` and return its path."""
    path = folder / plan.name
    if plan.format == "sav":
        _write_sav(path, table)
    elif plan.format == "xlsx":
        _write_xlsx(path, plan, table)
    else:
        _write_csv(path, table, labels=plan.format == "csv_labels")
    return path


def _write_sav(path: Path, table: DeliveryTable) -> None:
    import pyreadstat

    numeric = [c for c, t in table.cells.schema.items() if t != pl.String]
    pyreadstat.write_sav(
        table.cells,
        str(path),
        file_label=_MARK,
        note=_MARK,
        column_labels=table.column_labels,
        row_compress=True,
        variable_value_labels={c: dict(v) for c, v in table.value_labels.items()},
        missing_ranges={c: [{"lo": 996, "hi": 999}] for c in table.missing_codes},
        variable_format=dict.fromkeys(numeric, "F5.0"),
        variable_measure={c: "nominal" for c in table.cells.columns},
    )
    with path.open("r+b") as file:  # the library stamps the time of writing
        file.seek(_SAV_TIMESTAMP.start)
        file.write(_SAV_FIXED_TIMESTAMP)


def _texts(table: DeliveryTable, labels: bool) -> pl.DataFrame:
    """All cells as text: whole numbers without decimals, or their labels where they have one."""
    columns = []
    for name, kind in table.cells.schema.items():
        text = pl.col(name) if kind == pl.String else pl.col(name).cast(pl.Int64).cast(pl.String)
        if labels and name in table.value_labels:
            text = text.replace({str(code): label for code, label in table.value_labels[name].items()})
        columns.append(text.fill_null("").alias(name))
    return table.cells.select(columns)


def _write_csv(path: Path, table: DeliveryTable, labels: bool) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([_MARK])
    writer.writerow(table.cells.columns)
    writer.writerows(_texts(table, labels).iter_rows())
    path.write_bytes(text.getvalue().encode("cp1252" if labels else "utf-8-sig"))


def _write_xlsx(path: Path, plan: FilePlan, table: DeliveryTable) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"in_memory": True})
    book.set_properties({"title": _MARK, "comments": _MARK, "created": _CREATED.replace(tzinfo=None)})
    sheet = book.add_worksheet("Svar")
    sheet.write_string(0, 0, _MARK)
    sheet.write_string(1, 0, f"{plan.place.name} {plan.waves[0]}")
    header = ROWS_ABOVE["xlsx"] - 1
    sheet.write_row(header, 0, table.cells.columns)
    for number, row in enumerate(table.cells.iter_rows(), start=header + 1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, value)
            elif value is not None:
                sheet.write_number(number, column, value)
    book.close()
