"""What a municipality's report says, in order: pure functions from release frames to plain content."""

from __future__ import annotations

import polars as pl

from assets.bundle.accumulated import section as accumulated_section
from assets.bundle.action_section import section as action_section
from assets.bundle.arenas import ARENAS
from assets.bundle.arenas import section as arena_section
from assets.bundle.associations import section as association_section
from assets.bundle.comparison_group import comparison_section
from assets.bundle.decisions_section import section as decisions_section
from assets.bundle.districts import district_section
from assets.bundle.frames import guard_frames
from assets.bundle.method import method_section
from assets.bundle.overview import section as overview_section
from assets.bundle.questions import OWN_SECTIONS as QUESTION_SECTIONS
from assets.bundle.questions import question_section
from assets.bundle.register_only import is_register_only, register_sections
from assets.bundle.small_areas import small_area_section
from assets.bundle.types import BundleSummary, ReportContent, ReportMeta, Section, Table, Terms
from assets.bundle.who import quality_section, who_section
from assets.bundle.words import Context, date_text
from assets.charts import numbers
from assets.charts.findings import SMALL_POINTS
from assets.charts.types import GRADES, ReleaseFrames, Scope
from assets.methods.editions import PUBLIC

READING = {"header": "reading.items", "register_only": "register_only.reading"}
"""The header's entry in the texts -> the entry with the terms of the box on how to read."""
OPTIONAL = {
    "jamforelse": comparison_section,
    "samlade": accumulated_section,
    "samband": association_section,
    "stadsdelar": district_section,
    "sma-grupper": small_area_section,
    "atgard": action_section,
    "beslut": decisions_section,
}
"""Sections that an edition may leave out (`ReportMeta.left_out`), in the report's order."""
WORKING_MATERIAL = ("stadsdelar", "atgard", "beslut")
"""Sections that the public edition never has."""


def municipality_report(frames: ReleaseFrames, scope: Scope, meta: ReportMeta) -> ReportContent:
    """The whole report of one municipality.

    Args:
        frames: release tables for the bundle (`assets.bundle.frames.select_frames`); columns in `docs/development/contracts.md`.
        scope: municipality, wave and edition.
        meta: definitions, texts, version and date.

    Raises:
        PipelineError: `foreign_rows` when the frames hold rows that the bundle may not see.
    """
    guard_frames(frames, scope, meta.charts.indices)
    context = Context(frames, scope, meta)
    left_out = {*meta.left_out, *(WORKING_MATERIAL if scope.edition == PUBLIC else ())}
    if is_register_only(context):
        *first, quality, method = register_sections(context)
        own = (build(context) for key, build in OPTIONAL.items() if key in ("atgard", "beslut") and key not in left_out)
        found = (*first, *own, quality, method)
        return _report(context, tuple(section for section in found if section), "register_only")
    sections: list[Section | None] = [
        overview_section(context),
        *(arena_section(context, arena) for arena in ARENAS),
        *(question_section(context, section) for section in QUESTION_SECTIONS),
        *(build(context) for key, build in OPTIONAL.items() if key not in left_out),
        who_section(context),
        quality_section(context),
        method_section(context),
    ]
    return _report(context, tuple(section for section in sections if section), "header")


def _report(context: Context, sections: tuple[Section, ...], header: str) -> ReportContent:
    """The sections with their header. `header`: entry of the texts with title, lead and the word on synthetic data."""
    where = {"area": context.scope.area_name, "wave": context.scope.wave}
    return ReportContent(
        scope=context.scope,
        title=context.say(f"{header}.title", **where),
        lead=_lead(context, context.say(f"{header}.lead", **where)),
        facts=_facts(context),
        synthetic=context.say(f"{header}.synthetic", **where) if context.meta.charts.synthetic else "",
        reading=_reading(context, header),
        sections=sections,
        summary=bundle_summary(context),
        register_only=header == "register_only",
    )


def _lead(context: Context, lead: str) -> str:
    """The lead; in the public edition with a sentence on what it leaves out."""
    return f"{lead.rstrip()} {context.say('header.left_out')}" if context.scope.edition == PUBLIC else lead


def folder_name(scope: Scope, meta: ReportMeta) -> str:
    """`0127_botkyrka_2024_v1.0_intern`."""
    return f"{scope.area_code}_{meta.ascii_names[scope.area_code]}_{scope.wave}_v{meta.version}_{scope.edition}"


def _facts(context: Context) -> tuple[tuple[str, str], ...]:
    labels = context.entry("header.facts")
    scope, meta = context.scope, context.meta
    values = {
        "area": f"{scope.area_name} ({scope.area_code})",
        "wave": str(scope.wave),
        "edition": context.say(f"common.editions.{scope.edition}"),
        "version": meta.version,
        "released": date_text(meta.released),
    }
    return tuple((label, values[key]) for key, label in labels.items())


def _reading(context: Context, header: str) -> tuple[Terms, Table]:
    """The box on how to read: terms, and every mark that can stand instead of a number."""
    limit = numbers.spelled(int(SMALL_POINTS))
    terms = Terms(tuple((name, text.format(limit=limit)) for name, text in context.entry(READING[header])))
    reasons = context.meta.charts.reasons
    rows = tuple((reason.mark, numbers.lower_first(reason.text_sv)) for reason in reasons.values() if reason.mark)
    return terms, Table("marken", context.say("reading.marks_title"), tuple(context.entry("reading.marks_columns")), rows)


def bundle_summary(context: Context) -> BundleSummary:
    """The municipality's row on the county page."""
    scope = context.scope
    rates = context.frames.response_rates.filter(
        (pl.col("area_code") == scope.area_code) & (pl.col("wave") == scope.wave) & (pl.col("edition") == scope.edition)
    )
    by_grade = {row["grade"]: row for row in rates.iter_rows(named=True)}

    def told(column: str) -> dict[str, int | None]:
        return {grade: by_grade[grade][column] if grade in by_grade else None for grade in GRADES}

    respondents, least = told("respondents"), told("respondents_least")
    delivered = [grade for grade in GRADES if respondents[grade] is not None or least[grade] is not None]
    status = {0: "none", 1: "only"}.get(len(delivered), "complete")
    if not delivered and any(row["reason"] in ("suppressed", "too_few") for row in by_grade.values()):
        status = "hidden"
    return BundleSummary(
        area_code=scope.area_code,
        area_name=scope.area_name,
        folder=folder_name(scope, context.meta),
        respondents=respondents,
        words={grade: context.reason(by_grade[grade]["reason"] if grade in by_grade else "missing") for grade in GRADES},
        response_pct=told("response_pct"),
        status=status,
        status_grade=delivered[0] if len(delivered) == 1 else "",
        least=least,
        least_pct=told("response_least_pct"),
    )
