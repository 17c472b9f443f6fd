"""Release layer against everything published before: the register is read, and a conflict with it stops the release."""

from collections.abc import Sequence

import dagster as dg
import polars as pl

from assets.asset_keys import only_reached
from assets.catalogue.load import Catalogue, load_catalogue
from assets.failures import as_failure
from assets.methods.disclosure import load_policy
from assets.methods.publish import provenance
from assets.methods.score_scale import policy_for
from assets.raw import DELIVERIES as RAW_DELIVERIES
from assets.release_register.cells import cells_of
from assets.release_register.conflicts import find_conflicts
from assets.release_register.draws import noise_taken_off, too_many_draws
from assets.release_register.history import history, kept_patterns, kept_series
from assets.release_register.inputs import inputs_of, same_pupils, with_state
from assets.release_register.newcomers import joined
from assets.release_register.rules import LOGIT_WIDTH, POINTS_WIDTH, conflict_rules
from assets.release_register.store import read_cells, read_register
from assets.release_register.types import Inputs
from assets.release_register.windows import FAMILIES
from assets.release_register.words import Texts, conflict_error, conflict_rows, entry_rows
from assets.texts import asset_text, register_texts
from assets.validated import DELIVERIES
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

EARLIER = TableName("release", "earlier_releases")
COMPARED = ("accumulated_results", "index_results", "indicator_results", "response_rates")
CURRENT = "ny"
"""Stands for the release that isn't published yet."""


@dg.asset(
    key=["release", "earlier_releases"],
    deps=[
        dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping())
        for key in only_reached(*(f"release/{name}" for name in (*COMPARED, "provenance", "screen_sensitivity")))
    ],
    group_name="release",
    description=asset_text("release", "earlier_releases"),
)
def release_earlier_releases(store: Store) -> dg.Output[pl.DataFrame]:
    """What has been published, and where the new release would tell more together with it: then it stops, and nothing is out."""
    texts = register_texts()
    with as_failure():
        table = compared_with_register(store.warehouse, load_catalogue(), texts)
        problem = conflict_error(table, texts)
        if problem:
            store.warehouse.replace(EARLIER, table, None)  # so that reports made by hand stop too, and the steward can read it
            raise problem
    return dg.Output(table, metadata={"utgivna paket": table.height, "konflikter": 0})


def compared_with_register(warehouse: Warehouse, catalogue: Catalogue, texts: Texts) -> pl.DataFrame:
    """`release.earlier_releases`: a row per entry of the register, and per conflict with it."""
    root = warehouse.path.parent
    entries = read_register(root).entries
    if not entries:
        return entry_rows([])
    inputs = current_inputs(warehouse, catalogue)
    earlier = history(entries, lambda digest: _compared(read_cells(root, digest)))
    areas, waves = (sorted(earlier[name].unique().to_list()) for name in ("area_code", "wave"))
    where = {"wave": waves} if any("-" in area for area in areas) else {"wave": waves, "area_code": areas}
    tables = {name: warehouse.read(TableName("release", name), where) for name in COMPARED}
    current = with_state(_compared(cells_of(tables)), inputs).with_columns(release_id=pl.lit(CURRENT), published_on=pl.lit(""))
    policy = load_policy(policy_for(catalogue.disclosure, catalogue.index_file))
    series = {one.id for one in catalogue.indicator_file.indicators if one.sensitive}
    width = LOGIT_WIDTH if catalogue.index_file.model == "pcm" else POINTS_WIDTH
    noisy = policy.cell_key.tables
    drawn = [too_many_draws(earlier, current, noisy, policy.cell_key.most_draws), noise_taken_off(earlier, current)]
    earlier = earlier.filter(~pl.col("noisy"))  # what has noise bounds nothing; exact numbers beside it are refused as such
    if noisy:  # windows of exact counts mean nothing beside noise, and noise is the remedy for such conflicts
        exact = ~pl.col("table_name").is_in([*noisy, "response_rates"])
        earlier, current = earlier.filter(exact), current.filter(exact)
    numbers = [entry.new.inputs.numbers for entry in entries]
    rules = conflict_rules(policy, {*policy.sensitive_indices, *series}, width, numbers)
    conflicts = pl.concat(
        [find_conflicts(earlier, current, rules, joined((entry.new.inputs for entry in entries), inputs)), *drawn]
    )
    told = [
        (
            n.release_id,
            n.published_on,
            n.area_code,
            n.wave,
            n.edition,
            n.bundle,
            (n.area_code, n.wave) in same_pupils(n.inputs, inputs),
        )
        for n in (entry.new for entry in entries)
    ]
    return pl.concat([conflict_rows(conflicts, texts, catalogue.area_names), entry_rows(told)])


def _compared(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells that the comparison looks at: numbers of pupils, and means of the same pupils."""
    measures = [measure for family in FAMILIES for measure in (family.total, *family.parts, *family.moments)]
    return cells.filter(pl.col("table_name").is_in(COMPARED), pl.col("measure").is_in([*measures, "schools_participating"]))


def current_inputs(warehouse: Warehouse, catalogue: Catalogue) -> Inputs:
    """What the warehouse's release is made from."""
    deliveries, raw = warehouse.read(DELIVERIES), warehouse.read(RAW_DELIVERIES)
    no_files = pl.DataFrame(schema={"source_file": pl.String, "source_sha256": pl.String})
    told = provenance(deliveries, raw, no_files, [])
    removal = warehouse.read(TableName("indices", "screen_sensitivity"), columns=["wave", "removal"])
    screen = dict(removal.unique().sort("wave").iter_rows()) if removal.width else {}
    return inputs_of(told, screen, catalogue)


def kept_cells(warehouse: Warehouse, catalogue: Catalogue, edition: str, table: str) -> pl.DataFrame | None:
    """Cells that stay hidden as in an earlier release of the same pupils, for `keep`; None when nothing is published."""
    earlier = _published(warehouse)
    return None if earlier is None else kept_patterns(earlier, current_inputs(warehouse, catalogue), edition, table)


def kept_questions(warehouse: Warehouse, catalogue: Catalogue, editions: Sequence[str]) -> dict[str, pl.DataFrame | None]:
    """Per edition the single questions and scales that stay hidden as in an earlier release of the same pupils; None when nothing
    is published."""
    earlier = _published(warehouse)
    if earlier is None:
        return dict.fromkeys(editions)
    inputs = current_inputs(warehouse, catalogue)
    return {edition: kept_series(earlier, inputs, edition) for edition in editions}


def _published(warehouse: Warehouse) -> pl.DataFrame | None:
    """The compared cells of all that is in the register; None when nothing is."""
    root = warehouse.path.parent
    entries = read_register(root).entries
    return history(entries, lambda digest: _compared(read_cells(root, digest))) if entries else None


ASSETS = [release_earlier_releases]
