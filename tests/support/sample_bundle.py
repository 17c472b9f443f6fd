"""Bundles made from the seeded sample release, with the real catalogue, for tests of reports and of what is written to disk.

The sample's survey rows are invented. Skolenkäten and Skolverket rows are invented here too; Kolada rows are real.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache
from html import escape
from types import MappingProxyType

import polars as pl

from assets.bundle.frames import select_frames
from assets.bundle.load import build_report_meta
from assets.bundle.render import render_bundle
from assets.bundle.types import BundleMeta, RenderedBundle, ReportMeta
from assets.catalogue.load import load_catalogue
from assets.charts.types import ChartCard, ReleaseFrames, Scope
from assets.registers.files import load_register_catalogue
from tests.support.sample_release import REGISTER_SCHEMA, RESULT_SCHEMA, sample_release, sample_scope

RELEASED = date(2026, 3, 12)
CHANGED_COLUMNS = ("value", "value_from", "change", "low", "high", "verdict", "slope", "slope_low", "slope_high", "trend_verdict")
DISTRICTS = {"0180-101": "Järva", "0180-107": "Älvsjö", "0180-106": "Södermalm"}


@lru_cache(maxsize=1)
def sample_report_meta() -> ReportMeta:
    """Definitions and texts of the real catalogue."""
    registers = load_register_catalogue()
    return build_report_meta(
        load_catalogue(), registers.sources, registers.units, version="1.0", released=RELEASED, synthetic=True
    )


@lru_cache(maxsize=4)
def whole_release(area_code: str = "0127") -> ReleaseFrames:
    """The sample release with districts, Skolenkäten and Skolverket rows added."""
    release = sample_release(area_code)
    return ReleaseFrames(
        index_results=pl.concat([release.index_results, _districts(release.index_results)]),
        response_rates=release.response_rates,
        register_values=pl.concat([release.register_values, _school_registers(area_code)]),
        delivery_quality=release.delivery_quality,
        trends=release.trends,
    )


def sample_bundle_frames(area_code: str = "0127") -> tuple[ReleaseFrames, Scope]:
    """What one municipality's bundle may see, and its scope."""
    scope = sample_scope(area_code)
    return select_frames(whole_release(area_code), scope, sample_report_meta().charts.indices), scope


def hide(frames: ReleaseFrames, area_code: str, reason: str, *, grade: str | None = None) -> ReleaseFrames:
    """The same frames with the area's survey values hidden for a reason (one grade or both)."""
    chosen = pl.col("area_code") == area_code
    if grade:
        chosen = chosen & (pl.col("grade") == grade)

    def masked(frame: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
        emptied = [pl.when(chosen).then(None).otherwise(pl.col(name)).alias(name) for name in columns]
        return frame.with_columns(*emptied, reason=pl.when(chosen).then(pl.lit(reason)).otherwise(pl.col("reason")))

    return ReleaseFrames(
        index_results=masked(frames.index_results, ("value", "low", "high", "n", "verdict")),
        response_rates=masked(frames.response_rates, ("respondents", "scored_any", "response_pct", "schools_participating")),
        register_values=frames.register_values,
        delivery_quality=frames.delivery_quality,
        trends=masked(frames.trends, CHANGED_COLUMNS) if frames.trends.width else frames.trends,
    )


def without_waves(frames: ReleaseFrames, area_code: str, *waves: int) -> ReleaseFrames:
    """The same frames where the area's index results of some waves are protected."""
    hidden = (pl.col("area_code") == area_code) & pl.col("wave").is_in(waves)
    values = [pl.when(hidden).then(None).otherwise(pl.col(name)).alias(name) for name in ("value", "low", "high", "n")]
    reason = pl.when(hidden).then(pl.lit("suppressed")).otherwise("reason")
    return replace(frames, index_results=frames.index_results.with_columns(*values, reason=reason))


def outline(card: ChartCard) -> str:
    """A stand-in for the drawn chart, where the drawing isn't what is tested."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" role="img"><title>{escape(card.title)}</title></svg>'


def sketched_bundle(area_code: str = "0127", *, hidden: bool = False) -> RenderedBundle:
    """A municipality's bundle with `outline` for its charts, made once. Read only.

    Args:
        hidden: with the municipality's own survey values suppressed.
    """
    return _sketched(area_code, hidden)


@lru_cache(maxsize=6)
def _sketched(area_code: str, hidden: bool) -> RenderedBundle:
    frames, scope = sample_bundle_frames(area_code)
    given = hide(frames, scope.area_code, "suppressed") if hidden else frames
    bundle = render_bundle(given, scope, sample_report_meta(), draw=outline)
    return replace(bundle, files=MappingProxyType(dict(bundle.files)))


def sample_bundle_meta() -> BundleMeta:
    """A made-up run."""
    return BundleMeta(
        code_version="0.1.0",
        catalogue_hash="a" * 64,
        source_hashes={"botkyrka.sav": "b" * 64},
        disclosure_policy="policy-1",
        suppressed_cells=12,
        rule_outcomes={"passed": 24, "failed": 1},
        package_versions={"polars": "2.1.0", "altair": "6.3.0"},
    )


def _districts(results: pl.DataFrame) -> pl.DataFrame:
    """Three districts of Stockholm, one of them hidden."""
    stockholm = results.filter((pl.col("area_code") == "0180") & (pl.col("wave") == 2024))
    parts = []
    for shift, (code, name) in enumerate(DISTRICTS.items()):
        move = pl.when(pl.col("unit") == "percent").then(float(3 * shift)).otherwise(0.0)
        part = stockholm.with_columns(
            area_level=pl.lit("district"), area_code=pl.lit(code), area_name=pl.lit(name),
            value=pl.col("value") + move, low=pl.col("low") + move, high=pl.col("high") + move,
        )  # fmt: skip
        if shift == 1:
            none = [pl.lit(None, part.schema[column]).alias(column) for column in ("value", "low", "high", "n", "verdict")]
            part = part.with_columns(*none, reason=pl.lit("suppressed"))
        parts.append(part.select([pl.col(column).cast(kind) for column, kind in RESULT_SCHEMA.items()]))
    return pl.concat(parts)


def _school_registers(area_code: str) -> pl.DataFrame:
    rows = []

    def add(source: str, key: str, year: int, value: float | None, unit: str, n: int | None = None, reason: str = "ok") -> None:
        rows.append({
            "source": source, "indicator_key": key, "area_level": "municipality", "area_code": area_code, "area_name": area_code,
            "year": year, "sex": "all", "value": value, "n": n, "unit": unit, "reason": reason, "vintage": "2022-04-29",
        })  # fmt: skip

    for place, indicator in enumerate(load_register_catalogue().sources["skolenkaten"].indicators):
        hidden = place == 3
        reason = "masked_at_source" if hidden else "ok"
        add("skolenkaten", indicator.key, 2022, None if hidden else 5 + place / 10, indicator.unit, 640, reason)
    for year in range(2010, 2025):
        reason = "missing" if year == 2022 else "not_reconciled" if year < 2022 else "ok"
        for key, base in (("pupils_ak9", 1000), ("pupils_ak8", 1050), ("schools_ak9", 12)):
            add("skolverket", key, year, None if year == 2022 else float(base + year - 2010), "count", reason=reason)
    return pl.DataFrame(rows, schema=REGISTER_SCHEMA, orient="row")
