"""The Lägesöversikt and the blast radius on the small demo: what a run leaves, and lineage against the bundles' own charts."""

from __future__ import annotations

import re

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.lineage.definitions import OF_A_DELIVERY, definition_graph
from assets.overview.plain import overview_of
from assets.slices import WAVES
from pipelines.cli import main
from pipelines.definitions import build_definitions
from pipelines.run_outcome import SHOW, failed_checks, status_config, stopped_in
from pipelines.set_aside import lying
from pipelines.warehouse import TableName
from tests.pipeline.conftest import PUBLISHED

VERDICTS, OUTCOMES = TableName("validated", "deliveries"), TableName("validated", "rule_outcomes")
LATEST = WAVES[-1]


def test_a_run_leaves_the_overview_with_every_step_as_it_is(small_demo, monkeypatch, capsys):
    overview = overview_of((small_demo.paths.quality / "lagesoversikt.json").read_text(encoding="utf-8"))
    rows = {(row.area_code, row.wave): row for row in overview.rows}
    done = rows[PUBLISHED[0], LATEST]
    steps = ("delivered", "recognised", "validated", "indexed", "released", "bundle")
    assert [done.states[step] for step in steps] == ["done"] * len(steps), done.stops
    assert done.states["approved"] == "waiting"
    assert done.forms > 0
    verdicts = small_demo.warehouse.read(VERDICTS).filter("promoted").select("municipality_code", "wave").unique()
    validated = {place for place, row in rows.items() if row.states["validated"] == "done"}
    assert validated == set(verdicts.iter_rows())
    bundles = {place for place, row in rows.items() if row.states["bundle"] == "done"}
    assert bundles == {(path.name[:4], LATEST) for path in small_demo.paths.reports.glob(f"{LATEST}/????_*_intern")}
    monkeypatch.setenv("DID_HOME", str(small_demo.root))
    assert main(["status", "--kommun", PUBLISHED[0]]) == 0
    assert done.stops in capsys.readouterr().out, "the command says the same"


def test_the_charts_of_the_bundles_are_those_that_lineage_knows(small_demo):
    """A chart with answers that nothing in the graph leads to would be left out of every blast radius."""
    known = {node.key for node in definition_graph(load_catalogue()) if node.kind == "chart"} | set(OF_A_DELIVERY)
    not_answers = ("kolada_", "tackningsmatris_", "forutsattningstrappa")  # registers and forms
    names = {path.stem for path in small_demo.paths.reports.glob(f"{LATEST}/*/2_diagram/*.svg")}
    drawn = {re.sub(r"_(ak9|gy2)$", "", name) for name in names if not name.startswith(not_answers)}
    assert len(drawn) > 10
    assert drawn <= known, drawn - known


def test_a_stopped_delivery_is_told_with_what_it_touches_and_the_status_asset_is_red(copy_of_demo, capsys, monkeypatch):
    warehouse, paths = copy_of_demo.warehouse, copy_of_demo.paths
    here = (pl.col("municipality_code") == PUBLISHED[0]) & (pl.col("wave") == LATEST)
    verdicts = warehouse.read(VERDICTS)
    held = verdicts.with_columns(
        promoted=pl.when(here).then(pl.lit(value=False)).otherwise("promoted"),
        critical_broken=pl.when(here).then(1).otherwise("critical_broken"),
        status=pl.when(here).then(pl.lit("stoppad")).otherwise("status"),
    )
    delivery = held.filter(here)["delivery_id"][0]
    outcomes = warehouse.read(OUTCOMES)
    fits = (pl.col("delivery_id") == delivery) & (pl.col("wave") == LATEST) & (pl.col("rule") == "svar_i_kodboken")
    broken = outcomes.with_columns(
        status=pl.when(fits).then(pl.lit("broken")).otherwise("status"),
        columns_broken=pl.when(fits).then(pl.lit("F55e")).otherwise("columns_broken"),
    )
    assert broken.filter(fits).height == 1
    warehouse.replace(VERDICTS, held, None)
    warehouse.replace(OUTCOMES, broken, None)
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_definitions(copy_of_demo.root).resolve_job_def(SHOW)
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        assert [e.step_key for e in result.all_events if e.is_step_failure] == ["quality__run_status"]
        (made,) = result.get_asset_materialization_events()
        assert stopped_in(paths, instance, [], lying(paths)) == [], "no rule was tried and no file set aside on this instance"
        assert job.execute_in_process(instance=instance, run_config=status_config([])).success
    told = made.step_materialization_data.materialization.metadata
    assert told["stoppade"].value == 1
    page = (paths.quality / "lagesoversikt.html").read_text(encoding="utf-8")
    for words in ("Frågor som bröt en stoppande regel: F55e", f"Kommun och mättillfälle: Vallentuna {LATEST}", "Länets tal"):
        assert words in page, words
        assert words.replace("_", "\\_") in told["läget"].value
    monkeypatch.setenv("DID_HOME", str(copy_of_demo.root))
    assert main(["status"]) == 1
    assert "svar_i_kodboken" not in capsys.readouterr().out, "a rule is told in words"
    assert main(["kontroller"]) == 0
    said = capsys.readouterr().out
    assert f"Kommun och mättillfälle: Vallentuna {LATEST}" in said


def test_a_rule_that_fails_in_a_check_makes_the_run_red_and_says_what_it_touches(copy_of_demo):
    """The check of one table, tried where an answer isn't in the codebook."""
    table, warehouse = TableName("harmonised", "item_profile"), copy_of_demo.warehouse
    here = (pl.col("municipality_code") == PUBLISHED[0]) & (pl.col("item") == "F55e")
    rows = warehouse.read(table, {"wave": [LATEST]})
    bad = rows.with_columns(code=pl.when(here).then(7).otherwise("code").cast(pl.Int16))
    warehouse.replace(table, bad, {"wave": [LATEST]})
    key = dg.AssetCheckKey(dg.AssetKey(["harmonised", "item_profile"]), "svar_i_kodboken")
    definitions = build_definitions(copy_of_demo.root)
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_implicit_global_asset_job_def().get_subset(asset_selection=set(), asset_check_selection={key})
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        (found,) = result.get_asset_check_evaluations()
        assert not found.passed
        touched = found.metadata["berör"].value
        assert f"Kommun och mättillfälle: Vallentuna {LATEST}" in touched
        assert "Frågor som bröt en stoppande regel: F55e " in touched
        (sentence,) = failed_checks(instance, [key], [result.run_id])
        assert sentence.startswith("Regeln håller inte för ")
        assert failed_checks(instance, [key], ["another"]) == [], "an older failure makes no new run red"
