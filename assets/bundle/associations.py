"""Samband i länet: the section of the report with help to read it, and `4_tabeller/samband.csv`. Association only. Pure."""

from __future__ import annotations

import polars as pl

from assets.bundle.types import Block, Bullets, ReportMeta, Section, Table, Terms, Text
from assets.bundle.words import Context, reason_text
from assets.charts import numbers
from assets.charts.types import GRADES, IndexMeta, ReleaseFrames

TABLE = "samband"
KEYS = ("Områdeskod", "Mättillfälle", "Årskurs", "Index-id", "Fråga-id", "Mått")
MEASURES = ("share_exposed", "share_unexposed", "rr_adjusted", "odds_adjusted")
Row = dict[str, object]


def section(context: Context) -> Section | None:
    """What goes together in the county, a table and sentences per grade; None unless the release has it for this wave."""
    rows = context.frames.associations
    rows = rows.filter(pl.col("wave") == context.scope.wave) if rows.width else rows
    if rows.is_empty():
        return None
    blocks: list[Block] = [
        *context.synthetic_notice(),
        Text(context.say("associations.intro", wave=context.scope.wave)),
        Terms(tuple((name, text) for name, text in context.entry("associations.reading"))),
    ]
    for grade in GRADES:
        own = rows.filter(pl.col("grade") == grade)
        if own.height:
            blocks += [_table(context, own, grade), Bullets(tuple(own["sentence"].drop_nulls()))]
    return Section("samband", context.title("samband"), tuple(blocks))


def _table(context: Context, rows: pl.DataFrame, grade: str) -> Table:
    cells = {(r["factor"], r["outcome"], r["measure"]): r for r in rows.iter_rows(named=True)}
    pairs = rows.select("factor", "outcome").unique(maintain_order=True).rows()
    lines = []
    for factor, outcome in pairs:
        first, *others = (cells.get((factor, outcome, measure), {}) for measure in MEASURES)
        n = first.get("n")
        count = numbers.thousands(n) if isinstance(n, int) else ""
        label = _group(context.meta, context.indices[factor])
        texts = [_cell(context.meta, row) for row in (first, *others)]
        lines.append((label, numbers.upper_first(context.meta.outcomes[outcome]), *texts, count))
    where = {"county": context.say("common.county"), "grade": context.grade(grade), "wave": context.scope.wave}
    return Table(
        f"samband-{grade}",
        context.say("associations.caption", **where),
        tuple(context.entry("associations.columns").values()),
        tuple(lines),
        frozenset({2, 3, 4, 5, 6}),
        source=context.meta.charts.survey_source,
    )


def _group(meta: ReportMeta, index: IndexMeta) -> str:
    return str(meta.texts["associations"]["group"]).format(label=index.label_sv, band=index.focus_band_label_sv)


def _cell(meta: ReportMeta, row: Row) -> str:
    """`17 %`, `2,1 (1,8–2,4)`, or the reason."""
    value, low, high = (row.get(name) for name in ("value", "low", "high"))
    if not isinstance(value, float):
        return reason_text(meta.charts.reasons, str(row.get("reason", "missing")))
    if row["unit"] == "percent":
        return numbers.percent(value)
    text = numbers.decimal(value, 1)
    if not (isinstance(low, float) and isinstance(high, float)):
        return text
    return f"{text} ({numbers.decimal(low, 1)}{numbers.DASH}{numbers.decimal(high, 1)})"


def association_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """Every measure of every pair with interval and reason, a sentence beside the ratio to lead with; None without any."""
    rows = frames.associations
    if rows.is_empty():
        return None
    texts, common, reasons = meta.texts["associations"], meta.texts["common"], meta.charts.reasons
    groups = {key: _group(meta, index) for key, index in meta.charts.indices.items()}
    adjusted = pl.when(pl.col("measure").str.ends_with("_adjusted")).then(pl.lit(texts["adjusted"])).otherwise(pl.lit(""))
    columns = {
        "area": pl.col("area_name"), "code": pl.col("area_code"), "wave": pl.col("wave"),
        "grade": pl.col("grade").replace_strict(dict(common["grades"]), return_dtype=pl.String),
        "factor_id": pl.col("factor"), "factor": pl.col("factor").replace_strict(groups, return_dtype=pl.String),
        "outcome_id": pl.col("outcome"),
        "outcome": pl.col("outcome").replace_strict(dict(meta.outcomes), return_dtype=pl.String),
        "measure": pl.col("measure").replace_strict(dict(texts["measures"]), return_dtype=pl.String),
        "value": pl.col("value"), "low": pl.col("low"), "high": pl.col("high"),
        "unit": pl.col("unit").replace_strict(dict(texts["units"]), return_dtype=pl.String),
        "n": pl.col("n"), "adjusted": adjusted,
        "mark": pl.col("reason").replace_strict({code: r.mark for code, r in reasons.items()}, return_dtype=pl.String),
        "reason": pl.col("reason").replace_strict({code: r.text_sv for code, r in reasons.items()}, return_dtype=pl.String),
        "sentence": pl.col("sentence").fill_null(""),
    }  # fmt: skip
    ordered = rows.sort("area_code", "wave", "grade", "factor", "outcome", "measure")
    return ordered.select(expression.alias(texts["csv"][name]) for name, expression in columns.items())
