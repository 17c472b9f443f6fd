"""Reports layer: a bundle per municipality and wave, and the county's overview. Reads the release layer and nothing else."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import dagster as dg
import polars as pl

from assets.bundle.content import bundle_summary, folder_name
from assets.bundle.county import PAGE as COMPARISON_PAGE
from assets.bundle.county_edition import county_report_path
from assets.bundle.county_use import SHORT, use_rows
from assets.bundle.disclosure_report import PAGE as DISCLOSURE_PAGE
from assets.bundle.frames import select_frames
from assets.bundle.inputs import drawn_before, up_to_date, with_hashes
from assets.bundle.load import build_report_meta
from assets.bundle.picture_cache import PictureCache
from assets.bundle.previous import previous_tables
from assets.bundle.render import render_bundle
from assets.bundle.types import BundleMeta, BundlePaths, BundleSummary, ReportMeta, Table
from assets.bundle.words import Context
from assets.bundle.writer import edition_page, write_bundle, write_county_overview
from assets.catalogue.load import Catalogue, load_catalogue
from assets.charts.types import COUNTY_CODE, ReleaseFrames, Scope
from assets.cutoff_guard import COLUMN, check_cutoffs, released_editions, require_usual_for_publication
from assets.failures import as_failure
from assets.intake.names import in_markdown
from assets.kit.kit import CERTIFICATE as KIT_CERTIFICATE
from assets.kit.kit import kit_folder_name
from assets.methods.disclosure_policy import load_policy, policy_facts
from assets.methods.editions import INTERN, PUBLIC
from assets.methods.least_answers import with_least
from assets.methods.release_utility import told_steps
from assets.methods.score_scale import policy_for
from assets.registers.files import load_register_catalogue
from assets.reports_preview import previews
from assets.reports_told import bundle_metadata, county_table, page_metadata
from assets.sealing.store import write_form
from assets.slices import ONE_RUN, bundle_keys, bundles, int_keys, survey_waves
from assets.texts import asset_text
from assets.worker_pool import begun, over_workers
from pipelines.paths import Paths
from pipelines.provenance import code_version, package_versions
from pipelines.resources import ReleaseReader, RunChoices

SUMMARY_COLUMNS = (
    *("index_results", "response_rates", "register_values", "delivery_quality"),
    *("screen_sensitivity", "response_by_school_type", "index_anatomy"),
    *("model_estimates", "weighted_comparison"),
    *("accumulated_results", "cutoff_sensitivity", "associations"),
    *("activity_status", "activity_coverage", "readiness", "readiness_statements", "factor_overview", "priority_order"),
    *("decisions", "use_of_results"),
)
UNSHOWN_COLUMNS = ("method", "interval_method", "confidence_level")
"""Columns of the series that no report shows; left behind, as the table is large."""
RELEASE_TABLES = (
    *("index_results", "response_rates", "delivery_quality", "suppression_log", "provenance", "register_values"),
    *("screen_sensitivity", "response_by_school_type"),
    *("indicator_results", "indicator_suppression_log", "series_breaks", "index_anatomy"),
    "trends",
    *("model_estimates", "weighted_comparison"),
    *("accumulated_results", "accumulated_suppression_log", "cutoff_sensitivity", "associations"),
    *("activity_status", "activity_coverage", "readiness", "readiness_statements", "factor_overview", "priority_order"),
    *("decisions", "use_of_results", "edition_differences"),
    *("earlier_releases", "utility_steps"),
)
LOGS = ("suppression_log", "indicator_suppression_log", "accumulated_suppression_log")
RELEASE_DEPS = [
    *(dg.AssetDep(["release", name], partition_mapping=dg.AllPartitionMapping()) for name in RELEASE_TABLES),
    dg.AssetDep(["release", "audit"]),
]


def report_meta(catalogue: Catalogue) -> ReportMeta:
    """Definitions, texts, version and date of the publication."""
    registers = load_register_catalogue()
    publication = catalogue.publication
    return build_report_meta(
        catalogue,
        registers.sources,
        registers.units,
        version=publication.version,
        released=publication.released,
        synthetic=publication.synthetic,
        more=registers.more,
    )


def picture_cache(reader: ReleaseReader) -> PictureCache:
    """Pictures of earlier bundles and runs: of published numbers only, beside the reports they stand in."""
    return PictureCache(Paths(Path(reader.data_dir)).cache / "diagram")


def release_frames(reader: ReleaseReader) -> ReleaseFrames:
    """The whole release but for the single-question series; `select_frames` cuts out what one bundle may see.

    Raises:
        dagster.Failure: `other_cutoffs`, results were made with other limits than those that the report would name.
    """
    with reader.held():
        tables = {name: reader.read(name) for name in SUMMARY_COLUMNS}
        tables["response_rates"] = with_least(tables["response_rates"], tables["index_results"], count_steps(load_catalogue()))
        release = ReleaseFrames(**tables, policy_steps=told_steps(reader.read("utility_steps")))
    with as_failure():
        for name in ("index_results", "accumulated_results"):
            made_with = getattr(release, name)
            check_cutoffs(made_with[COLUMN].unique() if made_with.height else [], f"release.{name}", load_catalogue())
    return release


def count_steps(catalogue: Catalogue) -> dict[str, int]:
    """Edition -> to what numbers of pupils are rounded; nothing when they have noise by cell key."""
    policy = load_policy(policy_for(catalogue.disclosure, catalogue.index_file))
    return {} if policy.cell_key.active else {one: policy.numbers(one).count_step for one in policy.editions}


def with_series(release: ReleaseFrames, reader: ReleaseReader, catalogue: Catalogue, scope: Scope) -> ReleaseFrames:
    """The release with the series of one bundle's areas: the table is large, so the other areas' rows stay where they are."""
    districts = [d.district_code for d in catalogue.districts if d.district_code.startswith(f"{scope.area_code}-")]
    shown = {"area_code": [COUNTY_CODE, scope.area_code, *districts], "edition": [scope.edition]}
    slim = reader.read("indicator_results", **shown).drop(UNSHOWN_COLUMNS, strict=False)
    changes = reader.read("trends", **shown, wave=[scope.wave])
    differing = reader.read("edition_differences", area_code=[scope.area_code, *districts])
    more = {"trends": changes, "edition_differences": differing}
    return replace(release, indicator_results=slim, series_breaks=reader.read("series_breaks"), **more)


def certificate(reader: ReleaseReader, catalogue: Catalogue, scope: Scope) -> BundleMeta:
    """What the bundle's manifest says about the run."""
    own = [scope.area_code, "*"]
    provenance = reader.read("provenance", area_code=own)
    quality = reader.read("delivery_quality", area_code=[scope.area_code], wave=[scope.wave])
    rules = quality.filter(pl.col("item").is_in(["rules_passed", "rules_failed"])).sort("item")
    logs = [reader.areas_of(name, wave=[scope.wave], edition=[scope.edition]) for name in LOGS]
    inside = [int(codes.str.starts_with(scope.area_code).sum()) for codes in logs]
    return BundleMeta(
        code_version=code_version(),
        catalogue_hash=catalogue.content_hash,
        source_hashes=dict(provenance.sort("source_file").select("source_file", "source_sha256").iter_rows()),
        disclosure_policy=f"disclosure.yml version {catalogue.disclosure['version']}",
        suppressed_cells=sum(inside),
        rule_outcomes={item: int(value) for item, value in rules.select("item", "value").iter_rows()},
        package_versions=package_versions(),
        cutoff_set=catalogue.cutoffs.id,
        **policy_facts(catalogue.disclosure, scope.edition),
    )


