"""Jobs: verbs a steward recognises.

An asset job holds one kind of partition, so the jobs that cross kinds (`ingest`, `everything`) are made of one op per layer that
runs that layer's job in the same process and on the same instance (docs/adr/0008). Each child is a run of its own in the UI, with
its own partitions, events and checks; one process writes to the warehouse throughout.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import dagster as dg

from assets.asset_keys import asset_key, reached
from assets.catalogue.pilots import find_pilot, wanted_step
from assets.delivery_reports import waiting_files
from assets.failures import as_failure
from assets.intake.names import in_markdown
from assets.one_pass import one_pass
from assets.quality_overview import stop
from assets.slices import WAVES, YEARS, range_tags
from assets.texts import ui_texts
from pipelines import chain
from pipelines.chain import Choice
from pipelines.clock_back import clock_set_back
from pipelines.event_log import light_event_log
from pipelines.launch import Chosen, Ingestion, Launch, choose, typed_choices, with_own_name
from pipelines.made_bundles import made_bundles
from pipelines.notices import CHILD
from pipelines.paths import Paths
from pipelines.recorder import PASS
from pipelines.resources import RunChoices, Store
from pipelines.run_outcome import SHOW, attempts_of, lay_before, remember_lying, status_config, stopped_in
from pipelines.set_aside import Outcome, lying, outcome
from pipelines.spread import SpreadResult, run_spread, spreads

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
    selection=_keys("release/audit", "release/repairs"),
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
    selection=_keys(
        *("reports/county_overview", "reports/county_comparison", "reports/county_bundle", "reports/disclosure_report"),
        "quality/run_history",
    ),
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


def _asked(context: dg.OpExecutionContext, paths: Paths) -> Chosen:
    """What the run was asked for.

    Raises:
        dagster.Failure: choices that can't be followed, in one sentence.
    """
    with as_failure():
        return choose(paths, with_own_name(paths, typed_choices(context.run.run_config)))


def _say_first(context: dg.OpExecutionContext, chosen: Chosen, paths: Paths) -> None:
    """Write what the run was asked for in its tags and on its first step, so that it can be found and repeated; and what is
    wrong with the clock.
    """
    if wrong := clock_set_back(paths):
        context.log.warning(str(wrong))
    context.instance.add_run_tags(context.run_id, chosen.tags())
    context.add_output_metadata({"val för körningen": dg.MetadataValue.md(chosen.table())})


def _bundle_steps(chosen: Chosen) -> list[str]:
    """The jobs that make what the run was asked for."""
    pilot = find_pilot(chosen.pilot) if chosen.pilot else None
    return [name for name in ("publish_bundles", "publish_kits", "publish_overview") if wanted_step(name, pilot)]


def child_config(chosen: Chosen, choices: RunChoices) -> dict[str, object]:
    """Run config of a child that writes bundles; a resource's config is replaced as a whole, so all is given.

    What the run doesn't say stays as the installation has it.
    """
    same = {field: getattr(choices, field) for field in type(choices).model_fields}
    said = {"prepared_by": chosen.prepared_by} if chosen.prepared_by else {}
    fields = {"edition": ("utgava", chosen.edition), "public_areas": ("publika_kommuner", list(chosen.public_areas))}
    fields |= {"workers": ("arbetare", chosen.workers), "remake": ("allt", chosen.everything)}
    said |= {name: value for name, (field, value) in fields.items() if field in chosen.decided}
    return {"resources": {"choices": {"config": same | said}}} if said else {}


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
) -> dg.ExecuteInProcessResult | SpreadResult:
    """Run one asset job over a range of partitions: in this process, or its bundles on the workers of the instance's launcher."""
    job, config = defs.resolve_job_def(name), dict(run_config or {})
    if spreads(instance, name):
        return run_spread(job, instance, tags, config)
    with light_event_log():
        return job.execute_in_process(instance=instance, tags=dict(tags), run_config=config, raise_on_error=False)


def child_failed(name: str, run_id: str) -> dg.Failure:
    """A step's failure because a run that it started has failed; names that run for a person and for the notice."""
    text = f"Delkörningen {name} misslyckades. Öppna körningen {run_id} för att se varför."
    return dg.Failure(text, metadata={CHILD: run_id}, allow_retries=False)


@dg.config_mapping
def ingestion(val: Ingestion) -> dg.RunConfig:
    """The flat form of `ingest` as the config of its ops."""
    return dg.RunConfig(ops={"registers": val, "surveys": val})


