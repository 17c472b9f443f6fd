"""Jobs: verbs a steward recognises.

An asset job holds one kind of partition, so the jobs that cross kinds (`ingest`, `everything`) are made of one op per layer that
runs that layer's job in the same process and on the same instance (docs/adr/0008). Each child is a run of its own in the UI, with
its own partitions, events and checks; one process writes to the warehouse throughout.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import dagster as dg
from pydantic import Field

from assets.asset_keys import asset_key, reached
from assets.delivery_reports import waiting_files
from assets.failures import as_failure
from assets.intake.names import in_markdown
from assets.quality_overview import stop
from assets.sealing.people import require_name
from assets.slices import WAVES, YEARS, range_tags
from assets.texts import ui_texts
from pipelines import chain
from pipelines.chain import Choice
from pipelines.event_log import light_event_log
from pipelines.paths import Paths
from pipelines.resources import RunChoices, Store
from pipelines.run_outcome import SHOW, status_config, stopped_since
from pipelines.set_aside import Outcome, lying, outcome

TEXTS = ui_texts()


def _keys(*names: str) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*[asset_key(*name.split("/")) for name in names if reached(*name.split("/"))])


ingest_registers = dg.define_asset_job(
    "ingest_registers",
    selection=_keys(
        "raw/register_rows",
        "harmonised/register_values",
        "harmonised/schools",
        "harmonised/school_indicators",
        "validated/register_values",
    ),
    description=TEXTS["jobs"]["ingest_registers"],
)
READ = ("raw/survey_responses", "raw/survey_deliveries")
CHECKED = (
    "harmonised/survey_responses",
    "harmonised/delivery_counts",
    "harmonised/delivery_gaps",
    "harmonised/item_profile",
    "harmonised/screen_counts",
    "validated/survey_responses",
    "validated/deliveries",
    "validated/rule_outcomes",
    "quality/delivery_report",
)
read_surveys = dg.define_asset_job("read_surveys", selection=_keys(*READ), description=TEXTS["jobs"]["read_surveys"])
check_surveys = dg.define_asset_job("check_surveys", selection=_keys(*CHECKED), description=TEXTS["jobs"]["check_surveys"])
ingest_surveys = dg.define_asset_job(
    "ingest_surveys", selection=_keys(*READ, *CHECKED, "quality/overview"), description=TEXTS["jobs"]["ingest_surveys"]
)
ingest_forms = dg.define_asset_job(
    "ingest_forms",
    selection=_keys(
        "raw/form_files",
        "raw/form_answers",
        "harmonised/activity_answers",
        "harmonised/readiness_ratings",
        "harmonised/decisions",
    ),
    description=TEXTS["jobs"]["ingest_forms"],
)
build_indices = dg.define_asset_job(
    "build_indices",
    selection=_keys(
        "indices/person_scores",
        "indices/area_counts",
        "indices/area_estimates",
        "indices/indicator_counts",
        "indices/indicator_estimates",
        "indices/scale_means",
        "indices/screen_sensitivity",
        "indices/scale_estimates",
        "indices/psychometrics",
        "indices/trends",
        "release/index_results",
        "release/suppression_log",
        "release/response_rates",
        "release/response_by_school_type",
        "release/delivery_quality",
        "release/provenance",
        "release/screen_sensitivity",
        "release/indicator_results",
        "release/indicator_suppression_log",
        "release/series_breaks",
        "release/index_anatomy",
        "release/trends",
        "release/model_estimates",
        "release/rank_sets",
        "release/funnel",
        "indices/associations",
        "release/associations",
        "indices/cutoff_alternatives",
        "indices/cutoff_counts",
        "release/cutoff_sensitivity",
        "indices/accumulated_counts",
        "indices/accumulated_estimates",
        "release/accumulated_results",
        "release/accumulated_suppression_log",
        "indices/weighted_estimates",
        "indices/weight_cells",
        "release/weighted_comparison",
        "release/edition_differences",
        "release/earlier_releases",
        "release/utility",
        "release/utility_rules",
        "release/utility_steps",
    ),
    description=TEXTS["jobs"]["build_indices"],
)
build_prevention = dg.define_asset_job(
    "build_prevention",
    selection=_keys(
        "indices/activity_status",
        "indices/activity_coverage",
        "release/activity_status",
        "release/activity_coverage",
        "indices/readiness",
        "indices/readiness_statements",
        "release/readiness",
        "release/readiness_statements",
        "release/factor_overview",
        "release/priority_order",
        "release/decisions",
        "release/use_of_results",
    ),
    description=TEXTS["jobs"]["build_prevention"],
)
audit_release = dg.define_asset_job(
    "audit_release",
    selection=_keys("release/audit"),
    description=TEXTS["jobs"]["audit_release"],
)
release_registers = dg.define_asset_job(
    "release_registers",
    selection=_keys("release/register_values", "release/register_revisions"),
    description=TEXTS["jobs"]["release_registers"],
)
publish_bundles = dg.define_asset_job(
    "publish_bundles",
    selection=_keys("reports/municipality_bundle"),
    description=TEXTS["jobs"]["publish_bundles"],
)
publish_kits = dg.define_asset_job(
    "publish_kits",
    selection=_keys("reports/workshop_kit"),
    description=TEXTS["jobs"]["publish_kits"],
)
publish_overview = dg.define_asset_job(
    "publish_overview",
    selection=_keys("reports/county_overview", "reports/county_comparison", "reports/county_bundle", "reports/disclosure_report"),
    description=TEXTS["jobs"]["publish_overview"],
)
show_status = dg.define_asset_job(
    SHOW, selection=_keys("quality/overview", "quality/run_status"), description=TEXTS["jobs"]["show_status"]
)
NEEDS = {
    "ingest_registers": ("validated", "register_values"),
    "read_surveys": ("raw", "survey_responses"),
    "check_surveys": ("validated", "survey_responses"),
    "ingest_surveys": ("validated", "survey_responses"),
    "ingest_forms": ("harmonised", "decisions"),
    "build_indices": ("release", "indicator_results"),
    "build_prevention": ("release", "priority_order"),
    "audit_release": ("release", "audit"),
    "release_registers": ("release", "register_values"),
    "publish_bundles": ("reports", "municipality_bundle"),
    "publish_kits": ("reports", "workshop_kit"),
    "publish_overview": ("reports", "county_overview"),
    SHOW: ("quality", "overview"),
}
"""The table that a job is for; a profile whose chain doesn't reach it doesn't have the job."""
_ALL_JOBS = (
    *(ingest_registers, read_surveys, check_surveys, ingest_surveys, ingest_forms),
    *(build_indices, build_prevention, audit_release, release_registers, publish_bundles, publish_kits, publish_overview),
    show_status,
)
ASSET_JOBS = tuple(job for job in _ALL_JOBS if reached(*NEEDS[job.name]))

ALL_WAVES = range_tags(str(WAVES[0]), str(WAVES[-1]))
ALL_YEARS = range_tags(str(YEARS[0]), str(YEARS[-1])) if YEARS else {}


class Ingestion(dg.Config):
    """Whether everything is run again, also what nothing has changed for."""

    allt: bool = Field(default=False, description=TEXTS["fields"]["allt"])


class Publication(Ingestion):
    """Which wave the bundles are about, who makes them, and whether everything is run again."""

    wave: int = Field(default=WAVES[-1], description=TEXTS["fields"]["wave"])
    av: str = Field(default="", description=TEXTS["fields"]["av"])


def _chosen(config: Ingestion, choices: RunChoices) -> Choice:
    return Choice(everything=config.allt, edition=choices.kind)


def _prepared_by(name: str, choices: RunChoices) -> dict[str, object]:
    """Run config of a child whose bundles name who made them; a resource's config is replaced as a whole, so all is given."""
    if not name.strip():
        return {}
    same = {field: getattr(choices, field) for field in type(choices).model_fields}
    return {"resources": {"choices": {"config": same | {"prepared_by": require_name(name, "Fältet av")}}}}


