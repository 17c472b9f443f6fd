"""Read the catalogue from its YAML and CSV files, validate it and cross-check it.

This is the one place in `assets/catalogue` that touches the file system. All problems are gathered before anything is
raised, so a person who edits a codebook sees the whole list at once.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from assets.catalogue import models as m
from assets.catalogue.indicator_models import IndicatorFile, problems_with_items
from assets.methods.errors import PipelineError
from assets.methods.series_breaks import SeriesDefinition

ROOT = Path(__file__).parent
_Model = TypeVar("_Model", bound=m.Strict)


@dataclass(frozen=True)
class Catalogue:
    """Everything the pipeline knows that is not data: definitions, areas, limits and texts."""

    survey: m.Survey
    codebooks: tuple[m.Codebook, ...]
    index_file: m.IndexFile
    cutoff_file: m.CutOffFile
    breaks: tuple[m.Break, ...]
    indicator_file: IndicatorFile
    reasons: tuple[m.Reason, ...]
    municipalities: tuple[m.Municipality, ...]
    districts: tuple[m.District, ...]
    district_names: dict[str, str | None]
    calendar: m.Calendar
    comparison: m.Comparison
    publication: m.Publication
    disclosure: dict[str, Any]
    content_hash: str

    @property
    def indices(self) -> tuple[m.Index, ...]:
        """The indices in catalogue order."""
        return self.index_file.indices

    @property
    def cutoffs(self) -> m.CutOffs:
        """The cut-off set in use."""
        return self.cutoff_file.get()

    def index(self, key: str) -> m.Index:
        """The index with this key."""
        return self._index_by_key[key]

    @cached_property
    def _index_by_key(self) -> dict[str, m.Index]:
        return {i.key: i for i in self.indices}

    @cached_property
    def municipality_by_code(self) -> dict[str, m.Municipality]:
        """Municipalities by SCB code."""
        return {x.municipality_code: x for x in self.municipalities}

    @cached_property
    def municipality_of_survey_code(self) -> dict[str, str]:
        """Stockholmsenkäten's own number as text -> SCB code; the municipality's name -> SCB code too."""
        own = {str(x.survey_code): x.municipality_code for x in self.municipalities}
        return own | {x.name: x.municipality_code for x in self.municipalities}

    @cached_property
    def area_names(self) -> dict[str, str]:
        """area_code -> the name people read."""
        names = {"01": "Stockholms län"}
        names |= {x.municipality_code: x.name for x in self.municipalities}
        names["0180"] = "Stockholm (kommun)"
        return names | {x.district_code: x.name for x in self.districts}

    @cached_property
    def reason_by_code(self) -> dict[str, m.Reason]:
        """Reasons by code."""
        return {r.code: r for r in self.reasons}

    def item_scores(self) -> dict[str, dict[int, int]]:
        """Score of each canonical code per item; an item means the same in every index (cross-checked)."""
        return {i.item: i.scores for index in self.indices for i in index.items}

    def breaks_of(self, index_key: str) -> tuple[m.Break, ...]:
        """Breaks that touch an item of the index."""
        return self.breaks_of_items(i.item for i in self.index(index_key).items)

    def breaks_of_items(self, items: Iterable[str]) -> tuple[m.Break, ...]:
        """Breaks that touch any of the items."""
        wanted = set(items)
        return tuple(b for b in self.breaks if wanted & set(b.items))

    def series(self) -> tuple[SeriesDefinition, ...]:
        """Every series over waves with the breaks of its questions: indices, indicators, 0-100 scales."""
        file = self.indicator_file
        found = [SeriesDefinition("index", i.key, self.breaks_of(i.key)) for i in self.indices]
        found += [
            SeriesDefinition("indicator", i.id, self.breaks_of_items(i.items), i.first_wave, i.last_wave) for i in file.indicators
        ]
        found += [SeriesDefinition("scale", i.id, self.breaks_of_items(p.item for p in i.items)) for i in file.indices]
        return tuple(found)


class _UniqueKeys(yaml.SafeLoader):
    """YAML where a key that stands twice in a mapping is an error; PyYAML itself would silently keep the last one."""


def _mapping(loader: _UniqueKeys, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    doubled = sorted({str(key) for key in keys if keys.count(key) > 1})
    if doubled:
        text = f"står två gånger: {', '.join(doubled)} (rad {node.start_mark.line + 1} och framåt)"
        raise yaml.constructor.ConstructorError(problem=text)
    return loader.construct_mapping(node, deep=True)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class _Reader:
    """Reads the files below one folder and gathers what is wrong with them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[str] = []

    def yaml(self, name: str) -> Any:
        """The content of a YAML file; None and a problem when it can't be read."""
        try:
            return yaml.load((self.root / name).read_text(encoding="utf-8"), Loader=_UniqueKeys)
        except yaml.MarkedYAMLError as error:
            place = f" (rad {error.problem_mark.line + 1})" if error.problem_mark else ""
            self.problems.append(f"{name}: går inte att läsa som YAML: {error.problem}{place}")
        except OSError:
            self.problems.append(f"{name}: filen finns inte")
        return None

    def model(self, kind: type[_Model], name: str) -> _Model | None:
        """A YAML file as a model; None and its problems when it doesn't hold."""
        before = len(self.problems)
        content = self.yaml(name)
        return None if len(self.problems) > before else self._valid(kind, content, name)

    def survey(self, survey_id: str) -> m.Survey | None:
        """A survey with the items of `surveys/<id>.yml` and of the files in `surveys/<id>/`, in that order."""
        before = len(self.problems)
        survey = self.model(m.Survey, f"surveys/{survey_id}.yml")
        names = [p.relative_to(self.root).as_posix() for p in sorted((self.root / "surveys" / survey_id).glob("*.yml"))]
        more = [self.model(m.ItemFile, name) for name in names]
        others = [name for name, file in zip(names, more, strict=True) if file and file.survey != survey_id]
        self.problems += [f"{name}: survey är inte {survey_id}" for name in others]
        if len(self.problems) > before:
            return None
        items = [item for file in (survey, *more) for item in file.items]
        joined = {field: getattr(survey, field) for field in m.Survey.model_fields} | {"items": items}
        return self._valid(m.Survey, joined, f"surveys/{survey_id}")

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of a CSV file; none and a problem when it isn't there."""
        try:
            with (self.root / name).open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))
        except OSError:
            self.problems.append(f"{name}: filen finns inte")
            return []

    def table(self, kind: type[_Model], name: str) -> tuple[_Model, ...]:
        """The rows of a CSV file as models."""
        read = [self._valid(kind, row, f"{name}: rad {number}") for number, row in enumerate(self.rows(name), 2)]
        return tuple(row for row in read if row is not None)

    def _valid(self, kind: type[_Model], content: object, where: str) -> _Model | None:
        try:
            return kind.model_validate(content)
        except ValidationError as error:
            self.problems += [f"{where}: {'.'.join(str(p) for p in d['loc'])}: {_said(d)}" for d in error.errors()]
            return None


