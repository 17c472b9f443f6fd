"""Indices layer: is the measurement behind each index what it promises? One run over all waves together.

Not sliced by wave: whether a question means the same in every wave, and whether it has drifted, can only be judged on the waves
together, so a new or corrected wave judges each index anew that some of its answers are about (`docs/methods/psykometri.md`).
"""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.catalogue.models import IndexFile
from assets.catalogue.psychometric_models import PsychometricRules
from assets.failures import as_failure
from assets.indices import counted_answers, removing
from assets.kept_tables import made_or_kept
from assets.methods.psychometric_table import ANSWER_KEYS, psychometric_table
from assets.psychometric_sentences import steward_text
from assets.slices import WAVES
from assets.texts import asset_text
from assets.validated import RESPONSES
from assets.worker_pool import shared_out
from pipelines.resources import RunChoices, Store
from pipelines.warehouse import TableName, Warehouse

PSYCHOMETRICS = TableName("indices", "psychometrics")


@dg.asset(
    key=["indices", "psychometrics"],
    deps=[dg.AssetDep(["validated", "survey_responses"], partition_mapping=dg.AllPartitionMapping())],
    group_name="indices",
    description=asset_text("indices", "psychometrics"),
)
def indices_psychometrics(store: Store, choices: RunChoices) -> dg.Output[pl.DataFrame]:
    """Judge every index on the answers of all waves."""
    catalogue = load_catalogue()
    with as_failure():
        table = psychometrics(store.warehouse, catalogue, removal=removing(catalogue, choices))
    verdicts = table.filter("decides")["verdict"].value_counts().sort("verdict").iter_rows()
    words = catalogue.psychometric_texts.verdicts
    metadata = {f"kriterier: {words[verdict].lower()}": n for verdict, n in verdicts if verdict in words}
    return dg.Output(table, metadata=metadata | {"indexanatomi": dg.MetadataValue.md(steward_text(table, catalogue))})


def psychometrics(warehouse: Warehouse, catalogue: Catalogue, *, removal: bool) -> pl.DataFrame:
    """`indices.psychometrics` of the warehouse's validated answers.

    An index is judged on its own questions alone, so one of whose questions no answer has changed keeps its rows.
    """
    items = {index.key: sorted({part.item for part in index.items}) for index in catalogue.index_file.indices}
    inputs = {
        key: [
            removal,
            catalogue.content_hash,
            *warehouse.hashes(RESPONSES, columns=[*ANSWER_KEYS, "screened_out", *own]).values(),
        ]
        for key, own in items.items()
    }

    def to_judge(key: str) -> tuple[pl.DataFrame, IndexFile, PsychometricRules]:
        answers = counted_answers(warehouse, catalogue, list(WAVES), removal=removal, columns=[*ANSWER_KEYS, *items[key]])
        only = [index for index in catalogue.index_file.indices if index.key == key]
        return answers, catalogue.index_file.model_copy(update={"indices": only}), catalogue.psychometrics

    def judged(keys: list[str]) -> Iterator[pl.DataFrame]:
        return shared_out(psychometric_table, map(to_judge, keys))

    return made_or_kept(warehouse, PSYCHOMETRICS, "index_key", inputs, judged)


ASSETS = [indices_psychometrics]
