"""Read the catalogue from its YAML and CSV files, validate it and cross-check it.

This is the one place in `assets/catalogue` that touches the file system. All problems are gathered before anything is
raised, so a person who edits a codebook sees the whole list at once.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from assets.catalogue import models as m
from assets.catalogue.base_profile import BASE_PROFILE, PROFILE_VARIABLE
from assets.catalogue.indicator_models import IndicatorFile, problems_with_items
from assets.catalogue.profile_models import Profile
from assets.methods.errors import PipelineError

ROOT = Path(__file__).parent
PROFILES = "profiles"
OF_THE_SURVEY = ("surveys", "codebooks", "indicators", "indices.yml", "cutoffs.yml", "breaks.yml", "wording_hashes.csv")
"""What is about one survey's questions: never taken from the base by a profile with another survey."""
OF_THE_PLACE = "areas"
_Model = TypeVar("_Model", bound=m.Strict)


@dataclass(frozen=True)
class Catalogue:
    """Everything the pipeline knows that is not data: definitions, areas, limits and texts."""

    profile: Profile
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
        """The survey's own number as text -> code of the area; the name, and the name that deliveries use, too."""
        own = {str(x.survey_code): x.municipality_code for x in self.municipalities}
        own |= {x.delivered_as: x.municipality_code for x in self.municipalities if x.delivered_as}
        return own | {x.name: x.municipality_code for x in self.municipalities}

    @cached_property
    def area_names(self) -> dict[str, str]:
        """area_code -> the name people read."""
        profile = self.profile
        names = {profile.county.code: profile.county.name} if profile.county else {}
        names |= {x.municipality_code: x.name for x in self.municipalities}
        names |= {profile.city.code: profile.city.name} if profile.city else {}
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

    def __init__(self, root: Path, overlay: Path | None = None) -> None:
        self.root = root
        self.overlay = overlay
        self.problems: list[str] = []

    def place(self, name: str) -> Path:
        """Where a file of the catalogue is read: in the overlay when it has it or owns its kind, else in the base."""
        if self.overlay is None:
            return self.root / name
        own = self.overlay / name
        top = name.split("/", 1)[0]
        owned = top in OF_THE_SURVEY or (top == OF_THE_PLACE and (self.overlay / OF_THE_PLACE).is_dir())
        return own if owned or own.exists() else self.root / name

    def has(self, name: str) -> bool:
        """Whether there is such a file; a profile may do without indices, cut-offs and breaks."""
        return self.overlay is None or self.place(name).exists()

    def names(self, pattern: str) -> list[str]:
        """Names of the files that match, as in `place`."""
        folder = self.place(pattern.rsplit("/", 1)[0])
        stem = pattern.rsplit("/", 1)[0]
        return [f"{stem}/{path.name}" for path in sorted(folder.glob(pattern.rsplit("/", 1)[1]))]

    def yaml(self, name: str) -> Any:
        """The content of a YAML file; None and a problem when it can't be read."""
        try:
            return yaml.load(self.place(name).read_text(encoding="utf-8"), Loader=_UniqueKeys)
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
        names = self.names(f"surveys/{survey_id}/*.yml")
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
            with self.place(name).open(encoding="utf-8", newline="") as file:
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
        used = [items[part.item] for part in index.items if part.item in items]
        if c.index_file.model == "mean_score" and (len({i.scale for i in used}) > 1 or len({i.section for i in used}) > 1):
            problems.append(f"indices.yml: frågorna i {index.key} har inte samma skala och område")
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


def _check_profile(c: Catalogue, profile_id: str, problems: list[str]) -> None:
    profile, areas = c.profile, c.municipality_by_code
    if profile.id != profile_id:
        problems.append(f"profile.yml: id är {profile.id}, mappen heter {profile_id}")
    if profile.grade_keys != c.survey.grades:
        problems.append(f"profile.yml: grades är inte de årskurser som {c.survey.id} har ({', '.join(c.survey.grades)})")
    if c.index_file.survey != c.survey.id:
        problems.append(f"indices.yml: survey är inte {c.survey.id}")
    if profile.city and profile.city.code not in areas:
        problems.append(f"profile.yml: city {profile.city.code} finns inte i areas/municipalities.csv")
    if profile.county:
        outside = [code for code in areas if not code.startswith(profile.county.code)]
        problems += [f"areas/municipalities.csv: {code} börjar inte med länets kod {profile.county.code}" for code in outside]
    for area in c.municipalities:
        unknown = [code for code in area.contained if code not in areas or code == area.municipality_code]
        problems += [f"areas/municipalities.csv: {area.municipality_code} innehåller okänt område {code}" for code in unknown]
    for book in c.codebooks:
        if book.survey != c.survey.id:
            problems.append(f"codebooks/{book.id}.yml: survey är inte {c.survey.id}")
        lacking = [name for name in profile.design_columns if not getattr(book.columns, name)]
        problems += [f"codebooks/{book.id}.yml: columns: {name} saknar namn" for name in lacking]


