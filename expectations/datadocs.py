"""Great Expectations' own pages about the suites: only on demand, only yes and no.

The pages are in English and fetch their looks from outside hosts, so they are built behind a flag and never by a run
(docs/adr/0004). They are made from results of `BOOLEAN_ONLY`: no cell's value can stand in them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from expectations.context import ephemeral_context
from expectations.run import build_expectations, rule_columns, to_pandas, why_not_tried
from expectations.suite import Suite

NOTE = "LAS_MIG.txt"
NOTE_SV = """Sidor som Great Expectations har byggt om kontrollerna

Öppna index.html i en webbläsare. Sidorna är på engelska och hämtar typsnitt, stilar och skript från andra datorer på
internet; utan nät ser de inte ut som tänkt. Därför byggs de bara när någon ber om det, och ingen körning behöver dem.

Här står bara om varje regel höll eller inte, aldrig några svar. Lägg ändå inte ut sidorna öppet: de säger vilka leveranser och
tabeller som finns. Det som är skrivet för dig som tar emot leveranser finns i Dagster och i docs/steward/kontroller.md.
"""
Tried = tuple[Suite, Mapping[str, pl.DataFrame], Mapping[str, Any]]


def build_data_docs(folder: Path, tables: list[Tried]) -> int:
    """Evaluate the suites and write the pages to `folder`, with a note in Swedish.

    Args:
        tables: suite, its views and parameters. A view without rows is left out: nothing would be tried on it.

    Returns:
        How many views were judged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.resolve())}
    site = {"class_name": "SiteBuilder", "store_backend": store, "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"}}
    judged = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third-party deprecations inside the library
        context = ephemeral_context({"kontroller": site})
        source = context.data_sources.add_pandas("tabeller")
        for suite, views, parameters in tables:
            for view in dict.fromkeys(r.view for r in suite.rules):
                judged += _judge(context, source, suite, view, views[view], parameters)
        context.build_data_docs()
    (folder / NOTE).write_text(NOTE_SV, encoding="utf-8", newline="\n")
    return judged


def _judge(context: Any, source: Any, suite: Suite, view: str, frame: pl.DataFrame, parameters: Mapping[str, Any]) -> int:
    """Validate one view and keep its result in the context; 1 when there was anything to try."""
    import great_expectations as gx

    rules = [r for r in suite.rules if r.view == view and not why_not_tried(r, frame, parameters, frame)]
    if not rules or frame.is_empty():
        return 0
    name = f"{suite.table.replace('/', '.')}.{view}"
    pairs = [(r, rule_columns(r, parameters)) for r in rules]
    built = gx.ExpectationSuite(name=name, expectations=build_expectations(pairs, parameters))
    context.suites.add(built)
    batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe(name)
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=built))
    definition.run(batch_parameters={"dataframe": to_pandas(frame, pairs)}, result_format="BOOLEAN_ONLY")
    return 1
