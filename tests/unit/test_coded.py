"""Cells as numbers into each column's own texts: nothing is lost on the way there and back."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyreadstat
import pytest

from assets.intake.readers import read_delivery
from assets.methods.coded import CodedCells

FRAME = pl.DataFrame(
    {"f66a": ["2", None, "10", "2"], "F66a": [None, None, None, None], "Skola": ["Å", "A", "", "Ö"]},
    schema={"f66a": pl.String, "F66a": pl.String, "Skola": pl.String},
)
NAMES = frozenset({"kod", "ar"})


def test_a_frame_comes_back_as_it_was():
    cells = CodedCells.of(FRAME)
    assert cells.as_text().equals(FRAME)
    assert (cells.columns, cells.height) == (FRAME.columns, 4)
    assert cells.texts[0] == ["10", "2"]
    assert cells.numbers.tolist()[0] == [2, 0, 3]
    assert CodedCells.of(FRAME.clear()).as_text().equals(FRAME.clear())


def test_each_text_is_asked_once_and_empty_cells_never():
    asked: list[str] = []

    def meaning(text: str) -> int:
        asked.append(text)
        return int(text)

    column = CodedCells.of(FRAME)["f66a"]
    assert column.codes(meaning, 999).tolist() == [2, 999, 10, 2]
    assert sorted(asked) == ["10", "2"]
    assert column.words({"2": "två", "10": None}.get).to_list() == ["två", None, None, "två"]
    assert column.empty.tolist() == [False, True, False, False]
    assert column.having(np.array([True, True, False, True])) == {"2": 2}


def test_more_texts_than_a_small_number_can_count():
    many = pl.DataFrame({"ID": [str(n) for n in range(70_000)]})
    assert CodedCells.of(many).as_text().equals(many)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1.0, None, 999.0, -3.0], ["1", None, "999", "-3"]),
        ([0.5, 2.0, None], ["0.5", "2.0", None]),
        ([1e9, 2.0, 1e9 + 1], ["1000000000", "2", "1000000001"]),
        ([2.0**60, 1.0], ["1.152921504606847e+18", "1.0"]),
        ([None, None], [None, None]),
        ([-0.0, 1.0], ["0", "1"]),
        (["a ", "  ", "b"], ["a", None, "b"]),
    ],
)
def test_numbers_of_a_statistics_file_become_the_texts_people_mean(tmp_path, values, texts):
    kind = pl.String if isinstance(values[0], str) else pl.Float64
    frame = pl.DataFrame({"kod": pl.Series(values, dtype=kind), "ar": [2024.0] * len(values)})
    pyreadstat.write_sav(frame, str(tmp_path / "fil.sav"))
    read = read_delivery(tmp_path / "fil.sav", NAMES)
    assert read.cells["kod"].to_list() == texts
    assert read.cells["ar"].to_list() == ["2024"] * len(values)
