"""What a report is made of before it is a page: sections of blocks, and what the writer is told about the run.

Everything here is plain data. `content.py` fills it, `html.py` draws it, `writer.py` puts it on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.bundle.english_notation import Notation
from assets.bundle.method_definitions import MethodDefinitions
from assets.catalogue.report_models import ComparisonGroups, SeriesSection
from assets.charts.series import SeriesMeta
from assets.charts.types import ChartCard, ChartMeta, CountMeta, IndicatorMeta, Scope
from assets.methods.findings import FindingRules

if TYPE_CHECKING:
    from assets.bundle.action_types import PreventionDefinitions

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True)
class Text:
    """A paragraph. `tone`: `source` for a source line."""

    text: str
    tone: str = ""
    kind: str = "text"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences. `tone`: `strength`, `attention`, `unclear`, `hidden` (shown by words and shape, not colour alone)."""

    items: tuple[str, ...]
    tone: str = ""
    kind: str = "bullets"


@dataclass(frozen=True)
class Terms:
    """Words with their explanation."""

    items: tuple[tuple[str, str], ...]
    kind: str = "terms"


@dataclass(frozen=True)
class Notice:
    """A framed line. `tone`: `synthetic` (drawn from the simulator), `real` (open register data) or `info`."""

    text: str
    tone: str = "info"
    strong: str = ""
    kind: str = "notice"


@dataclass(frozen=True)
class SubHeading:
    """A heading of level 3 inside a section. Figures and tables after it have level 4."""

    id: str
    text: str
    kind: str = "subheading"


@dataclass(frozen=True)
class Figure:
    """A chart card. `level` is the level of its title."""

    card: ChartCard
    level: int = 3
    kind: str = "figure"


@dataclass(frozen=True)
class Strip:
    """A small picture in a table cell: value and interval on a scale from 0 to `top`, all in per cent. Words stand in `text`."""

    value: float
    low: float | None
    high: float | None
    top: float
    reference: float | None
    text: str

    def place(self, amount: float) -> float:
        """Per cent of the width."""
        return round(100 * min(amount, self.top) / self.top, 2)


@dataclass(frozen=True)
class Table:
    """A table of texts. The first column holds the row headings; `numeric` names the columns set to the right."""

    id: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | Strip, ...], ...]
    numeric: frozenset[int] = frozenset()
    note: str = ""
    source: str = ""
    kind: str = "table"


Block = Text | Bullets | Terms | Notice | SubHeading | Figure | Table


@dataclass(frozen=True)
class Section:
    """One section of the report with its heading. `links`: address and words of pages beside the report, on the page only."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    links: tuple[tuple[str, str], ...] = ()

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The charts of the section in order."""
        return tuple(block for block in self.blocks if isinstance(block, Figure))


@dataclass(frozen=True)
class ReportContent:
    """A whole report. `facts`: label and value pairs of the header. `reading`: the box on how to read.

    `register_only`: the municipality has no delivery for the wave, so the report is about open registers.
    """

    scope: Scope
    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    synthetic: str
    reading: tuple[Terms, Table]
    sections: tuple[Section, ...]
    summary: BundleSummary
    register_only: bool = False

    @property
    def cards(self) -> tuple[ChartCard, ...]:
        """All charts in reading order."""
        return tuple(figure.card for section in self.sections for figure in section.figures)


@dataclass(frozen=True)
class BundleSummary:
    """One municipality's row on the county page. Counts to the nearest 5; None with a reason in words.

    `status`: key of `county.status` in `report.yml`; `status_grade`: the only grade, when there is one. `kit`: folder of the
    facilitator's kit, when it is on disk. `least`, `least_pct`: at least so many and so large a share, where no more is told.
    """

    area_code: str
    area_name: str
    folder: str
    respondents: Mapping[str, int | None]
    words: Mapping[str, str]
    response_pct: Mapping[str, float | None]
    status: str
    status_grade: str = ""
    kit: str = ""
    least: Mapping[str, int | None] = field(default_factory=dict)
    least_pct: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class IndexText:
    """What the report says about one index.

    `arena`: catalogue key (`familj`, `narsamhalle`). `questions`: its questions in short.
    """

    index_key: str
    arena: str
    description_sv: str
    items: int
    questions: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegisterGroup:
    """Register indicators of one source that are shown together in one arena."""

    arena: str
    group: str
    title_sv: str
    source: str
    source_line: str
    indicators: tuple[IndicatorMeta, ...]


