"""Hand-made tables for the quality report: five deliveries that cover what can become of one. No answer is anybody's."""

from __future__ import annotations

import json
from collections.abc import Mapping

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.delivery_reports import quality_phrases
from assets.quality.content import delivery_pages, index_page
from assets.quality.facts import Tables, delivery_facts
from assets.quality.phrases import Phrases
from assets.quality.shares import ByItem, Unit, item_counts
from assets.quality.types import DeliveryFacts, DeliveryPage, IndexPage, RejectedFile, RuleText

CATALOGUE = load_catalogue()
BOOK = next(b for b in CATALOGUE.codebooks if b.id == "stockholmsenkaten-2024")
TABY, SALEM, NACKA = "0160", "0128", "0182"
GOOD, OLD, STOPPED, MIXED, BEFORE = (letter * 12 for letter in "abcde")
HOSTILE = "Salem <img src=x onerror=alert(1)> | `2024`.csv"
HOSTILE_COLUMN = '</td><script>alert("x")</script>'
ROLES = ("ar", "Skolkommun", "Arskurs", "F2", "Skolenhetskod", "Klass")
COLUMNS = (*ROLES, *BOOK.items)
DAY_NS = 1_714_564_800_000_000_000  # 1 May 2024, 12.00 UTC


def answers(
    delivery: str, wave: int, code: str, rows: int, unanswered: Mapping[str, int] | None = None, without: tuple[str, ...] = ()
) -> pl.DataFrame:
    """Rows in which everybody answers 1, but for as many skipped answers (999) per question as said; 996 and 998 in two."""
    skipped = unanswered or {}
    cells: dict[str, list[int | None]] = {
        item.key: [None] * rows
        if item.key in without
        else [999] * skipped.get(item.key, 0) + [1] * (rows - skipped.get(item.key, 0))
        for item in CATALOGUE.survey.items
    }
    cells["F37"][-3:], cells["F82"][-2:] = [996] * 3, [998] * 2
    keys = {"delivery_id": [delivery] * rows, "wave": [wave] * rows, "municipality_code": [code] * rows}
    return pl.DataFrame(keys | cells, schema_overrides={"wave": pl.Int32})


def raw_row(delivery: str, wave: int, name: str, rows: int, **changes: object) -> dict[str, object]:
    """A row of raw.survey_deliveries."""
    row = {
        "delivery_id": delivery, "wave": wave, "source_file": name, "source_sha256": delivery * 5 + "0000", "file_format": "sav",
        "encoding": "UTF-8", "delimiter": "", "decimal_mark": "", "codebook": BOOK.id, "declared": False, "matched_pct": 100,
        "fingerprint": "f00d" * 4, "municipality_code": "", "reason": "", "notes": "", "columns": json.dumps(COLUMNS),
        "rows": rows, "received_ns": DAY_NS,
    }  # fmt: skip
    return row | changes


def verdict(delivery: str, wave: int, name: str, received: int, code: str | None, kept: int | None, **changes: object) -> dict:
    """A row of validated.deliveries."""
    row = {
        "delivery_id": delivery, "wave": wave, "rows_received": received, "rows_outside": 0, "superseded": None,
        "municipality_code": code, "rows_kept": kept, "source_file": name, "replaced_by": None, "duplicate_rows": None,
        "repeated_ids": None, "critical_broken": 0, "promoted": True, "rules_tried": 18, "warnings_broken": 0,
        "status": "godkänd",
    }  # fmt: skip
    return row | changes


def raw_table() -> pl.DataFrame:
    """raw.survey_deliveries of the sample."""
    lacking = [name for name in COLUMNS if name != "F62"]
    return pl.DataFrame(
        [
            raw_row(BEFORE, 2022, "Täby 2022.sav", 80),
            raw_row(GOOD, 2024, "Täby 2024.sav", 103),
            raw_row(OLD, 2024, "Täby gammal.sav", 100),
            raw_row(
                STOPPED, 2024, HOSTILE, 47, file_format="csv", encoding="Windows-1252", delimiter=";", decimal_mark="komma",
                declared=True, matched_pct=99, reason="rättad", municipality_code=SALEM,
                columns=json.dumps([*lacking, HOSTILE_COLUMN]),
                notes="Filen har ett dolt blad som inte lästes.",
            ),
            raw_row(MIXED, 2024, "Två kommuner.xlsx", 141, file_format="xlsx", fingerprint="beef" * 4),
        ],
        schema_overrides={"wave": pl.Int32},
    )  # fmt: skip


def verdict_table() -> pl.DataFrame:
    """validated.deliveries of the sample."""
    two = {"received": 141, "rows_outside": 3, "superseded": 1, "replaced_by": "Täby 2024.sav"}
    rows = [
        verdict(BEFORE, 2022, "Täby 2022.sav", 80, TABY, 80),
        verdict(GOOD, 2024, "Täby 2024.sav", 103, TABY, 103, duplicate_rows=12, repeated_ids=2),
        verdict(OLD, 2024, "Täby gammal.sav", 100, None, None, promoted=False, status="ersatt av Täby 2024.sav (fel svar)",
                replaced_by="Täby 2024.sav (fel svar)", superseded=1),
        verdict(STOPPED, 2024, HOSTILE, 47, SALEM, 46, rows_outside=1, promoted=False, critical_broken=1, status="stoppad"),
        verdict(MIXED, 2024, "Två kommuner.xlsx", two["received"], NACKA, 117,
                **{k: v for k, v in two.items() if k != "received"}),
        verdict(MIXED, 2024, "Två kommuner.xlsx", two["received"], SALEM, 7, promoted=False, status="stoppad", critical_broken=1,
                **{k: v for k, v in two.items() if k != "received"}),
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"wave": pl.Int32, "superseded": pl.UInt32}, infer_schema_length=None)


