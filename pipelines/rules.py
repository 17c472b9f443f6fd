"""`did kontroller`: what the rules said about the deliveries, and Great Expectations' own pages when somebody asks for them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.methods.errors import PipelineError, count_sv
from assets.overview.table import columns_of
from assets.rule_tables import PREPARE, RULE_OUTCOMES, prepare
from expectations.suite import load_suite, suite_tables
from pipelines.checks import SLICES
from pipelines.paths import Paths
from pipelines.touched import touched_lines
from pipelines.warehouse import Warehouse

WORDS = {"critical": "stopp", "warning": "varning", "info": "info"}
ORDER = {"critical": 0, "warning": 1, "info": 2}


def rule_lines(home: Path) -> list[str]:
    """One line per rule that some delivery breaks: severity, how many deliveries and waves, the rule, and what to do.

    Raises:
        PipelineError: `no_outcomes` when no rules have been tried.
    """
    outcomes = _outcomes(home)
    texts = {rule.id: rule for table in suite_tables() for rule in load_suite(table).rules}
    broken = outcomes.filter(pl.col("status") == "broken").group_by("rule", "severity").agg(pl.len().alias("n"))
    untried = outcomes.filter((pl.col("status") == "not_evaluated").all().over("rule")).select("rule").unique().height
    units = count_sv(
        outcomes.select("delivery_id", "wave").unique().height, "leverans och mättillfälle", "leveranser och mättillfällen"
    )
    lines = [f"{count_sv(outcomes['rule'].n_unique(), 'regel', 'regler')} prövade på {units}."]
    rows = sorted(broken.iter_rows(), key=lambda row: (ORDER[row[1]], row[0]))
    for rule, severity, n in rows:
        told = texts.get(rule)
        if told is not None:
            lines.append(f"{WORDS[severity]:8} {rule}, {n} st: {told.text_sv} {told.remedy_sv}")
            lines += [f"         {line}" for line in _touched(Paths(home), outcomes, rule, severity)]
    if not rows:
        lines.append("Ingen leverans bryter någon regel.")
    if untried:
        lines.append(f"{count_sv(untried, 'regel kunde', 'regler kunde')} inte prövas på någon leverans.")
    return lines


def _touched(paths: Paths, outcomes: pl.DataFrame, rule: str, severity: str) -> tuple[str, ...]:
    """What the deliveries that break a stopping rule or a warning touch."""
    if severity == "info":
        return ()
    broken = outcomes.filter((pl.col("rule") == rule) & (pl.col("severity") == severity) & (pl.col("status") == "broken"))
    columns = sorted({column for text in broken["columns_broken"] for column in columns_of(text)})
    units = list(broken.select("delivery_id", "wave").iter_rows())
    return touched_lines(paths, units, columns, stops=severity == "critical")


def _outcomes(home: Path) -> pl.DataFrame:
    found = Warehouse(Paths(home).warehouse).read(RULE_OUTCOMES)
    if found.is_empty():
        raise PipelineError(
            "no_outcomes",
            f"Databasen {Paths(home).warehouse.name}",
            "utfall av regler",
            "inga",
            "Lägg leveranser i inkorgen och kör hela kedjan med make kor.",
        )
    return found


def write_data_docs(home: Path, folder: Path) -> list[str]:
    """Judge every table anew and write Great Expectations' own pages to a folder; lines for the terminal.

    Raises:
        PipelineError: `no_outcomes` when nothing has been run, `folder_taken` when the folder holds something else.
    """
    from assets.slices import WAVES
    from expectations.datadocs import NOTE, build_data_docs

    _outcomes(home)
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / NOTE).exists())):
        raise PipelineError(
            "folder_taken", str(folder), "en tom mapp", "något annat där", "Ange en mapp som inte finns; den skapas."
        )
    warehouse, catalogue = Warehouse(Paths(home).warehouse), load_catalogue()
    tables = []
    for table in PREPARE:
        made = prepare(warehouse, catalogue, table, list(SLICES.get(table, WAVES)))
        tables.append((load_suite(table), made.views, made.parameters))
    judged = build_data_docs(folder, tables)
    return [f"{count_sv(judged, 'tabell', 'tabeller')} prövade. Läs {folder / NOTE} innan du öppnar index.html."]
