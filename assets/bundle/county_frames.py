"""What the county's bundle sees: all municipalities' released rows of its edition, and the tables that compare them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import polars as pl

from assets.charts.types import ReleaseFrames, Scope
from assets.methods.errors import PipelineError
from assets.methods.geography_rules import require_geography

COUNTY_ONLY = ("indicator_results", "trends")
"""Large tables of which the county's bundle holds the county's own rows; the municipalities' lie in their own bundles."""
OF_THE_WAVE = (
    *("screen_sensitivity", "response_by_school_type", "weighted_comparison", "model_estimates"),
    *("accumulated_results", "cutoff_sensitivity", "associations", "rank_sets", "funnel"),
)
"""Tables of which only the scope's own wave is held; earlier waves lie in their own bundles."""


NOT_SEEN = ("decisions", "edition_differences")
"""What a municipality's workshop wrote stays in its own bundle; the county sees how many decisions there are.
Which cells the editions differ in is listed in each municipality's bundle."""


@dataclass(frozen=True)
class CountyFrames(ReleaseFrames):
    """Release tables of the whole county. `rank_sets`, `funnel`: columns in `docs/development/contracts.md`."""

    rank_sets: pl.DataFrame = field(default_factory=pl.DataFrame)
    funnel: pl.DataFrame = field(default_factory=pl.DataFrame)


def select_county_frames(release: ReleaseFrames, ranks: pl.DataFrame, funnel: pl.DataFrame, scope: Scope) -> CountyFrames:
    """The edition's rows up to the scope's wave, sorted; of the municipalities the scope's wave, of the county all waves.

    Args:
        release: all areas. ranks, funnel: `release.rank_sets`, `release.funnel`.
        scope: the county, wave and edition.
    """
    tables = {name.name: getattr(release, name.name) for name in fields(ReleaseFrames)} | {"rank_sets": ranks, "funnel": funnel}
    return CountyFrames(**{name: _seen(name, frame, scope) for name, frame in tables.items()})


def _seen(name: str, frame: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    if name in NOT_SEEN or not frame.width:
        return pl.DataFrame()
    keep = pl.lit(True)
    if "edition" in frame.columns:
        keep &= pl.col("edition") == scope.edition
    if "wave" in frame.columns:
        keep &= pl.col("wave") <= scope.wave
    own = pl.col("area_code") == scope.area_code if "area_code" in frame.columns else pl.lit(True)
    if name in COUNTY_ONLY:
        keep &= own
    if name in (*OF_THE_WAVE, "index_results", "delivery_quality"):
        keep &= (pl.col("wave") == scope.wave) | (own if name == "index_results" else pl.lit(False))
    return frame.filter(keep).sort(pl.all())


def guard_county(frames: CountyFrames, scope: Scope) -> None:
    """Refuse rows of another edition or a later wave.

    Raises:
        PipelineError: code `foreign_rows`, with the table and the number of rows; never a value. `forbidden_geography`.
    """
    require_geography({one.name: getattr(frames, one.name) for one in fields(frames)})
    for one in fields(frames):
        frame: pl.DataFrame = getattr(frames, one.name)
        for column, wrong in (("edition", pl.col("edition") != scope.edition), ("wave", pl.col("wave") > scope.wave)):
            rows = frame.filter(wrong).height if column in frame.columns else 0
            if rows:
                raise PipelineError(
                    code="foreign_rows",
                    where=f"länspaketet {scope.wave}, tabellen {one.name}",
                    expected="bara rader ur utgåvan och till och med mättillfället",
                    got=f"{rows} andra rader",
                    hint="Välj ut raderna med select_county_frames innan paketet skapas.",
                )
