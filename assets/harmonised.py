"""Harmonised layer: codebooks applied. What lies here is a candidate; it counts only once it is promoted to validated."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.catalogue.steward import with_steward_codebooks
from assets.failures import as_failure
from assets.held_deliveries import gone_error, held_table
from assets.intake.names import in_markdown
from assets.intake.receive import Rejected, file_hash, inbox_files, set_aside
from assets.intake.tables import coded_cells, in_deliveries, value_labels
from assets.methods.derived_columns import agreement_text, delivered_agreement
from assets.methods.errors import PipelineError, count_sv
from assets.methods.harmonise import (
    DeliveryInput,
    delivery_gaps,
    harmonise_all,
    newest_per_municipality,
    repeated_respondents,
    replacements,
    split_population,
)
from assets.methods.item_profile import item_profile
from assets.methods.screening import screen, screen_counts
from assets.raw import DELIVERIES, REGISTER_ROWS, RESPONSES, TEXTS, forget
from assets.registers.pipeline import parse_registers, school_indicators
from assets.rejected_files import remember
from assets.slices import ONE_RUN, WAVES, YEARS, int_keys, register_years, survey_waves
from assets.table_metadata import BY_WAVE, BY_YEAR, count_table, screen_table
from assets.texts import asset_text, op_text
from pipelines.paths import Paths
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

SURVEY = TableName("harmonised", "survey_responses")
COUNTS = TableName("harmonised", "delivery_counts")
GAPS = TableName("harmonised", "delivery_gaps")
PROFILE = TableName("harmonised", "item_profile")


@dg.multi_asset(
    outs={
        "survey_responses": dg.AssetOut(
            key=["harmonised", "survey_responses"],
            metadata=BY_WAVE,
            description=asset_text("harmonised", "survey_responses"),
        ),
        "delivery_counts": dg.AssetOut(
            key=["harmonised", "delivery_counts"],
            metadata=BY_WAVE,
            description=asset_text("harmonised", "delivery_counts"),
        ),
        "delivery_gaps": dg.AssetOut(
            key=["harmonised", "delivery_gaps"], metadata=BY_WAVE, description=asset_text("harmonised", "delivery_gaps")
        ),
        "item_profile": dg.AssetOut(
            key=["harmonised", "item_profile"], metadata=BY_WAVE, description=asset_text("harmonised", "item_profile")
        ),
        "screen_counts": dg.AssetOut(
            key=["harmonised", "screen_counts"], metadata=BY_WAVE, description=asset_text("harmonised", "screen_counts")
        ),
    },
    deps=[["raw", "survey_responses"], ["raw", "survey_deliveries"]],
    name="harmonised_survey",
    description=op_text("harmonised_survey"),
    group_name="harmonised",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def harmonised_survey(context: dg.AssetExecutionContext, store: Store):
    """Apply each delivery's codebook; a delivery with unknown codes is set aside alone."""
    with as_failure():
        catalogue = with_steward_codebooks(load_catalogue(), store.paths.codebooks)
    waves = int_keys(context, WAVES)
    with as_failure():
        frame, counts = candidates(store.warehouse, store.paths, catalogue, waves)
    frame, screened = with_screen(frame, catalogue)
    table = count_table(frame, ["wave", "grade"], ["mättillfälle", "årskurs"])
    yield dg.Output(frame, output_name="survey_responses", metadata={"svar": table})
    notes = "\n".join(f"- {in_markdown(note)}" for note in delivery_notes(counts)) or "Inget att anmärka."
    yield dg.Output(counts, output_name="delivery_counts", metadata={"anmärkningar": dg.MetadataValue.md(notes)})
    yield dg.Output(delivery_gaps(frame, sorted(catalogue.item_scores()), _city(catalogue)), output_name="delivery_gaps")
    yield dg.Output(item_profile(frame, [i.key for i in catalogue.survey.items]), output_name="item_profile")
    texts = {rule.id: rule.text_sv for rule in catalogue.screening.rules}
    yield dg.Output(screened, output_name="screen_counts", metadata={"flaggor": screen_table(screened, texts)})


