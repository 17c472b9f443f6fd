"""Invented answers about activities: most municipalities, one to three respondents, two rounds, two never inventoried. SYNTHETIC.

Each municipality has activities that exist or don't; a respondent knows those of its own part of the form well and the others now
and then, so some answers are blank, some "don't know", and a few respondents contradict each other. Every number comes from a
fixed seed per municipality, so a municipality's answers stay the same whoever else is drawn.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date

from assets.catalogue.load import load_catalogue
from assets.catalogue.prevention import ActivityCatalogue, load_activities
from assets.catalogue.prevention_models import Activity
from assets.forms.activities_form import DETAIL, OWN, SUMMARY, activities_form
from assets.forms.types import FilledForm, FormAnswer, Item

SEED = 20241120
ROUNDS = ("2022", "2024")
NOTE = "Påhittade svar för demonstrationen."
NEVER, ONLY_FIRST, ONLY_NEWEST = 2, 3, 3
"""Municipalities that never answered, only in the first round, and only in the newest; the rest answered in both."""
KNOWS = {
    "skola": {"school", "coordination"},
    "socialtjanst": {"family", "coordination"},
    "fritid": {"leisure", "neighbourhood"},
    "folkhalsa_sakerhet": {"neighbourhood", "coordination"},
}
"""Role -> the parts of the form it knows well."""
EXISTS = {"duty": 0.95, "partly": 0.9, "general": 0.7, "none": 0.6}
"""How often an activity exists, by its legal basis."""
OWN_NAMES = ("Läxhjälp på biblioteket", "Nattvandring", "Sommarjobb för alla i årskurs 9", "Ungdomsråd", "Simskola för vuxna")
CHANGED, CHANGED_DUTY = 0.1, 0.02
UNKNOWN_OWN = 0.06
KNOWN_OTHER = 0.25
WRONG = 0.04
PROJECT = 0.2
DETAILS = 0.75
"""Shares: a state that has changed between the rounds; a respondent who doesn't know of its own part, who knows of another's, and
who is wrong; project money; and an activity whose details are filled in."""


def activity_forms(always: Sequence[str] = ()) -> tuple[FilledForm, ...]:
    """All filled forms, by round, municipality and role. `always`: municipalities that answer in both rounds."""
    codes = sorted(set(load_catalogue().municipality_by_code) - set(always))
    shuffled = random.Random(SEED).sample(codes, len(codes))
    taking_part = [*shuffled[NEVER:], *always]
    absent = {ROUNDS[0]: set(taking_part[:ONLY_NEWEST]), ROUNDS[1]: set(taking_part[ONLY_NEWEST : ONLY_NEWEST + ONLY_FIRST])}
    catalogue = load_activities()
    return tuple(
        form
        for round_ in ROUNDS
        for code in sorted(taking_part)
        if code not in absent[round_]
        for form in _forms(code, round_, catalogue)
    )


def existing(code: str, round_: str, catalogue: ActivityCatalogue) -> dict[str, bool]:
    """The truth behind a municipality's answers: which activities there are in a round."""
    draw = random.Random(f"{SEED}:{code}")
    first = {a.id: draw.random() < EXISTS[a.legal_basis] for a in catalogue.activities}
    flips = {a.id: draw.random() < (CHANGED if EXISTS[a.legal_basis] < 0.9 else CHANGED_DUTY) for a in catalogue.activities}
    return first if round_ == ROUNDS[0] else {key: there != flips[key] for key, there in first.items()}


def _forms(code: str, round_: str, catalogue: ActivityCatalogue) -> Iterator[FilledForm]:
    draw = random.Random(f"{SEED}:{code}:{round_}")
    truth = existing(code, round_, catalogue)
    for role in sorted(draw.sample(sorted(KNOWS), draw.randint(1, 3))):
        day = date(int(round_), 10, 1 + draw.randrange(28))
        answers = tuple(_answers(role, day, truth, catalogue, draw))
        head = {"municipality_code": code, "round": round_, "answered_on": day.isoformat(), "role": role}
        yield FilledForm("activities", activities_form().version, code, round_, day, role, "html", head, answers, notes=(NOTE,))


