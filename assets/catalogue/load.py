"""Read the catalogue from its YAML and CSV files, validate it and cross-check it.

With `reader.py` the one place in `assets/catalogue` that touches the file system. All problems are gathered before anything is
raised, so a person who edits a codebook sees the whole list at once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from assets.catalogue import models as m
from assets.catalogue import publication_models as pm
from assets.catalogue.base_profile import BASE_PROFILE, CUTOFF_VARIABLE, PROFILE_VARIABLE, TRAINING_VARIABLE
from assets.catalogue.cross_checks import (
    BOUNDARIES,
    COMPARISON_GROUPS,
    TILES,
    check_disclosure,
    check_factors,
    check_maps,
    check_profile,
    cross_check,
)
from assets.catalogue.cutoff_models import CutOffFile, CutOffs
from assets.catalogue.estimate_models import EstimateFile
from assets.catalogue.indicator_models import IndicatorFile
from assets.catalogue.linked_cutoffs import on_the_scale_of
from assets.catalogue.profile_models import Profile
from assets.catalogue.psychometric_models import PsychometricRules, PsychometricTexts
from assets.catalogue.reader import FastLoader, Reader
from assets.catalogue.report_models import ComparisonGroups, ReportSeriesFile, Tile
from assets.catalogue.scoring_models import ScoringFile, ScoringMethod
from assets.catalogue.screening_models import ScreeningFile
from assets.catalogue.statistics_models import FactorFile, FindingFile, StatisticsFile
from assets.methods.disclosure_policy import load_policy
from assets.methods.errors import PipelineError
from assets.methods.series_breaks import SeriesDefinition

ROOT = Path(__file__).parent
PROFILES = "profiles"
TRAINING = "training"


@dataclass(frozen=True)
class Catalogue:
    """Everything the pipeline knows that is not data: definitions, areas, limits and texts."""

    profile: Profile
    survey: m.Survey
    codebooks: tuple[m.Codebook, ...]
    index_file: m.IndexFile
    scoring_file: ScoringFile
    cutoff_file: CutOffFile
    breaks: tuple[m.Break, ...]
    indicator_file: IndicatorFile
    screening: ScreeningFile
    reasons: tuple[m.Reason, ...]
    municipalities: tuple[m.Municipality, ...]
    districts: tuple[m.District, ...]
    district_names: dict[str, str | None]
    calendar: pm.Calendar
    comparison: pm.Comparison
    publication: pm.Publication
    statistics: StatisticsFile
    factors: FactorFile
    findings: FindingFile
    estimates: EstimateFile
    disclosure: dict[str, Any]
    psychometrics: PsychometricRules
    psychometric_texts: PsychometricTexts
    content_hash: str
    report_series: ReportSeriesFile
    comparison_groups: ComparisonGroups
    chosen_cutoffs: str = ""

    @property
    def indices(self) -> tuple[m.Index, ...]:
        """The indices in catalogue order."""
        return self.index_file.indices

    @property
    def scoring(self) -> ScoringMethod | None:
        """How a pupil's answers become a value; None where it is a mean of the answers."""
        return None if self.index_file.estimator == "mean" else self.scoring_file.get(self.index_file.estimator)

    @property
    def cutoffs(self) -> CutOffs:
        """The cut-off set in use: the default one, or the one that the run has chosen."""
        return self.cutoff_file.get(self.chosen_cutoffs or None)

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

    def series(self) -> tuple[SeriesDefinition, ...]:
        """Every series over waves with the breaks of its questions: indices, indicators, 0-100 scales."""
        file = self.indicator_file
        found = [SeriesDefinition("index", i.key, self.breaks_of(i.key)) for i in self.indices]
        found += [
            SeriesDefinition("indicator", i.id, self.breaks_of_items(i.items), i.first_wave, i.last_wave) for i in file.indicators
        ]
        found += [SeriesDefinition("scale", i.id, self.breaks_of_items(p.item for p in i.items)) for i in file.indices]
        return tuple(found)


def _hash(root: Path, overlay: Path | None) -> str:
    """Of the base's files and of the profile's own; other profiles' files don't touch it."""
    base = [p for p in root.rglob("*") if p.relative_to(root).parts[0] not in (PROFILES, TRAINING)]
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
    read = Reader(ROOT, _overlay(ROOT, profile_id))
    profile = read.model(Profile, "profile.yml")
    if profile is None:
        raise _catalogue_error(read.problems)
    return profile


def catalogue_file(name: str) -> Path:
    """Where a file of the active profile's catalogue lies: the profile's own, else the base's."""
    return Reader(ROOT, _overlay(ROOT, active_profile())).place(name)


def catalogue_yaml(name: str) -> Any:
    """The content of a YAML file of the active profile's catalogue; the file belongs to the code and is taken to be whole."""
    return yaml.load(catalogue_file(name).read_text(encoding="utf-8"), Loader=FastLoader)


def survey_file(survey_id: str, name: str) -> Path | None:
    """Where the file with this name lies that is about the questions of a survey; None when no profile has it."""
    for profile_id in profile_ids():
        if profile_of(profile_id).survey == survey_id:
            path = Reader(ROOT, _overlay(ROOT, profile_id)).place(name)
            return path if path.is_file() else None
    return None


def _overlay(root: Path, profile_id: str | None) -> Path | None:
    """The profile's own folder; of the base none, or in training the invented county's (docs/adr/0040)."""
    if profile_id in (None, BASE_PROFILE):
        return root / TRAINING if os.environ.get(TRAINING_VARIABLE) else None
    return root / PROFILES / profile_id


