"""The steward's ways through the chain: an own codebook, sidecars, corrected deliveries and second copies."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import polars as pl

from pipelines.codebook import propose_codebook
from pipelines.jobs import ALL_WAVES
from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse
from tests.support.fuzz_corpus import BOOK, CATALOGUE, HEADER, ITEMS, labels, numbers, pupils, sav, text, without

DELIVERIES = TableName("raw", "survey_deliveries")
VERDICTS = TableName("validated", "deliveries")


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, str]:
    """What the page of an asset shows, as text."""
    event, *_ = [e for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey(asset.split("/"))]
    return {key: str(value.value) for key, value in event.materialization.metadata.items()}


def unknown_variant(path: Path) -> None:
    """A delivery from Botkyrka with column names that no codebook has and our own short labels as its texts."""
    asked = {f"Q_{name}": CATALOGUE.survey.by_key[BOOK.items[name]].label_sv for name in ITEMS}
    renamed = numbers().rename({name: f"Q_{name}" for name in ITEMS}).with_columns(Skolkommun=pl.lit(8))
    meant = {f"Q_{name}" if name in ITEMS else name: pairs for name, pairs in labels().items()}
    sav(renamed, meant, column_labels=asked)(path)


def installation(root: Path) -> Paths:
    """An empty installation."""
    paths = Paths(root)
    paths.make()
    return paths


def test_corrected_copied_and_declared_deliveries(tmp_path, run_job):
    paths = installation(tmp_path / "data")
    first, second, copy = (paths.surveys / name for name in ("täby.csv", "täby rättad.csv", "täby kopia.csv"))
    with_ids = [["ID", *HEADER], *([str(n % 11), *row] for n, row in enumerate(pupils()))]
    first.write_text(text(with_ids[1:], with_ids[0]), encoding="utf-8")
    copy.write_bytes(first.read_bytes())
    second.write_text(text(), encoding="utf-8")
    (paths.surveys / "täby rättad.csv.kodbok.yml").write_text("orsak: F62 hade fel svar\n", encoding="utf-8")
    place = paths.surveys / "ekerö.csv"
    place.write_text(without("Skolkommun"), encoding="utf-8")
    (paths.surveys / "ekerö.csv.kodbok.yml").write_text("kommun: 0125\nkodbok: stockholmsenkaten-2024\n", encoding="utf-8")
    os.utime(second, ns=(2**62, 2**62))

    result = run_job(paths.root, "ingest_surveys", ALL_WAVES)
    raw = metadata(result, "raw/survey_deliveries")
    assert "täby.csv: filen har samma innehåll som täby kopia.csv" in raw["anmärkningar"]
    assert "| ekerö.csv | 2024 | stockholmsenkaten-2024 | sidofilen |" in raw["leveranser"]
    notes = metadata(result, "harmonised/delivery_counts")["anmärkningar"]
    assert "täby kopia.csv, 2024: ersatt av täby rättad.csv \\(F62 hade fel svar\\)" in notes
    assert "täby kopia.csv, 2024: 1 rad är likadan" in notes or "1 rad har samma ID" in notes
    verdicts = Warehouse(paths.warehouse).read(VERDICTS)
    held = {r["source_file"]: r["status"] for r in verdicts.iter_rows(named=True)}
    assert held["täby kopia.csv"] == "ersatt av täby rättad.csv (F62 hade fel svar)"
    assert held["täby rättad.csv"] in {"godkänd", "stoppad"}
    places = dict(verdicts.select("source_file", "municipality_code").iter_rows())
    assert places["ekerö.csv"] == "0125"
    assert "ersatt av täby rättad.csv" in metadata(result, "validated/deliveries")["leveranser som inte räknas"]


def test_an_own_codebook_takes_in_an_unknown_variant_and_its_loss_is_told(tmp_path, run_job):
    paths = installation(tmp_path / "data")
    unknown = paths.surveys / "ny variant.sav"
    unknown_variant(unknown)
    raw = metadata(run_job(paths.root, "ingest_surveys", ALL_WAVES), "raw/survey_deliveries")
    assert "ny variant.sav: väntade kolumner som någon kodbok känner igen" in raw["avvisade"]
    propose_codebook(paths.rejected / "ny variant.sav", None, paths.root)
    (paths.rejected / "ny variant.sav").rename(unknown)
    (paths.rejected / "ny variant.sav.txt").unlink()
    result = run_job(paths.root, "ingest_surveys", ALL_WAVES)
    raw = metadata(result, "raw/survey_deliveries")
    assert raw["nya filer"] == "1"
    books = dict(Warehouse(paths.warehouse).read(DELIVERIES).select("source_file", "codebook").iter_rows())
    assert books["ny variant.sav"] == "ny-variant"
    assert "0127" in set(Warehouse(paths.warehouse).read(TableName("harmonised", "survey_responses"))["municipality_code"])

    (paths.codebooks / "ny-variant.yml").rename(paths.root / "undan.yml")
    result = run_job(paths.root, "ingest_surveys", ALL_WAVES)
    said = (paths.rejected / "ny variant.sav.txt").read_text(encoding="utf-8")
    assert said.startswith("ny variant.sav: väntade kodboken ny-variant som filen lästes med, fick att den inte längre finns")

    (paths.codebooks / "fel.yml").write_text("id: [", encoding="utf-8")
    result = run_job(paths.root, "ingest_surveys", ALL_WAVES)
    assert not result.success
    failed = [e for e in result.all_events if e.is_step_failure]
    assert "fel.yml: går inte att läsa som YAML" in str(failed[0].step_failure_data.error)
