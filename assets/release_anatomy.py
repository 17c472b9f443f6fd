"""Release layer for the measurement of the indices: definitions, verdicts and sentences that every bundle shows alike."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.cutoff_guard import released_editions
from assets.failures import as_failure
from assets.indices_psychometrics import PSYCHOMETRICS
from assets.methods.editions import both_editions
from assets.methods.index_anatomy import index_anatomy
from assets.psychometric_sentences import item_labels
from assets.texts import asset_text
from pipelines.resources import Store


@dg.asset(
    key=["release", "index_anatomy"],
    deps=[["indices", "psychometrics"]],
    group_name="release",
    description=asset_text("release", "index_anatomy"),
)
def release_index_anatomy(store: Store) -> dg.Output[pl.DataFrame]:
    """What each index is made of and how its measurement is judged, alike in all editions; nothing measured on too few."""
    catalogue = load_catalogue()
    with as_failure():
        measured, labels = store.warehouse.read(PSYCHOMETRICS), item_labels(catalogue)
        rules = catalogue.psychometric_texts, catalogue.psychometrics
        table = both_editions(
            "index_anatomy",
            {e: index_anatomy(measured, catalogue.index_file, labels, *rules, e) for e in released_editions(catalogue)},
        )
    return dg.Output(table, metadata={"index": table["index_key"].n_unique()})


ASSETS = [release_index_anatomy]
