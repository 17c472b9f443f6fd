"""Runs and what differs between them, in Swedish: lines for the command line, a Markdown table for Dagster, a CSV file. Pure."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from assets.bundle.plain_text import without_formulas
from assets.intake.names import in_markdown, shown_name
from assets.ledger.compare import CHANGED, GONE, NEW, Change, Difference
from assets.ledger.titles import Titles
from assets.ledger.types import RUNNING, Bundle, Check, Input, Output, Run
from assets.methods.errors import count_sv

SWEDISH_TIME = ZoneInfo("Europe/Stockholm")
SHOWN = 10
"""Names and numbers that are listed before the rest are only counted."""
NONE = "–"
_MONTHS = (
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
)
HEADERS = {
    "table_name": "tabell",
    "edition": "utgåva",
    "area_level": "områdesnivå",
    "area_code": "område",
    "wave": "år",
    "grade": "årskurs",
    "sex": "kön",
    "key": "nyckel",
    "measure": "mått",
    "change": "ändring",
    **{
        f"{name}_{side}": f"{word}_{when}"
        for name, word in (("value", "värde"), ("low", "nedre"), ("high", "övre"), ("n", "antal"), ("reason", "skäl"))
        for side, when in (("before", "före"), ("after", "efter"))
    },
}
"""Columns of the CSV file."""
SEXES = {"all": "alla", "girl": "flickor", "boy": "pojkar"}
SEVERITIES = {"ERROR": "stoppar", "WARN": "varning"}


def moment(text: str) -> str:
    """`2026-11-23T01:26:02+00:00` as `23 november 2026 kl. 02.26`, in Swedish time."""
    if not text:
        return NONE
    at = datetime.fromisoformat(text).astimezone(SWEDISH_TIME)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year} kl. {at:%H.%M}"


def took(run: Run) -> str:
    """How long a run took."""
    if not run.ended:
        return NONE
    seconds = int((datetime.fromisoformat(run.ended) - datetime.fromisoformat(run.started)).total_seconds())
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


def list_lines(runs: Sequence[Run], most: int) -> list[str]:
    """A line per run, latest first."""
    if not runs:
        return ["Ingen körning har gjorts än."]
    told = []
    for one in runs[:most]:
        by = f", av {one.by}" if one.by else ""
        told.append(f"{one.number:>4}  {moment(one.started)}  {one.job}: {one.outcome} ({took(one)}){by}")
        told += [f"      {one.sentence}"] if one.sentence else []
    left = len(runs) - most
    told += [f"      och {count_sv(left, 'äldre körning', 'äldre körningar')} (alla visas med --alla)"] if left > 0 else []
    return [*told, "", "En körning: did historik NUMMER. Vad som ändrades mellan två: did historik NUMMER NUMMER."]


def run_lines(
    run: Run, checks: Sequence[Check], inputs: Sequence[Input], outputs: Sequence[Output], bundles: Sequence[Bundle]
) -> list[str]:
    """Everything the ledger has about a run."""
    broken = [one for one in checks if not one.passed]
    told = [
        f"Körning {run.number}: {run.job}, {run.outcome}",
        *([f"  {run.sentence}"] if run.sentence else []),
        f"  Började     {moment(run.started)}",
        f"  Slutade     {moment(run.ended)} ({took(run)})",
        f"  Av          {run.by or 'ingen har angett sitt namn'}",
        f"  Val         {', '.join(f'{name} {value}' for name, value in run.choices.items()) or 'inga särskilda'}",
        f"  Program     {run.code_version}",
        f"  Definitioner {run.catalogue_hash[:12]}, paket {run.packages_hash[:12]}",
    ]
    if run.outcome == RUNNING:
        return [*told, "  Körningen pågår."]
    told += [f"  Dagster     {one.job} {one.run_id}{'' if one.success else ' (misslyckades)'}" for one in run.dagster_runs]
    kinds = {kind: sum(one.kind == kind for one in inputs) for kind in sorted({one.kind for one in inputs})}
    told.append(f"  Filer       {', '.join(f'{kind} {_number(count)}' for kind, count in kinds.items()) or 'inga'}")
    told.append(f"  Kontroller  {_number(sum(c.evaluations for c in checks if c.passed))} höll, {_number(len(broken))} höll inte")
    told += [
        f"    höll inte: {one.table_name}, {one.name} ({SEVERITIES.get(one.severity, one.severity)})" for one in broken[:SHOWN]
    ]
    told += [f"    och {_number(len(broken) - SHOWN)} till"] if len(broken) > SHOWN else []
    layers: dict[str, int] = {}
    for one in outputs:
        layer = one.table_name.split(".")[0]
        layers[layer] = layers.get(layer, 0) + one.rows
    told.append(f"  Rader       {', '.join(f'{layer} {_number(rows)}' for layer, rows in layers.items()) or 'inga'}")
    return [*told, f"  Rapportpaket {_number(len(bundles))} färdiga när körningen slutade"]


def difference_lines(found: Difference, titles: Titles) -> list[str]:
    """What changed from the earlier run to the later: files, definitions, code, choices, numbers, bundles."""
    before, after = found.before, found.after
    told = [f"Från körning {before.number} ({moment(before.started)}) till körning {after.number} ({moment(after.started)}):", ""]
    told += list(_group("Filer", found.inputs))
    told += list(_group("Definitioner och paket", found.definitions))
    same = before.code_version == after.code_version
    told.append("Programmet: samma." if same else f"Programmet: {before.code_version} blev {after.code_version}.")
    told += list(_group("Val", found.choices, with_versions=True))
    told += list(_group("Rapportpaket", found.bundles))
    return [*told, "", *_number_lines(found, titles)]


def _group(title: str, changes: Sequence[Change], *, with_versions: bool = False) -> Iterator[str]:
    if not changes:
        yield f"{title}: inget ändrat."
        return
    counts = [(kind, sum(one.change == kind for one in changes)) for kind in (CHANGED, NEW, GONE)]
    words = {CHANGED: ("ändrad", "ändrade"), NEW: ("ny", "nya"), GONE: ("borta", "borta")}
    yield f"{title}: {', '.join(count_sv(count, *words[kind]) for kind, count in counts if count)}."
    for one in changes[:SHOWN]:
        versions = f": {one.before or NONE} blev {one.after or NONE}" if with_versions or one.what == "paket" else ""
        yield f"  {one.change:<6} {one.what} {shown_name(one.name)}{versions}"
    if len(changes) > SHOWN:
        yield f"  och {_number(len(changes) - SHOWN)} till"


def _number_lines(found: Difference, titles: Titles) -> Iterator[str]:
    if not all(one.outputs_id for one in (found.before, found.after)):
        yield "Utgivningsbara tal: går inte att jämföra, för en av körningarna kom aldrig till sitt slut."
        return
    if not found.tables:
        yield "Utgivningsbara tal: inget tal är ändrat."
        return
    yield f"Utgivningsbara tal: {_number(found.cells.height)} tal skiljer sig."
    for one in found.tables:
        if one.unknown:
            yield f"  {titles.table(one.table_name)}: talen från en av körningarna sparas inte längre"
        elif one.total:
            counts = f"{_number(one.changed)} ändrade, {_number(one.new)} nya, {_number(one.gone)} borta"
            yield f"  {titles.table(one.table_name)}: {counts}"
        else:
            yield f"  {titles.table(one.table_name)}: bara texter"
    yield from (f"    {_cell(row, titles)}" for row in found.cells.head(SHOWN).iter_rows(named=True))
    if found.cells.height > SHOWN:
        yield f"    och {_number(found.cells.height - SHOWN)} till; alla skrivs med --csv FIL"


def _cell(row: Mapping[str, object], titles: Titles) -> str:
    area = titles.areas.get(str(row["area_code"]), str(row["area_code"] or ""))
    parts = [
        titles.table(str(row["table_name"])),
        area,
        row["wave"],
        _grade(row["grade"]),
        SEXES.get(str(row["sex"]), row["sex"]),
        titles.key(str(row["key"] or ""), str(row["table_name"])),
        titles.measure(str(row["key"] or ""), str(row["measure"] or "")),
    ]
    edition = f" ({row['edition']})" if row["edition"] else ""
    place = ", ".join(shown_name(str(part)) for part in parts if part)
    return f"{place}{edition}: {_value(row, 'before', titles)} blev {_value(row, 'after', titles)}"


def _grade(grade: object) -> str:
    """`ak9` as `åk 9`, `gy2` as `gy 2`."""
    text = str(grade or "")
    word = {"ak": "åk", "gy": "gy"}.get(text[:2])
    return f"{word} {text[2:]}" if word else text


def _value(row: Mapping[str, object], side: str, titles: Titles) -> str:
    if row["change"] == {"before": NEW, "after": GONE}[side]:
        return "inget"
    value, reason = row[f"value_{side}"], row[f"reason_{side}"]
    if value is None:
        return f"visas inte ({titles.reasons.get(str(reason), reason)})" if reason else "inget värde"
    return _decimal(float(str(value)))


def _decimal(value: float) -> str:
    return f"{value:,.6f}".rstrip("0").rstrip(".").replace(",", "\u00a0").replace(".", ",")


def difference_csv(cells: pl.DataFrame) -> bytes:
    """Every number that differs: UTF-8 with a mark at the start, semicolons and decimal commas, as Swedish spreadsheets want."""
    buffer = io.BytesIO()
    without_formulas(cells).select(pl.col(name).alias(word) for name, word in HEADERS.items()).write_csv(
        buffer, separator=";", decimal_comma=True, include_bom=True
    )
    return buffer.getvalue()


def markdown(runs: Sequence[Run], most: int) -> str:
    """The latest runs as a table for the Dagster page."""
    if not runs:
        return "Ingen körning har gjorts än."
    rows = [
        f"| {one.number} | {moment(one.started)} | {in_markdown(one.job)} | {one.outcome} | {took(one)} "
        f"| {in_markdown(one.by)} | {in_markdown(one.sentence)} |"
        for one in runs[:most]
    ]
    return "\n".join(["| nummer | började | vad | utfall | tid | av | varför |", "|---|---|---|---|---|---|---|", *rows])


def _number(count: int) -> str:
    return f"{count:,}".replace(",", "\u00a0")