@dg.config_mapping
def launch(val: Launch) -> dg.RunConfig:
    """The flat form of `everything` as the config of its ops."""
    of_all = Ingestion(allt=val.allt, installning=val.installning)
    return dg.RunConfig(ops={"registers": of_all, "surveys": of_all, "estimates": of_all, "bundles": val})


def build_crossing_jobs(defs: Callable[[], dg.Definitions]) -> tuple[dg.JobDefinition, ...]:
    """The jobs that cross kinds of partitions.

    Args:
        defs: gives the definitions that the children belong to (not yet built when the jobs are).
    """

    def child(context: dg.OpExecutionContext, name: str, tags: Mapping[str, str], run_config: Mapping[str, object]) -> None:
        result = run_child(defs(), context.instance, name, {**tags, PASS: context.run_id}, run_config)
        context.log.info(f"{name}: körning {result.run_id}, {'klar' if result.success else 'misslyckades'}")
        if not result.success:
            failed = child_failed(name, result.run_id)
            show(context, [failed.description or ""])  # nothing comes after this, so the overview is written here
            raise failed

    def show(context: dg.OpExecutionContext, sentences: Sequence[str]) -> None:
        run_child(defs(), context.instance, SHOW, {PASS: context.run_id}, status_config(list(sentences)))

    def steps(
        context: dg.OpExecutionContext,
        store: Store,
        names: Sequence[str],
        asked: Chosen,
        choices: RunChoices,
        run_config: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        chosen = Choice(wave=asked.wave, everything=asked.everything, edition=choices.kind, only=asked.only)
        said = asked.tags()
        with one_pass(choices.workers):
            for name in chain.in_order(store.paths, [one for one in names if reached(*NEEDS[one])]):
                for tags in chain.pending(store.paths, name, chosen):
                    child(context, name, {**tags, **said}, run_config)

    nothing = {"out": dg.Out(dg.Nothing)}
    after = {"after": dg.In(dg.Nothing)}

    @dg.op(out=nothing["out"], description=TEXTS["ops"]["registers"])
    def registers(context: dg.OpExecutionContext, config: Ingestion, store: Store, choices: RunChoices) -> None:
        asked = _asked(context, store.paths)
        remember_lying(context.instance, context.run_id, store.paths)
        _say_first(context, asked, store.paths)
        steps(context, store, ["ingest_registers"], asked, choices)

    @dg.op(ins=after, out=nothing["out"], description=TEXTS["ops"]["surveys"])
    def surveys(context: dg.OpExecutionContext, config: Ingestion, store: Store, choices: RunChoices) -> None:
        before = lying(store.paths)
        steps(context, store, ["read_surveys", "check_surveys", "ingest_forms"], _asked(context, store.paths), choices)
        waiting = [file.sentence for file in waiting_files(store.warehouse, store.paths)]
        _tell(context, store.paths, outcome(store.paths, before, waiting))

    @dg.op(ins=after, out=nothing["out"], description=TEXTS["ops"]["estimates"])
    def estimates(context: dg.OpExecutionContext, config: Ingestion, store: Store, choices: RunChoices) -> None:
        names = ["release_registers", "build_indices", "build_prevention", "audit_release"]
        asked = _asked(context, store.paths)
        with as_failure():
            steps(context, store, names, asked, choices)
        if reached(*NEEDS["audit_release"]):
            context.add_output_metadata({"reparation": chain.repair_told(store.paths)})

    @dg.op(ins=after, out=nothing["out"], description=TEXTS["ops"]["bundles"])
    def bundles(context: dg.OpExecutionContext, config: Launch, store: Store, choices: RunChoices) -> None:
        asked = _asked(context, store.paths)
        steps(context, store, _bundle_steps(asked), asked, choices, child_config(asked, choices))
        context.add_output_metadata(dict(made_bundles(store.paths, asked.wave, asked.only)))

    @dg.op(ins=after, description=TEXTS["ops"]["run_outcome"])
    def run_outcome(context: dg.OpExecutionContext, store: Store) -> None:
        attempts = attempts_of(context.instance, context.run)  # what was stopped before a step was tried again still was
        with as_failure():
            sentences = stopped_in(store.paths, context.instance, attempts, lay_before(context.instance, attempts))
        show(context, sentences)
        if sentences:
            raise stop(sentences)

    @dg.job(description=TEXTS["jobs"]["ingest"], config=ingestion)
    def ingest() -> None:
        run_outcome(surveys(registers()))

    @dg.job(description=TEXTS["jobs"]["everything"], config=launch)
    def everything() -> None:
        run_outcome(bundles(estimates(surveys(registers()))))

    return (ingest, everything)
