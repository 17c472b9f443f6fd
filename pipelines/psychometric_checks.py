"""Asset checks on the measurement of the indices: one per criterion, each a warning with index, question and what to do."""

from collections.abc import Iterator

import dagster as dg

from assets.asset_keys import asset_key
from assets.catalogue.load import load_catalogue
from assets.psychometric_sentences import CriterionFaults, criterion_faults
from assets.texts import op_text
from pipelines.resources import Store
from pipelines.warehouse import TableName

TABLE = TableName("indices", "psychometrics")


def psychometric_checks() -> dg.AssetChecksDefinition:
    """One `multi_asset_check`; a criterion that fails for some index, or can't be judged, warns and never blocks."""
    texts, asset = load_catalogue().psychometric_texts.criteria, asset_key("indices", "psychometrics")
    specs = [
        dg.AssetCheckSpec(t.check, asset=asset, description=f"{t.question} Varför: {t.why} Om det inte håller: {t.remedy}")
        for t in texts.values()
    ]

    @dg.multi_asset_check(specs=specs, name="kontroller_psykometri", can_subset=True, description=op_text("kontroller"))
    def checks(context: dg.AssetCheckExecutionContext, store: Store) -> Iterator[dg.AssetCheckResult]:
        wanted = {key.name for key in context.selected_asset_check_keys}
        for faults in criterion_faults(store.warehouse.read(TABLE), load_catalogue()):
            if texts[faults.criterion].check in wanted:
                yield check_result(faults)

    return checks


def check_result(faults: CriterionFaults) -> dg.AssetCheckResult:
    """What is wrong with which index and what to do; counts and question names, never an answer."""
    text = load_catalogue().psychometric_texts.criteria[faults.criterion]
    told = [*faults.faults, *faults.unknown]
    return dg.AssetCheckResult(
        passed=not told,
        check_name=text.check,
        asset_key=asset_key("indices", "psychometrics"),
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{' '.join(told)} {text.why} {text.remedy}" if told else f"Regeln håller. {text.question}",
        metadata={"index som inte håller": len(faults.faults), "index som inte kan bedömas": len(faults.unknown)},
    )
