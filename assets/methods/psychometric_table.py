"""`indices.psychometrics`: the psychometric reports of all indices as one long table, and back to verdicts. Pure.

The table holds verdicts and statistics, never a row, a pattern or a small count: a number of respondents below the floor is left
out (null) and the others are rounded, so that the table can be shown to a steward as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from assets.catalogue.models import IndexFile
from assets.catalogue.psychometric_models import Criterion, PsychometricRules
from assets.methods.errors import PipelineError
from assets.methods.persons import index_specs, item_scores
from assets.methods.psychometric_report import PsychometricReport, psychometric_report
from assets.methods.psychometric_verdicts import CriterionResult, Finding

GROUPS = ("sex", "grade", "wave")
SEXES = ("girl", "boy")
CRITERIA: tuple[Criterion, ...] = (
    *("category_order", "item_fit", "invariance", "unidimensionality"),
    *("targeting", "reliability", "drift"),
)
BASE = "base"
"""The `criterion` of rows that describe and are not judged."""
NOT_JUDGED = "not_judged"
FLOOR = 10
"""A count of respondents below this is never written."""
HIDDEN = "too_few"
"""The `reason` of a statistic that is left out because it would tell such a count."""
NEAREST = 5
BASE_NEAREST = 50
"""How many answered is rounded more than any published count of a wave or area, so that nothing can be subtracted from it."""
DECIMALS = 6
"""Iterative fits agree this far between machines; further decimals depend on how many threads the linear algebra has."""
SCHEMA = {
    "index_key": pl.String,
    "criterion": pl.String,
    "statistic": pl.String,
    "item": pl.String,
    "other_item": pl.String,
    "group": pl.String,
    "levels": pl.String,
    "value": pl.Float64,
    "se": pl.Float64,
    "bound_low": pl.Float64,
    "bound_high": pl.Float64,
    "verdict": pl.String,
    "decides": pl.Boolean,
    "reason": pl.String,
    "source": pl.String,
}
ANSWER_KEYS = ["wave", "grade", "sex"]


def psychometric_table(answers: pl.DataFrame, index_file: IndexFile, rules: PsychometricRules) -> pl.DataFrame:
    """The table of all indices, over all waves in the answers.

    Args:
        answers: of `validated.survey_responses` the index items (2024 codes), `wave`, `grade` and `sex`; screened-out
            respondents without answers. Sexes other than girl and boy are compared with nobody.
        index_file: indices of the partial credit model.
        rules: limits of the criteria.

    Returns:
        Columns `SCHEMA`; per index one row per statistic that was judged, worst first within its criterion (`decides` marks
        the first), a row without a statistic for a criterion that can't be judged, and rows of the criterion `base`.
    """
    scores = {part.item: part.scores for index in index_file.indices for part in index.items}
    known = pl.when(pl.col("sex").is_in(SEXES)).then(pl.col("sex")).alias("sex")
    wide = item_scores(answers, scores).with_columns(known)
    rows: list[dict[str, Any]] = []
    for spec in index_specs(index_file):
        frame = wide.select(*ANSWER_KEYS, *(item.key for item in spec.items))
        try:
            report = psychometric_report(frame, spec, rules, GROUPS)
        except PipelineError as error:
            if error.code != "too_few_items":
                raise
            unknown = {"verdict": "not_estimable", "decides": True, "reason": error.code}
            rows += [_row(spec.key, criterion, None, **unknown) for criterion in CRITERIA]
            continue
        asked = frame.select("wave", answered=pl.any_horizontal(pl.col(i.key).is_not_null() for i in spec.items))
        waves = asked.filter("answered")["wave"].unique().sort().to_list()
        rows += report_rows(report, waves)
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").with_columns(pl.col(pl.Float64).round(DECIMALS))


def report_rows(report: PsychometricReport, waves: Sequence[int]) -> list[dict[str, Any]]:
    """The rows of one index; see `psychometric_table`."""
    key, rows = report.index_key, []
    for result in report.criteria:
        if result.findings.is_empty():
            rows.append(_row(key, result.criterion, None, verdict=result.verdict, reason=result.reason, decides=True))
        for place, found in enumerate(result.findings.iter_rows(named=True)):
            shown = _safe(found["measure"], found["statistic"], report.n_scored)
            rows.append(
                _row(
                    key,
                    result.criterion,
                    found["measure"],
                    shown,
                    item=found["item"],
                    other_item=found["other_item"],
                    group=found["group"],
                    levels=found["levels"],
                    bound_low=found["low"],
                    bound_high=found["high"],
                    verdict=found["verdict"],
                    decides=place == 0,
                    reason=HIDDEN if shown is None and found["statistic"] is not None else result.reason,
                    source=found["source"],
                )
            )
    return rows + _base_rows(report, waves)


def _base_rows(report: PsychometricReport, waves: Sequence[int]) -> list[dict[str, Any]]:
    """What isn't judged: who answered, estimated thresholds, other coefficients of reliability, what DIF does to the means."""
    key = report.index_key
    alpha = None if report.alpha is None else report.alpha.alpha
    rows = [
        _row(key, BASE, "n", base_count(report.n)),
        _row(key, BASE, "n_scored", base_count(report.n_scored)),
        _row(key, BASE, "waves", levels="|".join(map(str, waves)), group="wave"),
        _row(key, BASE, "alpha", alpha),
        _row(key, BASE, "omega", report.omega),
        _row(key, BASE, "psi_non_extreme", report.psi.non_extreme),
    ]
    answered = report.categories.group_by("item", maintain_order=True).agg(pl.col("n").sum())
    rows += [_row(key, BASE, "n_answered", base_count(n), item=item) for item, n in answered.iter_rows()]
    if report.thresholds is not None:
        rows += [
            _row(key, BASE, f"threshold_{t['threshold']}", t["estimate"], item=t["item"], se=t["se"])
            for t in report.thresholds.iter_rows(named=True)
        ]
    for comparison in report.groups:
        if comparison.effects is not None:
            rows += [
                _row(key, BASE, "dif_effect", effect["effect"], group=comparison.group, levels=effect["level"])
                for effect in comparison.effects.iter_rows(named=True)
            ]
    return rows


