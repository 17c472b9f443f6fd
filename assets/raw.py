"""Raw layer: files from the inbox as all-text tables with provenance. Nothing is cleaned here."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.intake.receive import inbox_files, receive
from assets.intake.tables import delivery_rows, rejected_rows, response_rows
from assets.registers.pipeline import read_register_files
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.table_metadata import count_table, table_metadata
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import TableName

DELIVERIES = TableName("raw", "survey_deliveries")
RESPONSES = TableName("raw", "survey_responses")
REJECTED = TableName("raw", "rejected_files")
REGISTER_ROWS = TableName("raw", "register_rows")


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["raw", "survey_responses"],
            deps=[["inbox", "survey_files"]],
            description=asset_text("raw", "survey_responses"),
        ),
        dg.AssetSpec(
            ["raw", "survey_deliveries"],
            deps=[["inbox", "survey_files"]],
            description=asset_text("raw", "survey_deliveries"),
        ),
    ],
    name="raw_survey",
    group_name="raw",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def raw_survey(context: dg.AssetExecutionContext, store: Store):
    """Read what is new in the inbox; files that can't be read are set aside and the others go on."""
    waves = int_keys(context, WAVES)
    warehouse, paths = store.warehouse, store.paths
    known = warehouse.read(DELIVERIES, {"wave": waves})
    complete = _complete(known, waves)
    files = inbox_files(paths.surveys)
    taken, refused = receive(files, paths.archive, paths.rejected, load_catalogue().codebooks, complete)
    deliveries, responses = delivery_rows(taken, waves), response_rows(taken, waves)
    ids = deliveries["delivery_id"].unique().to_list()
    slices = {"delivery_id": ids, "wave": waves}
    if ids:
        warehouse.replace(RESPONSES, responses, slices)
        warehouse.replace(DELIVERIES, deliveries, slices)
    if refused:
        warehouse.replace(REJECTED, rejected_rows(refused), {"sha256": [r.sha256 for r in refused]})
    held = warehouse.read(DELIVERIES, {"wave": waves})
    notes = dg.MetadataValue.md("\n".join(f"- {r.sentence}" for r in refused) or "Inga filer sattes åt sidan.")
    common = {"nya filer": len(taken), "avvisade filer": len(refused), "avvisade": notes}
    rows = int(held["rows"].sum()) if held.height else 0
    yield dg.MaterializeResult(asset_key=["raw", "survey_responses"], metadata=common | {"dagster/row_count": rows})
    table = (
        count_table(held, ["wave", "codebook"], ["mättillfälle", "kodbok"])
        if held.height
        else dg.MetadataValue.md("Inga leveranser.")
    )
    yield dg.MaterializeResult(
        asset_key=["raw", "survey_deliveries"], metadata=common | table_metadata(held) | {"leveranser": table}
    )


def _complete(known: pl.DataFrame, waves: list[int]) -> frozenset[str]:
    """Hashes of files that have already been read for every wave of this run that they hold.

    A file's waves are known only when it has been read for all of them, so a run of one wave re-reads the file.
    """
    if known.is_empty() or set(waves) != set(WAVES):
        return frozenset()
    return frozenset(known["source_sha256"].unique().to_list())


@dg.asset(
    key=["raw", "register_rows"],
    deps=[["inbox", "register_files"]],
    group_name="raw",
    description=asset_text("raw", "register_rows"),
)
def raw_register_rows(context: dg.AssetExecutionContext, store: Store) -> dg.MaterializeResult:
    """Read every register file in the inbox; unreadable ones are set aside."""
    rows, refused = read_register_files(inbox_files(store.paths.registers), store.paths.archive, store.paths.rejected)
    store.warehouse.replace(REGISTER_ROWS, rows, None)
    if refused:
        store.warehouse.replace(REJECTED, rejected_rows(refused), {"sha256": [r.sha256 for r in refused]})
    notes = dg.MetadataValue.md("\n".join(f"- {r.sentence}" for r in refused) or "Inga filer sattes åt sidan.")
    return dg.MaterializeResult(metadata=table_metadata(rows) | {"avvisade filer": len(refused), "avvisade": notes})


ASSETS = [raw_survey, raw_register_rows]
