"""`5_metod/`: indicator list, codebook, quality declaration, non-response, disclosure decision and what has changed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from assets.bundle.change_pages import change_files, change_sections, changes_since
from assets.bundle.html import render_method_page
from assets.bundle.method_definitions import Line, MethodDefinitions
from assets.bundle.noise_words import noise_blocks
from assets.bundle.tables import csv_bytes
from assets.bundle.types import Block, Bullets, Figure, ReportContent, ReportMeta, Section, Table, Text
from assets.bundle.utility_words import utility_blocks
from assets.bundle.waiver_words import waiver_blocks
from assets.bundle.words import Context, date_text
from assets.charts import numbers
from assets.charts.types import ReleaseFrames

FOLDER = "5_metod"
KINDS = ("index", "indicator", "scale", "register")


def method_files(
    frames: ReleaseFrames, content: ReportContent, meta: ReportMeta, tables: Callable[[], Mapping[str, pl.DataFrame]] = dict
) -> dict[str, bytes]:
    """Pages and tables of the folder beside `metod.html` and `indexanatomi.html`; nothing without definitions.

    Args:
        tables: gives the bundle's tables; asked only when there is an earlier edition to compare them with.
    """
    if meta.method is None:
        return {}
    context = Context(frames, content.scope, meta)
    changed = changes_since(frames.previous_tables, tables)
    pages = method_pages(context, content, meta.method, changed)
    files = {f"{FOLDER}/{name}.html": render_method_page(name, sections, content, meta) for name, sections in pages.items()}
    texts = meta.texts["method_folder"]
    return {name: page.encode("utf-8") for name, page in files.items()} | {
        f"{FOLDER}/indikatorlista.csv": _csv(meta.method.indicators, texts["indicator_columns"]),
        f"{FOLDER}/kodbok.csv": _csv(meta.method.codebook, texts["codebook_columns"]),
        **change_files(FOLDER, changed, meta),
    }


def method_pages(
    context: Context, content: ReportContent, method: MethodDefinitions, changed: pl.DataFrame | None = None
) -> dict[str, tuple[Section, ...]]:
    """Page name -> its sections. A register report has no page on non-response: nobody was asked."""
    who = next((found for found in content.sections if found.id == "vilka"), None)
    pages = {
        "indikatorlista": _indicator_list(context, method),
        "kodbok": _codebook(context, method),
        "kvalitetsdeklaration": quality_declaration(context, method),
        "bortfall": (_without_figures(who),) if who else (),
        "rojandekontroll": _disclosure(context, method),
        "andringar": (*change_sections(context, changed), *_questions(context, method)),
    }
    return {name: sections for name, sections in pages.items() if sections}


def _without_figures(section: Section) -> Section:
    return Section(section.id, section.title, tuple(block for block in section.blocks if not isinstance(block, Figure)))


def _csv(rows: tuple[Line, ...], columns: Mapping[str, str]) -> bytes:
    return csv_bytes(pl.DataFrame([{header: row[key] for key, header in columns.items()} for row in rows]))


def _indicator_list(context: Context, method: MethodDefinitions) -> tuple[Section, ...]:
    columns, captions = context.entry("method_folder.indicator_columns"), context.entry("method_folder.indicator_captions")
    keys = [key for key in columns if key not in ("kind", "id")]
    found = []
    for kind in KINDS:
        rows = tuple(
            (row["name"], *(row[key] for key in keys if key != "name")) for row in method.indicators if row["kind_key"] == kind
        )
        if rows:
            headers = tuple(columns[key] for key in keys)
            table = Table(f"lista-{kind}", context.say("common.table_caption", title=captions[kind]), headers, rows)
            found.append(Section(f"slag-{kind}", captions[kind], (table,)))
    return tuple(found)


def _codebook(context: Context, method: MethodDefinitions) -> tuple[Section, ...]:
    columns = context.entry("method_folder.codebook_columns")
    caption = context.say("method_folder.codebook_caption", survey=method.survey)
    rows = tuple(tuple(row[key] for key in columns) for row in method.codebook)
    missing = Table(
        "utebliven", context.say("method_folder.missing_caption"),
        tuple(context.entry("method_folder.missing_columns")), method.missing,
    )  # fmt: skip
    heading = context.say("common.table_caption", title=caption)  # two landmarks of one page may not have one name
    return (Section("fragor", caption, (Table("kodbok", heading, tuple(columns.values()), rows), missing)),)


def quality_declaration(context: Context, method: MethodDefinitions) -> tuple[Section, ...]:
    """The five headings with the release's own numbers where it has them, and a plain word where it hasn't."""
    words = _facts(context, method)
    texts: Mapping[str, Any] = context.entry("method_folder.quality")
    found = []
    for name in ("relevance", "accuracy", "timeliness", "comparability", "coherence"):
        told = tuple(text for item in texts[name]["items"] if (text := str(item).format(**words).strip()))
        found.append(Section(f"kvalitet-{name}", texts[name]["title"], (Bullets(told),)))
    return tuple(found)


def _facts(context: Context, method: MethodDefinitions) -> dict[str, object]:
    meta, scope, path = context.meta, context.scope, "method_folder.quality"
    rates = context.frames.response_rates.filter(
        (pl.col("area_code") == scope.area_code)
        & (pl.col("wave") == scope.wave)
        & pl.coalesce("respondents", "respondents_least").is_not_null()
    )
    told = []
    for row in rates.sort("grade").iter_rows(named=True):
        pct = context.response(row)
        rate = str(context.entry(f"{path}.rate")).format(pct=pct) if pct else ""
        grade = context.grade_first(row["grade"])
        told.append(context.say(f"{path}.respondents", grade=grade, n=context.answers(row), rate=rate))
    blank = context.frames.delivery_quality.filter(
        (pl.col("area_code") == scope.area_code) & (pl.col("wave") == scope.wave) & (pl.col("item") == "missing_item_pct")
    )["value"].drop_nulls().to_list()  # fmt: skip
    years = context.frames.register_values.filter(pl.col("value").is_not_null() & pl.col("year").is_not_null())
    newest = years.group_by("source").agg(pl.col("year").max()).sort("source")
    parts = [
        context.say(f"{path}.register_part", source=method.sources.get(source, numbers.upper_first(source)), year=year)
        for source, year in newest.iter_rows()
    ]
    count = len({change for key in meta.indices for change in method.questions.get(key, ())})
    return {
        "area": scope.area_name,
        "wave": scope.wave,
        "released": date_text(meta.released),
        "version": meta.version,
        "cutoffs": meta.cutoff_title,
        "screening": meta.screening_text,
        "respondents": " ".join(told) or context.say(f"{path}.respondents_none"),
        "missing": context.say(f"{path}.missing", pct=f"{blank[0]} %") if blank else context.say(f"{path}.missing_none"),
        "shown": _shown(context) if told else "",
        "registers": context.say(f"{path}.registers", parts=numbers.words(parts))
        if parts
        else context.say(f"{path}.registers_none"),
        "breaks": context.say(f"{path}.breaks", count=numbers.upper_first(numbers.spelled(count)))
        if count
        else context.say(f"{path}.breaks_none"),
    }


def _shown(context: Context) -> str:
    """How many of the indices' shares can be shown."""
    shown, total = context.shown_count()
    kind = "shown_all" if shown == total else "shown"
    return context.say(f"method_folder.quality.{kind}", shown=shown, total=total, area=context.scope.area_name)


