"""Python svy: Sample + Design + estimation.mean(list, by=...).

usage: svy_script.py INPUT OUT.csv [indices]

A peer of the benchmark (../cube.py), from the project's own bench, under this repository's licence.
"""

import sys

import polars as pl
import svy

CUT, Z = 60.0, 1.959963984540054
src, out = sys.argv[1], sys.argv[2]
K = int(sys.argv[3]) if len(sys.argv) > 3 else 20
CELL = ["year", "mun", "grade", "sex"]


def score(k: int) -> pl.Expr:
    a, b, c = (pl.col(f"item{3 * k + j:02d}") for j in (1, 2, 3))
    c = 5 - c
    nv = a.is_not_null().cast(pl.Int8) + b.is_not_null().cast(pl.Int8) + c.is_not_null().cast(pl.Int8)
    s = a.fill_null(0) + b.fill_null(0) + c.fill_null(0)
    return pl.when(nv >= 2).then((s.cast(pl.Float64) / nv.cast(pl.Float64) - 1.0) / 3.0 * 100.0)


lf = pl.scan_parquet(src) if src.endswith(".parquet") else pl.scan_csv(src)
df = (
    lf.select(*CELL, "klass", "weight", "n_klass_pop", *[score(k).alias(f"y{k + 1}") for k in range(K)])
    .with_columns([(pl.col(f"y{k}") >= CUT).cast(pl.Float64).alias(f"r{k}") for k in range(1, K + 1)])
    .collect()
)
des = svy.Design(stratum=("year", "mun", "grade"), psu="klass", wgt="weight", pop_size="n_klass_pop")
s = svy.Sample(df, des)
ys = [f"{c}{k}" for k in range(1, K + 1) for c in "yr"]
est = s.estimation.mean(ys, by=CELL, drop_nulls=True)
frames = []
for k in range(K):  # Wald/logit z-intervals as in the other scripts; svy's own t-intervals are in lci/uci
    y, r = est[2 * k].to_polars(), est[2 * k + 1].to_polars()
    frames.append(
        y.select(*CELL, "n", mean="est", mean_se="se")
        .join(r.select(*CELL, risk="est", risk_se="se"), on=CELL)
        .with_columns(index=pl.lit(k + 1))
    )
p = pl.col("risk")
lg, lse, ok = (p / (1 - p)).log(), pl.col("risk_se") / (p * (1 - p)), (p > 0) & (p < 1)
r = pl.concat(frames).with_columns(
    mean_lo=pl.col("mean") - Z * pl.col("mean_se"),
    mean_hi=pl.col("mean") + Z * pl.col("mean_se"),
    risk_lo=pl.when(ok).then(1 / (1 + (-(lg - Z * lse)).exp())),
    risk_hi=pl.when(ok).then(1 / (1 + (-(lg + Z * lse)).exp())),
)
r.select(*CELL, "index", "n", "mean", "mean_se", "mean_lo", "mean_hi", "risk", "risk_se", "risk_lo", "risk_hi").sort(
    *CELL, "index"
).write_csv(out)
