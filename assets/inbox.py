"""Inbox: the files a person drops. External to the pipeline; Dagster shows them as the start of the lineage."""

import dagster as dg

from assets.texts import asset_text

survey_files = dg.AssetSpec(
    ["inbox", "survey_files"],
    group_name="inbox",
    description=asset_text("inbox", "survey_files"),
)
register_files = dg.AssetSpec(
    ["inbox", "register_files"],
    group_name="inbox",
    description=asset_text("inbox", "register_files"),
)
form_files = dg.AssetSpec(
    ["inbox", "form_files"],
    group_name="inbox",
    description=asset_text("inbox", "form_files"),
)
ASSETS = [survey_files, register_files, form_files]
