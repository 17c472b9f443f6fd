"""The catalogue: what it must hold, and that every mistake in it is told with file and key, all at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assets.catalogue.load import ROOT, load_catalogue, read_catalogue
from assets.methods.errors import PipelineError

CATALOGUE = load_catalogue()


@pytest.fixture
def copy(tmp_path):
    """A catalogue that a test may spoil."""
    return Path(shutil.copytree(ROOT, tmp_path / "catalogue", ignore=shutil.ignore_patterns("*.py", "__pycache__", "schemas")))


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    """Replace a text that stands exactly once or more; the first one."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{name} has no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems(folder: Path) -> str:
    """What the loader says about a folder."""
    with pytest.raises(PipelineError) as caught:
        read_catalogue(folder)
    assert caught.value.code == "catalogue"
    return str(caught.value)


def test_the_catalogue_holds_what_the_product_needs():
    assert [i.key for i in CATALOGUE.indices] == [
        "acting_out", "school_distress", "school_bonding", "psychosomatic", "parenting", "community", "wellbeing"
    ]  # fmt: skip
    assert len(CATALOGUE.municipalities) == 26
    assert len(CATALOGUE.districts) == 11
    assert sorted(m.survey_code for m in CATALOGUE.municipalities) == list(range(1, 27))
    assert CATALOGUE.area_names["0180-101"] == "Järva"
    assert CATALOGUE.municipality_of_survey_code["1"] == CATALOGUE.municipality_of_survey_code["Stockholm"] == "0180"
    assert CATALOGUE.reason_by_code["no_delivery"].mark == "[l]"
    assert CATALOGUE.index_file.minimum_answered == 5


@pytest.mark.parametrize("book", CATALOGUE.codebooks, ids=lambda b: b.id)
def test_every_index_question_is_in_every_codebook_once(book):
    asked = list(book.items.values())
    assert len(asked) == len(set(asked)), "two columns of a variant can't be the same question"
    needed = {part.item for index in CATALOGUE.indices for part in index.items}
    assert needed <= set(asked)
    assert set(asked) <= set(CATALOGUE.survey.by_key)


def test_breaks_name_questions_that_exist_and_are_found_by_index():
    assert {b.year for b in CATALOGUE.breaks_of("parenting")} == {2024}
    years = {b.year for b in CATALOGUE.breaks}
    assert years <= set(range(2006, 2031))


def test_the_hash_follows_the_content(copy):
    assert read_catalogue(copy).content_hash == CATALOGUE.content_hash
    spoil(copy, "publication.yml", "version: '1.0'", "version: '1.1'")
    changed = read_catalogue(copy)
    assert changed.content_hash != CATALOGUE.content_hash
    assert changed.publication.version == "1.1"


def test_an_unknown_key_is_a_problem_with_file_and_key(copy):
    spoil(copy, "comparison.yml", "minimum_points: 3", "minimum_points: 3\nminimum_poinst: 4")
    assert problems(copy) == (
        "assets/catalogue: väntade en katalog utan fel, fick 1 fel: comparison.yml: minimum_poinst: okänd nyckel. "
        "Rätta raderna ovan och kör igen."
    )


def test_all_problems_are_told_at_once(copy):
    spoil(copy, "calendar.yml", "survey_waves: [2016,", "survey_waves: [tjugosexton,")
    spoil(copy, "indices.yml", "kind: risk", "kind: fara")
    spoil(copy, "reasons.yml", "mark: '[c]', ", "")
    spoil(copy, "areas/municipalities.csv", "0115,", "115,")
    spoil(copy, "publication.yml", "version:", "version: [")
    (copy / "breaks.yml").unlink()
    said = problems(copy)
    assert "fick 6 fel: " in said
    for place in (
        "calendar.yml: survey_waves.0: ",
        "indices.yml: indices.0.kind: ",
        "reasons.yml: reasons.1.mark: nyckeln saknas",
        "areas/municipalities.csv: rad 3: municipality_code: ",
        "publication.yml: går inte att läsa som YAML: ",
        "breaks.yml: filen finns inte",
    ):
        assert place in said


