"""Validated layer: what passed its critical rules, delivery by delivery. The last good slice of a municipality stays."""

from collections.abc import Sequence

import dagster as dg
import polars as pl

from assets.asset_keys import asset_key, only_reached
from assets.catalogue.load import Catalogue, load_catalogue
from assets.harmonised import COUNTS, GAPS, SURVEY
from assets.intake.names import in_markdown
from assets.methods.item_profile import item_profile
from assets.rule_tables import Prepared, profile_prepared, register_prepared, survey_prepared
from assets.slices import ONE_RUN, WAVES, YEARS, int_keys, register_years, survey_waves
from assets.table_metadata import BY_YEAR, count_table, table_metadata
from assets.texts import asset_text, op_text
from expectations.outcomes import OUTCOME_SCHEMA, delivery_verdicts, outcome_rows
from expectations.parameters import common_parameters, suite_of
from expectations.promote import UNIT, HeldBack, held_back, units_of
from expectations.run import RuleOutcome, run_suite
from expectations.views import only_rows
from pipelines.resources import Store
from pipelines.warehouse import Slice, TableName, Warehouse

RESPONSES = TableName("validated", "survey_responses")
DELIVERIES = TableName("validated", "deliveries")
OUTCOMES = TableName("validated", "rule_outcomes")


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["validated", "survey_responses"],
            deps=[["harmonised", "survey_responses"]],
            description=asset_text("validated", "survey_responses"),
        ),
        dg.AssetSpec(
            ["validated", "deliveries"],
            deps=[["harmonised", "survey_responses"], ["harmonised", "delivery_counts"], ["harmonised", "delivery_gaps"]],
            description=asset_text("validated", "deliveries"),
        ),
        dg.AssetSpec(
            ["validated", "rule_outcomes"],
            deps=[
                *(["harmonised", t] for t in ("survey_responses", "item_profile", "delivery_counts", "delivery_gaps")),
                *(
                    dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping())
                    for key in only_reached("harmonised/register_values", "harmonised/schools")
                ),
            ],
            description=asset_text("validated", "rule_outcomes"),
        ),
    ],
    name="validated_survey",
    description=op_text("validated_survey"),
    group_name="validated",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def validated_survey(context: dg.AssetExecutionContext, store: Store):
    """Re-test the candidates and promote what holds; say what was held back and why."""
    waves = int_keys(context, WAVES)
    outcomes, held = promote(store.warehouse, load_catalogue(), waves)
    promoted = store.warehouse.read(RESPONSES, {"wave": waves}, ["wave", "grade"])
    columns = store.warehouse.read(RESPONSES, {"wave": []})
    deliveries = store.warehouse.read(DELIVERIES, {"wave": waves})
    sentences = [held_sentence(h, deliveries) for h in held]
    common = {
        "regler som höll": sum(o.holds for o in outcomes),
        "regler som inte höll": sum(not o.holds for o in outcomes),
        "leveranser som stoppades": len(held),
        "stoppade": dg.MetadataValue.md("\n".join(f"- {in_markdown(s)}" for s in sentences) or "Inga leveranser stoppades."),
    }
    table = (
        count_table(promoted, ["wave", "grade"], ["mättillfälle", "årskurs"])
        if promoted.height
        else dg.MetadataValue.md("Inga svar.")
    )
    yield dg.MaterializeResult(
        asset_key=asset_key("validated", "survey_responses"),
        metadata=common | table_metadata(columns) | {"dagster/row_count": promoted.height, "svar": table},
    )
    verdicts = {"leveranser som inte räknas": _not_counted(deliveries)}
    yield dg.MaterializeResult(
        asset_key=asset_key("validated", "deliveries"), metadata=common | table_metadata(deliveries) | verdicts
    )
    history = store.warehouse.read(OUTCOMES, {"wave": waves})
    shown = count_table(history, ["severity", "status"], ["allvar", "utfall"], nearest=1) if history.height else _nothing()
    yield dg.MaterializeResult(
        asset_key=asset_key("validated", "rule_outcomes"), metadata=table_metadata(history) | {"utfall": shown}
    )


def _nothing() -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md("Inga regler prövades.")


