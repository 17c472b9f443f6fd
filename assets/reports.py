"""Reports layer: a bundle per municipality and wave, and the county's overview. Reads the release layer and nothing else."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import dagster as dg
import polars as pl

from assets.bundle.content import bundle_summary, folder_name
from assets.bundle.frames import select_frames
from assets.bundle.inputs import inputs_hash, up_to_date
from assets.bundle.load import build_report_meta
from assets.bundle.render import render_bundle
from assets.bundle.types import BundleMeta, BundleSummary, RenderedBundle, ReportMeta
from assets.bundle.words import Context
from assets.bundle.writer import write_bundle, write_county_overview
from assets.catalogue.load import Catalogue, load_catalogue
from assets.charts.types import ReleaseFrames, Scope
from assets.failures import as_failure
from assets.registers.files import load_register_catalogue
from assets.slices import ONE_RUN, bundle_keys, bundles, int_keys, survey_waves
from assets.texts import asset_text
from pipelines.provenance import code_version, package_versions
from pipelines.resources import ReleaseReader, RunChoices

SUMMARY_COLUMNS = (
    *("index_results", "response_rates", "register_values", "delivery_quality"),
    *("screen_sensitivity", "response_by_school_type"),
)
SERIES_COLUMNS = ("method", "interval_method", "confidence_level")
"""Columns of the series that no report shows; left behind, as the table is large."""
RELEASE_TABLES = (
    *("index_results", "response_rates", "delivery_quality", "suppression_log", "provenance", "register_values"),
    *("screen_sensitivity", "response_by_school_type"),
    *("indicator_results", "indicator_suppression_log", "series_breaks"),
)
RELEASE_DEPS = [dg.AssetDep(["release", name], partition_mapping=dg.AllPartitionMapping()) for name in RELEASE_TABLES]


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


def release_frames(reader: ReleaseReader, series: bool = True) -> ReleaseFrames:
    """The whole release; `select_frames` cuts out what one bundle may see. `series`: with the single-question series."""
    frames = {name: reader.read(name) for name in SUMMARY_COLUMNS}
    if series:
        results = reader.read("indicator_results")
        frames |= {"indicator_results": results.drop(SERIES_COLUMNS, strict=False), "series_breaks": reader.read("series_breaks")}
    return ReleaseFrames(**frames)


def certificate(reader: ReleaseReader, catalogue: Catalogue, scope: Scope) -> BundleMeta:
    """What the bundle's manifest says about the run."""
    own = [scope.area_code, "*"]
    provenance = reader.read("provenance", area_code=own)
    quality = reader.read("delivery_quality", area_code=[scope.area_code], wave=[scope.wave])
    rules = quality.filter(pl.col("item").is_in(["rules_passed", "rules_failed"])).sort("item")
    logs = [reader.read(name, wave=[scope.wave]) for name in ("suppression_log", "indicator_suppression_log")]
    inside = [log.filter(pl.col("area_code").str.starts_with(scope.area_code)).height if log.height else 0 for log in logs]
    return BundleMeta(
        code_version=code_version(),
        catalogue_hash=catalogue.content_hash,
        source_hashes=dict(provenance.sort("source_file").select("source_file", "source_sha256").iter_rows()),
        disclosure_policy=f"disclosure.yml version {catalogue.disclosure['version']}",
        suppressed_cells=sum(inside),
        rule_outcomes={item: int(value) for item, value in rules.select("item", "value").iter_rows()},
        package_versions=package_versions(),
    )


def render_all(tasks: Sequence[tuple[ReleaseFrames, Scope, ReportMeta]], workers: int) -> list[RenderedBundle]:
    """Render bundles, in worker processes when there are several and more than one worker is allowed."""
    if workers < 2 or len(tasks) < 2:
        return [render_bundle(*task) for task in tasks]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(render_bundle, *zip(*tasks, strict=True)))


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
    scopes = [Scope(code, catalogue.area_names[code], wave, choices.edition) for code, wave in bundle_keys(context)]
    target = Path(release_reader.data_dir) / "reports"
    with as_failure():
        tasks, certificates, places = [], {}, {}
        for scope in scopes:
            frames = select_frames(release, scope, meta.charts.indices)
            made_by = certificate(release_reader, catalogue, scope)
            certificates[scope] = replace(made_by, inputs=inputs_hash(frames, scope, made_by))
            held = up_to_date(target, scope.wave, folder_name(scope, meta), certificates[scope].inputs)
            if held and not choices.remake:
                places[scope] = held
            else:
                tasks.append((frames, scope, meta))
        for bundle in render_all(tasks, choices.workers):
            places[bundle.scope] = write_bundle(bundle, target, certificates[bundle.scope])
    new = {scope for _, scope, _ in tasks}
    lines = [
        "| kommun | rapport | |",
        "|---|---|---|",
        *(f"| {s.area_name} | `{places[s].report}` | {'skriven' if s in new else 'oförändrad'} |" for s in scopes),
    ]
    counts = {"dagster/row_count": len(scopes), "skrivna paket": len(new), "oförändrade paket": len(scopes) - len(new)}
    return dg.MaterializeResult(metadata=counts | {"paket": dg.MetadataValue.md("\n".join(lines))})


@dg.asset(
    key=["reports", "county_overview"],
    deps=[dg.AssetDep(["reports", "municipality_bundle"], partition_mapping=dg.AllPartitionMapping()), *RELEASE_DEPS],
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
    meta, release = report_meta(catalogue), release_frames(release_reader, series=False)
    target = Path(release_reader.data_dir) / "reports"
    names = {m.municipality_code: catalogue.area_names[m.municipality_code] for m in catalogue.municipalities}
    pages = []
    for wave in int_keys(context, []):
        summaries = _summaries(release, catalogue, meta, wave, choices.edition, target)
        pages.append(write_county_overview(summaries, target, meta, wave=wave, edition=choices.edition, expected=names))
    return dg.MaterializeResult(
        metadata={"dagster/row_count": len(pages), "sidor": dg.MetadataValue.md("\n".join(f"- `{p}`" for p in pages))}
    )


def _summaries(
    release: ReleaseFrames, catalogue: Catalogue, meta: ReportMeta, wave: int, edition: str, target: Path
) -> list[BundleSummary]:
    """Summaries of the bundles of the wave that are on disk with a manifest."""
    found = []
    for code in sorted(catalogue.municipality_by_code):
        scope = Scope(code, catalogue.area_names[code], wave, edition)
        summary = bundle_summary(Context(select_frames(release, scope, meta.charts.indices), scope, meta))
        if (target / str(wave) / summary.folder / "7_intyg" / "manifest.json").exists():
            found.append(summary)
    return found


ASSETS = [reports_municipality_bundle, reports_county_overview]