def _tell(context: dg.OpExecutionContext, paths: Paths, found: Outcome) -> None:
    """Say on the run's own page what was set aside: a run that is green although a file couldn't be used mustn't look done."""
    for sentence in (*found.rejected, *found.stopped):
        context.log.warning(sentence)

    def listed(sentences: Sequence[str], none: str) -> dg.MarkdownMetadataValue:
        return dg.MetadataValue.md("\n".join(f"- {in_markdown(s)}" for s in sentences) or none)

    context.add_output_metadata({
        "avvisade filer": len(found.rejected),
        "avvisade": listed(found.rejected, "Inga filer sattes åt sidan."),
        "stoppade": listed(found.stopped, "Inga leveranser stoppades."),
        "avvisade sedan tidigare": listed(found.older, "Inga filer väntar i inbox/avvisade."),
        "kvalitetssidan": dg.MetadataValue.path(str(paths.quality / "index.html")),
    })  # fmt: skip


def run_child(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    name: str,
    tags: Mapping[str, str],
    run_config: Mapping[str, object] | None = None,
) -> dg.ExecuteInProcessResult:
    """Run one asset job in this process over a range of partitions."""
    job, config = defs.resolve_job_def(name), dict(run_config or {})
    with light_event_log():
        return job.execute_in_process(instance=instance, tags=dict(tags), run_config=config, raise_on_error=False)


