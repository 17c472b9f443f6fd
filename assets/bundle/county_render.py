"""The county's bundle as bytes: the same folders as a municipality's, with tables of all municipalities. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl

from assets.bundle.anatomy import PAGE as ANATOMY_PAGE
from assets.bundle.anatomy import anatomy_sections
from assets.bundle.certificate import certificate_files
from assets.bundle.county_edition import county_folder, county_report
from assets.bundle.county_frames import CountyFrames
from assets.bundle.county_print import county_printed_files
from assets.bundle.county_slides import county_slide_files
from assets.bundle.county_use import use_headers, use_table
from assets.bundle.dcat import dcat_files
from assets.bundle.html import render_anatomy, render_method, render_report
from assets.bundle.method_folder import method_files
from assets.bundle.readme import readme_files
from assets.bundle.render import chart_files
from assets.bundle.tables import KEYS, SWEDISH_TABLES, written_tables
from assets.bundle.types import RenderedBundle, ReportMeta
from assets.bundle.workbook import workbook_files
from assets.charts.types import ChartCard, Scope

Drawing = Callable[[list[ChartCard]], list[str]]


def render_county(
    frames: CountyFrames,
    scope: Scope,
    meta: ReportMeta,
    draw: Drawing,
    begin: Callable[..., Callable[[], dict[str, bytes]]] = partial,
) -> RenderedBundle:
    """Everything in the county's bundle but its certificate.

    Args:
        frames: what `assets.bundle.county_frames.select_county_frames` gives for the scope.
        scope: the county, wave and edition.
        meta: definitions, texts, version and date.
        draw: cards -> SVG texts in the same order. begin: as for `assets.bundle.render.render_bundle`.

    Raises:
        PipelineError: `foreign_rows` when the frames hold rows of another edition or a later wave.
    """
    own = county_meta(meta)
    content = county_report(frames, scope, own)
    anatomy = anatomy_sections(frames, scope, own)
    svgs = dict(zip((card.chart_id for card in content.cards), draw(list(content.cards)), strict=True))
    printed = begin(county_printed_files, frames, content, svgs, own)
    slides = begin(county_slide_files, frames, content, own)
    tables = county_tables(frames, own)
    workbook = begin(workbook_files, content, tables, own)
    files = {
        "1_rapport/rapport.html": render_report(content, svgs, own, easy=False).encode("utf-8"),
        "5_metod/metod.html": render_method(content, own).encode("utf-8"),
        **written_tables(tables, scope, own),
    }
    if anatomy:
        files[ANATOMY_PAGE] = render_anatomy(anatomy, svgs, content, own).encode("utf-8")
    files |= method_files(frames, content, own, lambda: tables)
    for card in content.cards:
        files |= chart_files(card, svgs[card.chart_id])
    files |= printed() | slides() | workbook()
    files |= dcat_files(files, frames, scope, own)
    files |= readme_files(content, own, anatomy=bool(anatomy), held=list(files))
    files |= certificate_files(files, county_folder(scope, own), own)
    return RenderedBundle(
        scope=scope,
        folder=county_folder(scope, own),
        version=own.version,
        released=own.released,
        synthetic=own.charts.synthetic,
        files=dict(sorted(files.items())),
        summary=content.summary,
    )


def county_meta(meta: ReportMeta) -> ReportMeta:
    """The same definitions with the county's words where a bundle speaks of itself, its tables and its posters."""
    texts, own = meta.texts, meta.texts["county_edition"]
    fields = {
        name: name for columns in (own["ranks_columns"], own["funnel_columns"], use_headers(meta)) for name in columns.values()
    }
    named = {"package_title": own["package_title"], "fields": {**texts["tables"]["fields"], **fields}}
    tables = {**texts["tables"], **own["tables"], **named}
    readme, posters = {**texts["readme"], **own["readme"]}, {**texts["posters"], **own["posters"]}
    return replace(meta, texts={**texts, "tables": tables, "readme": readme, "posters": posters})


def county_tables(frames: CountyFrames, meta: ReportMeta) -> dict[str, pl.DataFrame]:
    """The tables by name, all municipalities and districts, in a fixed order."""
    swedish = {name: build(frames, meta) for name, _, build in SWEDISH_TABLES}
    reasons = [(code, reason.mark, reason.text_sv) for code, reason in meta.charts.reasons.items()]
    return {
        "index_results": frames.index_results.sort(KEYS["index_results"]),
        "response_rates": frames.response_rates.sort(KEYS["response_rates"]),
        "register_values": frames.register_values.sort("source", "indicator_key", "area_code", "year", "sex"),
        "delivery_quality": frames.delivery_quality.sort(KEYS["delivery_quality"]),
        "reasons": pl.DataFrame(reasons, schema={"code": pl.String, "mark": pl.String, "text": pl.String}, orient="row"),
        **{name: table for name, table in swedish.items() if table is not None},
        **use_table(frames.use_of_results, meta),
        **_compared("platser", frames.rank_sets, meta.texts["county_edition"]["ranks_columns"], meta),
        **_compared("tratt", frames.funnel, meta.texts["county_edition"]["funnel_columns"], meta),
    }


def _compared(name: str, frame: pl.DataFrame, columns: Mapping[str, str], meta: ReportMeta) -> dict[str, pl.DataFrame]:
    """A table that compares the municipalities with Swedish headers; none when the release has none."""
    if frame.is_empty():
        return {}
    words = meta.texts["county_edition"]
    common, marks = meta.texts["common"], {code: text.mark for code, text in meta.charts.reasons.items()}
    made: dict[str, Any] = {
        "grade": pl.col("grade").replace_strict(dict(common["grades"]), return_dtype=pl.String),
        "mark": pl.col("reason").replace_strict(marks, return_dtype=pl.String),
    }
    if "position" in frame.columns:
        made["position"] = pl.col("position").replace_strict(words["positions"], return_dtype=pl.String)
    if "undecided" in frame.columns:
        said = meta.texts["screen_table"]
        made["undecided"] = pl.when("undecided").then(pl.lit(said["yes"])).when(~pl.col("undecided")).then(pl.lit(said["no"]))
    ordered = frame.sort("area_code", "wave", "grade", "index_key")
    return {name: ordered.select(made.get(key, pl.col(key)).alias(header) for key, header in columns.items())}
