"""One-factor models by maximum likelihood, in one group or several with parameters held equal.

x = intercept + loading x f + error; per group the implied mean is nu + lambda alpha and the covariance phi lambda lambda' +
diag(theta) (Jöreskog 1969, Psychometrika 34:183; several groups: Jöreskog 1971, Psychometrika 36:409). Fisher scoring on the
normal likelihood with covariances divided by n, as lavaan does. The factor has mean 0 and variance 1 in the first group; where
loadings are held equal its variance is free in the others, and where intercepts are held equal its mean as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assets.methods.rasch_model import Array

Level = Literal["configural", "metric", "scalar", "strict"]
LEVELS: tuple[Level, ...] = ("configural", "metric", "scalar", "strict")
_MAX_STEPS = 500


@dataclass(frozen=True, eq=False)
class Moments:
    """Complete rows of one group: number, means and covariance (divided by n)."""

    n: int
    mean: Array
    covariance: Array


@dataclass(frozen=True, eq=False)
class OneFactorFit:
    """A fitted model; `loadings`, `intercepts` and `uniquenesses` per group.

    `p_value` is None when `df` is 0: three items in one group fit whatever they hold. Fit indices as lavaan gives them: `rmsea`
    with the factor sqrt(groups), `srmr` the groups' mean weighted by n, over means as well when there are several groups.
    """

    level: Level
    loadings: tuple[Array, ...]
    intercepts: tuple[Array, ...]
    uniquenesses: tuple[Array, ...]
    chisq: float
    df: int
    p_value: float | None
    cfi: float
    tli: float
    rmsea: float
    srmr: float
    n: int

    @property
    def proper(self) -> bool:
        """No uniqueness at or below zero (Heywood case), where omega has no meaning."""
        return all(float(theta.min()) > 0.0 for theta in self.uniquenesses)

    @property
    def omega(self) -> float:
        """(sum of loadings)^2 / ((sum of loadings)^2 + sum of uniquenesses) of the first group (McDonald 1999)."""
        common = float(self.loadings[0].sum()) ** 2
        return common / (common + float(self.uniquenesses[0].sum()))


@dataclass(frozen=True, eq=False)
class _Places:
    """Where each group's parameters stand in the vector; -1 = held at 1 (variance) or 0 (mean)."""

    loading: Array
    intercept: Array
    unique: Array
    variance: Array
    mean: Array
    size: int


