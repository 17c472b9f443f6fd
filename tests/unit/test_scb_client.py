"""SCB's client and its reader: json-stat in all its shapes, limits, questions checked against metadata, noise marked."""

from __future__ import annotations

import itertools
import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.errors import PipelineError
from assets.registers import assemble, files, jsonstat, scb
from assets.registers.clients import scb_client, vintage
from assets.registers.clients.http import Fetcher
from assets.registers.models import ScbTable
from assets.registers.raw import from_raw_cells, to_raw_cells
from pipelines import cli
from tests.support.recorded_server import Behaviour, recorded_server, recording, small_metadata

AREAS = files.load_register_catalogue().municipalities
SOURCE = files.load_register_catalogue().more["scb"]
DAY = date(2026, 11, 22)
QUICK = recording("config") | {"maxCallsPerTimeWindow": 1000}
POPULATION = small_metadata(
    "Folkmängden efter region, civilstånd, ålder och kön. År 1968-2025",
    {
        "Region": {"00": "Riket", "01": "Stockholms län"} | {code: f"Kommun {code}" for code in AREAS},
        "Civilstand": {"OG": "ogifta", "G": "gifta"},
        "Alder": {"15": "15 år", "16": "16 år", "17": "17 år"},
        "Kon": {"1": "män", "2": "kvinnor"},
        "ContentsCode": {"BE0101N1": "Folkmängd", "BE0101N2": "Folkökning"},
        "Tid": {"2009": "2009", "2023": "2023", "2024": "2024", "2025": "2025"},
    },
    eliminated=("Region", "Civilstand", "Alder", "Kon"),
)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def dataset(values: object, status: object = None, index: object = None) -> dict:
    answer = {
        "id": ["A", "B"],
        "size": [2, 3],
        "dimension": {
            "A": {"category": {"index": {"a2": 1, "a1": 0}, "label": {"a2": "två", "a1": "ett"}}},
            "B": {"category": {"index": index or ["b1", "b2", "b3"], "label": {}}},
        },
        "value": values,
    }
    return answer if status is None else answer | {"status": status}


# json-stat


def test_values_lie_row_by_row_in_the_order_of_the_index_and_not_of_the_labels() -> None:
    frame = jsonstat.parse(dataset([1, 2, 3, 4, 5, None]), "T")
    assert frame.columns == ["A", "B", "value", "status"]
    assert frame.select("A", "B", "value").rows() == [
        ("a1", "b1", 1.0),
        ("a1", "b2", 2.0),
        ("a1", "b3", 3.0),
        ("a2", "b1", 4.0),
        ("a2", "b2", 5.0),
        ("a2", "b3", None),
    ]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, [None] * 6),
        ({"5": ".."}, [None] * 5 + [".."]),
        ([None] * 5 + [".."], [None] * 5 + [".."]),
        ("p", ["p"] * 6),
    ],
)
def test_statuses_in_all_three_shapes(status: object, expected: list) -> None:
    assert jsonstat.parse(dataset([1, 2, 3, 4, 5, None], status), "T")["status"].to_list() == expected


def test_sparse_values_have_a_row_for_every_cell() -> None:
    sparse = jsonstat.parse(dataset({"0": 1, "4": 5}), "T")
    assert sparse["value"].to_list() == [1.0, None, None, None, 5.0, None]
    assert sparse.drop("value").equals(jsonstat.parse(dataset([1, None, None, None, 5, None]), "T").drop("value"))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.booleans())
def test_every_cell_gets_the_value_of_its_own_place(sizes: list[int], sparse: bool) -> None:
    """Offset = sum of position x product of the later sizes, computed cell by cell."""
    names = [f"D{i}" for i in range(len(sizes))]
    cells = list(itertools.product(*[range(n) for n in sizes]))
    offset = {c: sum(p * _product(sizes[i + 1 :]) for i, p in enumerate(c)) for c in cells}
    values = {str(o): o for o in offset.values()} if sparse else sorted(offset.values())
    answer = {
        "id": names,
        "size": sizes,
        "dimension": {n: {"category": {"index": {f"{n}{k}": k for k in range(s)}}} for n, s in zip(names, sizes, strict=True)},
        "value": values,
    }
    frame = jsonstat.parse(answer, "T")
    got = {tuple(int(code[2:]) for code in row[: len(sizes)]): row[len(sizes)] for row in frame.iter_rows()}
    assert got == {c: float(o) for c, o in offset.items()}


def _product(numbers: list[int]) -> int:
    return 1 if not numbers else numbers[0] * _product(numbers[1:])


@pytest.mark.parametrize(
    "answer",
    [
        dataset([1, 2, 3]),
        dataset({"6": 1}),
        dataset([1] * 6, index=["b1", "b2"]),
        {"id": ["A"], "size": [1], "value": [1]},
        {"dimension": {}},
    ],
    ids=["too few", "outside", "codes", "no dimension", "nothing"],
)
def test_an_answer_that_does_not_fit_itself_is_refused(answer: dict) -> None:
    with pytest.raises(PipelineError) as caught:
        jsonstat.parse(answer, "TAB1")
    assert caught.value.code == "bad_answer"
    assert "TAB1" in str(caught.value)


