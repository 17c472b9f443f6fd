"""What the rules of each table are tried on, read from the warehouse: views, parameters, and the keys of other tables.

The checks and the step that promotes deliveries use the same functions, so that both judge the same thing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.catalogue.load import Catalogue
from assets.harmonised import COUNTS, GAPS, PROFILE, SURVEY
from assets.raw import DELIVERIES as RAW_DELIVERIES
from assets.raw import REGISTER_ROWS
from assets.raw import RESPONSES as RAW_RESPONSES
from assets.registers.agreements import load_agreements
from expectations.parameters import common_parameters, series_parameters, survey_parameters, with_known
from expectations.views import (
    KEYS,
    Views,
    only_rows,
    profile_views,
    raw_views,
    register_views,
    routed_columns,
    school_views,
    survey_views,
    validated_views,
)
from pipelines.warehouse import TableName, Warehouse

SCREEN_COUNTS = TableName("harmonised", "screen_counts")
REGISTER_VALUES = TableName("harmonised", "register_values")
SCHOOLS = TableName("harmonised", "schools")
SCHOOL_INDICATORS = TableName("harmonised", "school_indicators")
VALIDATED_RESPONSES = TableName("validated", "survey_responses")
VALIDATED_DELIVERIES = TableName("validated", "deliveries")
VALIDATED_REGISTERS = TableName("validated", "register_values")
RULE_OUTCOMES = TableName("validated", "rule_outcomes")
INDEX_RESULTS = TableName("release", "index_results")
ACCUMULATED_RESULTS = TableName("release", "accumulated_results")
PSYCHOMETRICS = TableName("indices", "psychometrics")
INDEX_ANATOMY = TableName("release", "index_anatomy")
INDICATOR_RESULTS = TableName("release", "indicator_results")
TRENDS = TableName("release", "trends")
TREND_COLUMNS = (
    *("edition", "area_code", "wave", "grade", "sex", "series_kind", "series", "measure"),
    *("value", "value_from", "change", "low", "high", "verdict", "reason"),
)
SERIES_BREAKS = TableName("release", "series_breaks")
OF_FORMS = (
    *(TableName("raw", name) for name in ("form_files", "form_answers")),
    *(TableName("harmonised", name) for name in ("activity_answers", "readiness_ratings", "decisions")),
)
DELIVERY_KEY = ["delivery_id", "wave"]


@dataclass(frozen=True)
class Prepared:
    """What `run_suite` needs besides the suite. `rows` are those of the table in the run's slices."""

    views: Views
    parameters: dict[str, Any]

    @property
    def rows(self) -> pl.DataFrame:
        """The table itself."""
        return self.views["rows"]


def prepare(warehouse: Warehouse, catalogue: Catalogue, table: str, keys: list[int]) -> Prepared:
    """Read what the rules of `layer/table` need. Raises KeyError for a table without rules."""
    return PREPARE[table](warehouse, catalogue, keys)


def survey_prepared(warehouse: Warehouse, catalogue: Catalogue, frame: pl.DataFrame, columns: list[str]) -> Prepared:
    """Views of harmonised answers that are already read; `columns`: all columns of the table."""
    waves = frame["wave"].unique().to_list() if "wave" in frame.columns else []
    schools = _read(warehouse, SCHOOLS, {"year": waves}, ["school_code", "year", "pupils_ak9"])
    known = _pairs(_read(warehouse, RAW_DELIVERIES, {"wave": waves}, DELIVERY_KEY))
    views = survey_views(frame, columns, schools, _enrolled(warehouse, waves), catalogue)
    return Prepared(views, with_known(survey_parameters(catalogue), known))


def profile_prepared(warehouse: Warehouse, catalogue: Catalogue, profile: pl.DataFrame) -> Prepared:
    """Views of an item profile, beside the earlier waves that lie in the warehouse; where both have a wave, this one counts."""
    waves = profile["wave"].unique().to_list() if profile.height else []
    stored = warehouse.read(PROFILE)
    earlier = stored.filter(~pl.col("wave").is_in(waves)) if stored.height else stored
    reference = pl.concat([earlier.select(profile.columns), profile]) if earlier.height else profile
    return Prepared(profile_views(profile, reference, catalogue), survey_parameters(catalogue))


def _read(warehouse: Warehouse, name: TableName, where: dict[str, list[int]], columns: list[str] | None = None) -> pl.DataFrame:
    """Rows of a table, only the wanted columns that it has."""
    if columns is None:
        return warehouse.read(name, where)
    have = warehouse.columns(name)
    kept = [c for c in columns if c in have]
    return warehouse.read(name, where, kept) if kept else pl.DataFrame()


def _enrolled(warehouse: Warehouse, years: list[int]) -> pl.DataFrame:
    columns = ["area_code", "year", "indicator_key", "value"]
    return _read(warehouse, REGISTER_VALUES, {"year": years, "indicator_key": ["pupils_ak9"]}, columns)


