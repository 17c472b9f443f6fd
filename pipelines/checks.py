"""The bridge from a suite to asset checks: one named check per rule, in Swedish, without any cell value.

Checks on harmonised tables are what a steward reads; they do not block, because one bad delivery must not stop the others
(promotion holds it back alone). Checks on the release layer block.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import dagster as dg

from assets.asset_keys import asset_key, reached
from assets.catalogue.load import load_catalogue
from assets.intake.names import in_markdown
from assets.registers.pipeline import register_level_jumps
from assets.rule_tables import prepare
from assets.slices import WAVES, YEARS, int_keys
from assets.texts import in_profile, op_text, plain_text, ui_texts
from expectations.parameters import suite_of
from expectations.run import RuleOutcome, run_suite
from expectations.suite import Suite, suite_tables
from pipelines.psychometric_checks import psychometric_checks
from pipelines.resources import Store
from pipelines.response_checks import response_over_100
from pipelines.touched import touched_lines
from pipelines.warehouse import TableName

_SEVERITY = {
    "critical": dg.AssetCheckSeverity.ERROR,
    "warning": dg.AssetCheckSeverity.WARN,
    "info": dg.AssetCheckSeverity.WARN,
}
_WEIGHT = {"critical": "stoppande", "warning": "varning", "info": "upplysning"}
_STATUS = {"holds": "Regeln håller", "broken": "Regeln håller inte", "not_evaluated": "Regeln kunde inte prövas"}
NOTED = "Att titta på"
NOTHING_TO_COMPARE = "Det finns inget att jämföra med ännu"


def suite_checks(table: str, keys: tuple[int, ...], *, blocking: bool) -> dg.AssetChecksDefinition:
    """One `multi_asset_check` for the suite of `table`; one result per rule.

    The suite is evaluated once for all the run's slices; each result names the deliveries (or years) that break the rule, so a
    fault in one is never thinned out by the others.

    Args:
        table: `layer/table`, also the asset key and the suite's name.
        keys: all partitions; a run of some of them tries only those.
        blocking: whether a broken critical rule stops what is downstream in the same run.
        large: read and try one slice at a time; no rule of the suite may be about several slices together.
    """
    suite = suite_of(table, load_catalogue())
    asset = asset_key(*table.split("/"))
    specs = [
        dg.AssetCheckSpec(
            rule.id,
            asset=asset,
            blocking=blocking and rule.severity == "critical",
            description=in_profile(f"{rule.text_sv} Varför: {rule.why_sv} Om den inte håller: {rule.remedy_sv}"),
            metadata={"allvar": _WEIGHT[rule.severity], "varför": rule.why_sv},
        )
        for rule in suite.rules
    ]

    @dg.multi_asset_check(
        specs=specs, name=f"kontroller_{table.replace('/', '_')}", can_subset=True, description=op_text("kontroller")
    )
    def checks(context: dg.AssetCheckExecutionContext, store: Store) -> Iterator[dg.AssetCheckResult]:
        wanted = {k.name for k in context.selected_asset_check_keys}
        chosen = int_keys(context, keys)
        files = _file_names(store) if "delivery_id" in suite.unit else {}
        parts = [[key] for key in chosen] if table in ONE_SLICE_AT_A_TIME else [chosen]
        tried = [_tried(store, suite, part, wanted) for part in parts]
        for rule in (r for r in suite.rules if r.id in wanted):
            outcome = together([(part, outcomes[rule.id]) for part, outcomes in zip(parts, tried, strict=True)])
            yield result(outcome, asset, _places(outcome, files), _touched(store, outcome) if files else ())

    return checks


def _tried(store: Store, suite: Suite, keys: list[int], wanted: set[str]) -> dict[str, RuleOutcome]:
    """The outcome of each wanted rule on some slices."""
    prepared = prepare(store.warehouse, load_catalogue(), suite.table, keys)
    return {o.rule.id: o for o in run_suite(suite, prepared.views, prepared.parameters, only=wanted)}


def together(outcomes: Sequence[tuple[Sequence[int], RuleOutcome]]) -> RuleOutcome:
    """One outcome of a rule from those on parts of a table: the worst, with the slices (or units) that broke it; rows add up."""
    if len(outcomes) == 1:
        return outcomes[0][1]
    order = {"not_evaluated": 2, "broken": 1, "holds": 0}
    worst = max((o for _, o in outcomes), key=lambda o: order[o.status])
    units = {(key,): o.columns_broken for keys, o in outcomes if not o.holds for key in keys}
    columns = tuple(dict.fromkeys(c for _, o in outcomes for c in o.columns_broken))
    return replace(worst, rows=sum(o.rows for _, o in outcomes), columns_broken=columns, units=units)


def _touched(store: Store, outcome: RuleOutcome) -> tuple[str, ...]:
    """What the deliveries that break a stopping rule or a warning touch; a note (`info`) touches nothing."""
    if outcome.holds or outcome.rule.severity == "info":
        return ()
    units = [(str(unit[0]), int(str(unit[1]))) for unit in outcome.units or () if len(unit) > 1]
    return touched_lines(store.paths, units, outcome.columns_broken, stops=outcome.rule.severity == "critical")


def result(outcome: RuleOutcome, key: dg.AssetKey, where: list[str], touches: Sequence[str] = ()) -> dg.AssetCheckResult:
    """The outcome as Dagster shows it: verdict, severity, counts, which deliveries; never a value.

    A finding of severity `info` passes, with a text that begins with "Att titta på": it is to be seen, not to alarm. A rule that
    could not be evaluated never passes, whatever its severity, except when there is nothing yet to compare with.
    """
    rule, noted = outcome.rule, outcome.rule.severity == "info" and outcome.status == "broken"
    status = NOTED if noted else NOTHING_TO_COMPARE if outcome.why_not == "reference" else _STATUS[outcome.status]
    text = f"{status}. {rule.text_sv}"
    if not outcome.holds and outcome.why_not != "reference":
        shown = ", ".join(where[:5]) + (f" och {len(where) - 5} till" if len(where) > 5 else "")
        said = f"{status}: det här gäller inte" if noted else status
        text = f"{said}{f' för {shown}' if shown else ''}. {rule.text_sv} {rule.remedy_sv}"
    return dg.AssetCheckResult(
        passed=outcome.holds or noted or outcome.why_not == "reference",
        check_name=rule.id,
        asset_key=key,
        severity=_SEVERITY[rule.severity],
        description=text,
        metadata={
            "regel": rule.text_sv,
            "varför": rule.why_sv,
            "gör så här": rule.remedy_sv,
            "allvar": _WEIGHT[rule.severity],
            "utfall": status,
            "rader prövade": outcome.rows,
            "kolumner prövade": outcome.columns_tried,
            "kolumner som bröt": ", ".join(outcome.columns_broken[:20]) or "inga",
        }
        | ({"berör": dg.MetadataValue.md("\n".join(f"- {in_markdown(line)}" for line in touches))} if touches else {}),
    )


def _places(outcome: RuleOutcome, files: Mapping[str, str]) -> list[str]:
    """What breaks the rule: files with their wave, or years."""
    units = sorted(outcome.units or (), key=str)
    return [f"{files.get(str(u[0]), u[0])} ({u[1]})" if len(u) > 1 else str(u[0]) for u in units]


def _file_names(store: Store) -> dict[str, str]:
    """Delivery id -> file name."""
    rows = store.warehouse.read(TableName("raw", "survey_deliveries"), columns=["delivery_id", "source_file"])
    return dict(rows.unique().iter_rows()) if rows.height else {}


REGISTER_VALUES, LEVELS = asset_key("harmonised", "register_values"), "register_nivahopp"


@dg.multi_asset_check(
    specs=[dg.AssetCheckSpec(LEVELS, asset=REGISTER_VALUES, blocking=True, description=ui_texts()["checks"][LEVELS])],
    name="harmonised__register_values_register_nivahopp",
    description=op_text("kontroller"),
)
def register_levels(store: Store) -> dg.AssetCheckResult:
    """A key figure whose level jumps between vintages has changed unit or meaning: stop before anyone draws it."""
    sentences = register_level_jumps(store.warehouse.read(TableName("raw", "register_rows")))
    text = " ".join(sentences) or plain_text("checks", LEVELS)
    return dg.AssetCheckResult(
        asset_key=REGISTER_VALUES, check_name=LEVELS, passed=not sentences, severity=dg.AssetCheckSeverity.ERROR, description=text
    )


SLICES: Mapping[str, tuple[int, ...]] = {
    "raw/register_rows": YEARS,
    "harmonised/register_values": YEARS,
    "harmonised/schools": YEARS,
    "harmonised/school_indicators": YEARS,
    "validated/register_values": YEARS,
}
"""Tables that are sliced by year; all others are by wave."""
ONE_SLICE_AT_A_TIME = ("release/indicator_results",)
"""Large tables whose rules are never about several slices together: only one slice is in memory."""


def build_checks() -> list[dg.AssetChecksDefinition]:
    """All asset checks of the active profile: one definition per suite of a table that the profile has."""
    tables = [table for table in suite_tables() if reached(*table.split("/"))]
    checks = [suite_checks(t, SLICES.get(t, WAVES), blocking=t.startswith("release/")) for t in tables]
    if reached("harmonised", "register_values"):
        checks = [register_levels, *checks]
    if reached("indices", "psychometrics"):
        checks = [*checks, psychometric_checks()]
    return [*checks, response_over_100] if reached("release", "response_by_school_type") else checks
