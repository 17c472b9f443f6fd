"""The tables of a bundle as CSV with a Frictionless data package beside them. Pure: frames in, bytes out."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from assets.bundle import action_tables as action
from assets.bundle.accumulated import KEYS as COUNTS_KEYS
from assets.bundle.accumulated import TABLE as COUNTS_TABLE
from assets.bundle.accumulated import accumulated_table
from assets.bundle.anatomy import KEYS as ANATOMY_KEYS
from assets.bundle.anatomy import TABLE as ANATOMY_TABLE
from assets.bundle.anatomy import anatomy_table
from assets.bundle.answer_tables import (
    SCREEN_KEYS,
    SCREEN_TABLE,
    TYPES_KEYS,
    TYPES_TABLE,
    school_type_table,
    screen_table,
)
from assets.bundle.associations import KEYS as ASSOCIATIONS_KEYS
from assets.bundle.associations import TABLE as ASSOCIATIONS_TABLE
from assets.bundle.associations import association_table
from assets.bundle.comparison_group import KEYS as GROUPS_KEYS
from assets.bundle.comparison_group import TABLE as GROUPS_TABLE
from assets.bundle.comparison_group import comparison_table
from assets.bundle.decisions_table import KEYS as DECISIONS_KEYS
from assets.bundle.decisions_table import TABLE as DECISIONS_TABLE
from assets.bundle.decisions_table import decisions_table
from assets.bundle.development import KEYS as DEVELOPMENT_KEYS
from assets.bundle.development import TABLE as DEVELOPMENT_TABLE
from assets.bundle.development import development_table
from assets.bundle.frames import own_rows
from assets.bundle.plain_text import without_formulas
from assets.bundle.series_table import KEYS as SERIES_KEYS
from assets.bundle.series_table import NAME as SERIES_TABLE
from assets.bundle.series_table import series_table
from assets.bundle.small_areas import KEYS as SMALL_KEYS
from assets.bundle.small_areas import TABLE as SMALL_TABLE
from assets.bundle.small_areas import small_area_table
from assets.bundle.types import ReportMeta
from assets.bundle.weighted import KEYS as WEIGHTED_KEYS
from assets.bundle.weighted import TABLE as WEIGHTED_TABLE
from assets.bundle.weighted import weighted_table
from assets.bundle.words import say, source_line
from assets.charts.types import COUNTY_CODE, ReleaseFrames, Scope

FIELD_TYPES = {pl.String: "string", pl.Int64: "integer", pl.Int32: "integer", pl.Float64: "number"}
SWEDISH_TABLES: tuple[tuple[str, Sequence[str], Callable[[ReleaseFrames, ReportMeta], pl.DataFrame | None]], ...] = (
    (SERIES_TABLE, SERIES_KEYS, series_table),
    (ANATOMY_TABLE, ANATOMY_KEYS, anatomy_table),
    (COUNTS_TABLE, COUNTS_KEYS, accumulated_table),
    (ASSOCIATIONS_TABLE, ASSOCIATIONS_KEYS, association_table),
    (DEVELOPMENT_TABLE, DEVELOPMENT_KEYS, development_table),
    (SMALL_TABLE, SMALL_KEYS, small_area_table),
    (DECISIONS_TABLE, DECISIONS_KEYS, decisions_table),
    (WEIGHTED_TABLE, WEIGHTED_KEYS, weighted_table),
    (GROUPS_TABLE, GROUPS_KEYS, comparison_table),
    (TYPES_TABLE, TYPES_KEYS, school_type_table),
    (SCREEN_TABLE, SCREEN_KEYS, screen_table),
    (action.ACTIVITIES_TABLE, action.ACTIVITIES_KEYS, action.activity_table),
    (action.COVERAGE_TABLE, action.COVERAGE_KEYS, action.coverage_table),
    (action.READINESS_TABLE, action.READINESS_KEYS, action.readiness_table),
    (action.FACTORS_TABLE, action.FACTORS_KEYS, action.factor_table),
    (action.ORDER_TABLE, action.ORDER_KEYS, action.order_table),
)
"""Tables with Swedish headers: name, key columns and what makes them (None: the bundle has no such table)."""
KEYS = {
    "index_results": ["area_code", "wave", "grade", "sex", "index_key", "measure"],
    "response_rates": ["area_code", "wave", "grade"],
    "register_values": ["source", "indicator_key", "area_level", "area_code", "year", "sex"],
    "delivery_quality": ["area_code", "wave", "item"],
    "reasons": ["code"],
    **{name: list(keys) for name, keys, _ in SWEDISH_TABLES},
}
SWEDISH_HEADERS = tuple(name for name, _, _ in SWEDISH_TABLES)
REASON_COLUMNS = ("reason", "enrolled_reason")
SURVEY_TABLES = (
    "index_results",
    "response_rates",
    "delivery_quality",
    *(name for name in SWEDISH_HEADERS if name != GROUPS_TABLE),
    *("platser", "tratt", "anvandning"),
)
"""Tables of survey values and of what is handed in; the last three are in the county's bundle only."""


def bundle_tables(frames: ReleaseFrames, scope: Scope, meta: ReportMeta) -> dict[str, pl.DataFrame]:
    """The tables by name: the municipality (with its districts) and the county only, in a fixed order."""
    registers = frames.register_values.filter(pl.col("area_code").is_in([scope.area_code, COUNTY_CODE]))
    own = {name: build(frames, meta) for name, _, build in SWEDISH_TABLES}
    shown = meta.texts["tables"]["reason_shown"]
    reasons = [(code, reason.mark, reason.text_sv or shown) for code, reason in meta.charts.reasons.items()]
    return {
        "index_results": own_rows(frames.index_results, scope).sort(KEYS["index_results"]),
        "response_rates": own_rows(frames.response_rates, scope).sort(KEYS["response_rates"]),
        "register_values": registers.sort("source", "indicator_key", "area_code", "year", "sex"),
        "delivery_quality": frames.delivery_quality.sort(KEYS["delivery_quality"]),
        "reasons": pl.DataFrame(reasons, schema={"code": pl.String, "mark": pl.String, "text": pl.String}, orient="row"),
        **{name: table for name, table in own.items() if table is not None},
    }


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """UTF-8 without a mark at the start, comma, decimal point, empty for null and for an empty text, line feed.

    No text begins as a formula, whoever wrote it and in whichever table it came to stand.
    """
    buffer = io.BytesIO()
    told = frame.with_columns(pl.col(pl.String).replace("", None))  # two quotes would tell a reader the same
    without_formulas(told).write_csv(buffer)
    return buffer.getvalue()


def table_files(frames: ReleaseFrames, scope: Scope, meta: ReportMeta) -> dict[str, bytes]:
    """What `written_tables` gives of the bundle's tables."""
    return written_tables(bundle_tables(frames, scope, meta), scope, meta)


def written_tables(tables: Mapping[str, pl.DataFrame], scope: Scope, meta: ReportMeta) -> dict[str, bytes]:
    """`4_tabeller/*.csv` and `4_tabeller/datapackage.json`."""
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
    if explained := [column for column in REASON_COLUMNS if column in frame.columns]:
        reference = {"resource": "reasons", "fields": "code"}
        schema["foreignKeys"] = [{"fields": column, "reference": reference} for column in explained]
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
