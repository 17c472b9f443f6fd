"""`4_tabeller/beslut.csv`: what was decided at workshops and what has happened to the follow-up indicators. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from assets.bundle.decision_words import follow_up_sentences, label
from assets.bundle.number_ids import ID_COLUMNS
from assets.bundle.plain_text import harmless
from assets.bundle.types import ReportMeta
from assets.charts.types import ReleaseFrames
from assets.forms.decisions_form import decision_texts
from assets.methods.decisions import MEASURES

TABLE = "beslut"
KEYS = ("Beslut-id",)
WRITTEN = ("priority", "reason", "owner", "first_step")
"""Columns with the workshop's own words."""


def decisions_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """A row per decision; None when none has come back."""
    rows = frames.decisions
    if rows.is_empty():
        return None
    groups = {state: words["title"] for state, words in meta.texts["decisions"]["groups"].items()}
    development = meta.texts["development"]
    said = [follow_up_sentences(row) for row in rows.iter_rows(named=True)]
    ids = [number_of(row, meta) for row in rows.iter_rows(named=True)]
    given = rows.with_columns(pl.Series("_said", said, pl.String), pl.Series("_id", ids, pl.String))
    columns = {
        "Område": pl.col("area_name"),
        "Områdeskod": pl.col("area_code"),
        "Omgång": pl.col("round"),
        "Mättillfälle": pl.col("wave"),
        "Workshop": _day("workshop_on"),
        "Deltagare": pl.col("participants"),
        "Beslut-id": pl.col("decision_id"),
        "Faktor-id": harmless(pl.col("factor")),
        "Faktor": _label("factor"),
        "Prioritering": harmless(pl.col("priority")),
        "Motivering": harmless(pl.col("reason")),
        "Ägare": harmless(pl.col("owner")),
        "Första steg": harmless(pl.col("first_step")),
        "Uppföljningsmått-id": harmless(pl.col("follow_up_indicator")),
        "Uppföljningsmått": _label("follow_up_indicator"),
        "Årskurs": _label("follow_up_grade"),
        "Följs upp": _day("follow_up_on"),
        "Hur det gick": _words("status", decision_texts()["statuses"]),
        "Berättat": _day("status_on"),
        "Uppföljning": _words("follow_up_state", groups),
        "Nytt mättillfälle": pl.col("wave_now"),
        "Värde då": pl.col("value_then"),
        "Värde nu": pl.col("value_now"),
        "Förändring": pl.col("change"),
        "Undre gräns": pl.col("low"),
        "Övre gräns": pl.col("high"),
        "Förändringens enhet": _words("unit", development["units"]),
        "Bedömning": _words("verdict", development["verdicts"]),
        "Tal-id": pl.col("_id"),
        "I ord": harmless(pl.col("_said")),
    }
    ordered = given.sort("area_code", "workshop_on", "decision_id")
    return ordered.select(expression.alias(name) for name, expression in columns.items())


def number_of(row: Mapping[str, Any], meta: ReportMeta) -> str:
    """The id of the published change that the decision is followed up by; nothing without one, or without a chosen grade."""
    if row["change"] is None or not row["follow_up_grade"]:
        return ""
    series = row["follow_up_indicator"]
    kind = "index" if series in meta.charts.indices else meta.series[series].kind
    key = {
        "wave": row["wave_now"], "area_code": row["area_code"], "grade": row["follow_up_grade"], "sex": "all",
        "series_kind": kind, "series": series, "measure": MEASURES[kind],
    }  # fmt: skip
    return "/".join([*(str(key[name]) for name in ID_COLUMNS["trends"]), "change"])


def _label(column: str) -> pl.Expr:
    return harmless(pl.col(column).map_elements(_choice(column), return_dtype=pl.String).fill_null(""))


def _choice(column: str) -> Callable[[str], str]:
    return lambda code: label(column, code)


def _day(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).fill_null("")


def _words(column: str, words: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(dict(words), return_dtype=pl.String, default=None).fill_null("")
