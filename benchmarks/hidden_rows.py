"""How much the index tables' own suppressor hides, against the generic one given the same primary cells and the same rounding.

    python -m benchmarks.hidden_rows --home data [--edition publik] [--blocks 20] [--family 2024 ak9 wellbeing]

The rows of the index tables are taken back to where only primary cells are hidden, and the cheapest rows are looked for that
make every hidden cell as wide as the policy asks (`assets/suppression`). A block is a municipality, wave and grade with all its
indices, a family a whole county with its districts and one index. Cells are numbers, shares and unscored shares; derived rows
follow them in both. In an edition within another, what that hides counts as primary: it has to stay hidden.

Prints cells, loss (totals and large areas weigh more) and respondents (those counted in hidden cells, a person once per cell):
the primary ones, and beyond them the release's and the generic suppressor's. The generic one is held to less: its attacker is
linear programming over the same rounded numbers, the release's own search also knows that pupils are whole.
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
from assets.methods.disclosure_numbers import PolicyNumbers
from assets.methods.editions import allowed_areas
from assets.suppression.pattern import Effort
from assets.suppression.published import CELLS, FAMILY, PLACE, PublicationRules, family_of
from assets.suppression.repair import cheapest_rows

RULES = Path(__file__).parents[1] / "assets/catalogue/disclosure.yml"
AREA = ("area_level", "area_code")
TOGETHER = ("edition", "wave", "grade")


def with_primaries_only(results: pl.DataFrame, log: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """The rows with everything but the cells of `log` shown again; `was`: the release's reason, `people`: counted in the cell."""
    primary = log.select(*FAMILY, *PLACE, measure="cell").with_columns(_primary=pl.lit(True))
    place = [name for name in (*FAMILY, *PLACE) if name != "edition"]
    rows = results.filter(pl.col("measure").is_in(CELLS)).join(counts, on=place, how="inner", maintain_order="left")
    rows = rows.join(primary, on=[*FAMILY, *PLACE, "measure"], how="left", maintain_order="left")
    value = pl.lit(None, pl.Float64)
    for measure in ("n_respondents", "n_scored"):
        value = pl.when(pl.col("measure") == measure).then((pl.col(measure + "_right") + 2) // 5 * 5).otherwise(value)
    shares = {"share_unscored": ("n_unscored", "n_respondents_right")} | {
        f"share_band{band}": (f"band{band}", "n_scored_right") for band in (1, 2, 3)
    }
    people = pl.coalesce(pl.when(pl.col("measure") == m).then(f"{m}_right") for m in ("n_respondents", "n_scored"))
    for measure, (part, base) in shares.items():
        people = pl.when(pl.col("measure") == measure).then(part).otherwise(people)
        share = (100 * pl.col(part) / pl.col(base) + 0.5).floor()
        value = pl.when(pl.col("measure") == measure).then(share).otherwise(value)
    shown = pl.col("_primary").is_null() & (pl.col("reason") == "suppressed")
    return rows.with_columns(
        was=pl.col("reason"),
        people=people,
        value=pl.when(shown).then(value.cast(pl.Float64)).otherwise("value"),
        reason=pl.when(shown).then(pl.lit("ok")).otherwise("reason"),
    )


def compared(rows: pl.DataFrame, effort: Effort, numbers: PolicyNumbers) -> dict[str, float]:
    """Cells, loss and respondents hidden as primary, and beyond by the release and by the generic suppressor."""
    rules = PublicationRules(floor=numbers.group_floor, district_floor=numbers.district_floor)
    family = family_of(rows, rules)
    loss = pl.Series(np.bincount(np.maximum(family.tables.unit, 0), family.tables.cost * (family.tables.unit >= 0)))
    cells = family.cells.with_columns(loss=loss[: family.cells.height])
    narrow = rows.filter(pl.col("reason") != "ok").with_columns(required=pl.lit(numbers.interval_width + 1.0))
    found = cheapest_rows(rows, narrow, rules, effort).select("index_key", *PLACE, "measure", ours=pl.lit(True))
    keys = ["index_key", *PLACE, "measure"]
    cells = cells.join(found, on=keys, how="left", maintain_order="left")
    cells = cells.join(rows.select(*keys, "was", "people"), on=keys, how="left", maintain_order="left")
    extra, ours = (pl.col("reason") == "ok") & (pl.col("was") != "ok"), pl.col("ours").fill_null(False)
    which = {"primary": pl.col("reason") != "ok", "release": extra, "generic": ours}
    return cells.select(
        **{name: chosen.sum() for name, chosen in which.items()},
        **{f"{name}_{what}": pl.col(what).filter(chosen).sum() for what in ("loss", "people") for name, chosen in which.items()},
    ).row(0, named=True)


def read(home: Path, edition: str) -> tuple[pl.DataFrame, PolicyNumbers]:
    """Cells of an edition as the present code protects them, with those only that have to be hidden; and its numbers."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        counts = con.sql("select * from indices.area_counts").pl()
    policy = load_policy(yaml.safe_load(RULES.read_text(encoding="utf-8")))
    none = counts.select(*ROW_KEYS, measure=pl.lit("mean")).clear()
    numbers, inner = policy.numbers(edition), protect(counts, none, policy, "intern")
    release, needed = inner, inner.log.filter(pl.col("kind") == "primary")
    if edition != "intern":
        counts, numbers = allowed_areas(counts, policy, edition), numbers.on_steps()
        release = protect(counts, none, policy, edition, within=inner.pattern)
        own = release.log.filter(pl.col("kind") == "primary")
        needed = pl.concat([own, inner.log.with_columns(edition=pl.lit(edition))]).unique(["edition", *ROW_KEYS, "cell"])
    right = counts.rename({name: f"{name}_right" for name in ("n_respondents", "n_scored")})
    rows = with_primaries_only(release.results, needed, right.drop("n_schools", "n_psu", "cutoff_set"))
    return rows, numbers


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--edition", choices=["intern", "publik"], default="intern")
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--family", nargs=3, action="append", default=[], metavar=("WAVE", "GRADE", "INDEX"))
    given = parser.parse_args()
    rows, numbers = read(given.home, given.edition)
    blocks = rows.filter((pl.col("area_level") == "municipality") & (pl.col("reason") != "ok")).select(*TOGETHER, *AREA).unique()
    blocks = blocks.sort(*TOGETHER, *AREA).gather_every(max(blocks.height // max(given.blocks, 1), 1)).head(given.blocks)
    total: dict[str, float] = {}
    began = time.process_time()
    for key in blocks.iter_rows(named=True):
        block = rows.filter(*(pl.col(name) == value for name, value in key.items()))
        for name, count in compared(block, Effort(greedy=300, exact=0), numbers).items():
            total[name] = total.get(name, 0) + count
    sys.stdout.write(f"{blocks.height} blocks: {total} in {time.process_time() - began:.0f} cpu s\n")
    for wave, grade, index_key in given.family:
        began = time.process_time()
        family = rows.filter(pl.col("wave") == int(wave), pl.col("grade") == grade, pl.col("index_key") == index_key)
        found = compared(family, Effort(greedy=0, exact=0), numbers)
        sys.stdout.write(f"{wave} {grade} {index_key}: {found} in {time.process_time() - began:.0f} cpu s\n")


if __name__ == "__main__":
    main()
