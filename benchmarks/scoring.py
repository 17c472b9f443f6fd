"""Scoring speed: 100 000 respondents on seven indices, parquet to parquet, beside a loop that solves them one at a time.

    python benchmarks/scoring.py [--respondents 100000] [--peer 1000] [--runs 5]

Ours is timed whole: solving the lookup tables, reading, scoring, writing. The loop does what the predecessor's method does per
respondent and index (a bracketing root search on the same equation, bounds -10..10), here with scipy's `brentq`; only its
scoring is timed. Both run in this process, turn by turn; the first scores of the two are compared. See README.md beside.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from assets.methods import rasch  # noqa: E402

PARAMETERS = ROOT / "tests" / "oracle" / "data" / "rasch" / "item_parameters.csv"
PROTECTIVE = {"SkolaPositiv", "Wellbeing"}
BOUND = 10.0


def published_specs() -> list[rasch.IndexSpec]:
    """The seven indices with their published thresholds."""
    items: dict[str, list[rasch.ItemSpec]] = {}
    with PARAMETERS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            steps = tuple(float(row[f"threshold_{k}"]) for k in range(1, int(row["n_categories"])))
            items.setdefault(row["index"], []).append(rasch.ItemSpec(row["item"], steps))
    return [rasch.IndexSpec(name, "protective" if name in PROTECTIVE else "risk", tuple(found)) for name, found in items.items()]


def simulate(specs: list[rasch.IndexSpec], respondents: int, seed: int = 1) -> pl.DataFrame:
    """Answers from the model: one general factor and one per index, 3 % of answers missing, 4 % of respondents break off."""
    rng = np.random.default_rng(seed)
    general = rng.normal(0.0, 1.0, respondents)
    stop = np.where(rng.random(respondents) < 0.04, rng.integers(0, 55, respondents), 10_000)
    columns: dict[str, pl.Series] = {}
    for spec in specs:
        theta = 0.7 * general + rng.normal(-0.5, 0.9, respondents)
        for item in spec.items:
            if item.key in columns:
                continue
            shares = _category_shares(theta, item.thresholds)
            answer = (rng.random(respondents)[:, None] > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
            missing = (rng.random(respondents) < 0.03) | (len(columns) >= stop)
            columns[item.key] = pl.Series(item.key, answer, dtype=pl.Int8).set(pl.Series(missing), None)
    return pl.DataFrame({"respondent": np.arange(respondents), **columns})


def _category_shares(theta: np.ndarray, thresholds: tuple[float, ...]) -> np.ndarray:
    log_weight = np.outer(theta, np.arange(len(thresholds) + 1)) - np.concatenate([[0.0], np.cumsum(thresholds)])
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def ours(source: Path, target: Path, specs: list[rasch.IndexSpec]) -> None:
    """The whole way, with nothing left over from an earlier run."""
    rasch._table.cache_clear()
    rasch.score(pl.scan_parquet(source), specs).sink_parquet(target)


def one_by_one(rows: list[dict[str, int | None]], specs: list[rasch.IndexSpec]) -> list[dict[str, float | None]]:
    """Every respondent and index solved alone."""
    cumulative = {spec.key: [np.concatenate([[0.0], np.cumsum(item.thresholds)]) for item in spec.items] for spec in specs}
    return [{spec.key: _solve(row, spec, cumulative[spec.key]) for spec in specs} for row in rows]


def _solve(row: dict[str, int | None], spec: rasch.IndexSpec, cumulative: list[np.ndarray]) -> float | None:
    from scipy.optimize import brentq

    answered = [(row[item.key], steps) for item, steps in zip(spec.items, cumulative, strict=True) if row[item.key] is not None]
    if len(answered) < spec.min_answered:
        return None

    def equation(theta: float) -> float:
        value, information, third = 0.0, 0.0, 0.0
        for answer, steps in answered:
            category = np.arange(len(steps))
            weight = np.exp(theta * category - steps)
            share = weight / weight.sum()
            mean = (share * category).sum()
            off = category - mean
            value += answer - mean
            information += (share * off**2).sum()
            third += (share * off**3).sum()
        return value + third / (2.0 * information)

    theta = float(brentq(equation, -BOUND, BOUND, xtol=1e-12))
    return -theta if spec.kind == "protective" else theta


def timed(work: Callable[[], object]) -> tuple[float, float, object]:
    """(wall seconds, cpu seconds of the process, result)."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def largest_difference(mine: pl.DataFrame, peer: list[dict[str, float | None]], specs: list[rasch.IndexSpec]) -> float:
    """Largest difference of two sets of scores; infinite when one has a score where the other has none."""
    worst = 0.0
    for spec in specs:
        for left, right in zip(mine[spec.key], (row[spec.key] for row in peer), strict=True):
            if (left is None) != (right is None):
                return float("inf")
            if left is not None and right is not None:
                worst = max(worst, abs(left - right))
    return worst


def main() -> int:
    """Run, print, and fail when the answers differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--respondents", type=int, default=100_000)
    parser.add_argument("--peer", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    specs = published_specs()
    say = sys.stdout.write
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "answers.parquet", Path(folder) / "scores.parquet"
        simulate(specs, chosen.respondents).write_parquet(source)
        rows = pl.read_parquet(source).head(chosen.peer).to_dicts()
        one_by_one(rows[:2], specs)  # loads scipy outside the clock
        cpu_100k, ratios = [], []
        for run in range(chosen.runs):
            wall, cpu, _ = timed(lambda: ours(source, target, specs))
            peer_wall, peer_cpu, peer = timed(lambda: one_by_one(rows, specs))
            cpu_100k.append(cpu * 100_000 / chosen.respondents)
            ratios.append((peer_cpu / len(rows)) / (cpu / chosen.respondents))
            say(
                f"run {run + 1}: ours {wall:.2f} s wall, {cpu:.2f} s cpu for {chosen.respondents} respondents; "
                f"one by one {peer_wall:.2f} s wall, {peer_cpu:.2f} s cpu for {len(rows)}; ratio {ratios[-1]:.0f}\n"
            )
        scores = pl.read_parquet(target)
        difference = largest_difference(scores.head(chosen.peer), peer, specs)
    say(f"cpu s per 100 000: median {statistics.median(cpu_100k):.2f} ({min(cpu_100k):.2f}-{max(cpu_100k):.2f})\n")
    say(f"ratio per respondent: median {statistics.median(ratios):.0f} ({min(ratios):.0f}-{max(ratios):.0f})\n")
    say(f"scored cells {sum(scores[spec.key].count() for spec in specs)} of {scores.height * len(specs)}; ")
    say(f"largest difference on {chosen.peer} respondents: {difference:.1e}\n")
    return 0 if difference < 1e-6 else 1


if __name__ == "__main__":
    raise SystemExit(main())
