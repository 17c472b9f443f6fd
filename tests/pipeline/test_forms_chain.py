"""Forms from the inbox to harmonised tables: read once, set aside with a sentence, replaced by newer ones."""

from __future__ import annotations

from datetime import date

import dagster as dg
import pytest

import assets.raw_forms
from assets.forms.workbook import form_workbook
from pipelines import chain
from pipelines.definitions import build_definitions
from pipelines.paths import Paths
from pipelines.sensors import inbox_state
from pipelines.warehouse import TableName, Warehouse
from tests.support import form_sample as sample

SECRET = "Ring Gunilla Bergkvist"


def workbook(exists: str, comment: str = "Två kvällar.", day: int = 20) -> bytes:
    """A filled form about activities."""
    blank = form_workbook(sample.activities(), ("0127", "Botkyrka"), "2026")
    head = {("Om formuläret", "C7"): date(2026, 11, day), ("Om formuläret", "C8"): "Skola"}
    return sample.filled(blank, head | {("Fritid", "C5"): exists, ("Fritid", "I5"): comment})


@pytest.fixture
def paths(tmp_path, monkeypatch):
    """An empty data folder, and the sample's forms."""
    monkeypatch.setattr(assets.raw_forms, "form_definitions", sample.definitions)
    made = Paths(tmp_path)
    made.make()
    return made


def ingest(paths: Paths) -> dg.ExecuteInProcessResult | None:
    """What `everything` does with forms: nothing when nothing has changed."""
    choice, defs, result = chain.Choice(), build_definitions(paths.root), None
    with dg.DagsterInstance.ephemeral() as instance:
        for tags in chain.runs(paths, "ingest_forms", choice):
            result = defs.resolve_job_def("ingest_forms").execute_in_process(instance=instance, tags=tags)
    chain.finished(paths, "ingest_forms", choice)
    return result


def test_forms_go_from_the_inbox_to_harmonised_tables(paths):
    warehouse = Warehouse(paths.warehouse)
    result = ingest(paths)
    assert all(check.passed for check in result.get_asset_check_evaluations()), "an empty inbox is no fault"
    (paths.forms / "skola.xlsx").write_bytes(workbook("Finns", SECRET))
    (paths.forms / "samma igen.xlsx").write_bytes((paths.forms / "skola.xlsx").read_bytes())
    (paths.forms / "trasig.xlsx").write_bytes(workbook("Kanske"))
    (paths.forms / "nyare.xlsx").write_bytes(workbook("Finns inte", day=21))
    assert "formular/skola.xlsx" in inbox_state({"formular": paths.forms})
    result = ingest(paths)
    assert all(check.passed for check in result.get_asset_check_evaluations())
    files = warehouse.read(TableName("raw", "form_files")).sort("answered_on")
    assert files["source_file"].to_list() == ["samma igen.xlsx", "nyare.xlsx"]
    assert files["held_back"].to_list() == [1, 0]
    archived = [path.parent.name[:16] for path in paths.archive.rglob("*.xlsx")]
    assert archived == [files["form_id"][1]], "nothing personal is archived"
    sentence = (paths.rejected / "trasig.xlsx.txt").read_text(encoding="utf-8")
    assert sentence.startswith("trasig.xlsx, bladet Fritid, cell C5: väntade ett av svaren i listan, fick en text.")
    answers = warehouse.read(TableName("harmonised", "activity_answers"))
    assert answers.filter(field="exists")["value"].to_list() == ["no"]
    metadata = str([event.step_materialization_data for event in result.get_asset_materialization_events()])
    assert "ersatt av nyare.xlsx" in metadata
    for table in (*warehouse.tables("raw"), *warehouse.tables("harmonised")):
        assert "Gunilla" not in str(warehouse.read(table).rows())
    assert "Gunilla" not in metadata
    assert ingest(paths) is None, "nothing has changed"
