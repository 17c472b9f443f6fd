"""did gallra: what is chosen, that it is gone everywhere, that it can be interrupted, and that it doesn't come back."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from assets.forms.collect import Around
from assets.forms.receive import receive_forms
from assets.hygiene import purge, purged
from assets.hygiene.traces import files_below
from assets.intake.receive import inbox_files, receive
from assets.ledger import store
from assets.ledger.types import Input
from assets.methods.errors import PipelineError
from pipelines.cli import parser
from pipelines.hygiene_commands import gallra
from pipelines.paths import Paths
from pipelines.recorder import recorded
from pipelines.warehouse import TableName, Warehouse

GONE, KEPT, OLD = "Enkät 2024 Åby.csv", "Enkät 2024 Berga.csv", "Enkät 2010-2012 Celsing.csv"
CANARY = "KANARIE-GALLRAS-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAMES = {GONE: ("0114", (2024,)), KEPT: ("0115", (2024,)), OLD: ("0117", (2010, 2012))}


def content(name: str) -> bytes:
    """A delivery's bytes, its own all through."""
    return "\n".join(f"{name};{n};{CANARY if name == GONE else 'annat'}" for n in range(200)).encode()


def digest(name: str) -> str:
    """Its hash."""
    return sha256(content(name)).hexdigest()


@pytest.fixture
def home(tmp_path) -> Path:
    """A data folder with three deliveries everywhere that they leave something."""
    paths = Paths(tmp_path)
    paths.make()
    rows = {"survey_deliveries": [], "survey_responses": [], "survey_texts": [], "complete_files": []}
    derived, pupils = [], []
    for name, (code, waves) in NAMES.items():
        own, short = digest(name), digest(name)[:12]
        (paths.surveys / name).write_bytes(content(name))
        (paths.archive / own).mkdir()
        (paths.archive / own / name).write_bytes(content(name))
        (paths.quality / "2024").mkdir(parents=True, exist_ok=True)
        (paths.quality / "2024" / f"{own[:8]}.html").write_text(name, encoding="utf-8")
        rows["complete_files"].append({"sha256": own})
        for wave in waves:
            one = {"delivery_id": short, "wave": wave, "source_file": name, "source_sha256": own}
            rows["survey_deliveries"].append({**one, "rows": 200})
            rows["survey_responses"] += [{**one, "source_row": n} for n in range(200)]
            rows["survey_texts"].append({"delivery_id": short, "wave": wave, "texts": content(name).decode()})
            replaced = f"{GONE}" if name == KEPT else None
            own_code, places = (None, "Vallentuna") if name == KEPT else (code, None)
            one = {"delivery_id": short, "wave": wave, "municipality_code": own_code, "replaced_places": places}
            derived.append({**one, "replaced_by": replaced})
            pupils += [{"respondent_key": f"{short}-{n}", "wave": wave, "municipality_code": code} for n in range(200)]
    tables = [(TableName("raw", name), pl.DataFrame(part), None) for name, part in rows.items()]
    tables += [(TableName("harmonised", "delivery_counts"), pl.DataFrame(derived), None)]
    tables += [(TableName("indices", "person_scores"), pl.DataFrame(pupils), None)]
    tables += [(TableName("indices", "area_counts"), pl.DataFrame({"wave": [2010, 2024], "n": [1, 2]}), None)]
    Warehouse(paths.warehouse).replace_together(tables)
    (paths.rejected / "omdöpt.csv").write_bytes(content(GONE))
    (paths.rejected / "omdöpt.csv.txt").write_text("Fel.", encoding="utf-8")
    (tmp_path / "dagster").mkdir()
    with closing(sqlite3.connect(tmp_path / "dagster" / "index.db")) as con:
        con.execute("create table event_logs (id integer, event text)")
        event = json.dumps({"label": "leveranser", "text": json.dumps({"md": f"| {GONE} | {KEPT} |"})})
        con.execute("insert into event_logs values (1, ?)", [event])
        con.commit()
    (tmp_path / "dagster" / "run.out").write_text(f"läser {GONE}", encoding="utf-8")
    (paths.reports / "2024").mkdir()
    (paths.reports / "2024" / "manifest.json").write_text(digest(GONE), encoding="utf-8")
    return tmp_path


def run(home: Path, *words: str, answer: str = "") -> int:
    """The command on a data folder."""
    arguments = parser().parse_args(["gallra", *words])
    return gallra(arguments, Paths(home), home, lambda _: answer)


def holding(home: Path, words: Sequence[bytes]) -> set[str]:
    """Files that hold one of the words: an independent search."""
    return {p.relative_to(home).parts[0] for p in files_below(home) if any(w in p.read_bytes() for w in words)}


