"""Which release rows a bundle may see. Selecting is one step, refusing is another, so a slip in the first can't pass the second.

A bundle sees its own municipality (with its districts), the county, and of the other municipalities only what the strip chart
draws: the share in the focus band of the latest wave, all pupils. Register values are open data and may be seen for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import polars as pl

from assets.charts.types import COUNTY_CODE, IndexMeta, ReleaseFrames, Scope
from assets.methods.editions import INTERN
from assets.methods.errors import PipelineError
from assets.methods.geography_rules import require_geography

OWN_AND_COUNTY = ("screen_sensitivity", "response_by_school_type", "weighted_comparison")
OWN_AND_COUNTY_UNTIL = (
    "accumulated_results",
    "cutoff_sensitivity",
    "associations",
)
OWN_AND_COUNTY_IF_ANY = (
    "indicator_results",
    "trends",
    *OWN_AND_COUNTY_UNTIL,
)
"""Tables that a release may lack: then the frame has no columns."""
OF_FORMS = ("activity_status", "activity_coverage", "readiness", "readiness_statements", "use_of_results")
"""Tables made from the forms that municipalities fill, by round and not by wave."""
JOINED = ("factor_overview", "priority_order")
OWN_IF_ANY = ("model_estimates", *OF_FORMS, *JOINED, "decisions")
"""Tables of which a bundle sees its own municipality only."""
MEASURED = ("value_then", "value_now", "change", "low", "high", "verdict")
"""What is known of a decision's indicator after a later wave."""


