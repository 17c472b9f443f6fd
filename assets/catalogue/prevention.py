"""Read and cross-check the catalogue of activities (`prevention/*.yml`): `load_activities()`.

Kept apart from `load_catalogue()`: activities belong to municipalities, not to a survey, so every profile has the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from assets.catalogue import prevention_models as p
from assets.catalogue.activity_form_models import ActivityFormFile
from assets.catalogue.reader import Reader
from assets.methods.errors import PipelineError

ROOT = Path(__file__).parent


@dataclass(frozen=True)
class ActivityCatalogue:
    """Activities, statements, in-depth themes, programmes and the crosswalk to the indices."""

    activity_file: p.ActivityFile
    statement_file: p.StatementFile
    indepth_file: p.InDepthFile
    programme_file: p.ProgrammeFile
    index_factors: p.IndexFactorFile
    form_file: ActivityFormFile

    @property
    def activities(self) -> tuple[p.Activity, ...]:
        """The distinct activities in the catalogue's order."""
        return self.activity_file.activities

    @property
    def statements(self) -> tuple[p.Statement, ...]:
        """The statements, merged per distinct activity."""
        return self.statement_file.statements

    @property
    def programmes(self) -> tuple[p.Programme, ...]:
        """The programmes in the catalogue's order."""
        return self.programme_file.programmes

    @cached_property
    def activity_by_id(self) -> dict[str, p.Activity]:
        """Activities by id."""
        return {a.id: a for a in self.activities}

    @cached_property
    def programme_by_id(self) -> dict[str, p.Programme]:
        """Programmes by id."""
        return {x.id: x for x in self.programmes}

    @cached_property
    def activity_of_source_code(self) -> dict[str, p.Activity]:
        """The palette's code (`FB04`) -> the activity it is merged into."""
        return {code: a for a in self.activities for code in a.source_codes}

    @cached_property
    def criteria_of(self) -> dict[str, tuple[str, ...]]:
        """Activity id -> the criteria that the palette asks of it, in the catalogue's order."""
        asked = {(s.activity, s.criterion) for s in self.statements}
        return {a.id: tuple(c for c in p.CONTENT_CRITERIA if (a.id, c) in asked) for a in self.activities}

    @cached_property
    def activities_of_index(self) -> dict[str, tuple[str, ...]]:
        """Index key -> ids of the activities that are set beside it."""
        return {links.index: tuple(x.activity for x in links.activities) for links in self.index_factors.indices}


@lru_cache(maxsize=1)
def load_activities() -> ActivityCatalogue:
    """The catalogue of activities, read once.

    Raises:
        PipelineError: when a file can't be read or the files don't fit each other; all problems at once.
    """
    return read_activities(ROOT)


def read_activities(root: Path) -> ActivityCatalogue:
    """As `load_activities`, from another folder."""
    read = Reader(root)
    activities = read.model(p.ActivityFile, "prevention/activities.yml")
    statements = read.model(p.StatementFile, "prevention/statements.yml")
    indepth = read.model(p.InDepthFile, "prevention/indepth.yml")
    programmes = read.model(p.ProgrammeFile, "prevention/programmes.yml")
    links = read.model(p.IndexFactorFile, "prevention/index_factors.yml")
    form = read.model(ActivityFormFile, "prevention/activity_form.yml")
    if not (activities and statements and indepth and programmes and links and form):
        raise _error(read.problems)
    catalogue = ActivityCatalogue(activities, statements, indepth, programmes, links, form)
    problems = [*_doubled(catalogue), *_unknown(catalogue)]
    if problems:
        raise _error(problems)
    return catalogue


def _error(problems: Sequence[str]) -> PipelineError:
    return PipelineError(
        code="catalogue",
        where="assets/catalogue/prevention",
        expected="en katalog utan fel",
        got=f"{len(problems)} fel: " + " | ".join(problems),
        hint="Rätta raderna ovan och kör igen.",
    )


def _doubled(c: ActivityCatalogue) -> Iterable[str]:
    groups = {
        "verksamheten": [a.id for a in c.activities],
        "källkoden": [code for a in c.activities for code in a.source_codes],
        "påståendet": [s.id for s in c.statements],
        "källans påstående": [code for s in c.statements for code in s.sources],
        "frågan": [q.id for q in c.indepth_file.questions],
        "programmet": [x.id for x in c.programmes],
        "indexet": [x.index for x in c.index_factors.indices],
    }
    for what, keys in groups.items():
        yield from (f"{what} {key} står {count} gånger" for key, count in Counter(keys).items() if count > 1)


def _unknown(c: ActivityCatalogue) -> Iterable[str]:
    """Every key that is named but nowhere defined."""
    file = c.activity_file
    factors, arenas = {x.key for x in file.protective_factors}, {x.key for x in file.arenas}
    sections, criteria = {x.key for x in file.form_sections}, {x.key for x in c.statement_file.criteria}
    themes, sources = {x.key for x in c.indepth_file.themes}, set(c.programme_file.sources)
    for a in c.activities:
        yield from _missing(a.id, a.factors, factors)
        yield from _missing(a.id, a.arenas, arenas)
        yield from _missing(a.id, (a.section,), sections)
    for s in c.statements:
        yield from _missing(s.id, (s.activity,), c.activity_by_id)
        yield from _missing(s.id, (s.criterion,), criteria)
        yield from _missing(s.id, (s.programme,) if s.programme else (), c.programme_by_id)
        codes = c.activity_by_id[s.activity].source_codes if s.activity in c.activity_by_id else ()
        yield from _missing(s.id, [code.split("-")[0] for code in s.sources], codes)
    for q in c.indepth_file.questions:
        yield from _missing(q.id, q.themes, themes)
        yield from _missing(q.id, (q.id.split("-")[0],), c.activity_of_source_code)
    for x in c.programmes:
        yield from _missing(x.id, x.activities, c.activity_by_id)
        yield from _missing(x.id, x.arenas, arenas)
        yield from _missing(x.id, (*x.sources, *((x.evaluation.source,) if x.evaluation.source else ())), sources)
        yield from _missing(x.id, (x.evaluation.status,), c.programme_file.evaluation_words)
    for links in c.index_factors.indices:
        yield from _missing(links.index, [x.factor for x in links.factors], factors)
        yield from _missing(links.index, [x.activity for x in links.activities], c.activity_by_id)


def _missing(where: str, named: Iterable[str], known: Iterable[str]) -> Iterable[str]:
    there = set(known)
    return (f"{where}: {key} är okänt" for key in named if key not in there)
