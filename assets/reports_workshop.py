"""Reports layer: the facilitator's kit per municipality and wave, beside the report's bundle. Reads the release layer alone."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import dagster as dg

from assets.bundle.frames import select_frames
from assets.bundle.inputs import drawn_before, up_to_date, with_hashes
from assets.bundle.types import BundleMeta, BundlePaths, ReportMeta
from assets.bundle.writer import write_bundle
from assets.catalogue.load import load_catalogue
from assets.charts.types import COUNTY_CODE, ReleaseFrames, Scope
from assets.failures import as_failure
from assets.intake.names import in_markdown
from assets.kit.kit import CERTIFICATE, kit_folder_name, render_kit
from assets.kit.readme import PATH as README
from assets.methods.editions import INTERN
from assets.reports import (
    RELEASE_DEPS,
    InHand,
    bundle_scopes,
    certificate,
    picture_cache,
    release_frames,
    render_all,
    report_meta,
    state,
    write_forms,
)
from assets.reports_preview import previews
from assets.reports_told import first_page
from assets.slices import ONE_RUN, bundle_keys, bundles
from assets.texts import asset_text
from pipelines.resources import ReleaseReader, RunChoices


def kit_frames(reader: ReleaseReader, release: ReleaseFrames, meta: ReportMeta, scope: Scope) -> ReleaseFrames:
    """What one kit sees of the release: no single questions are in it."""
    changes = reader.read("trends", area_code=[COUNTY_CODE, scope.area_code], wave=[scope.wave], edition=[scope.edition])
    return select_frames(replace(release, trends=changes), scope, meta.charts.indices)


@dg.asset(
    key=["reports", "workshop_kit"],
    deps=RELEASE_DEPS,
    group_name="reports",
    partitions_def=bundles,
    backfill_policy=ONE_RUN,
    description=asset_text("reports", "workshop_kit"),
)
def reports_workshop_kit(
    context: dg.AssetExecutionContext, release_reader: ReleaseReader, choices: RunChoices
) -> dg.MaterializeResult:
    """Render and write the run's kits whose inputs have changed; a kit is working material, so there is no public one."""
    catalogue = load_catalogue()
    meta, release = report_meta(catalogue), release_frames(release_reader)
    with as_failure():
        scopes = [s for s in bundle_scopes(bundle_keys(context), choices, catalogue) if s.edition == INTERN]
    target, cache = Path(release_reader.data_dir) / "reports", picture_cache(release_reader)
    certificates: dict[Scope, BundleMeta] = {}
    places: dict[Scope, BundlePaths] = {}
    renewed: set[Scope] = set()

    def frames_of(scope: Scope) -> ReleaseFrames:
        with release_reader.held():
            return kit_frames(release_reader, release, meta, scope)

    with as_failure():
        beside = previews(release_reader, catalogue, choices.prepared_by)
        for scope in scopes:
            with release_reader.held():
                made_by, frames = certificate(release_reader, catalogue, scope), frames_of(scope)
            certified, folder = with_hashes(frames, scope, made_by), kit_folder_name(scope, meta)
            certificates[scope] = certified
            held = up_to_date(target, scope.wave, folder, certified.inputs, CERTIFICATE, README)
            if not choices.remake and (held := beside.kept(held, scope, frames)):
                places[scope] = held
            elif not choices.remake and (
                before := drawn_before(target, scope, folder, certified.drawn, meta, CERTIFICATE, README)
            ):
                places[scope] = write_bundle(before[0], target, beside.certified(scope, folder, frames, certified, before[1]))
                renewed.add(scope)
        new = [scope for scope in scopes if scope not in places]
        drawn = InHand(frames_of, meta)
        for kit in render_all(drawn.tasks(new), choices.workers, partial(render_kit, draw=cache.svg)):
            told = beside.certified(kit.scope, kit.folder, drawn.take(kit.scope), certificates[kit.scope])
            places[kit.scope] = write_bundle(kit, target, told)
        cache.trim()
        write_forms(release_reader, places.values())
    for scope, place in places.items():
        context.add_asset_metadata(first_page([place.report]), partition_key=f"{scope.area_code}|{scope.wave}")
    rows = (f"| {in_markdown(s.area_name)} | `{places[s].report}` | {state(s, new, renewed)} |" for s in scopes)
    written = len(new) + len(renewed)
    counts = {"dagster/row_count": len(scopes), "skrivna paket": written, "oförändrade paket": len(scopes) - written}
    told = dg.MetadataValue.md("\n".join(["| kommun | börja här | |", "|---|---|---|", *rows]))
    return dg.MaterializeResult(metadata=counts | {"paket": told})


ASSETS = [reports_workshop_kit]
