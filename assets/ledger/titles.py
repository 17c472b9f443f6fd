"""What the ids of tables, series and reasons are called in Swedish, for those who read `did historik`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assets.catalogue.load import Catalogue


@dataclass(frozen=True)
class Titles:
    """Id -> what people read. What has no title is told by its id.

    `tables`: `layer/table`. `series`: indices, indicators and numbers of factors. `reasons`: why a number isn't shown.
    """

    areas: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    series: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    def table(self, name: str) -> str:
        """The title of a table of the release."""
        return self.tables.get(f"release/{name.removeprefix('release.')}", name)


def titles_of(catalogue: Catalogue, tables: Mapping[str, str]) -> Titles:
    """The catalogue's titles. `tables`: those of the assets (`texts/dagster_guide.yml`)."""
    file = catalogue.indicator_file
    series = {one.key: one.label_sv for one in catalogue.indices}
    series |= {one.id: one.title_sv for one in (*file.indicators, *file.indices)}
    series |= {one.key: one.short_sv for one in catalogue.factors.accumulated}
    reasons = {one.code: one.text_sv[:1].lower() + one.text_sv[1:] for one in catalogue.reasons}
    return Titles(catalogue.area_names, tables, series, reasons)
