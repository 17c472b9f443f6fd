"""Release layer: disclosure control. The only layer that reports may read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import released_editions, require_cutoffs
from assets.failures import as_failure
from assets.indices import COUNTS, ESTIMATES, SENSITIVITY
from assets.methods.bands import FOCUS_BAND
from assets.methods.delivery_rows import row_steps
from assets.methods.disclosure import DisclosurePolicy, ProtectedRelease, load_policy, protect
from assets.methods.edition_patterns import Outer
from assets.methods.editions import TABLES, allowed_areas, both_editions, masked, quiet_reasons
from assets.methods.errors import PipelineError
from assets.methods.estimate import MEASURES
from assets.methods.perturbed_release import protect_perturbed, with_noise
from assets.methods.publish import (
    absent_rows,
    delivery_quality,
    enrolled_pupils,
    finish_results,
    missing_share,
    provenance,
    response_rates,
    with_clarity,
)
from assets.methods.register_protection import protect_register_counts
from assets.methods.school_types import response_by_school_type
from assets.methods.score_scale import policy_for, with_unit
from assets.methods.screen_publish import published_sensitivity
from assets.methods.withheld import without_exact
from assets.raw import DELIVERIES as RAW_DELIVERIES
from assets.raw import REGISTER_ROWS
from assets.registers.pipeline import register_revisions
from assets.release_earlier import kept_cells
from assets.release_register.history import keep
from assets.release_repairs import current_repairs, forget_void, held_back_parts, repaired
from assets.slices import ONE_RUN, WAVES, YEARS, int_keys, register_years, survey_waves
from assets.table_metadata import BY_WAVE, BY_YEAR, count_table, sensitivity_table
from assets.texts import asset_text, op_text
from assets.validated import DELIVERIES, RESPONSES
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

FILE = ["source_file", "source_sha256"]
REGISTER_VALUES = TableName("validated", "register_values")
SCHOOLS = TableName("harmonised", "schools")


@dg.multi_asset(
    outs={
        "index_results": dg.AssetOut(
            key=["release", "index_results"],
            metadata=BY_WAVE,
            description=asset_text("release", "index_results"),
        ),
        "suppression_log": dg.AssetOut(
            key=["release", "suppression_log"],
            metadata=BY_WAVE,
            description=asset_text("release", "suppression_log"),
        ),
        "response_rates": dg.AssetOut(
            key=["release", "response_rates"],
            metadata=BY_WAVE,
            description=asset_text("release", "response_rates"),
        ),
        "delivery_quality": dg.AssetOut(
            key=["release", "delivery_quality"],
            metadata=BY_WAVE,
            description=asset_text("release", "delivery_quality"),
        ),
        "provenance": dg.AssetOut(
            key=["release", "provenance"],
            metadata=BY_WAVE,
            description=asset_text("release", "provenance"),
        ),
        "response_by_school_type": dg.AssetOut(
            key=["release", "response_by_school_type"],
            metadata=BY_WAVE,
            description=asset_text("release", "response_by_school_type"),
        ),
        "screen_sensitivity": dg.AssetOut(
            key=["release", "screen_sensitivity"],
            metadata=BY_WAVE,
            description=asset_text("release", "screen_sensitivity"),
        ),
    },
    deps=[
        ["indices", "screen_sensitivity"],
        ["indices", "area_counts"],
        ["indices", "area_estimates"],
        ["validated", "deliveries"],
        ["validated", "survey_responses"],
        dg.AssetDep(["validated", "register_values"], partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep(["harmonised", "schools"], partition_mapping=dg.AllPartitionMapping()),
    ],
    name="release_survey",
    description=op_text("release_survey"),
    group_name="release",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def release_survey(context: dg.AssetExecutionContext, store: Store):
    """Protect the estimates of the run's waves in every edition and lay them out for the reports."""
    waves = int_keys(context, WAVES)
    catalogue = load_catalogue()
    with as_failure():
        require_cutoffs(store.warehouse, COUNTS, catalogue, waves)
        forget_void(store.warehouse, catalogue, waves)
        tables = release_tables(store.warehouse, catalogue, released_editions(catalogue), waves)
    shown = count_table(tables["index_results"], ["edition", "wave", "reason"], ["utgåva", "mättillfälle", "skäl"])
    more = {
        "index_results": {"celler": shown},
        "screen_sensitivity": {"ändring": sensitivity_table(tables["screen_sensitivity"])},
    }
    for name, frame in tables.items():
        yield dg.Output(frame, output_name=name, metadata=more.get(name, {}))


