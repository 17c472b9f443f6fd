"""What goes into a chart and what comes out of it.

A chart builder is a pure function `build(frames, scope, meta, **options) -> ChartCard | None`. It sees release tables only, so
every number it can draw is already rounded and safe. `None` means that there is nothing to ask the chart about (no such grade in
the area, no such section); a value that is missing for a reason is drawn as that reason in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.catalogue.active import COUNTY_CODE, COUNTY_NAME, GRADES

if TYPE_CHECKING:
    import altair as alt

__all__ = ["COUNTY_CODE", "GRADES", "SEXES", "ChartCard", "ChartMeta", "IndexMeta", "ReleaseFrames", "Scope", "SeriesBreak"]

SEXES = ("girl", "boy", "all")


@dataclass(frozen=True)
class Scope:
    """What the bundle is about: one area, its latest wave (survey year) and the edition."""

    area_code: str
    area_name: str
    wave: int
    edition: str


def _no_rows() -> pl.DataFrame:
    keys = dict.fromkeys(("edition", "area_level", "area_code", "grade"), pl.String)
    return pl.DataFrame(schema={**keys, "wave": pl.Int32})


@dataclass(frozen=True)
class ReleaseFrames:
    """Release tables for one area and what it is compared with. Columns: `docs/development/contracts.md`.

    All but the first four may be empty frames; then nothing is said about them.
    """

    index_results: pl.DataFrame
    response_rates: pl.DataFrame
    register_values: pl.DataFrame
    delivery_quality: pl.DataFrame
    screen_sensitivity: pl.DataFrame = field(default_factory=_no_rows)
    response_by_school_type: pl.DataFrame = field(default_factory=_no_rows)
    indicator_results: pl.DataFrame = field(default_factory=pl.DataFrame)
    series_breaks: pl.DataFrame = field(default_factory=pl.DataFrame)
    index_anatomy: pl.DataFrame = field(default_factory=pl.DataFrame)
    trends: pl.DataFrame = field(default_factory=pl.DataFrame)
    model_estimates: pl.DataFrame = field(default_factory=pl.DataFrame)
    accumulated_results: pl.DataFrame = field(default_factory=pl.DataFrame)
    cutoff_sensitivity: pl.DataFrame = field(default_factory=pl.DataFrame)
    weighted_comparison: pl.DataFrame = field(default_factory=_no_rows)
    associations: pl.DataFrame = field(default_factory=pl.DataFrame)
    activity_status: pl.DataFrame = field(default_factory=pl.DataFrame)
    activity_coverage: pl.DataFrame = field(default_factory=pl.DataFrame)
    readiness: pl.DataFrame = field(default_factory=pl.DataFrame)
    readiness_statements: pl.DataFrame = field(default_factory=pl.DataFrame)
    factor_overview: pl.DataFrame = field(default_factory=pl.DataFrame)
    priority_order: pl.DataFrame = field(default_factory=pl.DataFrame)
    decisions: pl.DataFrame = field(default_factory=pl.DataFrame)
    use_of_results: pl.DataFrame = field(default_factory=pl.DataFrame)
    edition_differences: pl.DataFrame = field(default_factory=pl.DataFrame)
    policy_steps: pl.DataFrame = field(default_factory=pl.DataFrame)
    previous_tables: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Tables of the edition before as texts, read back from its bundle (`assets.bundle.previous`)."""


@dataclass(frozen=True)
class SeriesBreak:
    """A wave from which a series isn't quite comparable with what was before.

    `major` breaks cut the line in the trend chart, `minor` ones are marked only.
    """

    year: int
    text_sv: str
    level: str


@dataclass(frozen=True)
class IndexMeta:
    """What a chart needs to know about one index. `reference_pct`: expected share (per cent) in the focus band."""

    index_key: str
    label_sv: str
    kind: str
    arena: str
    focus_band_label_sv: str
    reference_pct: int
    breaks: tuple[SeriesBreak, ...] = ()

    @property
    def focus_measure(self) -> str:
        """The release measure that holds the share in the focus band."""
        return "share_band3" if self.kind == "risk" else "share_band1"


@dataclass(frozen=True)
class CountMeta:
    """Factors that are counted together. `groups`: the words of the three groups of numbers, the fewest first.

    `top_sv`: the last of them in a sentence (`tre eller fler riskfaktorer`).
    """

    key: str
    kind: str
    short_sv: str
    top_sv: str
    groups: tuple[str, str, str]
    indices: tuple[str, ...]


@dataclass(frozen=True)
class IndicatorMeta:
    """One register indicator as a panel: title and unit in Swedish, and the decimals the source gives."""

    source: str
    indicator_key: str
    title_sv: str
    unit_sv: str
    decimals: int = 1


@dataclass(frozen=True)
class ReasonText:
    """Mark (`[c]`) and words (`Skyddat av sekretesskäl`) of one reason code, as in `reasons.yml`. `shown`: beside a value."""

    mark: str
    text_sv: str
    shown: bool = False

    def __str__(self) -> str:
        """As it stands inside a sentence or a chart: `skyddat av sekretesskäl [c]`."""
        return f"{self.text_sv[:1].lower()}{self.text_sv[1:]} {self.mark}".strip()


@dataclass(frozen=True)
class ChartMeta:
    """Catalogue data shared by all charts.

    `indices`: by index key, in the catalogue's order. `reasons`: by reason code. `texts`: the parsed `charts.yml`.
    `synthetic`: the survey rows come from the simulator, so every survey chart carries the mark.
    `survey_source`: the source line of survey charts. `comparison_label`: name of the county row in charts.
    """

    indices: Mapping[str, IndexMeta]
    reasons: Mapping[str, ReasonText]
    texts: Mapping[str, Any]
    synthetic: bool = True
    survey_source: str = ""
    comparison_label: str = COUNTY_NAME

    @property
    def comparison_name(self) -> str:
        """The same where it stands first: in a key, a heading or a row."""
        return self.comparison_label[:1].upper() + self.comparison_label[1:]


@dataclass(frozen=True)
class ChartCard:
    """A finished chart with everything that must stand beside it.

    `spec` is a Vega-Lite specification without aria and with the data inline (drawn columns only). `table` has Swedish headers
    and texts as values: every drawn number with interval and reason words.
    """

    chart_id: str
    title: str
    subtitle: str
    alt: str
    spec: Mapping[str, Any] = field(repr=False)
    table: pl.DataFrame = field(repr=False)
    source: str
    synthetic: bool
    notes: tuple[str, ...] = ()

    @property
    def chart(self) -> alt.TopLevelMixin:
        """The specification as a validated Altair chart (imports Altair: about 0.7 s the first time)."""
        import altair as alt

        return alt.Chart.from_dict(dict(self.spec))
