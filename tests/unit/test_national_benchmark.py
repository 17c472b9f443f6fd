"""The national benchmark: copies are whole and apart, work that is done isn't done again, and a wrong sum is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from benchmarks import national
from benchmarks.common.national_chart import panels, spread
from benchmarks.national import copied, kept, main, table, totals, wanted_waves
from benchmarks.national_stages import COUNTY, STAGES, Asked, chosen_bundles, in_county, published_of, with_indices
from benchmarks.national_sums import not_added_up, not_counted, unlike_the_first

CODES = [f"01{n:02d}" for n in range(COUNTY)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A finished run of a county in two waves: two pupils in each municipality."""
    place = tmp_path / "home"
    place.mkdir()
    rows = [(f"{wave}-{code}-{n}", code, f"{code}-1", "s1", wave) for wave in (2022, 2024) for code in CODES for n in (1, 2)]
    answers = pl.DataFrame(
        rows, orient="row", schema=["respondent_key", "municipality_code", "district_code", "school_code", "wave"]
    ).with_columns(pl.col("wave").cast(pl.Int32))
    with duckdb.connect(str(place / "warehouse.duckdb")) as con:
        con.register("answers", answers.to_arrow())
        con.execute("create schema validated; create table validated.survey_responses as select * from answers")
    return place


def test_a_nation_is_its_county_under_other_codes_and_earlier_waves(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "nation.duckdb"
    target.with_suffix(".part").write_text("left by a kill")
    copied(home / "warehouse.duckdb", target, 58, 3)
    assert [path.name for path in tmp_path.glob("nation*")] == ["nation.duckdb"]
    with duckdb.connect(str(target), read_only=True) as con:
        made = pl.from_arrow(con.sql("select * from validated.survey_responses").to_arrow_table())
    assert sorted(made["wave"].unique()) == [2014, 2022, 2024]
    per_wave = made.group_by("wave").agg(
        pl.col("municipality_code").n_unique(), pl.len(), pl.col("respondent_key").n_unique().alias("keys")
    )
    assert per_wave.drop("wave").unique().rows() == [(58, 116, 116)]
    assert made["municipality_code"].str.slice(0, 2).value_counts().sort("municipality_code")["count"].to_list() == [156, 156, 36]
    assert set(made.filter(pl.col("municipality_code") == "0305")["school_code"]) == {"03-s1"}
    assert wanted_waves([2022, 2024], 5) == [(2024, 0), (2022, 0), (2024, 10), (2022, 10), (2024, 20)]


def test_the_same_command_goes_on_where_it_was_stopped(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, ...]] = []

    def stopped(asked: Asked) -> Iterator[tuple[str, int]]:
        for wave in asked.left(asked.waves):
            if wave == 2024 and not asked.done:
                raise KeyboardInterrupt
            seen.append((str(asked.place.name), str(wave)))
            yield str(wave), 10

    def in_this_process(command: list[str], **_: object) -> None:
        main([str(part) for part in command[3:]])

    monkeypatch.setitem(STAGES, "hiding", stopped)
    monkeypatch.setattr(national.subprocess, "run", in_this_process)
    folder = tmp_path / "kept"
    command = ["--home", str(home), "--folder", str(folder), "--municipalities", "30", "--waves", "2", "--stages", "hiding"]
    with pytest.raises(KeyboardInterrupt):
        main(command)
    main(command)
    main(command)
    assert seen == [("national_30_2.duckdb", "2022"), ("national_30_2.duckdb", "2024")]
    lines = kept(folder)
    assert [line["unit"] for line in lines] == ["2022", "2024"]
    assert {line["respondents"] for line in lines} == {120}
    assert all(line["cpu"] >= 0 and line["peak_mb"] > 0 for line in lines)
    (both,) = totals(lines)
    assert (both["units"], both["made"]) == (2, 20)


def _line(stage: str, municipalities: int, waves: int, **more: object) -> dict[str, object]:
    size = {"stage": stage, "municipalities": municipalities, "waves": waves, "indices": 7}
    return {**size, "unit": "all", "made": 1, "cpu": 2.0, "wall": 3.0, "peak_mb": 100, **more}


def test_units_are_added_up_and_the_largest_peak_is_told() -> None:
    lines = [
        _line("audit", 52, 1, unit="01", cpu=20.5, peak_mb=300),
        _line("audit", 52, 1, unit="02", cpu=1.0),
        _line("scores", 26, 1),
    ]
    assert table(lines).splitlines()[2:] == ["| 26 x 1 | 2.0 / 100 |  |", "| 52 x 1 |  | 21.5 / 300 (2) |"]