def test_without_the_word_nothing_is_taken_away(home, capsys):
    before = {path: path.read_bytes() for path in files_below(home)}
    assert run(home, GONE) == run(home, digest(GONE)[:12]) == run(home, GONE, "--utfor", answer="ja") == 0
    assert {path: path.read_bytes() for path in files_below(home)} == before
    told = capsys.readouterr().out
    assert f"{GONE}, omdöpt.csv (2024, 200 rader, {digest(GONE)[:12]})" in told
    assert CANARY not in told


def test_a_delivery_is_gone_everywhere_and_the_others_are_whole(home, capsys):
    assert CANARY.encode() in (home / "inbox/enkat" / GONE).read_bytes()
    assert run(home, GONE, "--utfor", "--av", "Test", answer="GALLRA") == 0
    own = digest(GONE).encode()
    assert holding(home, [CANARY.encode()]) == set()
    assert holding(home, [own[:12]]) == {"reports", "gallring", "gallrade.jsonl"}
    assert holding(home, [GONE.encode(), json.dumps(json.dumps(GONE))[3:-3].encode()]) == set()
    warehouse = Warehouse(home / "warehouse.duckdb")
    assert set(warehouse.read(TableName("raw", "survey_responses"))["source_file"]) == {KEPT, OLD}
    assert set(warehouse.read(TableName("indices", "person_scores"))["municipality_code"]) == {"0115", "0117"}
    assert warehouse.read(TableName("indices", "area_counts"))["wave"].to_list() == [2010], "made anew by the next run"
    for name in (KEPT, OLD):
        assert (home / "inbox/enkat" / name).read_bytes() == (home / "arkiv" / digest(name) / name).read_bytes() == content(name)
        assert (home / "kvalitet/2024" / f"{digest(name)[:8]}.html").exists()
    with closing(sqlite3.connect(home / "dagster" / "index.db")) as con:
        ((event,),) = con.execute("select event from event_logs")
    assert json.loads(json.loads(event)["text"])["md"] == f"| gallrad | {KEPT} |", "the log can still be read"
    (record,) = (home / "gallring").glob("*.json")
    said = json.loads(record.read_text(encoding="utf-8"))
    assert (said["av"], said["hittat_i"], said["gallrat"][0]["sha256"]) == ("Test", [], digest(GONE))
    assert said["rader_per_tabell"]["raw.survey_responses"] == 200
    assert "Inget spår av leveransen hittades." in capsys.readouterr().out


def test_the_ledger_forgets_a_delivery_and_keeps_the_run(home):
    """Its hash as an input, its name in the sentence of a run that failed, and the numbers that were released with it."""
    paths = Paths(home)
    released = pl.DataFrame({"wave": [2024], "area_code": ["0114"], "index_key": ["x"], "measure": ["share"], "value": [1.0]})
    Warehouse(paths.warehouse).replace(TableName("release", "index_results"), released, None)
    with recorded(paths, "did kor", "", {}):
        pass
    with pytest.raises(PipelineError), recorded(paths, "did kor", "", {}):
        raise PipelineError("x", GONE, "en sak", "en annan", "Rätta.")
    assert len(list((home / "historik" / "tal").iterdir())) == 1
    assert run(home, GONE, "--utfor", "--ja") == 0
    first, second = reversed(store.runs(paths))
    assert second.sentence == "gallrad: väntade en sak, fick en annan. Rätta."
    assert {one.name for one in store.listed(paths, Input, first.inputs_id)} == {KEPT, OLD}
    assert not (home / "historik" / "tal").exists()
    assert holding(home, [GONE.encode(), digest(GONE)[:12].encode()]) == {"reports", "gallring", "gallrade.jsonl"}


def test_copies_of_the_database_go_and_a_backup_is_told(home, capsys):
    folder = home / "sakerhetskopior"
    folder.mkdir()
    shutil.copy(home / "warehouse.duckdb", folder / "warehouse-version-1-2026-01-01.duckdb")
    (folder / "kopia.didkopia").write_bytes(b"packat")
    assert run(home, GONE, "--utfor", "--ja") == 1
    assert [path.name for path in folder.iterdir()] == ["kopia.didkopia"]
    assert "Spår finns kvar i: sakerhetskopior/kopia.didkopia." in capsys.readouterr().out


