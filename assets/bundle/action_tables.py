"""Tables with Swedish headers of activities, coverage, preconditions, the join and the suggested order. Pure.

Each is None when the run has no such rows. Levels of preconditions are ordinal and stand as 0-3.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.bundle.action_facts import ANY, OWN_PREFIX
from assets.bundle.types import ReportMeta
from assets.charts.types import ReleaseFrames

ACTIVITIES_TABLE, ACTIVITIES_KEYS = "verksamheter", ("Områdeskod", "Omgång", "Verksamhets-id")
COVERAGE_TABLE, COVERAGE_KEYS = "tackning", ("Områdeskod", "Omgång", "Slag", "Faktor-id", "Arena", "Nivå", "Ålder")
READINESS_TABLE, READINESS_KEYS = "forutsattningar", ("Områdeskod", "Omgång", "Förutsättnings-id", "Påstående-id")
FACTORS_TABLE, FACTORS_KEYS = "faktorer", ("Områdeskod", "Mättillfälle", "Årskurs", "Index-id")
ORDER_TABLE, ORDER_KEYS = "prioritering", ("Områdeskod", "Mättillfälle", "Index-id")
_Columns = Mapping[str, pl.Expr]


def activity_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """A row per round and activity, the municipality's own under the name that it has given."""
    rows, own = frames.activity_status, meta.prevention
    if rows.is_empty() or own is None:
        return None
    words, file = meta.texts["action"]["activities"], own.activities.form_file
    names = {a.id: a.name_sv for a in own.activities.activities}
    roles = {role.key: role.label_sv for role in file.roles}
    return _named(rows.sort("area_code", "round", "activity_id"), meta, ACTIVITIES_TABLE, {
        **_place("round"),
        "id": pl.col("activity_id"),
        "name": pl.coalesce("own_name", _words("activity_id", names), pl.col("activity_id").str.strip_prefix(OWN_PREFIX)),
        "exists": _words("exists", meta.texts["action"]["states"]),
        "funding": _words("funding", words["funding"]),
        "ends": pl.col("funding_end").cast(pl.String).fill_null(""),
        "fragile": _yes_no("fragile", meta),
        "follow_up": _words("follow_up", words["follow_up"]),
        "blind": _yes_no("blind", meta),
        "reach": _words("reach", words["reach"]),
        "groups": _codes("groups_not_reached", {g.key: g.label_sv for g in file.groups}),
        "programmes": _codes("programmes", {p.id: p.name_sv for p in own.activities.programmes}),
        "yes": _codes("roles_yes", roles),
        "no": _codes("roles_no", roles),
        "respondents": pl.col("n_respondents").cast(pl.Int64),
        "change": _words("change", words["change"]),
        "answered": pl.col("answered_on").cast(pl.String).fill_null(""),
    })  # fmt: skip


def coverage_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """A row per protective factor, arena, level and age with their totals; of the indices only the totals over ages.

    What is beside an index is the same activities once more, and with ages the table would be the bundle's largest.
    """
    rows, own = frames.activity_coverage, meta.prevention
    if rows.is_empty() or own is None:
        return None
    texts, file = meta.texts["action"]["tables"], own.activities.activity_file
    every = {ANY: texts["any"]}
    labels = {f.key: f.label_sv for f in file.protective_factors} | {k: i.label_sv for k, i in meta.charts.indices.items()}
    counts = {"activities": "n_activities", "yes": "n_yes", "no": "n_no", "dont_know": "n_dont_know",
              "disagreed": "n_disagreed", "not_inventoried": "n_not_inventoried", "own": "n_own",
              "fragile": "n_fragile", "blind": "n_blind"}  # fmt: skip
    order = ["area_code", "round", "factor_kind", "factor", "arena", "level", "age_band"]
    kept = rows.filter((pl.col("factor_kind") != "index") | (pl.col("age_band") == ANY))
    return _named(kept.sort(order), meta, COVERAGE_TABLE, {
        **_place("round"),
        "kind": _words("factor_kind", texts["kinds"]),
        "factor_id": pl.col("factor"),
        "factor": _words("factor", labels),
        "arena": _words("arena", every | {x.key: x.label_sv for x in file.arenas}),
        "level": _words("level", every | {x.key: x.label_sv for x in file.levels}),
        "age": _words("age_band", every | {x.key: x.label_sv for x in file.age_bands}),
        **{name: pl.col(column).cast(pl.Int64) for name, column in counts.items()},
        "low": _percent("coverage_low"),
        "high": _percent("coverage_high"),
    })  # fmt: skip


