"""Samlade risk- och skyddsfaktorer: the section of the report and `4_tabeller/samlade_faktorer.csv`. Pure."""

from __future__ import annotations

import polars as pl

from assets.bundle.types import Block, Bullets, Figure, ReportMeta, Section, Text
from assets.bundle.words import Context
from assets.charts import numbers, samlade
from assets.charts.types import GRADES, ReleaseFrames

TABLE = "samlade_faktorer"
KEYS = ("Områdeskod", "Mättillfälle", "Årskurs", "Kön", "Räknas", "Antal faktorer")


def section(context: Context) -> Section | None:
    """How many factors pupils have at once, a chart per grade; None when the release has no such numbers."""
    meta = context.meta
    if context.frames.accumulated_results.is_empty() or not meta.counts:
        return None
    counted = tuple(
        context.say("accumulated.counted", name=count.short_sv, indices=_named(context, count.indices)) for count in meta.counts
    )
    blocks: list[Block] = [
        *context.synthetic_notice(),
        Text(context.say("accumulated.intro")),
        Bullets(counted),
        *(block for grade in GRADES for block in _drawn(context, grade)),
        Bullets(tuple(context.entry("accumulated.notes"))),
    ]
    return Section("samlade", context.title("samlade"), tuple(blocks))


def _drawn(context: Context, grade: str) -> list[Block]:
    """The grade's chart, or why there is none: when not one share of the municipality can be shown a frame would be empty."""
    scope, rows = context.scope, context.frames.accumulated_results
    own = rows.filter(
        (pl.col("area_code") == scope.area_code)
        & (pl.col("wave") == scope.wave)
        & (pl.col("grade") == grade)
        & (pl.col("sex") == "all")
        & pl.col("measure").is_in(samlade.SHARES)
    )
    if own["value"].is_null().all():
        reasons = own["reason"].to_list()
        if not reasons or set(reasons) == {"no_pupils"}:
            return []
        where = {"grade": context.grade_first(grade), "reason": context.reason(max(sorted(reasons), key=reasons.count))}
        return [Text(context.say("small_mode.no_counts", **where))]
    card = samlade.build(context.frames, scope, context.meta.charts, context.meta.counts, grade=grade)
    return [Figure(card, 3)] if card else []


def _named(context: Context, keys: tuple[str, ...]) -> str:
    return numbers.words([numbers.lower_first(context.indices[key].label_sv) for key in keys])


def accumulated_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """Every share of the municipality, its districts and the county with interval and reason; None when there are none."""
    rows = frames.accumulated_results
    if rows.is_empty() or not meta.counts:
        return None
    head, common, reasons = meta.texts["accumulated"]["columns"], meta.texts["common"], meta.charts.reasons
    groups = {
        f"{count.key}:{measure}": label
        for count in meta.counts
        for measure, label in zip(samlade.SHARES, count.groups, strict=True)
    }
    shares = rows.filter(pl.col("measure").is_in(samlade.SHARES))
    place = {measure: n for n, measure in enumerate(samlade.SHARES)}
    ordered = shares.with_columns(_place=pl.col("measure").replace_strict(place, return_dtype=pl.Int64)).sort(
        "area_level", "area_code", "wave", "grade", "count_key", "sex", "_place"
    )
    whole = {name: pl.col(name).cast(pl.Int64) for name in ("value", "low", "high", "n")}
    return ordered.select(
        pl.col("area_name").alias(head["area"]),
        pl.col("area_code").alias(head["code"]),
        pl.col("wave").alias(head["wave"]),
        pl.col("grade").replace_strict(dict(common["grades"]), return_dtype=pl.String).alias(head["grade"]),
        pl.col("sex").replace_strict(dict(common["sexes"]), return_dtype=pl.String).alias(head["sex"]),
        pl.col("count_key").replace_strict({c.key: c.short_sv for c in meta.counts}, return_dtype=pl.String).alias(head["key"]),
        pl.format("{}:{}", "count_key", "measure").replace_strict(groups, return_dtype=pl.String).alias(head["group"]),
        whole["value"].alias(head["share"]),
        whole["low"].alias(head["low"]),
        whole["high"].alias(head["high"]),
        whole["n"].alias(head["n"]),
        pl.col("reason").replace_strict({c: r.mark for c, r in reasons.items()}, return_dtype=pl.String).alias(head["mark"]),
        pl.col("reason").replace_strict({c: r.text_sv for c, r in reasons.items()}, return_dtype=pl.String).alias(head["reason"]),
        pl.col("cutoff_set").alias(head["cutoffs"]),
    )
