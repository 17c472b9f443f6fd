"""pandas groupby, same estimator (scipy only for the quantile).

usage: pandas_script.py INPUT OUT.csv

A peer of the benchmark (../cube.py), from the project's own bench, under this repository's licence.
"""

import sys

import numpy as np
import pandas as pd
from scipy import stats

K, CUT = 20, 60.0
Z = stats.norm.ppf(0.975)
src, out = sys.argv[1], sys.argv[2]
df = pd.read_parquet(src) if src.endswith(".parquet") else pd.read_csv(src, engine="pyarrow")
CELL = ["year", "mun", "grade", "sex"]
STRAT = ["year", "mun", "grade"]
w = df["weight"].to_numpy()
cols = {}
for k in range(K):
    x = df[[f"item{3 * k + j:02d}" for j in (1, 2, 3)]].to_numpy(dtype=float, na_value=np.nan, copy=True)
    x[:, 2] = 5 - x[:, 2]
    nv = (~np.isnan(x)).sum(1)
    with np.errstate(invalid="ignore"):
        y = np.where(nv >= 2, (np.nansum(x, 1) / np.maximum(nv, 1) - 1) / 3 * 100, np.nan)
    ok = ~np.isnan(y)
    cols[f"n{k}"] = ok.astype(np.int64)
    cols[f"w{k}"] = w * ok
    cols[f"wy{k}"] = np.where(ok, w * y, 0.0)
    cols[f"wr{k}"] = w * (ok & (y >= CUT))
keys = df[[*CELL, "klass", "n_klass_pop"]]
psu = (
    pd.concat([keys, pd.DataFrame(cols, index=df.index)], axis=1)
    .groupby([*CELL, "klass", "n_klass_pop"], observed=True)
    .sum()
    .reset_index()
)
nh = psu.drop_duplicates([*STRAT, "klass"]).groupby(STRAT).agg(nh=("klass", "size"), Nh=("n_klass_pop", "first")).reset_index()
long = pd.concat(
    [
        psu[[*CELL, "klass"]].assign(index=k + 1, n=psu[f"n{k}"], w=psu[f"w{k}"], wy=psu[f"wy{k}"], wr=psu[f"wr{k}"])
        for k in range(K)
    ],
    ignore_index=True,
)
long = long[long.n > 0]
ID = [*CELL, "index"]
cell = long.groupby(ID)[["n", "w", "wy", "wr"]].sum().reset_index()
cell["mean"] = cell.wy / cell.w
cell["risk"] = cell.wr / cell.w
t = long.merge(cell[[*ID, "mean", "risk", "w"]].rename(columns={"w": "W"}), on=ID)
t["sy"] = (t.wy - t["mean"] * t.w) / t.W
t["sr"] = (t.wr - t["risk"] * t.w) / t.W
t["qy"], t["qr"] = t.sy**2, t.sr**2
vh = t.groupby(ID)[["sy", "qy", "sr", "qr"]].sum().reset_index().merge(nh, on=STRAT)
f = (1 - vh.nh / vh.Nh) * vh.nh / (vh.nh - 1)
vh["mean_se"] = np.sqrt(f * (vh.qy - vh.sy**2 / vh.nh))
vh["risk_se"] = np.sqrt(f * (vh.qr - vh.sr**2 / vh.nh))
r = cell.merge(vh[[*ID, "mean_se", "risk_se"]], on=ID).sort_values(ID)
r["mean_lo"], r["mean_hi"] = r["mean"] - Z * r.mean_se, r["mean"] + Z * r.mean_se
with np.errstate(divide="ignore", invalid="ignore"):
    p = r.risk.to_numpy()
    lg, lse = np.log(p / (1 - p)), r.risk_se / (p * (1 - p))
    ok = (p > 0) & (p < 1)
    r["risk_lo"] = np.where(ok, 1 / (1 + np.exp(-(lg - Z * lse))), np.nan)
    r["risk_hi"] = np.where(ok, 1 / (1 + np.exp(-(lg + Z * lse))), np.nan)
r[[*ID, "n", "mean", "mean_se", "mean_lo", "mean_hi", "risk", "risk_se", "risk_lo", "risk_hi"]].to_csv(out, index=False)
