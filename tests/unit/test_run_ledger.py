"""The ledger: a run is written also when it fails or is killed, and two runs can be compared number by number."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.catalogue.hygiene import History
from assets.catalogue.load import load_catalogue
from assets.ledger import snapshots, state, store
from assets.ledger.alive import is_living, living
from assets.ledger.difference import difference
from assets.ledger.titles import titles_of
from assets.ledger.types import DONE, FAILED, INTERRUPTED, RUNNING, Check, DagsterRun, Ending, Input, Output, Start
from assets.ledger.words import list_lines
from assets.methods.errors import PipelineError
from assets.release_register.cells import KEY_COLUMNS
from pipelines.cli import parser
from pipelines.event_log import light_event_log
from pipelines.history_commands import historik
from pipelines.io_managers import DuckDBTables
from pipelines.paths import Paths
from pipelines.recorder import PASS, close, recorded
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

RESULTS = TableName("release", "index_results")
DELIVERIES = TableName("raw", "survey_deliveries")


def results(shares: dict[str, float | None], wave: int = 2024) -> pl.DataFrame:
    """Released shares by area; null is hidden."""
    rows = [
        {
            **{"edition": "intern", "area_level": "municipality", "area_code": area, "wave": wave, "grade": "ak9", "sex": "all"},
            **{"index_key": "parenting", "measure": "share_focus", "value": value, "n": 100},
            **{"reason": "ok" if value is not None else "too_few", "verdict": "fritt ord"},
        }
        for area, value in shares.items()
    ]
    return pl.DataFrame(rows, schema_overrides={"wave": pl.Int32, "value": pl.Float64})


@pytest.fixture
def paths(tmp_path) -> Paths:
    """A data folder with a delivery and a release of two waves."""
    made = Paths(tmp_path / "data")
    made.make()
    delivery = pl.DataFrame({"delivery_id": ["a" * 12], "wave": [2024], "source_file": ["Åby.csv"], "source_sha256": ["a" * 64]})
    warehouse = Warehouse(made.warehouse)
    warehouse.replace(DELIVERIES, delivery, None)
    warehouse.replace(RESULTS, pl.concat([results({"0127": 20.0}, 2022), results({"0127": 23.0, "0128": 30.0})]), None)
    return made


def a_run(paths: Paths, by: str = "", **choices: str) -> None:
    """A run that changes nothing by itself."""
    with recorded(paths, "did kor", by, choices):
        pass


def test_a_run_is_written_with_what_it_read_and_made(paths):
    a_run(paths, "Åsa Ek", mättillfälle="2024")
    (run,) = store.runs(paths)
    assert (run.number, run.outcome, run.by, run.choices) == (1, DONE, "Åsa Ek", {"mättillfälle": "2024"})
    assert store.listed(paths, Input, run.inputs_id) == [Input("enkät", "Åby.csv", "a" * 64)]
    outputs = store.listed(paths, Output, run.outputs_id)
    assert [(one.table_name, one.wave, one.rows, bool(one.content_hash)) for one in outputs] == [
        ("raw.survey_deliveries", 2024, 1, False),
        ("release.index_results", 2022, 1, True),
        ("release.index_results", 2024, 2, True),
    ]
    assert not list(paths.history_locks.iterdir()), "no lock is left"


def test_lists_that_runs_share_are_written_once(paths):
    for _ in range(3):
        a_run(paths)
    warehouse = Warehouse(paths.warehouse)
    assert warehouse.read(TableName("ledger", "run_inputs")).height == 1
    assert warehouse.read(TableName("ledger", "run_outputs")).height == 3
    assert [run.number for run in store.runs(paths)] == [3, 2, 1]
    assert len(list((paths.history / "tal").iterdir())) == 2


@pytest.mark.parametrize(
    ("error", "outcome", "said"),
    [
        (
            PipelineError("x", "Filen", "en sak", "en annan", "Rätta den."),
            FAILED,
            "Filen: väntade en sak, fick en annan. Rätta den.",
        ),
        (KeyboardInterrupt(), INTERRUPTED, "Körningen avbröts av den som startade den."),
        (
            ValueError("KANARIE 7"),
            FAILED,
            "Ett fel i programmet (ValueError). Mer står i Dagster och i det som skrevs på skärmen.",
        ),
    ],
)
def test_a_run_that_stops_is_written_and_the_error_goes_on(paths, error, outcome, said):
    with pytest.raises(type(error)), recorded(paths, "did kor", "", {}):
        raise error
    (run,) = store.runs(paths)
    assert (run.outcome, run.sentence) == (outcome, said)
    assert said in "\n".join(list_lines([run], 1))


def test_a_killed_run_is_recognised_and_a_living_one_is_not_taken_for_dead(paths):
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from pipelines.paths import Paths; from pipelines.recorder import recorded\n"
        f"with recorded(Paths(Path({str(paths.root)!r})), 'did kor', '', {{}}):\n"
        "    print('begun', flush=True); sys.stdin.read(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"begun\n"
        assert store.runs(paths)[0].outcome == RUNNING
        a_run(paths)
        assert [run.outcome for run in store.runs(paths)] == [DONE, RUNNING], "the one that lives goes on"
        other.communicate(b"", timeout=60)
    assert store.runs(paths)[1].outcome == INTERRUPTED, "seen before anything is written about it"
    a_run(paths)
    assert [(run.outcome, bool(run.ended)) for run in store.runs(paths)] == [(DONE, True), (DONE, True), (INTERRUPTED, True)]
    assert not list(paths.history_locks.iterdir())


def test_a_lock_is_let_go_when_its_block_fails(tmp_path):
    def fails() -> None:
        with living(tmp_path, "k"):
            assert is_living(tmp_path, "k")
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fails()
    assert not is_living(tmp_path, "k")


def test_what_changed_between_two_runs_is_told_by_number(paths, capsys):
    a_run(paths)
    warehouse = Warehouse(paths.warehouse)
    warehouse.replace(RESULTS, results({"0127": 23.5, "0128": None, "0180": 7.0}), {"wave": [2024]})
    corrected = warehouse.read(DELIVERIES).with_columns(source_sha256=pl.lit("b" * 64))
    warehouse.replace(DELIVERIES, corrected, None)
    a_run(paths, utgåva="intern")
    found = difference(paths, 2, 1)
    assert [(one.table_name, one.changed, one.new, one.gone) for one in found.tables] == [("index_results", 2, 1, 0)]
    changed = found.cells.select("area_code", "wave", "change", "value_before", "value_after", "reason_after")
    assert changed.rows() == [
        ("0127", 2024, "ändrad", 23.0, 23.5, "ok"),
        ("0128", 2024, "ändrad", 30.0, None, "too_few"),
        ("0180", 2024, "ny", None, 7.0, "ok"),
    ]
    csv = paths.root / "andrat.csv"
    assert historik(parser().parse_args(["historik", "1", "2", "--csv", str(csv)]), paths) == 0
    told = capsys.readouterr().out
    assert "Filer: 1 ändrad.\n  ändrad enkät Åby.csv\n" in told
    assert "  ny     val utgåva: – blev intern\n" in told
    assert (
        "Indexresultat, Botkyrka, 2024, åk 9, alla, Brister i föräldraskap, andel med förhöjd risk (intern): 23 blev 23,5" in told
    )
    salem = "Indexresultat, Salem, 2024, åk 9, alla, Brister i föräldraskap, andel med förhöjd risk (intern)"
    assert f"{salem}: 30 blev visas inte (för få svar för att visas)" in told
    assert "fritt ord" not in told
    lines = csv.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("tabell;utgåva;områdesnivå;område;år;")
    assert len(lines) == 4
    assert ";ändrad;23,0;23,5;" in lines[1]


def test_measures_are_told_in_words():
    titles = titles_of(load_catalogue(), {})
    assert titles.measure("index|parenting", "share_focus:slope") == "andel med förhöjd risk, förändring per år"
    assert titles.measure("F70nyckel", "share") == "andel"
    assert titles.key("index|parenting").endswith("Brister i föräldraskap")
    assert titles.measure("", "unheard_of") == "unheard_of", "what has no title is told by its id"


def test_what_forms_are_about_is_told_by_its_name_and_not_by_its_id():
    titles = titles_of(load_catalogue(), {})
    assert titles.key("2024|attendance|", "release.activity_status") == "2024, Närvarofrämjande arbete"
    leisure = titles.key("2024|protective_factor|leisure|leisure|universal|13-15", "activity_coverage")
    assert leisure == "2024, skyddsfaktor, En meningsfull fritid, Fritid, Universell, 13–15 år"
    assert titles.key("2024|local_data", "readiness").endswith("Strategisk användning av lokala data")
    assert titles.key("municipal", "response_by_school_type") == "kommunala skolor"
    known = {"activity_status.activity_id", "activity_coverage.factor", "activity_coverage.arena", "readiness.condition"}
    assert known <= set(titles.columns)
    assert {name.split(".")[1] for name in titles.columns} <= {column for columns in KEY_COLUMNS.values() for column in columns}


def test_two_runs_with_nothing_between_them_differ_in_nothing(paths, capsys):
    a_run(paths)
    a_run(paths)
    historik(parser().parse_args(["historik", "1", "2"]), paths)
    told = capsys.readouterr().out
    for line in ("Filer: inget ändrat.", "Programmet: samma.", "Val: inget ändrat.", "Utgivningsbara tal: inget tal är ändrat."):
        assert line in told


def test_texts_that_change_are_no_numbers_and_forgotten_numbers_are_told(paths):
    a_run(paths)
    warehouse = Warehouse(paths.warehouse)
    warehouse.replace(RESULTS, warehouse.read(RESULTS, {"wave": [2022]}).with_columns(verdict=pl.lit("annat")), {"wave": [2022]})
    a_run(paths)
    (table,) = difference(paths, 1, 2).tables
    assert (table.total, table.unknown) == (0, False)
    snapshots.forget_all(paths)
    (table,) = difference(paths, 1, 2).tables
    assert table.unknown


def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(paths):
    a_run(paths)
    frame = results({"0127": 1.0}).with_columns(index_key=pl.lit('=HYPERLINK("x")'))
    Warehouse(paths.warehouse).replace(RESULTS, frame, {"wave": [2024]})
    a_run(paths)
    csv = paths.root / "x.csv"
    historik(parser().parse_args(["historik", "1", "2", "--csv", str(csv)]), paths)
    assert "'=HYPERLINK" in csv.read_text(encoding="utf-8-sig")
    assert ";=HYPERLINK" not in csv.read_text(encoding="utf-8-sig").replace('"', "")


def test_only_so_many_runs_and_bytes_are_kept_and_the_latest_always(paths):
    outputs = state.outputs(Warehouse(paths.warehouse))
    snapshots.keep(paths, outputs)
    hashes = [one.content_hash for one in snapshots.numbered(outputs)]
    assert snapshots.prune(paths, [[hashes[0]], [hashes[1]]], History(runs=2, megabytes=1)) == 0
    assert snapshots.prune(paths, [[hashes[0]], [hashes[1]]], History(runs=1, megabytes=1)) == 1
    assert [path.stem for path in (paths.history / "tal").iterdir()] == [hashes[0]]


@pytest.mark.parametrize("words", [["9"], ["1", "2", "3"], ["1", "--csv", "x.csv"]])
def test_a_command_that_means_nothing_is_told_so(paths, words):
    a_run(paths)
    with pytest.raises(PipelineError) as caught:
        historik(parser().parse_args(["historik", *words]), paths)
    assert caught.value.code in ("no_such_run", "which_runs")


def test_a_full_disk_at_the_end_hides_no_error_and_leaves_an_interrupted_run(paths, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.recorder.close", full)
    with pytest.raises(KeyboardInterrupt), recorded(paths, "did kor", "", {}):
        raise KeyboardInterrupt
    assert store.runs(paths)[0].outcome == INTERRUPTED


@dg.asset(key=["release", "index_results"])
def an_asset() -> pl.DataFrame:
    """A released table."""
    return results({"0127": 1.0})


@dg.asset(key=["raw", "bad"])
def a_bad_asset() -> None:
    """Stops with a sentence."""
    raise dg.Failure("Filen gick inte att läsa.")


def test_a_run_in_dagster_is_in_the_ledger_and_a_part_of_a_pass_is_not(tmp_path):
    manager = {"io_manager": DuckDBTables(data_dir=str(tmp_path / "d"))}
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance, light_event_log():

        def run(asset: dg.AssetsDefinition, **tags: str) -> str:
            return dg.materialize([asset], resources=manager, instance=instance, raise_on_error=False, tags=tags).run_id

        @dg.op(out=dg.Out(dg.Nothing))
        def a_step(context) -> None:
            run(an_asset, **{PASS: context.run_id})

        @dg.config_mapping(config_schema={"av": dg.Field(str, is_required=False)})
        def flat(_) -> dict[str, object]:
            return {}

        @dg.job(resource_defs=manager, config=flat)
        def everything() -> None:
            a_step()

        ids = [run(an_asset), run(a_bad_asset)]
        everything.execute_in_process(instance=instance, run_config={"av": "Eva Ek"})
    crossing, bad, good = store.runs(Store(data_dir=str(tmp_path / "d")).paths)
    assert (crossing.job, crossing.outcome, len(crossing.dagster_runs)) == ("everything", DONE, 2)
    assert (crossing.by, good.by) == ("Eva Ek", ""), "the name that was typed"
    assert (good.key, good.outcome, good.sentence) == (ids[0], DONE, "")
    assert (bad.key, bad.outcome, bad.sentence) == (ids[1], FAILED, "Filen gick inte att läsa.")
    assert [one.success for run in (good, bad) for one in run.dagster_runs] == [True, False]


def test_an_ending_is_never_changed(paths):
    store.begin(paths, Start("k", "did kor"))
    close(paths, "k", Ending(FAILED, "Först."))
    close(paths, "k", Ending(DONE))
    assert store.runs(paths)[0].sentence == "Först."


def test_asking_before_the_first_run_creates_nothing(tmp_path: Path):
    assert store.runs(Paths(tmp_path)) == []
    assert list_lines([], 5) == ["Ingen körning har gjorts än."]
    assert not list(tmp_path.iterdir())


def test_everything_about_a_run_is_told(paths, capsys):
    store.begin(paths, Start("k", "did kor", "Åsa Ek", {"utgåva": "intern"}))
    checks = (Check("release/index_results", "andelar", "ERROR", False, 1), Check("raw/x", "koder", "WARN", True, 40))
    close(paths, "k", Ending(FAILED, "Det gick inte.", (DagsterRun("r1", "build_indices", False),), checks))
    historik(parser().parse_args(["historik", "1"]), paths)
    told = capsys.readouterr().out
    for line in (
        "Körning 1: did kor, misslyckades\n  Det gick inte.\n",
        "  Av          Åsa Ek\n  Val         utgåva intern\n",
        "  Dagster     build_indices r1 (misslyckades)\n  Filer       enkät 1\n  Kontroller  40 höll, 1 höll inte\n",
        "    höll inte: release/index_results, andelar (stoppar)\n  Rader       raw 1, release 3\n",
    ):
        assert line in told
