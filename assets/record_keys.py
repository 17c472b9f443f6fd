"""Where record keys are put on the counted answers: only when the policy has noise."""

import polars as pl

from assets.catalogue.load import Catalogue, active_profile
from assets.hygiene.cell_key_secret import cell_key_secret
from assets.methods.disclosure_policy import load_policy
from assets.methods.record_identity import with_record_keys
from pipelines.paths import Paths

REGISTER = "register"


def keyed(answers: pl.DataFrame, catalogue: Catalogue, paths: Paths) -> pl.DataFrame:
    """Counted answers of whole waves with `record_key` when some table gets noise by cell key; else as they are.

    Raises:
        PipelineError: see `cell_key_secret`.
    """
    if not load_policy(catalogue.disclosure).cell_key.active:
        return answers
    secret = cell_key_secret(paths.keys(active_profile()), paths.root / REGISTER)
    return with_record_keys(answers, [item.key for item in catalogue.survey.items], secret)
