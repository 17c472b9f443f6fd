"""The sample's bundle frames with invented activities, preconditions and the join: what charts 12-14 are drawn from."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from assets.charts.types import ReleaseFrames, Scope
from tests.support.gallery_activities import activity_tables
from tests.support.readiness_sample import factor_overview_rows, readiness_rows
from tests.support.sample_bundle import sample_bundle_frames


def prevention_frames() -> tuple[ReleaseFrames, Scope]:
    """Botkyrka's frames and scope. Only year 9 has rows of the join."""
    frames, scope = sample_bundle_frames()
    coverage, status = (table.with_columns(edition=pl.lit(scope.edition)) for table in activity_tables())
    return (
        replace(
            frames,
            activity_coverage=coverage,
            activity_status=status,
            readiness=readiness_rows(),
            factor_overview=factor_overview_rows(),
        ),
        scope,
    )
