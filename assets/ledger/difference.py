"""Two runs compared, from the ledger and the kept numbers."""

from __future__ import annotations

import polars as pl

from assets.ledger import snapshots, store
from assets.ledger.compare import Difference, cell_changes, differing, listed_changes, named_changes, table_changes
from assets.ledger.types import Bundle, Definition, Input, Output, Run
from pipelines.paths import Paths


def difference(paths: Paths, first: int, second: int) -> Difference:
    """What changed from the earlier to the later of two runs.

    Raises:
        PipelineError: `no_such_run`.
    """
    before, after = (store.run(paths, number) for number in sorted((first, second)))
    cells, unknown, differed = _numbers(paths, before, after)
    bundles = [
        {one.bundle: one.manifest_sha256 for one in store.listed(paths, Bundle, run.bundles_id)} for run in (before, after)
    ]
    return Difference(
        before,
        after,
        inputs=tuple(listed_changes(*(_inputs(paths, run) for run in (before, after)))),
        definitions=tuple(listed_changes(*(_definitions(paths, run) for run in (before, after)))),
        choices=tuple(named_changes("val", before.choices, after.choices)),
        bundles=tuple(named_changes("rapportpaket", *bundles)),
        tables=table_changes(cells, unknown, differed),
        cells=cells,
    )


def _inputs(paths: Paths, run: Run) -> list[tuple[str, str, str]]:
    return [(one.kind, one.name, one.sha256) for one in store.listed(paths, Input, run.inputs_id)]


def _definitions(paths: Paths, run: Run) -> list[tuple[str, str, str]]:
    return [(one.kind, one.name, one.version) for one in store.listed(paths, Definition, run.definitions_id)]


def _numbers(paths: Paths, before: Run, after: Run) -> tuple[pl.DataFrame, list[str], list[str]]:
    """The numbers that differ; tables whose numbers are kept no longer; all tables of numbers that differ."""
    outputs = [snapshots.numbered(store.listed(paths, Output, run.outputs_id)) for run in (before, after)]
    found, unknown, differed = [], [], []
    for then, now in differing(*outputs):
        name = (then or now).table_name.removeprefix(f"{snapshots.LAYER}.")
        differed.append(name)
        frames = [snapshots.read(paths, one) if one else None for one in (then, now)]
        if any(one is not None and frame is None for one, frame in zip((then, now), frames, strict=True)):
            unknown.append(name)
        else:
            found.append(cell_changes(*(None if f is None else snapshots.as_cells(name, f) for f in _without_same(*frames))))
    return pl.concat(found or [cell_changes(None, None)]), unknown, differed


def _without_same(before: pl.DataFrame | None, after: pl.DataFrame | None) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """The frames without the rows that both have: most of them, and as cells they would be several million."""
    if before is None or after is None or before.schema != after.schema:
        return before, after
    on = before.columns
    return (
        before.join(after, on=on, how="anti", nulls_equal=True),
        after.join(before, on=on, how="anti", nulls_equal=True),
    )