# Questions


def test_limits_are_read_and_set_the_pace() -> None:
    with recorded_server() as (url, _):
        fetcher = Fetcher("SCB", f"{url}/scb")
        limits = scb_client.read_limits(fetcher)
    assert limits == scb_client.Limits(150_000, 3, 1.0)
    assert fetcher.pace is not None
    assert (fetcher.pace.calls, fetcher.pace.seconds) == (3, 1.0)


def test_an_old_api_is_refused() -> None:
    with (
        recorded_server(Behaviour(config={"apiVersion": "1.9"})) as (url, _),
        pytest.raises(PipelineError, match=r"version 1\.9"),
    ):
        scb_client.read_limits(Fetcher("SCB", f"{url}/scb"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=4), st.integers(1, 60))
def test_split_covers_every_cell_once_within_the_limit(sizes: list[int], most: int) -> None:
    selection = {f"D{i}": [f"{i}-{k}" for k in range(n)] for i, n in enumerate(sizes)}
    parts = scb_client.split(selection, most)
    cells = [cell for part in parts for cell in itertools.product(*part.values())]
    assert sorted(cells) == sorted(itertools.product(*selection.values()))
    assert all(_product([len(codes) for codes in part.values()]) <= most for part in parts)


def test_both_sexes_are_asked_for_and_not_added_up() -> None:
    table = SOURCE.table
    assert table is not None
    first, second = scb_client.questions(POPULATION, table, SOURCE, ["01", *AREAS])
    assert first["Kon"] == ["1", "2"]
    assert "Kon" not in second
    assert first["Alder"] == ["15", "17"]
    assert first["Tid"] == ["2023", "2024", "2025"]
    assert "Civilstand" not in first
    monthly = recording("TAB6471_metadata")
    own_code = table.model_copy(
        update={"label": "Folkmängden per månad", "sex_total": "TotSa", "fixed": {"ContentsCode": "000007SF"}, "period": "M12$"}
    )
    (one,) = scb_client.questions(monthly, own_code, SOURCE, AREAS)
    assert one["Kon"] == ["1", "2", "TotSa"]
    assert one["Tid"] == ["2025M12"]
    assert one["Region"] == list(AREAS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": "Medelålder"}, "en titel som börjar med"),
        ({"fixed": {"ContentsCode": "X"}}, "koderna X i ContentsCode"),
        ({"region": "Omrade"}, "dimensionen Omrade"),
        ({"first_year": 2030}, "koderna för"),
        ({"sex_codes": {"9": "boy"}}, "koderna 9 i Kon"),
        ({"fixed": {}}, "en ny dimension, ContentsCode"),
    ],
)
def test_a_changed_table_stops_before_any_data_is_fetched(change: dict, words: str) -> None:
    assert SOURCE.table is not None
    with pytest.raises(PipelineError, match=words) as caught:
        scb_client.questions(POPULATION, SOURCE.table.model_copy(update=change), SOURCE, AREAS)
    assert caught.value.code == "changed_table"


# Vintage and reader


def fetched(tmp_path: Path, behaviour: Behaviour | None = None) -> tuple[vintage.Fetched, Behaviour]:
    with recorded_server(behaviour or Behaviour(metadata=POPULATION, config=QUICK)) as (url, server):
        place = vintage.Place(tmp_path / "in", tmp_path / "cache", DAY)
        return vintage.fetch_scb(place, f"{url}/scb", sleep=lambda s: None), server


def test_a_fetched_table_goes_the_way_of_all_registers(tmp_path: Path) -> None:
    got, server = fetched(tmp_path)
    assert got.path.name == "scb_TAB638_2026-11-22.parquet"
    assert len(server.bodies) == 2
    raw = from_raw_cells(to_raw_cells(files.read_register_file(got.path)))
    assert (raw.kind, raw.meta) == ("scb", {"vintage": "2026-11-22"})
    catalogue = files.load_register_catalogue()
    tables = assemble.build([raw], catalogue)
    values = tables.values
    assert values.height == 2 * 27 * 3 * 3  # ages, areas, years, sexes
    assert set(values["reason"]) == {"ok"}
    assert set(values.filter(area_level="county")["area_code"]) == {"01"}
    # The server counts from 100 in each answer, in the order of the question: both sexes aren't girls plus boys.
    one = values.filter(area_code="01", indicator_key="population_15", year=2023)
    assert dict(one.select("sex", "value").rows()) == {"boy": 100.0, "girl": 103.0, "all": 100.0}
    assert any("CKM" in note for note in got.notes)


