"""What the disclosure report is made of, from a small protected release."""

from __future__ import annotations

import polars as pl

from assets.bundle.disclosure_report import Disclosed
from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import protect
from assets.methods.disclosure_policy import load_policy
from assets.methods.release_utility import counted_step, utility
from tests.support.disclosure_population import INDICES, PROTECTIVE, estimates, population

FOCUS = {key: "share_band1" if key in PROTECTIVE else "share_band3" for key in INDICES}
WAVE = 2024


def disclosed_sample(**more: pl.DataFrame) -> Disclosed:
    """Five municipalities and Stockholm with two districts, both editions; nothing audited or published unless given."""
    counts = population(7, (14, 45, 130, 400, 900), districts=(35, 90), outside=5)
    policy = load_policy(load_catalogue().disclosure)
    results, logs, within = [], [], None
    for edition in ("intern", "publik"):
        safe = protect(counts, estimates(counts), policy, edition, within=within)
        within = within or safe.pattern
        results.append(safe.results)
        logs.append(safe.log)
    tables = {"index_results": pl.concat(results), "suppression_log": pl.concat(logs)}
    cells, rules = utility(tables, FOCUS)
    now = counted_step("same", tables)
    looser = now.with_columns(step=pl.lit("looser"), shown=pl.col("shown") + 3)
    tighter = now.with_columns(step=pl.lit("tighter"), shown=pl.col("shown") - 4)
    empty = pl.DataFrame()
    return Disclosed(
        cells,
        rules,
        pl.concat([now, looser, tighter]),
        **{"audit": empty, "earlier": empty, "differences": empty} | more,
        policy=policy,
    )
