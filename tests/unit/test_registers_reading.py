"""Register files: what is read, what is refused and in which words, and the way to the raw layer and back."""

from __future__ import annotations

import csv
import io
import itertools
import json
import zipfile
from pathlib import Path

import duckdb
import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.errors import PipelineError
from assets.registers import files, numbers, raw, reading

KINDS = {
    "antal_elever_per_arskurs_2022_skolenhet.csv": "skolverket_csv",
    "antal_elever_per_arskurs_2023_skolenhet.csv": "skolverket_csv",
    "excelrapport-elever-grundskola-ak-8-2022.xlsx": "skolenkaten",
    "grundskola_antal_elever_skolenhet_2010_2023.parquet": "skolverket_parquet",
    "kolada_2023-03-28_data_raw.parquet": "kolada",
    "kolada_2023-09-12_data_raw.parquet": "kolada",
    "kolada_2024-01-30_data_raw.parquet": "kolada",
    "skolenheter_planned_educations_2024-12-12.parquet": "skolverket_api",
}
PUPILS_2023 = files.BUNDLED / "antal_elever_per_arskurs_2023_skolenhet.csv"
KOLADA = files.BUNDLED / "kolada_2024-01-30_data_raw.parquet"
EXCEL = files.BUNDLED / "excelrapport-elever-grundskola-ak-8-2022.xlsx"


def read(data: bytes, name: str = "fil.csv") -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        reading.read_register_bytes(data, name)
    return caught.value


@pytest.mark.parametrize("path", files.bundled_register_files(), ids=lambda p: p.name)
def test_every_bundled_file_is_recognised_by_content(path: Path) -> None:
    register = files.read_register_file(path)
    assert register.kind == KINDS[path.name]
    assert len(register.source_sha256) == 64
    # The name doesn't decide: the same bytes under another name are the same register (Kolada needs its date).
    renamed = reading.read_register_bytes(path.read_bytes(), "något annat 2024-01-30")
    assert renamed.kind == register.kind


def test_all_bundled_files_are_covered() -> None:
    assert {p.name for p in files.bundled_register_files()} == set(KINDS)
    assert sum(p.stat().st_size for p in files.BUNDLED.iterdir()) < 3_000_000


def test_school_year_comes_from_the_file_and_not_from_its_name() -> None:
    register = reading.read_register_bytes(PUPILS_2023.read_bytes(), "antal_elever_2010.csv")
    assert register.meta == {"school_year": "2023/24", "year": "2024"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda b: b"", "empty_file"),
        (lambda b: b" \n\r\n ", "empty_file"),
        (lambda b: b.decode("utf-8-sig").encode("cp1252"), "wrong_encoding"),
        (lambda b: b.decode("utf-8-sig").encode("utf-16"), "wrong_encoding"),
        (lambda b: b[: len(b) // 2], "truncated_file"),
        (lambda b: b[: b.index(b"\n\nRapportbeskrivning")], "truncated_file"),
        (lambda b: b.replace("Valt läsår: 2023/24".encode(), b""), "unknown_layout"),
        (lambda b: b.replace(b"2023/24", b"2023/25"), "unknown_layout"),
        (lambda b: "kommun;värde\nAle;3\n".encode(), "unknown_register"),
        (lambda b: b'{"type":"' + b"x" * 200_000 + b'"}', "unknown_register"),
    ],
)
def test_a_bad_text_file_is_refused_with_one_sentence(change, code: str) -> None:
    error = read(change(PUPILS_2023.read_bytes()))
    assert error.code == code
    assert str(error).startswith("fil.csv")
    assert "\n" not in str(error)


def test_truncation_names_the_line_but_no_value() -> None:
    data = PUPILS_2023.read_bytes()
    lines = data.split(b"\n")
    lines[20] = b";".join(lines[20].split(b";")[:9])
    error = read(b"\n".join(lines))
    assert error.code == "truncated_file"
    assert "rad 21" in str(error)
    assert lines[20].split(b";")[0].decode() not in str(error)