def municipality_frames(
    reader: ReleaseReader, release: ReleaseFrames, catalogue: Catalogue, meta: ReportMeta, scope: Scope
) -> ReleaseFrames:
    """What a municipality's bundle sees of the release, and the edition before it."""
    seen = select_frames(with_series(release, reader, catalogue, scope), scope, meta.charts.indices)
    return replace(seen, previous_tables=previous_tables(Path(reader.data_dir) / "reports", scope, folder_name(scope, meta)))


def write_forms(reader: ReleaseReader, places: Iterable[BundlePaths]) -> None:
    """Lay a ready approval form beside each preview."""
    for place in places:
        write_form(Paths(Path(reader.data_dir)), place.folder, place.manifest)


def bundle_scopes(keys: Iterable[tuple[str, int]], choices: RunChoices, catalogue: Catalogue) -> list[Scope]:
    """What the run writes a bundle about: (area, wave) in each edition that the area gets.

    Raises:
        PipelineError: `other_cutoffs_public`, when only an edition for everybody is asked for and the limits
            are not the usual.
    """
    if choices.editions == (PUBLIC,):
        require_usual_for_publication(catalogue, PUBLIC)
    released = released_editions(catalogue)
    return [
        Scope(code, catalogue.area_names[code], wave, edition)
        for code, wave in keys
        for edition in choices.editions_of(code, released)
    ]


