"""Columns that came computed are compared with ours and never used."""

from __future__ import annotations

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.methods.coded import CodedCells
from assets.methods.derived_columns import agreement_text, delivered_agreement

CATALOGUE = load_catalogue()
INDICATORS = CATALOGUE.indicator_file.indicators
KEYS = ("respondent_key", "municipality_code", "district_code", "grade", "sex", "school_code", "class_code")


def harmonised(**items: list[int | None]) -> pl.DataFrame:
    """Harmonised rows with the given codes."""
    rows = len(next(iter(items.values())))
    background = [pl.Series(name, ["a"] * rows) for name in KEYS]
    wave = pl.Series("wave", [2024] * rows, dtype=pl.Int32)
    return pl.DataFrame([*background, wave, *(pl.Series(n, v, dtype=pl.Int16) for n, v in items.items())])


def test_only_rows_where_both_say_yes_or_no_are_compared():
    cells = CodedCells.of(pl.DataFrame({"Dik14A": ["1", "0", "100", None, "7", "0"], "annat": ["1"] * 6}))
    found = delivered_agreement(cells, harmonised(F14=[5, 1, 1, 4, 4, 999]), INDICATORS, CATALOGUE.survey)
    assert found.rows() == [("Dik14A", 3, 2)]
    assert agreement_text(found) == "Dik14A 66\u00a0%"


def test_a_delivery_without_such_columns_has_nothing_to_say():
    cells = CodedCells.of(pl.DataFrame({"F14": ["1"]}))
    found = delivered_agreement(cells, harmonised(F14=[1]), INDICATORS, CATALOGUE.survey)
    assert found.is_empty()
    assert agreement_text(found) == ""
    empty = CodedCells.of(pl.DataFrame({"dik14a": [None]}, schema={"dik14a": pl.String}))
    assert agreement_text(delivered_agreement(empty, harmonised(F14=[1]), INDICATORS, CATALOGUE.survey)) == ""