def with_screen(frame: pl.DataFrame, catalogue: Catalogue) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with `screened_out` (Boolean: the removal rule is met, whether removal is in use or not), and `screen_counts`."""
    flags = screen(frame, catalogue.screening, catalogue.survey)
    marked = frame.with_columns(flags["removed"].alias("screened_out"))
    return marked, screen_counts(frame, flags, catalogue.screening)


def candidates(warehouse: Warehouse, paths: Paths, catalogue: Catalogue, waves: list[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Harmonised rows of the waves, and counts per delivery and wave. Deliveries that fail are set aside.

    Raises:
        PipelineError: `held_delivery_gone`, a published delivery that is held to can't be counted.
    """
    held = held_table(paths.root, waves)
    deliveries = warehouse.read(DELIVERIES, {"wave": waves})
    inputs, without_codebook = _inputs(warehouse, catalogue, deliveries, waves)
    frames, failed = harmonise_all(
        inputs, catalogue.survey, catalogue.municipality_of_survey_code, catalogue.district_names, catalogue.profile
    )
    broken = [*without_codebook, *(_Failed(d.delivery_id, d.file_name, int(d.wave[0]), error) for d, error in failed)]
    if broken:
        _set_aside(warehouse, paths, deliveries, broken)
    if not frames:
        _require_held(held, held.select("municipality_code", "wave").clear())
        return _empty(catalogue)
    rows = pl.concat(frames, rechunk=True)
    # Which rows count, and their order, is settled on a few columns; the wide table is put in order once.
    keys = rows.select("respondent_key", "delivery_id", "wave", "municipality_code", "grade").with_row_index("row")
    kept, counts = split_population(keys)
    received = deliveries.select("delivery_id", "received_ns").unique()
    held = held.join(deliveries.select("delivery_id", "wave", "source_sha256"), on=["source_sha256", "wave"], how="left")
    _require_held(held, held.join(kept, on=["delivery_id", "wave", "municipality_code"], how="semi"))
    newest, superseded = newest_per_municipality(kept, received, held)
    counts = counts.join(
        superseded.group_by("delivery_id", "wave").len("superseded"),
        on=["delivery_id", "wave"],
        how="left",
        maintain_order="left",
    )
    kept_rows = newest.group_by("delivery_id", "wave", "municipality_code").len("rows_kept")
    counts = counts.join(kept_rows, on=["delivery_id", "wave"], how="left", maintain_order="left")
    names = deliveries.select("delivery_id", "wave", "source_file", "file_format", "encoding", "codebook")
    counts = counts.join(names, on=["delivery_id", "wave"], how="left", maintain_order="left")
    parts = _replaced_places(superseded, catalogue.area_names)
    repeated = pl.concat(map(repeated_respondents, inputs))
    computed = _computed_columns(inputs, frames, catalogue)
    for more in (_replaced_by(deliveries, replacements(newest, superseded), held), parts, repeated, computed):
        counts = counts.join(more, on=["delivery_id", "wave"], how="left", maintain_order="left")
    standing = held.select("delivery_id", "wave", "municipality_code", held_since="published_on")
    counts = counts.join(standing, on=["delivery_id", "wave", "municipality_code"], how="left", maintain_order="left")
    order = newest.sort("wave", "municipality_code", "respondent_key")["row"]
    return rows[order], counts.sort("wave", "delivery_id", "municipality_code")


def _require_held(held: pl.DataFrame, there: pl.DataFrame) -> None:
    """Raises PipelineError `held_delivery_gone` unless every delivery that is held to has rows that count."""
    for municipality, wave in (
        held.join(there, on=["municipality_code", "wave"], how="anti").select("municipality_code", "wave").iter_rows()
    ):
        raise gone_error(municipality, wave)


def _city(catalogue: Catalogue) -> str | None:
    return catalogue.profile.city.code if catalogue.profile.city else None