@dataclass(frozen=True)
class FindingMeta:
    """How the sentences of the overview are chosen and worded (`findings.yml`).

    `questions`: single questions that may be findings -> whether a high share is wanted.
    """

    rules: FindingRules
    templates: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]
    questions: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportMeta:
    """Everything the report is told besides the numbers. `released` is an input; nothing here reads the clock.

    `ascii_names`: area code -> folder name. `area_names`: area code -> name. `codebooks`: id -> title. `screening_text`: the
    written rule for leaving out unserious answers. `series_titles`: id of a single-question series or 0-100 scale -> title.
    `more_registers`: indicators of sources that come only when somebody fetches or drops them. `findings`: how the overview's
    sentences are chosen and worded. `trend_text`: the rule for developments. `trend_words`, `trend_reasons`: verdicts on a line
    over the waves, and why there is none.
    `counts`: factors counted together. `cut_sets`: id of a set or rule of limits -> title and what it is.
    `outcomes`: outcomes that factors are set beside -> words for having them. `method`: for the method folder.
    `waivers`: edition -> its waivers (`disclosure_words.waiver_lines`). `noise`: the greatest noise of a count, in pupils; 0
    where tables are exact. `open_data`: what data portals are told; whoever asks about a bundle asks its contact. `next_wave`:
    when the survey comes next. `series`: single questions and scales by id; `series_sections`: those that the report shows, by
    section; `district_series`: those with a row per city district. `comparison_groups`: who is compared with whom.
    `scoring`: how a pupil's value is found: name with the id of the method, sentence, and, where it isn't the usual one, what the
    index anatomy is judged with.
    `prevention`: activities, preconditions, knowledge and the rule for the order. `language`: of all texts here. `left_out`:
    sections that this edition doesn't have. `register_charts`: Kolada as charts, else its newest values as a table. `english`:
    the same in English, None when the catalogue has no English texts (`assets.bundle.load_english`); `notation`: how numbers are
    written there.
    """

    charts: ChartMeta
    indices: Mapping[str, IndexText]
    registers: tuple[RegisterGroup, ...]
    texts: Mapping[str, Any]
    ascii_names: Mapping[str, str]
    area_names: Mapping[str, str]
    version: str
    released: date
    minimum_answered: int
    parameters_version: str
    cutoff_id: str
    cutoff_title: str
    cutoff_reference: str
    comparison_text: str
    codebooks: Mapping[str, str] = field(default_factory=dict)
    screening_text: str = ""
    series_titles: Mapping[str, str] = field(default_factory=dict)
    more_registers: tuple[IndicatorMeta, ...] = ()
    findings: FindingMeta | None = None
    trend_text: str = ""
    trend_words: Mapping[str, str] = field(default_factory=dict)
    trend_reasons: Mapping[str, str] = field(default_factory=dict)
    counts: tuple[CountMeta, ...] = ()
    cut_sets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    series: Mapping[str, SeriesMeta] = field(default_factory=dict)
    series_sections: Mapping[str, SeriesSection] = field(default_factory=dict)
    district_series: tuple[str, ...] = ()
    comparison_groups: ComparisonGroups = field(default_factory=ComparisonGroups)
    method: MethodDefinitions | None = None
    open_data: Mapping[str, Any] | None = None
    next_wave: int | None = None
    other_limits: str = ""
    waivers: Mapping[str, tuple[Mapping[str, object], ...]] = field(default_factory=dict)
    noise: int = 0
    scoring: tuple[str, str, str] = ("", "", "")
    prevention: PreventionDefinitions | None = None
    language: str = "sv"
    left_out: frozenset[str] = frozenset()
    register_charts: bool = True
    english: ReportMeta | None = None
    notation: Notation | None = None


@dataclass(frozen=True)
class BundleMeta:
    """What the certificate (`manifest.json`) says about the run. All of it is given by the caller.

    `source_hashes`: delivered file -> SHA-256. `rule_outcomes`: outcome -> number of rules. `suppressed_cells`: number of cells
    hidden by disclosure control in this bundle's area (0 is a number, None means unknown). `data_versions`: asset -> version.
    `inputs`: hash of all that decides the bundle's content, `drawn`: of what its files but the certificate are drawn from
    (`inputs.py`). `cutoff_set`: id of the limits behind the indices.
    `policy_version`, `waivers`: of the disclosure policy (`waiver_records` of the bundle's edition).
    `prepared_by`: the name given to the run, or empty. `release`: its id, cells, audit and policy (contracts-safety.md).
    """

    code_version: str
    catalogue_hash: str
    source_hashes: Mapping[str, str]
    disclosure_policy: str
    suppressed_cells: int | None
    rule_outcomes: Mapping[str, int]
    package_versions: Mapping[str, str]
    data_versions: Mapping[str, str] = field(default_factory=dict)
    inputs: str = ""
    drawn: str = ""
    cutoff_set: str = ""
    policy_version: str = ""
    waivers: tuple[Mapping[str, object], ...] = ()
    prepared_by: str = ""
    release: Mapping[str, object] = field(default_factory=dict)


CERTIFICATE = "7_intyg"
"""The folder of a report's certificate."""


@dataclass(frozen=True)
class RenderedBundle:
    """A bundle as bytes: relative path with `/` -> content. Everything but the certificate, which the writer adds last.

    `certificate`: the folder of the certificate. `report`: the file that somebody opens first. `summary`: none of one that was
    drawn before and only gets another certificate.
    """

    scope: Scope
    folder: str
    version: str
    released: date
    synthetic: bool
    files: Mapping[str, bytes] = field(repr=False)
    summary: BundleSummary | None = None
    certificate: str = CERTIFICATE
    report: str = "1_rapport/rapport.html"


@dataclass(frozen=True)
class BundlePaths:
    """Where a bundle ended up."""

    folder: Path
    report: Path
    manifest: Path
    archive: Path
