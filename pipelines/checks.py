"""The bridge from a suite to asset checks: one named check per rule, in Swedish, without any cell value.

Checks on harmonised tables are what a steward reads; they do not block, because one bad delivery must not stop the others
(promotion holds it back alone). Checks on the release layer block.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.registers.pipeline import register_level_jumps
from assets.slices import WAVES, YEARS, int_keys
from assets.texts import ui_texts
from expectations.parameters import (
    gap_parameters,
    register_parameters,
    release_parameters,
    series_parameters,
    survey_parameters,
)
from expectations.promote import broken_units
from expectations.run import RuleOutcome, run_suite
from expectations.suite import Rule, Suite, load_suite
from pipelines.resources import Store
from pipelines.warehouse import TableName

_SEVERITY = {"critical": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}
_STATUS = {"holds": "Regeln håller", "broken": "Regeln håller inte", "not_evaluated": "Regeln kunde inte prövas"}


def suite_checks(
    table: str,
    parameters: Callable[[Catalogue], Mapping[str, Any]],
    column: str,
    keys: tuple[int, ...],
    *,
    blocking: bool,
    large: bool = False,
) -> dg.AssetChecksDefinition:
    """One `multi_asset_check` for the suite of `table`; one result per rule.

    A rule is tried on each slice (wave or year) of the run by itself, so that a fault in one wave is not thinned out by the
    others; it holds when it holds in all of them.

    Args:
        table: `layer/table`, also the asset key and the suite's name.
        parameters: fills the suite's `$names`.
        column: the partition column; its broken slices are named in the description.
        keys: all partitions; a run of some of them tries only those.
        blocking: whether a broken critical rule stops what is downstream in the same run.
        large: read and try one slice at a time; no rule of the suite may be about several slices together.
    """
    suite = load_suite(table)
    asset = dg.AssetKey(table.split("/"))
    specs = [
        dg.AssetCheckSpec(
            rule.id,
            asset=asset,
            blocking=blocking and rule.severity == "critical",
            description=f"{rule.text_sv} Om den inte håller: {rule.remedy_sv}",
            metadata={"allvar": "stoppande" if rule.severity == "critical" else "varning"},
        )
        for rule in suite.rules
    ]

    @dg.multi_asset_check(specs=specs, name=f"kontroller_{table.replace('/', '_')}", can_subset=True)
    def checks(context: dg.AssetCheckExecutionContext, store: Store) -> Iterator[dg.AssetCheckResult]:
        name = TableName(*table.split("/"))
        wanted = {k.name for k in context.selected_asset_check_keys}
        filled = parameters(load_catalogue())
        if large:
            read = ((key, store.warehouse.read(name, {column: [key]})) for key in int_keys(context, keys))
            yield from slice_by_slice(suite, read, filled, wanted)
            return
        frame = store.warehouse.read(name, {column: int_keys(context, keys)})
        parts = frame.sort(column).group_by(column, maintain_order=True) if column in frame.columns else ()
        slices = [(key, part) for (key,), part in parts] or [(None, frame)]
        critical = {r.id for r in suite.rules if r.severity == "critical"} & wanted
        whole = {o.rule.id: o for o in run_suite(suite, frame, filled, only=critical)} if critical else {}
        # A critical rule is about rows: what holds for all of them holds in each slice, and need not be tried again there.
        apart = wanted - {rule for rule, outcome in whole.items() if outcome.holds}
        tried = {key: {o.rule.id: o for o in run_suite(suite, part, filled, only=apart)} for key, part in slices if apart}
        files = _file_names(store) if "delivery_id" in frame.columns else {}
        for rule in (r for r in suite.rules if r.id in wanted):
            if rule.id not in apart:
                yield result(whole[rule.id], asset, [])
                continue
            broken = [(key, part) for key, part in slices if not tried[key][rule.id].holds]
            # Broken only by the slices together (a value that stands in two of them): no slice can be named.
            worst = _worst(
                [tried[key][rule.id] for key, _ in slices] + ([whole[rule.id]] if rule.id in whole and not broken else [])
            )
            yield result(worst, asset, [w for key, part in broken for w in _places(key, part, rule, suite, filled, files)])

    return checks


def slice_by_slice(
    suite: Suite, slices: Iterable[tuple[int, pl.DataFrame]], filled: Mapping[str, Any], wanted: set[str]
) -> Iterator[dg.AssetCheckResult]:
    """One result per rule from slices of which only one is in memory at a time."""
    tried = {key: {o.rule.id: o for o in run_suite(suite, part, filled, only=wanted)} for key, part in slices}
    for rule in (r for r in suite.rules if r.id in wanted):
        broken = [str(key) for key, outcomes in tried.items() if not outcomes[rule.id].holds]
        yield result(_worst([outcomes[rule.id] for outcomes in tried.values()]), dg.AssetKey(suite.table.split("/")), broken)


def result(outcome: RuleOutcome, key: dg.AssetKey, where: list[str]) -> dg.AssetCheckResult:
    """The outcome as Dagster shows it: verdict, severity, counts, which slices; never a value."""
    text = f"{_STATUS[outcome.status]}. {outcome.rule.text_sv}"
    if not outcome.holds:
        shown = ", ".join(where[:5]) + (f" och {len(where) - 5} till" if len(where) > 5 else "")
        text = f"{_STATUS[outcome.status]}{f' för {shown}' if shown else ''}. {outcome.rule.text_sv} {outcome.rule.remedy_sv}"
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


def _worst(outcomes: list[RuleOutcome]) -> RuleOutcome:
    """One outcome for all slices: broken or not evaluated in any of them is that for the whole; rows are added up."""
    order = {"not_evaluated": 2, "broken": 1, "holds": 0}
    worst = max(outcomes, key=lambda o: order[o.status])
    columns = tuple(dict.fromkeys(c for o in outcomes for c in o.columns_broken))
    return replace(worst, rows=sum(o.rows for o in outcomes), columns_broken=columns)


def _places(
    key: object, part: pl.DataFrame, rule: Rule, suite: Suite, filled: Mapping[str, Any], files: Mapping[str, str]
) -> list[str]:
    """Where a rule is broken in a slice: the deliveries that break it by themselves, else the slice."""
    if not files or part.is_empty():
        return [] if key is None else [str(key)]
    alone = [str(unit[0]) for unit in broken_units(suite, part, filled, rule.id, ["delivery_id"])]
    return [f"{files.get(d, d)} ({key})" for d in alone]


def _file_names(store: Store) -> dict[str, str]:
    """Delivery id -> file name."""
    rows = store.warehouse.read(TableName("raw", "survey_deliveries"), columns=["delivery_id", "source_file"])
    return dict(rows.unique().iter_rows()) if rows.height else {}


@dg.asset_check(
    asset=["harmonised", "register_values"],
    name="register_nivahopp",
    blocking=True,
    description=ui_texts()["checks"]["register_nivahopp"],
)
def register_levels(store: Store) -> dg.AssetCheckResult:
    """A key figure whose level jumps between vintages has changed unit or meaning: stop before anyone draws it."""
    sentences = register_level_jumps(store.warehouse.read(TableName("raw", "register_rows")))
    text = " ".join(sentences) or ui_texts()["checks"]["register_nivahopp"]
    return dg.AssetCheckResult(passed=not sentences, severity=dg.AssetCheckSeverity.ERROR, description=text)


def build_checks() -> list[dg.AssetChecksDefinition]:
    """All asset checks of the project."""
    return [
        register_levels,
        suite_checks("harmonised/survey_responses", survey_parameters, "wave", WAVES, blocking=False),
        suite_checks("harmonised/delivery_gaps", gap_parameters, "wave", WAVES, blocking=False),
        suite_checks("harmonised/register_values", register_parameters, "year", YEARS, blocking=False),
        suite_checks("release/index_results", release_parameters, "wave", WAVES, blocking=True),
        suite_checks("release/indicator_results", series_parameters, "wave", WAVES, blocking=True, large=True),
        suite_checks("release/series_breaks", gap_parameters, "wave", WAVES, blocking=True),
    ]