Task = tuple[ReleaseFrames, Scope, ReportMeta]
Made = TypeVar("Made")


def render_all(tasks: Iterable[Task], workers: int, render: Callable[[ReleaseFrames, Scope, ReportMeta], Made]) -> Iterator[Made]:
    """Render bundles in order, in worker processes when more than one is allowed; only a few are in memory at a time."""
    return over_workers(render, tasks, workers)


def state(scope: Scope, drawn: Collection[Scope], renewed: Collection[Scope]) -> str:
    """What became of a bundle, in a word or two."""
    return "skriven" if scope in drawn else "nytt intyg" if scope in renewed else "oförändrad"


class InHand:
    """The rows of the bundles that are being drawn: read for the drawing, kept until the certificate is written."""

    def __init__(self, frames_of: Callable[[Scope], ReleaseFrames], meta: ReportMeta) -> None:
        self.frames_of, self.meta = frames_of, meta
        self.held: dict[Scope, ReleaseFrames] = {}

    def tasks(self, scopes: Iterable[Scope]) -> Iterator[Task]:
        """What `render_all` draws, read as it is needed."""
        for scope in scopes:
            self.held[scope] = self.frames_of(scope)
            yield self.held[scope], scope, self.meta

    def take(self, scope: Scope) -> ReleaseFrames:
        """The rows that a bundle has just been drawn from; they are let go."""
        return self.held.pop(scope)


@dg.asset(
    key=["reports", "municipality_bundle"],
    deps=RELEASE_DEPS,
    group_name="reports",
    partitions_def=bundles,
    backfill_policy=ONE_RUN,
    description=asset_text("reports", "municipality_bundle"),
)
def reports_municipality_bundle(
    context: dg.AssetExecutionContext, release_reader: ReleaseReader, choices: RunChoices
) -> dg.MaterializeResult:
    """Render and write the run's bundles whose inputs have changed; an earlier one is replaced only when the new one is whole."""
    catalogue = load_catalogue()
    meta, release = report_meta(catalogue), release_frames(release_reader)
    with as_failure():
        scopes = bundle_scopes(bundle_keys(context), choices, catalogue)
    target, cache = Path(release_reader.data_dir) / "reports", picture_cache(release_reader)
    certificates: dict[Scope, BundleMeta] = {}
    places: dict[Scope, BundlePaths] = {}
    renewed: set[Scope] = set()
    """Those whose certificate alone is another one."""

    def frames_of(scope: Scope) -> ReleaseFrames:
        """Made again when it is rendered, as those of all bundles together take much memory."""
        with release_reader.held():
            return municipality_frames(release_reader, release, catalogue, meta, scope)

    with as_failure():
        beside = previews(release_reader, catalogue, choices.prepared_by)
        for scope in scopes:
            with release_reader.held():
                made_by, frames = certificate(release_reader, catalogue, scope), frames_of(scope)
            certified, folder = with_hashes(frames, scope, made_by), folder_name(scope, meta)
            certificates[scope] = certified
            held = up_to_date(target, scope.wave, folder, certified.inputs)
            if not choices.remake and (held := beside.kept(held, scope, frames)):
                places[scope] = held
            elif not choices.remake and (before := drawn_before(target, scope, folder, certified.drawn, meta)):
                places[scope] = write_bundle(before[0], target, beside.certified(scope, folder, frames, certified, before[1]))
                renewed.add(scope)
        new = [scope for scope in scopes if scope not in places]
        render = partial(render_bundle, draw=cache.svg, script=cache.library, begin=begun)
        drawn = InHand(frames_of, meta)
        for bundle in render_all(drawn.tasks(new), choices.workers, render):
            told = beside.certified(bundle.scope, bundle.folder, drawn.take(bundle.scope), certificates[bundle.scope])
            places[bundle.scope] = write_bundle(bundle, target, told)
        cache.trim()
        write_forms(release_reader, places.values())
    for key, told in bundle_metadata(release, places, meta, Path(release_reader.data_dir)).items():
        context.add_asset_metadata(told, partition_key=key)
    lines = [
        "| kommun | rapport | |",
        "|---|---|---|",
        *(f"| {in_markdown(s.area_name)}, {s.edition} | `{places[s].report}` | {state(s, new, renewed)} |" for s in scopes),
    ]
    written = len(new) + len(renewed)
    counts = {"dagster/row_count": len(scopes), "skrivna paket": written, "oförändrade paket": len(scopes) - written}
    return dg.MaterializeResult(metadata=counts | {"paket": dg.MetadataValue.md("\n".join(lines))})


