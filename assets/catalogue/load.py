"""Read the catalogue from its YAML and CSV files, validate it and cross-check it.

This is the one place in `assets/catalogue` that touches the file system. All problems are gathered before anything is
raised, so a person who edits a codebook sees the whole list at once.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from assets.catalogue import models as m
from assets.methods.errors import PipelineError

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
        items = {i.item for i in self.index(index_key).items}
        return tuple(b for b in self.breaks if items & set(b.items))


def _yaml(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        return yaml.safe_load(file)


def _model(kind: type[_Model], path: Path, problems: list[str]) -> _Model | None:
    try:
        return kind.model_validate(_yaml(path))
    except (ValidationError, yaml.YAMLError) as error:
        details = error.errors() if isinstance(error, ValidationError) else [{"loc": ("yaml",), "msg": str(error)}]
        problems.extend(f"{path.relative_to(ROOT)}: {'.'.join(str(p) for p in d['loc'])}: {d['msg']}" for d in details)
        return None


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


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
    problems: list[str] = []
    survey = _model(m.Survey, ROOT / "surveys/stockholmsenkaten.yml", problems)
    codebooks = tuple(_model(m.Codebook, p, problems) for p in sorted((ROOT / "codebooks").glob("*.yml")))
    index_file = _model(m.IndexFile, ROOT / "indices.yml", problems)
    cutoffs = _model(m.CutOffFile, ROOT / "cutoffs.yml", problems)
    breaks = _model(m.BreakFile, ROOT / "breaks.yml", problems)
    reasons = _model(m.ReasonFile, ROOT / "reasons.yml", problems)
    calendar = _model(m.Calendar, ROOT / "calendar.yml", problems)
    comparison = _model(m.Comparison, ROOT / "comparison.yml", problems)
    publication = _model(m.Publication, ROOT / "publication.yml", problems)
    if problems:
        raise _catalogue_error(problems)
    catalogue = Catalogue(
        survey=survey,
        codebooks=codebooks,
        index_file=index_file,
        cutoff_file=cutoffs,
        breaks=breaks.breaks,
        reasons=reasons.reasons,
        municipalities=tuple(m.Municipality.model_validate(r) for r in _rows(ROOT / "areas/municipalities.csv")),
        districts=tuple(m.District.model_validate(r) for r in _rows(ROOT / "areas/districts.csv")),
        district_names={r["name_in_delivery"]: r["district_code"] or None for r in _rows(ROOT / "areas/district_names.csv")},
        calendar=calendar,
        comparison=comparison,
        publication=publication,
        disclosure=_yaml(ROOT / "disclosure.yml"),
        content_hash=_hash(ROOT),
    )
    _cross_check(catalogue, problems)
    if problems:
        raise _catalogue_error(problems)
    return catalogue


def _catalogue_error(problems: list[str]) -> PipelineError:
    return PipelineError(
        code="catalogue",
        where="assets/catalogue",
        expected="en katalog utan fel",
        got=f"{len(problems)} fel: " + " | ".join(problems),
        hint="Rätta raderna ovan och kör igen.",
    )
