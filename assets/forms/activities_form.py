"""The form about activities: one `FormDefinition` drawn from the catalogue, so that a new activity is a change of data.

An activity is one item wherever it stands: `exists` in the section `summary`, the rest in a detail section of its part of the
catalogue. The row's id is the activity's id in both. What the form doesn't name goes into the free rows of `own`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from assets.catalogue.load import load_catalogue
from assets.catalogue.prevention import ActivityCatalogue, load_activities
from assets.catalogue.prevention_models import Activity, Named, Programme
from assets.forms.types import Choice, Field, FieldKind, FormDefinition, Item, Section

SUMMARY, DETAIL, OWN = "summary", "detail", "own"
OTHER_PROGRAMME = "other"
PROGRAMME_ARENAS = {"family": {"home"}, "school": {"school", "preschool"}, "leisure": {"leisure"}}
"""Form section -> arenas of programmes that the palette names under no activity but that belong there."""


@lru_cache(maxsize=1)
def activities_form() -> FormDefinition:
    """The form of the catalogue that comes with the code."""
    municipalities = load_catalogue().municipalities
    return build_form(load_activities(), {m.municipality_code: m.name for m in municipalities})


def build_form(catalogue: ActivityCatalogue, municipalities: Mapping[str, str]) -> FormDefinition:
    """Head, summary, one detail section per part of the catalogue, and free rows for own activities.

    Args:
        municipalities: code -> name of those that can fill the form.
    """
    words = catalogue.form_file
    parts = catalogue.activity_file.form_sections
    sections = (_summary(catalogue), *(_detail(catalogue, part) for part in parts), _own(catalogue))
    return FormDefinition(
        kind="activities",
        version=_version(sections),
        title=words.title_sv,
        intro=words.intro_sv,
        head=_head(catalogue, municipalities),
        sections=sections,
    )


def _version(sections: Sequence[Section]) -> str:
    """A digest of all ids, fields and codes: it changes exactly when an answer could mean something else."""
    digest = hashlib.sha256()
    for section in sections:
        shape = [(f.name, f.kind, [c.code for c in f.choices]) for f in section.fields]
        digest.update(repr((section.id, shape, [(i.id, i.fields) for i in section.items])).encode())
    return f"1.0-{digest.hexdigest()[:8]}"


def _choices(named: Iterable[Named]) -> tuple[Choice, ...]:
    return tuple(Choice(x.key, x.label_sv) for x in named)


def _head(c: ActivityCatalogue, municipalities: Mapping[str, str]) -> tuple[Field, ...]:
    words = c.form_file.head
    named = tuple(Choice(code, name) for code, name in municipalities.items())
    places = words.municipality_code
    return (
        Field("municipality_code", places.label_sv, "choice", named, places.guidance_sv, required=True),
        Field("round", words.round.label_sv, "text", guidance=words.round.guidance_sv, required=True, max_length=6),
        Field("answered_on", words.answered_on.label_sv, "date", guidance=words.answered_on.guidance_sv, required=True),
        Field("role", words.role.label_sv, "choice", _choices(c.form_file.roles), words.role.guidance_sv, required=True),
    )


def _field(c: ActivityCatalogue, name: str, kind: FieldKind, choices: tuple[Choice, ...] = (), max_length: int = 500) -> Field:
    question = c.form_file.fields[name]
    return Field(name, question.label_sv, kind, choices, question.guidance_sv, max_length=max_length)


def _factors(c: ActivityCatalogue, activity: Activity) -> str:
    labels = {f.key: f.label_sv for f in c.activity_file.protective_factors}
    return c.form_file.counts_for_sv.format(factors="; ".join(labels[key] for key in activity.factors))


def _summary(c: ActivityCatalogue) -> Section:
    words = c.form_file.sections.summary
    items = tuple(Item(a.id, a.name_sv, _factors(c, a)) for a in c.activities)
    fields = (_field(c, "exists", "choice", _choices(c.form_file.answers)),)
    return Section(SUMMARY, words.title_sv, words.intro_sv, fields, items)


def _detail(c: ActivityCatalogue, part: Named) -> Section:
    """The activities of one part; of each only the criteria that the palette asks of it."""
    ours = [a for a in c.activities if a.section == part.key]
    programmes = _programmes(c, part.key, ours)
    asked = {a.id: _asked(c, a, programmes) for a in ours}
    wanted = {name for names in asked.values() for name in names}
    fields = tuple(field for field in _detail_fields(c, programmes) if field.name in wanted)
    items = tuple(Item(a.id, a.name_sv, _factors(c, a), asked[a.id]) for a in ours)
    return Section(f"{DETAIL}_{part.key}", part.label_sv, c.form_file.sections.detail.intro_sv, fields, items)


def _asked(c: ActivityCatalogue, activity: Activity, programmes: Sequence[Programme]) -> tuple[str, ...]:
    own = any(activity.id in x.activities for x in programmes)
    return ("funding", "funding_end", *c.criteria_of[activity.id], "reach", "groups_not_reached",
            *(("programmes",) if own else ()), "comment")  # fmt: skip


def _programmes(c: ActivityCatalogue, part: str, activities: Sequence[Activity]) -> list[Programme]:
    ids, arenas = {a.id for a in activities}, PROGRAMME_ARENAS.get(part, set())
    found = [x for x in c.programmes if ids & set(x.activities) or (not x.activities and arenas & set(x.arenas))]
    other = c.programme_by_id[OTHER_PROGRAMME]
    return [*(x for x in found if x is not other), other] if found else []


def _detail_fields(c: ActivityCatalogue, programmes: Sequence[Programme]) -> tuple[Field, ...]:
    file = c.form_file
    criteria = tuple(
        Field(x.key, x.question_sv, "choice", _choices(file.answers)) for x in c.statement_file.criteria if x.question_sv
    )
    return (
        _field(c, "funding", "choice", _choices(file.fundings)),
        _field(c, "funding_end", "date"),
        *criteria,
        _field(c, "reach", "choice", _choices(file.reaches)),
        _field(c, "groups_not_reached", "choices", _choices(file.groups)),
        _field(c, "programmes", "choices", tuple(Choice(x.id, x.name_sv) for x in programmes)),
        _field(c, "comment", "text"),
    )


def _own(c: ActivityCatalogue) -> Section:
    file, words = c.activity_file, c.form_file.sections.own
    fields = (
        _field(c, "name", "text", max_length=80),
        _field(c, "factor", "choice", _choices(file.protective_factors)),
        _field(c, "arena", "choice", _choices(file.arenas)),
        _field(c, "level", "choice", _choices(file.levels)),
        _field(c, "age_bands", "choices", _choices(file.age_bands)),
        _field(c, "owner", "text", max_length=80),
        _field(c, "funding", "choice", _choices(c.form_file.fundings)),
        _field(c, "funding_end", "date"),
    )
    return Section(OWN, words.title_sv, words.intro_sv, fields, (), c.form_file.own_rows)
