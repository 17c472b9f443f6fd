"""Kolada's client against a local server: paging, patience, resuming, what it refuses, and what it leaves alone."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from assets.methods.errors import PipelineError
from assets.registers import assemble, files
from assets.registers.clients import http, kolada_client, vintage
from assets.registers.clients.http import Fetcher, Pace, PageCache
from assets.registers.models import Indicator
from pipelines import cli, fetch
from tests.support.recorded_server import TITLES, Behaviour, kolada_records, recorded_server

DAY = date(2026, 11, 22)
AREAS = files.load_register_catalogue().municipalities
KPIS = tuple(k for k in files.load_register_catalogue().sources["kolada"].indicators if k.key in TITLES)
YEARS = (2021, 2022, 2023)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def slept() -> list[float]:
    return []


def client(url: str, slept: list[float], cache: PageCache | None = None, timeout: float = 5.0) -> Fetcher:
    return Fetcher("Kolada", f"{url}/v3", cache, timeout=timeout, sleep=slept.append)


def fetch_all(fetcher: Fetcher, kpis: tuple[Indicator, ...] = KPIS) -> kolada_client.KoladaVintage:
    return kolada_client.fetch(fetcher, kpis, AREAS, YEARS)


def expected_rows() -> list[tuple]:
    """The recorded values, flattened by other code than the client's."""
    return sorted(
        (r["kpi"], r["municipality"], r["period"], v["gender"], v["status"], v["value"])
        for r in kolada_records()
        for v in r["values"]
    )


def got_rows(frame: pl.DataFrame) -> list[tuple]:
    return frame.select("kpi", "municipality_id", "year", "gender", "status", "value").rows()


@pytest.mark.parametrize("link", ["url", "query", "next_page"])
def test_all_pages_become_one_vintage(slept: list[float], link: str) -> None:
    with recorded_server(Behaviour(per_page=20, link=link)) as (url, server):
        got = fetch_all(client(url, slept))
    assert got_rows(got.frame) == expected_rows()
    assert got.frame.schema == pl.Schema(kolada_client.COLUMNS)
    assert got.notes == ()
    assert server.count("page=2") > 0
    assert server.repeated == []
    assert set(got.frame["kpi_title"]) == set(TITLES.values())
    assert slept == []


def test_no_segment_has_more_than_25_ids_and_no_page_more_than_5000_rows(slept: list[float]) -> None:
    with recorded_server() as (url, server):
        fetch_all(client(url, slept))
    data = [path for path in server.paths if "/data/" in path]
    assert len(data) == 2
    for path in data:
        ids = path.split("?")[0].split("/")[4::2]
        assert all(len(part.split(",")) <= 25 for part in ids)
        assert "per_page=5000" in path
    asked = {code for path in data for code in path.split("/municipality/")[1].split("/")[0].split(",")}
    assert asked == set(AREAS)


def test_deleted_values_are_dropped_and_a_null_is_no_zero(slept: list[float]) -> None:
    records = json.loads(json.dumps(kolada_records()))
    records[0]["values"][0]["isdeleted"] = True
    missing = next(v for r in records for v in r["values"] if v["status"] == "Missing")
    assert missing["value"] is None
    with recorded_server(Behaviour(records=records)) as (url, _):
        got = fetch_all(client(url, slept))
    assert got.frame.height == len(expected_rows()) - 1
    assert got.frame.filter(pl.col("status") == "Missing")["value"].null_count() > 0
    assert got.frame.filter(pl.col("status") == "Missing")["value"].drop_nulls().is_empty()


@pytest.mark.parametrize(
    ("header", "waits"),
    [("7", [7.0, 7.0]), (None, [1.0, 2.0]), ("skräp", [1.0, 2.0])],
    ids=["retry-after", "back-off", "unreadable"],
)
def test_429_is_waited_out_as_the_source_asks(slept: list[float], header: str | None, waits: list[float]) -> None:
    with recorded_server(Behaviour(statuses=[429, 429], retry_after=header)) as (url, _):
        got = fetch_all(client(url, slept))
    assert slept == waits
    assert got_rows(got.frame) == expected_rows()