def outcome_table() -> pl.DataFrame:
    """validated.rule_outcomes of the sample: one stopping rule and one warning broken, one rule that couldn't be tried."""
    keys = ("delivery_id", "wave", "table_name", "rule", "severity", "status", "columns_broken")
    table = "harmonised/survey_responses"
    rows = [
        (STOPPED, 2024, table, "svar_i_kodboken", "critical", "broken", "F55e, F55f"),
        (STOPPED, 2024, table, "kon_inte_bara_ett", "warning", "broken", ""),
        (STOPPED, 2024, table, "foljdfraga_berusad", "warning", "not_evaluated", ""),
        (STOPPED, 2024, table, "elev_unik", "critical", "holds", ""),
        (GOOD, 2024, table, "elev_unik", "critical", "holds", ""),
        (BEFORE, 2022, table, "elev_unik", "critical", "holds", ""),
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(keys, pl.String) | {"wave": pl.Int32}, orient="row")


def screen_table() -> pl.DataFrame:
    """harmonised.screen_counts of the sample."""
    found = {"alla_narkotika": ((60, 4, 0), (43, 11, 6)), "any": ((60, 4, 0), (43, 11, 6)), "removed": ((60, 0, 0), (43, 6, 6)),
             "tid": ((0, 0, 0), (0, 0, 0))}  # fmt: skip
    grades = ("ak9", "gy2")
    rows = [(GOOD, 2024, TABY, g, flag, *n) for flag, both in found.items() for g, n in zip(grades, both, strict=True)]
    keys = ("delivery_id", "wave", "municipality_code", "grade", "flag", "n_screened", "n_flagged", "n_removed")
    return pl.DataFrame(rows, schema=keys, orient="row")


RULES = {
    ("harmonised/survey_responses", "svar_i_kodboken"): RuleText(
        "Alla svar finns i kodboken.", "En okänd kod kan betyda vad som helst.", "Rätta svaren eller komplettera kodboken."
    ),
    ("harmonised/survey_responses", "kon_inte_bara_ett"): RuleText(
        "Både flickor och pojkar finns bland svaren.", "", "Kontrollera att filen inte är ett urval."
    ),
}


def sample_tables(*, with_rules: bool = True) -> Tables:
    """All tables; without the two that other parts build when `with_rules` is false."""
    keys = [item.key for item in CATALOGUE.survey.items]

    def counted(*frames: pl.DataFrame) -> dict[Unit, dict[str, ByItem]]:
        return item_counts(pl.concat(frames), keys)

    before = answers(BEFORE, 2022, TABY, 80, {"F55a": 4, "F55b": 4, "F70": 4})
    good = answers(GOOD, 2024, TABY, 103, {"F55a": 40, "F55b": 6}, without=("F62",))
    stopped = answers(STOPPED, 2024, SALEM, 46, {"F55a": 46})
    mixed = (answers(MIXED, 2024, NACKA, 117), answers(MIXED, 2024, SALEM, 7))
    return Tables(
        deliveries=raw_table(),
        counts=pl.DataFrame(),
        verdicts=verdict_table(),
        candidates=counted(before, good, stopped, *mixed),
        accepted=counted(before, good, mixed[0]),
        sheets={(MIXED, 2024): 2},
        outcomes=outcome_table() if with_rules else None,
        screen=screen_table() if with_rules else None,
        rules=RULES,
        in_codebook={b.id: frozenset(b.items.values()) for b in CATALOGUE.codebooks},
    )


def sample_phrases() -> Phrases:
    """The texts and settings that ship."""
    return quality_phrases(CATALOGUE)


def sample_facts(*, with_rules: bool = True) -> dict[str, DeliveryFacts]:
    """Delivery id -> facts."""
    facts = delivery_facts(sample_tables(with_rules=with_rules), CATALOGUE, sample_phrases().settings)
    return {one.delivery_id: one for one in facts}


REJECTED = (
    RejectedFile(
        "budget.xlsx", "budget.xlsx: väntade kolumner som någon kodbok känner igen, fick inga kända kolumner.", "budget.xlsx"
    ),
    RejectedFile("<b>tom|fil</b>.csv", "<b>tom|fil</b>.csv: väntade en fil med svar, fick en tom fil.", ""),
)
NOTES = ("kopia.sav: filen har samma innehåll som Täby 2024.sav och lästes inte en gång till.",)


def sample_pages(*, with_rules: bool = True) -> tuple[tuple[DeliveryPage, ...], IndexPage]:
    """Content of the sample's pages and of the page that lists them."""
    phrases = sample_phrases()
    pages = delivery_pages(list(sample_facts(with_rules=with_rules).values()), phrases)
    return pages, index_page(pages, REJECTED, NOTES, phrases)
