"""What `indices.psychometrics` says to stewards, in Swedish: per index a verdict per criterion, per criterion the faults."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from assets.catalogue.load import Catalogue
from assets.catalogue.psychometric_models import Criterion
from assets.charts.numbers import decimal, thousands
from assets.methods.persons import index_specs
from assets.methods.psychometric_table import BASE_NEAREST, CRITERIA, criterion_results
from assets.methods.psychometric_texts import CriterionSentence, criterion_sentence
from assets.methods.psychometric_verdicts import CriterionResult
from assets.methods.rasch_information import SHOWN, information_curve
from assets.methods.rasch_model import IndexSpec


@dataclass(frozen=True)
class CriterionFaults:
    """One criterion over all indices: the sentences of those that fail, and of those that can't be judged."""

    criterion: Criterion
    faults: tuple[str, ...]
    unknown: tuple[str, ...]


def item_labels(catalogue: Catalogue) -> dict[str, str]:
    """Item -> the short label that readers know, for the items of all indices."""
    return {item: catalogue.survey.by_key[item].label_sv for item in catalogue.item_scores()}


def sentence_of(result: CriterionResult, catalogue: Catalogue) -> CriterionSentence:
    """A criterion in words."""
    return criterion_sentence(result, catalogue.psychometric_texts, item_labels(catalogue))


def steward_text(table: pl.DataFrame, catalogue: Catalogue) -> str:
    """Markdown: per index who answered and a verdict with a sentence per criterion. Statistics and rounded counts only."""
    lines = []
    specs = {spec.key: spec for spec in index_specs(catalogue.index_file)}
    for index in catalogue.indices:
        n = table.filter((pl.col("index_key") == index.key) & (pl.col("statistic") == "n_scored"))["value"]
        shown = f"cirka {thousands(n[0])}" if n.len() and n[0] is not None else f"färre än {BASE_NEAREST}"
        lines += [f"### {index.label_sv}", "", f"Elever med indexvärde, alla mättillfällen: {shown}.", ""]
        lines += [errors_text(specs[index.key]), ""] if index.key in specs else []
        lines += [effects_text(table, index.key, catalogue), ""]
        lines += ["| kriterium | bedömning | vad det säger |", "|---|---|---|"]
        for result in criterion_results(table, index.key):
            said = sentence_of(result, catalogue)
            lines.append(f"| {said.title} | {said.verdict} | {said.sentence} |")
        lines.append("")
    return "\n".join(lines)


def errors_text(spec: IndexSpec) -> str:
    """The error of measurement along the scale, from the published thresholds: where the index tells most and least."""
    curve = information_curve(spec, SHOWN)
    cells = (f"{decimal(theta, 0)}: {decimal(error, 2)}" for theta, error in curve.select("theta", "csem").iter_rows())
    return f"Mätfel (logiter) vid olika nivåer på frågornas skala, alla frågor besvarade: {'; '.join(cells)}."


def effects_text(table: pl.DataFrame, key: str, catalogue: Catalogue) -> str:
    """How far questions that work differently move the mean of a group, the one most moved per group variable."""
    rows = table.filter((pl.col("index_key") == key) & (pl.col("statistic") == "dif_effect"))
    told = []
    for group, name in catalogue.psychometric_texts.groups.items():
        own = rows.filter(pl.col("group") == group)
        if own.height:
            most = own["value"].abs().max()
            told.append(f"{name} {'kan inte skattas' if most is None or own['value'].null_count() else decimal(most, 2)}")
    said = ", ".join(told) or "ingen jämförelse"
    return f"Så mycket flyttar frågor som fungerar olika en grupps medelvärde, som mest (logiter): {said}."


def criterion_faults(table: pl.DataFrame, catalogue: Catalogue) -> tuple[CriterionFaults, ...]:
    """What the asset checks tell: per criterion the indices that fail or can't be judged, each with its sentence."""
    found: dict[Criterion, tuple[list[str], list[str]]] = {criterion: ([], []) for criterion in CRITERIA}
    for index in catalogue.indices:
        for result in criterion_results(table, index.key):
            text = f"{index.label_sv}: {sentence_of(result, catalogue).sentence}"
            if result.verdict == "fails":
                found[result.criterion][0].append(text)
            elif result.verdict == "not_estimable":
                found[result.criterion][1].append(text)
    return tuple(CriterionFaults(criterion, tuple(bad), tuple(unknown)) for criterion, (bad, unknown) in found.items())
