"""The geography rules of the disclosure policy on finished tables: no school or class, and one geography only. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from assets.methods.errors import PipelineError

FORBIDDEN = (
    *("school_code", "school_id", "school_unit_code", "school_name", "class_code", "class_id", "psu", "psu_id", "respondent_key"),
    *("home_municipality_code", "home_district_code", "residence_code"),
)
"""Columns that would make a row of a school, class or pupil, or of where pupils live beside where they go to school."""
DISTRICT = "district"
LEVELS = ("county", "municipality", DISTRICT)
"""Levels of the one geography in use: that of the schools."""


def require_geography(tables: Mapping[str, pl.DataFrame], without_districts: Collection[str] = ()) -> None:
    """Stop tables that break a geography rule.

    Args:
        tables: name -> finished table. without_districts: editions that have no districts.

    Raises:
        PipelineError: `forbidden_geography`, with the table and the column, level or edition; never a row.
    """
    for name, frame in sorted(tables.items()):
        columns = [column for column in FORBIDDEN if column in frame.columns]
        if columns:
            raise _forbidden(name, f"kolumnen {columns[0]}")
        if "area_level" not in frame.columns:
            continue
        levels = sorted(set(frame["area_level"].drop_nulls().unique()) - set(LEVELS))
        if levels:
            raise _forbidden(name, f"områden av slaget {levels[0]}")
        if "edition" in frame.columns:
            told = frame.filter(pl.col("area_level") == DISTRICT)["edition"].unique().to_list()
            closed = sorted(set(told) & set(without_districts))
            if closed:
                raise _forbidden(name, f"stadsdelar i utgåvan {closed[0]}")


def _forbidden(table: str, got: str) -> PipelineError:
    return PipelineError(
        code="forbidden_geography",
        where=f"Tabellen {table}",
        expected="bara de områden som reglerna för röjandekontroll tillåter, aldrig skola, klass, elev eller hemkommun",
        got=got,
        hint="Ta bort det ur tabellen. Inget publiceras förrän reglerna följs.",
    )