def _hash(root: Path, overlay: Path | None) -> str:
    """Of the base's files and of the profile's own; other profiles' files don't touch it."""
    base = [p for p in root.rglob("*") if p.relative_to(root).parts[0] != PROFILES]
    own = list(overlay.rglob("*")) if overlay else []
    digest = hashlib.sha256()
    for path in sorted(p for p in (*base, *own) if p.suffix in {".yml", ".csv"}):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def active_profile() -> str:
    """Id of the profile that this process works with: the environment variable DID_PROFILE, else the base."""
    return os.environ.get(PROFILE_VARIABLE) or BASE_PROFILE


def profile_ids(root: Path = ROOT) -> tuple[str, ...]:
    """All profiles that ship, the base first."""
    others = sorted(path.parent.name for path in (root / PROFILES).glob("*/profile.yml"))
    return (BASE_PROFILE, *others)


@lru_cache(maxsize=8)
def profile_of(profile_id: str) -> Profile:
    """What `profile.yml` says, without the rest of the catalogue. Raises PipelineError `catalogue`."""
    read = _Reader(ROOT, _overlay(ROOT, profile_id))
    profile = read.model(Profile, "profile.yml")
    if profile is None:
        raise _catalogue_error(read.problems)
    return profile


def survey_file(survey_id: str, name: str) -> Path | None:
    """Where the file with this name lies that is about the questions of a survey; None when no profile has it."""
    for profile_id in profile_ids():
        if profile_of(profile_id).survey == survey_id:
            path = _Reader(ROOT, _overlay(ROOT, profile_id)).place(name)
            return path if path.is_file() else None
    return None


def _overlay(root: Path, profile_id: str | None) -> Path | None:
    return root / PROFILES / profile_id if profile_id not in (None, BASE_PROFILE) else None


def load_catalogue() -> Catalogue:
    """Read and check the catalogue of the active profile; once per process and profile.

    Raises:
        PipelineError: code `catalogue`, the message lists every problem with file and key; `unknown_profile`.
    """
    return load_profile_catalogue(active_profile())


@lru_cache(maxsize=8)
def load_profile_catalogue(profile_id: str) -> Catalogue:
    """Read and check the catalogue of a profile that ships with the package. Raises as `load_catalogue`."""
    if profile_id not in profile_ids():
        raise PipelineError(
            "unknown_profile",
            "Profilen",
            f"någon av {', '.join(profile_ids())}",
            profile_id[:40],
            f"Välj en av dem med --profil eller miljövariabeln {PROFILE_VARIABLE}.",
        )
    return read_catalogue(ROOT, profile_id)


def read_catalogue(root: Path, profile_id: str | None = None) -> Catalogue:
    """Read and check the catalogue in a folder.

    Args:
        profile_id: a folder below `profiles/` whose files replace those of the base (None: the base itself).

    Raises:
        PipelineError: code `catalogue`; the message lists every problem with file and key.
    """
    overlay = _overlay(root, profile_id)
    read = _Reader(root, overlay)
    profile = read.model(Profile, "profile.yml")
    if profile is None:
        raise _catalogue_error(read.problems)
    survey = read.survey(profile.survey)
    codebooks = tuple(read.model(m.Codebook, name) for name in read.names("codebooks/*.yml"))
    index_file = read.model(m.IndexFile, "indices.yml") if read.has("indices.yml") else m.IndexFile.none(profile.survey)
    cutoffs = read.model(m.CutOffFile, "cutoffs.yml") if read.has("cutoffs.yml") else m.CutOffFile.none()
    breaks = read.model(m.BreakFile, "breaks.yml") if read.has("breaks.yml") else m.BreakFile(survey=profile.survey, breaks=())
    indicators = read.model(IndicatorFile, f"indicators/{profile.survey}.yml")
    reasons = read.model(m.ReasonFile, "reasons.yml")
    calendar = read.model(m.Calendar, "calendar.yml")
    comparison = read.model(m.Comparison, "comparison.yml")
    publication = read.model(m.Publication, "publication.yml")
    municipalities = read.table(m.Municipality, "areas/municipalities.csv")
    with_districts = "district" in profile.area_levels
    districts = read.table(m.District, "areas/districts.csv") if with_districts else ()
    names = read.rows("areas/district_names.csv") if with_districts else []
    disclosure = read.yaml("disclosure.yml")
    if read.problems:
        raise _catalogue_error(read.problems)
    catalogue = Catalogue(
        profile=profile,
        survey=survey,
        codebooks=codebooks,
        index_file=index_file,
        cutoff_file=cutoffs,
        breaks=breaks.breaks,
        indicator_file=indicators,
        reasons=reasons.reasons,
        municipalities=municipalities,
        districts=districts,
        district_names={r["name_in_delivery"]: r["district_code"] or None for r in names},
        calendar=calendar,
        comparison=comparison,
        publication=publication,
        disclosure=disclosure,
        content_hash=_hash(root, overlay),
    )
    _cross_check(catalogue, read.problems)
    _check_profile(catalogue, profile_id or BASE_PROFILE, read.problems)
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
