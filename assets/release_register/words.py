"""Conflicts as sentences for the steward. Pure: the texts come from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from assets.methods.errors import PipelineError, count_sv

Texts = Mapping[str, Any]
SUMMARY_KEYS = ("release_id", "published_on", "area_code", "wave", "kind", "table_name")
TABLE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(
    ("release_id", "published_on", "area_code", "edition", "bundle", "kind", "table_name", "sentence"), pl.String
) | {"wave": pl.Int32, "cells": pl.Int64, "same_pupils": pl.Boolean}


def conflict_rows(conflicts: pl.DataFrame, texts: Texts, area_names: Mapping[str, str]) -> pl.DataFrame:
    """Conflicts of one table, area, wave, release and kind as one row with its sentence; columns `TABLE_SCHEMA`, sorted."""
    groups = conflicts.group_by(SUMMARY_KEYS).agg(pl.len().cast(pl.Int64).alias("cells")).sort(SUMMARY_KEYS)
    sentences = [_sentence(row, texts, area_names) for row in groups.iter_rows(named=True)]
    return _shaped(groups.with_columns(pl.Series("sentence", sentences, pl.String)))


def entry_rows(entries: Sequence[tuple[str, str, str, int, str, str, bool]]) -> pl.DataFrame:
    """Entries of the register, (release, day, area, wave, edition, bundle, same pupils as now); columns `TABLE_SCHEMA`."""
    names = ("release_id", "published_on", "area_code", "wave", "edition", "bundle", "same_pupils")
    return _shaped(pl.DataFrame(entries, schema={name: TABLE_SCHEMA[name] for name in names}, orient="row"))


def _shaped(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        (pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name))
        for name, kind in TABLE_SCHEMA.items()
    )


def short_id(release_id: str) -> str:
    """As much of a release's id (a hash) as a person reads: enough to find it in the list of what has been published."""
    return release_id[:8]


def _sentence(row: Mapping[str, Any], texts: Texts, area_names: Mapping[str, str]) -> str:
    sentence = texts["own_sentences"].get(row["kind"], texts["sentence"])
    return sentence.format(
        table=texts["tables"][row["table_name"]],
        release=short_id(row["release_id"]),
        published=row["published_on"],
        cells=count_sv(row["cells"], *texts["cell"]),
        area=area_names.get(row["area_code"], row["area_code"]),
        wave=row["wave"],
        kind=texts["kinds"].get(row["kind"], ""),
    )


def conflict_error(table: pl.DataFrame, texts: Texts) -> PipelineError | None:
    """The error that stops a release with conflicts (`release_conflict`); None when the table has none."""
    found = table.drop_nulls("kind")
    if found.is_empty():
        return None
    stop = texts["stop"]
    got = stop["got"].format(count=count_sv(found.height, *stop["conflicts"]), first=found["sentence"][0].rstrip("."))
    return PipelineError("release_conflict", stop["where"], stop["expected"], got, stop["hint"])


def remedy_lines(texts: Texts) -> list[str]:
    """The remedies: name, what it means, how it is done."""
    return [f"{one['name']}. {one['means']} Gör så här: {one['how']}" for one in texts["remedies"]]