def _answers(
    role: str, day: date, truth: dict[str, bool], catalogue: ActivityCatalogue, draw: random.Random
) -> Iterator[FormAnswer]:
    items = {item.id: (section.id, item) for section in activities_form().sections for item in section.items if item.fields}
    for activity in catalogue.activities:
        state = _state(truth[activity.id], own=activity.section in KNOWS[role], draw=draw)
        if state is None:
            continue
        yield FormAnswer(SUMMARY, activity.id, "exists", state, f"{activity.name_sv} i {SUMMARY}")
        if state == "yes" and activity.section in KNOWS[role] and draw.random() < DETAILS:
            section, item = items[activity.id]
            yield from _details(section, item, activity, day, catalogue, draw)
    if draw.random() < 0.4:
        yield from _own(day, catalogue, draw)


def _state(there: bool, *, own: bool, draw: random.Random) -> str | None:
    """What a respondent says of an activity: its own part is known but for a few, the rest is mostly left blank."""
    first, second = draw.random(), draw.random()
    if not own and first > KNOWN_OTHER:
        return "dont_know" if second < 0.15 else None
    if own and first < UNKNOWN_OWN:
        return "dont_know"
    return "yes" if there != (second < WRONG) else "no"


def _details(
    section: str, item: Item, activity: Activity, day: date, catalogue: ActivityCatalogue, draw: random.Random
) -> Iterator[FormAnswer]:
    given: dict[str, str] = {}
    project = draw.random() < PROJECT
    given["funding"] = "project" if project else _weighted(draw, {"permanent": 9, "dont_know": 1})
    if project and draw.random() < 0.7:
        given["funding_end"] = date(day.year + draw.randint(0, 3), 12, 31).isoformat()
    for criterion in catalogue.criteria_of[activity.id]:
        given[criterion] = _weighted(draw, {"yes": 11, "no": 6, "dont_know": 3})
    given["reach"] = _weighted(draw, {"all": 2, "most": 5, "some": 6, "few": 2, "dont_know": 4})
    groups = [g.key for g in catalogue.form_file.groups]
    missed = draw.sample(groups, draw.choice((0, 0, 0, 1, 1, 2)))
    given["groups_not_reached"] = ";".join(key for key in groups if key in missed)
    if "programmes" in item.fields:
        offered = [x.id for x in catalogue.programmes if activity.id in x.activities]
        used = draw.sample(offered, min(len(offered), draw.randint(0, 3)))
        given["programmes"] = ";".join(key for key in offered if key in used)
    for name in item.fields:
        if given.get(name) and draw.random() > 0.08:
            yield FormAnswer(section, activity.id, name, given[name], f"{activity.name_sv} i {DETAIL}")


def _own(day: date, catalogue: ActivityCatalogue, draw: random.Random) -> Iterator[FormAnswer]:
    """One activity that the palette doesn't name."""
    file = catalogue.activity_file
    given = {
        "name": draw.choice(OWN_NAMES),
        "factor": draw.choice([x.key for x in file.protective_factors]),
        "arena": draw.choice([x.key for x in file.arenas]),
        "level": draw.choice([x.key for x in file.levels]),
        "age_bands": draw.choice(("6-12;13-15", "13-15;16-19", "6-12;16-19")),
        "owner": draw.choice(("Kommunen", "Civilsamhället")),
        "funding": _weighted(draw, {"permanent": 2, "project": 3}),
    }
    if given["funding"] == "project":
        given["funding_end"] = date(day.year + 1, 6, 30).isoformat()
    for name, value in given.items():
        yield FormAnswer(OWN, f"{OWN}+1", name, value, f"rad 1 i {OWN}")


def _weighted(draw: random.Random, weights: dict[str, int]) -> str:
    keys: Sequence[str] = list(weights)
    return draw.choices(keys, list(weights.values()))[0]
