"""Release layer for associations: the county's, rounded, worded as association."""

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import released_editions, require_cutoffs
from assets.failures import as_failure
from assets.indices_associations import ASSOCIATIONS
from assets.methods.associations_table import published_associations
from assets.methods.bands import FOCUS_BAND
from assets.methods.disclosure import load_policy
from assets.methods.editions import both_editions, masked
from assets.methods.withheld import without_exact
from assets.release_repairs import current_repairs, held_back_parts
from assets.release_series import INDEX_RESULTS
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

INDICATOR_RESULTS = TableName("release", "indicator_results")


@dg.asset(
    key=["release", "associations"],
    deps=[
        ["indices", "associations"],
        dg.AssetDep(["release", "index_results"], partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep(["release", "indicator_results"], partition_mapping=dg.AllPartitionMapping()),
    ],
    group_name="release",
    description=asset_text("release", "associations"),
)
def release_associations(store: Store) -> dg.Output[pl.DataFrame]:
    """Round and protect the county's associations."""
    catalogue = load_catalogue()
    with as_failure():
        require_cutoffs(store.warehouse, INDEX_RESULTS, catalogue)
        editions = released_editions(catalogue)
        parts = {edition: released_associations(store.warehouse, catalogue, edition) for edition in editions}
        rest = {edition: masked("associations", parts[editions[0]], parts[edition]) for edition in editions[1:]}
        safe = without_exact("associations", parts | rest, load_policy(catalogue.disclosure))
        table = both_editions("associations", held_back_parts("associations", safe, current_repairs(store.warehouse, catalogue)))
    said = "\n".join(f"- {text}" for text in table["sentence"].drop_nulls().unique(maintain_order=True))
    return dg.Output(table, metadata={"samband": dg.MetadataValue.md(said or "Inga samband visas.")})


def released_associations(warehouse: Warehouse, catalogue: Catalogue, edition: str) -> pl.DataFrame:
    """`release.associations`."""
    table = warehouse.read(ASSOCIATIONS)
    words = catalogue.factors.focus_words
    labels = {i.key: f"{words[i.kind]} ({i.label_sv[:1].lower()}{i.label_sv[1:]})" for i in catalogue.indices}
    return published_associations(
        table,
        _shown(warehouse, catalogue, table, edition),
        load_policy(catalogue.disclosure),
        edition,
        frozenset(i.id for i in catalogue.indicator_file.indicators if i.sensitive),
        catalogue.comparison.false_discovery_rate,
        catalogue.statistics.association.words,
        {"factor": labels, "outcome": catalogue.factors.phrases, "area": catalogue.area_names},
    )


def _shown(warehouse: Warehouse, catalogue: Catalogue, table: pl.DataFrame, edition: str) -> pl.DataFrame:
    """Pairs whose factor's focus share and outcome's share the county publishes, all pupils."""
    where = {"edition": [edition], "area_level": ["county"], "sex": ["all"], "reason": ["ok"]}
    focus = {i.key: f"share_band{FOCUS_BAND[i.kind]}" for i in catalogue.indices}
    factors = warehouse.read(INDEX_RESULTS, where, ["wave", "grade", "index_key", "measure"])
    factors = factors.filter(pl.col("measure") == pl.col("index_key").replace_strict(focus, default=""))
    outcomes = warehouse.read(INDICATOR_RESULTS, where | {"measure": ["share"]}, ["wave", "grade", "indicator"])
    pairs = table.select("wave", "grade", "factor", "outcome").unique()
    pairs = pairs.join(factors.select("wave", "grade", factor="index_key"), on=["wave", "grade", "factor"], how="semi")
    return pairs.join(outcomes.select("wave", "grade", outcome="indicator"), on=["wave", "grade", "outcome"], how="semi")


ASSETS = [release_associations]
