"""What `did rojande` prints: what is shown and hidden per municipality, by which rules, and what a step would change."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from assets.bundle.disclosure_places import ALL, Place, place_name, places, total
from assets.bundle.disclosure_report import PAGE, Disclosed, noise_told, repaired_told, rule_list, step_change
from assets.bundle.types import ReportMeta
from assets.bundle.words import say
from assets.catalogue.load import load_catalogue
from assets.charts import numbers
from assets.methods.editions import in_order
from assets.methods.errors import PipelineError
from assets.methods.policy_steps import LOOSER, TIGHTER
from assets.reports import report_meta
from assets.reports_disclosure import disclosed
from pipelines.paths import Paths
from pipelines.resources import ReleaseReader


def disclosure_lines(root: Path, wave: int | None, only: set[str]) -> list[str]:
    """The lines of the command.

    Args:
        root: the profile's data folder. wave: the latest released one when none is given.
        only: municipality codes; all when empty.

    Raises:
        PipelineError: `unknown_municipality`, a code that has no released numbers.
    """
    catalogue = load_catalogue()
    meta = report_meta(catalogue)
    told = disclosed(ReleaseReader(data_dir=str(root)), catalogue)
    rows = told.utility.filter(pl.col("wave") == (wave or pl.col("wave").max())) if told.utility.height else told.utility
    if not rows.height:
        return [say(meta.texts, "disclosure_report.command.none")]
    at = int(rows["wave"][0])
    _require_known(only, rows)
    lines = [say(meta.texts, "disclosure_report.command.heading", wave=at)]
    editions = in_order(rows["edition"].unique().to_list())
    for one in [*(p for p in places(rows, editions[0], meta.area_names) if p.level == "municipality"), total(rows, editions[0])]:
        if not only or one.code in only:
            for edition in editions:
                lines += _place_lines(told, meta, at, edition, one.code)
    lines += (*repaired_told(told, meta, at), *noise_told(told, meta))
    page = Paths(root).reports / str(at) / PAGE
    return [*lines, say(meta.texts, "disclosure_report.command.more", page=page)] if page.is_file() else lines


def _place_lines(told: Disclosed, meta: ReportMeta, wave: int, edition: str, code: str) -> list[str]:
    one, stepped = (_of(frame.filter(wave=wave) if frame.width else frame, edition, code) for frame in (told.utility, told.steps))
    if one is None:
        return []
    mine = pl.col("area_code") == code if code != ALL else pl.lit(True)
    rules = told.rules.filter(mine, wave=wave, edition=edition, area_level="municipality")
    counted = [(count, rule) for rule, count in rules.group_by("rule").agg(pl.col("cells").sum()).iter_rows()]
    values = {"area": place_name(one, meta), "edition": edition, "pct": one.shown_pct}
    values |= {"shown": numbers.thousands(one.shown), "cells": numbers.thousands(one.cells)}
    named = rule_list(counted, meta) or "inga"
    lines = [say(meta.texts, "disclosure_report.command.line", headline=one.headline_told, rules=named, **values)]
    if stepped is not None:
        changes = {step: step_change(stepped, step) for step in (LOOSER, TIGHTER)}
        lines.append("  " + say(meta.texts, "disclosure_report.command.steps", **changes))
    return lines


def _require_known(only: set[str], rows: pl.DataFrame) -> None:
    unknown = only - set(rows.filter(area_level="municipality")["area_code"])
    if unknown:
        raise PipelineError(
            "unknown_municipality",
            "Valet --kommun",
            "koden för en kommun med släppta resultat, till exempel 0127",
            ", ".join(sorted(unknown)),
            "Rätta koden, eller utelämna valet för att få alla kommuner.",
        )


def _of(cells: pl.DataFrame, edition: str, code: str) -> Place | None:
    """The area's counts; None when the table has none."""
    if not cells.height:
        return None
    if code == ALL:
        return total(cells, edition)
    return next((p for p in places(cells, edition, {}) if p.code == code and p.level == "municipality"), None)