def release_tables(
    warehouse: Warehouse, catalogue: Catalogue, editions: Sequence[str], waves: list[int]
) -> dict[str, pl.DataFrame]:
    """The survey's release tables for the waves, with the rows of all editions; the first one is the widest.

    Raises:
        PipelineError: an edition isn't nested in the first.
    """
    where = {"wave": waves}
    _require_registers(warehouse)
    policy = load_policy(policy_for(catalogue.disclosure, catalogue.index_file))
    counts, estimates = warehouse.read(COUNTS, where), warehouse.read(ESTIMATES, where | {"measure": list(MEASURES)})
    if policy.cell_key.active:
        estimates = with_noise(counts, estimates, policy, {i.key: FOCUS_BAND[i.kind] for i in catalogue.indices})
    inputs = _Inputs(
        counts,
        with_clarity(estimates, catalogue.comparison),
        warehouse.read(RESPONSES, where, ["municipality_code", "wave", "grade", "sex", "school_code"]),
        warehouse.read(REGISTER_VALUES),
        warehouse.read(SCHOOLS),
        warehouse.read(SENSITIVITY, where),
        policy,
        {edition: kept_cells(warehouse, catalogue, edition, "index_results") for edition in editions},
        current_repairs(warehouse, catalogue, waves),
    )
    parts: dict[str, dict[str, pl.DataFrame]] = {}
    within = None
    for edition in editions:
        tables, pattern = _edition_tables(inputs, catalogue, edition, waves, parts.get(editions[0], {}), within)
        parts[edition], within = tables, within or pattern
    whole = {name: both_editions(name, {e: parts[e][name] for e in editions}) for name in parts[editions[0]] if name in TABLES}
    deliveries = warehouse.read(DELIVERIES, where)
    # these have no edition, so they hold the strictest one's floor
    floor = max(inputs.policy.numbers(edition).group_floor for edition in editions)
    items = sorted(catalogue.item_scores())
    asked = ["municipality_code", "wave", *items]
    missing = pl.concat(missing_share(warehouse.read(RESPONSES, {"wave": [wave]}, asked), items, floor) for wave in waves)
    width = max(inputs.policy.numbers(edition).interval_width for edition in editions)
    open_numbers = inputs.policy.numbers(editions[0])
    steps = row_steps(parts[editions[0]]["index_results"], width, open_numbers.group_floor, open_numbers.count_step)
    return whole | {
        "suppression_log": pl.concat([parts[edition]["suppression_log"] for edition in editions]),
        "delivery_quality": delivery_quality(deliveries, missing, sorted(catalogue.municipality_by_code), waves, floor, steps),
        "provenance": provenance(
            deliveries, warehouse.read(RAW_DELIVERIES, where), warehouse.read(REGISTER_ROWS, columns=FILE), waves
        ),
    }


@dataclass(frozen=True)
class _Inputs:
    """What all editions are made of."""

    counts: pl.DataFrame
    estimates: pl.DataFrame
    answers: pl.DataFrame
    registers: pl.DataFrame
    schools: pl.DataFrame
    sensitivity: pl.DataFrame
    policy: DisclosurePolicy
    kept: Mapping[str, pl.DataFrame | None]
    repairs: pl.DataFrame


