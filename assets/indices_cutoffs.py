"""Indices layer: how the limits of the indices would be drawn by other rules, and who would fall beyond them in the county.

Not sliced by wave: recomputed limits are made from all waves together, so each new wave makes the whole tables anew.
"""

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.failures import as_failure
from assets.indices import PERSONS
from assets.methods.bands import tie_mass
from assets.methods.cutoff_sets import KEYS, RECOMPUTED, county_counts, cut_alternatives, published_pupils
from assets.methods.persons import cut_set
from assets.texts import asset_text, op_text
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

ALTERNATIVES = TableName("indices", "cutoff_alternatives")
CUTOFF_COUNTS = TableName("indices", "cutoff_counts")


@dg.multi_asset(
    outs={
        "cutoff_alternatives": dg.AssetOut(
            key=["indices", "cutoff_alternatives"], description=asset_text("indices", "cutoff_alternatives")
        ),
        "cutoff_counts": dg.AssetOut(key=["indices", "cutoff_counts"], description=asset_text("indices", "cutoff_counts")),
    },
    deps=[dg.AssetDep(["indices", "person_scores"], partition_mapping=dg.AllPartitionMapping())],
    name="indices_cutoffs",
    description=op_text("indices_cutoffs"),
    group_name="indices",
)
def indices_cutoffs(store: Store):
    """Draw the limits by every rule and count the county's pupils beyond them."""
    catalogue = load_catalogue()
    with as_failure():
        persons = scored_pupils(store.warehouse, catalogue)
        cuts, counts = cutoff_tables(persons, catalogue)
        ties = tie_mass(persons, catalogue.index_file.keys, cut_set(catalogue.cutoffs))
    told = {"gränser": limits_text(cuts), "elever på gränsen": ties_text(ties)}
    yield dg.Output(cuts, output_name="cutoff_alternatives", metadata=told)
    yield dg.Output(counts, output_name="cutoff_counts")


def scored_pupils(warehouse: Warehouse, catalogue: Catalogue) -> pl.DataFrame:
    """The pupils of the published tables with their scores, all waves; nothing else is read."""
    return published_pupils(warehouse.read(PERSONS, columns=[*KEYS, *(index.key for index in catalogue.indices)]))


def cutoff_tables(persons: pl.DataFrame, catalogue: Catalogue) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`indices.cutoff_alternatives` and `indices.cutoff_counts` of `scored_pupils`."""
    kinds = {index.key: index.kind for index in catalogue.indices}
    sets = [cut_set(cutoffs) for cutoffs in catalogue.cutoff_file.sets]
    rules = {alternative.id: alternative.reference for alternative in catalogue.cutoff_file.alternatives}
    reference = rules[RECOMPUTED].pupils if RECOMPUTED in rules else None
    cuts, beyond = cut_alternatives(persons, kinds, sets, catalogue.cutoffs.id, list(rules), reference)
    return cuts, county_counts(persons, beyond)


def limits_text(cuts: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """The limits of the focus group for the steward: a row per index and a column per set, three decimals.

    A rule finds no limit of an index whose questions nobody was asked, or that too few have a score on: a dash.
    """
    sets = list(cuts["cut_set"].unique(maintain_order=True))
    lines = ["| index | " + " | ".join(sets) + " |", "|" + "---|" * (len(sets) + 1)]
    for (key,), part in cuts.group_by("index_key", maintain_order=True):
        found = dict(part.select("cut_set", "focus_cut").iter_rows())
        cells = (f"{found[name]:.3f}".replace(".", ",").replace("-", "−") if name in found else "–" for name in sets)
        lines.append(f"| {key} | {' | '.join(cells)} |")
    return dg.MetadataValue.md("\n".join(lines))


def ties_text(ties: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """Pupils exactly at a limit in use (`bands.tie_mass`), whole per cent of all with a score: a limit a thousandth away
    would move them."""
    lines = ["| index | nedre gräns | övre gräns |", "|---|---|---|"]
    for (key,), part in ties.group_by("index_key", maintain_order=True):
        cells = ("–" if share is None else f"{100 * share:.0f} %" for share in part["share_tied"])
        lines.append(f"| {key} | {' | '.join(cells)} |")
    return dg.MetadataValue.md("\n".join(lines))


ASSETS = [indices_cutoffs]