def build_crossing_jobs(defs: Callable[[], dg.Definitions]) -> tuple[dg.JobDefinition, ...]:
    """The jobs that cross kinds of partitions.

    Args:
        defs: gives the definitions that the children belong to (not yet built when the jobs are).
    """

    def child(context: dg.OpExecutionContext, name: str, tags: Mapping[str, str], run_config: Mapping[str, object]) -> None:
        result = run_child(defs(), context.instance, name, tags, run_config)
        context.log.info(f"{name}: körning {result.run_id}, {'klar' if result.success else 'misslyckades'}")
        if not result.success:
            text = f"Delkörningen {name} misslyckades. Öppna körningen {result.run_id} för att se varför."
            show(context, [text])  # nothing comes after this, so the overview is written here
            raise dg.Failure(text, allow_retries=False)

    def show(context: dg.OpExecutionContext, sentences: Sequence[str]) -> None:
        run_child(defs(), context.instance, SHOW, {}, status_config(list(sentences)))

    def steps(
        context: dg.OpExecutionContext,
        store: Store,
        names: Sequence[str],
        chosen: Choice,
        run_config: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        for name in (one for one in names if reached(*NEEDS[one])):
            for tags in chain.runs(store.paths, name, chosen):
                child(context, name, tags, run_config)
            chain.finished(store.paths, name, chosen)

    nothing = {"out": dg.Out(dg.Nothing)}
    after = {"after": dg.In(dg.Nothing)}

    @dg.op(out=nothing["out"], description=TEXTS["ops"]["registers"])
    def registers(context: dg.OpExecutionContext, config: Ingestion, store: Store, choices: RunChoices) -> None:
        steps(context, store, ["ingest_registers"], _chosen(config, choices))

    @dg.op(ins=after, out=nothing["out"], description=TEXTS["ops"]["surveys"])
    def surveys(context: dg.OpExecutionContext, config: Ingestion, store: Store, choices: RunChoices) -> None:
        before = lying(store.paths)
        steps(context, store, ["read_surveys", "check_surveys", "ingest_forms"], _chosen(config, choices))
        waiting = [file.sentence for file in waiting_files(store.warehouse, store.paths)]
        _tell(context, store.paths, outcome(store.paths, before, waiting))

    @dg.op(ins=after, out=nothing["out"], description=TEXTS["ops"]["estimates"])
    def estimates(context: dg.OpExecutionContext, config: Ingestion, store: Store, choices: RunChoices) -> None:
        names = ["release_registers", "build_indices", "build_prevention", "audit_release"]
        steps(context, store, names, _chosen(config, choices))

    @dg.op(ins=after, out=nothing["out"], description=TEXTS["ops"]["bundles"])
    def bundles(context: dg.OpExecutionContext, config: Publication, store: Store, choices: RunChoices) -> None:
        with as_failure():
            named = _prepared_by(config.av, choices)
        steps(context, store, ["publish_bundles", "publish_kits", "publish_overview"], Choice(wave=config.wave), named)

    @dg.op(ins=after, description=TEXTS["ops"]["run_outcome"])
    def run_outcome(context: dg.OpExecutionContext, store: Store) -> None:
        first = context.run.root_run_id or context.run_id  # what was stopped before a step was tried again still was
        begun = context.instance.get_run_stats(first).start_time
        with as_failure():
            sentences = stopped_since(store.paths, context.instance, begun or 0.0)
        show(context, sentences)
        if sentences:
            raise stop(sentences)

    @dg.job(description=TEXTS["jobs"]["ingest"])
    def ingest() -> None:
        run_outcome(surveys(registers()))

    @dg.job(description=TEXTS["jobs"]["everything"])
    def everything() -> None:
        run_outcome(bundles(estimates(surveys(registers()))))

    return (ingest, everything)
