"""Run a suite on Polars frames and get one outcome per rule: verdict, and which deliveries broke it. Never a cell's value.

Great Expectations gives every verdict (`BOOLEAN_ONLY`, ephemeral context, a pandas batch of only the needed columns). For a rule
that is broken, its own condition metric says which rows; only their unit (delivery and wave, or year) and question are kept.
Great Expectations is imported inside the functions: importing it takes seconds.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from expectations.context import frame_batches
from expectations.kept_outcomes import kept_or_judged
from expectations.suite import ROWS, Rule, Suite

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation import Expectation

Status = Literal["holds", "broken", "not_evaluated"]
WhyNot = Literal["", "error", "empty", "parameters", "reference"]
Unit = tuple[object, ...]
Views = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class RuleOutcome:
    """The verdict on one rule.

    `rows`, `columns_tried`: what it was tried on. `columns_broken`: columns or questions that broke it. `units`: unit -> the
    columns or questions that broke it there; None when the rule is about the whole table. `judged`: the units it was tried on.
    `why_not`: why it was not evaluated (`reference`: nothing to compare with yet, the only harmless one).
    """

    rule: Rule
    status: Status
    rows: int
    columns_tried: int
    columns_broken: tuple[str, ...] = ()
    units: Mapping[Unit, tuple[str, ...]] | None = field(default_factory=dict)
    judged: frozenset[Unit] = frozenset()
    why_not: WhyNot = ""

    @property
    def holds(self) -> bool:
        """True only when the rule was evaluated and held."""
        return self.status == "holds"

    @property
    def blocks(self) -> bool:
        """A critical rule that is broken, or that could not be evaluated, stops promotion."""
        return self.rule.severity == "critical" and not self.holds


@dataclass(frozen=True)
class _Plan:
    """A rule to be tried, with its columns filled in."""

    rule: Rule
    columns: list[str]


@dataclass
class _Verdict:
    """What Great Expectations said: per column whether it held (None: could not be evaluated), and the rows that broke it."""

    held: list[bool | None]
    broken_rows: dict[int, list[int]] = field(default_factory=dict)


def run_suite(
    suite: Suite,
    tables: Views | pl.DataFrame,
    parameters: Mapping[str, Any],
    only: Iterable[str] | None = None,
    cost: dict[str, float] | None = None,
) -> list[RuleOutcome]:
    """Evaluate the rules (all, or those whose id is in `only`).

    Args:
        tables: view -> frame; a frame alone is the view `rows`.
        parameters: values for `$name` in the suite (`{"items": [...], "municipalities": [...]}`). A rule whose parameter is an
            empty list is not evaluated: it would hold whatever the data.
        cost: seconds per `table:view` are added here.

    Raises:
        KeyError: a `$name` that no parameter fills, or a view that the caller has not made.
        ValueError: no rule would be tried.
    """
    views = {ROWS: tables} if isinstance(tables, pl.DataFrame) else dict(tables)
    wanted = set(only) if only is not None else {r.id for r in suite.rules}
    rules = [r for r in suite.rules if r.id in wanted]
    if not rules or wanted - {r.id for r in rules}:
        raise ValueError(f"{suite.table}: no such rules to try: {sorted(wanted - {r.id for r in rules})}")
    outcomes: dict[str, RuleOutcome] = {}
    for view in dict.fromkeys(r.view for r in rules):
        begun = time.perf_counter()
        frame = views[view]
        if views[ROWS].is_empty():
            frame = frame.clear()  # what a view says about an empty table is worth nothing
        here, table = [r for r in rules if r.view == view], views[ROWS]
        outcomes |= kept_or_judged(
            (frame, table), (suite, here, parameters), partial(_judge_view, suite, frame, here, parameters, table)
        )
        if cost is not None:
            name = f"{suite.table}:{view}"
            cost[name] = cost.get(name, 0.0) + time.perf_counter() - begun
    return [outcomes[r.id] for r in rules]


def _judge_view(
    suite: Suite, frame: pl.DataFrame, rules: list[Rule], parameters: Mapping[str, Any], table: pl.DataFrame
) -> dict[str, RuleOutcome]:
    found: dict[str, RuleOutcome] = {}
    plans: list[_Plan] = []
    for rule in rules:
        columns = rule_columns(rule, parameters)
        why_not = why_not_tried(rule, frame, parameters, table)
        if why_not == "empty" and suite.optional:
            why_not = "reference"
        if why_not:
            found[rule.id] = RuleOutcome(rule, "not_evaluated", frame.height, max(len(columns), 1), why_not=why_not, units=None)
        else:
            plans.append(_Plan(rule, columns))
    if plans:
        unit = suite.unit if set(suite.unit) <= set(frame.columns) else ()
        judged = frozenset(frame.select(unit).unique().iter_rows()) if unit else frozenset()
        verdicts = _verdicts(frame, plans, parameters, locate=bool(unit))
        found |= {p.rule.id: _outcome(p, verdicts[p.rule.id], frame, unit, judged) for p in plans}
    return found


def why_not_tried(rule: Rule, frame: pl.DataFrame, parameters: Mapping[str, Any], table: pl.DataFrame) -> WhyNot:
    """Why a rule cannot be tried; most expectations would hold on no rows or with nothing to compare with."""
    named = [rule.columns, *rule.kwargs.values()]
    filled = [parameters[v[1:]] for v in named if isinstance(v, str) and v.startswith("$")]
    if any(isinstance(v, (list, tuple, dict, set)) and not v for v in filled):
        return "parameters"
    if frame.height or rule.expectation == "ExpectTableRowCountToBeBetween":
        return ""
    return "reference" if rule.reference and table.height else "empty"


def rule_columns(rule: Rule, parameters: Mapping[str, Any]) -> list[str]:
    """The columns that a rule names, each of which gets an expectation of its own; none for a rule about several together."""
    if isinstance(rule.columns, str):
        return list(parameters[rule.columns.removeprefix("$")])
    return list(rule.columns)


def _outcome(plan: _Plan, verdict: _Verdict, frame: pl.DataFrame, unit: tuple[str, ...], judged: frozenset[Unit]) -> RuleOutcome:
    tried = max(len(plan.columns), 1)
    if None in verdict.held:
        return RuleOutcome(plan.rule, "not_evaluated", frame.height, tried, units=None, judged=judged, why_not="error")
    if all(verdict.held):
        return RuleOutcome(plan.rule, "holds", frame.height, tried, judged=judged)
    units: dict[Unit, list[str]] = {}
    names: list[str] = []
    for number, held in enumerate(verdict.held):
        column = plan.columns[number] if plan.columns else ""
        if held or number not in verdict.broken_rows:
            names += [column] if column and not held else []
            continue
        rows = frame[verdict.broken_rows[number]]
        about = pl.col("item").cast(pl.String) if "item" in frame.columns else pl.lit(column)
        for *key, name in rows.select(*unit, about.alias("@about")).unique().sort(pl.all()).iter_rows():
            units.setdefault(tuple(key), []).append(name)
            names.append(name)
    told = {key: tuple(dict.fromkeys(n for n in found if n)) for key, found in sorted(units.items(), key=lambda kv: str(kv[0]))}
    broken = tuple(dict.fromkeys(n for n in names if n))
    return RuleOutcome(plan.rule, "broken", frame.height, tried, broken, told or None, judged)


def _fill(value: Any, parameters: Mapping[str, Any]) -> Any:
    return parameters[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def build_expectations(plans: Sequence[tuple[Rule, list[str]]], parameters: Mapping[str, Any]) -> list[Expectation]:
    """The rules as expectations of Great Expectations: one per column that a rule names, else one."""
    from expectations.custom import expectation_class

    built: list[Expectation] = []
    for rule, columns in plans:
        kind = expectation_class(rule.expectation)
        for number, column in enumerate(columns or [""]):
            kwargs = {k: _fill(v, parameters) for k, v in rule.kwargs.items()} | ({"column": column} if column else {})
            meta = {"rule": rule.id, "number": number}
            built.append(kind(**kwargs, meta=meta, severity=rule.severity, description=rule.text_sv))
    return built


def _verdicts(frame: pl.DataFrame, plans: list[_Plan], parameters: Mapping[str, Any], *, locate: bool) -> dict[str, _Verdict]:
    verdicts = {p.rule.id: _Verdict([None] * max(len(p.columns), 1)) for p in plans}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third-party deprecations inside the library, none of them about our data
        import great_expectations as gx

        pairs = [(p.rule, p.columns) for p in plans]
        batches = frame_batches()
        suite = gx.ExpectationSuite(name="suite", expectations=build_expectations(pairs, parameters))
        batch = batches.get_batch(batch_parameters={"dataframe": to_pandas(frame, pairs)})
        for result in batch.validate(suite, result_format="BOOLEAN_ONLY").results:
            meta = result.expectation_config.meta
            verdict, number = verdicts[meta["rule"]], meta["number"]
            verdict.held[number] = None if _crashed(result.exception_info) else bool(result.success)
            rows = _broken_rows(batch, result) if locate and verdict.held[number] is False else None
            if rows is not None:
                verdict.broken_rows[number] = rows
    return verdicts


def _broken_rows(batch: Batch, result: ExpectationValidationResult) -> list[int] | None:
    """The row numbers that broke a rule, from the expectation's own condition metric; None for a rule about the whole table."""
    from great_expectations.validator.metric_configuration import MetricConfiguration
    from great_expectations.validator.metrics_calculator import MetricsCalculator

    expectation = result.expectation_config.to_domain_obj()
    name = getattr(expectation, "map_metric", None)
    if name is None:
        return None
    engine = batch.data.execution_engine
    needed = expectation.get_validation_dependencies(engine, {"result_format": "BOOLEAN_ONLY"}).metric_configurations
    count = needed[f"{name}.unexpected_count"]
    condition = MetricConfiguration(f"{name}.condition", count.metric_domain_kwargs, count.metric_value_kwargs)
    marked, *_ = MetricsCalculator(execution_engine=engine, show_progress_bars=False).get_metric(condition)
    return [int(i) for i in marked.index[marked.fillna(True).astype(bool)]]