def test_retry_after_may_be_a_date() -> None:
    assert http.seconds_to_wait("Sun, 22 Nov 2026 10:00:30 GMT", now=lambda: 1795341600.0) == 30.0
    assert http.seconds_to_wait("Sun, 22 Nov 2020 10:00:30 GMT", now=lambda: 1795341600.0) == 0.0


def test_a_source_that_wants_us_to_wait_for_hours_is_told_and_not_waited_for(slept: list[float]) -> None:
    with recorded_server(Behaviour(statuses=[429], retry_after="7200")) as (url, _), pytest.raises(PipelineError) as caught:
        fetch_all(client(url, slept))
    assert caught.value.code == "source_busy"
    assert "7200 sekunder" in str(caught.value)
    assert slept == []


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [
        (Behaviour(statuses=[500] * 9), "source_silent", "felkod 500 vid 4 försök"),
        (Behaviour(statuses=[429] * 9), "source_busy", "för ofta vid 4 försök"),
        (Behaviour(statuses=[404]), "source_refused", "felkod 404"),
        (Behaviour(truncate="json"), "bad_answer", "inte gick att läsa"),
        (Behaviour(truncate="length"), "bad_answer", "bröts mitt i"),
        (Behaviour(circle=True, per_page=1), "bad_answer", "cirkel"),
        (Behaviour(records=[]), "empty_answer", "utan värden"),
        (
            Behaviour(records=[{"kpi": "N15428", "municipality": "0114", "period": 2021, "values": ["x"]}]),
            "bad_answer",
            "utan något",
        ),
    ],
    ids=["500", "429", "404", "half json", "half length", "circle", "empty", "strange"],
)
def test_trouble_becomes_one_swedish_sentence(slept: list[float], behaviour: Behaviour, code: str, words: str) -> None:
    with recorded_server(behaviour) as (url, _), pytest.raises(PipelineError) as caught:
        fetch_all(client(url, slept))
    assert caught.value.code == code
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_source_that_never_answers_is_given_up(slept: list[float]) -> None:
    with recorded_server(Behaviour(hang=1.0)) as (url, server), pytest.raises(PipelineError) as caught:
        fetch_all(client(url, slept, timeout=0.05))
    assert caught.value.code == "source_silent"
    assert len(server.paths) == 4
    assert slept == [1.0, 2.0, 4.0]


def test_a_closed_port_is_silence(slept: list[float]) -> None:
    with recorded_server() as (url, _):
        pass
    with pytest.raises(PipelineError) as caught:
        fetch_all(client(url, slept))
    assert caught.value.code == "source_silent"


def test_a_promised_page_that_comes_empty_is_told(slept: list[float]) -> None:
    with recorded_server(Behaviour(per_page=20, empty_from_page=3)) as (url, _):
        got = fetch_all(client(url, slept))
    assert any("sidor som Kolada hade utlovat var tomma" in note for note in got.notes)


def test_another_title_stops_and_another_wording_is_told(slept: list[float]) -> None:
    with recorded_server(Behaviour(titles=TITLES | {"N15428": "Genomsnittligt meritvärde åk 9"})) as (url, server):
        with pytest.raises(PipelineError) as caught:
            fetch_all(client(url, slept))
        assert caught.value.code == "wrong_title"
        assert "N15428" in str(caught.value)
        assert server.count("/data/") == 0
    reworded = "Elever i årskurs 9 som är behöriga till yrkesprogram, hemkommun, andel (%)"
    with recorded_server(Behaviour(titles=TITLES | {"N15428": reworded})) as (url, _):
        notes = fetch_all(client(url, slept)).notes
    assert len(notes) == 1
    assert f"N15428 heter nu ”{reworded}”" in notes[0]


@pytest.mark.parametrize(
    ("expected", "got", "stops"),
    [
        ("Elever i åk 9, andel (%)", "Elever i åk  9 , andel (%).", False),
        ("Gymnasieelever, positiva svar, andel (%). (-2021)", "Gymnasieelever, positiva svar, andel (%)", False),
        ("Elever i kulturskola, 6–15 år, andel (%)", "Elever i kulturskola, 6-15 år, antal", True),
        ("Anmälda stöldbrott, antal/1000 inv", "Anmälda stöldbrott, antal/100 000 inv", True),
        ("Anmälda brott om skadegörelse per 1 000 inv.", "Anmälda brott om skadegörelse, antal/1000 inv", False),
    ],
)
def test_a_title_with_another_unit_stops(expected: str, got: str, stops: bool) -> None:
    kpi = KPIS[0].model_copy(update={"title_official": expected})
    if stops:
        with pytest.raises(PipelineError, match="bytt innebörd"):
            kolada_client.check_titles([kpi], {kpi.key: got})
    else:
        kolada_client.check_titles([kpi], {kpi.key: got})


