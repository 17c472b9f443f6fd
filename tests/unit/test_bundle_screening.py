"""What a bundle says about unserious answers and about types of schools."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.content import municipality_report
from assets.bundle.frames import select_frames
from assets.bundle.tables import table_files
from assets.bundle.types import Table, Text
from assets.charts.types import ReleaseFrames
from assets.methods.errors import PipelineError
from assets.methods.school_types import COLUMNS as TYPE_COLUMNS
from assets.methods.screen_publish import RESULT_COLUMNS
from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta

META = sample_report_meta()
NBSP = "\u00a0"


def sensitivity(*, removal: bool = True, hidden: bool = False) -> pl.DataFrame:
    """Published rows of the county and two municipalities."""
    rows = []

    def add(level: str, area: str, grade: str, kind: str, series: str, measure: str, value: float, unit: str) -> None:
        shown = None if hidden else value
        reason = "suppressed" if hidden else "ok"
        rows.append(("intern", level, area, area, 2024, grade, "all", kind, series, measure, shown, unit, reason, removal))

    for grade, gone in (("ak9", 285.0), ("gy2", 155.0)):
        add("county", "01", grade, "screen", "removed", "n_removed", gone, "count")
        for measure, value in (("share_all", 12.0), ("share_kept", 10.0), ("diff_share", -2.0)):
            add("county", "01", grade, "index", "acting_out", measure, value, "percent")
        add("county", "01", grade, "indicator", "dik46", "diff_share", -1.0, "points")
    add("municipality", "0127", "ak9", "screen", "removed", "removed_pct", 3.0, "percent")
    add("municipality", "0115", "ak9", "screen", "removed", "removed_pct", 4.0, "percent")
    kinds = dict.fromkeys(RESULT_COLUMNS, pl.String) | {"wave": pl.Int32, "value": pl.Float64, "removal": pl.Boolean}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def types() -> pl.DataFrame:
    """Published rows by type of school."""
    none, lacking = (None,) * 4, "not_applicable"
    rows = [
        ("intern", "municipality", "0127", "Botkyrka", 2024, "ak9", "all", 1000, "ok", 14, 12, 86, 800, 80, "ok"),
        ("intern", "municipality", "0127", "Botkyrka", 2024, "ak9", "municipal", 700, "ok", 10, 9, 90, 700, None, "over_100"),
        ("intern", "municipality", "0127", "Botkyrka", 2024, "ak9", "independent", 300, "ok", 4, *none, "suppressed"),
        ("intern", "municipality", "0127", "Botkyrka", 2024, "gy2", "unknown", None, lacking, *none[:3], 400, None, lacking),
        ("intern", "municipality", "0115", "Vallentuna", 2024, "ak9", "all", 1000, "ok", 14, 12, 86, 800, 80, "ok"),
    ]  # fmt: skip
    text = ("edition", "area_level", "area_code", "area_name", "grade", "school_type", "enrolled_reason", "reason")
    kinds = {name: pl.String if name in text else pl.Int64 for name in TYPE_COLUMNS} | {"wave": pl.Int32}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def sections(screen: pl.DataFrame | None = None, schools: pl.DataFrame | None = None) -> dict:
    """Section id -> section of Botkyrka's report."""
    frames, scope = sample_bundle_frames()
    whole = replace(frames, **({"screen_sensitivity": screen} if screen is not None else {}))
    whole = replace(whole, **({"response_by_school_type": schools} if schools is not None else {}))
    chosen = select_frames(whole, scope, META.charts.indices)
    return {found.id: found for found in municipality_report(chosen, scope, META).sections}


def table(section: object, table_id: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.id == table_id)


def sentence(section: object) -> str:
    return next(b.text for b in section.blocks if isinstance(b, Text) and b.text.startswith("Svaren räknas bort"))


def test_the_sentence_gives_rule_numbers_and_largest_change():
    text = sentence(sections(sensitivity())["kvalitet"])
    assert "minst två flaggor" in text
    assert "cirka 285 elever i årskurs 9 och cirka 155 elever i gymnasiets år 2 bort i länet" in text
    assert f"I Botkyrka gällde det 3{NBSP}% i årskurs 9." in text
    assert f"mer än 2{NBSP}procentenheter" in text
    assert "Vallentuna" not in text


def test_the_table_has_levels_of_indices_and_changes_of_single_questions():
    rows = {row[0]: row[1:] for row in table(sections(sensitivity())["kvalitet"], "rimlighet").rows}
    assert rows["Utagerande"][:3] == (f"12{NBSP}%", f"10{NBSP}%", "−2")
    assert rows["Har använt narkotika"][:3] == ("", "", "−1")


