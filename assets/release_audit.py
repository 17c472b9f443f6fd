"""Release layer: the independent audit of everything that is about to be published. Nothing is reported unless it passes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial

import dagster as dg
import polars as pl

from assets.asset_keys import reached
from assets.audit import AuditReport, AuditRules, EarlierRelease, audit
from assets.audit.derived import TOLD_BY
from assets.audit.types import CountRule, Passed
from assets.audited_tables import AUDITED, DERIVED
from assets.catalogue.load import Catalogue, load_catalogue
from assets.failures import as_failure
from assets.methods.bands import FOCUS_BAND
from assets.methods.cell_key_policy import WITHHELD
from assets.methods.disclosure import load_policy
from assets.methods.errors import PipelineError, count_sv
from assets.methods.estimate import WEIGHTED_METHOD
from assets.methods.indicator_links import Links, links
from assets.methods.score_scale import policy_for
from assets.release_audit_slices import SHOWN_COLUMNS, keep_passed, passed_before, slice_marks
from assets.release_audited import earlier_attacked, edition_rules, forget_outcome, keep_outcome
from assets.release_repairs import WHAT_TO_DO, held_repairs, repairs_after, told
from assets.texts import asset_text, op_text
from assets.worker_pool import worker_pool
from pipelines.resources import RunChoices, Store
from pipelines.warehouse import TableName, Warehouse

LOGIT_INTERVALS, PLAIN_INTERVALS = frozenset({"logit_t"}), frozenset({"t"})


def audit_rules(catalogue: Catalogue) -> AuditRules:
    """What an attacker reads in our rules and definitions, as plain numbers and names."""
    policy = load_policy(policy_for(catalogue.disclosure, catalogue.index_file))
    file = catalogue.indicator_file
    linked = links(file.indicators, catalogue.survey)
    indices = set(policy.sensitive_indices)
    counts = tuple(_count_rule(group) for group in catalogue.factors.accumulated)
    series = _sensitive_series(catalogue, linked)
    return AuditRules(
        editions={name: edition_rules(asdict(policy.numbers(name)), any_sensitive=bool(indices)) for name in policy.editions},
        innermost="intern" if "intern" in policy.editions else min(policy.editions),
        sensitive=frozenset(indices | series | {rule.key for rule in counts if indices & set(rule.indices)}),
        counts=counts,
        nested=tuple((link.inner, link.outer, link.outer_is_no) for link in linked.nested if link.certain),
        covers=tuple((cover.whole, cover.parts) for cover in linked.covers),
        bases=tuple((base.indicator, base.base) for base in linked.bases),
        never_split=frozenset(series),
        weighted=frozenset({WEIGHTED_METHOD}),
        logit_intervals=LOGIT_INTERVALS,
        plain_intervals=PLAIN_INTERVALS,
        perturbed=frozenset(policy.cell_key.tables),
        withheld=frozenset(WITHHELD if policy.cell_key.active else ()),
        whole=policy.whole_numbers,
        focus={index.key: f"share_band{FOCUS_BAND[index.kind]}" for index in catalogue.indices},
    )


def _count_rule(group: object) -> CountRule:
    rule = group.rule()
    return CountRule(rule.key, rule.indices, rule.kind == "risk", rule.least_scored, tuple(g.start for g in group.groups))


def _sensitive_series(catalogue: Catalogue, linked: Links) -> set[str]:
    """Series that are sensitive, or of a family of linked indicators with one that is."""
    file = catalogue.indicator_file
    own = {one.id for one in (*file.indicators, *file.indices) if one.sensitive}
    return own | {name for names in linked.families if own & set(names) for name in names}


def published_tables(warehouse: Warehouse, more: Iterable[str] = ()) -> dict[str, pl.DataFrame]:
    """All rows, of every edition, of the tables that the audit reads."""
    wanted = dict.fromkeys((*AUDITED, *DERIVED, *sorted(more)))
    names = [name for name in wanted if reached("release", name) and warehouse.exists(TableName("release", name))]
    return {name: warehouse.read(TableName("release", name)) for name in names}


def require_passed(report: AuditReport) -> None:
    """Raises PipelineError `release_not_safe`: some hidden number can be found out; says where, never a value."""
    if report.passed:
        return
    bad = report.cells.filter(pl.col("verdict") != "wide")
    first = report.conflicts.row(0, named=True)
    more = report.conflicts.height - 1
    table = first["table_name"]
    if first["attack"].startswith(TOLD_BY):
        table = f"{first['attack'].removeprefix(TOLD_BY)}, som visar ett tal räknat ur ett dolt i {table},"
    places = f"först i tabellen {table} för område {first['area_code']}, {first['wave']}, {first['grade']}"
    raise PipelineError(
        code="release_not_safe",
        where="Granskningen av utgivningen (release.audit)",
        expected="att inget dolt antal går att ringa in med det som visas",
        got=f"{count_sv(bad.height, 'dold cell', 'dolda celler')} som går att ringa in eller som motsäger det som visas, {places}"
        + (f", och på {count_sv(more, 'ställe', 'ställen')} till" if more else ""),
        hint=WHAT_TO_DO,
    )


def attacked(
    published: Mapping[str, pl.DataFrame],
    rules: AuditRules,
    earlier: Sequence[EarlierRelease],
    workers: int,
    passed: Passed | None = None,
) -> AuditReport:
    """The audit in worker processes, those of the pass when one is going on."""
    if workers < 2:
        return audit(published, rules, earlier, passed=passed)
    with worker_pool(workers) as pool:  # one attack at a time: they come largest first, and a few of them take most of the time
        return audit(published, rules, earlier, run=partial(pool.map, chunksize=1), passed=passed)


def audited(
    warehouse: Warehouse, catalogue: Catalogue, workers: int, *, anew: bool = False
) -> tuple[AuditReport, pl.DataFrame | None]:
    """The audit of everything that lies in the release, alone and together with what has been published before.

    Args:
        anew: attack also the waves and grades that have passed before and of which nothing is another now.

    Returns:
        The report; and, when it has not passed and a repair can help, `release.repairs` with what is to be hidden as well.
    """
    rules = audit_rules(catalogue)
    with warehouse.held():
        published = published_tables(warehouse, rules.withheld)
        earlier = earlier_attacked(warehouse, catalogue, published)
        marks = slice_marks(warehouse, rules, earlier, published)
        before = None if anew else passed_before(warehouse, marks)
    report = attacked(published, rules, earlier, workers, before)
    if report.passed:
        keep_passed(warehouse, marks, report.cells.select(SHOWN_COLUMNS))
        return report, None

    def again(tables: Mapping[str, pl.DataFrame], before: Sequence[EarlierRelease]) -> AuditReport:
        return attacked(tables, rules, before, workers)

    return report, repairs_after(warehouse, catalogue, rules, report, published, earlier, again)


def effort_table(report: AuditReport) -> dg.MarkdownMetadataValue:
    """Cells attacked now and seconds per kind of attack and family, for the Dagster UI."""
    if report.effort.is_empty():
        return dg.MetadataValue.md("Inget är angripet på nytt: allt är som vid den senaste godkända granskningen.")
    lines = ["| angrepp | familj | celler | lösta program | sekunder |", "|---|---|---|---|---|"]
    for attack, family, _, cells, programs, seconds in report.effort.iter_rows():
        lines.append(f"| {attack} | {family} | {cells} | {programs} | {f'{seconds:.1f}'.replace('.', ',')} |")
    return dg.MetadataValue.md("\n".join(lines))


DEPS: Sequence[dg.AssetDep] = [
    dg.AssetDep(["release", name], partition_mapping=dg.AllPartitionMapping())
    for name in (*AUDITED, *DERIVED)
    if reached("release", name)
]


@dg.multi_asset(
    outs={
        "audit": dg.AssetOut(key=["release", "audit"], is_required=False, description=asset_text("release", "audit")),
        "repairs": dg.AssetOut(key=["release", "repairs"], is_required=False, description=asset_text("release", "repairs")),
    },
    deps=DEPS,
    name="release_audit",
    description=op_text("release_audit"),
    group_name="release",
)
def release_audit(context: dg.AssetExecutionContext, store: Store, choices: RunChoices):
    """Attack every hidden number with all that is published; the bounds themselves are not stored.

    What is narrow and can be repaired gives `release.repairs` and no `release.audit`: what waits for that isn't run, and
    the chain makes the release anew (`pipelines/chain.py`).
    """
    warehouse = store.warehouse
    with as_failure():
        forget_outcome(warehouse)
        report, repairs = audited(warehouse, load_catalogue(), choices.workers, anew=choices.remake)
        if repairs is None:
            require_passed(report)
            keep_outcome(warehouse, report)
        narrow = report.cells.filter(pl.col("verdict") != "wide").height
        held = held_repairs(warehouse) if repairs is None else repairs
    sentence = told(held, narrow=narrow)
    yield dg.Output(held, output_name="repairs", metadata={"reparation": sentence})
    if narrow:
        context.log.warning(sentence)
        return
    shown = report.cells.select(SHOWN_COLUMNS)
    more = {"dolda celler": shown.height, "angrepp": effort_table(report), "reparation": sentence}
    yield dg.Output(shown, output_name="audit", metadata=more)


ASSETS = [release_audit]
