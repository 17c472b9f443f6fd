"""Release layer for the measurement of the indices: definitions, verdicts and sentences that every bundle shows alike."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.failures import as_failure
from assets.indices_psychometrics import PSYCHOMETRICS
from assets.methods.index_anatomy import index_anatomy
from assets.psychometric_sentences import item_labels
from assets.texts import asset_text
from pipelines.resources import RunChoices, Store


@dg.asset(
    key=["release", "index_anatomy"],
    deps=[["indices", "psychometrics"]],
    group_name="release",
    description=asset_text("release", "index_anatomy"),
)
def release_index_anatomy(store: Store, choices: RunChoices) -> dg.Output[pl.DataFrame]:
    """What each index is made of and how its measurement is judged; nothing measured on too few."""
    catalogue = load_catalogue()
    with as_failure():
        table = index_anatomy(
            store.warehouse.read(PSYCHOMETRICS),
            catalogue.index_file,
            item_labels(catalogue),
            catalogue.psychometric_texts,
            catalogue.psychometrics,
            choices.edition,
        )
    return dg.Output(table, metadata={"utgåva": choices.edition, "index": table["index_key"].n_unique()})


ASSETS = [release_index_anatomy]
