"""Complex survey designs in general form: strata, clusters, weights, finite populations, one or more stages. Pure.

The reference next to the fast cube (`estimate.py`): any design, any estimator that can be linearised. An estimator is a
`Statistic`, a value with one influence per person (Binder 1983, Int Stat Rev 51:279; Deville 1999, Surv Methodol 25:193). With
weighted influences summed per unit, t_u, a stage contributes per stratum h

    m_h (1 - f_h) n_h / (n_h - 1) sum over u of (t_u - tbar_h)^2,     f_h = n_h / N_h (0 without a register count),

where n_h counts all units of the stratum, not only those with members of the domain, and m_h is the product of f over the stages
above it (Lumley 2010, Complex Surveys, ch. 3; Cochran 1977, ch. 11). Agrees with R survey 4.1 and 4.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.methods.errors import PipelineError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Lonely = Literal["fail", "adjust", "certainty", "remove", "average"]
CENSUS = 1e-7  # a stratum with 1 - f below this has been fully taken: it adds nothing


@dataclass(frozen=True)
class Stage:
    """One stage of sampling, as column names.

    Args:
        unit: what is drawn; None = persons. stratum: within what; None = one stratum (inside each unit of the stage above).
        population: units that the stratum has in the register; None = drawn with replacement.
    """

    unit: str | None = None
    stratum: str | None = None
    population: str | None = None


@dataclass(frozen=True)
class SurveyDesign:
    """How the persons were found.

    Args:
        stages: first stage first. weight: column of weights, 0 or more; None = the product of N / n over the stages.
        lonely: a stratum with one unit: `fail` refuses; `adjust` centres it at the mean of all units; `certainty` and `remove`
            count no spread (too little: use them only for units taken with certainty); `average` gives it the mean of the others.
    """

    stages: tuple[Stage, ...] = (Stage(),)
    weight: str | None = None
    lonely: Lonely = "fail"


@dataclass(frozen=True)
class Statistic:
    """An estimate with the influence of each person of the sample, and who belongs to its domain."""

    value: float
    influence: Floats
    domain: Mask

    def scaled(self, factor: float) -> Statistic:
        """The statistic times a constant."""
        return Statistic(self.value * factor, self.influence * factor, self.domain)

    def minus(self, other: Statistic) -> Statistic:
        """The difference of two statistics of the same sample, with the covariance that shared units bring.

        With nothing on one side there is nothing to compare: its domain is empty.
        """
        both = self.domain | other.domain if self.domain.any() and other.domain.any() else np.zeros_like(self.domain)
        return Statistic(self.value - other.value, self.influence - other.influence, both)

    def log(self) -> Statistic:
        """The natural logarithm; NaN unless the value is above 0."""
        if not self.value > 0:
            return Statistic(np.nan, np.full_like(self.influence, np.nan), self.domain)
        return Statistic(float(np.log(self.value)), self.influence / self.value, self.domain)


@dataclass(frozen=True)
class _Stratification:
    """One stage, per person and per unit."""

    unit: Ints  # per person
    unit_stratum: Ints  # per unit
    person_stratum: Ints
    taken: Floats  # per stratum: n
    fraction: Floats  # per stratum: f
    above: Floats  # per stratum: product of f over the stages above


@dataclass(frozen=True)
class Sample:
    """Persons with their design, in an order that does not depend on the order they came in.

    `frame` holds the persons in that order: take every column from there. `adjusters` turn influences into what calibration
    leaves of them (`calibration.py`), each with the weights that it made.
    """

    frame: pl.DataFrame
    weight: Floats
    lonely: Lonely
    stages: tuple[_Stratification, ...]
    adjusters: tuple[tuple[Floats, Callable[[Floats], Floats]], ...] = field(default=())

    def column(self, name: str) -> Floats:
        """A numeric column; NaN where there is no value."""
        return self.frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()

    def where(self, condition: pl.Expr | None = None) -> Mask:
        """Who fulfils a condition; unknown is no."""
        if condition is None:
            return np.ones(self.frame.height, dtype=bool)
        return self.frame.select(condition.fill_null(False)).to_series().to_numpy().astype(bool)

    def covariance(self, statistics: Sequence[Statistic]) -> Floats:
        """Covariance matrix of statistics.

        Raises:
            PipelineError: `lonely` is `fail` and a stratum that the domains reach has a single unit.
        """
        scores = np.column_stack([s.influence for s in statistics])
        domain = np.logical_or.reduce([s.domain for s in statistics])
        weighted = scores * self.weight[:, None]
        for weight, adjust in self.adjusters:
            then = weight[:, None]
            weighted = adjust(np.where(then > 0, weighted / np.where(then > 0, then, 1.0), 0.0)) * then
        total = np.zeros((len(statistics), len(statistics)))
        for number, stage in enumerate(self.stages):
            if number and not (stage.above > 0).any():
                break
            total += _stage_covariance(weighted, stage, domain, self.lonely)
        return total

    def variance(self, statistic: Statistic) -> float:
        """Variance of a statistic; never below 0."""
        return max(float(self.covariance([statistic])[0, 0]), 0.0)

    def degrees_of_freedom(self, domain: Mask) -> int:
        """First-stage units minus strata, both with a member of the domain that has a weight."""
        first, members = self.stages[0], domain & (self.weight > 0)
        return len(np.unique(first.unit[members])) - len(np.unique(first.person_stratum[members]))

    def units(self, domain: Mask) -> int:
        """First-stage units with a member of the domain."""
        return len(np.unique(self.stages[0].unit[domain & (self.weight > 0)]))

    def reweighted(self, weight: Floats, adjuster: Callable[[Floats], Floats] | None = None) -> Sample:
        """The same persons with other weights and, after calibration, what it leaves of the influences."""
        return replace(self, weight=weight, adjusters=self.adjusters + (((weight, adjuster),) if adjuster else ()))


def draw_up(persons: pl.DataFrame, design: SurveyDesign) -> Sample:
    """Describe persons under a design.

    Args:
        persons: one row per person, also those outside every domain: they say how many units a stratum has.

    Raises:
        PipelineError: no persons; a weight, stratum, unit or register count is missing; negative weights or only zeros; a
            register count that varies within a stratum or lies below the number of units.
    """
    needed = [c for s in design.stages for c in (s.unit, s.stratum, s.population) if c] + [design.weight] * bool(design.weight)
    _refuse(persons.is_empty(), "empty_sample", "minst en svarande", "ingen", "Kontrollera urvalet av rader.")
    for name in needed:
        missing = persons[name].null_count()
        _refuse(missing > 0, "design_missing", f"ett värde i {name} för varje svarande", f"{missing} tomma", "Fyll i kolumnen.")
    frame = persons.sort(persons.columns)
    stages, inside, above = [], np.zeros(frame.height, dtype=np.int64), np.ones(1)
    product = np.ones(frame.height)
    for stage in design.stages:
        described = _describe(frame, stage, inside, above)
        stages.append(described)
        fraction = described.fraction[described.person_stratum]
        product /= np.where(fraction > 0, fraction, 1.0)
        inside, above = described.unit, (described.above * described.fraction)[described.unit_stratum]
    weight = product if design.weight is None else frame[design.weight].cast(pl.Float64).to_numpy()
    bad = bool((weight < 0).any() or not np.isfinite(weight).all())
    _refuse(bad, "negative_weight", "vikter som är 0 eller större", "andra", "Räkna om vikterna.")
    _refuse(not (weight > 0).any(), "zero_weight", "minst en vikt över 0", "bara nollor", "Räkna om vikterna.")
    return Sample(frame, weight, design.lonely, tuple(stages))


def _describe(frame: pl.DataFrame, stage: Stage, inside: Ints, above: Floats) -> _Stratification:
    """`inside`: unit of the stage above per person; `above`: product of f per such unit."""
    own = np.zeros(frame.height, np.int64) if stage.stratum is None else _codes(frame[stage.stratum])
    pairs, stratum = np.unique(np.column_stack([inside, own]), axis=0, return_inverse=True)
    stratum = stratum.reshape(-1)
    label = np.arange(frame.height) if stage.unit is None else _codes(frame[stage.unit])
    units, unit = np.unique(np.column_stack([stratum, label]), axis=0, return_inverse=True)
    taken = np.bincount(units[:, 0], minlength=len(pairs)).astype(float)
    fraction = np.zeros(len(pairs))
    if stage.population:
        known = frame[stage.population].cast(pl.Float64).to_numpy()
        size = np.zeros(len(pairs))
        size[stratum] = known
        uneven = bool((size[stratum] != known).any())
        _refuse(uneven, "population_varies", f"ett enda värde i {stage.population} per stratum", "flera", "Rätta kolumnen.")
        short = int((size < taken).sum())
        hint = "Kontrollera registret eller räkna utan ändlighetskorrektion."
        _refuse(short > 0, "population_too_small", "minst lika många i registret som svarat", f"färre i {short} strata", hint)
        fraction = taken / size
    return _Stratification(unit.reshape(-1), units[:, 0], stratum, taken, fraction, above[pairs[:, 0]])


def _codes(column: pl.Series) -> Ints:
    return column.rank("dense").cast(pl.Int64).to_numpy() - 1


def _stage_covariance(weighted: Floats, stage: _Stratification, domain: Mask, lonely: Lonely) -> Floats:
    sums = np.zeros((len(stage.unit_stratum), weighted.shape[1]))
    np.add.at(sums, stage.unit, weighted)
    strata = len(stage.taken)
    whole = np.zeros((strata, weighted.shape[1]))
    np.add.at(whole, stage.unit_stratum, sums)
    centred = sums - (whole / stage.taken[:, None])[stage.unit_stratum]
    free = 1 - stage.fraction
    single = (stage.taken == 1) & (free > CENSUS) & (stage.above > 0)
    reached = np.zeros(strata, dtype=bool)
    reached[stage.person_stratum[domain]] = True
    alone = int((single & reached).sum())
    factor = stage.above * free * np.where(stage.taken > 1, stage.taken / np.maximum(stage.taken - 1, 1), 1.0)
    if alone and lonely == "fail":
        hint = "Slå ihop strata, välj skola eller klass som enhet, eller välj hur ensamma enheter ska räknas."
        _refuse(True, "lonely_psu", "minst två enheter i varje stratum", f"{alone} strata med en enda", hint)
    if lonely == "adjust":
        rows = single[stage.unit_stratum]
        centred[rows] = sums[rows] - sums.mean(axis=0)
    found = (centred * factor[stage.unit_stratum, None]).T @ centred
    if alone and lonely == "average":
        counted = int(reached.sum())
        found = found * (counted / (counted - alone)) if counted > alone else np.full_like(found, np.nan)
    return found


def _refuse(condition: bool, code: str, expected: str, got: str, hint: str) -> None:
    if condition:
        raise PipelineError(code=code, where="Urvalsdesignen", expected=expected, got=got, hint=hint)
