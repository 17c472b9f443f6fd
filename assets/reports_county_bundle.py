"""Reports layer: the county's own bundle. Reads the release layer and nothing else."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import dagster as dg
import polars as pl

from assets.bundle.county_edition import county_folder
from assets.bundle.county_frames import COUNTY_ONLY, CountyFrames, select_county_frames
from assets.bundle.county_render import render_county
from assets.bundle.inputs import drawn_before, up_to_date, with_hashes
from assets.bundle.previous import previous_tables
from assets.bundle.types import BundleMeta
from assets.bundle.writer import write_bundle
from assets.catalogue.load import Catalogue, load_catalogue
from assets.charts.types import COUNTY_CODE, Scope
from assets.failures import as_failure
from assets.methods.disclosure_policy import policy_facts
from assets.reports import (
    LOGS,
    RELEASE_DEPS,
    UNSHOWN_COLUMNS,
    bundle_scopes,
    picture_cache,
    release_frames,
    report_meta,
    write_forms,
)
from assets.reports_county import TABLES, draw_all
from assets.reports_preview import previews
from assets.reports_told import first_page
from assets.slices import ONE_RUN, int_keys, survey_waves
from assets.texts import asset_text
from assets.worker_pool import begun
from pipelines.provenance import code_version, package_versions
from pipelines.resources import ReleaseReader, RunChoices

DEPS = [*RELEASE_DEPS, *(dg.AssetDep(["release", name], partition_mapping=dg.AllPartitionMapping()) for name in TABLES)]


def county_frames(reader: ReleaseReader, scope: Scope) -> CountyFrames:
    """What the county's bundle sees; of the large tables only the county's own rows are read."""
    series, trends = (reader.read(name, area_code=[scope.area_code]) for name in COUNTY_ONLY)
    slim = series.drop(UNSHOWN_COLUMNS, strict=False)
    more = {"indicator_results": slim, "trends": trends.filter(pl.col("wave") == scope.wave)}
    release = replace(release_frames(reader), series_breaks=reader.read("series_breaks"), **more)
    ranks, funnel = (reader.read(name, wave=[scope.wave], edition=[scope.edition]) for name in TABLES)
    return select_county_frames(release, ranks, funnel, scope)


def county_certificate(reader: ReleaseReader, catalogue: Catalogue, scope: Scope) -> BundleMeta:
    """What the manifest says about the run: all files, all outcomes of the wave's rules, all hidden cells."""
    provenance = reader.read("provenance").sort("area_code", "wave", "source_file")
    quality = reader.read("delivery_quality", wave=[scope.wave], item=["rules_passed", "rules_failed"])
    counted = quality.filter(pl.col("value").is_not_null()).with_columns(pl.col("value").cast(pl.Int64))
    outcomes = counted.group_by("item").agg(pl.col("value").sum()).sort("item")
    return BundleMeta(
        code_version=code_version(),
        catalogue_hash=catalogue.content_hash,
        source_hashes=dict(provenance.select("source_file", "source_sha256").iter_rows()),
        disclosure_policy=f"disclosure.yml version {catalogue.disclosure['version']}",
        suppressed_cells=sum(reader.read(name, wave=[scope.wave], edition=[scope.edition]).height for name in LOGS),
        rule_outcomes=dict(outcomes.iter_rows()),
        package_versions=package_versions(),
        cutoff_set=catalogue.cutoffs.id,
        **policy_facts(catalogue.disclosure, scope.edition),
    )


@dg.asset(
    key=["reports", "county_bundle"],
    deps=DEPS,
    group_name="reports",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("reports", "county_bundle"),
)
def reports_county_bundle(
    context: dg.AssetExecutionContext, release_reader: ReleaseReader, choices: RunChoices
) -> dg.MaterializeResult:
    """Write the county's bundle for each wave of the run whose inputs have changed."""
    catalogue = load_catalogue()
    meta, target = report_meta(catalogue), Path(release_reader.data_dir) / "reports"
    draw = partial(draw_all, workers=choices.workers, cache=picture_cache(release_reader))
    written, kept = [], []
    with as_failure():
        beside = previews(release_reader, catalogue, choices.prepared_by)
        for scope in bundle_scopes([(COUNTY_CODE, wave) for wave in int_keys(context, [])], choices, catalogue):
            earlier = previous_tables(target, scope, county_folder(scope, meta))
            frames = replace(county_frames(release_reader, scope), previous_tables=earlier)
            made_by, folder = county_certificate(release_reader, catalogue, scope), county_folder(scope, meta)
            made_by = with_hashes(frames, scope, made_by)
            held = None if choices.remake else up_to_date(target, scope.wave, folder, made_by.inputs)
            if held := beside.kept(held, scope, frames):
                kept.append(held.report)
            else:
                before = None if choices.remake else drawn_before(target, scope, folder, made_by.drawn, meta)
                bundle, had = before or (render_county(frames, scope, meta, draw, begun), None)
                held = write_bundle(bundle, target, beside.certified(scope, folder, frames, made_by, had))
                written.append(held.report)
            write_forms(release_reader, [held])
    lines = [*(f"- `{path}` skriven" for path in written), *(f"- `{path}` oförändrad" for path in kept)]
    counts = {"dagster/row_count": len(lines), "skrivna länspaket": len(written), "oförändrade länspaket": len(kept)}
    return dg.MaterializeResult(
        metadata=counts | {"länspaket": dg.MetadataValue.md("\n".join(lines))} | first_page([*written, *kept])
    )


ASSETS = [reports_county_bundle]
