"""An ephemeral context of Great Expectations: nothing on disk, nothing sent, no pages. Importing the library takes seconds."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.data_context import EphemeralDataContext


def ephemeral_context(sites: dict[str, Any] | None = None) -> EphemeralDataContext:
    """A context in memory. `sites`: Data Docs to be built (none; the library's default would leave folders behind)."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False), data_docs_sites=sites or {}
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    context.variables.progress_bars = {"globally": False}
    return context


@lru_cache(maxsize=1)
def frame_batches() -> BatchDefinition[None]:
    """Where frames are given to be judged one after the other; made once a process, as that takes longer than most rules."""
    source = ephemeral_context().data_sources.add_pandas("frames")
    return source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("batch")
