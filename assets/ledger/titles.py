"""What the ids of tables, series, measures and reasons are called in Swedish, for those who read `did historik`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assets.catalogue.load import Catalogue, catalogue_yaml
from assets.release_register.cells import KEY_SEPARATOR, NULL

TEXTS = "texts/history.yml"
UNNAMED = ("", "*", NULL)
"""Parts of a key that name nothing: none, and all."""


@dataclass(frozen=True)
class Titles:
    """Id -> what people read. What has no title is told by its id.

    `tables`: `layer/table`. `series`: indices, indicators and numbers of factors. `reasons`: why a number isn't shown.
    `measures`, `parts`: what a number is, and which number of it. `kinds`: index -> risk or protective; `of_kind`: the measures
    that a kind has words of its own for.
    """

    areas: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    series: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    of_kind: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def table(self, name: str) -> str:
        """The title of a table of the release."""
        return self.tables.get(f"release/{name.removeprefix('release.')}", name)

    def key(self, key: str) -> str:
        """What a row is about: the title of each part of its key."""
        return ", ".join(self.series.get(part, part) for part in key.split(KEY_SEPARATOR) if part not in UNNAMED)

    def measure(self, key: str, measure: str) -> str:
        """The title of a measure (`share_band1`, `share_focus:slope`), for an index in the words of its kind."""
        base, _, part = measure.partition(":")
        kind = next((self.kinds[one] for one in key.split(KEY_SEPARATOR) if one in self.kinds), "")
        title = self.of_kind.get(kind, {}).get(base) or self.measures.get(base, base)
        return f"{title}, {self.parts.get(part, part)}" if part else title


def titles_of(catalogue: Catalogue, tables: Mapping[str, str]) -> Titles:
    """The catalogue's titles. `tables`: those of the assets (`texts/dagster_guide.yml`)."""
    file, words = catalogue.indicator_file, catalogue_yaml(TEXTS)
    series = words["keys"] | {one.key: one.label_sv for one in catalogue.indices}
    series |= {one.id: one.title_sv for one in (*file.indicators, *file.indices)}
    series |= {one.key: one.short_sv for one in catalogue.factors.accumulated}
    reasons = {one.code: one.text_sv[:1].lower() + one.text_sv[1:] for one in catalogue.reasons}
    kinds = {one.key: one.kind for one in catalogue.indices}
    return Titles(catalogue.area_names, tables, series, reasons, words["measures"], words["parts"], kinds, of_kind=words["kinds"])
