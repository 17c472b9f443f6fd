"""Release layer for the choice of limits: the county's shares under each, in whole per cent."""

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import INTERNAL, released_editions
from assets.failures import as_failure
from assets.indices_cutoffs import ALTERNATIVES, CUTOFF_COUNTS
from assets.methods.cutoff_publish import published_alternatives
from assets.methods.disclosure import load_policy
from assets.methods.editions import both_editions, masked
from assets.methods.withheld import without_exact
from assets.release_repairs import current_repairs, held_back_parts
from assets.release_series import INDEX_RESULTS
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import Warehouse


@dg.asset(
    key=["release", "cutoff_sensitivity"],
    deps=[
        ["indices", "cutoff_alternatives"],
        ["indices", "cutoff_counts"],
        dg.AssetDep(["release", "index_results"], partition_mapping=dg.AllPartitionMapping()),
    ],
    group_name="release",
    description=asset_text("release", "cutoff_sensitivity"),
)
def release_cutoff_sensitivity(store: Store) -> dg.Output[pl.DataFrame]:
    """Round and protect the county's shares under every limit."""
    with as_failure():
        catalogue = load_catalogue()
        editions = released_editions(catalogue)
        parts = {edition: released_alternatives(store.warehouse, catalogue, edition) for edition in editions}
        rest = {edition: masked("cutoff_sensitivity", parts[editions[0]], parts[edition]) for edition in editions[1:]}
        safe = without_exact("cutoff_sensitivity", parts | rest, load_policy(catalogue.disclosure))
        repairs = current_repairs(store.warehouse, catalogue)
        table = both_editions("cutoff_sensitivity", held_back_parts("cutoff_sensitivity", safe, repairs))
    return dg.Output(table, metadata={"andelar": shares_text(table.filter(pl.col("edition") == INTERNAL))})


def released_alternatives(warehouse: Warehouse, catalogue: Catalogue, edition: str) -> pl.DataFrame:
    """`release.cutoff_sensitivity` of all waves."""
    columns = ["area_level", "area_code", "wave", "grade", "sex", "index_key", "measure", "n", "reason"]
    return published_alternatives(
        warehouse.read(CUTOFF_COUNTS),
        warehouse.read(ALTERNATIVES),
        warehouse.read(INDEX_RESULTS, {"edition": [edition], "area_level": ["county"]}, columns),
        {index.key: index.kind for index in catalogue.indices},
        catalogue.disclosure,
        edition,
        catalogue.area_names,
    )


def shares_text(table: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """Per cent in the focus group of the latest wave for the steward: what is released, and nothing else."""
    latest = table.filter(pl.col("wave") == pl.col("wave").max())
    sets = list(latest["cut_set"].unique(maintain_order=True))
    lines = ["| index | årskurs | " + " | ".join(sets) + " |", "|" + "---|" * (len(sets) + 2)]
    for (key, grade), part in latest.group_by("index_key", "grade", maintain_order=True):
        found = {
            name: "visas inte" if value is None else f"{value:.0f}" for name, value in part.select("cut_set", "value").iter_rows()
        }
        lines.append(f"| {key} | {grade} | " + " | ".join(found.get(name, "") for name in sets) + " |")
    return dg.MetadataValue.md("\n".join(lines))


ASSETS = [release_cutoff_sensitivity]
