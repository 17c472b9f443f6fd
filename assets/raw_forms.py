"""Raw layer: filled forms from the inbox, a row per file and per answered field. Texts with personal data are in no table."""

from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl

from assets.asset_keys import asset_key
from assets.catalogue.load import load_catalogue
from assets.failures import as_failure
from assets.forms.collect import Around
from assets.forms.definitions import form_definitions
from assets.forms.receive import receive_forms
from assets.forms.tables import FILES_SCHEMA, ReadForm, answer_rows, file_rows
from assets.hygiene import purged
from assets.intake.names import in_markdown
from assets.intake.receive import Rejected, file_hash, inbox_files, inbox_notes
from assets.rejected_files import remember
from assets.table_metadata import table_metadata
from assets.texts import asset_text, op_text
from pipelines.paths import Paths
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

FILES = TableName("raw", "form_files")
ANSWERS = TableName("raw", "form_answers")


@dg.multi_asset(
    specs=[
        dg.AssetSpec(["raw", "form_files"], deps=[["inbox", "form_files"]], description=asset_text("raw", "form_files")),
        dg.AssetSpec(["raw", "form_answers"], deps=[["inbox", "form_files"]], description=asset_text("raw", "form_answers")),
    ],
    name="raw_forms",
    description=op_text("raw_forms"),
    group_name="raw",
)
def raw_forms(context: dg.AssetExecutionContext, store: Store):
    """Read what is new in the inbox for forms; files that can't be read are set aside and the others go on."""
    warehouse, paths = store.warehouse, store.paths
    files = inbox_files(paths.forms)
    held = stored_files(warehouse)
    fresh = _fresh(files, set(held["source_sha256"]))
    with as_failure():
        read, refused = _receive(fresh, paths)
    store_forms(warehouse, read, refused)
    held = stored_files(warehouse)
    notes = [f"{name}: {line}" for name, text in held.select("source_file", "notes").sort("source_file").iter_rows()
             for line in text.splitlines()]  # fmt: skip
    notes += inbox_notes(files, set(held["source_file"]))
    common = {
        "nya filer": len(read),
        "avvisade filer": len(refused),
        "avvisade": _listed([r.sentence for r in refused], "Inga filer sattes åt sidan."),
        "anmärkningar": _listed(notes, "Inget att anmärka."),
        "texter som lämnades utanför": int(held["held_back"].sum()),
    }
    answers = warehouse.read(ANSWERS)
    for name, frame in (("form_files", held), ("form_answers", answers)):
        yield dg.MaterializeResult(asset_key=asset_key("raw", name), metadata=common | table_metadata(frame))


def stored_files(warehouse: Warehouse) -> pl.DataFrame:
    """`raw.form_files` as it now is; without rows when nothing has been read."""
    known = warehouse.read(FILES)
    return known if known.width else pl.DataFrame(schema=FILES_SCHEMA)


def store_forms(warehouse: Warehouse, read: list[ReadForm], refused: list[Rejected]) -> None:
    """Add what was read to the raw tables; tables without rows are written too, so that an empty inbox leaves no holes."""
    ids = {"form_id": [one.form_id for one in read]}
    warehouse.replace_together([(FILES, file_rows(read), ids), (ANSWERS, answer_rows(read), ids)])
    remember(warehouse, refused)


def _fresh(files: list[Path], known: set[str]) -> list[Path]:
    """The files that haven't been read; links are told apart where they are received."""
    return [path for path in files if path.is_symlink() or file_hash(path) not in known]


def _receive(fresh: list[Path], paths: Paths) -> tuple[list[ReadForm], list[Rejected]]:
    """The definitions and the words of names are read only when there is a file to read."""
    if not fresh:
        return [], []
    from assets.catalogue.personal_data import load_name_words

    places = {m.municipality_code: m.name for m in load_catalogue().municipalities}
    today = date.today()  # noqa: DTZ011 - the day on the calendar where the person sits
    around, gone = Around(places, today, load_name_words()), purged.hashes(paths.root)
    return receive_forms(fresh, paths.archive, paths.rejected, form_definitions(), around, (), gone)


def _listed(sentences: list[str], none: str) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md("\n".join(f"- {in_markdown(s)}" for s in sentences) or none)


ASSETS = [raw_forms]