def _edition_tables(
    inputs: _Inputs,
    catalogue: Catalogue,
    edition: str,
    waves: list[int],
    wider: Mapping[str, pl.DataFrame],
    within: Outer | None,
) -> tuple[dict[str, pl.DataFrame], Outer | None]:
    """One edition's tables, nested in those of `wider` (none for the widest), and its pattern."""
    policy, focus = inputs.policy, {i.key: FOCUS_BAND[i.kind] for i in catalogue.indices}
    counts, estimates = (allowed_areas(table, policy, edition) for table in (inputs.counts, inputs.estimates))
    if policy.cell_key.active:
        safe = protect_perturbed(counts, estimates, policy, edition, focus)
    else:
        enrolled = enrolled_pupils(inputs.registers, catalogue.profile)

        def protected(barred: pl.DataFrame | None) -> ProtectedRelease:
            made = protect(counts, estimates, policy, edition, focus, barred, within, enrolled)
            results, log = repaired("index_results", made.results, made.log, inputs.repairs, catalogue)
            return replace(made, results=results, log=log)

        safe = keep(protected, inputs.kept[edition], "index_results")
    delivered = inputs.answers.select("municipality_code", "wave").unique()
    municipalities = sorted(catalogue.municipality_by_code)
    absent = absent_rows(safe.results, municipalities, waves, delivered, catalogue.profile.grade_keys)
    named = (with_unit(rows, catalogue.index_file) for rows in (safe.results, absent))
    results = finish_results(*named, catalogue.area_names, edition, catalogue.cutoffs.id)
    if wider:
        results = quiet_reasons(results)
    rates = response_rates(results, inputs.answers, inputs.registers, catalogue.profile)
    by_type = response_by_school_type(
        rates, inputs.answers, inputs.schools, policy.numbers(edition), wider.get("response_by_school_type")
    )
    sensitivity = published_sensitivity(
        inputs.sensitivity,
        results,
        policy,
        edition,
        frozenset(i.id for i in catalogue.indicator_file.indicators if i.sensitive),
        focus,
        catalogue.area_names,
        catalogue.screening.municipality_pct_from,
    )
    if wider:
        sensitivity = masked("screen_sensitivity", wider["screen_sensitivity"], sensitivity)
    exact = {"response_by_school_type": by_type, "screen_sensitivity": sensitivity}
    tables = {
        "index_results": results,
        "suppression_log": safe.log,
        "response_rates": rates,
        **{
            name: held_back_parts(name, without_exact(name, {edition: rows}, policy), inputs.repairs)[edition]
            for name, rows in exact.items()
        },
    }
    return tables, safe.pattern


def _require_registers(warehouse: Warehouse) -> None:
    """Raises PipelineError `no_registers`: no register has been read yet, so there is nothing to compare the answers with."""
    if not warehouse.exists(REGISTER_VALUES):
        raise PipelineError(
            "no_registers",
            "Registervärdena",
            "godkända registervärden",
            "att inga har lästs in än",
            "Kör jobbet ingest_registers först.",
        )


@dg.asset(
    key=["release", "register_values"],
    deps=[["validated", "register_values"]],
    group_name="release",
    metadata=BY_YEAR,
    partitions_def=register_years,
    backfill_policy=ONE_RUN,
    description=asset_text("release", "register_values"),
)
def release_register_values(context: dg.AssetExecutionContext, store: Store) -> dg.Output[pl.DataFrame]:
    """Register values are published by their sources and get names; small counts of imported tables are hidden."""
    catalogue = load_catalogue()
    exact = store.warehouse.read(REGISTER_VALUES, {"year": int_keys(context, YEARS)})
    values = protect_register_counts(exact, load_policy(catalogue.disclosure).register_floor)
    names = catalogue.area_names
    named = values.with_columns(area_name=pl.col("area_code").replace_strict(dict(names), return_dtype=pl.String))
    order = ["source", "indicator_key", "area_code", "year", "sex"]
    return dg.Output(named.sort(order), metadata={"värden": count_table(named, ["source", "reason"], ["källa", "skäl"])})


@dg.asset(
    key=["release", "register_revisions"],
    deps=[["raw", "register_rows"]],
    group_name="release",
    description=asset_text("release", "register_revisions"),
)
def release_register_revisions(context: dg.AssetExecutionContext, store: Store) -> dg.Output[pl.DataFrame]:
    """What changed between the register vintages in the inbox: open data, nothing to protect."""
    with as_failure():
        revisions = register_revisions(store.warehouse.read(REGISTER_ROWS))
    shown = (
        count_table(revisions, ["change"], ["ändring"], nearest=1) if revisions.height else dg.MetadataValue.md("Inga ändringar.")
    )
    return dg.Output(revisions, metadata={"ändringar": shown})


ASSETS = [release_survey, release_register_values, release_register_revisions]