def test_titles_of_the_catalogue_agree_with_themselves() -> None:
    kpis = files.load_register_catalogue().sources["kolada"].indicators
    assert kolada_client.check_titles(kpis, {k.key: k.title_official or "" for k in kpis}) == []


def test_what_was_asked_for_and_did_not_come_is_told(slept: list[float]) -> None:
    gone = KPIS[0].model_copy(update={"key": "N99999"})
    records = [r for r in kolada_records() if r["municipality"] != "0114"]
    with recorded_server(Behaviour(records=records)) as (url, _):
        notes = fetch_all(client(url, slept), (*KPIS, gone)).notes
    assert any("N99999" in note and "saknas i årgången" in note for note in notes)
    assert sum("0114" in note for note in notes) == 2  # unknown municipality, and no values


def test_an_interrupted_fetch_goes_on_where_it_stopped(tmp_path: Path, slept: list[float]) -> None:
    cache = PageCache(tmp_path, DAY.isoformat())
    with recorded_server(Behaviour(per_page=20, fail_after=6)) as (url, server):
        with pytest.raises(PipelineError):
            fetch_all(client(url, slept, cache))
        answered, server.fail_after = set(server.paths[:6]), None
        server.paths.clear()
        second = fetch_all(client(url, slept, cache))
        assert not answered & set(server.paths)
        server.paths.clear()
        third = fetch_all(client(url, slept, cache))
        assert server.paths == []
    assert got_rows(second.frame) == expected_rows() == got_rows(third.frame)
    stored = [json.loads(p.read_text(encoding="utf-8")) for p in (tmp_path / "2026-11-22").glob("*.json")]
    assert {page["retrieved"] for page in stored} == {"2026-11-22"}


def test_answers_of_another_day_and_damaged_pages_are_not_used(tmp_path: Path, slept: list[float]) -> None:
    with recorded_server() as (url, server):
        fetch_all(client(url, slept, PageCache(tmp_path, "2026-11-21")))
        before = len(server.paths)
        fetch_all(client(url, slept, PageCache(tmp_path, "2026-11-22")))
        assert len(server.paths) == 2 * before
        for page in (tmp_path / "2026-11-22").glob("*.json"):
            page.write_text('{"answer": ', encoding="utf-8")
        fetch_all(client(url, slept, PageCache(tmp_path, "2026-11-22")))
        assert len(server.paths) == 3 * before


def test_pace_lets_no_more_calls_through_than_the_window_allows() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace, made = Pace(3, 1.0, clock=lambda: now[0], sleep=sleep), []
    for _ in range(10):
        pace.wait()
        made.append(now[0])
    assert made == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]


def test_only_web_addresses_are_asked() -> None:
    with pytest.raises(PipelineError, match="https://"):
        Fetcher("Kolada", "file:///etc")


# The vintage file and the command


def bundled(inbox: Path) -> Path:
    target = inbox / "kolada_2024-01-30_data_raw.parquet"
    inbox.mkdir(parents=True, exist_ok=True)
    target.write_bytes((files.BUNDLED / target.name).read_bytes())
    return target


