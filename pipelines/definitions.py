"""The code location: everything Dagster knows, built by a function so that tests can swap resources."""

import os
from pathlib import Path

import dagster as dg

from assets import harmonised, inbox, indices, raw, release, reports, validated
from pipelines.checks import build_checks
from pipelines.io_managers import DuckDBTables
from pipelines.jobs import ASSET_JOBS, build_crossing_jobs
from pipelines.resources import ReleaseReader, RunChoices, Store
from pipelines.sensors import SENSORS

LAYERS = (inbox, raw, harmonised, validated, indices, release, reports)


def default_data_dir() -> Path:
    """`DID_HOME` when set, else `data/` beside the code."""
    return Path(os.environ.get("DID_HOME") or Path(__file__).resolve().parents[1] / "data")


def build_definitions(data_dir: Path | None = None, **choices: object) -> dg.Definitions:
    """Fresh definitions on a data folder.

    Args:
        data_dir: where inbox, warehouse and reports lie.
        choices: fields of `RunChoices` to change.
    """
    folder = str(data_dir or default_data_dir())
    built: list[dg.Definitions] = []
    definitions = dg.Definitions(
        assets=[asset for layer in LAYERS for asset in layer.ASSETS],
        asset_checks=build_checks(),
        jobs=[*ASSET_JOBS, *build_crossing_jobs(lambda: built[0])],
        sensors=SENSORS,
        resources={
            "store": Store(data_dir=folder),
            "release_reader": ReleaseReader(data_dir=folder),
            "choices": RunChoices(**choices),
            "io_manager": DuckDBTables(data_dir=folder),
        },
        executor=dg.in_process_executor,
    )
    built.append(definitions)
    return definitions


defs = build_definitions()