def test_the_chart_holds_one_thing_while_the_other_grows() -> None:
    rows = [_line("scores", m, w, cpu=float(m * w)) for m, w in ((26, 1), (290, 1), (26, 5), (290, 10))] + [_line("audit", 26, 1)]
    shown = {(measure, label): [point["x"] for point in points] for measure, label, points in panels(rows)}
    across, along = "Kommuner, 1 mättillfälle", "Mättillfällen, 26 kommuner"
    assert shown == {(measure, label): x for measure in ("cpu", "peak_mb") for label, x in ((across, [26, 290]), (along, [1, 5]))}
    assert spread([5.0, 1.0, 1.0], 2.0) == [5.0, 1.0, 3.0]


def test_the_audit_sees_what_is_published_of_the_asked_waves_and_municipalities() -> None:
    shown = pl.DataFrame(
        {"area_level": ["county", "municipality", "district", "municipality"], "area_code": ["01", "0101", "0101-1", "0102"]}
    )
    results = pl.concat(
        shown.with_columns(wave=pl.lit(wave, pl.Int32), from_wave=pl.lit(2022, pl.Int32)) for wave in (2022, 2024)
    )
    tables = {"index_results": results, "decisions": pl.DataFrame({"text": ["a"]})}
    whole = published_of(tables, [2012, 2014, 2022, 2024], COUNTY)
    found = whole["index_results"].select("wave", "from_wave").unique().sort("wave").rows()
    assert found == [(2012, 2012), (2014, 2012), (2022, 2022), (2024, 2022)]
    assert published_of(tables, [2024], COUNTY)["index_results"].is_empty()
    assert whole["index_results"].schema == results.schema
    assert whole["decisions"].height == 1
    assert published_of(tables, [2022], 1)["index_results"]["area_code"].to_list() == ["0101", "0101-1"]
    assert [in_county(county, 58) for county in Asked(Path(), (), 7, 58).counties] == [26, 26, 6]


def test_bundles_of_a_part_of_a_county_are_small_and_large_ones() -> None:
    from assets.catalogue.load import load_catalogue

    catalogue = load_catalogue()
    few = list(chosen_bundles(catalogue, Asked(Path(), (2024,), 7, 2)))
    codes = sorted(catalogue.municipality_by_code)
    assert few == [("01", code, edition) for code in (codes[0], codes[len(codes) // 2]) for edition in ("intern", "publik")]
    assert len(set(chosen_bundles(catalogue, Asked(Path(), (2024,), 7, 290)))) == 580
    asked = [one.id for one in catalogue.indicator_file.indicators]
    more, fewer = with_indices(catalogue, 14), with_indices(catalogue, 1)
    assert [one.id for one in more.indicator_file.indicators] == [*asked, *(f"{name}_1" for name in asked)]
    assert [one.id for one in fewer.indicator_file.indicators] == asked[: len(asked) // 7]
    more = with_indices(catalogue, 9)
    assert [index.key for index in more.indices[7:]] == [f"{index.key}_1" for index in catalogue.indices[:2]]


def _counts(counties: dict[str, tuple[int, int]]) -> pl.DataFrame:
    rows = []
    for county, (one, two) in counties.items():
        rows += [("county", county, one + two), ("municipality", f"{county}01", one), ("municipality", f"{county}02", two)]
    counts = pl.DataFrame(rows, orient="row", schema=["area_level", "area_code", "n_respondents"])
    return counts.with_columns(wave=2024, grade=pl.lit("ak9"), sex=pl.lit("all"), index_key=pl.lit("a"), band1="n_respondents")


def test_a_lost_pupil_is_found() -> None:
    counts = _counts({"01": (3, 4), "02": (3, 4)})
    answers = pl.DataFrame({"municipality_code": ["0101"] * 3 + ["0102"] * 4, "wave": 2024, "sex": "girl"})
    answers = pl.concat(
        [answers, answers.with_columns(municipality_code=pl.lit("0201")), answers.head(1).with_columns(sex=pl.lit("other"))]
    )
    assert (not_added_up(counts), not_counted(counts, answers), unlike_the_first(counts)) == (0, 0, [])
    assert not_counted(counts, answers.tail(-1)) == 1
    lost = counts.with_columns(band1=pl.when(pl.col("area_code") == "0202").then(3).otherwise("band1"))
    assert (not_added_up(lost), unlike_the_first(lost)) == (1, ["02"])
    assert not_added_up(counts.filter(pl.col("area_code") != "02")) == 1
