"""Rules on the small demo: each is tried, the history says so, a wave sees the last, and the library's pages hold no value."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.errors import PipelineError
from assets.rule_tables import PREPARE, prepare
from assets.slices import WAVES
from assets.validated import promote
from expectations.datadocs import NOTE
from expectations.run import run_suite
from expectations.suite import load_suite
from pipelines.checks import SLICES
from pipelines.rules import rule_lines, write_data_docs
from pipelines.warehouse import TableName

CANDIDATES = TableName("harmonised", "survey_responses")
PROFILE = TableName("harmonised", "item_profile")
HISTORY = TableName("validated", "rule_outcomes")
DELIVERIES = TableName("validated", "deliveries")
TABLES = ("harmonised/survey_responses", "harmonised/item_profile", "harmonised/delivery_counts", "harmonised/delivery_gaps")
NO_PAIRS_IN_THE_BUNDLED_FILES = {"register_kallor_overens"}
WITHOUT_RESPONDENT_NUMBERS = {"dubbla_rader", "samma_id"}


@pytest.mark.parametrize("table", PREPARE)
def test_every_rule_is_really_tried_on_the_demo(small_demo, table):
    """Nothing is passed over because a view is empty; the one pair of sources that the bundled files lack is known."""
    ready = prepare(small_demo.warehouse, load_catalogue(), table, list(SLICES.get(table, WAVES)))
    found = run_suite(load_suite(table), ready.views, ready.parameters)
    assert {o.rule.id for o in found if o.status == "not_evaluated"} <= NO_PAIRS_IN_THE_BUNDLED_FILES
    assert [o.rule.id for o in found if o.blocks] == []


def test_the_history_has_every_rule_of_every_delivery(small_demo):
    history, deliveries = small_demo.warehouse.read(HISTORY), small_demo.warehouse.read(DELIVERIES)
    rules = {rule.id for table in TABLES for rule in load_suite(table).rules}
    units = deliveries.select("delivery_id", "wave").unique()
    assert set(history["rule"]) == rules
    assert history.height == units.height * len(rules)
    later = history.filter((pl.col("rule") == "svar_som_forra") & (pl.col("wave") > min(WAVES)))
    assert (later["status"] != "not_evaluated").mean() > 0.8, "drift is judged where there is an earlier wave"
    first = history.filter((pl.col("rule") == "svar_som_forra") & (pl.col("wave") == min(WAVES)))
    assert set(first["status"]) == {"not_evaluated"}


def test_the_counts_of_a_delivery_are_those_of_the_history(small_demo):
    history, deliveries = small_demo.warehouse.read(HISTORY), small_demo.warehouse.read(DELIVERIES)
    weighty = history.filter(pl.col("severity") != "info")
    tried = weighty.filter(pl.col("status") != "not_evaluated").group_by("delivery_id", "wave").len("tried")
    joined = deliveries.join(tried, on=["delivery_id", "wave"])
    assert joined.height == deliveries.height
    assert (joined["tried"] == joined["rules_tried"]).all()
    assert (joined["rules_tried"] >= 25).all()


def test_a_delivery_that_drifts_is_named_also_when_only_its_wave_is_run(copy_of_demo):
    """Girls' and boys' answers are untouched; one municipality's F5 is turned around, in the last wave only."""
    warehouse = copy_of_demo.warehouse
    frame = warehouse.read(CANDIDATES, {"wave": [WAVES[-1]]})
    place = frame.group_by("municipality_code").len().sort("len", "municipality_code")["municipality_code"][-1]
    hit = pl.col("municipality_code") == place
    turned = frame.with_columns(
        F5=pl.when(hit & pl.col("F5").is_between(1, 4)).then((5 - pl.col("F5")).cast(pl.Int16)).otherwise("F5")
    )
    skipped = turned.with_columns(F55e=pl.when(hit).then(pl.lit(999, pl.Int16)).otherwise("F55e"))
    warehouse.replace(CANDIDATES, skipped, {"wave": [WAVES[-1]]})
    before = warehouse.read(HISTORY).filter(pl.col("wave") != WAVES[-1]).sort(pl.all())
    promote(warehouse, load_catalogue(), [WAVES[-1]])
    history = warehouse.read(HISTORY, {"wave": [WAVES[-1]], "status": ["broken"]})
    mine = frame.filter(hit)["delivery_id"][0]
    said = {(r["delivery_id"], r["rule"]): r["columns_broken"] for r in history.iter_rows(named=True)}
    assert "F5" in said[mine, "svar_som_forra"].split(",")
    assert "F55e" in said.get((mine, "bortfall_som_forra"), "").split(",")
    assert warehouse.read(HISTORY).filter(pl.col("wave") != WAVES[-1]).sort(pl.all()).equals(before), "other waves stay"
    assert warehouse.read(DELIVERIES, {"delivery_id": [mine], "wave": [WAVES[-1]]})["promoted"].all(), "drift stops nobody"


def test_the_profile_of_a_run_of_one_wave_replaces_only_that_wave(small_demo, one_wave_again):
    installation, runs = one_wave_again
    before = small_demo.warehouse.read(PROFILE).sort(pl.all())
    assert before.height
    assert installation.warehouse.read(PROFILE).sort(pl.all()).equals(before)
    checks = {e.check_name: e for e in runs["ingest_surveys"].get_asset_check_evaluations()}
    assert checks["svar_som_forra"].metadata["utfall"].value in {"Regeln håller", "Att titta på"}, "it saw the wave before"


def test_the_command_tells_what_was_broken(small_demo, tmp_path):
    lines = rule_lines(small_demo.root)
    assert lines[0].endswith("leveranser och mättillfällen.")
    assert any("skola_i_registret" in line for line in lines)
    with pytest.raises(PipelineError, match="väntade utfall av regler, fick inga"):
        rule_lines(tmp_path)


def test_the_librarys_pages_are_built_on_demand_and_hold_no_value(copy_of_demo, tmp_path):
    canary = "KANARIE-7391"
    warehouse = copy_of_demo.warehouse
    frame = warehouse.read(CANDIDATES)
    spoiled = {name: pl.lit(canary) for name in ("respondent_key", "school_code", "class_code", "sex", "grade")}
    warehouse.replace(CANDIDATES, frame.with_columns(**spoiled, municipality_code=pl.lit(canary)), None)
    folder = tmp_path / "sidor"
    lines = write_data_docs(copy_of_demo.root, folder)
    assert "LAS_MIG.txt" in lines[0]
    assert "hämtar typsnitt, stilar och skript" in (folder / NOTE).read_text(encoding="utf-8")
    pages = [p for p in folder.rglob("*.html") if "validations" in p.parts]
    assert len(pages) >= 14
    told = [page.read_text(encoding="utf-8") for page in pages]
    assert any("kommun_kand" in text or "Kommunen är en av" in text for text in told)
    assert [p for p in folder.rglob("*") if p.is_file() and canary.encode() in p.read_bytes()] == []
    assert write_data_docs(copy_of_demo.root, folder), "the same folder may be written again"
    other = tmp_path / "annat"
    other.mkdir()
    (other / "brev.txt").write_text("x", encoding="utf-8")
    with pytest.raises(PipelineError, match="väntade en tom mapp"):
        write_data_docs(copy_of_demo.root, other)


def test_a_run_builds_no_pages(small_demo):
    own = [p for p in small_demo.root.rglob("*") if small_demo.paths.reports not in p.parents]  # bundles have a readme so named
    assert [p for p in own if p.name == NOTE or "data_docs" in p.name or p.name == "validations"] == []