def _replaced_by(deliveries: pl.DataFrame, pairs: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """`delivery_id, wave, replaced_by`: the files that took a delivery's place, with the reason that their sidecars give, or that
    they are published and held to."""
    about = deliveries.select("wave", "source_file", newer="delivery_id", why=pl.col("reason").fill_null(""))
    reason = pl.when(pl.col("why") != "").then(pl.format(" ({})", "why")).otherwise(pl.lit(""))
    kept = held.select("wave", newer="delivery_id", since=pl.format("utgiven {}, det nyare hålls inne", "published_on")).unique()
    about = about.join(kept, on=["newer", "wave"], how="left").with_columns(why=pl.coalesce("since", "why"))
    named = pairs.join(about, on=["newer", "wave"]).with_columns(text=pl.concat_str("source_file", reason))
    return named.group_by("delivery_id", "wave").agg(replaced_by=pl.col("text").unique().sort().str.join(", "))


def _replaced_places(superseded: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """`delivery_id, wave, replaced_places`: the municipalities for which a delivery has been replaced, by name."""
    named = superseded.with_columns(place=pl.col("municipality_code").replace_strict(dict(names), return_dtype=pl.String))
    return named.group_by("delivery_id", "wave").agg(replaced_places=pl.col("place").unique().sort().str.join(", "))


def _computed_columns(inputs: list[DeliveryInput], frames: list[pl.DataFrame], catalogue: Catalogue) -> pl.DataFrame:
    """`delivery_id, wave, computed_columns`: how often columns that came computed say the same as ours, in words."""
    cells = {(one.delivery_id, int(one.wave[0])): one.coded for one in inputs}
    rows = []
    for frame in frames:
        key = (frame["delivery_id"][0], int(frame["wave"][0]))
        found = delivered_agreement(cells[key], frame, catalogue.indicator_file.indicators, catalogue.survey)
        rows.append((*key, agreement_text(found) or None))
    schema = {"delivery_id": pl.String, "wave": pl.Int32, "computed_columns": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def delivery_notes(counts: pl.DataFrame) -> list[str]:
    """Swedish sentences about replaced deliveries and respondents who come back, from `harmonised.delivery_counts`."""
    notes = []
    if "computed_columns" in counts.columns:
        told = counts.select("source_file", "wave", "computed_columns").unique().drop_nulls().sort("source_file", "wave")
        notes += [
            f"{name}, {wave}: filens egna uträknade kolumner används inte. Lika våra för så stor andel: {text}."
            for name, wave, text in told.iter_rows()
        ]
    columns = ["source_file", "wave", "replaced_by", "replaced_places", "duplicate_rows", "repeated_ids"]
    whole = pl.col("municipality_code").is_null().all().over("source_file", "wave").alias("whole")
    for name, wave, newer, places, same, other, all_of_it in counts.select(*columns, whole).unique().sort(columns).iter_rows():
        if newer:
            notes.append(f"{name}, {wave}: ersatt av {newer}." if all_of_it else f"{name}, {wave}: {places} ersatt av {newer}.")
        if same:
            notes.append(
                f"{name}, {wave}: {count_sv(same, 'rad är likadan', 'rader är likadana')} som en tidigare rad med samma ID."
            )
        if other:
            notes.append(
                f"{name}, {wave}: {count_sv(other, 'rad har', 'rader har')} samma ID som en tidigare rad men andra svar."
            )
    return notes


@dataclass(frozen=True)
class _Failed:
    """A delivery that could not be harmonised in a wave."""

    delivery_id: str
    file_name: str
    wave: int
    error: PipelineError


def _set_aside(warehouse: Warehouse, paths: Paths, deliveries: pl.DataFrame, failed: list[_Failed]) -> None:
    """Take the slices of failed deliveries out of the raw tables and move their files out of the inbox; the archive keeps them.

    In that order: a run that is killed between finds the files in the inbox again, as new ones.
    """
    digests = {one.delivery_id: _digest(deliveries, one.delivery_id) for one in failed}
    forget(warehouse, sorted(set(digests.values())))
    for one in failed:
        gone = {"delivery_id": [one.delivery_id], "wave": [one.wave]}
        warehouse.replace_together(
            [(table, warehouse.read(table, gone).clear(), gone) for table in (DELIVERIES, RESPONSES, TEXTS)]
        )
    in_inbox = {p.name: p for p in inbox_files(paths.surveys)}
    refused: dict[str, Rejected] = {}
    for one in failed:
        digest, path = digests[one.delivery_id], in_inbox.get(one.file_name)
        if digest not in refused and path is not None and file_hash(path) == digest:  # another file may lie there by now
            refused[digest] = set_aside(path, paths.rejected, one.error, digest)
    remember(warehouse, list(refused.values()))


def _digest(deliveries: pl.DataFrame, delivery_id: str) -> str:
    return str(deliveries.filter(pl.col("delivery_id") == delivery_id)["source_sha256"][0])


def _inputs(
    warehouse: Warehouse, catalogue: Catalogue, deliveries: pl.DataFrame, waves: list[int]
) -> tuple[list[DeliveryInput], list[_Failed]]:
    """The deliveries of the waves, and those whose codebook (one of the steward's own) is no longer there."""
    books = {b.id: b for b in catalogue.codebooks}
    needed = ["delivery_id", "wave", "source_row", "codes"]
    rows = warehouse.read(RESPONSES, {"wave": waves}, needed) if deliveries.height else pl.DataFrame()
    parts = in_deliveries(rows) if rows.height else {}
    held = warehouse.read(TEXTS, {"wave": waves}) if parts else pl.DataFrame()
    texts = {(delivery, wave): own for delivery, wave, own in held.iter_rows()}
    about = {r["delivery_id"]: r for r in deliveries.sort("delivery_id", "wave").iter_rows(named=True)}
    said_of = {(r["value_labels"], r.get("named")) for r in about.values()}  # the same in most files of a wave
    labels = {(own, named): value_labels(own, named) for own, named in said_of}
    inputs, failed = [], []
    for key, part in sorted(parts.items()):
        said = about[key[0]]
        if said["codebook"] not in books:
            error = _no_codebook(said["source_file"], said["codebook"])
            failed.append(_Failed(key[0], said["source_file"], key[1], error))
            continue
        inputs.append(
            DeliveryInput(
                delivery_id=key[0],
                file_name=said["source_file"],
                codebook=books[said["codebook"]],
                cells=coded_cells(part, said["columns"], texts[key], said.get("named")),
                value_labels=labels[said["value_labels"], said.get("named")],
                wave=part["wave"],
                source_row=part["source_row"],
                municipality_code=said["municipality_code"] or "",
            )
        )
    return inputs, failed


def _no_codebook(file_name: str, codebook: str) -> PipelineError:
    return PipelineError(
        "unknown_codebook",
        file_name,
        f"kodboken {codebook} som filen lästes med",
        "att den inte längre finns i data/kodbocker",
        "Lägg tillbaka kodboken, eller lägg filen i inkorgen igen så att den känns igen på nytt.",
    )


def _empty(catalogue: Catalogue) -> tuple[pl.DataFrame, pl.DataFrame]:
    from assets.methods.harmonise import BACKGROUND

    design = dict.fromkeys(catalogue.profile.design_columns, pl.String) | {"weight": pl.Float64}
    own = {name: design[name] for name in catalogue.profile.design_columns}
    schema = {name: pl.String for name in BACKGROUND} | {"wave": pl.Int32} | own
    schema |= {i.key: pl.Int16 for i in catalogue.survey.items} | {one.key: pl.Float64 for one in catalogue.survey.measures}
    counts = {"delivery_id": pl.String, "wave": pl.Int32, "rows_received": pl.Int64, "rows_outside": pl.Int64}
    counts |= {"superseded": pl.UInt32, "municipality_code": pl.String, "rows_kept": pl.UInt32}
    counts |= dict.fromkeys(
        ("source_file", "file_format", "encoding", "codebook", "replaced_by", "replaced_places", "computed_columns"), pl.String
    )
    counts["held_since"] = pl.String
    counts |= dict.fromkeys(("duplicate_rows", "repeated_ids"), pl.Int64)
    return pl.DataFrame(schema=schema), pl.DataFrame(schema=counts)


@dg.multi_asset(
    outs={
        "register_values": dg.AssetOut(
            key=["harmonised", "register_values"],
            metadata=BY_YEAR,
            description=asset_text("harmonised", "register_values"),
        ),
        "schools": dg.AssetOut(
            key=["harmonised", "schools"],
            metadata=BY_YEAR,
            description=asset_text("harmonised", "schools"),
        ),
    },
    deps=[["raw", "register_rows"]],
    name="harmonised_registers",
    description=op_text("harmonised_registers"),
    group_name="harmonised",
    partitions_def=register_years,
    backfill_policy=ONE_RUN,
)
def harmonised_registers(context: dg.AssetExecutionContext, store: Store):
    """Parse all register rows and keep the run's years."""
    with as_failure():
        tables = parse_registers(store.warehouse.read(REGISTER_ROWS))
    wanted = pl.col("year").is_in(int_keys(context, YEARS))
    values = tables.values.filter(wanted)
    shown = count_table(values, ["source", "reason"], ["källa", "skäl"])
    notes = dg.MetadataValue.md("\n".join(f"- {in_markdown(note)}" for note in tables.notes) or "Inget att anmärka.")
    yield dg.Output(values, output_name="register_values", metadata={"värden": shown, "anmärkningar": notes})
    yield dg.Output(tables.schools.filter(wanted), output_name="schools")


@dg.asset(
    key=["harmonised", "school_indicators"],
    deps=[["raw", "register_rows"]],
    group_name="harmonised",
    description=asset_text("harmonised", "school_indicators"),
)
def harmonised_school_indicators(context: dg.AssetExecutionContext, store: Store) -> dg.Output[pl.DataFrame]:
    """Skolverket's indicators per school unit, when somebody has dropped such a file; the source has periods without a year."""
    with as_failure():
        indicators = school_indicators(store.warehouse.read(REGISTER_ROWS))
    shown = count_table(indicators, ["school_form", "reason"], ["skolform", "skäl"], nearest=1)
    return dg.Output(indicators, metadata={"värden": shown if indicators.height else dg.MetadataValue.md("Ingen sådan fil.")})


ASSETS = [harmonised_survey, harmonised_registers, harmonised_school_indicators]