def _said(error: Mapping[str, Any]) -> str:
    """What is wrong, in Swedish where it is one of the common mistakes."""
    common = {"extra_forbidden": "okänd nyckel", "missing": "nyckeln saknas"}
    return common.get(error["type"], error["msg"].removeprefix("Value error, "))


def _cross_check(c: Catalogue, problems: list[str]) -> None:
    items = c.survey.by_key
    scores: dict[str, dict[int, int]] = {}
    for index in c.indices:
        for part in index.items:
            if part.item not in items:
                problems.append(f"indices.yml: {index.key} använder frågan {part.item} som inte finns i {c.survey.id}")
                continue
            if set(part.scores) != set(c.survey.answers(part.item)):
                problems.append(f"indices.yml: {index.key}/{part.item} poängsätter inte exakt svarskoderna i enkäten")
            if scores.setdefault(part.item, part.scores) != part.scores:
                problems.append(f"indices.yml: {part.item} har olika poäng i olika index")
    for book in c.codebooks:
        unknown = sorted(set(book.items.values()) - set(items))
        problems.extend(f"codebooks/{book.id}.yml: okänd fråga {key}" for key in unknown)
        for item, variants in book.label_variants.items():
            wrong = [code for code in variants.values() if item in items and code not in c.survey.answers(item)]
            problems.extend(f"codebooks/{book.id}.yml: {item} har ingen svarskod {code}" for code in wrong)
    for cutoffs in c.cutoff_file.sets:
        if set(cutoffs.cuts) != set(c.index_file.keys):
            problems.append(f"cutoffs.yml: {cutoffs.id} täcker inte exakt indexen i indices.yml")
    if c.cutoff_file.default not in {s.id for s in c.cutoff_file.sets}:
        problems.append("cutoffs.yml: default pekar på en gränsuppsättning som inte finns")
    for entry in c.breaks:
        unknown = sorted(set(entry.items) - set(items) - m.BACKGROUND_QUESTIONS)
        problems.extend(f"breaks.yml: {entry.year}: okänd fråga {key}" for key in unknown)
    problems += [f"indicators/{c.survey.id}.yml: {text}" for text in problems_with_items(c.indicator_file, c.survey)]
    known = {d.district_code for d in c.districts}
    problems.extend(f"areas/district_names.csv: okänd kod {v}" for v in c.district_names.values() if v and v not in known)


