"""Raw layer: files from the inbox as all-text tables with provenance. Nothing is cleaned here."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import polars as pl

from assets.asset_keys import asset_key
from assets.catalogue.load import active_profile, load_catalogue, load_profile_catalogue, profile_ids
from assets.catalogue.steward import with_steward_codebooks
from assets.failures import as_failure
from assets.hygiene import purged
from assets.hygiene.keys import configured_key
from assets.hygiene.permissions import tighten
from assets.intake.names import in_markdown
from assets.intake.other_profiles import OtherInbox
from assets.intake.receive import Received, Rejected, inbox_files, inbox_notes, receive, set_aside
from assets.intake.tables import delivery_rows, response_rows, text_rows
from assets.intake.wordings import known_hashes
from assets.methods.errors import PipelineError
from assets.registers.pipeline import read_register_files
from assets.rejected_files import remember, remember_found
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.table_metadata import table_metadata
from assets.texts import asset_text, op_text
from pipelines.paths import Paths
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

DELIVERIES = TableName("raw", "survey_deliveries")
RESPONSES = TableName("raw", "survey_responses")
TEXTS = TableName("raw", "survey_texts")
COMPLETE = TableName("raw", "complete_files")
REGISTER_ROWS = TableName("raw", "register_rows")


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["raw", "survey_responses"],
            deps=[["inbox", "survey_files"]],
            description=asset_text("raw", "survey_responses"),
        ),
        dg.AssetSpec(
            ["raw", "survey_deliveries"],
            deps=[["inbox", "survey_files"]],
            description=asset_text("raw", "survey_deliveries"),
        ),
    ],
    name="raw_survey",
    description=op_text("raw_survey"),
    group_name="raw",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def raw_survey(context: dg.AssetExecutionContext, store: Store):
    """Read what is new in the inbox; files that can't be read are set aside and the others go on."""
    waves = int_keys(context, WAVES)
    warehouse, paths = store.warehouse, store.paths
    tighten(paths.root)
    with as_failure():
        gone = purged.hashes(paths.root)
        configured_key()  # a key that can't be used stops the run before anything is read
        _refuse_older(warehouse)
    every_wave = set(waves) == set(WAVES)
    files = inbox_files(paths.surveys)
    already = _complete(warehouse) if every_wave else frozenset()
    with as_failure():
        catalogue = with_steward_codebooks(load_catalogue(), paths.codebooks)
    places = frozenset(catalogue.municipality_by_code)
    wordings = known_hashes(catalogue.survey)
    others = lambda: other_inboxes(paths)  # noqa: E731 - asked only about a file that nobody knows
    taken, refused = receive(files, paths.archive, paths.rejected, catalogue.codebooks, already, places, wordings, others, gone)
    taken, unknown = _of_known_waves(taken, files, paths)
    refused = [*refused, *unknown]
    deliveries = delivery_rows(taken, waves, catalogue.municipality_of_survey_code)
    # Written also when nothing is new, so that an empty inbox leaves tables and not holes.
    slices = {"delivery_id": deliveries["delivery_id"].unique().to_list(), "wave": waves}
    warehouse.replace_together(
        [
            (RESPONSES, response_rows(taken, waves), slices),
            (TEXTS, text_rows(taken, waves), slices),
            (DELIVERIES, deliveries, slices),
        ]
    )
    if every_wave:
        read = sorted({(item.delivery.sha256, item.reading_key) for item in taken})
        complete = pl.DataFrame(read, schema={"sha256": pl.String, "reading_key": pl.String}, orient="row")
        warehouse.replace(COMPLETE, complete, {"sha256": complete["sha256"].to_list()})
    remember(warehouse, refused)
    remember_found(warehouse, paths.rejected)
    held = warehouse.read(DELIVERIES, {"wave": waves})
    notes = dg.MetadataValue.md("\n".join(f"- {in_markdown(r.sentence)}" for r in refused) or "Inga filer sattes åt sidan.")
    common = {"nya filer": len(taken), "avvisade filer": len(refused), "avvisade": notes, "anmärkningar": _remarks(files, held)}
    common["kvalitet"] = dg.MetadataValue.asset(dg.AssetKey(["quality", "delivery_report"]))
    rows = int(held["rows"].sum()) if held.height else 0
    yield dg.MaterializeResult(asset_key=asset_key("raw", "survey_responses"), metadata=common | {"dagster/row_count": rows})
    yield dg.MaterializeResult(
        asset_key=asset_key("raw", "survey_deliveries"),
        metadata=common | table_metadata(held) | {"leveranser": _understood(held)},
    )


def other_inboxes(paths: Paths) -> list[OtherInbox]:
    """The other profiles that ship, with their inboxes; read only when a file here is unknown."""
    others = []
    for profile_id in profile_ids():
        if profile_id == active_profile():
            continue
        catalogue, place = load_profile_catalogue(profile_id), paths.of_profile(active_profile(), profile_id)
        command = "did kor" if catalogue.profile.is_base else f"did kor --profil {profile_id}"
        folder = place.surveys.relative_to(paths.home(active_profile()).parent).as_posix()
        wordings = known_hashes(catalogue.survey)
        others.append(OtherInbox(profile_id, catalogue.survey.title_sv, folder, command, catalogue.codebooks, wordings))
    return others


