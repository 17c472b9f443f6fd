"""A pupil's school, class, home area and free answers stay in the warehouse: a planted word is looked for everywhere else."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets import harmonised
from assets.ledger import store as ledger
from assets.ledger.types import DONE, FAILED
from assets.slices import WAVES, range_tags
from pipelines.definitions import build_definitions
from pipelines.warehouse import TableName
from tests.pipeline.conftest import Installation
from tests.support.page_answers import page_answers

CANARY = "KANARIE-7391"
SALEM = "0128"
LATEST = str(WAVES[-1])
ONE_WAVE = range_tags(LATEST, LATEST)
DELIVERY = f"Stockholmsenkäten {LATEST} Salem.csv"
COLUMNS = ("Skolnamn", "Klass", "F3_Omkodad")


def plant(content: bytes, columns: tuple[str, ...], last_row_only: bool = False) -> bytes:
    """The delivery with the word in some columns of all rows, or of the last one."""
    rows = list(csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";"))
    start = next(n for n, row in enumerate(rows) if "Skolkommun" in row)
    places = [rows[start].index(name) for name in columns]
    for row in rows[-1:] if last_row_only else rows[start + 1 :]:
        for place in places:
            row[place] = CANARY
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue().encode("cp1252")


def with_column(content: bytes, name: str, value: str) -> bytes:
    """The delivery with one more column; `{}` in the value is the row's number."""
    rows = list(csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";"))
    start = next(n for n, row in enumerate(rows) if "Skolkommun" in row)
    rows[start].append(name)
    for number, row in enumerate(rows[start + 1 :]):
        row.append(value.format(number))
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue().encode("cp1252")


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, and every file inside its zip files, workbooks and presentations."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield path.name, path.read_bytes()
        if path.suffix in (".zip", ".xlsx", ".pptx"):
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path.name}/{name}", archive.read(name)) for name in archive.namelist())


def holding(folder: Path, word: str = CANARY) -> list[str]:
    """Files that hold the word, in text of any of the usual encodings or in their name."""
    forms = {word.encode("utf-8"), word.encode("utf-16-le"), word.encode("utf-16-be")}
    return [name for name, data in contents(folder) if word in name or any(form in data for form in forms)]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance that keeps everything it logs in `tmp_path/dagster`."""
    home = tmp_path / "dagster"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as one:
        yield one


@pytest.fixture
def run(copy_of_demo: Installation, instance: dg.DagsterInstance) -> Callable[[str, dict[str, str]], dg.ExecuteInProcessResult]:
    """Run a job on the copy."""
    definitions = build_definitions(copy_of_demo.root)

    def go(name: str, tags: dict[str, str]) -> dg.ExecuteInProcessResult:
        return definitions.resolve_job_def(name).execute_in_process(instance=instance, tags=tags, raise_on_error=False)

    return go


def test_the_word_is_found_where_it_lies(tmp_path):
    """The search itself can find: plain, zipped, in a name, in UTF-16."""
    (tmp_path / f"{CANARY}.txt").write_bytes(b"")
    (tmp_path / "a.html").write_text(f"<p>{CANARY}</p>", encoding="utf-8")
    (tmp_path / "b.csv").write_text(CANARY, encoding="utf-16")
    (tmp_path / "c.csv").write_text("kanarie", encoding="utf-8")
    for name in ("d.zip", "e.xlsx"):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inuti.txt", CANARY * 10)
    assert holding(tmp_path) == [f"{CANARY}.txt", "a.html", "b.csv", "d.zip/inuti.txt", "e.xlsx/inuti.txt"]


def bug(frame: pl.DataFrame, *_: object) -> pl.DataFrame:
    """Polars quotes the values that it can't turn into numbers."""
    return frame.select(pl.col("school_name").cast(pl.Int32))


