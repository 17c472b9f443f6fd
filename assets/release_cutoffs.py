"""Release layer for the choice of limits: the county's shares under each, in whole per cent."""

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.failures import as_failure
from assets.indices_cutoffs import ALTERNATIVES, CUTOFF_COUNTS
from assets.methods.cutoff_publish import published_alternatives
from assets.release_series import INDEX_RESULTS
from assets.texts import asset_text
from pipelines.resources import RunChoices, Store
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
def release_cutoff_sensitivity(store: Store, choices: RunChoices) -> dg.Output[pl.DataFrame]:
    """Round and protect the county's shares under every limit."""
    with as_failure():
        table = released_alternatives(store.warehouse, load_catalogue(), choices.edition)
    return dg.Output(table, metadata={"utgåva": choices.edition, "andelar": shares_text(table)})


def released_alternatives(warehouse: Warehouse, catalogue: Catalogue, edition: str) -> pl.DataFrame:
    """`release.cutoff_sensitivity` of all waves."""
    columns = ["area_level", "area_code", "wave", "grade", "sex", "index_key", "measure", "n", "reason"]
    return published_alternatives(
        warehouse.read(CUTOFF_COUNTS),
        warehouse.read(ALTERNATIVES),
        warehouse.read(INDEX_RESULTS, {"area_level": ["county"]}, columns),
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
