"""The tables of a bundle as CSV with a Frictionless data package beside them. Pure: frames in, bytes out."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from assets.bundle.accumulated import KEYS as COUNTS_KEYS
from assets.bundle.accumulated import TABLE as COUNTS_TABLE
from assets.bundle.accumulated import accumulated_table
from assets.bundle.anatomy import KEYS as ANATOMY_KEYS
from assets.bundle.anatomy import TABLE as ANATOMY_TABLE
from assets.bundle.anatomy import anatomy_table
from assets.bundle.associations import KEYS as ASSOCIATIONS_KEYS
from assets.bundle.associations import TABLE as ASSOCIATIONS_TABLE
from assets.bundle.associations import association_table
from assets.bundle.frames import own_rows
from assets.bundle.series_table import KEYS as SERIES_KEYS
from assets.bundle.series_table import NAME as SERIES_TABLE
from assets.bundle.series_table import series_table
from assets.bundle.types import ReportMeta
from assets.bundle.words import say, source_line
from assets.charts.types import COUNTY_CODE, ReleaseFrames, Scope

FIELD_TYPES = {pl.String: "string", pl.Int64: "integer", pl.Int32: "integer", pl.Float64: "number"}
KEYS = {
    "index_results": ["area_code", "wave", "grade", "sex", "index_key", "measure"],
    "response_rates": ["area_code", "wave", "grade"],
    "delivery_quality": ["area_code", "wave", "item"],
    "reasons": ["code"],
    SERIES_TABLE: list(SERIES_KEYS),
    ANATOMY_TABLE: list(ANATOMY_KEYS),
    COUNTS_TABLE: list(COUNTS_KEYS),
    ASSOCIATIONS_TABLE: list(ASSOCIATIONS_KEYS),
}
SURVEY_TABLES = (
    "index_results",
    "response_rates",
    "delivery_quality",
    SERIES_TABLE,
    ANATOMY_TABLE,
    COUNTS_TABLE,
    ASSOCIATIONS_TABLE,
)
SWEDISH_HEADERS = (SERIES_TABLE, ANATOMY_TABLE, COUNTS_TABLE, ASSOCIATIONS_TABLE)


def bundle_tables(frames: ReleaseFrames, scope: Scope, meta: ReportMeta) -> dict[str, pl.DataFrame]:
    """The tables by name: the municipality (with its districts) and the county only, in a fixed order."""
    registers = frames.register_values.filter(pl.col("area_code").is_in([scope.area_code, COUNTY_CODE]))
    series, anatomy, counts = series_table(frames, meta), anatomy_table(frames, meta), accumulated_table(frames, meta)
    associations = association_table(frames, meta)
    reasons = [(code, reason.mark, reason.text_sv) for code, reason in meta.charts.reasons.items()]
    return {
        "index_results": own_rows(frames.index_results, scope).sort(KEYS["index_results"]),
        "response_rates": own_rows(frames.response_rates, scope).sort(KEYS["response_rates"]),
        "register_values": registers.sort("source", "indicator_key", "area_code", "year", "sex"),
        "delivery_quality": frames.delivery_quality.sort(KEYS["delivery_quality"]),
        "reasons": pl.DataFrame(reasons, schema={"code": pl.String, "mark": pl.String, "text": pl.String}, orient="row"),
        **({} if series is None else {SERIES_TABLE: series}),
        **({} if anatomy is None else {ANATOMY_TABLE: anatomy}),
        **({} if counts is None else {COUNTS_TABLE: counts}),
        **({} if associations is None else {ASSOCIATIONS_TABLE: associations}),
    }


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """UTF-8 without a mark at the start, comma, decimal point, empty for null, line feed."""
    buffer = io.BytesIO()
    frame.write_csv(buffer)
    return buffer.getvalue()


def table_files(frames: ReleaseFrames, scope: Scope, meta: ReportMeta) -> dict[str, bytes]:
    """`4_tabeller/*.csv` and `4_tabeller/datapackage.json`."""
    tables = bundle_tables(frames, scope, meta)
    files = {f"4_tabeller/{name}.csv": csv_bytes(frame) for name, frame in tables.items()}
    package = data_package(tables, scope, meta)
    files["4_tabeller/datapackage.json"] = json_bytes(package)
    return files


def data_package(tables: Mapping[str, pl.DataFrame], scope: Scope, meta: ReportMeta) -> dict[str, Any]:
    """A tabular data package: schema, titles in Swedish, missing values, licence and sources."""
    ascii_name = meta.ascii_names[scope.area_code].replace("_", "-")
    return {
        "profile": "tabular-data-package",
        "name": f"data-i-dialog-{scope.area_code}-{ascii_name}-{scope.wave}-{scope.edition}",
        "title": say(meta.texts, "tables.package_title", area=scope.area_name, wave=scope.wave),
        "version": meta.version,
        "created": f"{meta.released.isoformat()}T00:00:00Z",
        "synthetic_survey_data": meta.charts.synthetic,
        "licenses": [{"name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0"}],
        "sources": _sources(meta, tables["register_values"]),
        "resources": [_resource(name, frame, meta) for name, frame in tables.items()],
    }


def _sources(meta: ReportMeta, values: pl.DataFrame) -> list[dict[str, str]]:
    registers = [source_line(group.source_line, group.source, values) for group in meta.registers]
    lines = [meta.charts.survey_source, *dict.fromkeys(registers)]
    return [{"title": line} for line in [*lines, meta.texts["method"]["attribution"]] if line]


def _resource(name: str, frame: pl.DataFrame, meta: ReportMeta) -> dict[str, Any]:
    texts = meta.texts["tables"]
    fields = [
        {"name": column, "title": column if name in SWEDISH_HEADERS else texts["fields"][column], "type": FIELD_TYPES[type(kind)]}
        for column, kind in frame.schema.items()
    ]
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    if name in KEYS:
        schema["primaryKey"] = KEYS[name]
    if "reason" in frame.columns:
        schema["foreignKeys"] = [{"fields": "reason", "reference": {"resource": "reasons", "fields": "code"}}]
    mark = f"{meta.texts['common']['synthetic_short']}. " if meta.charts.synthetic and name in SURVEY_TABLES else ""
    return {
        "profile": "tabular-data-resource",
        "name": name,
        "title": texts[name]["title"],
        "description": mark + texts[name]["description"],
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "header": True, "decimalChar": "."},
        "schema": schema,
    }


def json_bytes(value: object) -> bytes:
    """Readable JSON in UTF-8 with a line feed at the end. Key order is the order given."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
