"""Tables with a mapping file: two worked examples, and a sentence with file and row for everything that doesn't fit."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml

from assets.methods.errors import PipelineError
from assets.registers import assemble, files, pipeline, table_import
from assets.registers.models import VALUE_SCHEMA
from assets.registers.raw import from_raw_cells, to_raw_cells
from assets.registers.table_mapping import TableMapping, read_mapping

DATA = Path(__file__).resolve().parents[1] / "data" / "table_import"
LONG, WIDE = DATA / "socialstyrelsen_exempel.csv", DATA / "bra_exempel.xlsx"
CATALOGUE = files.load_register_catalogue()


def values_of(path: Path) -> pl.DataFrame:
    return assemble.parse_values(files.read_register_file(path), CATALOGUE)


def cells(frame: pl.DataFrame, **where: object) -> list[tuple]:
    return frame.filter(**where).select("year", "sex", "value", "reason").sort("year", "sex").rows()


# The worked examples


def test_a_long_table_with_measures_units_and_marks() -> None:
    got = values_of(LONG)
    assert got.schema == pl.Schema(VALUE_SCHEMA)
    assert set(got["source"]) == {"socialstyrelsen_exempel"}
    assert set(got["vintage"]) == {"2023-09-01"}
    assert cells(got, indicator_key="orosanmalningar", area_code="0114") == [
        (2022, "all", 38.5, "ok"), (2022, "boy", 41.1, "ok"), (2022, "girl", 36.0, "ok"),
    ]  # fmt: skip
    assert cells(got, indicator_key="orosanmalningar", area_code="0115") == [
        (2022, "all", None, "masked_at_source"), (2022, "boy", None, "missing"), (2022, "girl", None, "masked_at_source"),
    ]  # fmt: skip
    assert cells(got, indicator_key="oppna_insatser", area_code="0114") == [(2022, "all", 1204.0, "ok")]
    assert cells(got, indicator_key="oppna_insatser", area_code="0115") == [(2022, "all", 0.0, "ok")]  # a true zero stays
    assert cells(got, indicator_key="oppna_insatser", area_code="0180") == [(2022, "all", None, "missing")]
    assert got.filter(area_level="municipality").group_by("indicator_key").agg(pl.col("area_code").n_unique())[
        "area_code"
    ].to_list() == [
        26,
        26,
    ]
    assert dict(got.select("indicator_key", "unit").unique().rows()) == {"orosanmalningar": "per_1000", "oppna_insatser": "count"}


def test_a_wide_table_with_title_rows_names_and_years_as_headers() -> None:
    got = values_of(WIDE)
    assert cells(got, area_code="0114") == [
        (2021, "all", 18.2, "ok"),
        (2022, "all", None, "masked_at_source"),
        (2023, "all", 17.0, "ok"),
    ]
    assert cells(got, area_code="0162") == [(2021, "all", 4.0, "ok"), (2022, "all", None, "no_pupils"), (2023, "all", 3.5, "ok")]
    assert [row[2] for row in cells(got, area_code="0180")] == [25.5, 24.1, 23.0]  # through area.names
    assert [row[2] for row in cells(got, area_code="01")] == [21.0, 20.2, 19.5]
    assert got.filter(area_code="01")["area_level"].unique().to_list() == ["county"]
    assert cells(got, area_code="0115") == [(year, "all", None, "missing") for year in (2021, 2022, 2023)]


@pytest.mark.parametrize("path", [LONG, WIDE], ids=lambda p: p.suffix)
def test_the_raw_layer_holds_the_table_and_its_mapping(path: Path) -> None:
    register = files.read_register_file(path)
    assert register.kind == "table"
    again = from_raw_cells(to_raw_cells(register).sample(fraction=1.0, shuffle=True, seed=3))
    assert again.kind == "table"
    assert assemble.parse_values(again, CATALOGUE).equals(values_of(path))


def test_tables_go_through_the_inbox_and_stand_beside_the_other_registers(tmp_path: Path) -> None:
    inbox, archive, rejected = tmp_path / "in", tmp_path / "arkiv", tmp_path / "avvisade"
    inbox.mkdir()
    for path in (*DATA.iterdir(), files.BUNDLED / "kolada_2024-01-30_data_raw.parquet"):
        shutil.copy(path, inbox)
    rows, refused = pipeline.read_register_files(sorted(inbox.iterdir()), archive, rejected)
    assert refused == []
    values = pipeline.parse_registers(rows).values
    assert set(values["source"]) == {"kolada", "bra_exempel", "socialstyrelsen_exempel"}
    assert len(list(inbox.iterdir())) == 5
    kept = sorted(p.name for p in archive.rglob("*") if p.is_file())
    assert "bra_exempel.xlsx" in kept
    assert "bra_exempel.xlsx.yml" in kept


def test_a_bad_table_is_set_aside_with_its_mapping_and_a_mapping_alone_too(tmp_path: Path) -> None:
    inbox, rejected = tmp_path / "in", tmp_path / "avvisade"
    inbox.mkdir()
    shutil.copy(LONG, inbox)
    mapping = yaml.safe_load((DATA / "socialstyrelsen_exempel.csv.yml").read_text(encoding="utf-8"))
    mapping["value"]["missing_marks"] = {}
    (inbox / "socialstyrelsen_exempel.csv.yml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
    shutil.copy(DATA / "bra_exempel.xlsx.yml", inbox / "ensam.xlsx.yml")
    _, refused = pipeline.read_register_files(sorted(inbox.iterdir()), tmp_path / "arkiv", rejected)
    assert {r.code for r in refused} == {"bad_number", "lonely_mapping"}
    assert list(inbox.iterdir()) == []
    sentence = next(r.sentence for r in refused if r.code == "bad_number")
    assert sentence.startswith("socialstyrelsen_exempel.csv, rad ")
    assert "missing_marks" in sentence


def test_a_mapping_of_the_catalogue_is_found_by_what_the_table_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mappings = tmp_path / "imports"
    mappings.mkdir()
    for path in DATA.glob("*.yml"):
        shutil.copy(path, mappings / path.name.replace(".xlsx", "").replace(".csv", ""))
    monkeypatch.setattr(files, "MAPPINGS", mappings)
    for path in (LONG, WIDE):
        there = tmp_path / f"hämtad{path.suffix}"
        shutil.copy(path, there)
        assert values_of(there).equals(values_of(path))
    other = tmp_path / "annan.csv"
    other.write_text("kommun;värde\n0114;3\n", encoding="utf-8")
    with pytest.raises(PipelineError) as caught:
        files.read_register_file(other)
    assert caught.value.code == "unknown_register"
    assert "mappningsfil" in str(caught.value)


# What doesn't fit


def mapping(**changes: object) -> str:
    given = yaml.safe_load((DATA / "socialstyrelsen_exempel.csv.yml").read_text(encoding="utf-8"))
    return yaml.safe_dump(given | changes, allow_unicode=True)


def trouble(text: str | None = None, old: str = "", new: str = "", source: Path = LONG) -> PipelineError:
    """The error of the long example with a text of the table replaced, or with another mapping."""
    data = source.read_text(encoding="utf-8")
    assert old in data
    given = read_mapping(text or mapping(), "tabell.csv.yml")
    rows = table_import.with_mapping(
        table_import.csv_rows(data.replace(old, new, 1).encode(), given, "tabell.csv"), text or mapping()
    )
    with pytest.raises(PipelineError) as caught:
        table_import.parse(rows, CATALOGUE.names, CATALOGUE.municipalities, "tabell.csv")
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("38,5", "trettioåtta", "bad_number", "rad 6"),
        ("38,5", "", "bad_number", "rad 6"),
        ("0114;Flickor;2022", "0114;Flickor;i fjol", "bad_number", "rad 7"),
        ("0114;Flickor", "0114;Annat", "unknown_code", "rad 7, kolumnen ”Kön”"),
        ("per 1 000;36,0", "per 100;36,0", "bad_unit", "rad 7, kolumnen ”Enhet”"),
        ("0114;Flickor", "0114;Totalt", "duplicate_rows", "tabell.csv"),
        ("Län/kommun", "Område", "unknown_layout", "tabell.csv"),
        ("Källa: Socialstyrelsen", "Källa: någon annan", "unknown_layout", "must_contain"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_its_mapping_is_refused_with_its_place(old: str, new: str, code: str, place: str) -> None:
    error = trouble(None, old, new)
    assert error.code == code
    assert place in str(error)
    assert "trettio" not in str(error)


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"area": {"column": "Län/kommun", "by": "code", "others": "stop"}}, "unknown_area", "rad 5"),
        ({"area": {"column": "Län/kommun", "by": "name"}}, "no_areas", "Län/kommun"),
        ({"area": {"column": "Län/kommun", "by": "code", "names": {"Gbg": "1480"}}}, "unknown_area", "1480"),
        ({"file": {"must_contain": ["TESTDATA"], "delimiter": ","}}, "unknown_layout", "rubrikrad"),
    ],
)
def test_a_mapping_that_does_not_fit_the_table_is_told(changes: dict, code: str, words: str) -> None:
    error = trouble(mapping(**changes))
    assert error.code == code
    assert words in str(error)


def test_rows_of_a_measure_that_is_gone_are_missed() -> None:
    given = yaml.safe_load(mapping())
    given["indicators"][1]["where"] = {"Mått": "Familjehem"}
    error = trouble(yaml.safe_dump(given, allow_unicode=True))
    assert error.code == "unknown_layout"
    assert "oppna_insatser (Mått = Familjehem)" in str(error)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": "kolada"}, "upptaget"),
        ({"source": "Brå"}, "små bokstäver"),
        ({"year": {"column": "År", "value": 2022}}, "ange ett av column, value och headers"),
        ({"year": {"headers": "^20..$"}}, "en grupp"),
        ({"sex": {"column": "Kön"}}, "column med codes"),
        ({"value": {}}, "value.column"),
        ({"value": {"column": "Värde", "missing_marks": {"-": "noll"}}}, "inte är tillåtet"),
        ({"okänd": 1}, "okänd: känns inte igen"),
        ({"file": {}}, "file.must_contain: saknas"),
    ],
)
def test_a_bad_mapping_file_lists_its_problems_in_swedish(changes: dict, words: str) -> None:
    with pytest.raises(PipelineError) as caught:
        read_mapping(mapping(**changes), "tabell.csv.yml")
    assert caught.value.code == "bad_mapping"
    assert words in str(caught.value)
    assert "docs/registers.md" in str(caught.value)


def test_a_mapping_that_is_no_yaml_names_the_line() -> None:
    with pytest.raises(PipelineError, match="rad 2 är inte giltig YAML"):
        read_mapping("source: x\n: : :\n", "tabell.csv.yml")


def test_a_unit_that_the_catalogue_lacks_is_refused(tmp_path: Path) -> None:
    shutil.copy(LONG, tmp_path)
    given = mapping().replace("unit: count", "unit: kronor")
    (tmp_path / "socialstyrelsen_exempel.csv.yml").write_text(given, encoding="utf-8")
    with pytest.raises(PipelineError, match="kronor") as caught:
        values_of(tmp_path / LONG.name)
    assert caught.value.code == "bad_mapping"


def test_other_encodings_and_delimiters_are_declared() -> None:
    text = LONG.read_text(encoding="utf-8").replace(";", "\t")
    declared = read_mapping(
        mapping(file={"must_contain": ["TESTDATA"], "delimiter": "\t", "encoding": "cp1252"}), "tabell.csv.yml"
    )
    rows = table_import.csv_rows(text.encode("cp1252"), declared, "tabell.csv")
    assert table_import.fits(rows, declared)
    with pytest.raises(PipelineError) as caught:
        table_import.csv_rows(text.encode("cp1252"), read_mapping(mapping(), "x.yml"), "tabell.csv")
    assert caught.value.code == "wrong_encoding"


def test_the_mapping_in_the_documentation_is_valid() -> None:
    page = (DATA.parents[2] / "docs" / "registers.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert isinstance(read_mapping(example, "docs/registers.md"), TableMapping)
