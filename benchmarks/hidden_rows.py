"""How much the index tables' own suppressor hides, against the generic one given the same primary cells and the same rounding.

    python -m benchmarks.hidden_rows --home data [--blocks 20] [--family 2024 ak9 wellbeing]

The rows of the index tables are taken back to where only primary cells are hidden, and the cheapest rows are looked for that
make every hidden cell as wide as the policy asks (`assets/suppression`). A block is a municipality, wave and grade with all its
indices, a family a whole county with its districts and one index. Cells are numbers, shares and unscored shares; derived rows
follow them in both. Prints cells and loss (totals and large areas weigh more) beyond the primary ones.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import yaml

from assets.methods.disclosure import load_policy, protect
from assets.methods.disclosure_blocks import ROW_KEYS
from assets.suppression.pattern import Effort
from assets.suppression.published import CELLS, FAMILY, PLACE, PublicationRules, family_of
from assets.suppression.repair import cheapest_rows

RULES = Path(__file__).parents[1] / "assets/catalogue/disclosure.yml"
WIDTH = 5.0
AREA = ("area_level", "area_code")
TOGETHER = ("edition", "wave", "grade")


def with_primaries_only(results: pl.DataFrame, log: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """The rows of cells with the column `was` (the release's reason), everything but primary cells shown again."""
    primary = log.filter(pl.col("kind") == "primary").select(*FAMILY, *PLACE, measure="cell").with_columns(_primary=pl.lit(True))
    place = [name for name in (*FAMILY, *PLACE) if name != "edition"]
    rows = results.filter(pl.col("measure").is_in(CELLS)).join(counts, on=place, how="inner", maintain_order="left")
    rows = rows.join(primary, on=[*FAMILY, *PLACE, "measure"], how="left", maintain_order="left")
    value = pl.lit(None, pl.Float64)
    for measure in ("n_respondents", "n_scored"):
        value = pl.when(pl.col("measure") == measure).then((pl.col(measure + "_right") + 2) // 5 * 5).otherwise(value)
    shares = {"share_unscored": ("n_unscored", "n_respondents_right")} | {
        f"share_band{band}": (f"band{band}", "n_scored_right") for band in (1, 2, 3)
    }
    for measure, (part, base) in shares.items():
        share = (100 * pl.col(part) / pl.col(base) + 0.5).floor()
        value = pl.when(pl.col("measure") == measure).then(share).otherwise(value)
    shown = pl.col("_primary").is_null() & (pl.col("reason") == "suppressed")
    return rows.with_columns(
        was=pl.col("reason"),
        value=pl.when(shown).then(value.cast(pl.Float64)).otherwise("value"),
        reason=pl.when(shown).then(pl.lit("ok")).otherwise("reason"),
    )


def compared(rows: pl.DataFrame, effort: Effort) -> dict[str, float]:
    """Cells and loss hidden beyond the primary ones, by the release and by the generic suppressor."""
    rules = PublicationRules()
    family = family_of(rows, rules)
    loss = pl.Series(np.bincount(np.maximum(family.tables.unit, 0), family.tables.cost * (family.tables.unit >= 0)))
    cells = family.cells.with_columns(loss=loss[: family.cells.height])
    narrow = rows.filter(pl.col("reason") != "ok").with_columns(required=pl.lit(WIDTH))
    found = cheapest_rows(rows, narrow, rules, effort).select("index_key", *PLACE, "measure", ours=pl.lit(True))
    keys = ["index_key", *PLACE, "measure"]
    cells = cells.join(found, on=keys, how="left", maintain_order="left")
    cells = cells.join(rows.select(*keys, "was"), on=keys, how="left", maintain_order="left")
    extra, ours = (pl.col("reason") == "ok") & (pl.col("was") != "ok"), pl.col("ours").fill_null(False)
    return cells.select(
        primary=(pl.col("reason") != "ok").sum(), release=extra.sum(), generic=ours.sum(),
        release_loss=pl.col("loss").filter(extra).sum(), generic_loss=pl.col("loss").filter(ours).sum(),
    ).row(0, named=True)  # fmt: skip


def read(home: Path) -> pl.DataFrame:
    """Cells of the internal edition as the present code protects them, with primaries only."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        counts = con.sql("select * from indices.area_counts").pl()
    policy = load_policy(yaml.safe_load(RULES.read_text(encoding="utf-8")))
    none = counts.select(*ROW_KEYS, measure=pl.lit("mean")).clear()
    release = protect(counts, none, policy, "intern")
    right = counts.rename({name: f"{name}_right" for name in ("n_respondents", "n_scored")})
    return with_primaries_only(release.results, release.log, right.drop("n_schools", "n_psu", "cutoff_set"))


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--family", nargs=3, action="append", default=[], metavar=("WAVE", "GRADE", "INDEX"))
    given = parser.parse_args()
    rows = read(given.home)
    blocks = rows.filter((pl.col("area_level") == "municipality") & (pl.col("reason") != "ok")).select(*TOGETHER, *AREA).unique()
    blocks = blocks.sort(*TOGETHER, *AREA).gather_every(max(blocks.height // max(given.blocks, 1), 1)).head(given.blocks)
    total: dict[str, float] = {}
    began = time.process_time()
    for key in blocks.iter_rows(named=True):
        block = rows.filter(*(pl.col(name) == value for name, value in key.items()))
        for name, count in compared(block, Effort(greedy=300, exact=0)).items():
            total[name] = total.get(name, 0) + count
    sys.stdout.write(f"{blocks.height} blocks: {total} in {time.process_time() - began:.0f} cpu s\n")
    for wave, grade, index_key in given.family:
        began = time.process_time()
        family = rows.filter(pl.col("wave") == int(wave), pl.col("grade") == grade, pl.col("index_key") == index_key)
        found = compared(family, Effort(greedy=0, exact=0))
        sys.stdout.write(f"{wave} {grade} {index_key}: {found} in {time.process_time() - began:.0f} cpu s\n")


if __name__ == "__main__":
    main()