def test_the_search_afterwards_finds_what_was_left(home, capsys):
    """A piece of the file under another name, in a folder that the product doesn't know, is told and makes the exit code 1."""
    (home / "min mapp").mkdir()
    (home / "min mapp" / "klipp.bin").write_bytes(b"x" * 99 + content(GONE)[100:-100])
    with zipfile.ZipFile(home / "min mapp" / "packad.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("kopia.csv", content(GONE))
    assert run(home, GONE, "--utfor", "--ja") == 1
    assert "Spår finns kvar i: min mapp/klipp.bin, min mapp/packad.zip." in capsys.readouterr().out
    for path in (home / "min mapp").iterdir():
        path.unlink()
    assert run(home, "--aldre") == 0, "the next call finishes what was begun"
    assert "avbröts förra gången" in capsys.readouterr().out


def test_a_file_that_cannot_be_searched_is_no_proof(home, capsys):
    (home / "trasig.zip").write_bytes(b"PK\x03\x04")
    with zipfile.ZipFile(home / "hel.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("annat.csv", "kommun;antal\n" * 9)
    assert run(home, GONE, "--utfor", "--ja") == 1
    told = capsys.readouterr().out
    assert "Kunde inte genomsökas (skadade, låsta eller för stora): trasig.zip." in told
    assert "Inget spår av leveransen hittades i de filer som gick att genomsöka." in told
    (record,) = (home / "gallring").glob("*.json")
    said = json.loads(record.read_text(encoding="utf-8"))
    assert (said["hittat_i"], said["kunde_inte_sokas_i"]) == ([], ["trasig.zip"])
    assert purge.pending(Paths(home)) is None, "the same call again would find no more"


@pytest.mark.parametrize("step", ["_remove_rows", "_remove_files", "redact", "_search"])
def test_interrupted_halfway_it_is_finished_by_the_next_call(home, monkeypatch, step):
    with monkeypatch.context() as patch:
        patch.setattr(purge, step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(home, GONE, "--utfor", "--ja")
    assert run(home, "--aldre") == 0
    assert holding(home, [CANARY.encode(), GONE.encode()]) == set()
    assert purge.pending(Paths(home)) is None
    assert len((home / "gallrade.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_the_same_file_is_refused_until_it_is_allowed(home):
    paths = Paths(home)
    shutil.copy(paths.surveys / GONE, home.parent / "kopia.csv")
    run(home, GONE, "--utfor", "--ja")
    shutil.copy(home.parent / "kopia.csv", paths.surveys / "nytt namn.csv")
    _, refused = receive(inbox_files(paths.surveys), paths.archive, paths.rejected, (), frozenset(), purged=purged.hashes(home))
    (back,) = [one for one in refused if one.file_name == "nytt namn.csv"]
    assert back.code == "purged"
    assert f"did gallra {digest(GONE)[:12]} --tillat" in back.sentence
    assert run(home, digest(GONE)[:12], "--tillat") == 0
    assert purged.hashes(home) == frozenset()
    with pytest.raises(PipelineError, match="ingen sådan"):
        run(home, digest(GONE), "--tillat")


def test_a_purged_form_is_refused_before_it_is_read(home):
    path = home / "formular.json"
    path.write_bytes(b"{}")
    gone = {sha256(b"{}").hexdigest()}
    read, (refused,) = receive_forms([path], home / "arkiv", home / "avvisade", {}, Around({}, date(2026, 1, 1), None), (), gone)
    assert (read, refused.code) == ([], "purged")


def test_a_place_and_an_age_choose_whole_files_only(home, capsys):
    assert run(home, "--kommun", "0114", "--ar", "2024") == 0
    assert GONE in capsys.readouterr().out
    assert run(home, "--kommun", "0115", "--ar", "2024") == 0
    assert KEPT in capsys.readouterr().out, "a delivery that a later one has replaced is still there to be taken away"
    for words, code in (
        (("--kommun", "0117", "--ar", "2010"), "wider_delivery"),
        (("--kommun", "0114", "--ar", "2022"), "no_such_delivery"),
        (("finns inte.csv",), "no_such_delivery"),
        ((), "what_to_purge"),
        (("--kommun", "0114"), "what_to_purge"),
        ((GONE, "--aldre"), "what_to_purge"),
    ):
        with pytest.raises(PipelineError) as caught:
            run(home, *words)
        assert caught.value.code == code
    assert run(home, "--aldre", "5") == 0
    told = capsys.readouterr().out
    assert OLD in told
    assert GONE not in told


def test_a_damaged_list_lets_nothing_in(home):
    (home / "gallrade.jsonl").write_text('{"sha256": "a"}\n', encoding="utf-8")
    with pytest.raises(PipelineError, match=r"gallrade\.jsonl, rad 1"):
        purged.hashes(home)
