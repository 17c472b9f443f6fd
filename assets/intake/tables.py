"""Between deliveries and the tables of the raw layer. Pure.

Cells are kept as one list of numbers per row (docs/adr/0016): the two naming generations of the survey have columns that differ
only in case (`f66a` is not `F66a`), which a DuckDB table cannot hold side by side, and what a number stands for is kept once per
column in `raw.survey_texts`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import polars as pl

from assets.intake.fingerprint import fingerprint
from assets.intake.receive import Received, Rejected
from assets.intake.recognise import role_column, share_matched
from assets.intake.sidecar import Sidecar
from assets.methods.coded import CodedCells
from assets.methods.encode import municipality_coding

NO_NAMES: Mapping[str, str] = MappingProxyType({})
RESPONSE_SCHEMA = {
    "delivery_id": pl.String,
    "wave": pl.Int32,
    "source_file": pl.String,
    "source_sha256": pl.String,
    "source_row": pl.Int32,
    "codes": pl.List(pl.UInt32),
}
TEXT_SCHEMA = {"delivery_id": pl.String, "wave": pl.Int32, "texts": pl.String}
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
    "municipality_coding": pl.String,
    "reason": pl.String,
    "notes": pl.String,
    "named": pl.String,
    "columns": pl.String,
    "value_labels": pl.String,
    "rows": pl.Int64,
    "received_ns": pl.Int64,
}
REJECTED_SCHEMA = dict.fromkeys(("file_name", "sha256", "code", "sentence", "taken_before"), pl.String)


def response_rows(received: Sequence[Received], waves: Sequence[int]) -> pl.DataFrame:
    """Rows of the given waves: `delivery_id, wave, source_file, source_sha256, source_row, codes`.

    `codes`: per column of the file, in its order, the place (from 1) of the cell's text among the column's own in `text_rows`;
    0 for an empty cell.
    """
    frames = [pl.DataFrame(schema=RESPONSE_SCHEMA)]
    for item in received:
        d = item.delivery
        numbers = pl.Series("source_row", d.row_numbers or range(1, d.coded.height + 1), dtype=pl.Int32)
        codes = pl.Series("codes", d.coded.numbers).arr.to_list()
        frame = pl.DataFrame([numbers, item.wave, codes]).with_columns(
            delivery_id=pl.lit(d.delivery_id),
            source_file=pl.lit(d.file_name),
            source_sha256=pl.lit(d.sha256),
        )
        frames.append(frame.filter(pl.col("wave").is_in(list(waves))).select(list(RESPONSE_SCHEMA)))
    return pl.concat(frames)


def text_rows(received: Sequence[Received], waves: Sequence[int]) -> pl.DataFrame:
    """What the numbers of `response_rows` stand for: `delivery_id, wave, texts` (JSON: per column its texts), a row per wave."""
    rows = [
        (item.delivery.delivery_id, wave, texts)
        for item in received
        for texts in [json.dumps(item.delivery.coded.texts, ensure_ascii=False)]
        for wave in item.wave.unique().sort()
        if wave in waves
    ]
    return pl.DataFrame(rows, schema=TEXT_SCHEMA, orient="row")


def delivery_rows(
    received: Sequence[Received], waves: Sequence[int], municipalities: Mapping[str, str] = NO_NAMES
) -> pl.DataFrame:
    """One row per delivery and wave with what the file said about itself and how it was understood.

    `declared`: the codebook comes from the sidecar; `matched_pct`: whole per cent of the codebook's items that the file has;
    `named`: JSON, column of the file -> name in the codebook where the column's text told which it is;
    `municipality_code`, `reason`: from the sidecar, else `""`; `municipality_coding`: how the file names municipalities, in
    Swedish; `notes`: sentences, one per line.

    Args:
        municipalities: the survey's own number, or the name -> SCB code.
    """
    rows = []
    for item in received:
        d = item.delivery
        said = item.declared.sidecar if item.declared else Sidecar.model_construct()
        names = [item.named.get(c, c) for c in d.coded.columns]
        matched = round(100 * share_matched(names, item.codebook))
        mark = fingerprint(d)
        known = role_column(item.codebook, "school_municipality", names)
        column = d.coded.columns[names.index(known)] if known else None
        coding = (
            municipality_coding(d.coded[column], d.value_labels.get(column, {}), municipalities) if column else ("sidofilen",)
        )
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
                        " och ".join(coding),
                        said.orsak or "",
                        "\n".join(d.notes),
                        json.dumps(dict(item.named), ensure_ascii=False, sort_keys=True),
                        json.dumps(d.coded.columns, ensure_ascii=False),
                        json.dumps(d.value_labels, ensure_ascii=False, sort_keys=True),
                        count,
                        item.received_ns,
                    )
                )
    return pl.DataFrame(rows, schema=DELIVERY_SCHEMA, orient="row")


def rejected_rows(rejected: Sequence[Rejected], taken_before: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """One row per file that was set aside.

    Args:
        taken_before: name -> hashes of what had been taken in under it by then; a later one tells that the file was mended.
    """
    rows = [(r.file_name, r.sha256, r.code, r.sentence, " ".join(taken_before.get(r.file_name, ()))) for r in rejected]
    return pl.DataFrame(rows, schema=REJECTED_SCHEMA, orient="row")


def in_deliveries(rows: pl.DataFrame) -> dict[tuple[str, int], pl.DataFrame]:
    """(Delivery, wave) -> its rows of `raw.survey_responses`, by `source_row`.

    Args:
        rows: at least `delivery_id, wave, source_row`. A table in which each delivery lies by wave and row, as it is written,
            is only cut; any other is sorted first.
    """
    unit = ["delivery_id", "wave"]
    begins = _begins(rows)
    rising = begins | (rows["source_row"].diff() > 0)
    if not rising.all() or begins.sum() != rows.select(unit).n_unique():
        rows = rows.sort(*unit, "source_row")
        begins = _begins(rows)
    first = begins.arg_true().to_list()
    return {
        (rows["delivery_id"][begin], rows["wave"][begin]): rows.slice(begin, end - begin)
        for begin, end in zip(first, [*first[1:], rows.height], strict=True)
    }


def _begins(rows: pl.DataFrame) -> pl.Series:
    """Where another delivery or wave begins than in the row before."""
    return rows.select(pl.any_horizontal(pl.col(n).ne_missing(pl.col(n).shift()) for n in ("delivery_id", "wave"))).to_series()


def coded_cells(rows: pl.DataFrame, columns_json: str, texts_json: str, named_json: str | None = None) -> CodedCells:
    """The cells of one delivery and wave, columns named as in its file or, where `named` has another name, in the codebook."""
    named = json.loads(named_json or "{}")
    names = [named.get(name, name) for name in json.loads(columns_json)]
    return CodedCells(names, json.loads(texts_json), rows["codes"].explode().to_numpy().reshape(rows.height, len(names)))


def value_labels(labels_json: str, named_json: str | None = None) -> Mapping[str, Mapping[str, str]]:
    """Column (named as in `cells_frame`) -> code text -> label, as the file declared them."""
    named = json.loads(named_json or "{}")
    return {named.get(column, column): labels for column, labels in json.loads(labels_json).items()}
