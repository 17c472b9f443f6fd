"""Regression models and tests under any survey design: pseudo-likelihood with the design's variance. Pure.

Coefficients solve the weighted score equations (Binder 1983); their influences are those of the scores, so the variance is that
of any other statistic (R survey's `svyglm`). Tests: Wald (Rao & Scott 1984 for tables; second-order F).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from assets.methods import intervals
from assets.methods.design import Floats, Mask, Sample, Statistic
from assets.methods.errors import PipelineError

Family = Literal["gaussian", "binomial", "poisson"]
INTERCEPT = "(Intercept)"
STEPS = 60
CONVERGED = 1e-12


@dataclass(frozen=True)
class Model:
    """A fitted model: one statistic per term, and the degrees of freedom left for tests of a term."""

    family: Family
    terms: tuple[str, ...]
    statistics: tuple[Statistic, ...]
    covariance: Floats
    n: int
    df: int

    def table(self, level: float = 0.95) -> pl.DataFrame:
        """One row per term: `term, estimate, se, low, high, level, statistic, p_value, df, n, reason`.

        Estimates are on the link's scale: log odds (binomial), log of means (poisson). Without degrees of freedom there is
        neither interval nor p value (`no_degrees_of_freedom`).
        """
        value = np.array([s.value for s in self.statistics])
        se = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        low, high = intervals.t_interval(value, se, self.df, level)
        p = intervals.t_p_value(value, se, self.df)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(se > 0, value / se, np.nan)
        columns = {"estimate": value, "se": se, "low": low, "high": high, "statistic": ratio, "p_value": p}
        table = pl.DataFrame({"term": self.terms} | columns).with_columns(level=level, df=self.df, n=self.n)
        table = table.with_columns(pl.col("low", "high", "statistic", "p_value").fill_nan(None))
        absent = "no_degrees_of_freedom" if self.df < 1 else "no_spread"
        return table.with_columns(reason=pl.when(pl.col("low").is_null()).then(pl.lit(absent)).otherwise(pl.lit("ok")))

    def __getitem__(self, term: str) -> Statistic:
        return self.statistics[self.terms.index(term)]


def fit(sample: Sample, outcome: str, terms: Sequence[str], family: Family = "gaussian", where: pl.Expr | None = None) -> Model:
    """Fit a generalised linear model: identity, logit or log link.

    Args:
        outcome, terms: numeric columns (0/1 for groups); rows with a value missing lie outside. An intercept is added.
        family: `gaussian`, `binomial` (odds ratios), `poisson` (risk ratios of a 0/1 outcome, Zou 2004, Am J Epidemiol 159:702).

    Raises:
        PipelineError: nobody has every value (`empty_model`); a term does not vary or follows from others (`model_collinear`);
            the outcome is the same for everybody, or the terms tell it apart completely (`model_not_estimable`).
    """
    columns = np.column_stack([np.ones(sample.frame.height), *(sample.column(name) for name in terms)])
    y = sample.column(outcome)
    domain = sample.where(where) & np.isfinite(columns).all(axis=1) & np.isfinite(y) & (sample.weight > 0)
    if not domain.any():
        raise _problem("empty_model", "svar på alla variabler i modellen", "ingen", "Välj färre variabler.")
    x, z, w = columns[domain], y[domain], sample.weight[domain]
    w = w / w.mean()
    if np.linalg.matrix_rank(x) < x.shape[1]:
        text = "En variabel är lika för alla eller följer av de andra. Ta bort den."
        raise _problem("model_collinear", "variabler som skiljer sig åt", "överflödiga", text)
    if family != "gaussian" and len(np.unique(z)) == 1:
        raise _not_estimable()
    beta, information, residual = solve_glm(x, z, w, family)
    influence = np.zeros((len(y), x.shape[1]))
    bread = np.linalg.inv(information)
    influence[domain] = (x * residual[:, None]) @ bread / sample.weight[domain].mean()
    statistics = tuple(Statistic(float(b), influence[:, i], domain) for i, b in enumerate(beta))
    df = sample.degrees_of_freedom(domain) + 1 - x.shape[1]
    names = (INTERCEPT, *terms)
    return Model(family, names, statistics, sample.covariance(statistics), int(domain.sum()), df)


def solve_glm(x: Floats, y: Floats, w: Floats, family: Family) -> tuple[Floats, Floats, Floats]:
    """Fisher scoring with step halving: (coefficients, information, y - mean)."""
    beta = np.zeros(x.shape[1])
    if family != "gaussian":
        share = float(np.sum(w * y) / np.sum(w))
        beta[0] = np.log(share / (1 - share)) if family == "binomial" else np.log(share)
    loss = _deviance(x, y, w, beta, family)
    for _ in range(STEPS):
        mean, slope = _mean(x @ beta, family)
        information = (x * (w * slope)[:, None]).T @ x
        step = _step(information, x.T @ (w * (y - mean)))
        size = 1.0
        while not (new := _deviance(x, y, w, beta + size * step, family)) <= loss + 1e-9 * abs(loss) and size > 1e-6:
            size /= 2
        beta, done = beta + size * step, bool(np.max(np.abs(step)) < CONVERGED * (1 + np.max(np.abs(beta))))
        loss = new
        if done or (family == "gaussian" and _):
            mean, slope = _mean(x @ beta, family)
            return beta, (x * (w * slope)[:, None]).T @ x, y - mean
        if np.max(np.abs(x @ beta)) > 30 and family != "gaussian":
            break
    raise _not_estimable()


def _step(information: Floats, score: Floats) -> Floats:
    try:
        return np.linalg.solve(information, score)
    except np.linalg.LinAlgError as error:
        raise _not_estimable() from error


def _mean(eta: Floats, family: Family) -> tuple[Floats, Floats]:
    """Mean and its derivative; with canonical links the derivative is the variance function."""
    if family == "gaussian":
        return eta, np.ones_like(eta)
    if family == "poisson":
        mean = np.exp(np.minimum(eta, 500))
        return mean, mean
    mean = 1 / (1 + np.exp(-np.clip(eta, -500, 500)))
    return mean, mean * (1 - mean)


def _deviance(x: Floats, y: Floats, w: Floats, beta: Floats, family: Family) -> float:
    """Minus twice the weighted log likelihood, up to a constant."""
    eta = x @ beta
    if family == "gaussian":
        return float(np.sum(w * (y - eta) ** 2))
    if family == "poisson":
        return float(2 * np.sum(w * (np.exp(np.minimum(eta, 500)) - y * eta)))
    return float(2 * np.sum(w * (np.logaddexp(0, eta) - y * eta)))


def wald(model: Model, terms: Sequence[str]) -> dict[str, float]:
    """Joint test that terms are 0: F = b' V^-1 b / k with k and df degrees of freedom (R's `regTermTest`, Wald).

    Returns:
        `F`, `ndf`, `ddf`, `p_value`; NaN without degrees of freedom or when the covariance is singular.
    """
    from scipy.special import fdtrc

    rows = [model.terms.index(term) for term in terms]
    b = np.array([model.statistics[row].value for row in rows])
    v = model.covariance[np.ix_(rows, rows)]
    if model.df < 1 or np.linalg.matrix_rank(v) < len(rows):
        return {"F": np.nan, "ndf": float(len(rows)), "ddf": float(model.df), "p_value": np.nan}
    f = float(b @ np.linalg.solve(v, b)) / len(rows)
    return {"F": f, "ndf": float(len(rows)), "ddf": float(model.df), "p_value": float(fdtrc(len(rows), model.df, f))}


def t_test(sample: Sample, outcome: str, group: str, where: pl.Expr | None = None) -> dict[str, float]:
    """Difference of means between group 1 and 0: `difference`, `t`, `df`, `p_value` (R's `svyttest`)."""
    model = fit(sample, outcome, [group], "gaussian", where)
    row = model.table().row(1, named=True)
    return {"difference": row["estimate"], "t": row["statistic"], "df": row["df"], "p_value": row["p_value"]}


def rao_scott(sample: Sample, rows: str, columns: str, where: pl.Expr | None = None) -> dict[str, float]:
    """Test of independence in a table: Pearson's X2 over the mean design effect, F with Satterthwaite df (Rao & Scott 1984,
    Ann Stat 12:46; Thomas & Rao 1987): `F`, `ndf`, `ddf`, `p_value`.

    Raises:
        PipelineError: a variable has fewer than two values, or a cell of the table is empty (`table_too_small`).
    """
    from scipy.special import fdtrc

    x, y = sample.column(rows), sample.column(columns)
    domain = sample.where(where) & np.isfinite(x) & np.isfinite(y) & (sample.weight > 0)
    whole = float(sample.weight[domain].sum())
    levels = [(a, b) for a in np.unique(x[domain]) for b in np.unique(y[domain])]
    height, width = (len(np.unique(v[domain])) for v in (x, y))
    members = [domain & (x == a) & (y == b) for a, b in levels]
    shares = np.array([sample.weight[m].sum() / whole if whole else 0.0 for m in members])
    if min(height, width) < 2 or not (shares > 0).all():
        raise _problem("table_too_small", "minst två värden var och svar i alla rutor", "färre", "Slå ihop kategorier.")
    v = sample.covariance([_share(m, domain, p, whole) for m, p in zip(members, shares, strict=True)])
    table = shares.reshape(height, width)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    pearson = float(((table - expected) ** 2 / expected).sum())
    contrast = _interaction(height, width)
    scaled = contrast / shares[:, None]
    delta = np.linalg.solve(contrast.T @ scaled, scaled.T @ v @ scaled)
    ndf = float(np.trace(delta) ** 2 / np.trace(delta @ delta))
    f, ddf = pearson / float(np.trace(delta)), ndf * sample.degrees_of_freedom(domain)
    return {"F": f, "ndf": ndf, "ddf": ddf, "p_value": float(fdtrc(ndf, ddf, f)) if ddf > 0 else float("nan")}


def _share(members: Mask, domain: Mask, share: float, whole: float) -> Statistic:
    return Statistic(share, np.where(domain, members - share, 0.0) / whole, domain)


def _interaction(height: int, width: int) -> Floats:
    """Contrasts of cells that rows and columns do not explain, [cells, (height - 1)(width - 1)]."""
    a, b = (np.eye(k)[:, 1:] for k in (height, width))
    main = np.hstack([np.ones((height * width, 1)), np.kron(a, np.ones((width, 1))), np.kron(np.ones((height, 1)), b)])
    both = np.kron(a, b)
    return both - main @ np.linalg.lstsq(main, both, rcond=None)[0]


def _not_estimable() -> PipelineError:
    text = "Utfallet är lika för alla eller skiljs åt helt av grupperna. Slå ihop grupper eller redovisa andelarna."
    return _problem("model_not_estimable", "ett utfall som varierar inom grupperna", "inget", text)


def _problem(code: str, expected: str, got: str, hint: str) -> PipelineError:
    return PipelineError(code=code, where="Regressionsmodellen", expected=expected, got=got, hint=hint)