def load_catalogue() -> Catalogue:
    """Read and check the catalogue of the active profile, with the limits that the process works with; once per process.

    Raises:
        PipelineError: code `catalogue`, the message lists every problem with file and key; `unknown_profile`, `unknown_cutoffs`.
    """
    return _chosen_catalogue(active_profile(), os.environ.get(CUTOFF_VARIABLE, ""))


@lru_cache(maxsize=8)
def _chosen_catalogue(profile_id: str, cutoffs: str) -> Catalogue:
    return with_cutoffs(load_profile_catalogue(profile_id), cutoffs)


def with_cutoffs(catalogue: Catalogue, set_id: str) -> Catalogue:
    """The catalogue with one of its sets of limits in use; itself for the default or "".

    Its hash is another one, so everything that rests on the limits counts as changed.

    Raises:
        PipelineError: `unknown_cutoffs`.
    """
    if set_id in ("", catalogue.cutoff_file.default):
        return catalogue
    known = [one.id for one in catalogue.cutoff_file.sets]
    if set_id not in known:
        raise PipelineError(
            "unknown_cutoffs",
            "Valet av gränser",
            f"någon av {', '.join(known)}",
            set_id[:40],
            f"Välj en av dem med --granser eller miljövariabeln {CUTOFF_VARIABLE}, eller välj ingen.",
        )
    digest = hashlib.sha256(f"{catalogue.content_hash} {set_id}".encode()).hexdigest()
    return replace(catalogue, chosen_cutoffs=set_id, content_hash=digest)


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
        PipelineError: code `catalogue`; the message lists every problem with file and key. `bad_policy`, `bad_waiver`.
    """
    overlay = _overlay(root, profile_id)
    read = Reader(root, overlay)
    profile = read.model(Profile, "profile.yml")
    if profile is None:
        raise _catalogue_error(read.problems)
    survey = read.survey(profile.survey)
    codebooks = tuple(read.model(m.Codebook, name) for name in read.names("codebooks/*.yml"))
    index_file = read.model(m.IndexFile, "indices.yml") if read.has("indices.yml") else m.IndexFile.none(profile.survey)
    scoring = read.model(ScoringFile, "scoring.yml")
    cutoffs = read.model(CutOffFile, "cutoffs.yml") if read.has("cutoffs.yml") else CutOffFile.none()
    breaks = read.model(m.BreakFile, "breaks.yml") if read.has("breaks.yml") else m.BreakFile(survey=profile.survey, breaks=())
    indicators = read.model(IndicatorFile, f"indicators/{profile.survey}.yml")
    has_screen = read.has("screening.yml")
    screening = read.model(ScreeningFile, "screening.yml") if has_screen else ScreeningFile.none(profile.survey)
    reasons = read.model(m.ReasonFile, "reasons.yml")
    calendar = read.model(pm.Calendar, "calendar.yml")
    comparison = read.model(pm.Comparison, "comparison.yml")
    publication = read.model(pm.Publication, "publication.yml")
    statistics = read.model(StatisticsFile, "statistics.yml")
    factors = read.model(FactorFile, "factors.yml") if read.has("factors.yml") else FactorFile(survey=profile.survey)
    findings = read.model(FindingFile, "findings.yml")
    estimates = read.model(EstimateFile, "estimates.yml")
    has_series, has_groups = read.has("report_series.yml"), read.has(COMPARISON_GROUPS)
    series = read.model(ReportSeriesFile, "report_series.yml") if has_series else ReportSeriesFile(survey=profile.survey)
    groups = read.model(ComparisonGroups, COMPARISON_GROUPS) if has_groups else ComparisonGroups()
    municipalities = read.table(m.Municipality, "areas/municipalities.csv")
    with_districts = "district" in profile.area_levels
    districts = read.table(m.District, "areas/districts.csv") if with_districts else ()
    names = read.rows("areas/district_names.csv") if with_districts else []
    tiles, shapes = (read.table(Tile, TILES), read.shapes(BOUNDARIES)) if profile.county else ((), [])
    disclosure = read.disclosure()
    psychometrics = read.model(PsychometricRules, "psychometrics.yml")
    psychometric_texts = read.model(PsychometricTexts, "texts/psychometrics.yml")
    if read.problems:
        raise _catalogue_error(read.problems)
    cutoffs = on_the_scale_of(cutoffs, index_file, scoring, read.problems)
    catalogue = Catalogue(
        profile=profile,
        survey=survey,
        codebooks=codebooks,
        index_file=index_file,
        scoring_file=scoring,
        cutoff_file=cutoffs,
        breaks=breaks.breaks,
        indicator_file=indicators,
        screening=screening,
        reasons=reasons.reasons,
        municipalities=municipalities,
        districts=districts,
        district_names={r["name_in_delivery"]: r["district_code"] or None for r in names},
        calendar=calendar,
        comparison=comparison,
        publication=publication,
        statistics=statistics,
        factors=factors,
        findings=findings,
        estimates=estimates,
        disclosure=disclosure,
        content_hash=_hash(root, overlay),
        psychometrics=psychometrics,
        psychometric_texts=psychometric_texts,
        report_series=series,
        comparison_groups=groups,
    )
    cross_check(catalogue, read.problems)
    check_factors(catalogue, read.problems)
    check_profile(catalogue, profile_id or BASE_PROFILE, read.problems)
    if profile.county:
        check_maps(catalogue, tiles, shapes, read.problems)
    check_disclosure(catalogue, load_policy(disclosure, publication.released), read.problems)
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
