"""Bad input: one Swedish sentence, the file set aside untouched, nothing published changes, the others go on."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.slices import range_tags
from assets.validated import promote
from pipelines.console import SilentProgress
from pipelines.run import run_everything
from pipelines.warehouse import TableName
from tests.pipeline.conftest import PUBLISHED
from tests.pipeline.test_chain import RESPONSES, tree
from tests.support.bad_files import write_bad_files
from tests.support.changed_sav import write_changed

CANDIDATES = TableName("harmonised", "survey_responses")


@pytest.fixture
def with_bad_files(copy_of_demo, tmp_path):
    """The demo with one file of each kind of mistake dropped in the inbox, and the hashes of those files."""
    dropped = tmp_path / "fel"
    dropped.mkdir()
    expected = write_bad_files(dropped)
    hashes = {}
    for name in expected:
        content = (dropped / name).read_bytes()
        hashes[name] = hashlib.sha256(content).hexdigest()
        (copy_of_demo.paths.surveys / name).write_bytes(content)
    return copy_of_demo, expected, hashes


def test_bad_files_are_set_aside_with_a_sentence_and_the_others_go_on(with_bad_files):
    demo, expected, hashes = with_bad_files
    before, reports = demo.warehouse.read(RESPONSES).sort(pl.all()), tree(demo.paths.reports)
    summary = run_everything(demo.root, SilentProgress(), municipalities=PUBLISHED)
    codes = {r["file_name"]: r["code"] for r in demo.warehouse.read(TableName("raw", "rejected_files")).iter_rows(named=True)}
    assert codes == expected
    for name, digest in hashes.items():
        aside = demo.paths.rejected / name
        assert hashlib.sha256(aside.read_bytes()).hexdigest() == digest, "the file was changed"
        assert not (demo.paths.surveys / name).exists()
        sentence, _, touches = aside.with_name(f"{name}.txt").read_text(encoding="utf-8").strip().partition("\n")
        assert sentence.startswith(name), sentence
        assert "väntade" in sentence, sentence
        assert ", fick " in sentence, sentence
        assert touches.strip().startswith("Vad det berör:"), touches
    assert {name for name, _ in summary.deliveries_rejected} == set(expected)
    assert demo.warehouse.read(RESPONSES).sort(pl.all()).equals(before)
    assert tree(demo.paths.reports) == reports


def test_a_delivery_that_breaks_a_critical_rule_is_held_back_alone(copy_of_demo):
    warehouse, catalogue = copy_of_demo.warehouse, load_catalogue()
    before = warehouse.read(RESPONSES).sort(pl.all())
    candidates = warehouse.read(CANDIDATES)
    bad = candidates.filter((pl.col("municipality_code") == "0115") & (pl.col("wave") == 2024))["delivery_id"][0]
    hit = (pl.col("delivery_id") == bad) & (pl.col("wave") == 2024)
    broken = candidates.with_columns(F55e=pl.when(hit).then(pl.lit(7, pl.Int16)).otherwise(pl.col("F55e")), sex=pl.col("sex"))
    other = (pl.col("municipality_code") == "0127") & (pl.col("wave") == 2024)
    broken = broken.filter(~other | (pl.col("respondent_key") != broken.filter(other)["respondent_key"][0]))
    warehouse.replace(CANDIDATES, broken, None)
    outcomes, held = promote(warehouse, catalogue, [2022, 2024])
    assert [(h.delivery_id, h.wave, [o.rule.id for o in h.rules]) for h in held] == [(bad, 2024, ["svar_i_kodboken"])]
    assert {o.rule.id for o in outcomes if o.blocks} == {"svar_i_kodboken"}
    after = warehouse.read(RESPONSES)
    mine = pl.col("municipality_code") == "0115"
    assert after.filter(mine).sort(pl.all()).equals(before.filter(mine)), "the last good slice must stay"
    assert after.height == before.height - 1, "the other municipality's new slice must be promoted"
    status = warehouse.read(TableName("validated", "deliveries"), {"wave": [2024]})
    assert status.filter(pl.col("delivery_id") == bad)["promoted"].to_list() == [False]
    assert status.filter(pl.col("delivery_id") != bad)["promoted"].all()


def test_a_corrected_delivery_replaces_the_earlier_one(copy_of_demo, run_job):
    """The same municipality and wave again, with fewer pupils: the newest counts, nobody is counted twice."""
    warehouse = copy_of_demo.warehouse
    before = warehouse.read(RESPONSES)
    (old,) = copy_of_demo.paths.surveys.glob("*2024 Vallentuna*")
    target = copy_of_demo.paths.surveys / f"rättad {old.name}"
    write_changed(old, target, lambda frame: frame.head(-1))
    assert run_job(copy_of_demo.root, "ingest_surveys", range_tags("2024", "2024")).success
    after = warehouse.read(RESPONSES)
    mine = (pl.col("municipality_code") == "0115") & (pl.col("wave") == 2024)
    assert set(after.filter(mine)["delivery_id"]) == {hashlib.sha256(target.read_bytes()).hexdigest()[:12]}
    assert not set(after.filter(mine)["delivery_id"]) & set(before.filter(mine)["delivery_id"])
    assert after.filter(mine).height == before.filter(mine).height - 1
    assert after.filter(~mine).sort(pl.all()).equals(before.filter(~mine).sort(pl.all()))
