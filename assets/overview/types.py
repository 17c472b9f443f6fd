"""What the Lägesöversikt is made of. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from assets.release_register.types import Entry

STEPS = ("delivered", "recognised", "validated", "indexed", "released", "bundle", "approved", "published")
DONE, PART, OLD, STOPPED, WAITING, NONE = "done", "part", "old", "stopped", "waiting", "none"
STATES = (DONE, PART, OLD, STOPPED, WAITING, NONE)


@dataclass(frozen=True)
class BundleFact:
    """A finished bundle. `release_id`: of the release it was drawn from. `approvals`: those that count. `state`: name of
    `assets.sealing.approvals.State`; `unreadable` when its certificate can't be read. `out`: of `sent_out.sent_out`."""

    area_code: str
    wave: int
    edition: str
    folder: str
    release_id: str = ""
    approvals: int = 0
    state: str = ""
    out: str = ""


@dataclass(frozen=True)
class WaitingFile:
    """A file that was set aside and still waits for somebody (`sentence`), or that lies unread in the inbox (no sentence).

    `places`: (municipality, wave) that it is about, as far as anybody can tell; `known_by`: `same_name` or `file_name`.
    """

    file_name: str
    sentence: str = ""
    stored: str = ""
    places: tuple[tuple[str, int], ...] = ()
    known_by: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything the overview is made of, as it lies in tables and folders.

    Attributes:
        deliveries: `raw.survey_deliveries`. verdicts: `validated.deliveries`. outcomes: broken rows of
            `validated.rule_outcomes` and stopping rules that could not be tried. Frames without columns when there are none.
        indexed: (area, wave) that have counted indices or questions.
        behind: (area, wave) -> hashes of the files behind the release.
        release_id: of the release that has passed the audit; empty when none has.
        audited: whether the profile's chain audits.
        bundles: finished ones. files: that wait. forms: municipality -> forms taken in. entries: the release register.
        steps: those of `STEPS` that the profile's chain reaches.
    """

    deliveries: pl.DataFrame = field(default_factory=pl.DataFrame)
    verdicts: pl.DataFrame = field(default_factory=pl.DataFrame)
    outcomes: pl.DataFrame = field(default_factory=pl.DataFrame)
    indexed: frozenset[tuple[str, int]] = frozenset()
    behind: Mapping[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    release_id: str = ""
    audited: bool = True
    bundles: tuple[BundleFact, ...] = ()
    files: tuple[WaitingFile, ...] = ()
    forms: Mapping[str, int] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    steps: tuple[str, ...] = STEPS


@dataclass(frozen=True)
class Row:
    """A municipality in a wave. `states`: step -> state. `approvals`: of the bundles, `intern 1/2`. `stops`: one sentence
    with what to do, empty when nothing does. `touches`: what a stop touches, a line each. `editions`: of the steps that are taken
    per edition (`approved`, `published`), the editions that have come so far."""

    wave: int
    area_code: str
    area_name: str
    states: Mapping[str, str]
    approvals: str = ""
    forms: int = 0
    stops: str = ""
    stopped: bool = False
    touches: tuple[str, ...] = ()
    editions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def detail(self, step: str) -> str:
        """What stands beside the state: the approvals of each edition, and which editions are out."""
        return {"approved": self.approvals, "published": ", ".join(self.editions.get("published", ()))}.get(step, "")


@dataclass(frozen=True)
class FileRow:
    """A file that waits: what is wrong and to do, and what it touches."""

    file_name: str
    sentence: str
    touches: tuple[str, ...] = ()


@dataclass(frozen=True)
class Overview:
    """The whole overview, latest wave first and municipalities by name."""

    rows: tuple[Row, ...]
    files: tuple[FileRow, ...]
    steps: tuple[str, ...]
    synthetic: bool = False

    @property
    def waves(self) -> tuple[int, ...]:
        """Its waves, latest first."""
        return tuple(dict.fromkeys(row.wave for row in self.rows))

    def of(self, wave: int) -> tuple[Row, ...]:
        """The rows of a wave."""
        return tuple(row for row in self.rows if row.wave == wave)