def _crashed(info: Mapping[str, Any] | None) -> bool:
    """A rule that could not be evaluated has its exceptions keyed by metric, without the key `raised_exception`."""
    return bool(info) and info.get("raised_exception", True) is not False


def to_pandas(frame: pl.DataFrame, plans: Sequence[tuple[Rule, list[str]]]) -> Any:
    """Only the columns that a rule names, with explicit nullable types (a nullable integer must not become a float)."""
    import pandas as pd

    from expectations.custom import default_columns

    named = {c for _, columns in plans for c in columns}
    for rule, _ in plans:
        named |= {v for k, v in rule.kwargs.items() if k.startswith("column") and isinstance(v, str)}
        named |= {c for c in frame.columns if c in str(rule.kwargs.get("row_condition", ""))}
        named |= set(rule.kwargs.get("column_list", ())) | set(default_columns(rule.expectation))
    kept = frame.select([c for c in frame.columns if c in named])
    data = kept if kept.width else frame.select(pl.lit(1).alias("row").repeat_by(frame.height).explode())
    return pd.DataFrame({series.name: _pandas_array(series) for series in data.get_columns()})


def _pandas_array(series: pl.Series) -> Any:
    import pandas as pd

    if series.dtype.is_temporal():
        series = series.cast(pl.String)  # ISO text: sorts as the dates do
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
