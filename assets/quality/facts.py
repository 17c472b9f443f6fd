"""From the tables of the raw, harmonised and validated layers to what is known of each delivery. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from functools import cached_property
from typing import Any

import polars as pl

from assets.catalogue.load import Catalogue
from assets.catalogue.models import Codebook
from assets.quality.settings import QualitySettings
from assets.quality.shares import ByItem, Unit, add_up, item_quality, present
from assets.quality.types import (
    DeliveryFacts,
    ItemQuality,
    Place,
    RuleResult,
    RuleText,
    ScreenResult,
    StatusKind,
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Tables:
    """What the report reads. Frames as in docs/development/contracts.md; all waves unless said otherwise.

    Attributes:
        deliveries: raw.survey_deliveries. counts: harmonised.delivery_counts. verdicts: validated.deliveries.
        candidates, accepted: `shares.item_counts` of the harmonised and of the validated answers.
        sheets: (delivery id, wave) -> sheets with answers, workbooks only.
        outcomes: validated.rule_outcomes, None when there is no such table. screen: harmonised.screen_counts, likewise.
        rules: (table, rule) -> its texts. timezone: of the shown dates.
        in_codebook: codebook id -> its questions; a question outside it can't be missed.
    """

    deliveries: pl.DataFrame
    counts: pl.DataFrame
    verdicts: pl.DataFrame
    candidates: Mapping[Unit, ByItem]
    accepted: Mapping[Unit, ByItem]
    sheets: Mapping[tuple[str, int], int] = field(default_factory=dict)
    outcomes: pl.DataFrame | None = None
    screen: pl.DataFrame | None = None
    rules: Mapping[tuple[str, str], RuleText] = field(default_factory=dict)
    timezone: tzinfo = UTC
    in_codebook: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def codebook_of(self) -> dict[str, str]:
        """Delivery id -> id of its codebook."""
        return {row["delivery_id"]: row["codebook"] or "" for row in self.raw_rows}

    def expected(self, delivery_id: str, counts: ByItem) -> ByItem:
        """The counts without questions that the delivery's codebook doesn't have (and that no column holds)."""
        held = self.in_codebook.get(self.codebook_of.get(delivery_id, ""), frozenset(counts))
        return {item: found for item, found in counts.items() if item in held or found.asked}

    @cached_property
    def accepted_by_place(self) -> dict[tuple[int, str], ByItem]:
        """Accepted answers of a wave and municipality, whichever file they came in."""
        parts: dict[tuple[int, str], list[ByItem]] = {}
        for (delivery, wave, code), counts in self.accepted.items():
            parts.setdefault((wave, code), []).append(self.expected(delivery, counts))
        return {key: add_up(found) for key, found in parts.items()}

    @cached_property
    def verdict_rows(self) -> dict[tuple[str, int], list[Row]]:
        """Rows of validated.deliveries per delivery and wave; of harmonised.delivery_counts where there is no verdict."""
        return {**_by_delivery(self.counts), **_by_delivery(self.verdicts)}

    @cached_property
    def raw_rows(self) -> list[Row]:
        """The deliveries, latest wave first, then by file name."""
        rows = list(self.deliveries.iter_rows(named=True))
        return sorted(rows, key=lambda r: (-r["wave"], r["source_file"].casefold(), r["delivery_id"]))

    @cached_property
    def source_of(self) -> dict[tuple[int, str], str]:
        """Wave and municipality -> id of the delivery whose answers count."""
        return {(wave, code): delivery for delivery, wave, code in sorted(self.accepted)}

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """Delivery id -> fingerprint."""
        return {row["delivery_id"]: row["fingerprint"] or "" for row in self.raw_rows}


def _by_delivery(frame: pl.DataFrame) -> dict[tuple[str, int], list[Row]]:
    found: dict[tuple[str, int], list[Row]] = {}
    for row in sorted(frame.iter_rows(named=True), key=lambda r: r["municipality_code"] or ""):
        found.setdefault((row["delivery_id"], row["wave"]), []).append(row)
    return found


def delivery_facts(tables: Tables, catalogue: Catalogue, settings: QualitySettings) -> list[DeliveryFacts]:
    """What is known of every delivery x wave, latest wave first, then by file name."""
    books = {book.id: book for book in catalogue.codebooks}
    return [_facts(row, tables, catalogue, books.get(row["codebook"]), settings) for row in tables.raw_rows]


def _facts(row: Row, tables: Tables, catalogue: Catalogue, book: Codebook | None, settings: QualitySettings) -> DeliveryFacts:
    key = (row["delivery_id"], row["wave"])
    verdicts = tables.verdict_rows.get(key, [])
    first: Row = verdicts[0] if verdicts else {}
    judged = any(r.get("status") for r in verdicts)
    own = _own_counts(tables, key)
    places = _places(own, verdicts, tables, catalogue, key)
    kept, stopped = (sum(r["rows_kept"] or 0 for r in verdicts if bool(r.get("promoted")) == good) for good in (True, False))
    received, outside = first.get("rows_received") or row["rows"], first.get("rows_outside") or 0
    replaced_by = first.get("replaced_by") or ""
    unknown, missing = _recognised(row, book, catalogue)
    return DeliveryFacts(
        delivery_id=row["delivery_id"],
        wave=row["wave"],
        file_name=row["source_file"],
        sha256=row["source_sha256"],
        file_format=row["file_format"] or "",
        encoding=row["encoding"] or "",
        delimiter=row["delimiter"] or "",
        decimal_mark=row["decimal_mark"] or "",
        sheets=tables.sheets.get(key),
        fingerprint=row["fingerprint"] or "",
        received=_day(row["received_ns"], tables.timezone),
        codebook=book.title_sv if book else row["codebook"] or "",
        declared=bool(row["declared"]),
        matched_pct=row["matched_pct"] or 0,
        sidecar_reason=row["reason"] or "",
        sidecar_municipality=row["municipality_code"] or "",
        notes=tuple((row["notes"] or "").splitlines()),
        unknown_columns=unknown,
        missing_items=missing,
        status=_status(verdicts, judged),
        replaced_by=replaced_by,
        newer=_newer(replaced_by, key, tables),
        replaces=_replaces(row, tables),
        rows_received=received,
        rows_outside=outside,
        rows_superseded=max(received - outside - kept - stopped, 0) if verdicts else 0,
        rows_stopped=stopped if judged else 0,
        rows_kept=kept,
        duplicate_rows=first.get("duplicate_rows"),
        repeated_ids=first.get("repeated_ids"),
        places=places,
        items=_items(own, tables, catalogue, row["wave"], settings),
        critical_broken=max((r.get("critical_broken") or 0 for r in verdicts), default=0),
        warnings_broken=max((r.get("warnings_broken") or 0 for r in verdicts), default=0),
        rules_tried=max((r.get("rules_tried") or 0 for r in verdicts), default=0),
        rules=_rules(tables, key) if judged else None,
        screen=_screen(tables.screen, key),
    )


def _day(nanoseconds: int | None, zone: tzinfo) -> date | None:
    """The file's own date; None for a time that no calendar holds."""
    try:
        return None if nanoseconds is None else datetime.fromtimestamp(nanoseconds // 10**9, zone).date()
    except (OverflowError, OSError, ValueError):
        return None


def _own_counts(tables: Tables, key: tuple[str, int]) -> dict[str, ByItem]:
    """Municipality -> counts of the delivery's rows: the candidates, else what was accepted of it earlier."""
    for source in (tables.candidates, tables.accepted):
        mine = {code: counts for (delivery, wave, code), counts in source.items() if (delivery, wave) == key}
        found = {code: tables.expected(key[0], counts) for code, counts in mine.items()}
        if found:
            return found
    return {}


def _status(verdicts: list[Row], judged: bool) -> StatusKind:
    if not judged:
        whole = bool(verdicts) and all(r["rows_outside"] == r["rows_received"] for r in verdicts)
        return "nobody" if whole else "unjudged"
    promoted = [bool(r["promoted"]) for r in verdicts]
    if all(promoted) and not any(r["superseded"] for r in verdicts):
        return "accepted"
    if any(promoted):
        return "partly"
    if any(r["critical_broken"] for r in verdicts):
        return "stopped"
    return "replaced" if any(r["replaced_by"] for r in verdicts) else "nobody"


def _recognised(row: Row, book: Codebook | None, catalogue: Catalogue) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns of the file that the codebook doesn't know, and questions asked in the wave that no column of it holds."""
    columns: list[str] = json.loads(row["columns"] or "[]")
    if book is None:
        return (), ()
    roles = {name for role in type(book.columns).model_fields for name in getattr(book.columns, role)}
    unknown = tuple(c for c in columns if c not in book.items and c not in book.measures and c not in roles)
    have = {book.items[c] for c in columns if c in book.items}
    expected = {item for item in book.items.values()}
    survey = catalogue.survey
    missing = tuple(i.key for i in survey.items if i.key in expected - have and i.asked_in(row["wave"]))
    return unknown, missing


def _places(
    own: Mapping[str, ByItem], verdicts: list[Row], tables: Tables, catalogue: Catalogue, key: tuple[str, int]
) -> tuple[Place, ...]:
    found = [_place(r, own.get(r["municipality_code"], {}), tables, catalogue, key) for r in verdicts if r["municipality_code"]]
    return tuple(sorted(found, key=lambda p: p.code))


def _place(verdict: Row, counts: ByItem, tables: Tables, catalogue: Catalogue, key: tuple[str, int]) -> Place:
    code, wave = verdict["municipality_code"], key[1]
    asked = {i.key for i in catalogue.survey.items if i.asked_in(wave)}
    now = present(counts, asked)
    place = Place(code, catalogue.area_names.get(code, code), verdict.get("status") or "", verdict["rows_kept"] or 0, len(now))
    earlier = max((w for w, c in tables.accepted_by_place if c == code and w < wave), default=None)
    if earlier is None:
        return place
    before = tables.accepted_by_place[(earlier, code)]
    asked_then = {i.key for i in catalogue.survey.items if i.asked_in(earlier)}
    then, both = present(before, asked_then), asked & asked_then & set(counts) & set(before)
    order = [i.key for i in catalogue.survey.items]
    last = tables.fingerprints.get(tables.source_of.get((earlier, code), ""))
    return Place(
        code=code,
        name=place.name,
        status=place.status,
        rows=place.rows,
        items=place.items,
        previous_wave=earlier,
        previous_rows=max((c.rows for c in before.values()), default=0),
        previous_items=len(then),
        gone=tuple(i for i in order if i in (then - now) & both),
        added=tuple(i for i in order if i in (now - then) & both),
        same_structure=None if not last else last == tables.fingerprints.get(key[0]),
    )


def _items(
    own: Mapping[str, ByItem], tables: Tables, catalogue: Catalogue, wave: int, settings: QualitySettings
) -> tuple[ItemQuality, ...]:
    if not own:
        return ()
    by_place = tables.accepted_by_place
    waves = [w for w in catalogue.calendar.survey_waves if w < wave]
    before = {w: add_up(by_place[(w, code)] for code in own if (w, code) in by_place) for w in waves}
    return item_quality(add_up(own.values()), before, catalogue.survey, wave, settings)


def _newer(replaced_by: str, key: tuple[str, int], tables: Tables) -> str:
    """Id of the delivery of the same wave that is named as the newer one."""
    same_wave = (r for r in tables.raw_rows if r["wave"] == key[1] and r["delivery_id"] != key[0])
    return next((r["delivery_id"] for r in same_wave if _names(replaced_by, r["source_file"])), "")


def _replaces(row: Row, tables: Tables) -> tuple[str, ...]:
    """Names of the files of the wave that this one took the place of."""
    others = {
        r["source_file"]
        for (delivery, wave), rows in tables.verdict_rows.items()
        for r in rows
        if wave == row["wave"] and delivery != row["delivery_id"] and _names(r.get("replaced_by") or "", row["source_file"])
    }
    return tuple(sorted(others))


def _names(listed: str, name: str) -> bool:
    """Whether a list such as `a.csv (reason), b.csv` names the file."""
    text = f", {listed}, "
    return f", {name}, " in text or f", {name} (" in text


def _rules(tables: Tables, key: tuple[str, int]) -> tuple[RuleResult, ...] | None:
    if tables.outcomes is None:
        return None
    if tables.outcomes.is_empty():
        return ()
    mine = tables.outcomes.filter((pl.col("delivery_id") == key[0]) & (pl.col("wave") == key[1]))
    found = []
    for r in mine.iter_rows(named=True):
        table = str(r["table_name"]).replace(".", "/", 1)
        said = tables.rules.get((table, r["rule"]), RuleText(r["rule"], "", ""))
        found.append(RuleResult(table, r["rule"], r["severity"], r["status"], _listed(r["columns_broken"]), said))
    order = {"critical": 0, "warning": 1, "info": 2}
    return tuple(sorted(found, key=lambda r: (order.get(r.severity, 3), r.rule)))


def _listed(columns: str | Iterable[str] | None) -> tuple[str, ...]:
    """Column names from a list or from text with commas."""
    parts = columns.split(",") if isinstance(columns, str) else columns or ()
    return tuple(name.strip() for name in parts if name.strip())


def _screen(screen: pl.DataFrame | None, key: tuple[str, int]) -> tuple[ScreenResult, ...] | None:
    if screen is None:
        return None
    if screen.is_empty():
        return ()
    mine = screen.filter((pl.col("delivery_id") == key[0]) & (pl.col("wave") == key[1]))
    counted = ("n_screened", "n_flagged", "n_removed")
    sums = mine.group_by("flag").agg(pl.col(counted).cast(pl.Int64).sum()).sort("flag")
    return tuple(ScreenResult(*row) for row in sums.select("flag", *counted).iter_rows())
