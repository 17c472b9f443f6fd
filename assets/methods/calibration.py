"""Weights that reproduce register totals, and the standard error that remains after them. Pure.

Post-stratification, raking (Deming & Stephan 1940, Ann Math Stat 11:427) and calibration (Deville & Sarndal 1992, JASA 87:376;
Deville, Sarndal & Sautory 1993) with linear, raking, bounded linear and logit distance. Afterwards the influence of a person is
its residual on the calibration variables (regression with the weights before calibration; without weights after raking, as R
survey does), so estimates of what the register knows have no spread. Weights repair only bias that the margins explain: show
unweighted results beside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from assets.methods.design import Floats, Sample
from assets.methods.errors import PipelineError

Distance = Literal["linear", "raking", "logit"]
STEPS = 500
TOLERANCE = 1e-12


def poststratify(sample: Sample, margin: pl.DataFrame, count: str = "N") -> Sample:
    """Make the weights of every cell add to the register's number.

    Args:
        margin: one row per cell: columns of the sample and `count`, the number in the register.

    Raises:
        PipelineError: see `margin_codes`.
    """
    return rake(sample, [margin], count)


def rake(sample: Sample, margins: Sequence[pl.DataFrame], count: str = "N", steps: int = STEPS) -> Sample:
    """Adjust the weights to several margins in turn until all hold.

    Args:
        margins: as in `poststratify`; they must add to the same number.

    Raises:
        PipelineError: `margins_disagree`, `not_converged`, and see `margin_codes`.
    """
    coded = [margin_codes(sample, margin, count) for margin in margins]
    sums = [float(target.sum()) for _, target in coded]
    if max(sums) - min(sums) > 1e-6 * max(sums):
        raise _problem("margins_disagree", "samma summa i alla ramtabeller", "olika summor", "Hämta tabellerna för samma år.")
    weight = sample.weight.copy()
    for _ in range(steps):
        before = weight
        for codes, target in coded:
            weight = weight * (target / np.bincount(codes, weight, len(target)))[codes]
        worst = max(float(np.max(np.abs(np.bincount(c, weight, len(t)) - t) / np.maximum(t, 1))) for c, t in coded)
        settled = np.max(np.abs(weight - before)) <= TOLERANCE * np.max(weight) or len(coded) == 1
        if settled and worst < 1e-9:
            auxiliary = np.hstack([np.eye(len(target))[codes] for codes, target in coded])
            regression = sample.weight if len(coded) == 1 else np.ones(len(weight))
            return sample.reweighted(weight, residuals(auxiliary, regression))
    raise _not_converged()


def margin_codes(sample: Sample, margin: pl.DataFrame, count: str) -> tuple[np.ndarray, Floats]:
    """(cell of each person, register number of each cell).

    Raises:
        PipelineError: a cell with people in the register has no respondent (`margin_without_respondents`, names the cell; cells
            are never dropped); respondents in a cell that the register lacks or has nobody in (`respondents_without_margin`).
    """
    keys = [name for name in margin.columns if name != count]
    if margin.select(keys).is_duplicated().any():
        raise _problem("margin_duplicated", "en rad per grupp i ramtabellen", "dubbletter", "Summera ramtabellen först.")
    cells = margin.filter(pl.col(count) > 0).sort(keys).with_row_index("__cell")
    schema = {key: sample.frame.schema[key] for key in keys}
    found = sample.frame.select(keys).join(cells.cast(schema), on=keys, how="left", maintain_order="left", nulls_equal=True)[
        "__cell"
    ]
    unknown = found.is_null() & pl.Series(sample.weight > 0)
    if unknown.any():
        names = sample.frame.select(keys).filter(unknown).unique().sort(keys)
        text = "Rätta koderna eller ta med gruppen i ramtabellen."
        raise _problem("respondents_without_margin", "bara grupper som finns i registret", _names(names), text)
    if found.null_count():
        raise _problem("weight_zero_outside_margin", "vikt över 0 för alla svarande", "nollor", "Ta bort raderna först.")
    missing = cells.filter(~pl.col("__cell").is_in(found.filter(pl.Series(sample.weight > 0)).unique().implode()))
    if missing.height:
        text = "Slå ihop gruppen med en annan före viktningen."
        raise _problem("margin_without_respondents", "svarande i varje grupp", f"ingen i {_names(missing.select(keys))}", text)
    return found.to_numpy().astype(np.int64), cells[count].cast(pl.Float64).to_numpy()


@dataclass(frozen=True)
class Bounds:
    """Least and greatest factor between new and old weight; 1 lies between."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low < 1 < self.high:
            raise ValueError("bounds need 0 <= low < 1 < high")


