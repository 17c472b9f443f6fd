"""The command line: Swedish words, plain sentences for a user's mistake, a traceback for ours."""

import sys
import types

import polars as pl
import pytest

from assets.methods.errors import PipelineError
from assets.slices import MUNICIPALITIES
from pipelines import cli
from pipelines.chain import side_by_side
from pipelines.console import RunSummary
from pipelines.homes import ROOT, data_home
from pipelines.paths import staging_folder
from pipelines.samples import copy_registers
from pipelines.warehouse import TableName, Warehouse


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data folder of its own."""
    monkeypatch.setenv("DID_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def chain(monkeypatch):
    """Stands in for the simulator and the run; remembers what they were given."""
    calls = {}

    def run_everything(
        home, progress, *, everything=False, edition=None, public_areas=(), only=(), since=None, command="did kor"
    ):
        calls["only"], calls["since"] = only, since
        calls["run"], calls["everything"] = home, everything
        calls["edition"], calls["public_areas"], calls["command"] = edition, public_areas, command
        bundles = calls.get("bundles", 26)
        return RunSummary(26, [], 10, 9, 5, 0, bundles, 1.0, {"raw": 1.0}, home / "reports" / "2024")

    def ensure_demo(inbox, cache, progress):
        calls["demo"] = (inbox, cache)
        (inbox / "0127.sav").touch()

    for name, content in (
        ("pipelines.run", {"run_everything": run_everything}),
        ("assets.demo.generate", {"ensure_demo": ensure_demo}),
    ):
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    return calls


def test_demo_fills_the_inbox_runs_and_says_where_to_look(home, chain, capsys):
    assert cli.main(["demo"]) == 0
    assert chain["demo"] == (home / "inbox" / "enkat", home / "cache" / "demo")
    assert chain["run"] == home
    assert (chain["edition"], chain["public_areas"]) == (None, ("0123", "0127", "0191"))  # public bundles of the pilots alone
    assert chain["command"] == "did demo"
    assert set(chain["public_areas"]) < set(chain["only"]) < set(MUNICIPALITIES)
    assert len(side_by_side(chain["only"])) == 3, "drawn in few runs, so that all workers have work"
    assert chain["since"] == 2020
    out = capsys.readouterr().out
    assert "De 3 senaste av 5 mättillfällen räknades" in out
    assert "Lägger registerfiler i inkorgen" in out
    assert f"Börja här: {home / 'reports' / '2024' / 'lansoversikt.html'}" in out


def test_the_demo_draws_everybody_when_asked(home, chain, capsys):
    assert cli.main(["demo", "--alla"]) == 0
    assert (chain["only"], chain["since"]) == ((), None)
    assert "did demo --alla" not in capsys.readouterr().out


def test_codes_that_follow_each_other_are_one_run():
    first, second, third, fourth = MUNICIPALITIES[:4]
    assert side_by_side([]) == []
    assert side_by_side([fourth, first, second]) == [(first, second), (fourth, fourth)]
    assert side_by_side([first, third]) == [(first, first), (third, third)]
    assert side_by_side(MUNICIPALITIES) == [(first, MUNICIPALITIES[-1])]


def test_registers_are_copied_once_and_the_simulators_own_file_is_not(tmp_path):
    source, inbox = tmp_path / "källa", tmp_path / "inkorg"
    source.mkdir()
    for name in ("kolada.parquet", "scb_17_2019.csv", "README.md"):
        (source / name).write_text(name, encoding="utf-8")
    assert copy_registers(inbox, source) == 1
    assert [path.name for path in inbox.iterdir()] == ["kolada.parquet"]
    before = (inbox / "kolada.parquet").stat().st_mtime_ns
    assert copy_registers(inbox, source) == 1
    assert (inbox / "kolada.parquet").stat().st_mtime_ns == before
    (inbox / "kolada.parquet").write_text("äldre", encoding="utf-8")
    copy_registers(inbox, source)
    assert (inbox / "kolada.parquet").read_text(encoding="utf-8") == "kolada.parquet"


def test_the_bundled_registers_are_found(tmp_path):
    assert copy_registers(tmp_path) >= 5


def test_an_empty_inbox_is_one_sentence_and_exit_code_two(home, chain, capsys):
    assert cli.main(["kor"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("✗ Inkorgen ")
    assert error.count("\n") == 1
    assert "run" not in chain


def test_kor_runs_what_lies_there(home, chain):
    (home / "inbox" / "enkat").mkdir(parents=True)
    (home / "inbox" / "enkat" / "0127.sav").touch()
    assert cli.main(["kor"]) == 0
    assert chain["run"] == home
    assert "demo" not in chain


def test_kor_runs_on_forms_alone_and_on_what_was_kept_before(home, chain):
    (home / "inbox" / "formular").mkdir(parents=True)
    (home / "inbox" / "formular" / ".dold").touch()
    assert cli.main(["kor"]) == 2
    (home / "inbox" / "formular" / "beslut.json").touch()
    assert cli.main(["kor"]) == 0
    (home / "inbox" / "formular" / "beslut.json").unlink()
    assert cli.main(["kor"]) == 2
    kept = pl.DataFrame({"wave": [2024]})
    Warehouse(home / "warehouse.duckdb").replace(TableName("validated", "survey_responses"), kept, None)
    assert cli.main(["kor"]) == 0


def test_a_run_without_bundles_is_no_success(home, chain):
    chain["bundles"] = 0
    assert cli.main(["demo"]) == 1


def test_a_mistake_a_user_can_mend_has_no_traceback(home, chain, monkeypatch, capsys):
    def held(home, progress, **choices):
        raise PipelineError("busy", "Lagret", "att filen är ledig", "en fil som process 12 har öppen", "Stäng det programmet.")

    monkeypatch.setattr(sys.modules["pipelines.run"], "run_everything", held)
    assert cli.main(["demo"]) == 2
    assert (
        capsys.readouterr().err
        == "✗ Lagret: väntade att filen är ledig, fick en fil som process 12 har öppen. Stäng det programmet.\n"
    )


def test_a_mistake_found_before_the_command_has_no_traceback_either(tmp_path, chain, monkeypatch, capsys):
    """A miswritten definition when a restored folder waits to take its place: the catalogue is read before the command."""

    def miswritten(home):
        raise PipelineError("catalogue", "assets/catalogue", "en katalog utan fel", "1 fel", "Rätta och kör igen.")

    monkeypatch.setenv("DID_HOME", str(tmp_path / "ny"))
    staging_folder(tmp_path / "ny").mkdir()
    monkeypatch.setattr("pipelines.restore.finish_interrupted", miswritten)
    assert cli.main(["kor"]) == 2
    assert capsys.readouterr().err == "✗ assets/catalogue: väntade en katalog utan fel, fick 1 fel. Rätta och kör igen.\n"


def test_a_bug_keeps_its_traceback(home, chain, monkeypatch):
    def broken(home, progress, **choices):
        raise ZeroDivisionError

    monkeypatch.setattr(sys.modules["pipelines.run"], "run_everything", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["demo"])


def test_interrupting_is_calm(home, chain, monkeypatch, capsys):
    def interrupted(home, progress, **choices):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["pipelines.run"], "run_everything", interrupted)
    assert cli.main(["demo"]) == 130
    assert "Avbrutet" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["dmeo"], ["ui", "--port", "x"], ["demo", "--fort"]])
def test_a_command_that_cannot_be_understood_gets_swedish_help(words, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("✗ Kommandot gick inte att förstå")
    assert "usage" not in error
    assert "Användning: did" in error


def test_help_is_swedish_and_lists_every_command(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for word in ("demo", "kor", "ui", "doctor", "Kommandon:", "Val:", "Användning: did"):
        assert word in text
    for word in ("usage", "positional", "optional", "show this"):
        assert word not in text


def test_ui_gets_its_port(home, monkeypatch):
    seen = []
    monkeypatch.setattr("pipelines.ui.serve", lambda root, home, page: seen.append((root, home, page)) or 0)
    assert cli.main(["ui"]) == 0
    assert cli.main(["ui", "--port", "4000"]) == 0
    assert [page.port for _, _, page in seen] == [3333, 4000]


def test_ui_is_never_opened_for_other_computers(home, monkeypatch, capsys):
    monkeypatch.setattr("pipelines.ui.serve", lambda root, home, page: pytest.fail("the page was opened"))
    assert cli.main(["ui", "--host", "0.0.0.0"]) == 2
    assert "docs/steward/sakerhet.md" in capsys.readouterr().err


def test_data_lie_beside_the_code_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.delenv("DID_HOME", raising=False)
    assert data_home() == ROOT / "data"
    monkeypatch.setenv("DID_HOME", str(tmp_path))
    assert data_home() == tmp_path.resolve()


@pytest.fixture
def own_profile(monkeypatch):
    """A process whose profile a test may choose; what the command sets is taken away again."""
    monkeypatch.setenv("DID_PROFILE", "")
    return monkeypatch


def test_a_profile_has_its_own_folder_below_the_data(home, chain, own_profile, capsys):
    """`kor` on an empty inbox says which folder it looked in."""
    assert cli.main(["kor", "--profil", "lupp"]) == 2
    assert f"{home / 'profiler' / 'lupp' / 'inbox' / 'enkat'}" in capsys.readouterr().err
    assert chain == {}


def test_an_unknown_profile_is_not_understood(home, own_profile, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["kor", "--profil", "saknas"])
    assert stopped.value.code == 2
    assert "stockholm, lupp, yrbs" in capsys.readouterr().err


def test_a_profile_without_registers_has_nothing_to_fetch(home, own_profile, capsys):
    assert cli.main(["hamta", "kolada", "--profil", "yrbs"]) == 2
    assert "Profilen yrbs: väntade en profil med register, fick en utan." in capsys.readouterr().err


def test_the_demo_of_a_profile_fills_its_own_inbox(home, chain, own_profile):
    assert cli.main(["demo", "--profil", "yrbs"]) == 0
    inbox = home / "profiler" / "yrbs" / "inbox"
    assert len(list((inbox / "enkat").glob("YRBS *.csv"))) == 27
    assert not list((inbox / "register").iterdir()), "no Swedish registers beside American answers"
