"""Base weights for non-response, trimming, and what weights cost. Pure.

A base weight is enrolled / respondents within a response cell (class or school x sex x grade). Small cells are collapsed by a
written order. Weights only repair bias that the cells explain; in a school census that is little, so unweighted results stand
beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods.design import Floats, Sample
from assets.methods.errors import PipelineError

LEAST_RESPONDENTS = 5
MOST_FACTOR = 3.0


@dataclass(frozen=True)
class CellRule:
    """Response cells: `keys` make the finest cells; `collapse` are the keys given up, first to last, where a cell has fewer than
    `least` respondents or a factor above `most`. Keys that are not in `collapse` are never given up."""

    keys: tuple[str, ...]
    collapse: tuple[str, ...]
    least: int = LEAST_RESPONDENTS
    most: float = MOST_FACTOR

    def __post_init__(self) -> None:
        if not set(self.collapse) <= set(self.keys):
            raise ValueError("only keys can be collapsed")

    def at(self, level: int) -> list[str]:
        """The keys that remain after giving up `level` of them."""
        return [key for key in self.keys if key not in self.collapse[:level]]


def cell_weights(
    persons: pl.DataFrame, enrolled: pl.DataFrame, rule: CellRule, count: str = "enrolled"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Base weight of every respondent.

    Args:
        persons: one row per respondent with the keys, none missing. enrolled: one row per finest cell with pupils: keys and
        `count`.

    Returns:
        `persons` (row order kept) with `base_weight` (Float64) and `cell_level` (keys given up, Int64); and the final cells,
        sorted: the keys (null where given up), `enrolled`, `respondents`, `factor`, `cell_level`, `note` (`ok`;
        `few_respondents`, `large_factor`: still so after the last collapse; `more_answers_than_pupils`: factor below 1).

    Raises:
        PipelineError: pupils but no respondent even in the coarsest cell (`cell_without_respondents`), respondents where no
            pupils are enrolled (`respondents_without_pupils`), a key missing (`cell_key_missing`). Cells are named.
    """
    keys = list(rule.keys)
    if persons.select(pl.any_horizontal(pl.col(keys).is_null()).any()).item():
        raise _problem("cell_key_missing", "alla nycklar ifyllda för alla svarande", "tomma", "Ge saknade en egen grupp.")
    answers = persons.group_by(keys).agg(respondents=pl.len().cast(pl.Int64))
    cells = enrolled.group_by(keys).agg(pl.col(count).sum().cast(pl.Int64).alias("enrolled"))
    cells = cells.join(answers, on=keys, how="full", coalesce=True).sort(keys)
    cells = cells.with_columns(pl.col("respondents", "enrolled").fill_null(0), cell_level=pl.lit(0, pl.Int64))
    for level in range(len(rule.collapse)):
        here = _sums(cells, rule, level)
        coarser = rule.at(level + 1)
        failing = here.filter(pl.col("cell_level") == level, _fails(rule)).select(coarser).unique()
        failing = failing.with_columns(__merge=pl.lit(True))
        cells = cells.join(failing, on=coarser, how="left", maintain_order="left").with_columns(
            cell_level=pl.when(pl.col("__merge")).then(level + 1).otherwise("cell_level").cast(pl.Int64)
        )
        cells = cells.drop("__merge")
    final = _finished(cells, rule)
    _refuse_empty(final, keys)
    weights = cells.select([*keys, "cell_level"])
    for level in range(len(rule.collapse) + 1):
        at = final.filter(pl.col("cell_level") == level).select(
            *rule.at(level), "cell_level", pl.col("factor").alias(f"__{level}")
        )
        weights = weights.join(at, on=[*rule.at(level), "cell_level"], how="left", maintain_order="left")
    factors = [f"__{level}" for level in range(len(rule.collapse) + 1)]
    weights = weights.with_columns(base_weight=pl.coalesce(factors)).drop(factors)
    return persons.join(weights, on=keys, how="left", maintain_order="left"), final


def _fails(rule: CellRule) -> pl.Expr:
    few = pl.col("respondents") < rule.least
    return ((few | (pl.col("enrolled") > rule.most * pl.col("respondents"))) & (pl.col("enrolled") > 0)) | (
        (pl.col("enrolled") == 0) & (pl.col("respondents") > 0)
    )


