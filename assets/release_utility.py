"""Release layer: what disclosure control costs, and what one step looser or tighter would change. Counts of cells, no results."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import dagster as dg
import polars as pl

from assets.asset_keys import only_reached
from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import released_editions
from assets.failures import as_failure
from assets.indices import COUNTS, ESTIMATES, INDICATOR_COUNTS, INDICATOR_ESTIMATES, SCALE_ESTIMATES, SCALE_MEANS
from assets.intake.names import in_markdown
from assets.kept_tables import made_or_kept
from assets.methods.bands import FOCUS_BAND
from assets.methods.disclosure import load_policy
from assets.methods.estimate import MEASURES
from assets.methods.policy_steps import STEPS, stepped
from assets.methods.protected_editions import released_anew
from assets.methods.publish import with_clarity
from assets.methods.release_utility import FAMILIES, SAME, STEP, counted_step, utility
from assets.methods.score_scale import policy_for
from assets.release_series import series_inputs
from assets.texts import asset_text, op_text
from assets.worker_pool import shared_out
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

STEPPED = ("index", "question")
"""Families that a step is calculated for: the numbers of factors follow from the indices."""
SUPPRESSED = (COUNTS, ESTIMATES, INDICATOR_COUNTS, INDICATOR_ESTIMATES, SCALE_MEANS, SCALE_ESTIMATES)
"""What the suppressors read."""
UTILITY_STEPS = TableName("release", "utility_steps")
READ = [table for family in FAMILIES.values() for table in family[:2]]
DEPS = [
    dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping()) for key in only_reached(*(f"release/{name}" for name in READ))
]


@dg.multi_asset(
    outs={
        name: dg.AssetOut(key=["release", name], description=asset_text("release", name)) for name in ("utility", "utility_rules")
    },
    deps=DEPS,
    name="release_utility",
    description=op_text("release_utility"),
    group_name="release",
)
def release_utility(store: Store):
    """Count what is shown and hidden, by rule, over the finished release tables."""
    catalogue = load_catalogue()
    tables = {name: store.warehouse.read(TableName("release", name)) for name in READ}
    with as_failure():
        cells, rules = utility(tables, focus_shares(catalogue))
    yield dg.Output(cells, output_name="utility", metadata={"per kommun": municipality_table(cells, catalogue.area_names)})
    yield dg.Output(rules, output_name="utility_rules")


@dg.asset(
    key=["release", "utility_steps"],
    deps=[
        *(dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping()) for key in only_reached(
            "indices/area_counts", "indices/area_estimates", "indices/indicator_counts", "indices/indicator_estimates",
            "indices/scale_means", "indices/scale_estimates",
        )),
        *DEPS,
    ],
    group_name="release",
    description=asset_text("release", "utility_steps"),
)  # fmt: skip
def release_utility_steps(store: Store) -> dg.Output[pl.DataFrame]:
    """Count what the latest wave would show with the policy's numbers one step looser and one step tighter."""
    with as_failure():
        table = counted_steps(store.warehouse, load_catalogue())
    wave = table["wave"].max() if table.height else None
    told = "\n".join(
        ["| utgåva | familj | steg | celler | visas |", "|---|---|---|---|---|"]
        + [
            f"| {' | '.join(str(value) for value in row)} |"
            for row in table.filter(pl.col("area_level") == "municipality").group_by("edition", "family", "step")
            .agg(pl.col("cells", "shown").sum()).sort("edition", "family", "step").iter_rows()
        ]
    )  # fmt: skip
    return dg.Output(table, metadata={"mättillfälle": str(wave or "inget"), "alla kommuner": dg.MetadataValue.md(told)})


def focus_shares(catalogue: Catalogue) -> dict[str, str]:
    """Index key -> the measure of its focus share."""
    return {index.key: f"share_band{FOCUS_BAND[index.kind]}" for index in catalogue.indices}


def municipality_table(cells: pl.DataFrame, names: Mapping[str, str]) -> dg.MarkdownMetadataValue:
    """Cells of the latest wave per municipality and edition, as markdown."""
    rows = cells.filter((pl.col("area_level") == "municipality") & (pl.col("wave") == pl.col("wave").max()))
    rows = rows.group_by("area_code", "edition").agg(pl.col("cells", "shown").sum()).sort("area_code", "edition")
    lines = ["| kommun | utgåva | tal | visas | dolda |", "|---|---|---|---|---|"]
    lines += [
        f"| {in_markdown(names.get(code, code))} | {edition} | {n} | {shown} | {n - shown} |"
        for code, edition, n, shown in rows.iter_rows()
    ]
    return dg.MetadataValue.md("\n".join(lines))


def counted_steps(warehouse: Warehouse, catalogue: Catalogue) -> pl.DataFrame:
    """`release.utility_steps` for the latest wave that has answers: the release as it is, and the real suppressors run anew
    with each step's numbers. What they would release is counted here and goes no further.

    No rule looks at another grade, so a grade of which nothing is another than the last time keeps its rows.
    """
    policy = load_policy(policy_for(catalogue.disclosure, catalogue.index_file))
    waves = warehouse.read(COUNTS, None, ["wave"]) if warehouse.exists(COUNTS) else pl.DataFrame()
    if not waves.height or not policy.steps:
        return pl.DataFrame(schema=STEP)
    wave, editions = int(waves["wave"].max()), released_editions(catalogue)
    released = [TableName("release", FAMILIES[family][0]) for family in STEPPED]
    hashes = [warehouse.slice_hashes(table, ["wave", "grade"]) for table in (*SUPPRESSED, *released)]
    grades = sorted({grade for found in hashes for at, grade in found if at == wave})

    def counted(some: Sequence[str]) -> Iterator[pl.DataFrame]:
        now = {table.table: warehouse.read(table, {"wave": [wave]}) for table in released}
        inputs = suppressor_inputs(warehouse, catalogue, wave)
        same = {index.key: FOCUS_BAND[index.kind] for index in catalogue.indices}, catalogue.indicator_file, catalogue.survey
        numbers = [stepped(policy, step) for step in STEPS]
        tasks = ((*(_of(tables, grade) for tables in inputs), *same, one, editions) for grade in some for one in numbers)
        anew = shared_out(released_anew, tasks)
        for grade in some:
            as_it_is = {name: rows.filter(grade=grade) for name, rows in now.items() if rows.width}
            yield pl.concat([counted_step(SAME, as_it_is), *(counted_step(step, next(anew)) for step in STEPS)])

    made_from = {grade: [wave, editions, [found.get((wave, grade)) for found in hashes]] for grade in grades}
    return made_or_kept(warehouse, UTILITY_STEPS, "grade", made_from, counted).sort(pl.all())


def _of(tables: Iterable[pl.DataFrame], grade: str) -> tuple[pl.DataFrame, ...]:
    return tuple(table.filter(grade=grade) for table in tables)


Inputs = tuple[tuple[pl.DataFrame, pl.DataFrame], tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]


def suppressor_inputs(warehouse: Warehouse, catalogue: Catalogue, wave: int) -> Inputs:
    """Counts and estimates of the indices; counts, means and estimates of the single questions."""
    where = {"wave": [wave]}
    estimates = with_clarity(warehouse.read(ESTIMATES, where | {"measure": list(MEASURES)}), catalogue.comparison)
    return (warehouse.read(COUNTS, where), estimates), series_inputs(warehouse, catalogue, wave)


ASSETS = [release_utility, release_utility_steps]