def _own_until(frame: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """The bundle's own rows and the county's, up to its wave; an empty table stays empty."""
    mine = (pl.col("edition") == scope.edition) & (pl.col("wave") <= scope.wave) & (_own(scope) | _county())
    return frame.filter(mine) if frame.width else frame


def _told_about(frame: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """The municipality's and the county's rows of the scope's wave."""
    mine = (pl.col("edition") == scope.edition) & (pl.col("wave") == scope.wave) & (_own(scope) | _county())
    return frame.filter(mine).sort("area_level", "area_code", "grade")


def select_frames(release: ReleaseFrames, scope: Scope, indices: Mapping[str, IndexMeta]) -> ReleaseFrames:
    """The part of the whole county's release tables that the scope's bundle may see, sorted.

    Args:
        release: all areas, columns as in `docs/development/contracts.md`.
        scope: the municipality, wave and edition of the bundle. Waves after the scope's are left out.
        indices: index metadata, which says which share is the focus share.
    """
    until = pl.col("wave") <= scope.wave
    edition = pl.col("edition") == scope.edition
    keys = ["area_level", "area_code", "wave", "grade"]
    return ReleaseFrames(
        index_results=release.index_results.filter(edition & until & _may_see(scope, indices)).sort(
            [*keys, "index_key", "sex", "measure"]
        ),
        response_rates=release.response_rates.filter(edition & until & (_own(scope) | _county())).sort(keys),
        register_values=release.register_values.sort("source", "indicator_key", "area_level", "area_code", "year", "sex"),
        delivery_quality=release.delivery_quality.filter(until & (pl.col("area_code") == scope.area_code)).sort(
            "area_code", "wave", "item"
        ),
        screen_sensitivity=_sorted(_told_about(release.screen_sensitivity, scope)),
        response_by_school_type=_sorted(_told_about(release.response_by_school_type, scope)),
        indicator_results=_own_series(release.indicator_results, scope),
        series_breaks=_sorted(release.series_breaks.filter(until)) if release.series_breaks.width else release.series_breaks,
        trends=_own_trends(release.trends, scope),
        weighted_comparison=_sorted(_told_about(release.weighted_comparison, scope)),
        model_estimates=_small_groups(release.model_estimates, scope),
        index_anatomy=release.index_anatomy.filter(edition) if release.index_anatomy.width else release.index_anatomy,
        **{name: _sorted(_own_until(getattr(release, name), scope)) for name in OWN_AND_COUNTY_UNTIL},
        **{name: _sorted(_own_alone(getattr(release, name), scope)) for name in OF_FORMS},
        **{name: _sorted(_own_alone(getattr(release, name), scope, pl.col("wave") == scope.wave)) for name in JOINED},
        decisions=_sorted(_decided(release.decisions, scope)),
        edition_differences=_differing(release.edition_differences, scope),
        policy_steps=_steps(release.policy_steps, scope),
    )


def _sorted(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows in an order that does not depend on which wave was written last: a bundle's inputs are compared by their bytes."""
    return frame.sort(pl.all()) if frame.width else frame


def _own_series(series: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """The bundle's own rows and the county's; an empty table stays empty."""
    if not series.width:
        return series
    mine = (pl.col("edition") == scope.edition) & (pl.col("wave") <= scope.wave) & (_own(scope) | _county())
    return series.filter(mine).sort("area_level", "area_code", "wave", "grade", "indicator", "sex", "measure")


def _own_trends(trends: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """The bundle's own changes and the county's, up to the scope's wave; an empty table stays empty."""
    if not trends.width:
        return trends
    mine = (pl.col("edition") == scope.edition) & (pl.col("wave") == scope.wave) & (_own(scope) | _county())
    return trends.filter(mine).sort("area_level", "area_code", "grade", "series_kind", "series", "sex", "measure")


def _own_alone(frame: pl.DataFrame, scope: Scope, *more: pl.Expr) -> pl.DataFrame:
    """The municipality's rows of the edition; an empty table stays empty."""
    return (
        frame.filter(pl.col("edition") == scope.edition, pl.col("area_code") == scope.area_code, *more) if frame.width else frame
    )


def _decided(decisions: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """The municipality's decisions up to the scope's wave and those that name none; what was measured later is left out."""
    if not decisions.width:
        return decisions
    mine = _own_alone(decisions, scope, (pl.col("wave") <= scope.wave) | pl.col("wave").is_null())
    later = pl.col("wave_now") > scope.wave
    hidden = [pl.when(later).then(None).otherwise(pl.col(name)).alias(name) for name in MEASURED]
    return mine.with_columns(*hidden, follow_up_state=pl.when(later).then(pl.lit("later")).otherwise(pl.col("follow_up_state")))


def _differing(cells: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """The municipality's cells of the scope's wave that the public edition shows less of; for the internal edition alone."""
    if not cells.width or scope.edition != INTERN:
        return pl.DataFrame()
    return _sorted(cells.filter((pl.col("wave") == scope.wave) & _own(scope)))


def _steps(steps: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """What a step looser or tighter would show of all municipalities together; an empty table stays empty."""
    return _sorted(steps.filter(edition=scope.edition, wave=scope.wave)) if steps.width else steps


def _small_groups(estimates: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """The municipality's model-supported rows of the scope's wave, small groups only; an empty table stays empty."""
    if not estimates.width:
        return estimates
    mine = (pl.col("edition") == scope.edition) & (pl.col("wave") == scope.wave) & (pl.col("area_code") == scope.area_code)
    return estimates.filter(mine & pl.col("small")).sort("grade", "index_key", "method")


def guard_frames(frames: ReleaseFrames, scope: Scope, indices: Mapping[str, IndexMeta]) -> None:
    """Refuse frames that hold more than the bundle may see.

    Raises:
        PipelineError: code `foreign_rows`, with the table and the number of rows; never a value. `forbidden_geography`.
    """
    require_geography({field.name: getattr(frames, field.name) for field in fields(frames)})
    foreign = {
        "index_results": frames.index_results.filter(~_may_see(scope, indices)),
        "response_rates": frames.response_rates.filter(~(_own(scope) | _county())),
        "delivery_quality": frames.delivery_quality.filter(pl.col("area_code") != scope.area_code),
    } | {name: getattr(frames, name).filter(~(_own(scope) | _county())) for name in OWN_AND_COUNTY}
    editions = {
        name: frame.filter(pl.col("edition") != scope.edition)
        for name in ("index_results", "response_rates", "index_anatomy", *OWN_AND_COUNTY, *OWN_AND_COUNTY_IF_ANY, *OWN_IF_ANY)
        if (frame := getattr(frames, name)).width
    }
    if frames.policy_steps.width:  # of no area: per municipality a step would tell which counts lie at a floor
        editions["policy_steps"] = frames.policy_steps.filter(pl.col("edition") != scope.edition)
        foreign["policy_steps"] = frames.policy_steps if "area_code" in frames.policy_steps.columns else pl.DataFrame()
    listed = frames.edition_differences
    if listed.width:
        foreign["edition_differences"] = listed.filter(~_own(scope)) if scope.edition == INTERN else listed
    alone = pl.col("area_code") == scope.area_code  # tables of forms are about municipalities, so they have no area level
    for names, allowed in ((OWN_AND_COUNTY_IF_ANY, _own(scope) | _county()), (OWN_IF_ANY, alone)):
        foreign |= {name: frame.filter(~allowed) for name in names if (frame := getattr(frames, name)).width}
    for name in sorted(foreign.keys() | editions.keys()):
        rows = sum(part[name].height for part in (foreign, editions) if name in part)
        if rows:
            raise PipelineError(
                code="foreign_rows",
                where=f"rapportpaketet för {scope.area_name} ({scope.area_code}), tabellen {name}",
                expected="bara kommunens, länets och jämförelsediagrammets rader i rätt utgåva",
                got=f"{rows} andra rader",
                hint="Välj ut raderna med select_frames innan paketet skapas.",
            )


def own_rows(frame: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """Rows of the municipality, its districts and the county: what the tables of a bundle hold."""
    return frame.filter(_own(scope) | _county())


def districts(frame: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """Rows of the municipality's districts."""
    return frame.filter((pl.col("area_level") == "district") & pl.col("area_code").str.starts_with(f"{scope.area_code}-"))


def _own(scope: Scope) -> pl.Expr:
    code = pl.col("area_code")
    return (code == scope.area_code) | ((pl.col("area_level") == "district") & code.str.starts_with(f"{scope.area_code}-"))


def _county() -> pl.Expr:
    return (pl.col("area_level") == "county") & (pl.col("area_code") == COUNTY_CODE)


def _may_see(scope: Scope, indices: Mapping[str, IndexMeta]) -> pl.Expr:
    focus = pl.lit(False)
    for key, index in indices.items():
        focus = focus | ((pl.col("index_key") == key) & (pl.col("measure") == index.focus_measure))
    compared = (pl.col("area_level") == "municipality") & (pl.col("wave") == scope.wave) & (pl.col("sex") == "all") & focus
    return _own(scope) | _county() | compared
