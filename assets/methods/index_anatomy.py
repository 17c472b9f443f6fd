"""`release.index_anatomy`: what each index is made of and how its measurement is judged, safe to show. Pure.

County-wide and over all waves: the same for every municipality. It holds definitions, rounded statistics and sentences. An index
that too few have answered is shown with its items and nothing that was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from assets.catalogue.models import Index, IndexFile
from assets.catalogue.psychometric_models import PsychometricRules, PsychometricTexts
from assets.methods.psychometric_table import GROUPS, criterion_results, group_result
from assets.methods.psychometric_texts import criterion_sentence
from assets.methods.psychometric_verdicts import CriterionResult, not_estimable

SCHEMA = {
    "edition": pl.String,
    "index_key": pl.String,
    "part": pl.String,
    "key": pl.String,
    "title": pl.String,
    "thresholds": pl.String,
    "n": pl.Int64,
    "statistic": pl.String,
    "value": pl.Float64,
    "bound_low": pl.Float64,
    "bound_high": pl.Float64,
    "verdict": pl.String,
    "sentence": pl.String,
    "source": pl.String,
}
ITEM, CRITERION, GROUP, FIGURE = "item", "criterion", "group", "figure"
FIGURES = ("alpha", "omega")
DECIMALS = 2
RANK = ("fails", "watch", "holds")


def index_anatomy(
    table: pl.DataFrame,
    index_file: IndexFile,
    labels: Mapping[str, str],
    texts: PsychometricTexts,
    rules: PsychometricRules,
    edition: str,
) -> pl.DataFrame:
    """Lay out the anatomy of every index.

    Args:
        table: `indices.psychometrics`.
        index_file: the indices with their published thresholds.
        labels: item -> short label.
        texts: the sentences.
        rules: `minimum_group` is also the least number of scored respondents for anything measured to be shown.
        edition: which edition the rows belong to.

    Returns:
        Columns `SCHEMA`; per index rows of the parts `item`, `criterion`, `group` and `figure`, in that order.
    """
    rows: list[dict[str, Any]] = []
    for index in index_file.indices:
        found = table.filter(pl.col("index_key") == index.key)
        n = _base(found, "n_scored")
        shown = n is not None and n >= rules.minimum_group
        if not shown:
            found = found.clear()
        common = {"edition": edition, "index_key": index.key}
        rows += [common | row for row in _item_rows(index, found, labels)]
        rows += [common | row for row in _criterion_rows(found, index.key, texts, labels, shown=shown)]
        rows += [common | row for row in _group_rows(found, index.key, texts, labels)]
        rows += [common | row for row in _figure_rows(found, texts, n if shown else None)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _item_rows(index: Index, found: pl.DataFrame, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """The index's questions in order, with their published thresholds and their own worst verdict."""
    rows = []
    for part in index.items:
        mine = (pl.col("item") == part.item) | (pl.col("other_item") == part.item)
        verdicts = set(found.filter(mine)["verdict"])
        answered = _base(found.filter(pl.col("item") == part.item), "n_answered")
        worst = next((verdict for verdict in RANK if verdict in verdicts), "not_estimable")
        steps = " ".join(f"{step:g}" for step in part.thresholds)
        rows.append({"part": ITEM, "key": part.item, "title": labels[part.item], "thresholds": steps, "n": answered}
                    | {"verdict": worst})  # fmt: skip
    return rows


def _criterion_rows(
    found: pl.DataFrame, index_key: str, texts: PsychometricTexts, labels: Mapping[str, str], *, shown: bool
) -> list[dict[str, Any]]:
    if shown:
        results = criterion_results(found, index_key)
    else:
        results = tuple(not_estimable(criterion, "too_few_answered") for criterion in texts.criteria)
    return [_judged(CRITERION, result.criterion, result, texts, labels) for result in results]


def _group_rows(found: pl.DataFrame, index_key: str, texts: PsychometricTexts, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Invariance over each group variable by itself: what a chart that compares the groups has to say."""
    results = {group: group_result(found, index_key, group) for group in GROUPS}
    return [_judged(GROUP, group, result, texts, labels) for group, result in results.items() if result is not None]


def _judged(part: str, key: str, result: CriterionResult, texts: PsychometricTexts, labels: Mapping[str, str]) -> dict[str, Any]:
    said = criterion_sentence(result, texts, labels)
    title = said.title if part == CRITERION else texts.groups[key]
    row = {"part": part, "key": key, "title": title, "verdict": result.verdict, "sentence": said.sentence}
    finding = result.deciding
    if finding is None:
        return row
    measure = texts.measures[finding.measure]
    numbers = {"value": finding.statistic, "bound_low": finding.low, "bound_high": finding.high}
    decimals = measure.decimals + (2 if measure.percent else 0)
    rounded = {name: None if number is None else round(number, max(decimals, DECIMALS)) for name, number in numbers.items()}
    return row | rounded | {"statistic": measure.name, "source": finding.source}


def _figure_rows(found: pl.DataFrame, texts: PsychometricTexts, n: int | None) -> list[dict[str, Any]]:
    """How many have a score, over which waves, and the other coefficients of reliability."""
    if n is None:
        return []
    waves = found.filter(pl.col("statistic") == "waves")["levels"].item().replace("|", " ")
    rows: list[dict[str, Any]] = [
        {"part": FIGURE, "key": "n_scored", "title": texts.figures["n_scored"], "n": n},
        {"part": FIGURE, "key": "waves", "title": texts.figures["waves"], "sentence": waves},
    ]
    for key in FIGURES:
        value = found.filter(pl.col("statistic") == key)["value"].item()
        rows.append({"part": FIGURE, "key": key, "title": texts.figures[key]}
                    | {"value": None if value is None else round(value, DECIMALS)})  # fmt: skip
    return rows


def _base(found: pl.DataFrame, statistic: str) -> int | None:
    values = found.filter((pl.col("criterion") == "base") & (pl.col("statistic") == statistic))["value"].drop_nulls()
    return int(values.item()) if values.len() else None
