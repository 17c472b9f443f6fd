"""Small simulated deliveries shared by the simulator's tests, and a plain reader that knows nothing of the intake."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import fastexcel
import polars as pl
import pyreadstat

from assets.demo.generate import DemoSummary, ensure_demo
from assets.demo.truth import Truth, load_truth

SMALL = 0.03


@dataclass(frozen=True)
class Demo:
    """A demo in a folder of its own."""

    inbox: Path
    cache: Path
    summary: DemoSummary

    @cached_property
    def truth(self) -> Truth:
        """The truth behind the files."""
        return load_truth(self.cache)


def make_demo(folder: Path, scale: float = SMALL, seed: int = 20241) -> Demo:
    """Simulate into `folder`."""
    return Demo(folder / "inbox", folder / "cache", ensure_demo(folder / "inbox", folder / "cache", scale=scale, seed=seed))


def plain_cells(path: Path) -> tuple[pl.DataFrame, dict[str, dict[str, str]]]:
    """All cells as text (whole numbers without decimals, null = empty) and value labels (empty for text formats)."""
    if path.suffix == ".sav":
        frame, meta = pyreadstat.read_sav(str(path), output_format="polars", user_missing=True)
        numbers = pl.selectors.float().cast(pl.Int64).cast(pl.String)
        labels = {c: {str(int(k)): v for k, v in pairs.items()} for c, pairs in meta.variable_value_labels.items()}
        return frame.with_columns(numbers).with_columns(pl.all().replace("", None)), labels
    if path.suffix == ".xlsx":
        sheet = fastexcel.read_excel(path.read_bytes()).load_sheet(0, header_row=3, dtypes="string")
        return sheet.to_polars(), {}
    content = path.read_bytes()
    rows = list(
        csv.reader(content.decode("utf-8-sig" if content[:3] == b"\xef\xbb\xbf" else "cp1252").splitlines(), delimiter=";")
    )
    return pl.DataFrame(rows[2:], schema=rows[1], orient="row").with_columns(pl.all().replace("", None)), {}
