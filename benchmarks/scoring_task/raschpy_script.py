"""Warm's estimates with raschpy (PCM.person_estimates), all respondents of an index at once.

usage: raschpy_script.py IN.parquet OUT.parquet

The package has no way to enter known thresholds but the attribute that its calibration writes.
"""

import sys

import pandas as pd
import polars as pl
from answers import enough_answers, placed, published, stopwatch
from raschpy import PCM

source, target = sys.argv[1:3]
with stopwatch():
    answers = pl.read_parquet(source)
    columns = []
    for key, items in published().items():
        scored = enough_answers(answers, list(items))
        wide = answers.filter(scored).select(pl.col(list(items)).cast(pl.Float64))
        frame = pd.DataFrame({item: wide[item].to_numpy() for item in items})
        model = PCM(frame, max_score_vector=[len(steps) for steps in items.values()], validate=False)
        widest = max(map(len, items.values()))
        steps = {item: [*known, *[float("nan")] * (widest - len(known))] for item, known in items.items()}
        model.thresholds_uncentred = pd.DataFrame.from_dict(steps, orient="index", columns=range(1, widest + 1))
        model.person_estimates()
        columns += [placed(key, model.persons.to_numpy(), scored)]
    answers.select("respondent").with_columns(columns).write_parquet(target, compression="snappy")