@dg.asset(
    key=["reports", "county_overview"],
    deps=[
        dg.AssetDep(["reports", "municipality_bundle"], partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep(["reports", "workshop_kit"], partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep(["reports", "county_comparison"]),
        dg.AssetDep(["reports", "county_bundle"]),
        dg.AssetDep(["reports", "disclosure_report"]),
        *RELEASE_DEPS,
    ],
    group_name="reports",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("reports", "county_overview"),
)
def reports_county_overview(
    context: dg.AssetExecutionContext, release_reader: ReleaseReader, choices: RunChoices
) -> dg.MaterializeResult:
    """Write the overview of the bundles that exist for each wave of the run."""
    catalogue = load_catalogue()
    meta, release = report_meta(catalogue), release_frames(release_reader)
    target = Path(release_reader.data_dir) / "reports"
    names = {m.municipality_code: catalogue.area_names[m.municipality_code] for m in catalogue.municipalities}
    pages = []
    for wave in int_keys(context, []):
        for edition in (one for one in choices.editions if one in released_editions(catalogue)):
            summaries = _summaries(release, catalogue, meta, wave, edition, target)
            only_some = edition == PUBLIC and bool(choices.public_areas)
            if only_some and not summaries:
                continue
            page = write_county_overview(
                summaries, target, meta, wave=wave, edition=edition, expected={} if only_some else names,
                comparison=edition_page(COMPARISON_PAGE, edition), county=county_report_path(wave, edition, meta),
                use=_use(release, edition, meta), disclosure=DISCLOSURE_PAGE if edition == INTERN else "",
            )  # fmt: skip
            pages.append(page)
    state = {f"läget {wave}": county_table(release, wave, names) for wave in int_keys(context, [])}
    told = page_metadata(release, pages, Path(release_reader.data_dir), state)
    listed = dg.MetadataValue.md("\n".join(f"- `{p}`" for p in pages))
    return dg.MaterializeResult(metadata={"dagster/row_count": len(pages), "sidor": listed} | told)


def _use(release: ReleaseFrames, edition: str, meta: ReportMeta) -> Table | None:
    """How much the results are used; nothing where the profile has no forms."""
    rows = release.use_of_results
    own = rows.filter(pl.col("edition") == edition) if rows.width else rows
    return use_rows(own, meta, SHORT) if own.height else None


def _summaries(
    release: ReleaseFrames, catalogue: Catalogue, meta: ReportMeta, wave: int, edition: str, target: Path
) -> list[BundleSummary]:
    """Summaries of the bundles of the wave that are on disk with a manifest."""
    found = []
    for code in sorted(catalogue.municipality_by_code):
        scope = Scope(code, catalogue.area_names[code], wave, edition)
        summary = bundle_summary(Context(select_frames(release, scope, meta.charts.indices), scope, meta))
        if (target / str(wave) / summary.folder / "7_intyg" / "manifest.json").exists():
            kit = kit_folder_name(scope, meta)
            has_kit = edition == INTERN and (target / str(wave) / kit / KIT_CERTIFICATE / "manifest.json").exists()
            found.append(replace(summary, kit=kit if has_kit else ""))
    return found


ASSETS = [reports_municipality_bundle, reports_county_overview]
