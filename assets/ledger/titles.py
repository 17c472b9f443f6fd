"""What the ids of tables, series, measures and reasons are called in Swedish, for those who read `did historik`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

from assets.catalogue.load import Catalogue, catalogue_yaml
from assets.catalogue.prevention import load_activities
from assets.catalogue.readiness import load_readiness
from assets.release_register.cells import KEY_COLUMNS, KEY_SEPARATOR, NULL

TEXTS = "texts/history.yml"
UNNAMED = ("", "*", NULL)
"""Parts of a key that name nothing: none, and all."""


@dataclass(frozen=True)
class Titles:
    """Id -> what people read. What has no title is told by its id.

    `tables`: `layer/table`. `series`: indices, indicators and numbers of factors. `reasons`: why a number isn't shown.
    `measures`, `parts`: what a number is, and which number of it. `kinds`: index -> risk or protective; `of_kind`: the measures
    that a kind has words of its own for. `columns`: `table.column` of a key (`KEY_COLUMNS`) -> titles that are its own, as an
    arena and a protective factor may have the same id.
    """

    areas: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    series: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    of_kind: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def table(self, name: str) -> str:
        """The title of a table of the release."""
        return self.tables.get(f"release/{name.removeprefix('release.')}", name)

    def key(self, key: str, table: str = "") -> str:
        """What a row of a table of the release is about: the title of each part of its key."""
        name = table.removeprefix("release.")
        placed = zip_longest(key.split(KEY_SEPARATOR), KEY_COLUMNS.get(name, ()), fillvalue="")
        return ", ".join(self._part(part, f"{name}.{column}") for part, column in placed if part not in UNNAMED)

    def _part(self, part: str, column: str) -> str:
        return self.columns.get(column, {}).get(part) or self.series.get(part, part)

    def measure(self, key: str, measure: str) -> str:
        """The title of a measure (`share_band1`, `share_focus:slope`), for an index in the words of its kind."""
        base, _, part = measure.partition(":")
        kind = next((self.kinds[one] for one in key.split(KEY_SEPARATOR) if one in self.kinds), "")
        title = self.of_kind.get(kind, {}).get(base) or self.measures.get(base, base)
        return f"{title}, {self.parts.get(part, part)}" if part else title


def titles_of(catalogue: Catalogue, tables: Mapping[str, str]) -> Titles:
    """The catalogue's titles. `tables`: those of the assets (`texts/dagster_guide.yml`)."""
    file, cutoffs, words = catalogue.indicator_file, catalogue.cutoff_file, catalogue_yaml(TEXTS)
    series = words["keys"] | {one.key: one.label_sv for one in catalogue.indices}
    series |= {one.id: one.title_sv for one in (*file.indicators, *file.indices)}
    series |= {one.key: one.short_sv for one in catalogue.factors.accumulated}
    reasons = {one.code: one.text_sv[:1].lower() + one.text_sv[1:] for one in catalogue.reasons}
    kinds = {one.key: one.kind for one in catalogue.indices}
    columns = words["columns"] | _of_activities() | _of_readiness()
    sets = {"cutoff_sensitivity.cut_set": {one.id: one.title_sv for one in (*cutoffs.sets, *cutoffs.alternatives)}}
    return Titles(
        catalogue.area_names, tables, series, reasons, words["measures"], words["parts"], kinds, words["kinds"], columns | sets
    )


def _of_activities() -> dict[str, dict[str, str]]:
    catalogue = load_activities()
    file = catalogue.activity_file
    named = {"factor": file.protective_factors, "arena": file.arenas, "level": file.levels, "age_band": file.age_bands}
    of_coverage = {f"activity_coverage.{column}": {one.key: one.label_sv for one in group} for column, group in named.items()}
    return of_coverage | {"activity_status.activity_id": {one.id: one.name_sv for one in catalogue.activities}}


def _of_readiness() -> dict[str, dict[str, str]]:
    conditions = load_readiness().conditions
    labels = {one.id: one.label_sv for one in conditions}
    statements = {statement.id: statement.text_sv.rstrip(".") for one in conditions for statement in one.statements}
    tables = ("readiness.condition", "readiness_statements.condition")
    return {**dict.fromkeys(tables, labels), "readiness_statements.statement": statements}