def test_a_fetched_vintage_is_read_like_the_bundled_ones(tmp_path: Path) -> None:
    with recorded_server() as (url, _):
        got = vintage.fetch_kolada(vintage.Place(tmp_path / "in", tmp_path / "c", DAY), f"{url}/v3", sleep=lambda s: None)
    assert got.path.name == "kolada_2026-11-22_data_raw.parquet"
    catalogue = files.load_register_catalogue()
    values = assemble.parse_values(files.read_register_file(got.path), catalogue)
    assert values["vintage"].unique().to_list() == ["2026-11-22"]
    old = assemble.parse_values(files.read_register_file(files.BUNDLED / "kolada_2024-01-30_data_raw.parquet"), catalogue)
    wanted = pl.col("indicator_key").is_in(list(TITLES)) & pl.col("year").is_in(list(YEARS))
    cell = ["indicator_key", "area_code", "year", "sex", "value", "reason"]
    # N09890 has no year 2023 in the recording.
    recorded = values.filter(wanted).select(cell)
    assert recorded.join(old.select(cell), on=cell, how="anti", nulls_equal=True).is_empty()
    assert recorded.height == 26 * 3 * (3 + 2)
    assert [p.name for p in (tmp_path / "in").iterdir()] == [got.path.name]


def test_a_jump_of_level_leaves_the_old_vintage_in_place(tmp_path: Path) -> None:
    old = bundled(tmp_path / "in")
    records = json.loads(json.dumps(kolada_records()))
    for record in records:
        for value in record["values"]:
            if record["kpi"] == "N15428" and value["value"] is not None:
                value["value"] /= 100
    with recorded_server(Behaviour(records=records)) as (url, _), pytest.raises(PipelineError) as caught:
        vintage.fetch_kolada(vintage.Place(tmp_path / "in", tmp_path / "c", DAY), f"{url}/v3", sleep=lambda s: None)
    assert caught.value.code == "level_jump"
    assert "N15428" in str(caught.value)
    assert "100,0 gånger lägre" in str(caught.value)
    assert list((tmp_path / "in").iterdir()) == [old]


def test_the_command_fetches_writes_and_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("DID_HOME", str(tmp_path))
    monkeypatch.setattr(vintage, "KOLADA_PACE", (1000, 1.0))
    bundled(tmp_path / "inbox" / "register")
    with recorded_server() as (url, server):
        assert cli.main(["hamta", "kolada", "--bas-url", f"{url}/v3"]) == 0
        first = capsys.readouterr().out
        asked = len(server.paths)
        assert cli.main(["hamta", "kolada", "--bas-url", f"{url}/v3"]) == 0
        assert len(server.paths) == asked
        assert cli.main(["hamta", "kolada", "--bas-url", f"{url}/v3", "--pa-nytt"]) == 0
        assert len(server.paths) == 2 * asked
    assert first.startswith("✓ kolada_20")
    assert "Jämfört med årgången 2024-01-30" in first
    assert "saknas i årgången" in first
    assert "inga nya frågor" in capsys.readouterr().out


def test_a_silent_source_leaves_the_last_good_vintage_and_says_so(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("DID_HOME", str(tmp_path))
    monkeypatch.setattr(http.time, "sleep", lambda seconds: None)
    old = bundled(tmp_path / "inbox" / "register")
    content = old.read_bytes()
    monkeypatch.setitem(fetch.SOURCES, "kolada", (lambda *a: vintage.fetch_kolada(*a, sleep=lambda s: None), ""))
    with recorded_server(Behaviour(statuses=[503] * 9)) as (url, _):
        assert cli.main(["hamta", "kolada", "--bas-url", f"{url}/v3"]) == 2
    error = capsys.readouterr().err
    assert "årgången från 30\u00a0januari\u00a02024 ligger kvar och används." in error
    assert error.count("\n") == 1
    assert old.read_bytes() == content
    assert [p.name for p in old.parent.iterdir()] == [old.name]


def test_without_a_vintage_the_sentence_says_that_too(tmp_path: Path) -> None:
    assert fetch.still_in_place(tmp_path, "kolada") == "Inget är ändrat; det finns ingen tidigare årgång i inkorgen."


def test_no_address_is_asked_unless_the_command_is_given() -> None:
    """Nothing that runs by itself imports the clients."""
    root = Path(cli.__file__).resolve().parents[1]
    importers = [
        path.relative_to(root).as_posix()
        for folder in ("assets", "pipelines", "expectations")
        for path in sorted((root / folder).rglob("*.py"))
        if "registers.clients" in path.read_text(encoding="utf-8") and "registers/clients" not in path.as_posix()
    ]
    assert importers == ["pipelines/fetch.py"]
    assert "pipelines.fetch" not in (root / "pipelines" / "run.py").read_text(encoding="utf-8")