def _pairs(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    return sorted(frame.select(DELIVERY_KEY).unique().iter_rows()) if set(DELIVERY_KEY) <= set(frame.columns) else []


def _raw_responses(warehouse: Warehouse, catalogue: Catalogue, waves: list[int]) -> Prepared:
    rows = _read(warehouse, RAW_RESPONSES, {"wave": waves}, [*DELIVERY_KEY, "source_row"])
    deliveries = _read(warehouse, RAW_DELIVERIES, {"wave": waves}, [*DELIVERY_KEY, "rows"])
    return Prepared(raw_views(rows, deliveries), with_known(common_parameters(catalogue), _pairs(deliveries)))


def _raw_deliveries(warehouse: Warehouse, catalogue: Catalogue, waves: list[int]) -> Prepared:
    return Prepared(only_rows(warehouse.read(RAW_DELIVERIES, {"wave": waves})), common_parameters(catalogue))


def _raw_registers(warehouse: Warehouse, catalogue: Catalogue, keys: list[int]) -> Prepared:
    columns = ["source_file", "source_sha256", "source_sheet", "source_row"]
    return Prepared(only_rows(_read(warehouse, REGISTER_ROWS, {}, columns)), common_parameters(catalogue))


def _survey(warehouse: Warehouse, catalogue: Catalogue, waves: list[int]) -> Prepared:
    needed = [*KEYS, "school_code", *routed_columns(catalogue)]
    frame = _read(warehouse, SURVEY, {"wave": waves}, needed)
    return survey_prepared(warehouse, catalogue, frame, warehouse.columns(SURVEY))


def _profile(warehouse: Warehouse, catalogue: Catalogue, waves: list[int]) -> Prepared:
    return profile_prepared(warehouse, catalogue, warehouse.read(PROFILE, {"wave": waves}))


def _by_wave(name: TableName) -> Callable[[Warehouse, Catalogue, list[int]], Prepared]:
    def read(warehouse: Warehouse, catalogue: Catalogue, waves: list[int]) -> Prepared:
        return Prepared(only_rows(warehouse.read(name, {"wave": waves})), common_parameters(catalogue))

    return read


def _whole(name: TableName) -> Callable[[Warehouse, Catalogue, list[int]], Prepared]:
    """A table that isn't sliced, whatever the run's partitions."""

    def read(warehouse: Warehouse, catalogue: Catalogue, keys: list[int]) -> Prepared:
        return Prepared(only_rows(warehouse.read(name)), common_parameters(catalogue))

    return read


def _registers(name: TableName) -> Callable[[Warehouse, Catalogue, list[int]], Prepared]:
    def read(warehouse: Warehouse, catalogue: Catalogue, years: list[int]) -> Prepared:
        return register_prepared(warehouse.read(name, {"year": years}), catalogue)

    return read


def register_prepared(values: pl.DataFrame, catalogue: Catalogue) -> Prepared:
    """Views of register values that are already read."""
    return Prepared(register_views(values, load_agreements().agreements), common_parameters(catalogue))


def _schools(warehouse: Warehouse, catalogue: Catalogue, years: list[int]) -> Prepared:
    views = school_views(warehouse.read(SCHOOLS, {"year": years}), _enrolled(warehouse, years))
    return Prepared(views, common_parameters(catalogue))


def _school_indicators(warehouse: Warehouse, catalogue: Catalogue, keys: list[int]) -> Prepared:
    columns = ["school_code", "school_form", "variable", "reason"]
    return Prepared(only_rows(_read(warehouse, SCHOOL_INDICATORS, {}, columns)), common_parameters(catalogue))


def _validated_responses(warehouse: Warehouse, catalogue: Catalogue, waves: list[int]) -> Prepared:
    rows = _read(warehouse, VALIDATED_RESPONSES, {"wave": waves}, list(KEYS))
    deliveries = warehouse.read(VALIDATED_DELIVERIES, {"wave": waves})
    promoted = deliveries.filter("promoted") if deliveries.height else deliveries
    return Prepared(validated_views(rows), with_known(common_parameters(catalogue), _pairs(promoted)))


def _validated_deliveries(warehouse: Warehouse, catalogue: Catalogue, waves: list[int]) -> Prepared:
    known = _pairs(_read(warehouse, RAW_DELIVERIES, {"wave": waves}, DELIVERY_KEY))
    rows = only_rows(warehouse.read(VALIDATED_DELIVERIES, {"wave": waves}))
    return Prepared(rows, with_known(common_parameters(catalogue), known))


def _series(warehouse: Warehouse, catalogue: Catalogue, waves: list[int]) -> Prepared:
    return Prepared(only_rows(warehouse.read(INDICATOR_RESULTS, {"wave": waves})), series_parameters(catalogue))


def _trends(warehouse: Warehouse, catalogue: Catalogue, waves: list[int]) -> Prepared:
    """Only the columns that a rule is about: the table is large."""
    return Prepared(only_rows(_read(warehouse, TRENDS, {}, list(TREND_COLUMNS))), common_parameters(catalogue))


PREPARE: dict[str, Callable[[Warehouse, Catalogue, list[int]], Prepared]] = {
    "raw/survey_responses": _raw_responses,
    "raw/survey_deliveries": _raw_deliveries,
    "raw/register_rows": _raw_registers,
    "harmonised/survey_responses": _survey,
    "harmonised/item_profile": _profile,
    "harmonised/delivery_counts": _by_wave(COUNTS),
    "harmonised/delivery_gaps": _by_wave(GAPS),
    "harmonised/screen_counts": _by_wave(SCREEN_COUNTS),
    "harmonised/register_values": _registers(REGISTER_VALUES),
    "harmonised/schools": _schools,
    "harmonised/school_indicators": _school_indicators,
    **{str(name).replace(".", "/"): _whole(name) for name in OF_FORMS},
    "validated/survey_responses": _validated_responses,
    "validated/deliveries": _validated_deliveries,
    "validated/rule_outcomes": _by_wave(RULE_OUTCOMES),
    "validated/register_values": _registers(VALIDATED_REGISTERS),
    "release/index_results": _by_wave(INDEX_RESULTS),
    "release/accumulated_results": _by_wave(ACCUMULATED_RESULTS),
    "release/indicator_results": _series,
    "release/series_breaks": _by_wave(SERIES_BREAKS),
    "indices/psychometrics": _whole(PSYCHOMETRICS),
    "release/index_anatomy": _whole(INDEX_ANATOMY),
    "release/trends": _trends,
}
"""Table -> how its rules are prepared."""
