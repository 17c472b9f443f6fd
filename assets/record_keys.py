"""Where record keys are put on harmonised answers: only when the policy has noise, and the respondent number stays in raw."""

import re
from collections.abc import Sequence

import polars as pl

from assets.catalogue.load import Catalogue, active_profile
from assets.hygiene.cell_key_secret import cell_key_secret
from assets.methods.disclosure_policy import load_policy
from assets.methods.harmonise import DeliveryInput
from assets.methods.record_identity import with_record_keys
from pipelines.paths import Paths

REGISTER = "register"
_WHOLE = re.compile(r"[.,]0+$")


def keyed(rows: pl.DataFrame, inputs: Sequence[DeliveryInput], catalogue: Catalogue, paths: Paths) -> pl.DataFrame:
    """The rows with `record_key` when some table gets noise by cell key; else as they are.

    Raises:
        PipelineError: see `cell_key_secret`.
    """
    if not load_policy(catalogue.disclosure).cell_key.active:
        return rows
    secret = cell_key_secret(paths.keys(active_profile()), paths.root / REGISTER)
    numbers = [_numbers(one) for one in inputs]
    schema = {"respondent_key": pl.String, "respondent": pl.String}
    return with_record_keys(
        rows, pl.concat([pl.DataFrame(schema=schema), *numbers]), [item.key for item in catalogue.survey.items], secret
    )


def _numbers(delivery: DeliveryInput) -> pl.DataFrame:
    """`respondent_key, respondent`: the delivery's own respondent numbers; none when it hasn't any."""
    cells = delivery.coded
    name = next((n for n in delivery.codebook.columns.respondent if n in cells.columns), None)
    if name is None:
        return pl.DataFrame(schema={"respondent_key": pl.String, "respondent": pl.String})
    rows = pl.DataFrame([delivery.source_row.rename("source_row"), cells[name].words(_number).rename("respondent")])
    key = pl.format("{}-{}", pl.lit(delivery.delivery_id), "source_row")
    return rows.select(key.alias("respondent_key"), "respondent")


def _number(text: str) -> str:
    """A respondent number as one delivery after the other writes it: 12 and 12.0 are the same."""
    return _WHOLE.sub("", text.strip())