def _refuse_older(warehouse: Warehouse) -> None:
    """Raises PipelineError `warehouse_older`: the raw rows hold texts instead of numbers (docs/adr/0016)."""
    if "cells" in warehouse.read(RESPONSES, {"delivery_id": []}).columns:
        raise PipelineError(
            "warehouse_older",
            warehouse.path.name,
            "en databas av den här versionen",
            "en databas från en äldre version",
            "Flytta undan filen och kör igen; databasen byggs upp på nytt av det som ligger i inkorgen.",
        )


def _understood(held: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """How each file was understood: its codebook and how that was found, share matched, fingerprint, encoding and marks."""
    if held.is_empty():
        return dg.MetadataValue.md("Inga leveranser.")
    headers = ("fil", "mättillfällen", "kodbok", "vald av", "frågor som känns igen", "fingeravtryck", "kodning", "skiljetecken")
    lines = [f"| {' | '.join((*headers, 'decimaltecken', 'kommun anges med'))} |", "|" + "---|" * (len(headers) + 2)]
    marks = {";": "semikolon", "\t": "tabb", ",": "komma"}
    for (name, _), part in held.sort("source_file", "delivery_id", "wave").group_by(
        "source_file", "delivery_id", maintain_order=True
    ):
        row = part.row(0, named=True)
        share = "" if row["matched_pct"] is None else f"{row['matched_pct']}\u00a0%"
        chosen = "sidofilen" if row["declared"] else "kolumnerna"
        waves = ", ".join(map(str, part["wave"].to_list()))
        cells = (
            name,
            waves,
            row["codebook"],
            chosen,
            share,
            row["fingerprint"],
            row["encoding"],
            marks.get(row["delimiter"], ""),
        )
        last = (row["decimal_mark"], row["municipality_coding"])
        lines.append(f"| {' | '.join(in_markdown(str(cell or '')) for cell in (*cells, *last))} |")
    return dg.MetadataValue.md("\n".join(lines))


def _remarks(files: Sequence[Path], held: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """What was odd but could be read, and what lies in the inbox to no use."""
    notes = held["notes"].drop_nulls().unique().sort().to_list() if held.height else []
    kept = set(held["source_file"].to_list()) if held.height else set()
    sentences = [line for note in notes for line in note.splitlines()] + inbox_notes(files, kept)
    return dg.MetadataValue.md("\n".join(f"- {in_markdown(s)}" for s in sentences) or "Inget att anmärka.")


def _complete(warehouse: Warehouse) -> frozenset[str]:
    """Reading keys of files that a run over all waves has read; a run of one wave leaves the file's other waves unread."""
    known = warehouse.read(COMPLETE)
    if known.is_empty():
        return frozenset()
    return frozenset((known["reading_key"] if "reading_key" in known.columns else known["sha256"]).drop_nulls().to_list())


def forget(warehouse: Warehouse, hashes: Sequence[str]) -> None:
    """Let files be read again should they come back: what was taken out of the raw tables is no longer complete."""
    known = warehouse.read(COMPLETE, {"sha256": hashes})
    if known.height:
        warehouse.replace(COMPLETE, known.clear(), {"sha256": hashes})


def _of_known_waves(taken: list[Received], files: Sequence[Path], paths: Paths) -> tuple[list[Received], list[Rejected]]:
    """Set aside deliveries without a single row of a wave that the calendar knows; they would vanish without a word."""
    place = {path.name: path for path in files}
    kept, refused = [], []
    for item in taken:
        found = sorted(set(item.wave.to_list()))
        if set(found) & set(WAVES):
            kept.append(item)
            continue
        error = PipelineError(
            "unknown_wave",
            item.delivery.file_name,
            f"svar från något av mättillfällena {', '.join(map(str, WAVES))}",
            f"bara {', '.join(map(str, found[:5]))}",
            "Är mättillfället nytt läggs året till i katalogens kalender (calendar.yml); lägg sedan filen i inkorgen igen.",
        )
        refused.append(set_aside(place[item.delivery.file_name], paths.rejected, error, item.delivery.sha256))
    return kept, refused


@dg.asset(
    key=["raw", "register_rows"],
    deps=[["inbox", "register_files"]],
    group_name="raw",
    description=asset_text("raw", "register_rows"),
)
def raw_register_rows(context: dg.AssetExecutionContext, store: Store) -> dg.MaterializeResult:
    """Read every register file in the inbox; unreadable ones are set aside."""
    with as_failure():
        rows, refused = read_register_files(inbox_files(store.paths.registers), store.paths.archive, store.paths.rejected)
    store.warehouse.replace(REGISTER_ROWS, rows, None)
    remember(store.warehouse, refused)
    notes = dg.MetadataValue.md("\n".join(f"- {in_markdown(r.sentence)}" for r in refused) or "Inga filer sattes åt sidan.")
    return dg.MaterializeResult(metadata=table_metadata(rows) | {"avvisade filer": len(refused), "avvisade": notes})


ASSETS = [raw_survey, raw_register_rows]