def base_count(n: int) -> float | None:
    """How many answered, to the nearest 50; nothing when that could be fewer than 50."""
    return float((n + BASE_NEAREST // 2) // BASE_NEAREST * BASE_NEAREST) if n >= BASE_NEAREST else None


def _safe(measure: str, value: float | None, n_scored: int) -> float | None:
    """A statistic that is or gives away a count of respondents: nothing below the floor, else rounded."""
    if value is None or measure not in ("category_count", "floor", "ceiling"):
        return value
    count = value if measure == "category_count" else value * n_scored
    if round(count) < FLOOR:
        return None
    return float((round(value) + NEAREST // 2) // NEAREST * NEAREST) if measure == "category_count" else round(value, 3)


def _row(index_key: str, criterion: str, statistic: str | None, value: float | None = None, **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(SCHEMA)
    given = {"index_key": index_key, "criterion": criterion, "statistic": statistic, "value": value}
    return empty | {"verdict": NOT_JUDGED, "decides": False} | given | more


def criterion_results(table: pl.DataFrame, index_key: str) -> tuple[CriterionResult, ...]:
    """An index's criteria as the table holds them, for the sentences (`psychometric_texts`)."""
    return tuple(_result(table, index_key, criterion) for criterion in CRITERIA)


def group_result(table: pl.DataFrame, index_key: str, group: str) -> CriterionResult | None:
    """Invariance over one group variable; None when it could not be compared."""
    rows = _rows(table, index_key, "invariance").filter(pl.col("group") == group)
    judged = rows.filter(pl.col("statistic") == "dif_logits")
    return None if judged.is_empty() else _from_rows("invariance", rows)


def _result(table: pl.DataFrame, index_key: str, criterion: Criterion) -> CriterionResult:
    rows = _rows(table, index_key, criterion)
    if rows.is_empty():
        raise PipelineError(
            "psychometrics_incomplete",
            f"Tabellen indices.psychometrics, indexet {index_key}",
            f"rader för kriteriet {criterion}",
            "inga",
            "Kör jobbet build_indices igen.",
        )
    return _from_rows(criterion, rows)


def _rows(table: pl.DataFrame, index_key: str, criterion: Criterion) -> pl.DataFrame:
    return table.filter((pl.col("index_key") == index_key) & (pl.col("criterion") == criterion))


def _from_rows(criterion: Criterion, rows: pl.DataFrame) -> CriterionResult:
    order = {"fails": 0, "watch": 1, "holds": 2, "not_estimable": 3}
    first = rows.sort(pl.col("decides").not_(), pl.col("verdict").replace_strict(order), maintain_order=True).row(0, named=True)
    compared = rows.filter(pl.col("statistic") == "dif_logits")["group"].unique().to_list()
    findings = rows.filter(pl.col("statistic").is_not_null()).select(
        "item", "other_item", "group", "levels", "verdict", "source",
        measure="statistic", statistic="value", low="bound_low", high="bound_high",
    )  # fmt: skip
    deciding = None
    if first["statistic"] is not None:
        deciding = Finding(
            measure=first["statistic"],
            statistic=first["value"],
            verdict=first["verdict"],
            low=first["bound_low"],
            high=first["bound_high"],
            source=first["source"] or "",
            item=first["item"],
            other_item=first["other_item"],
            group=first["group"],
            levels=first["levels"],
        )
    groups = tuple(group for group in GROUPS if group in compared)
    return CriterionResult(criterion, first["verdict"], first["reason"], findings, deciding, groups)
