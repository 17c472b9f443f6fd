"""Several register files: two for the same year, and sources that are not there at all, never stop the others."""

from __future__ import annotations

import polars as pl
import pytest

from assets.registers import assemble
from assets.registers.files import bundled_register_files, load_register_catalogue, read_register_file
from assets.registers.revisions import compare_all

CATALOGUE = load_register_catalogue()
FILES = {path.name: read_register_file(path) for path in bundled_register_files()}
YEARS = pl.DataFrame({"year": [2022, 2022, 2023], "value": [1, 2, 3]})


def test_of_two_files_for_a_year_the_one_whose_name_comes_last_counts():
    other = YEARS.filter(pl.col("year") == 2022).with_columns(value=pl.lit(9))
    kept, notes = assemble.last_file_counts([("b.csv", other), ("a.csv", YEARS)], ["year"])
    assert [frame["value"].to_list() for frame in kept] == [[3], [9, 9]]
    assert notes == ["a.csv: 2022 finns också i b.csv. Den filen gäller, eftersom dess namn kommer sist."]
    assert assemble.last_file_counts([], ["year"]) == ([], [])


def test_a_school_year_in_two_files_is_counted_once():
    (csv,) = [raw for raw in FILES.values() if raw.kind == "skolverket_csv"][:1]
    again = type(csv)(csv.kind, "ö senare.csv", "f" * 64, csv.rows, csv.meta)
    once, twice = assemble.build([csv], CATALOGUE), assemble.build([again, csv], CATALOGUE)
    assert twice.schools.equals(once.schools)
    assert twice.values.equals(once.values)
    assert any("ö senare.csv. Den filen gäller" in note for note in twice.notes)


@pytest.mark.parametrize("absent", sorted(CATALOGUE.sources))
def test_a_source_without_a_file_is_said_and_the_others_go_on(absent):
    raws = [raw for raw in FILES.values() if not raw.kind.startswith(absent)]
    tables = assemble.build(raws, CATALOGUE)
    assert set(tables.values["source"]) == set(CATALOGUE.sources) - {absent}
    assert f"{CATALOGUE.sources[absent].title_sv}: ingen fil i inkorgen, så uppgifterna saknas i rapporterna." in tables.notes
    assert compare_all(assemble.kolada_vintages(raws, CATALOGUE), CATALOGUE.sources["kolada"].indicators).height >= 0
