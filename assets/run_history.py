"""The latest runs as a table in Dagster: read from the ledger, which outlives Dagster's own storage. Nothing reads it."""

import dagster as dg

from assets.ledger import store
from assets.ledger.types import DONE, RUNNING
from assets.ledger.words import markdown
from assets.texts import asset_text
from pipelines.resources import Store

MOST = 25


@dg.asset(key=["quality", "run_history"], group_name="quality", description=asset_text("quality", "run_history"))
def quality_run_history(store: Store) -> dg.MaterializeResult:
    """The latest runs, latest first."""
    return dg.MaterializeResult(metadata=history_metadata(store))


def history_metadata(data: Store) -> dict[str, object]:
    """Counts, and the table."""
    runs = store.runs(data.paths)
    return {
        "dagster/row_count": len(runs),
        "körningar som inte blev klara": sum(one.outcome not in (DONE, RUNNING) for one in runs),
        "körningar": dg.MetadataValue.md(markdown(runs, MOST)),
        "mer": "did historik visar alla, en körning eller vad som ändrades mellan två.",
    }


ASSETS = [quality_run_history]