def test_a_key_that_stands_twice_is_a_problem(copy):
    """PyYAML itself would silently keep the last one, and a question would be lost."""
    spoil(copy, "codebooks/stockholmsenkaten-2024.yml", "  F6a: F6a\n", "  F6a: F6a\n  F5: F6b\n")
    said = problems(copy)
    assert "codebooks/stockholmsenkaten-2024.yml: går inte att läsa som YAML: står två gånger: F5 (rad " in said


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "indices.yml",
            "item: F67c,",
            "item: F67x,",
            "indices.yml: acting_out använder frågan F67x som inte finns i stockholmsenkaten",
        ),
        (
            "indices.yml",
            "scores: {1: 0, 2: 1, 3: 2, 4: 3}",
            "scores: {1: 0, 2: 1, 3: 2, 5: 3}",
            "acting_out/F67c poängsätter inte exakt svarskoderna",
        ),
        (
            "indices.yml",
            "scores: {1: 0, 2: 1, 3: 2, 4: 3}",
            "scores: {1: 0, 2: 1, 3: 2, 4: 2}",
            "F67c: 3 trösklar kräver poängen 0 till 3, fick [0, 1, 2]",
        ),
        ("indices.yml", "maximum_raw: 27", "maximum_raw: 26", "acting_out: högsta råpoäng är 27, katalogen säger 26"),
        ("cutoffs.yml", "      wellbeing: {", "      welbeing: {", "rise-2024-09-23 täcker inte exakt indexen i indices.yml"),
        (
            "cutoffs.yml",
            "  - id: recomputed",
            "  - id: recomputed\n    reference: {grades: [ak8]}",
            "okänd kommun eller årskurs ak8",
        ),
        ("cutoffs.yml", "default: rise-2024-09-23", "default: rise-2025", "default pekar på en gränsuppsättning som inte finns"),
        (
            "codebooks/stockholmsenkaten-2024.yml",
            "  F62: F62",
            "  F62: F62x",
            "codebooks/stockholmsenkaten-2024.yml: okänd fråga F62x",
        ),
        (
            "codebooks/stockholmsenkaten-2024.yml",
            "trakasserad': 1}",
            "trakasserad': 9}",
            "stockholmsenkaten-2024.yml: F62 har ingen svarskod 9",
        ),
        ("surveys/stockholmsenkaten.yml", "scale: agree4", "scale: agree5", "skalan agree5 finns inte"),
        ("surveys/stockholmsenkaten.yml", "key: F6a", "key: F5", "F5: står två gånger"),
        ("surveys/stockholmsenkaten.yml", "routed_by: {item: F36,", "routed_by: {item: F3x,", "routas av okänd fråga F3x"),
        ("surveys/stockholmsenkaten.yml", "    maximum: 99\n", "", "F37: en räknefråga behöver maximum"),
        ("areas/tile_grid.csv", "0191,1,0\n", "", "areas/tile_grid.csv: 0191 saknas, fast den står i areas/municipalities.csv"),
        ("areas/tile_grid.csv", "0191,1,0", "0191,3,0", "areas/tile_grid.csv: 0188 har samma ruta som 0191"),
        ("areas/tile_grid.csv", "0191,1,0", "0191,1,0\n0199,9,9", "areas/tile_grid.csv: okänd kommun 0199"),
        ("areas/tile_grid.csv", "0191,1,0", "0191,ett,0", "areas/tile_grid.csv: rad 2: column: "),
        (
            "areas/municipalities.geojson",
            '"municipality_code":"0114"',
            '"municipality_code":"0115"',
            "areas/municipalities.geojson: 0114 saknas, fast den står i areas/municipalities.csv | "
            "areas/municipalities.geojson: 0115 står två gånger",
        ),
        ("areas/municipalities.geojson", '"features":[', '"x":[', "går inte att läsa som gränser med municipality_code"),
        (
            "report_series.yml",
            "series: [dik35_ej, dik36, dik37, dik35_stor]\n        chart: [dik35_ej, dik36, dik37, dik35_stor]",
            "series: [dik35_ej, dik37, dik35_stor]\n        chart: [dik35_ej, dik37, dik35_stor]",
            "report_series.yml: dik36 står inte i något avsnitt och skulle saknas i rapporten",
        ),
        ("areas/district_names.csv", "0180-109", "0180-199", "areas/district_names.csv: okänd kod 0180-199"),
    ],
)
def test_what_does_not_fit_together_is_told(copy, name, old, new, said):
    spoil(copy, name, old, new)
    assert said in problems(copy)
