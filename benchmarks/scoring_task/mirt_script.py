"""Warm's estimates with the Python package mirt (fscores), every index in one call; it solves every pattern once.

usage: mirt_script.py IN.parquet OUT.parquet

The package has no way to enter known thresholds but `set_parameters` and the private mark that the model is fitted.
"""

import sys

import numpy as np
import polars as pl
from answers import BOUND, enough_answers, placed, published, stopwatch
from mirt import fscores
from mirt.models.polytomous import PartialCreditModel

source, target = sys.argv[1:3]
with stopwatch():
    answers = pl.read_parquet(source)
    columns = []
    for key, items in published().items():
        model = PartialCreditModel(len(items), [len(steps) + 1 for steps in items.values()], item_names=list(items))
        widest = max(map(len, items.values()))
        model.set_parameters(steps=np.array([[*steps, *[0.0] * (widest - len(steps))] for steps in items.values()]))
        model._is_fitted = True
        scored = enough_answers(answers, list(items))
        matrix = answers.filter(scored).select(pl.col(list(items)).fill_null(-1).cast(pl.Int64)).to_numpy()
        result = fscores(model, matrix, method="WLE", bounds=(-BOUND, BOUND))
        columns += [placed(key, np.ravel(result.theta), scored)]
    answers.select("respondent").with_columns(columns).write_parquet(target, compression="snappy")
