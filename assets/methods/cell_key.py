"""Cell key perturbation: counts with a small noise that is the same wherever the same pupils are counted. Pure.

Every record has a frozen random key. The cell key is the sum of its records' keys modulo 10^8, so a cell that stands in two
tables gets the same noise in both, and asking again tells nothing new (Fraser & Wooton 2005; Thompson, Broadfoot & Elazar
2013). The noise of a count is drawn from a table by the cell key. The table has the greatest entropy among those with mean
zero, a given variance and a greatest noise, in which certain small counts never appear (Giessing 2016). Zero stays zero, and
totals are not sums of perturbed parts. What the noise adds to the uncertainty belongs in the interval (`share_noise_variance`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods.disclosure_rounding import FloatArray, IntArray
from assets.methods.errors import PipelineError

MODULUS = 100_000_000
TABLE_COLUMNS = ("count", "noise", "p", "p_lo", "p_hi")
_MOST_STEPS = 200
_CLOSE = 1e-13


@dataclass(frozen=True)
class NoiseRules:
    """What the noise table is made of.

    Attributes:
        max_noise: greatest change of a count, in pupils.
        variance: of the noise for counts that are large enough, in pupils squared.
        never: counts that are never shown; 0 can't be one.
    """

    max_noise: int
    variance: float
    never: tuple[int, ...] = (1,)


def record_key(identity: str, secret: bytes) -> int:
    """The frozen key of one record, 0..10^8-1, from what identifies it and the installation's secret.

    A keyed hash (BLAKE2b, RFC 7693) stands in for a drawn number that would have to be kept: the same record has the same key
    in every run, and nobody without the secret can work it out.
    """
    digest = hashlib.blake2b(identity.encode("utf-8"), key=secret, digest_size=16).digest()
    return int.from_bytes(digest, "big") % MODULUS


def record_keys(identities: Iterable[str], secret: bytes) -> IntArray:
    """`record_key` of each identity."""
    return np.fromiter((record_key(one, secret) for one in identities), dtype=np.int64)


def noise_table(rules: NoiseRules) -> pl.DataFrame:
    """The table that noise is looked up in.

    Returns:
        `count` (the last holds for all larger), `noise`, `p` and the part `p_lo <= u < p_hi` of the unit interval that is its.

    Raises:
        PipelineError: `noise_rules` when no distribution with mean zero fits a count.
    """
    if rules.max_noise < 1 or rules.variance <= 0 or any(one < 1 for one in rules.never):
        raise _impossible(0)
    last = rules.max_noise + max(rules.never, default=0) + 1
    rows: list[tuple[int, int, float, float, float]] = [(0, 0, 1.0, 0.0, 1.0)]
    for count in range(1, last + 1):
        noises = [d for d in range(-rules.max_noise, rules.max_noise + 1) if count + d >= 0 and count + d not in rules.never]
        edge = 0.0
        for noise, p in zip(noises, _most_entropy(np.array(noises, dtype=np.float64), rules.variance, count), strict=True):
            rows.append((count, noise, float(p), edge, edge + float(p)))
            edge += float(p)
        rows[-1] = (*rows[-1][:4], 1.0)
    return _without_repeats(pl.DataFrame(rows, schema=list(TABLE_COLUMNS), orient="row"))


def _without_repeats(table: pl.DataFrame) -> pl.DataFrame:
    """The last counts have the same noise: one of them is enough."""
    parts = table.partition_by("count", maintain_order=True)
    while len(parts) > 1 and parts[-1].select("noise", "p").equals(parts[-2].select("noise", "p")):
        parts.pop()
    return pl.concat(parts)


def _most_entropy(noise: FloatArray, variance: float, count: int) -> FloatArray:
    """Probabilities exp(a d + b d^2) with mean 0 and the variance; the least variance there is when that is more."""
    least = _least_variance(noise, count)
    if float((least * noise**2).sum()) >= variance - 1e-9:
        return least
    a = b = 0.0
    for _ in range(_MOST_STEPS):
        p = _tilted(noise, a, b)
        gap = np.array([(p * noise).sum(), (p * noise**2).sum() - variance])
        if np.abs(gap).max() < _CLOSE:
            return p
        powers = [(p * noise**k).sum() for k in range(5)]
        slope = np.array([
            [powers[2] - powers[1] ** 2, powers[3] - powers[1] * powers[2]],
            [powers[3] - powers[1] * powers[2], powers[4] - powers[2] ** 2],
        ])  # fmt: skip
        step = np.linalg.solve(slope, gap)
        scale = min(1.0, 1.0 / float(np.abs(step).max()))
        a, b = a - scale * step[0], b - scale * step[1]
    p = _tilted(noise, a, b)
    if abs(float((p * noise).sum())) < 1e-9:
        return p
    raise _impossible(count)


def _tilted(noise: FloatArray, a: float, b: float) -> FloatArray:
    exponent = a * noise + b * noise**2
    weight = np.exp(exponent - exponent.max())
    return weight / weight.sum()


def _least_variance(noise: FloatArray, count: int) -> FloatArray:
    """The distribution with mean 0 and the least variance: between the two noises nearest zero, or no noise at all."""
    if (noise == 0).any():
        return (noise == 0).astype(np.float64)
    below, above = noise[noise < 0], noise[noise > 0]
    if not len(below) or not len(above):
        raise _impossible(count)
    low, high = below.max(), above.min()
    return np.where(noise == low, high, np.where(noise == high, -low, 0.0)) / (high - low)


def _impossible(count: int) -> PipelineError:
    return PipelineError(
        code="noise_rules",
        where="Reglerna för brus med cellnyckel (disclosure.yml)",
        expected="största brus minst 1, varians över 0 och möjliga brus både uppåt och nedåt för varje antal",
        got=f"regler som inte går att uppfylla{f' för antalet {count}' if count else ''}",
        hint="Höj max_noise eller ta bort antal ur never.",
    )


def perturb(counts: IntArray, cell_keys: IntArray, table: pl.DataFrame) -> IntArray:
    """Counts with their noise.

    Args:
        counts: numbers of records, >= 0. cell_keys: the same shape, sums of record keys modulo 10^8.
        table: as `noise_table` makes it.
    """
    flat, keys = np.asarray(counts, dtype=np.int64).ravel(), np.asarray(cell_keys, dtype=np.int64).ravel() % MODULUS
    groups = table.partition_by("count", maintain_order=True)
    row = np.minimum(flat, groups[-1]["count"][0])
    noise = np.zeros(len(flat), dtype=np.int64)
    for part in groups:
        here = row == part["count"][0]
        at = np.searchsorted(part["p_hi"].to_numpy(), keys[here] / MODULUS, side="right")
        noise[here] = part["noise"].to_numpy()[np.minimum(at, part.height - 1)]
    return (flat + noise).reshape(np.shape(counts))


def cell_keys(frame: pl.DataFrame, by: Sequence[str], key: str = "rkey") -> pl.DataFrame:
    """`by`, `count` and `cell_key` of each cell of the records in `frame`; with no `by` the total."""
    sums = (pl.len().cast(pl.Int64).alias("count"), (pl.col(key).cast(pl.Int64).sum() % MODULUS).alias("cell_key"))
    return frame.group_by(*by).agg(*sums).sort(*by) if by else frame.select(*sums)


def share_noise_variance(part: FloatArray, whole: FloatArray, variance: float) -> FloatArray:
    """Variance that noise of the given variance in both counts adds to their share 0..1 (delta method); NaN where whole is 0."""
    safe = np.where(whole > 0, whole, np.nan)
    share = part / safe
    return variance * (1 + share**2) / safe**2