@pytest.mark.parametrize("path", [KOLADA, EXCEL], ids=lambda p: p.suffix)
def test_a_cut_binary_file_is_truncated(path: Path) -> None:
    data = path.read_bytes()
    assert read(data[: len(data) // 2], "cut 2024-01-30").code == "truncated_file"
    assert read(data[:-1], "cut 2024-01-30").code == "truncated_file"
    damaged = data[:200] + b"\x00" * 4000 + data[4200:]
    error = read(damaged, "damaged 2024-01-30")
    assert error.code == "truncated_file"


def test_kolada_without_a_date_in_the_name_is_refused() -> None:
    error = read(KOLADA.read_bytes(), "kolada.parquet")
    assert error.code == "missing_vintage"
    assert "kolada.parquet" in str(error)


def test_other_tables_are_unknown(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_parquet(buffer)
    assert read(buffer.getvalue(), "a.parquet").code == "unknown_register"
    book = io.BytesIO()
    with xlsxwriter.Workbook(book, {"in_memory": True}) as workbook:
        workbook.add_worksheet("Blad").write(0, 0, "Hej")
    assert read(book.getvalue(), "a.xlsx").code == "unknown_register"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("readme.txt", "hej")
    assert read(archive.getvalue(), "a.zip").code == "truncated_file"
    with pytest.raises(PipelineError, match=r"^saknas\.csv: "):
        files.read_register_file(tmp_path / "saknas.csv")


@pytest.mark.parametrize("path", files.bundled_register_files(), ids=lambda p: p.name)
def test_raw_cells_survive_the_warehouse(path: Path) -> None:
    register = files.read_register_file(path)
    cells = raw.to_raw_cells(register)
    with duckdb.connect() as con:
        con.register("cells", cells.to_arrow())
        con.sql("create table stored as select * from cells")
        back = con.sql("select * from stored").pl()
    again = raw.from_raw_cells(back.sample(fraction=1.0, shuffle=True, seed=7))
    assert again.kind == register.kind
    assert again.meta == register.meta
    assert again.rows.equals(register.rows.sort("source_sheet", "source_row"))


def test_raw_cells_of_two_files_are_refused() -> None:
    both = pl.concat([raw.to_raw_cells(files.read_register_file(p)) for p in files.bundled_register_files()[:2]])
    with pytest.raises(ValueError, match="exactly one file"):
        raw.from_raw_cells(both)


def test_raw_csv_rows_are_the_file_line_by_line() -> None:
    register = files.read_register_file(PUPILS_2023)
    lines = PUPILS_2023.read_text(encoding="utf-8-sig").split("\n")
    assert register.rows["source_row"].to_list() == list(range(1, len(lines) + 1))
    assert [";".join(cells) for cells in register.rows["cells"].to_list()] == lines


def test_a_column_name_that_stands_twice_is_refused() -> None:
    rows = reading.text_rows("a;b;a\n1;2;3")
    with pytest.raises(PipelineError, match="”a”"):
        raw.named_table(rows, 1, "x.csv")


def test_a_short_row_is_filled_with_null() -> None:
    table = raw.named_table(reading.text_rows("a;b;\n1\n1;2;3;4"), 1, "x.csv")
    assert table.columns == ["source_row", "a", "b"]
    assert table.rows() == [(2, "1", None), (3, "1", "2")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 129", 1129.0),
        ("1\u00a0129", 1129.0),
        ("1\u202f129,5", 1129.5),
        ("48,5", 48.5),
        ("0", 0.0),
        ("-3,5", -3.5),
        ("−1", -1.0),
    ],
)
def test_swedish_numbers(text: str, value: float) -> None:
    assert pl.DataFrame({"x": [text]}).select(numbers.swedish_number("x"))["x"].to_list() == [value]


@pytest.mark.parametrize(
    "text", ["..", ".", "*", "**", "***", "-", "", None, "~100", "cirka 20", "1,2,3", "tre", "1e5", "inf", "nan"]
)
def test_marks_are_no_numbers_and_never_zero(text: str | None) -> None:
    frame = pl.DataFrame({"x": [text]}, schema={"x": pl.String})
    assert frame.select(numbers.swedish_number("x"))["x"].to_list() == [None]


@settings(max_examples=50, deadline=None)
@given(
    st.integers(min_value=-10_000_000, max_value=10_000_000),
    st.integers(min_value=0, max_value=3),
    st.sampled_from(["", " ", "\u00a0", "\u202f", "\u2009"]),
)
def test_numbers_written_the_swedish_way_come_back(whole: int, decimals: int, space: str) -> None:
    value = whole / 10**decimals
    text = f"{value:,.{decimals}f}".replace(",", space).replace(".", ",")
    assert pl.DataFrame({"x": [text]}).select(numbers.swedish_number("x"))["x"][0] == pytest.approx(value, abs=1e-9)


def test_areas_lists_agree_with_each_other() -> None:
    areas = files.CATALOGUE / "areas"

    def rows(name: str) -> list[dict[str, str]]:
        with (areas / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    municipalities = rows("municipalities.csv")
    codes = [m["municipality_code"] for m in municipalities]
    names = {m["municipality_code"]: m["name"] for m in municipalities}
    assert len(set(codes)) == 26
    assert all(len(c) == 4 and c.startswith("01") for c in codes)
    assert sorted(int(m["survey_code"]) for m in municipalities) == list(range(1, 27))
    assert all(m["ascii_name"].replace("_", "").isascii() and m["ascii_name"].islower() for m in municipalities)
    districts = {d["district_code"]: d["name"] for d in rows("districts.csv")}
    assert sorted(districts) == [f"0180-{n}" for n in range(101, 112)]
    used = {d["district_code"] for d in rows("district_names.csv")}
    assert used == set(districts) | {""}
    home = {h["home_area_code"]: h for h in rows("home_areas.csv")}
    assert len(home) == 102
    for row in municipalities:
        assert home[row["survey_code"]]["municipality_code"] == row["municipality_code"]
    assert all(home[code.removeprefix("0180-")]["name"].casefold() == name.casefold() for code, name in districts.items())
    assert {h["municipality_code"] for h in home.values()} <= {*codes, ""}
    shapes = json.loads((areas / "municipalities.geojson").read_text(encoding="utf-8"))["features"]
    assert {s["id"]: s["properties"]["name"] for s in shapes} == names


def test_outer_rings_run_clockwise_for_vega() -> None:
    def signed_area(ring: list[list[float]]) -> float:
        return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)) / 2

    shapes = json.loads((files.CATALOGUE / "areas" / "municipalities.geojson").read_text(encoding="utf-8"))["features"]
    for shape in shapes:
        geometry = shape["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        for polygon in polygons:
            assert all(ring[0] == ring[-1] for ring in polygon)
            assert signed_area(polygon[0]) < 0
            assert all(signed_area(hole) > 0 for hole in polygon[1:])
            assert all(17 < x < 20 and 58 < y < 61 for ring in polygon for x, y in ring)


def test_population_of_17_has_both_sexes_everywhere() -> None:
    people = pl.read_csv(files.BUNDLED / "scb_17_2019.csv", schema_overrides={"municipality_code": pl.String})
    assert people.height == 52 == people.unique(["municipality_code", "sex"]).height
    assert set(people["municipality_code"]) == set(files.load_register_catalogue().municipalities)
    assert people["population_17"].min() > 0
