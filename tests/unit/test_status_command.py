"""`did status`: reads what lies there, starts no Dagster, and says one sentence when it can't."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.overview.gather import places_of
from assets.overview.texts import overview_texts
from assets.overview.types import FileRow, WaitingFile
from assets.overview.waiting import first_line
from assets.overview.write import tell_beside, write_overview
from pipelines.cli import main
from pipelines.paths import Paths
from pipelines.status import read_overview
from pipelines.warehouse import TableName, Warehouse

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE, TEXTS = load_catalogue(), overview_texts()


@pytest.fixture
def home(tmp_path, monkeypatch) -> Paths:
    """An empty installation."""
    monkeypatch.setenv("DID_HOME", str(tmp_path))
    paths = Paths(tmp_path)
    paths.make()
    return paths


def test_an_empty_installation_says_how_to_begin(home, capsys):
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert "Inget är inläst än." in said
    assert "Ingen leverans för 2024." in said
    assert not home.warehouse.exists()


def test_a_file_in_the_inbox_that_nobody_has_read_is_told(home, capsys):
    (home.surveys / "Täby 2024.csv").write_text("x", encoding="utf-8")
    assert main(["status", "--kommun", "0160"]) == 0
    said = capsys.readouterr().out
    assert "Täby: Täby 2024.csv ligger i inkorgen och är inte inläst." in said
    assert "Danderyd" not in said


def test_the_same_as_data(home, capsys):
    assert main(["status", "--json", "--ar", "2022"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["wave"] for row in told["rows"]} == {2022}
    assert len(told["rows"]) == len(CATALOGUE.municipalities)


@pytest.mark.parametrize(("words", "says"), [(["--kommun", "9999"], "Valet --kommun"), (["--ar", "1999"], "Valet --ar")])
def test_a_choice_that_does_not_exist_is_one_sentence(home, capsys, words, says):
    assert main(["status", *words]) == 2
    assert says in capsys.readouterr().err


def test_a_damaged_database_is_one_sentence(home, capsys):
    home.warehouse.write_bytes(b"inte en databas" * 100)
    assert main(["status"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "fick en fil som inte går att öppna" in said


def test_while_a_run_has_the_database_the_latest_runs_overview_is_shown(home, capsys):
    """Another process has the file: DuckDB lets nobody else in."""
    Warehouse(home.warehouse).replace(TableName("raw", "stage_marks"), pl.DataFrame({"wave": [2024]}), None)
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('har den', flush=True); sys.stdin.read()"
    holder = [sys.executable, "-c", code, str(home.warehouse)]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline().strip() == "har den"
            assert main(["status"]) == 2, "no run has left anything"
            assert "har den öppen" in capsys.readouterr().err
            write_overview(home.quality, _empty(), TEXTS)
            assert main(["status"]) == 0
            assert "Läget nedan är från den senaste körningen" in capsys.readouterr().out
        finally:
            process.stdin.close()
            process.wait(timeout=20)


def _empty():
    overview, _ = read_overview(Paths(Path("/finns/inte")))
    return overview


def test_it_starts_no_dagster_and_opens_the_database_to_read_only(home):
    Warehouse(home.warehouse).replace(TableName("raw", "stage_marks"), pl.DataFrame({"wave": [2024]}), None)
    before = home.warehouse.read_bytes()
    code = (
        "import sys; from pipelines.cli import main; code = main(['status']); "
        "sys.exit(code or 9 * bool({'dagster', 'great_expectations', 'altair', 'scipy'} & set(sys.modules)))"
    )
    settings = {**os.environ, "DID_HOME": str(home.root)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert home.warehouse.read_bytes() == before


def test_the_text_beside_a_set_aside_file_keeps_its_sentence_first_and_its_time(tmp_path):
    note = tmp_path / "Täby.csv.txt"
    note.write_text("Täby.csv: en mening.\n", encoding="utf-8")
    os.utime(note, ns=(10**18, 10**18))
    file = WaitingFile("Täby.csv", "Täby.csv: en mening.", "Täby.csv")
    for touches in (("Kommun: Täby 2024",), ("Kommun: Täby 2022",), ("Kommun: Täby 2022",)):
        tell_beside(tmp_path, file, touches, TEXTS)
        assert first_line(note) == "Täby.csv: en mening."
        assert note.stat().st_mtime_ns == 10**18
    assert note.read_text(encoding="utf-8") == "Täby.csv: en mening.\n\nVad det berör:\n- Kommun: Täby 2022\n"
    assert FileRow("a", "b").touches == ()


def test_whose_a_file_is_is_known_by_an_earlier_file_of_its_name_else_by_its_name():
    none = pl.DataFrame()
    assert places_of("Täby_2024.csv", CATALOGUE, none, none) == ((("0160", 2024),), "file_name")
    assert places_of("Upplands-Bro 2022 och Täby.sav", CATALOGUE, none, none)[0] == (("0139", 2022), ("0160", 2022))
    assert places_of("Täbyskolan 2024.csv", CATALOGUE, none, none) == ((), "")
    assert places_of("Täby.csv", CATALOGUE, none, none) == ((), "")
    files = pl.DataFrame({"delivery_id": ["d"], "wave": [2022], "source_file": ["Täby 2024.csv"]})
    judged = pl.DataFrame({"delivery_id": ["d"], "wave": [2022], "municipality_code": ["0127"]})
    assert places_of("Täby 2024.csv", CATALOGUE, files, judged) == ((("0127", 2022),), "same_name")
