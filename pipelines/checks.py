"""The bridge from a suite to asset checks: one named check per rule, in Swedish, without any cell value.

Checks on harmonised tables are what a steward reads; they do not block, because one bad delivery must not stop the others
(promotion holds it back alone). Checks on the release layer block.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.slices import WAVES, YEARS
from expectations.parameters import register_parameters, release_parameters, survey_parameters
from expectations.run import RuleOutcome, run_suite
from expectations.suite import Suite, load_suite
from pipelines.resources import Store
from pipelines.warehouse import TableName

_SEVERITY = {"critical": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}
_STATUS = {"holds": "regeln håller", "broken": "regeln håller inte", "not_evaluated": "regeln kunde inte prövas"}


def suite_checks(
    table: str, parameters: Callable[[Catalogue], Mapping[str, Any]], column: str, keys: tuple[int, ...], *, blocking: bool
) -> dg.AssetChecksDefinition:
    """One `multi_asset_check` for the suite of `table`; one result per rule.

    Args:
        table: `layer/table`, also the asset key and the suite's name.
        parameters: fills the suite's `$names`.
        column: the partition column, shown in the description of a broken rule.
        keys: all partitions.
        blocking: whether a broken critical rule stops what is downstream in the same run.
    """
    suite = load_suite(table)
    key = dg.AssetKey(table.split("/"))
    specs = [
        dg.AssetCheckSpec(
            rule.id,
            asset=key,
            blocking=blocking and rule.severity == "critical",
            description=f"{rule.text_sv} Om den inte håller: {rule.remedy_sv}",
            metadata={"allvar": "stoppande" if rule.severity == "critical" else "varning"},
        )
        for rule in suite.rules
    ]

    @dg.multi_asset_check(specs=specs, name=f"kontroller_{table.replace('/', '_')}", can_subset=True)
    def checks(context: dg.AssetCheckExecutionContext, store: Store) -> Iterator[dg.AssetCheckResult]:
        frame = store.warehouse.read(TableName(*table.split("/")))
        wanted = {k.name for k in context.selected_asset_check_keys}
        filled = parameters(load_catalogue())
        outcomes = run_suite(suite, frame, filled, only=wanted)
        missing = wanted - {o.rule.id for o in outcomes}
        if missing:
            raise RuntimeError(f"no outcome for {sorted(missing)}")
        for outcome in outcomes:
            yield result(outcome, key, _where_broken(outcome, suite, frame, column, keys, filled))

    return checks


def result(outcome: RuleOutcome, key: dg.AssetKey, where: list[str]) -> dg.AssetCheckResult:
    """The outcome as Dagster shows it: verdict, severity, counts, which slices; never a value."""
    text = f"{outcome.rule.text_sv} – {_STATUS[outcome.status]}"
    if where:
        text += f" för {', '.join(where)}. {outcome.rule.remedy_sv}"
    return dg.AssetCheckResult(
        passed=outcome.holds,
        check_name=outcome.rule.id,
        asset_key=key,
        severity=_SEVERITY[outcome.rule.severity],
        description=text,
        metadata={
            "regel": outcome.rule.text_sv,
            "gör så här": outcome.rule.remedy_sv,
            "utfall": _STATUS[outcome.status],
            "rader prövade": outcome.rows,
            "kolumner prövade": outcome.columns_tried,
            "kolumner som bröt": ", ".join(outcome.columns_broken[:20]) or "inga",
        },
    )


def _where_broken(
    outcome: RuleOutcome, suite: Suite, frame: pl.DataFrame, column: str, keys: tuple[int, ...], filled: Mapping[str, Any]
) -> list[str]:
    """For a broken rule: in which waves (or years) it is broken, so that the steward knows where to look."""
    if outcome.holds or column not in frame.columns:
        return []
    slices = [(key, frame.filter(pl.col(column) == key)) for key in keys]
    return [str(k) for k, rows in slices if rows.height and not run_suite(suite, rows, filled, only=[outcome.rule.id])[0].holds]


def build_checks() -> list[dg.AssetChecksDefinition]:
    """All asset checks of the project."""
    return [
        suite_checks("harmonised/survey_responses", survey_parameters, "wave", WAVES, blocking=False),
        suite_checks("harmonised/register_values", register_parameters, "year", YEARS, blocking=False),
        suite_checks("release/index_results", release_parameters, "wave", WAVES, blocking=True),
    ]
