"""Between deliveries and the tables of the raw layer. Pure.

Cells are kept as one list per row: the two naming generations of the survey have columns that differ only in case (`f66a` is
not `F66a`), which a DuckDB table cannot hold side by side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import polars as pl

from assets.intake.fingerprint import fingerprint
from assets.intake.receive import Received, Rejected
from assets.intake.recognise import share_matched
from assets.intake.sidecar import Sidecar

RESPONSE_SCHEMA = {
    "delivery_id": pl.String,
    "wave": pl.Int32,
    "source_file": pl.String,
    "source_sha256": pl.String,
    "source_row": pl.Int32,
    "cells": pl.List(pl.String),
}
DELIVERY_SCHEMA = {
    "delivery_id": pl.String,
    "wave": pl.Int32,
    "source_file": pl.String,
    "source_sha256": pl.String,
    "file_format": pl.String,
    "encoding": pl.String,
    "delimiter": pl.String,
    "decimal_mark": pl.String,
    "codebook": pl.String,
    "declared": pl.Boolean,
    "matched_pct": pl.Int64,
    "fingerprint": pl.String,
    "municipality_code": pl.String,
    "reason": pl.String,
    "notes": pl.String,
    "named": pl.String,
    "columns": pl.String,
    "value_labels": pl.String,
    "rows": pl.Int64,
    "received_ns": pl.Int64,
}
REJECTED_SCHEMA = {"file_name": pl.String, "sha256": pl.String, "code": pl.String, "sentence": pl.String}


def response_rows(received: Sequence[Received], waves: Sequence[int]) -> pl.DataFrame:
    """All-text rows of the given waves: `delivery_id, wave, source_file, source_sha256, source_row, cells`."""
    frames = [pl.DataFrame(schema=RESPONSE_SCHEMA)]
    for item in received:
        d = item.delivery
        numbers = pl.Series("source_row", d.row_numbers or range(1, d.cells.height + 1), dtype=pl.Int32)
        frame = d.cells.select(pl.concat_list(pl.all()).alias("cells")).with_columns(
            numbers,
            item.wave,
            delivery_id=pl.lit(d.delivery_id),
            source_file=pl.lit(d.file_name),
            source_sha256=pl.lit(d.sha256),
        )
        frames.append(frame.filter(pl.col("wave").is_in(list(waves))).select(list(RESPONSE_SCHEMA)))
    return pl.concat(frames)


def delivery_rows(received: Sequence[Received], waves: Sequence[int]) -> pl.DataFrame:
    """One row per delivery and wave with what the file said about itself and how it was understood.

    `declared`: the codebook comes from the sidecar; `matched_pct`: whole per cent of the codebook's items that the file has;
    `named`: JSON, column of the file -> name in the codebook where the column's text told which it is;
    `municipality_code`, `reason`: from the sidecar, else `""`; `notes`: sentences, one per line.
    """
    rows = []
    for item in received:
        d = item.delivery
        said = item.declared.sidecar if item.declared else Sidecar.model_construct()
        matched = round(100 * share_matched([item.named.get(c, c) for c in d.cells.columns], item.codebook))
        mark = fingerprint(d)
        for wave, count in item.wave.value_counts().sort("wave").iter_rows():
            if wave in waves:
                rows.append(
                    (
                        d.delivery_id,
                        wave,
                        d.file_name,
                        d.sha256,
                        d.file_format,
                        d.encoding,
                        d.delimiter,
                        d.decimal_mark,
                        item.codebook.id,
                        bool(said.kodbok),
                        matched,
                        mark,
                        said.kommun or "",
                        said.orsak or "",
                        "\n".join(d.notes),
                        json.dumps(dict(item.named), ensure_ascii=False, sort_keys=True),
                        json.dumps(d.cells.columns, ensure_ascii=False),
                        json.dumps(d.value_labels, ensure_ascii=False, sort_keys=True),
                        count,
                        item.received_ns,
                    )
                )
    return pl.DataFrame(rows, schema=DELIVERY_SCHEMA, orient="row")


def rejected_rows(rejected: Sequence[Rejected]) -> pl.DataFrame:
    """One row per file that was set aside."""
    return pl.DataFrame([(r.file_name, r.sha256, r.code, r.sentence) for r in rejected], schema=REJECTED_SCHEMA, orient="row")


def cells_frame(rows: pl.DataFrame, columns_json: str, named_json: str | None = None) -> pl.DataFrame:
    """The all-text frame of one delivery, columns named as in its file or, where `named` has another name, in the codebook."""
    named = json.loads(named_json or "{}")
    names = [named.get(name, name) for name in json.loads(columns_json)]
    return rows.select(pl.col("cells").list.get(i, null_on_oob=True).alias(name) for i, name in enumerate(names))


def value_labels(labels_json: str, named_json: str | None = None) -> Mapping[str, Mapping[str, str]]:
    """Column (named as in `cells_frame`) -> code text -> label, as the file declared them."""
    named = json.loads(named_json or "{}")
    return {named.get(column, column): labels for column, labels in json.loads(labels_json).items()}
