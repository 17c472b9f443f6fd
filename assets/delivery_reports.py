"""The quality room: a page per delivery for the person who takes deliveries in. Reads raw, harmonised and validated; nothing
reads it, and nothing of it is published."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.catalogue.steward import with_steward_codebooks
from assets.failures import as_failure
from assets.harmonised import COUNTS, SURVEY
from assets.intake.receive import inbox_files, inbox_notes
from assets.kept_tables import MARKS
from assets.kept_tables import SCHEMA as MARKS_SCHEMA
from assets.lineage.radius import radius
from assets.lineage.words import lines
from assets.methods.plain_content import plain_text
from assets.overview.texts import overview_texts
from assets.overview.waiting import still_waiting
from assets.quality.content import delivery_pages, index_page
from assets.quality.facts import Tables, delivery_facts
from assets.quality.html import render_delivery, render_index
from assets.quality.markdown import markdown_report
from assets.quality.phrases import Phrases, Touched
from assets.quality.settings import load_settings, load_texts
from assets.quality.shares import Unit, item_counts
from assets.quality.types import Counts, DeliveryFacts, DeliveryPage, IndexPage, RejectedFile, RuleText
from assets.quality.writer import write_index, write_pages
from assets.raw import DELIVERIES as RAW_DELIVERIES
from assets.raw import RESPONSES as RAW_RESPONSES
from assets.rejected_files import REJECTED, taken_in
from assets.release_register.store import read_register
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.texts import asset_text
from assets.validated import DELIVERIES, RESPONSES
from expectations.suite import SUITES, load_suite
from pipelines.paths import Paths
from pipelines.provenance import code_version, package_versions
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

OUTCOMES = TableName("validated", "rule_outcomes")
SCREEN = TableName("harmonised", "screen_counts")
PAGES = "quality.delivery_report"
"""Stands in the column `table_name` of the marks; the part is `_part` of the page's path."""
SHEET_ROWS = 10_000_000
"""`source_row` of a workbook's second sheet and on counts from multiples of this (docs/development/contracts.md)."""


@dg.asset(
    key=["quality", "delivery_report"],
    deps=[
        ["raw", "survey_deliveries"],
        ["harmonised", "survey_responses"],
        ["harmonised", "delivery_counts"],
        ["harmonised", "screen_counts"],
        ["validated", "survey_responses"],
        ["validated", "deliveries"],
        ["validated", "rule_outcomes"],
    ],
    group_name="quality",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("quality", "delivery_report"),
)
def quality_delivery_report(context: dg.AssetExecutionContext, store: Store) -> dg.MaterializeResult:
    """Write the pages of the run's waves and the page that lists all deliveries."""
    waves = int_keys(context, WAVES)
    with as_failure():
        catalogue = with_steward_codebooks(load_catalogue(), store.paths.codebooks)
        phrases = quality_phrases(catalogue)
        pages, index = quality_content(store.warehouse, store.paths, catalogue, phrases, waves)
        mine = [page for page in pages if page.wave in waves]
        folder, marks = store.paths.quality, page_marks(mine, phrases)
        kept = whole_pages(store.warehouse, folder, marks)
        drawn = {page.path: render_delivery(page, phrases) for page in mine if page.path not in kept}
        written = write_pages(folder, drawn, waves, kept)
        mark_pages(store.warehouse, folder, marks, waves)
        place = write_index(store.paths.quality, render_index(index, phrases, written))
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(mine),
            "börja här": dg.MetadataValue.path(str(place)),
            "leveranser": dg.MetadataValue.md(markdown_report(mine, index, phrases)),
        }
    )


def quality_phrases(catalogue: Catalogue) -> Phrases:
    """The report's texts and settings, with the catalogue's names of questions and areas."""
    items = {item.key: item.label_sv for item in catalogue.survey.items}
    screening = getattr(catalogue, "screening", None)
    screen = {rule.id: rule.text_sv for rule in screening.rules} if screening else {}
    return Phrases(load_texts(), load_settings(), items, catalogue.area_names, catalogue.publication.synthetic, screen)


def _touching(warehouse: Warehouse, catalogue: Catalogue) -> Touched:
    """What a fault in a delivery touches, with the release register as it is now."""
    entries = read_register(warehouse.path.parent).entries

    def touched(facts: DeliveryFacts, columns: Sequence[str] | None) -> tuple[str, ...]:
        places = [(place.code, facts.wave) for place in facts.places]
        if not places:
            return ()
        return lines(radius(catalogue, columns, places, entries, facts.sha256), catalogue, overview_texts())

    return touched


def quality_content(
    warehouse: Warehouse, paths: Paths, catalogue: Catalogue, phrases: Phrases, waves: Collection[int] = WAVES
) -> tuple[tuple[DeliveryPage, ...], IndexPage]:
    """The content of every delivery's page (of the waves, the sections too) and of the page that lists them."""
    tables = read_tables(warehouse, catalogue)
    phrases = replace(phrases, touched=_touching(warehouse, catalogue))
    pages = delivery_pages(delivery_facts(tables, catalogue, phrases.settings), phrases, waves)
    rejected = waiting_files(warehouse, paths)
    kept = set(tables.deliveries["source_file"]) if pages else set()
    return pages, index_page(pages, rejected, inbox_notes(inbox_files(paths.surveys), kept), phrases)