def _sums(cells: pl.DataFrame, rule: CellRule, level: int) -> pl.DataFrame:
    return cells.group_by(*rule.at(level), "cell_level").agg(pl.col("enrolled", "respondents").sum())


def _finished(cells: pl.DataFrame, rule: CellRule) -> pl.DataFrame:
    parts = [_sums(cells.filter(pl.col("cell_level") == level), rule, level) for level in range(len(rule.collapse) + 1)]
    found = pl.concat([part for part in parts if part.height], how="diagonal").filter(
        (pl.col("enrolled") + pl.col("respondents")) > 0
    )
    note = (
        pl.when(pl.col("respondents") < rule.least)
        .then(pl.lit("few_respondents"))
        .when(pl.col("factor") > rule.most)
        .then(pl.lit("large_factor"))
        .when(pl.col("factor") < 1)
        .then(pl.lit("more_answers_than_pupils"))
        .otherwise(pl.lit("ok"))
    )
    factor = pl.when(pl.col("respondents") > 0).then(pl.col("enrolled") / pl.col("respondents"))
    columns = [*rule.keys, "enrolled", "respondents", "factor", "cell_level", "note"]
    given_up = [pl.lit(None, cells.schema[key]).alias(key) for key in rule.keys if key not in found.columns]
    found = found.with_columns(given_up)  # keys that no cell kept
    return found.with_columns(factor=factor).with_columns(note=note).select(columns).sort(*rule.keys, "cell_level")


def _refuse_empty(cells: pl.DataFrame, keys: Sequence[str]) -> None:
    lost = cells.filter(pl.col("enrolled") > 0, pl.col("respondents") == 0)
    if lost.height:
        text = "Slå ihop fler nycklar eller vikta utan gruppen och säg att den saknas."
        raise _problem("cell_without_respondents", "svarande i varje grupp med elever", f"ingen i {_names(lost, keys)}", text)
    stray = cells.filter(pl.col("enrolled") == 0, pl.col("respondents") > 0)
    if stray.height:
        text = "Kontrollera registret och nycklarna."
        raise _problem("respondents_without_pupils", "elever i varje grupp med svarande", f"inga i {_names(stray, keys)}", text)


def _names(cells: pl.DataFrame, keys: Sequence[str], most: int = 5) -> str:
    rows = cells.select(keys).head(most).to_dicts()
    shown = [", ".join(f"{key}={value}" for key, value in row.items() if value is not None) or "hela tabellen" for row in rows]
    return " | ".join(shown) + (f" och {cells.height - most} till" if cells.height > most else "")


def trim(sample: Sample, upper: float = np.inf, lower: float = 0.0) -> Sample:
    """Cut extreme weights and spread what was cut equally over the others, until none lies outside; the sum is kept.

    The influences keep the adjustment of an earlier raking, as R survey's `trimWeights` does.

    Raises:
        PipelineError: all weights can't lie within the limits and keep their sum (`trim_impossible`).
    """
    weight = sample.weight
    mean = float(weight.mean())
    if not lower <= mean <= upper:
        text = "Höj den övre eller sänk den nedre gränsen."
        raise _problem("trim_impossible", "gränser kring medelvikten", "gränser vid sidan om", text)
    fixed = np.zeros(len(weight), dtype=bool)
    while ((weight < lower) | (weight > upper)).any():
        fixed |= (weight < lower) | (weight > upper)
        cut = np.clip(weight, lower, upper)
        if fixed.all():
            raise _problem("trim_impossible", "vikter inom gränserna", "ingen lösning", "Vidga gränserna.")
        weight = np.where(fixed, cut, weight + float((weight - cut).sum()) / int((~fixed).sum()))
    return sample.reweighted(weight)


def kish_deff(weight: Floats) -> float:
    """n sum w^2 / (sum w)^2: how much unequal weights alone add to a variance (Kish 1965); weights of 0 don't count."""
    w = weight[weight > 0]
    return float(len(w) * np.sum(w**2) / np.sum(w) ** 2) if len(w) else float("nan")


def _problem(code: str, expected: str, got: str, hint: str) -> PipelineError:
    return PipelineError(code=code, where="Bortfallsvikterna", expected=expected, got=got, hint=hint)
