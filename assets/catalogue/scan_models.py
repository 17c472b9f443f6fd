"""What the scan of finished files looks for: `assets/catalogue/scan.yml` as a model."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from pydantic import Field

from assets.catalogue.load import catalogue_yaml
from assets.catalogue.models import Strict

FILE = "scan.yml"
Severity = Literal["stop", "note"]
Dimension = Literal["area", "wave", "grade", "sex", "key"]


class ScanLimits(Strict):
    """How much may be read: bytes in all and of one file, files in an archive, unpacked : packed, depth of files in files."""

    max_bytes: int = Field(gt=0)
    max_entry_bytes: int = Field(gt=0)
    max_entries: int = Field(gt=0)
    max_ratio: float = Field(gt=1)
    max_depth: int = Field(gt=0)


class FindingKind(Strict):
    """A kind of finding: whether it stops the sealing, and what it means to a steward."""

    severity: Severity
    text_sv: str


class ScanDimension(Strict):
    """How a table tells what its numbers are about. `columns`: headers whose cells say it. `words`: text -> code."""

    columns: tuple[str, ...] = ()
    words: dict[str, str] = Field(default_factory=dict)


class UntracedColumn(Strict):
    """Numbers that are no estimates. `header`, `file`, `place`: regular expressions that the whole
    header, the file's path and the table's place fit."""

    header: str
    why: str
    file: str = ".*"
    place: str = ".*"
    counts: bool = False
    """The numbers are counts of pupils all the same (differences of published ones): on steps of the rounding."""
    released: bool = False
    """The numbers are released, but are no counts of pupils: traced among all released numbers."""


class CountPlace(Strict):
    """Columns of counts in certain tables: regular expressions for the whole header and the table's place."""

    header: str
    place: str


class CountRow(Strict):
    """Columns of counts in certain rows: regular expressions for the whole header, the file and place, and a cell of the row."""

    header: str
    place: str
    row: str


class HiddenPart(Strict):
    """A place where something else holds, and why: regular expressions for its file and its place.

    In `expected`, a hidden part that is meant to be hidden; in `officials`, where answers are those of officials in the forms.
    """

    file: str
    place: str
    why: str
    text: str = ""
    """What the text must hold besides, as a regular expression; in `officials` only."""


class ScanRules(Strict):
    """All rules of the scan."""

    version: int
    limits: ScanLimits
    findings: dict[str, FindingKind]
    dimensions: dict[Dimension, ScanDimension]
    count_columns: tuple[str, ...]
    count_places: tuple[CountPlace, ...]
    count_rows: tuple[CountRow, ...]
    bare_counts: tuple[str, ...]
    """Where a text that is a whole number and nothing else is a count of pupils (or a year): file, space, place."""
    step_columns: tuple[str, ...]
    count_step: int = Field(gt=0)
    untraced: tuple[UntracedColumn, ...]
    officials: tuple[HiddenPart, ...]
    official_words: tuple[str, ...]
    official_phrases: tuple[str, ...]
    untraced_paths: tuple[str, ...]
    count_words: tuple[str, ...]
    count_labels: tuple[str, ...]
    fixed_phrases: tuple[str, ...]
    fixed_numbers: tuple[float, ...]
    limit_words: tuple[str, ...]
    bound_words: tuple[str, ...]
    """Of those: before a number of pupils it is a rule's own limit, or a released count that is told as a bound."""
    tick_steps: tuple[float, ...]
    most_decimals: int = Field(ge=0)
    microdata_columns: tuple[str, ...]
    own_text_columns: tuple[str, ...]
    most_question_columns: int = Field(gt=0)
    path_patterns: tuple[str, ...]
    authors: tuple[str, ...]
    addresses: tuple[str, ...]
    expected: tuple[HiddenPart, ...]


@lru_cache(maxsize=1)
def load_scan_rules() -> ScanRules:
    """The rules that ship with the package."""
    return ScanRules.model_validate(catalogue_yaml(FILE))