def _hash(root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in {".yml", ".csv"}):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def load_catalogue() -> Catalogue:
    """Read and check the catalogue that ships with the package.

    Raises:
        PipelineError: code `catalogue`; the message lists every problem with file and key.
    """
    return read_catalogue(ROOT)


def read_catalogue(root: Path) -> Catalogue:
    """Read and check the catalogue in a folder.

    Raises:
        PipelineError: code `catalogue`; the message lists every problem with file and key.
    """
    read = _Reader(root)
    books = [path.relative_to(root).as_posix() for path in sorted((root / "codebooks").glob("*.yml"))]
    survey = read.survey("stockholmsenkaten")
    codebooks = tuple(read.model(m.Codebook, name) for name in books)
    index_file = read.model(m.IndexFile, "indices.yml")
    cutoffs = read.model(m.CutOffFile, "cutoffs.yml")
    breaks = read.model(m.BreakFile, "breaks.yml")
    indicators = read.model(IndicatorFile, "indicators/stockholmsenkaten.yml")
    reasons = read.model(m.ReasonFile, "reasons.yml")
    calendar = read.model(m.Calendar, "calendar.yml")
    comparison = read.model(m.Comparison, "comparison.yml")
    publication = read.model(m.Publication, "publication.yml")
    municipalities = read.table(m.Municipality, "areas/municipalities.csv")
    districts = read.table(m.District, "areas/districts.csv")
    district_names = {r["name_in_delivery"]: r["district_code"] or None for r in read.rows("areas/district_names.csv")}
    disclosure = read.yaml("disclosure.yml")
    if read.problems:
        raise _catalogue_error(read.problems)
    catalogue = Catalogue(
        survey=survey,
        codebooks=codebooks,
        index_file=index_file,
        cutoff_file=cutoffs,
        breaks=breaks.breaks,
        indicator_file=indicators,
        reasons=reasons.reasons,
        municipalities=municipalities,
        districts=districts,
        district_names=district_names,
        calendar=calendar,
        comparison=comparison,
        publication=publication,
        disclosure=disclosure,
        content_hash=_hash(root),
    )
    _cross_check(catalogue, read.problems)
    if read.problems:
        raise _catalogue_error(read.problems)
    return catalogue


def _catalogue_error(problems: list[str]) -> PipelineError:
    return PipelineError(
        code="catalogue",
        where="assets/catalogue",
        expected="en katalog utan fel",
        got=f"{len(problems)} fel: " + " | ".join(problems),
        hint="Rätta raderna ovan och kör igen.",
    )
