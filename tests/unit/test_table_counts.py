"""An imported table of counts: rates with Byar's or the exact interval, shares with Wilson's, and what can't be counted."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml

from assets.methods.errors import PipelineError
from assets.registers import assemble, files
from assets.registers.models import VALUE_SCHEMA
from assets.registers.table_mapping import read_mapping

TABLE = """Källa: kommunens verksamhetssystem
Kommun;Kön;År;Antal;Barn 0–17
Danderyd;Alla;2024;320;8000
Danderyd;Flickor;2024;4;3900
Danderyd;Pojkar;2024;316;4100
Danderyd;Alla;2023;0;0
Danderyd;Alla;2022;..;8000
"""
MAPPING = {
    "source": "egna_orosanmalningar", "title_sv": "Orosanmälningar", "publisher_sv": "Kommunen",
    "source_line_sv": "Källa: kommunens verksamhetssystem.", "licence_sv": "Egna uppgifter.", "vintage": "2025-01-31",
    "notes_sv": ["Ett barn kan ha flera anmälningar."], "file": {"must_contain": ["Källa: kommunens verksamhetssystem"]},
    "area": {"column": "Kommun", "by": "name"}, "year": {"column": "År"},
    "sex": {"column": "Kön", "codes": {"Alla": "all", "Flickor": "girl", "Pojkar": "boy"}},
    "value": {"count": "Antal", "population": "Barn 0–17", "missing_marks": {"..": "missing"}},
    "indicators": [{"key": "orosanmalningar", "title_sv": "Orosanmälningar per 1 000 barn", "section": "narsamhalle",
                    "unit": "per_1000", "decimals": 1, "by_sex": True}],
}  # fmt: skip


def values(folder: Path, text: str = TABLE, **changes: object) -> pl.DataFrame:
    path = folder / "orosanmalningar.csv"
    path.write_text(text, encoding="utf-8")
    mapping = MAPPING | changes
    (folder / "orosanmalningar.csv.yml").write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
    return assemble.parse_values(files.read_register_file(path), files.load_register_catalogue())


def row(frame: pl.DataFrame, **where: object) -> dict:
    return frame.filter(area_code="0162", **where).row(0, named=True)


def test_a_count_and_its_population_become_a_rate_with_its_interval(tmp_path: Path) -> None:
    got = values(tmp_path)
    assert got.schema == pl.Schema(VALUE_SCHEMA)
    whole = row(got, year=2024, sex="all")
    assert (whole["value"], whole["events"], whole["population"], whole["interval_method"]) == (40.0, 320, 8000, "byar")
    # R: c(320*(1-1/(9*320)-1.959964/(3*sqrt(320)))^3, 321*(1-1/(9*321)+1.959964/(3*sqrt(321)))^3)/8
    assert (round(whole["low"], 3), round(whole["high"], 3)) == (35.737, 44.632)
    assert (whole["title_sv"], whole["publisher_sv"]) == ("Orosanmälningar per 1 000 barn", "Kommunen")
    few = row(got, year=2024, sex="girl")
    assert (few["interval_method"], few["confidence_level"]) == ("poisson_exact", 0.95)
    # R: qchisq(c(0.025, 0.975), c(8, 10))/2/3.9
    assert (round(few["low"], 4), round(few["high"], 4)) == (0.2795, 2.626)
    nobody = row(got, year=2023, sex="all")
    assert (nobody["reason"], nobody["confidence_level"]) == ("no_pupils", None)
    assert row(got, year=2022, sex="all")["reason"] == "missing"
    assert got.filter(area_code="0180")["reason"].unique().to_list() == ["missing"]


def test_in_per_cent_it_is_a_share_with_wilsons_interval(tmp_path: Path) -> None:
    share = row(values(tmp_path, indicators=[MAPPING["indicators"][0] | {"unit": "percent"}]), year=2024, sex="all")
    assert (share["value"], share["interval_method"]) == (4.0, "wilson")
    # R: prop.test(320, 8000, correct = FALSE)$conf.int * 100
    assert (round(share["low"], 4), round(share["high"], 4)) == (3.5922, 4.4519)


@pytest.mark.parametrize(
    ("old", "new", "unit", "code", "place"),
    [
        ("320;8000", "320,5;8000", "per_1000", "bad_number", "rad 3"),
        ("320;8000", "320;8.000", "per_1000", "bad_number", "Skriv 8 000 eller 8000"),
        ("320;8000", "1,320;8000", "per_1000", "bad_number", "rad 3"),
        ("320;8000", "-3;8000", "per_1000", "bad_number", "rad 3"),
        ("320;8000", "många;8000", "per_1000", "bad_number", "rad 3"),
        ("320;8000", "320;okänt", "per_1000", "bad_number", "rad 3"),
        ("2023;0;0", "2023;7;0", "per_1000", "events_without_population", "rad 6"),
        ("316;4100", "4316;4100", "percent", "bad_number", "rad 5"),
        ("", "", "index_0_10", "bad_mapping", "mappningsfilen"),
    ],
)  # fmt: skip
def test_counts_that_make_no_rate_stop_with_their_place(tmp_path, old: str, new: str, unit: str, code: str, place: str) -> None:
    with pytest.raises(PipelineError) as caught:
        values(tmp_path, TABLE.replace(old, new, 1), indicators=[MAPPING["indicators"][0] | {"unit": unit}])
    assert caught.value.code == code
    assert place in str(caught.value)
    assert not any(number in str(caught.value) for number in ("320", "4316", "många"))


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("316;4100", "317;4100", "orosanmalningar 2024, område 0162"),
        ("316;4100", "316;4101", "orosanmalningar 2024, område 0162"),
        ("Danderyd;Alla;2023;0;0", "Stockholms län;Alla;2024;319;9000", "orosanmalningar 2024, område 01:"),
    ],
)
def test_parts_that_are_more_than_their_whole_stop(tmp_path: Path, old: str, new: str, place: str) -> None:
    with pytest.raises(PipelineError) as caught:
        values(tmp_path, TABLE.replace(old, new))
    assert caught.value.code == "parts_above_whole"
    assert place in str(caught.value)
    assert not any(number in str(caught.value) for number in ("316", "317", "319", "320", "4101"))


@pytest.mark.parametrize("written", ["320;8 000", "320,0;8000.0", "320 ;\u00a08\u00a0000"])
def test_usual_ways_of_writing_a_whole_number_are_read(tmp_path: Path, written: str) -> None:
    assert row(values(tmp_path, TABLE.replace("320;8000", written)), year=2024, sex="all")["population"] == 8000


def test_a_part_of_unknown_sex_and_an_absent_municipality_are_no_error(tmp_path: Path) -> None:
    got = values(tmp_path, TABLE.replace("316;4100", "300;4000") + "Stockholms län;Alla;2024;900;90000\n")
    assert row(got, year=2024, sex="boy")["events"] == 300


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"count": "Antal"}, "både count och population"),
        ({"column": "Antal", "count": "Antal", "population": "Barn 0–17"}, "antingen column"),
        ({}, "value.column (eller value.count)"),
    ],
)
def test_half_a_rate_is_refused(value: dict, words: str) -> None:
    with pytest.raises(PipelineError) as caught:
        read_mapping(yaml.safe_dump(MAPPING | {"value": value}, allow_unicode=True), "t.csv.yml")
    assert words in str(caught.value)