def test_school_class_and_home_area_never_leave_the_warehouse(copy_of_demo, run, instance, tmp_path, capfd, caplog, monkeypatch):
    paths, warehouse = copy_of_demo.paths, copy_of_demo.warehouse
    delivery = paths.surveys / DELIVERY
    numbered = with_column(plant(delivery.read_bytes(), COLUMNS), "ID", CANARY + "-{}")
    delivery.write_bytes(with_column(numbered, "Okänd", CANARY))
    results = [
        run("ingest_surveys", ONE_WAVE),
        run("build_indices", ONE_WAVE),
        run("publish_bundles", range_tags(f"{SALEM}|{LATEST}", f"{SALEM}|{LATEST}")),
        run("publish_kits", range_tags(f"{SALEM}|{LATEST}", f"{SALEM}|{LATEST}")),
        run("publish_overview", ONE_WAVE),
        run("show_status", {}),
    ]
    assert all(result.success for result in results)
    raw = warehouse.read(TableName("raw", "survey_responses"), {"source_file": [DELIVERY]})
    texts = warehouse.read(TableName("raw", "survey_texts")).filter(pl.col("texts").str.contains(CANARY, literal=True))
    planted = raw.join(texts, on=["delivery_id", "wave"], how="semi")
    assert planted.height > 30, "the word must have come in, or the test shows nothing"
    promoted = warehouse.read(TableName("validated", "survey_responses"), {"municipality_code": [SALEM], "wave": [WAVES[-1]]})
    assert set(promoted["school_name"]) == set(promoted["class_code"]) == set(promoted["home_area_code"]) == {CANARY}
    assert warehouse.mentions([f"{CANARY}-"]) == ["raw.survey_texts"], "a respondent's own number never leaves raw"
    release = ("index_results", "suppression_log", "response_rates", "delivery_quality", "provenance")
    release += ("indicator_results", "indicator_suppression_log", "series_breaks")
    for table in release:
        assert CANARY not in str(warehouse.read(TableName("release", table)).to_dict(as_series=False)), table
    told = [e.metadata for r in results for e in r.get_asset_check_evaluations()]
    told += [e.step_materialization_data.materialization.metadata for r in results for e in r.get_asset_materialization_events()]
    assert len(told) > 30
    assert CANARY not in repr(told)
    assert CANARY not in repr([event.message for result in results for event in result.all_events])
    assert holding(tmp_path / "dagster", "ingest_surveys"), "the log is on disk and can be searched"
    assert holding(tmp_path / "dagster") == []
    bundle = list((paths.reports / LATEST).glob(f"{SALEM}_*"))
    assert {path.name.endswith("_workshop") for path in bundle if path.is_dir()} == {False, True}, "bundle and kit are written"
    assert holding(paths.reports) == []
    assert holding(paths.rejected) == holding(paths.quality) == holding(paths.history) == []
    assert [run.outcome for run in ledger.runs(paths)][: len(results)] == [DONE] * len(results), "the runs are in the ledger"
    assert {table.split(".")[0] for table in warehouse.mentions([CANARY])}.isdisjoint({"release", "ledger"})
    printed = capfd.readouterr()
    assert printed.out + printed.err
    assert CANARY not in printed.out + printed.err

    with pytest.raises(pl.exceptions.PolarsError, match=CANARY):
        bug(promoted)
    monkeypatch.setattr(harmonised, "item_profile", bug)
    failed = run("ingest_surveys", ONE_WAVE)
    assert not failed.success
    assert ledger.runs(paths)[0].outcome == FAILED
    assert "ledger" not in {table.split(".")[0] for table in warehouse.mentions([CANARY])}
    assert CANARY not in repr([(event.message, event.event_specific_data) for event in failed.all_events])
    assert holding(tmp_path / "dagster") == [], "not in what Dagster keeps of a run that ended in a bug either"
    shown = page_answers(instance)
    assert len(shown) == len(results) + 1
    assert any("STEP_FAILURE" in answer for answer in shown)
    assert any("mdStr" in answer for answer in shown)
    assert not [answer for answer in shown if CANARY in answer], "nor in what Dagster's page is told"
    printed = capfd.readouterr()
    assert "InvalidOperationError" in caplog.text, "the kind and the place are told"
    assert "test_canary.py" in caplog.text
    assert CANARY not in caplog.text + printed.out + printed.err


def test_an_unknown_answer_is_refused_without_being_repeated(copy_of_demo, run, tmp_path, capfd):
    paths, warehouse = copy_of_demo.paths, copy_of_demo.warehouse
    delivery = paths.surveys / DELIVERY
    written = f"Jag vill berätta om {CANARY} och vad som hände sedan, del {{}}"
    (paths.surveys / "fritext.csv").write_bytes(with_column(delivery.read_bytes(), "Kommentar", written))
    delivery.write_bytes(plant(delivery.read_bytes(), ("F55e",), last_row_only=True))
    before = warehouse.read(TableName("validated", "survey_responses")).sort(pl.all())
    result = run("ingest_surveys", ONE_WAVE)
    assert result.success, "one bad delivery stops nobody else"
    (refused,) = warehouse.read(TableName("raw", "rejected_files"), {"file_name": [DELIVERY]}).iter_rows(named=True)
    assert refused["code"] == "unknown_code"
    assert "kolumnen F55e: 1 okänd etikett på 1 rad" in refused["sentence"]
    assert not delivery.exists()
    assert holding(paths.rejected) == [DELIVERY, "fritext.csv"], "the files themselves, untouched; not the sentences beside them"
    (personal,) = warehouse.read(TableName("raw", "rejected_files"), {"file_name": ["fritext.csv"]}).iter_rows(named=True)
    assert personal["sentence"].startswith("fritext.csv, kolumnen Kommentar: väntade svar utan personuppgifter, fick fritext.")
    assert not [path for path in paths.archive.rglob("fritext.csv*")]
    sentence, _, touches = (paths.rejected / f"{DELIVERY}.txt").read_text(encoding="utf-8").partition("\n")
    assert sentence == refused["sentence"]
    assert touches.strip().startswith("Vad det berör:")
    for table in ("rejected_files", "survey_deliveries", "survey_texts"):
        assert CANARY not in str(warehouse.read(TableName("raw", table)).to_dict(as_series=False))
    assert holding(tmp_path / "dagster") == []
    assert warehouse.read(TableName("validated", "survey_responses")).sort(pl.all()).equals(before)
    printed = capfd.readouterr()
    assert CANARY not in printed.out + printed.err
