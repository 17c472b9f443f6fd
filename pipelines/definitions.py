"""The code location: everything Dagster knows, built by a function so that tests can swap resources."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import dagster as dg

from assets import (
    delivery_reports,
    harmonised,
    harmonised_forms,
    inbox,
    indices,
    indices_accumulated,
    indices_activities,
    indices_associations,
    indices_cutoffs,
    indices_psychometrics,
    indices_readiness,
    indices_trends,
    indices_weights,
    published,
    quality_overview,
    raw,
    raw_forms,
    release,
    release_accumulated,
    release_activities,
    release_anatomy,
    release_associations,
    release_audit,
    release_compared,
    release_cutoffs,
    release_decisions,
    release_earlier,
    release_editions,
    release_join,
    release_readiness,
    release_series,
    release_trends,
    release_utility,
    release_weights,
    reports,
    reports_county,
    reports_county_bundle,
    reports_disclosure,
    reports_workshop,
    run_history,
    validated,
)
from assets.asset_keys import of_profile
from assets.catalogue.load import active_profile, load_catalogue
from assets.hygiene.permissions import owner_only_from_now
from pipelines.approval_jobs import APPROVAL_JOBS, APPROVAL_SENSORS
from pipelines.automation import AUTOMATION_CHECKS, AUTOMATION_JOBS, AUTOMATION_SENSORS, SCHEDULES, build_preview_jobs
from pipelines.checks import build_checks
from pipelines.described import count_checks, in_swedish
from pipelines.io_managers import DuckDBTables
from pipelines.jobs import ASSET_JOBS, build_crossing_jobs
from pipelines.mail import Mail
from pipelines.paths import profile_root
from pipelines.resources import ReleaseReader, RunChoices, Store
from pipelines.sensors import SENSORS
from pipelines.silent_errors import hide_messages
from pipelines.workbench_job import WORKBENCH_JOBS

LAYERS = (
    *(inbox, raw, harmonised, validated, delivery_reports, indices, indices_psychometrics),
    *(raw_forms, harmonised_forms),
    *(release, release_series, release_anatomy),
    *(indices_accumulated, release_accumulated),
    *(indices_cutoffs, release_cutoffs),
    *(indices_activities, release_activities),
    *(indices_associations, release_associations),
    *(indices_weights, release_weights),
    *(indices_trends, release_trends),
    *(indices_readiness, release_readiness, release_join),
    release_decisions,
    release_earlier,
    release_audit,
    *(release_compared, reports_county),
    release_editions,
    release_utility,
    reports_county_bundle,
    reports_disclosure,
    reports,
    reports_workshop,
    published,
    run_history,
    quality_overview,
)


def default_data_dir() -> Path:
    """The active profile's folder below `DID_HOME` when set, else below `data/` beside the code."""
    home = Path(os.environ.get("DID_HOME") or Path(__file__).resolve().parents[1] / "data")
    return profile_root(home, active_profile())


def versioned(
    assets: Sequence[dg.AssetsDefinition | dg.AssetSpec],
    catalogue_hash: str,
    texted: Callable[[dg.AssetSpec], dg.AssetSpec] = lambda spec: spec,
) -> Sequence[dg.AssetsDefinition | dg.AssetSpec]:
    """The assets with the catalogue's hash as code version, so that a changed codebook or limit shows them as out of date.

    Args:
        texted: gives each asset its Swedish texts; here, as going through all assets a second time costs as much as the first.
    """
    version = catalogue_hash[:12]
    made = [a for a in assets if isinstance(a, dg.AssetsDefinition)]
    external = [texted(a) for a in assets if isinstance(a, dg.AssetSpec)]
    return [*external, *dg.map_asset_specs(lambda spec: texted(spec).replace_attributes(code_version=version), made)]


def build_definitions(data_dir: Path | None = None, **choices: object) -> dg.Definitions:
    """Fresh definitions on a data folder.

    Args:
        data_dir: where inbox, warehouse and reports lie.
        choices: fields of `RunChoices` to change.
    """
    folder = str(data_dir or default_data_dir())
    built: list[dg.Definitions] = []
    checks, layers = [*build_checks(), *AUTOMATION_CHECKS], of_profile([asset for layer in LAYERS for asset in layer.ASSETS])
    definitions = dg.Definitions(
        assets=versioned(layers, load_catalogue().content_hash, partial(in_swedish, counted=count_checks(checks))),
        asset_checks=checks,
        jobs=[
            *(*ASSET_JOBS, *build_crossing_jobs(lambda: built[0]), *WORKBENCH_JOBS, *APPROVAL_JOBS),
            *(*AUTOMATION_JOBS, *build_preview_jobs(lambda: built[0])),
        ],
        sensors=[*SENSORS, *APPROVAL_SENSORS, *AUTOMATION_SENSORS],
        schedules=SCHEDULES,
        resources={
            "store": Store(data_dir=folder),
            "release_reader": ReleaseReader(data_dir=folder),
            "mail": Mail(data_dir=folder),
            "choices": RunChoices(**choices),
            "io_manager": DuckDBTables(data_dir=folder),
        },
        executor=dg.in_process_executor,
    )
    built.append(definitions)
    return definitions


owner_only_from_now()
hide_messages()
defs = build_definitions()
