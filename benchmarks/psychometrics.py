"""Time of item-parameter estimation and of the whole psychometric report: seven indices on 107 000 respondents.

    python benchmarks/psychometrics.py [--respondents 107000]

Answers are those of `scoring.py` with sex, grade and six waves drawn at random. See README.md beside.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from assets.catalogue.load import load_catalogue
from assets.methods.psychometric_report import psychometric_report
from assets.methods.rasch_answers import count_answers
from assets.methods.rasch_cml import estimate_cml
from assets.methods.rasch_model import IndexSpec
from benchmarks.scoring_task.answers import published
from benchmarks.scoring_task.data import simulate
from benchmarks.scoring_task.ours import published_specs

WAVES = [2014, 2016, 2018, 2020, 2022, 2024]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--respondents", type=int, default=107_000)
    n = parser.parse_args().respondents
    specs, rng, rules = published_specs(), np.random.default_rng(2), load_catalogue().psychometrics
    groups = {"sex": rng.choice(["girl", "boy"], n), "grade": rng.choice(["ak9", "gy2"], n), "wave": rng.choice(WAVES, n)}
    frame = simulate(published(), n).with_columns(pl.Series(name, values) for name, values in groups.items())
    eleven = IndexSpec("eleven items", "risk", specs[0].items + specs[5].items[:2])
    rows = [("item parameters", spec, lambda spec=spec: estimate_cml(count_answers(frame, spec))) for spec in (*specs, eleven)]
    rows += [("report", spec, lambda spec=spec: psychometric_report(frame, spec, rules)) for spec in specs]
    total = [0.0, 0.0]
    for what, spec, run in rows:
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{what:16s} {spec.key:14s} {len(spec.items):2d} items  wall {wall:6.2f} s  cpu {cpu:6.2f} s")  # noqa: T201
        if what == "report":
            total = [total[0] + wall, total[1] + cpu]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"reports together: wall {total[0]:.1f} s, cpu {total[1]:.1f} s; peak memory {peak} MB")  # noqa: T201


if __name__ == "__main__":
    main()
