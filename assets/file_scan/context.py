"""What a scan must know beside the files: the rules, the words of the catalogue and the names that may not be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assets.catalogue.scan_models import ScanRules
from assets.methods.personal_data import NameWords


@dataclass(frozen=True)
class ScanContext:
    """One bundle's surroundings.

    Args:
        rules: `scan.yml`.
        area_code, wave, edition: what the bundle is about.
        other_editions: names of the editions that the bundle may not name.
        areas: area's name -> code. keys: label of an index, a question or a measure -> its code in the release tables.
        users: names of the computer and of who runs it. questions: codes of the survey's questions.
        floor: the smallest count of pupils that may be shown.
        phrases: `minst 5 elever` and the like in the catalogue's own texts: word before, number and unit (`phrase_of`).
        limits: numbers of pupils that the rules themselves name after `minst`: floors, and what is enough for a good basis.
        names: words that names of persons are known by; None: names are not looked for.
    """

    rules: ScanRules
    area_code: str
    wave: int
    edition: str
    other_editions: tuple[str, ...] = ()
    areas: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    users: tuple[str, ...] = ()
    questions: frozenset[str] = frozenset()
    floor: int = 10
    phrases: frozenset[str] = frozenset()
    limits: frozenset[float] = frozenset()
    names: NameWords | None = None