def test_years_with_noise_are_marked_and_only_those(tmp_path: Path) -> None:
    got, _ = fetched(tmp_path)
    frame = pl.read_parquet(got.path)
    marks = frame.group_by("dim_Tid").agg(pl.col("perturbed").unique()).sort("dim_Tid")
    assert marks.rows() == [("2023", [False]), ("2024", [False]), ("2025", [True])]
    text = frame.select(pl.all().cast(pl.String))
    assert scb.perturbed_years(text, SOURCE) == (2025,)


def test_questions_are_cut_to_the_limit_and_give_the_same_table(tmp_path: Path) -> None:
    small = QUICK | {"maxDataCells": 10}
    whole = pl.read_parquet(fetched(tmp_path / "a")[0].path)
    parts, server = fetched(tmp_path / "b", Behaviour(metadata=POPULATION, config=small))
    assert len(server.bodies) > 20
    cut = pl.read_parquet(parts.path)
    keys = [c for c in whole.columns if c != "value"]
    assert cut.select(keys).equals(whole.select(keys))


def test_a_null_keeps_its_status_and_is_never_zero() -> None:
    table = pl.DataFrame(
        [
            ("TAB638", "0114", "15", "1", "BE0101N1", "2023", "7", None, "false"),
            ("TAB638", "0114", "15", "2", "BE0101N1", "2023", None, "..", "false"),
            ("TAB638", "0114", "15", None, "BE0101N1", "2023", None, ".", "false"),
        ],
        schema=["scb_table", "dim_Region", "dim_Alder", "dim_Kon", "dim_ContentsCode", "dim_Tid", "value", "status", "perturbed"],
        orient="row",
    ).with_columns(updated=pl.lit(""), title=pl.lit(""))
    got = scb.parse(table, SOURCE, ["0114"], "2026-11-22").sort("sex")
    assert got.select("sex", "value", "reason").rows() == [
        ("all", None, "not_applicable"),
        ("boy", 7.0, "ok"),
        ("girl", None, "missing"),
    ]
    for change, code in (
        (table.with_columns(value=pl.lit("många")), "bad_number"),
        (pl.concat([table, table]), "duplicate_rows"),
        (table.with_columns(dim_Region=pl.lit("2584")), "no_areas"),
        (table.with_columns(dim_Kon=pl.lit("3")), "bad_number"),
        (table.drop("dim_Alder"), "unknown_layout"),
    ):
        with pytest.raises(PipelineError) as caught:
            scb.parse(change, SOURCE, ["0114"], "2026-11-22")
        assert caught.value.code == code


def test_an_answer_without_values_writes_nothing(tmp_path: Path) -> None:
    empty = {"id": ["Region"], "size": [1], "dimension": {"Region": {"category": {"index": {"01": 0}}}}, "value": [None]}
    wanted = ("Alder", "Kon", "ContentsCode", "Tid", "Civilstand")
    for name in wanted:
        empty["id"].append(name)
        empty["size"].append(1)
        empty["dimension"][name] = {"category": {"index": {"2025": 0}}}
    with pytest.raises(PipelineError) as caught:
        fetched(tmp_path, Behaviour(metadata=POPULATION, config=QUICK, data=empty))
    assert caught.value.code == "empty_answer"
    assert not list((tmp_path / "in").glob("*"))


def test_the_command_asks_scb_and_a_silent_scb_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("DID_HOME", str(tmp_path))
    with recorded_server(Behaviour(metadata=POPULATION, config=QUICK)) as (url, _):
        assert cli.main(["hamta", "scb", "--bas-url", f"{url}/scb"]) == 0
    assert "scb_TAB638_" in capsys.readouterr().out
    held = {p.name for p in (tmp_path / "inbox" / "register").iterdir()}
    with recorded_server(Behaviour(metadata=POPULATION, config=QUICK, statuses=[403])) as (url, _):
        assert cli.main(["hamta", "scb", "--bas-url", f"{url}/scb", "--pa-nytt"]) == 2
    error = capsys.readouterr().err
    assert "ligger kvar och används" in error
    assert error.count("\n") == 1
    assert {p.name for p in (tmp_path / "inbox" / "register").iterdir()} == held


def test_the_recorded_table_is_read_whole_and_its_totals_are_told_apart() -> None:
    table = ScbTable(id="TAB6471", label="Folkmängden per månad", fixed={"ContentsCode": "000007SF"}, first_year=2025)
    answer = recording("TAB6471_data")
    frame = jsonstat.parse(answer, table.id)
    assert frame.height == 2772
    assert frame.select(scb_client.perturbed("Tid", table)).to_series().all()
    totals = jsonstat.total_codes(answer)
    assert totals == {"Kon": {"TotSa"}}
    assert set(jsonstat.without_totals(frame, totals)["Kon"]) == {"1", "2"}
    assert json.dumps(answer["note"], ensure_ascii=False).count("Cell Key Method") >= 1
