"""Run a suite on a Polars frame and get one outcome per rule, without any cell value.

Great Expectations gives the verdict (`BOOLEAN_ONLY`, ephemeral context, a pandas batch of only the needed columns). It is
imported inside the function: importing it takes seconds.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from expectations.suite import Rule, Suite

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

Status = Literal["holds", "broken", "not_evaluated"]


@dataclass(frozen=True)
class RuleOutcome:
    """The verdict on one rule: whether it holds, on how many rows and columns it was tried, which columns broke it."""

    rule: Rule
    status: Status
    rows: int
    columns_tried: int
    columns_broken: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """True only when the rule was evaluated and held."""
        return self.status == "holds"

    @property
    def blocks(self) -> bool:
        """A critical rule that is broken, or that could not be evaluated, stops promotion."""
        return self.rule.severity == "critical" and not self.holds


def run_suite(
    suite: Suite, frame: pl.DataFrame, parameters: Mapping[str, Any], only: Iterable[str] | None = None
) -> list[RuleOutcome]:
    """Evaluate the rules (all, or those whose id is in `only`) on the frame.

    Args:
        parameters: values for `$name` in the suite (`{"items": [...], "municipalities": [...]}`).

    Raises:
        KeyError: a `$name` that no parameter fills.
    """
    wanted = set(only) if only is not None else {r.id for r in suite.rules}
    plans = [(rule, _columns(rule, parameters)) for rule in suite.rules if rule.id in wanted]
    verdicts = _verdicts(frame, plans, parameters)
    outcomes = []
    for rule, columns in plans:
        results = verdicts[rule.id]
        broken = tuple(c for c, ok in zip(columns or [""], results, strict=True) if ok is False)
        status: Status = "not_evaluated" if None in results else "broken" if broken else "holds"
        outcomes.append(RuleOutcome(rule, status, frame.height, max(len(columns), 1), tuple(c for c in broken if c)))
    return outcomes


def _columns(rule: Rule, parameters: Mapping[str, Any]) -> list[str]:
    if isinstance(rule.columns, str):
        return list(parameters[rule.columns.removeprefix("$")])
    return list(rule.columns)


def _fill(value: Any, parameters: Mapping[str, Any], column: str) -> Any:
    if isinstance(value, str) and value.startswith("$"):
        filled = parameters[value[1:]]
        return filled[column] if isinstance(filled, Mapping) else filled
    return value


def _verdicts(
    frame: pl.DataFrame, plans: Sequence[tuple[Rule, list[str]]], parameters: Mapping[str, Any]
) -> dict[str, list[bool | None]]:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third-party deprecations inside the library, none of them about our data
        import great_expectations as gx
        from great_expectations import expectations as gxe

        expectations: list[Expectation] = []
        for rule, columns in plans:
            kind = getattr(gxe, rule.expectation)
            for number, column in enumerate(columns or [""]):
                kwargs = {k: _fill(v, parameters, column) for k, v in rule.kwargs.items()}
                if column:
                    kwargs["column"] = column
                expectations.append(kind(**kwargs, meta={"rule": rule.id, "number": number}, severity=rule.severity))
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        suite = gx.ExpectationSuite(name="suite", expectations=expectations)
        batch = (
            context.data_sources.add_pandas("frames")
            .add_dataframe_asset("table")
            .add_batch_definition_whole_dataframe("batch")
            .get_batch(batch_parameters={"dataframe": _pandas(frame, plans)})
        )
        validation = batch.validate(suite, result_format="BOOLEAN_ONLY")
    verdicts: dict[str, list[bool | None]] = {rule.id: [None] * max(len(columns), 1) for rule, columns in plans}
    for result in validation.results:
        meta = result.expectation_config.meta
        verdicts[meta["rule"]][meta["number"]] = None if _crashed(result.exception_info) else bool(result.success)
    return verdicts


def _crashed(info: Mapping[str, Any] | None) -> bool:
    """A rule that could not be evaluated has its exceptions keyed by metric, without the key `raised_exception`."""
    return bool(info) and info.get("raised_exception", True) is not False


def _pandas(frame: pl.DataFrame, plans: Sequence[tuple[Rule, list[str]]]) -> Any:
    """Only the columns that a rule names, with explicit nullable types (a nullable integer must not become a float)."""
    import pandas as pd

    named = {c for _, columns in plans for c in columns}
    named |= {v for rule, _ in plans for k, v in rule.kwargs.items() if k.startswith("column") and isinstance(v, str)}
    named |= {c for rule, _ in plans for c in frame.columns if c in str(rule.kwargs.get("row_condition", ""))}
    named |= {c for rule, _ in plans for c in rule.kwargs.get("column_list", ())}
    kept = [c for c in frame.columns if c in named]
    needs_all = any(rule.expectation.startswith("ExpectTableColumn") for rule, _ in plans)
    data = (
        frame
        if needs_all
        else frame.select(kept)
        if kept
        else frame.select(pl.lit(1).alias("row").repeat_by(frame.height).explode())
    )
    return pd.DataFrame({series.name: _pandas_array(series) for series in data.get_columns()})


def _pandas_array(series: pl.Series) -> Any:
    import pandas as pd

    missing = series.is_null().to_numpy()
    if series.dtype.is_integer():
        return pd.arrays.IntegerArray(series.fill_null(0).to_numpy().copy(), missing.copy())
    if series.dtype.is_float():
        return pd.arrays.FloatingArray(series.fill_null(0.0).to_numpy().copy(), missing.copy())
    if series.dtype == pl.Boolean:
        return pd.array(series.to_list(), dtype="boolean")
    words = series.drop_nulls().unique().sort()
    if 10 * len(words) > len(series):
        return pd.array(series.to_list(), dtype="string")
    # few words in many rows: one Python string for each word instead of one for each row
    codes = series.cast(pl.Enum(words)).to_physical().cast(pl.Int64).fill_null(len(words))
    return pd.array(np.array([*words.to_list(), None], dtype=object)[codes.to_numpy()], dtype="string")
