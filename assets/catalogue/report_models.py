"""Pydantic models of what the reports show: single questions by section (`report_series.yml`) and comparison groups. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from pydantic import Field, model_validator

from assets.catalogue.indicator_models import IndicatorFile
from assets.catalogue.models import Strict

MOST_ROWS = 10


class SeriesGroup(Strict):
    """Single questions (or 0-100 scales) that stand together in a table.

    `question_sv`: what a reader asks. `series`: their ids in order, of one unit. `chart`: those that are drawn beside the county
    (none: no chart). `short`: a long list, where questions that can't be shown stand in a sentence and not in rows of their own.
    """

    id: str = Field(pattern=r"^[a-z]+(-[a-z]+)*$")
    title_sv: str
    question_sv: str
    series: tuple[str, ...] = Field(min_length=1)
    chart: tuple[str, ...] = Field(default=(), max_length=MOST_ROWS)
    short: bool = False

    @model_validator(mode="after")
    def _drawn_are_listed(self) -> SeriesGroup:
        doubled = len(set(self.series)) < len(self.series)
        if doubled or set(self.chart) - set(self.series):
            raise ValueError("series får inte upprepas, och chart får bara ha id:n som står i series")
        return self


class SeriesSection(Strict):
    """The groups of one section of the report. `over_waves`: leading questions, drawn over all waves (none: no such chart)."""

    section: str
    title_sv: str
    groups: tuple[SeriesGroup, ...] = Field(min_length=1)
    over_waves: tuple[str, ...] = Field(default=(), max_length=4)


class ReportSeriesFile(Strict):
    """`report_series.yml`. `districts`: questions of the table with a row per city district."""

    survey: str
    sections: tuple[SeriesSection, ...] = ()
    districts: tuple[str, ...] = ()

    @cached_property
    def by_section(self) -> dict[str, SeriesSection]:
        """Sections by id."""
        return {part.section: part for part in self.sections}


class SimilarityMeasure(Strict):
    """A register value that municipalities are compared by. `log`: sizes, where a ratio matters and not a difference."""

    source: str
    indicator_key: str
    text_sv: str
    log: bool = False


class Similarity(Strict):
    """How similar municipalities are found: the `most` nearest by `measures`, all of them known."""

    most: int = Field(ge=1, le=7)
    measures: tuple[SimilarityMeasure, ...] = Field(min_length=2)


class ChosenGroup(Strict):
    """Municipalities that somebody has chosen to compare one with, and why."""

    municipality_code: str = Field(pattern=r"^\d{4}$")
    compared_with: tuple[str, ...] = Field(min_length=1, max_length=7)
    reason_sv: str


class ComparisonGroups(Strict):
    """`areas/comparison_groups.yml`."""

    source_sv: str = ""
    similarity: Similarity | None = None
    chosen: tuple[ChosenGroup, ...] = ()

    @cached_property
    def by_code(self) -> dict[str, ChosenGroup]:
        """Chosen groups by the municipality that they are for."""
        return {group.municipality_code: group for group in self.chosen}


class Tile(Strict):
    """A municipality's place in the county's grid of tiles, counted from the north-west corner."""

    municipality_code: str
    column: int = Field(ge=0)
    row: int = Field(ge=0)


def problems_with_series(file: ReportSeriesFile, indicators: IndicatorFile) -> Iterator[str]:
    """Ids that the survey doesn't have, series that the report would lose, and shares and scales where only the other fit."""
    shares, scales = set(indicators.by_id), set(indicators.index_by_id)
    listed = {key for part in file.sections for group in part.groups for key in group.series}
    if file.sections:
        for key in sorted((shares | scales) - listed):
            yield f"{key} står inte i något avsnitt och skulle saknas i rapporten; skriv in den under series"
    for key in sorted((listed | set(file.districts)) - shares - scales):
        yield f"okänd fråga {key}"
    for part in file.sections:
        for group in part.groups:
            if set(group.series) & shares and set(group.series) & scales:
                yield f"{part.section}/{group.id}: blanda inte andelar och 0–100-index"
            if set(group.chart) & scales:
                yield f"{part.section}/{group.id}: bara andelar kan ritas"
        for key in sorted(set(part.over_waves) - {key for group in part.groups for key in group.series if key in shares}):
            yield f"{part.section}: over_waves: {key} är ingen andel i avsnittet"
    for key in sorted(set(file.districts) & scales):
        yield f"districts: {key} är ingen andel"


def problems_with_groups(groups: ComparisonGroups, codes: set[str]) -> Iterator[str]:
    """Municipalities that don't exist, that stand twice, or that are compared with themselves."""
    owners = [group.municipality_code for group in groups.chosen]
    for code in sorted({code for code in owners if owners.count(code) > 1}):
        yield f"{code} står två gånger"
    for group in groups.chosen:
        for code in sorted({group.municipality_code, *group.compared_with} - codes):
            yield f"okänd kommun {code}"
        if group.municipality_code in group.compared_with:
            yield f"{group.municipality_code} jämförs med sig själv"
