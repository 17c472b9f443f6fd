"""Harmonised layer: what the forms say about activities and preconditions, and what workshops have decided."""

from collections.abc import Sequence

import dagster as dg
import polars as pl

from assets.forms.harmonise import activity_answers, decisions, readiness_ratings, standing
from assets.forms.tables import ANSWERS_SCHEMA
from assets.intake.names import in_markdown
from assets.raw_forms import ANSWERS, stored_files
from assets.texts import asset_text, op_text
from pipelines.resources import Store

TABLES = ("activity_answers", "readiness_ratings", "decisions")


@dg.multi_asset(
    outs={name: dg.AssetOut(key=["harmonised", name], description=asset_text("harmonised", name)) for name in TABLES},
    deps=[["raw", "form_files"], ["raw", "form_answers"]],
    name="harmonised_forms",
    description=op_text("harmonised_forms"),
    group_name="harmonised",
)
def harmonised_forms(context: dg.AssetExecutionContext, store: Store):
    """Only the newest of several files about the same thing counts; about preconditions every file is a rater."""
    files, answers = stored_files(store.warehouse), store.warehouse.read(ANSWERS)
    if not answers.width:
        answers = pl.DataFrame(schema=ANSWERS_SCHEMA)
    yield dg.Output(activity_answers(files, answers), output_name="activity_answers", metadata=_replaced(files, "activities"))
    alike = standing(files, "readiness", answers).notes
    yield dg.Output(
        readiness_ratings(files, answers), output_name="readiness_ratings", metadata={"går inte att skilja åt": _list(alike)}
    )
    yield dg.Output(decisions(files, answers), output_name="decisions", metadata=_replaced(files, "decisions"))


def _replaced(files: pl.DataFrame, kind: str) -> dict[str, dg.MarkdownMetadataValue]:
    return {"ersatta": _list(standing(files, kind).notes)}


def _list(notes: Sequence[str]) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md("\n".join(f"- {in_markdown(n)}" for n in notes) or "Inga.")


ASSETS = [harmonised_forms]