def _disclosure(context: Context, method: MethodDefinitions) -> tuple[Section, ...]:
    path, told = "method_folder.disclosure", method.disclosure
    edition = context.scope.edition
    named = numbers.words([numbers.lower_first(name) for name in told.sensitive]) if told.sensitive else ""
    heading = context.say("common.table_caption", title=context.say(f"{path}.caption"))
    named_edition = context.say(f"common.editions.{edition}")
    blocks: tuple[Block, ...] = (
        Text(context.say(f"{path}.version", version=told.version, day=told.valid_from, edition=named_edition)),
        Bullets(told.decisions),
        Text(context.say(f"{path}.sensitive", names=named) if named else context.say(f"{path}.sensitive_none")),
        *([] if edition in told.with_districts else [Text(context.say(f"{path}.no_districts"))]),
        *waiver_blocks(context, "undantag"),
        *noise_blocks(context, "brus"),
        *utility_blocks(context),
        Table("regler", heading, tuple(context.entry(f"{path}.columns")), told.rules[edition]),
    )
    return (Section("regler-avsnitt", context.say(f"{path}.caption"), blocks),)


def _questions(context: Context, method: MethodDefinitions) -> tuple[Section, ...]:
    path, wave = "method_folder.changes", context.scope.wave
    titles = {key: index.label_sv for key, index in context.indices.items()} | dict(context.meta.series_titles)
    kind = context.entry(f"{path}.kinds")["question"]
    rows = tuple(
        (titles.get(series, series), kind, context.say(f"{path}.question", wave=year, text=numbers.lower_first(text)))
        for series, breaks in method.questions.items()
        for year, text in breaks
        if year <= wave
    )
    if not rows:
        return ()
    caption = context.say(f"{path}.questions_caption", wave=wave)
    table = Table("andrade-fragor", caption, tuple(context.entry(f"{path}.columns")), rows)
    return (Section("fragor", context.say(f"{path}.questions_title"), (table,)),)
