"""Funnel of areas against the county's share, with overdispersion (Spiegelhalter 2005, Stat Med 24:1185). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods.intervals import wilson

FEW_AREAS = 10
LEVELS = {"95": 0.95, "998": 0.998}


@dataclass(frozen=True)
class Overdispersion:
    """How much more areas differ than chance alone: `phi` (winsorised; 1 = not more), `tau2` added variance on the share's scale.
    `reliable` is false with few areas: then phi is noise."""

    target: float
    phi_raw: float
    phi: float
    low: float
    high: float
    tau2: float
    areas: int
    reliable: bool


def funnel(areas: pl.DataFrame, target: float | None = None, winsorise: float = 0.1) -> tuple[pl.DataFrame, Overdispersion]:
    """Where areas lie against the target, and the limits around it.

    Args:
        areas: `x` of `n` per area and any other columns; n = 0 gives nulls. target: the county's share; None = the pooled share.
        winsorise: share of z scores drawn in at each end before the dispersion is judged (quantile type 7).

    Returns:
        `areas` with `p`, `z` (chance alone), `z_wins`, `z_mult` (standard error times the root of phi), `z_add` (tau2 added),
        `limit95_low`, `limit95_high`, `limit998_low`, `limit998_high` (Wilson's limits around the target at the area's n: a share
        outside them lies beyond the funnel) and `reason` (`ok`, `no_answers`, `target_extreme`: all or none in the county);
        and the overdispersion. Row order is kept.
    """
    x, n = (areas[name].cast(pl.Float64).to_numpy() for name in ("x", "n"))
    known = n > 0
    whole = n.sum()
    theta = float(x.sum() / whole) if target is None and whole else (np.nan if target is None else target)
    usable = 0 < theta < 1
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(known, x / n, np.nan)
        se = np.sqrt(theta * (1 - theta) / n) if usable else np.full(len(n), np.nan)
        z = np.where(known, (p - theta) / se, np.nan)
    spread = _overdispersion(z[known], se[known], theta, winsorise)
    columns = {"p": p, "z": z, "z_wins": np.clip(z, spread.low, spread.high), "z_mult": z / np.sqrt(max(spread.phi, 1.0))}
    with np.errstate(invalid="ignore"):
        columns["z_add"] = (p - theta) / np.sqrt(se**2 + spread.tau2)
    for name, level in LEVELS.items():
        low, high = wilson(theta * n, n, level) if usable else (np.full(len(n), np.nan),) * 2
        columns |= {f"limit{name}_low": low, f"limit{name}_high": high}
    added = [pl.Series(name, values, dtype=pl.Float64).fill_nan(None) for name, values in columns.items()]
    reason = ["no_answers" if not k else "ok" if usable else "target_extreme" for k in known]
    return areas.with_columns(*added, pl.Series("reason", reason, dtype=pl.String)), spread


def _overdispersion(z: np.ndarray, se: np.ndarray, theta: float, winsorise: float) -> Overdispersion:
    k = len(z)
    if k == 0 or np.isnan(z).any():
        return Overdispersion(theta, np.nan, 1.0, -np.inf, np.inf, 0.0, k, False)
    low, high = (float(v) for v in np.quantile(z, [winsorise, 1 - winsorise]))
    raw, phi = float(np.mean(z**2)), float(np.mean(np.clip(z, low, high) ** 2))
    w = 1 / se**2
    room = float(w.sum() - np.sum(w**2) / w.sum())
    tau2 = max((k * phi - (k - 1)) / room, 0.0) if room > 0 else 0.0
    return Overdispersion(theta, raw, phi, low, high, tau2, k, k >= FEW_AREAS)