def _not_counted(deliveries: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """Deliveries and waves whose answers are not used, with the reason in words."""
    if deliveries.is_empty():
        return dg.MetadataValue.md("Inga leveranser.")
    rows = deliveries.filter(~pl.col("promoted")).select("source_file", "wave", "status").unique().sort(pl.all())
    lines = [f"- {in_markdown(name)}, {wave}: {in_markdown(status or '')}" for name, wave, status in rows.iter_rows()]
    return dg.MetadataValue.md("\n".join(lines) or "Alla leveranser räknas.")


def promote(warehouse: Warehouse, catalogue: Catalogue, waves: list[int]) -> tuple[list[RuleOutcome], list[HeldBack]]:
    """Promote the candidate rows of the waves whose delivery holds its critical rules.

    Everything is judged anew, on rows read here, so that the step is closed however it is started. Slices are replaced per
    municipality and wave, so a municipality whose new delivery is held back keeps its last good one.
    """
    frame = warehouse.read(SURVEY, {"wave": waves})
    if frame.is_empty():
        _leave_tables(warehouse, frame, waves)
        return [], []
    counts = warehouse.read(COUNTS, {"wave": waves})
    units = units_of(frame, counts)
    tried = try_rules(warehouse, catalogue, frame, counts, waves)
    outcomes = [o for found in tried.values() for o in found]
    held = held_back(outcomes, units)
    stopped = pl.DataFrame(
        [(h.delivery_id, h.wave, len(h.rules), sum(r.status == "not_evaluated" for r in h.rules)) for h in held],
        schema={"delivery_id": pl.String, "wave": pl.Int32, "critical_broken": pl.Int64, "untried": pl.Int64},
        orient="row",
    )
    good = frame.join(stopped, on=list(UNIT), how="anti", maintain_order="left")
    places = good.group_by("wave").agg(pl.col("municipality_code").unique().sort()).sort("wave")
    replaced = [{"wave": [wave], "municipality_code": municipalities} for wave, municipalities in places.iter_rows()]
    history = outcome_rows(tried, units)
    status = counts.join(stopped, on=list(UNIT), how="left", maintain_order="left")
    status = status.join(delivery_verdicts(history), on=list(UNIT), how="left", maintain_order="left").with_columns(
        promoted=pl.col("critical_broken").is_null() & pl.col("municipality_code").is_not_null(),
        critical_broken=pl.col("critical_broken").fill_null(0),
        rules_tried=pl.col("rules_tried") + pl.col("untried").fill_null(0),
    )
    status = status.drop("untried").with_columns(status=_status(status))
    verdicts = _with_those_that_stay(warehouse.read(DELIVERIES, {"wave": waves}), status)
    promoted: list[Slice] = [(RESPONSES, good, replaced)] if good.height else []
    warehouse.replace_together([*promoted, (OUTCOMES, history, {"wave": waves}), (DELIVERIES, verdicts, {"wave": waves})])
    return outcomes, held


def try_rules(
    warehouse: Warehouse, catalogue: Catalogue, frame: pl.DataFrame, counts: pl.DataFrame, waves: list[int]
) -> dict[str, list[RuleOutcome]]:
    """The outcomes of every rule about deliveries, by table."""
    profile = item_profile(frame, [i.key for i in catalogue.survey.items])
    common = common_parameters(catalogue)
    prepared = {
        "harmonised/survey_responses": survey_prepared(warehouse, catalogue, frame, frame.columns),
        "harmonised/item_profile": profile_prepared(warehouse, catalogue, profile),
        "harmonised/delivery_counts": Prepared(only_rows(counts), common),
        "harmonised/delivery_gaps": Prepared(only_rows(warehouse.read(GAPS, {"wave": waves})), common),
    }
    return {table: run_suite(suite_of(table, catalogue), p.views, p.parameters) for table, p in prepared.items()}


def _status(rows: pl.DataFrame) -> pl.Expr:
    """What became of a delivery, in words: `godkänd` (for which municipalities not, and which file counts there), `stoppad`,
    `ersatt av <file>`, or that nobody in it is counted."""
    text = {
        name: pl.col(name) if name in rows.columns else pl.lit(None, pl.String) for name in ("replaced_by", "replaced_places")
    }
    newer = text["replaced_by"]
    return (
        pl.when(pl.col("promoted") & newer.is_not_null() & text["replaced_places"].is_not_null())
        .then(pl.concat_str(pl.lit("godkänd utom "), text["replaced_places"], pl.lit(", ersatt av "), newer))
        .when("promoted")
        .then(pl.lit("godkänd"))
        .when(pl.col("critical_broken") > 0)
        .then(pl.lit("stoppad"))
        .when(newer.is_not_null())
        .then(pl.concat_str(pl.lit("ersatt av "), newer))
        .otherwise(pl.lit("inga rader i målgruppen"))
    )


def _with_those_that_stay(before: pl.DataFrame, status: pl.DataFrame) -> pl.DataFrame:
    """The new verdicts, and the earlier ones of deliveries whose answers stay because nothing new was promoted in their place.

    Without them a municipality whose new delivery is held back would be shown without the file that its numbers come from.
    """
    if before.is_empty():
        return status
    judged = status.filter(pl.col("municipality_code").is_not_null())
    stay = before.filter("promoted").join(
        judged.filter("promoted"), on=["wave", "municipality_code"], how="anti", maintain_order="left"
    )
    stay = stay.join(judged, on=["delivery_id", "wave", "municipality_code"], how="anti", maintain_order="left")
    replaced = status.filter(pl.col("municipality_code").is_null()).join(stay, on=["delivery_id", "wave"], how="semi")
    rest = status.join(replaced, on=["delivery_id", "wave"], how="anti", maintain_order="left")
    return pl.concat([rest, stay], how="diagonal_relaxed").sort("wave", "delivery_id", "municipality_code")


def _leave_tables(warehouse: Warehouse, frame: pl.DataFrame, waves: list[int]) -> None:
    """With nothing to promote: make sure that both tables exist with their columns; what lies in them stays."""
    nobody: dict[str, list[str]] = {"delivery_id": []}
    verdicts = {"promoted": pl.Boolean, "critical_broken": pl.Int64, "rules_tried": pl.Int64, "warnings_broken": pl.Int64}
    verdicts |= {"infos_broken": pl.Int64, "status": pl.String}
    status = warehouse.read(COUNTS, {"wave": waves}).clear()
    status = status.with_columns(pl.lit(None, kind).alias(name) for name, kind in verdicts.items())
    warehouse.replace(RESPONSES, frame, nobody)
    warehouse.replace(DELIVERIES, status, nobody)
    warehouse.replace(OUTCOMES, pl.DataFrame(schema=OUTCOME_SCHEMA), nobody)


def held_sentence(held: HeldBack, deliveries: pl.DataFrame) -> str:
    """One Swedish sentence: which file, which wave, what broke, what to do."""
    names = deliveries.filter(pl.col("delivery_id") == held.delivery_id)["source_file"]
    name = names[0] if len(names) else held.delivery_id
    broken = "; ".join(f"{o.rule.text_sv} {o.rule.remedy_sv}" for o in held.rules)
    return f"{name}, {held.wave}: leveransen stoppades, den bröt mot: {broken} Tidigare godkända svar ligger kvar."


def held_registers_sentence(blocking: Sequence[RuleOutcome]) -> str:
    """What stopped the register values. Rules that had nothing to try are named only when nothing else stopped them.

    Without register files one rule says so; a list of all the others, which then can't be tried, would hide it.
    """
    named = [one for one in blocking if one.status == "broken"] or blocking
    texts = " ".join(f"{one.rule.text_sv} {one.rule.remedy_sv}" for one in named)
    return f"Registervärdena stoppades, de bröt mot: {texts} De senast godkända värdena ligger kvar."


@dg.asset(
    key=["validated", "register_values"],
    deps=[["harmonised", "register_values"]],
    group_name="validated",
    metadata=BY_YEAR,
    partitions_def=register_years,
    backfill_policy=ONE_RUN,
    description=asset_text("validated", "register_values"),
)
def validated_register_values(context: dg.AssetExecutionContext, store: Store) -> dg.Output[pl.DataFrame]:
    """Promote register values that hold their critical rules."""
    values = store.warehouse.read(TableName("harmonised", "register_values"), {"year": int_keys(context, YEARS)})
    prepared = register_prepared(values, load_catalogue())
    outcomes = run_suite(suite_of("harmonised/register_values", load_catalogue()), prepared.views, prepared.parameters)
    broken = [o for o in outcomes if o.blocks]
    if broken:
        raise dg.Failure(held_registers_sentence(broken), allow_retries=False)
    held = {"regler som höll": sum(o.holds for o in outcomes), "regler som inte höll": sum(not o.holds for o in outcomes)}
    return dg.Output(values, metadata=held | {"värden": count_table(values, ["source", "reason"], ["källa", "skäl"])})


ASSETS = [validated_survey, validated_register_values]