def test_when_removal_is_off_or_hidden_the_report_says_so():
    assert "Inga svar har räknats bort" in sentence(sections(sensitivity(removal=False))["kvalitet"])
    hidden = sections(sensitivity(hidden=True))["kvalitet"]
    assert "för litet för att visas" in sentence(hidden)
    assert "skyddat av sekretesskäl [c]" in table(hidden, "rimlighet").rows[0]


def test_types_of_schools_with_coverage_and_reasons():
    rows = {row[:2]: row[2:] for row in table(sections(schools=types())["vilka"], "svar-huvudman").rows}
    assert set(rows) == {("Kommunala skolor", "Åk 9"), ("Fristående skolor", "Åk 9"), ("Alla", "Åk 9"), ("Skola okänd", "Gy 2")}
    assert rows["Alla", "Åk 9"] == (f"1{NBSP}000", "800", f"80{NBSP}%", "12 av 14", f"86{NBSP}%", "")
    assert rows["Kommunala skolor", "Åk 9"][2] == ""
    assert rows["Kommunala skolor", "Åk 9"][-1].endswith("[f]")
    assert rows["Fristående skolor", "Åk 9"][1:] == ("", "", "", "", "skyddat av sekretesskäl [c]")
    assert rows["Skola okänd", "Gy 2"][-1] == "skolan finns inte i registret"


def test_without_the_tables_nothing_is_said():
    found = sections()
    ids = {block.id for part in ("vilka", "kvalitet") for block in found[part].blocks if hasattr(block, "id")}
    assert not ids & {"rimlighet", "svar-huvudman", "kvalitet-rimlighet"}


@pytest.mark.parametrize("name", ["screen_sensitivity", "response_by_school_type"])
def test_rows_of_another_municipality_are_refused(name):
    frames, scope = sample_bundle_frames()
    foreign: ReleaseFrames = replace(
        frames, **{name: {"screen_sensitivity": sensitivity(), "response_by_school_type": types()}[name]}
    )
    with pytest.raises(PipelineError) as caught:
        municipality_report(foreign, scope, META)
    assert caught.value.code == "foreign_rows"


def written_tables() -> tuple[dict[str, list[dict[str, str]]], dict[str, dict]]:
    """The bundle's two tables as read back, and what the data package says of them."""
    frames, scope = sample_bundle_frames()
    whole = replace(frames, screen_sensitivity=sensitivity(), response_by_school_type=types())
    files = table_files(select_frames(whole, scope, META.charts.indices), scope, META)
    names = ("svar_per_huvudman", "rimlighetsprovning")
    read = {n: list(csv.DictReader(io.StringIO(files[f"4_tabeller/{n}.csv"].decode("utf-8")))) for n in names}
    package = json.loads(files["4_tabeller/datapackage.json"])["resources"]
    return read, {resource["name"]: resource for resource in package}


def test_both_are_tables_of_the_bundle_with_swedish_headers_and_described():
    tables, package = written_tables()
    for name, rows in tables.items():
        assert {row["Områdeskod"] for row in rows} <= {"0127", "01"}, "no other municipality"
        resource = package[name]
        assert [field["name"] for field in resource["schema"]["fields"]] == list(rows[0])
        assert resource["title"]
        assert resource["description"].startswith("SYNTETISKA DATA. ")
        key = resource["schema"]["primaryKey"]
        assert len({tuple(row[part] for part in key) for row in rows}) == len(rows)


def test_an_empty_number_stands_beside_its_mark_and_reason():
    tables, _ = written_tables()
    (hidden,) = [row for row in tables["svar_per_huvudman"] if row["Huvudman"] == "Fristående skolor"]
    assert (hidden["Svar (närmaste 5)"], hidden["Märke"]) == ("", "[c]")
    assert hidden["Skäl"]
    (all_schools,) = [row for row in tables["svar_per_huvudman"] if row["Huvudman"] == "Alla"]
    assert (all_schools["Elever i registret"], all_schools["Svarsfrekvens, procent"], all_schools["Märke"]) == ("1000", "80", "")
    change = [row for row in tables["rimlighetsprovning"] if row["Mått"] == "Ändring av andelen"]
    assert {row["Serie"] for row in change} == {"Utagerande", META.series_titles["dik46"]}
    (own,) = [row for row in tables["rimlighetsprovning"] if row["Områdeskod"] == "0127"]
    assert (own["Serie"], own["Värde"], own["Enhet"], own["Svaren räknas bort"]) == ("Borträknade svar", "3.0", "procent", "ja")
