"""The sample's bundle frames with invented activities, preconditions and the join: what charts 12-14 are drawn from."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import polars as pl

from assets.catalogue.prevention import load_activities
from assets.catalogue.priority import load_priority
from assets.catalogue.readiness import load_readiness
from assets.charts.types import ReleaseFrames, Scope
from assets.methods.activities import activity_status
from assets.methods.activity_coverage import activity_coverage
from assets.methods.factor_overview import factor_overview
from assets.methods.priority import priority_order
from assets.methods.readiness import readiness_statements
from tests.support.activity_answers import answers
from tests.support.gallery_activities import activity_tables
from tests.support.readiness_sample import ratings, readiness_rows
from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta


@lru_cache(maxsize=8)
def prevention_frames(area_code: str = "0127", *, inventoried: bool = True, rated: bool = True) -> tuple[ReleaseFrames, Scope]:
    """A bundle's frames and scope. `inventoried`: somebody has told of the activities; `rated`: of the preconditions."""
    frames, scope = sample_bundle_frames(area_code)

    def here(table: pl.DataFrame) -> pl.DataFrame:
        named = table.rename({"municipality_code": "area_code"}, strict=False)
        return named.with_columns(
            edition=pl.lit(scope.edition), area_code=pl.lit(scope.area_code), area_name=pl.lit(scope.area_name)
        )

    if inventoried:
        coverage, status = activity_tables()
    else:
        nobody, catalogue = answers(code="0000"), load_activities()
        status = activity_status(nobody, catalogue, [scope.area_code])
        coverage = activity_coverage(status, nobody, catalogue)
    statements = readiness_statements(ratings(), load_readiness(), ["0127"]).filter(pl.col("municipality_code") == "0127")
    levels = here(readiness_rows()) if rated else _nobody(here(readiness_rows()))
    coverage = here(coverage)
    kinds = {key: index.kind for key, index in sample_report_meta().charts.indices.items()}
    mine = frames.index_results.filter((pl.col("area_code") == scope.area_code) & (pl.col("wave") == scope.wave))
    overview = factor_overview(mine, frames.trends, coverage, levels, kinds)
    told = here(statements)
    return (
        replace(
            frames,
            activity_coverage=coverage,
            activity_status=here(status),
            readiness=levels,
            readiness_statements=told if rated else _nobody(told),
            factor_overview=overview,
            priority_order=priority_order(overview, load_priority()),
        ),
        scope,
    )


def _nobody(table: pl.DataFrame) -> pl.DataFrame:
    """The same rows when nobody has answered: keys and a reason."""
    kept = ("edition", "area_code", "area_name", "round", "condition", "statement")
    emptied = [pl.lit(None, kind).alias(name) for name, kind in table.schema.items() if name not in (*kept, "reason")]
    return table.with_columns(*emptied, reason=pl.lit("not_inventoried"))