def calibrate(
    sample: Sample,
    auxiliary: Floats,
    totals: Floats,
    distance: Distance = "linear",
    bounds: Bounds | None = None,
    steps: int = STEPS,
) -> Sample:
    """Change the weights as little as possible so that auxiliary variables add to known totals.

    Args:
        auxiliary: [persons, variables] in the sample's order, without gaps; a column of ones for the number of persons. totals:
            of the register, same order. distance: `linear` (GREG; weights may turn negative), `raking` (always above 0), `logit`
            (needs bounds). bounds: for `linear` truncated.

    Raises:
        PipelineError: a variable is missing for somebody (`auxiliary_missing`), or the totals can't be reached (`not_converged`).
    """
    if not np.isfinite(auxiliary).all():
        raise _problem("auxiliary_missing", "värden för alla svarande", "tomma", "Fyll i eller ge saknade en egen grupp.")
    if (distance == "logit") != (bounds is not None) and distance != "linear":
        raise ValueError("logit needs bounds, raking has none")
    factor = _factors(distance, bounds)
    scale = np.maximum(np.abs(auxiliary).max(axis=0), 1e-300)
    x, target, w = auxiliary / scale, totals / scale, sample.weight
    slope = np.zeros(x.shape[1])
    gap = _gap(x, w, factor(x @ slope)[0], target)
    for _ in range(steps):
        if np.max(np.abs(gap) / np.maximum(np.abs(target), 1)) < TOLERANCE:
            return sample.reweighted(w * factor(x @ slope)[0], residuals(auxiliary, w))
        derivative = factor(x @ slope)[1]
        step = np.linalg.lstsq((x * (w * derivative)[:, None]).T @ x, -gap, rcond=1e-12)[0]
        size, best = 1.0, np.linalg.norm(gap)
        while size > 1e-8:
            tried = _gap(x, w, factor(x @ (slope + size * step))[0], target)
            if np.isfinite(tried).all() and (
                np.linalg.norm(tried) < best or np.linalg.norm(tried) < 1e-14 * np.abs(target).max()
            ):
                break
            size /= 2
        else:
            settled = np.max(np.abs(gap) / np.maximum(np.abs(target), 1)) < 1e-10
            if settled:  # as near as floating point comes
                return sample.reweighted(w * factor(x @ slope)[0], residuals(auxiliary, w))
            break
        slope, gap = slope + size * step, tried
    raise _not_converged()


def _gap(x: Floats, w: Floats, factor: Floats, target: Floats) -> Floats:
    return x.T @ (w * factor) - target


def _factors(distance: Distance, bounds: Bounds | None) -> Callable[[Floats], tuple[Floats, Floats]]:
    """u -> (new weight over old, its derivative)."""
    if distance == "raking":

        def exponential(u: Floats) -> tuple[Floats, Floats]:
            value = np.exp(np.minimum(u, 200))
            return value, value

        return exponential
    if distance == "linear":
        low, high = (bounds.low, bounds.high) if bounds else (-np.inf, np.inf)
        return lambda u: (np.clip(1 + u, low, high), ((1 + u > low) & (1 + u < high)).astype(float))
    if bounds is None:
        raise ValueError("logit needs bounds")
    low, high = bounds.low, bounds.high
    steep = (high - low) / ((1 - low) * (high - 1))

    def logit(u: Floats) -> tuple[Floats, Floats]:
        e = np.exp(np.clip(steep * u, -300, 300))
        below = (high - 1) + (1 - low) * e
        value = (low * (high - 1) + high * (1 - low) * e) / below
        return value, steep * e * (1 - low) * (high - 1) * (high - low) / below**2

    return logit


def residuals(auxiliary: Floats, weight: Floats) -> Callable[[Floats], Floats]:
    """What a weighted regression on the auxiliary variables leaves of influences."""
    root = np.sqrt(weight)[:, None]
    basis, values, _ = np.linalg.svd(auxiliary * root, full_matrices=False)
    basis = basis[:, values > values.max() * 1e-10]

    def adjust(influence: Floats) -> Floats:
        scaled = influence * root
        left = scaled - basis @ (basis.T @ scaled)
        return np.where(root > 0, left / np.where(root > 0, root, 1.0), 0.0)

    return adjust


def _names(cells: pl.DataFrame, most: int = 5) -> str:
    shown = [", ".join(f"{key}={'saknas' if v is None else v}" for key, v in row.items()) for row in cells.head(most).to_dicts()]
    return " | ".join(shown) + (f" och {cells.height - most} till" if cells.height > most else "")


def _not_converged() -> PipelineError:
    text = "Ramtabellerna motsäger varandra eller gränserna är för snäva. Ta bort en ram eller vidga gränserna."
    return _problem("not_converged", "vikter som uppfyller alla ramar", "ingen lösning", text)


def _problem(code: str, expected: str, got: str, hint: str) -> PipelineError:
    return PipelineError(code=code, where="Viktningen", expected=expected, got=got, hint=hint)