def fit_one_factor(groups: Sequence[Moments], level: Level = "configural") -> OneFactorFit | None:
    """Fit a one-factor model with three items or more.

    Args:
        groups: one entry per group; a single one for the ordinary model.
        level: what is equal over groups: `configural` nothing, `metric` loadings, `scalar` and intercepts, `strict` and
            uniquenesses.

    Returns:
        The fit, or None when a covariance is singular or the iterations find no maximum.
    """
    items = len(groups[0].mean)
    if items < 3:
        raise ValueError("a one-factor model needs three items")
    if any(np.linalg.eigvalsh(_correlation(group.covariance))[0] < 1e-10 for group in groups):
        return None
    places = _places(len(groups), items, level)
    if level == "configural" and len(groups) > 1:  # nothing is shared: one group at a time is the same and much quicker
        vector = _one_by_one(groups, places)
    else:
        vector = _maximise(groups, places, _start(groups, places))
    if vector is None:
        return None
    chisq = sum(group.n * _discrepancy(group, *_implied(vector, places, g)) for g, group in enumerate(groups))
    df = len(groups) * (items + items * (items + 1) // 2) - places.size
    return _with_fit_indices(groups, level, places, vector, max(float(chisq), 0.0), df)


def _places(groups: int, items: int, level: Level) -> _Places:
    rank = LEVELS.index(level)
    taken = 0

    def block(width: int, equal: bool, skip_first: bool = False) -> Array:
        nonlocal taken
        rows = []
        for group in range(groups):
            if skip_first and group == 0:
                rows.append(np.full(width, -1))
            elif equal and rows and rows[-1][0] >= 0:
                rows.append(rows[-1])
            else:
                rows.append(np.arange(taken, taken + width))
                taken += width
        return np.stack(rows)

    none = np.full((groups, 1), -1)
    loading, intercept, unique = (block(items, rank >= needed) for needed in (1, 2, 3))
    variance = block(1, False, skip_first=True) if rank >= 1 else none
    mean = block(1, False, skip_first=True) if rank >= 2 else none
    return _Places(loading, intercept, unique, variance[:, 0], mean[:, 0], taken)


def _start(groups: Sequence[Moments], places: _Places) -> Array:
    vector = np.ones(places.size)
    vector[places.mean[places.mean >= 0]] = 0.0
    for g, group in reversed(list(enumerate(groups))):  # the first group's values stay where groups share them
        sd = np.sqrt(np.diag(group.covariance))
        leading = np.linalg.eigh(_correlation(group.covariance))[1][:, -1]
        leading *= 1.0 if leading.sum() >= 0 else -1.0
        vector[places.loading[g]] = 0.6 * sd * np.where(leading >= 0, 1.0, -1.0)
        vector[places.intercept[g]] = group.mean
        vector[places.unique[g]] = 0.64 * sd**2
    return vector


def _parts(vector: Array, places: _Places, g: int) -> tuple[Array, Array, Array, float, float]:
    variance = 1.0 if places.variance[g] < 0 else float(vector[places.variance[g]])
    mean = 0.0 if places.mean[g] < 0 else float(vector[places.mean[g]])
    return vector[places.loading[g]], vector[places.intercept[g]], vector[places.unique[g]], variance, mean


def _implied(vector: Array, places: _Places, g: int) -> tuple[Array, Array]:
    loading, intercept, unique, variance, mean = _parts(vector, places, g)
    return intercept + loading * mean, variance * np.outer(loading, loading) + np.diag(unique)


def _discrepancy(group: Moments, mean: Array, covariance: Array) -> float:
    """Twice the distance of the log likelihood from the saturated model's, per respondent; infinite outside the space."""
    sign, log_det = np.linalg.slogdet(covariance)
    if sign <= 0 or np.linalg.eigvalsh(covariance)[0] <= 0:
        return float("inf")
    off = group.mean - mean
    observed = group.covariance + np.outer(off, off)
    return float(log_det + np.trace(np.linalg.solve(covariance, observed)) - np.linalg.slogdet(group.covariance)[1] - len(mean))


def _maximise(groups: Sequence[Moments], places: _Places, vector: Array) -> Array | None:
    def total(at: Array) -> float:
        return sum(group.n * _discrepancy(group, *_implied(at, places, g)) for g, group in enumerate(groups))

    value = total(vector)
    for _ in range(_MAX_STEPS):
        gradient, information = _score(groups, places, vector)
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return None
        scale = 1.0
        while (reached := total(vector + scale * step)) > value + 1e-12 * abs(value) and scale > 1e-8:
            scale /= 2.0
        if not np.isfinite(reached):
            return None
        vector, value = vector + scale * step, reached
        if np.abs(step).max() < 1e-9:
            return vector
    return None


def _one_by_one(groups: Sequence[Moments], places: _Places) -> Array | None:
    vector = np.empty(places.size)
    alone = _places(1, places.loading.shape[1], "configural")
    for g, group in enumerate(groups):
        found = _maximise([group], alone, _start([group], alone))
        if found is None:
            return None
        for mine, own in ((places.loading, alone.loading), (places.intercept, alone.intercept), (places.unique, alone.unique)):
            vector[mine[g]] = found[own[0]]
    return vector


def _score(groups: Sequence[Moments], places: _Places, vector: Array) -> tuple[Array, Array]:
    """Gradient of the log likelihood and expected information."""
    gradient, information = np.zeros(places.size), np.zeros((places.size, places.size))
    for g, group in enumerate(groups):
        loading, _, _, variance, mean = _parts(vector, places, g)
        implied_mean, implied = _implied(vector, places, g)
        inverse = np.linalg.inv(implied)
        where, d_mean, d_cov = _jacobian(places, g, loading, variance, mean)
        off = group.mean - implied_mean
        residual = inverse @ (group.covariance + np.outer(off, off) - implied) @ inverse
        turned = inverse @ d_cov @ inverse
        mine = group.n * (np.einsum("qij,ij->q", d_cov, residual) / 2.0 + d_mean @ (inverse @ off))
        flat = d_cov.reshape(len(where), -1)
        block = group.n * (turned.reshape(len(where), -1) @ flat.T / 2.0 + d_mean @ inverse @ d_mean.T)
        np.add.at(gradient, where, mine)
        np.add.at(information, np.ix_(where, where), block)
    return gradient, information


def _jacobian(places: _Places, g: int, loading: Array, variance: float, mean: float) -> tuple[Array, Array, Array]:
    """Places of a group's free parameters with the derivatives of its mean [q, p] and covariance [q, p, p]."""
    items = len(loading)
    unit = np.eye(items)
    crossed = unit[:, :, None] * loading[None, None, :]
    d_loading = variance * (crossed + crossed.transpose(0, 2, 1))
    d_unique = unit[:, :, None] * unit[:, None, :]
    zero = np.zeros((items, items, items))
    where = [places.loading[g], places.intercept[g], places.unique[g]]
    d_mean, d_cov = [mean * unit, unit, np.zeros((items, items))], [d_loading, zero, d_unique]
    if places.variance[g] >= 0:
        where.append(places.variance[[g]])
        d_mean.append(np.zeros((1, items)))
        d_cov.append(np.outer(loading, loading)[None])
    if places.mean[g] >= 0:
        where.append(places.mean[[g]])
        d_mean.append(loading[None])
        d_cov.append(np.zeros((1, items, items)))
    return np.concatenate(where), np.concatenate(d_mean), np.concatenate(d_cov)


def _correlation(covariance: Array) -> Array:
    sd = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    return covariance / np.outer(sd, sd)


def _with_fit_indices(
    groups: Sequence[Moments], level: Level, places: _Places, vector: Array, chisq: float, df: int
) -> OneFactorFit:
    from scipy.special import chdtrc

    items = len(groups[0].mean)
    n = sum(group.n for group in groups)
    base = sum(-group.n * np.linalg.slogdet(_correlation(group.covariance))[1] for group in groups)
    base_df = len(groups) * items * (items - 1) // 2
    excess, base_excess = max(chisq - df, 0.0), max(float(base) - base_df, 0.0)
    worst = max(excess, base_excess)
    parts = [_parts(vector, places, g) for g in range(len(groups))]
    return OneFactorFit(
        level=level,
        loadings=tuple(part[0] for part in parts),
        intercepts=tuple(part[1] for part in parts),
        uniquenesses=tuple(part[2] for part in parts),
        chisq=chisq,
        df=df,
        p_value=float(chdtrc(df, chisq)) if df else None,
        cfi=1.0 - excess / worst if worst > 0 else 1.0,
        tli=1.0 if not df else (float(base) / base_df - chisq / df) / (float(base) / base_df - 1.0),
        rmsea=float(np.sqrt(excess / (df * n) * len(groups))) if df else 0.0,
        srmr=sum(
            group.n / n * _residual_size(group, *_implied(vector, places, g), len(groups)) for g, group in enumerate(groups)
        ),
        n=n,
    )


def _residual_size(group: Moments, mean: Array, covariance: Array, groups: int) -> float:
    """Root mean square of a group's standardised residuals, of the covariances and, with several groups, the means."""
    sd = np.sqrt(np.diag(group.covariance))
    off = ((group.covariance - covariance) / np.outer(sd, sd))[np.tril_indices(len(sd))]
    if groups > 1:
        off = np.concatenate([off, (group.mean - mean) / sd])
    return float(np.sqrt((off**2).mean()))
