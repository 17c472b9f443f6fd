"""What our expectations share: a condition over several columns, with parameters, that also says which rows break it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import MulticolumnMapMetricProvider
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (
    multicolumn_condition_partial,
)

DOMAIN = ("batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if")


class RowsExpectation(MulticolumnMapExpectation):
    """A map expectation over fixed columns; no row is left out because a cell is empty."""

    ignore_row_if: Literal["all_values_are_missing", "any_value_is_missing", "never"] = "never"


def rows_metric(name: str, parameters: tuple[str, ...], holds: Callable[..., pd.Series]) -> type[MulticolumnMapMetricProvider]:
    """Register the metric `name` whose condition is `holds(frame, **parameters)`, a boolean per row.

    Args:
        parameters: the expectation's fields that the condition needs; also to be named in its `success_keys`.
    """

    class Metric(MulticolumnMapMetricProvider):
        condition_metric_name = name
        condition_domain_keys = DOMAIN
        condition_value_keys = parameters

        @multicolumn_condition_partial(engine=PandasExecutionEngine)
        def _pandas(cls, column_list: pd.DataFrame, **kwargs: Any) -> pd.Series:
            lacking = [p for p in parameters if kwargs.get(p) is None]
            if lacking:  # a parameter that does not reach the metric must not become a rule that holds
                raise ValueError(f"{name}: {lacking}")
            result = holds(column_list, **{p: kwargs[p] for p in parameters})
            return pd.Series(result, index=column_list.index).fillna(value=False).astype(bool)

    return Metric
