"""Filled forms as rows of the raw layer. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from assets.forms.types import FilledForm

FILES_SCHEMA = {
    "form_id": pl.String, "kind": pl.String, "version": pl.String, "municipality_code": pl.String, "round": pl.String,
    "answered_on": pl.Date, "role": pl.String, "source_format": pl.String, "source_file": pl.String, "source_sha256": pl.String,
    "received_ns": pl.Int64, "head": pl.String, "held_back": pl.Int32, "notes": pl.String,
}  # fmt: skip
ANSWERS_SCHEMA = dict.fromkeys(("form_id", "kind", "section", "item_id", "field", "value", "place"), pl.String)
ID_LENGTH = 16


@dataclass(frozen=True)
class ReadForm:
    """A form that could be read, with the file it came in.

    `received_ns`: when the file was last changed. `number`: which of the file's forms it is.
    """

    form: FilledForm
    file_name: str
    sha256: str
    received_ns: int
    number: int = 0

    @property
    def form_id(self) -> str:
        """The beginning of the file's hash, with a number from the file's second form on."""
        return self.sha256[:ID_LENGTH] + (f"-{self.number + 1}" if self.number else "")


def file_rows(read: Sequence[ReadForm]) -> pl.DataFrame:
    """`raw.form_files`: a row per file, by id."""
    rows = [
        (
            one.form_id,
            one.form.kind,
            one.form.version,
            one.form.municipality_code,
            one.form.round,
            one.form.answered_on,
            one.form.role,
            one.form.source_format,
            one.file_name,
            one.sha256,
            one.received_ns,
            json.dumps(dict(one.form.head), ensure_ascii=False, sort_keys=True),
            len(one.form.held_back),
            "\n".join(one.form.notes),
        )
        for one in read
    ]
    return pl.DataFrame(rows, schema=FILES_SCHEMA, orient="row").sort("form_id")


def answer_rows(read: Sequence[ReadForm]) -> pl.DataFrame:
    """`raw.form_answers`: a row per answered field."""
    rows = [
        (one.form_id, one.form.kind, a.section, a.item_id, a.field, a.value, a.place) for one in read for a in one.form.answers
    ]
    return pl.DataFrame(rows, schema=ANSWERS_SCHEMA, orient="row").sort("form_id", "section", "item_id", "field")