def read_tables(warehouse: Warehouse, catalogue: Catalogue) -> Tables:
    """What the report needs of all waves; answers are counted wave by wave and not kept."""
    items = [item.key for item in catalogue.survey.items]
    deliveries = warehouse.read(RAW_DELIVERIES)
    return Tables(
        deliveries=deliveries,
        counts=warehouse.read(COUNTS),
        verdicts=warehouse.read(DELIVERIES),
        candidates=_counted(warehouse, SURVEY, items),
        accepted=_counted(warehouse, RESPONSES, items),
        sheets=_sheets(warehouse, deliveries),
        outcomes=warehouse.read(OUTCOMES) if warehouse.exists(OUTCOMES) else None,
        screen=warehouse.read(SCREEN) if warehouse.exists(SCREEN) else None,
        rules=rule_texts(),
        in_codebook={book.id: frozenset(book.items.values()) for book in catalogue.codebooks},
        timezone=datetime.now().astimezone().tzinfo,
    )


def _counted(warehouse: Warehouse, table: TableName, items: Sequence[str]) -> dict[Unit, dict[str, Counts]]:
    found: dict[Unit, dict[str, Counts]] = {}
    for wave in WAVES:
        found |= item_counts(warehouse.read(table, {"wave": [wave]}), items)
    return found


def _sheets(warehouse: Warehouse, deliveries: pl.DataFrame) -> dict[tuple[str, int], int]:
    """Sheets with answers per workbook and wave."""
    books = deliveries.filter(pl.col("file_format") == "xlsx")["delivery_id"].unique().sort() if deliveries.height else None
    if books is None or books.is_empty():
        return {}
    rows = warehouse.read(RAW_RESPONSES, {"delivery_id": books.to_list()}, ["delivery_id", "wave", "source_row"])
    sheets = rows.group_by("delivery_id", "wave").agg((pl.col("source_row") // SHEET_ROWS).n_unique().alias("sheets"))
    return {(delivery, wave): count for delivery, wave, count in sheets.iter_rows()}


def rule_texts() -> dict[tuple[str, str], RuleText]:
    """(table, rule) -> what the rule says, of every suite."""
    suites = [load_suite(path.stem.replace("__", "/", 1)) for path in sorted(SUITES.glob("*.yml"))]
    return {
        (suite.table, rule.id): RuleText(rule.text_sv, getattr(rule, "why_sv", ""), rule.remedy_sv)
        for suite in suites
        for rule in suite.rules
    }


def waiting_files(warehouse: Warehouse, paths: Paths) -> list[RejectedFile]:
    """Files that were set aside and still wait for somebody, by name (`assets.overview.waiting`)."""
    waiting = still_waiting(paths.rejected, warehouse.read(REJECTED), taken_in(warehouse))
    return [RejectedFile(one.name, one.sentence, one.stored) for one in waiting]


def page_marks(pages: Sequence[DeliveryPage], phrases: Phrases) -> dict[str, str]:
    """Path -> hash of all that decides what the page looks like."""
    same = plain_text([code_version(), package_versions(), replace(phrases, touched=None)])
    return {page.path: hashlib.sha256(f"{same}{plain_text(page)}".encode()).hexdigest() for page in pages}


def whole_pages(warehouse: Warehouse, folder: Path, marks: Mapping[str, str]) -> frozenset[str]:
    """Paths of the pages that lie in the folder, byte for byte as they were written, with these marks."""
    held = warehouse.read(MARKS, {"table_name": [PAGES]})
    known = (
        {part: (inputs, content) for _, part, inputs, content in held.select(list(MARKS_SCHEMA)).iter_rows()}
        if held.height
        else {}
    )
    return frozenset(path for path, mark in marks.items() if known.get(_part(path)) == (mark, _content(folder / path)))


def mark_pages(warehouse: Warehouse, folder: Path, marks: Mapping[str, str], waves: Collection[int]) -> None:
    """Remember the pages of the waves as they lie in the folder now; the other waves' marks stay."""
    held = warehouse.read(MARKS, {"table_name": [PAGES]})
    others = (
        held.filter(~pl.col("part").str.split("/").list.first().is_in([str(wave) for wave in waves])) if held.height else held
    )
    rows = [(PAGES, _part(path), mark, _content(folder / path)) for path, mark in marks.items()]
    new = pl.DataFrame(rows, schema=MARKS_SCHEMA, orient="row")
    warehouse.replace(
        MARKS, pl.concat([others.select(list(MARKS_SCHEMA)), new]) if others.height else new, {"table_name": [PAGES]}
    )


def _part(path: str) -> str:
    """The page's wave and a hash of its path: the path has the delivery's file name in it, which may be a person's."""
    return f"{path.split('/', maxsplit=1)[0]}/{hashlib.sha256(path.encode()).hexdigest()}"


def _content(path: Path) -> str:
    """SHA-256 of a file; nothing when it isn't there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


ASSETS = [quality_delivery_report]