def readiness_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """A row per round and condition, then one per statement; no single rater's levels and no roles."""
    rows, own = frames.readiness, meta.prevention
    if rows.is_empty() or own is None:
        return None
    texts, file = meta.texts["action"], own.readiness
    both = [rows.with_columns(statement=pl.lit(""))]
    if frames.readiness_statements.height:
        both.append(frames.readiness_statements.with_columns(change=pl.lit(None, pl.String)))
    named = [name for name in both[0].columns if all(name in part.columns for part in both)]
    joined = pl.concat([part.select(named) for part in both])
    place = {condition: n for n, condition in enumerate(file.condition_ids)}
    statements = [s for condition in file.conditions for s in condition.statements]
    at = {"": -1} | {s.id: n for n, s in enumerate(statements)}
    ordered = joined.with_columns(_condition=_at("condition", place), _statement=_at("statement", at)).sort(
        "area_code", "round", "_condition", "_statement"
    )
    return _named(ordered, meta, READINESS_TABLE, {
        **_place("round"),
        "condition_id": pl.col("condition"),
        "condition": _words("condition", {c.id: c.label_sv for c in file.conditions}),
        "statement_id": pl.col("statement"),
        "statement": _words("statement", {s.id: s.text_sv for s in statements}),
        "raters": pl.col("n_raters").cast(pl.Int64),
        **{name: pl.col(name) for name in ("median", "q1", "q3", "lowest", "highest")},
        "dont_know": pl.col("dont_know_pct").cast(pl.Int64),
        "change": _words("change", texts["readiness"]["change"]),
        "reason": _words("reason", texts["tables"]["readiness_reasons"]),
    })  # fmt: skip


def factor_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """The join with the id of every share's number, so that it can be found again in the other tables."""
    rows = frames.factor_overview
    if rows.is_empty() or meta.prevention is None:
        return None
    texts, reasons = meta.texts["action"]["tables"], meta.charts.reasons
    focus = {key: index.focus_measure for key, index in meta.charts.indices.items()}
    number = pl.concat_str(
        [pl.col("wave").cast(pl.String), "area_code", "grade", pl.lit("all"), "factor", _words("factor", focus)], separator="/"
    )
    numbers = {"share": "share_focus", "low": "low", "high": "high", "diff": "diff_county", "diff_low": "diff_low",
               "diff_high": "diff_high"}  # fmt: skip
    counts = {"known": "n_known", "activities": "n_activities", "fragile": "n_fragile", "blind": "n_blind"}
    return _named(rows.sort("area_code", "wave", "grade", "factor"), meta, FACTORS_TABLE, {
        **_place("wave"),
        "grade": _words("grade", meta.texts["common"]["grades"]),
        **_factor(meta),
        **{name: pl.col(column) for name, column in numbers.items()},
        "verdict": _words("diff_verdict", texts["verdicts"]),
        "trend": _words("trend_verdict", meta.trend_words),
        **{name: pl.col(column).cast(pl.Int64) for name, column in counts.items()},
        "median": pl.col("readiness_median"), "q1": pl.col("readiness_q1"), "q3": pl.col("readiness_q3"),
        "level_reason": _words("reason_level", {code: reason.text_sv for code, reason in reasons.items()}),
        "coverage_reason": _words("reason_coverage", texts["coverage_reasons"]),
        "readiness_reason": _words("reason_readiness", texts["readiness_reasons"]),
        "id": number,
    })  # fmt: skip


def order_table(frames: ReleaseFrames, meta: ReportMeta) -> pl.DataFrame | None:
    """Points per criterion (0-1) and place; null where a criterion isn't known."""
    rows = frames.priority_order
    if rows.is_empty() or meta.prevention is None:
        return None
    points = ("size", "certainty", "change", "malleability", "coverage", "local")
    named = rows.with_columns(area_name=_words("area_code", meta.area_names))
    return _named(named.sort("area_code", "wave", "place", "factor", nulls_last=True), meta, ORDER_TABLE, {
        **_place("wave"),
        **_factor(meta),
        "place": pl.col("place").cast(pl.Int64),
        "points": pl.col("points"),
        **{name: pl.col(f"{name}_points") for name in points},
        "place_low": pl.col("place_low").cast(pl.Int64),
        "place_high": pl.col("place_high").cast(pl.Int64),
        "top": pl.col("share_top3"),
        "stable": _yes_no("stable", meta),
        "reason": _words("reason", meta.texts["action"]["tables"]["order_reasons"]),
    })  # fmt: skip


def _named(rows: pl.DataFrame, meta: ReportMeta, table: str, columns: _Columns) -> pl.DataFrame:
    head = meta.texts["action"]["tables"][table]
    return rows.select(expression.alias(head[name]) for name, expression in columns.items())


def _place(time: str) -> dict[str, pl.Expr]:
    return {"area": pl.col("area_name"), "code": pl.col("area_code"), time: pl.col(time)}


def _factor(meta: ReportMeta) -> dict[str, pl.Expr]:
    labels = {key: index.label_sv for key, index in meta.charts.indices.items()}
    return {"factor_id": pl.col("factor"), "factor": _words("factor", labels)}


def _words(column: str, words: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(dict(words), return_dtype=pl.String, default=None).fill_null("")


def _codes(column: str, words: Mapping[str, str]) -> pl.Expr:
    """Codes with `;` between as words with `; ` between; a code that isn't known stands as it is."""
    parts = pl.col(column).fill_null("").str.split(";")
    return parts.list.eval(pl.element().replace(dict(words))).list.join("; ")


def _yes_no(column: str, meta: ReportMeta) -> pl.Expr:
    words = meta.texts["action"]["tables"]["yes_no"]
    return (
        pl.when(pl.col(column))
        .then(pl.lit(words["true"]))
        .when(~pl.col(column))
        .then(pl.lit(words["false"]))
        .otherwise(pl.lit(""))
    )


def _percent(column: str) -> pl.Expr:
    return (100 * pl.col(column)).round(0).cast(pl.Int64)


def _at(column: str, places: Mapping[str, int]) -> pl.Expr:
    return pl.col(column).replace_strict(dict(places), return_dtype=pl.Int64, default=None)
