"""Reads published numbers back out of the English report, by its own headers, so that they can be set beside the Swedish ones.

The tables have the same ids. Headers and labels are put in Swedish by the list here and read by `published_numbers`; the cells'
numbers are compared in one notation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.support.published_numbers import Found, ReadTable, World, from_tables, html_tables, plain

HEADERS = {
    "Factor": "Faktor", "Grade": "Årskurs", "Group": "Grupp", "Share": "Andel", "County": "Länet", "Year": "År",
    "Difference from the county": "Skillnad mot länet", "Survey year": "Mättillfälle",
    "Difference from the county, percentage points": "Skillnad mot länet, procentenheter",
    "Girls, share": "Flickor, andel", "Boys, share": "Pojkar, andel",
    "Girls minus boys, percentage points": "Flickor minus pojkar, procentenheter",
    "Pupils in the register": "Elever i registret", "Answers": "Svar", "With at least one index": "Med minst ett index",
    "Response rate": "Svarsfrekvens",
}  # fmt: skip
CELLS = {
    "Grade 9": "Åk 9", "Upper sec. 2": "Gy 2", "Girls and boys": "Flickor och pojkar", "Girls": "Flickor", "Boys": "Pojkar",
}  # fmt: skip


def read_english(raw: bytes, world: World, labels: Mapping[str, str]) -> Found:
    """Numbers of the English report by id. `labels`: English label of an index -> Swedish."""
    found = from_tables([_swedish(table, world, labels) for table in html_tables(raw)], world)
    return {key: one_notation(text) for key, text in found.items()}


def _swedish(table: ReadTable, world: World, labels: Mapping[str, str]) -> ReadTable:
    header = tuple(
        HEADERS.get(name) or name.replace("The county, share", f"{world.county_name}, andel").replace(", share", ", andel")
        for name in table.header
    )
    words = {**CELLS, **labels}
    rows = tuple(tuple(words.get(cell, cell) for cell in row) for row in table.rows)
    return replace(table, header=header, rows=rows)


def one_notation(text: str) -> str:
    """`1 035`, `1,035` and `15 %`, `15%` alike. Only whole numbers stand in these tables."""
    return plain(text).replace(" %", "%").replace(" ", "").replace(",", "")
