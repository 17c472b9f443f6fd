"""Invented raters of the preconditions: most municipalities, two rounds, some with too few raters. SYNTHETIC.

Each municipality has a level per condition that the raters see through their own role and mood; some don't know. The numbers come
from a fixed seed per municipality, so a municipality's raters stay the same whoever else is drawn.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date

from assets.catalogue.load import load_catalogue
from assets.catalogue.readiness import load_readiness
from assets.catalogue.readiness_models import LEVELS, ReadinessFile
from assets.forms.readiness_form import DONT_KNOW, LEVEL, readiness_form
from assets.forms.types import FilledForm, FormAnswer

SEED = 20241107
ROUNDS = ("2022", "2024")
TAKE_PART = 18
"""How many of the county's municipalities take part in the newest round; a third of them weren't there in the first."""
MOST_RATERS = 12
FEW = (0, 1, 2)
"""Numbers of raters of every sixth municipality: somebody was asked, but too few to be shown."""
DONT_KNOW_SHARE = 0.12
STEP = 0.35
"""How far a municipality moves between the rounds, in levels, at most upwards; a little less downwards."""


def readiness_forms() -> tuple[FilledForm, ...]:
    """All filled forms, by round, municipality and rater. The first municipality always has raters enough in both rounds."""
    codes = sorted(load_catalogue().municipality_by_code)
    chosen = sorted(random.Random(SEED).sample(codes, min(TAKE_PART, len(codes))))
    file, version = load_readiness(), readiness_form().version
    return tuple(form for round_ in ROUNDS for n, code in enumerate(chosen) for form in _forms(code, n, round_, file, version))


def _forms(code: str, number: int, round_: str, file: ReadinessFile, version: str) -> Iterator[FilledForm]:
    first = round_ == ROUNDS[0]
    if first and number % 3 == 2:
        return
    levels = _levels(code, round_, file.condition_ids)
    draw = random.Random(f"{SEED}:{code}:{round_}")
    count = FEW[number // 6 % len(FEW)] if number % 6 == 5 else draw.randint(4, MOST_RATERS)
    for _ in range(count):
        role = draw.choice(file.role_ids)
        answers = tuple(_answers(file, levels, draw))
        day = date(int(round_), 10, 1 + draw.randrange(28))
        head = {"municipality_code": code, "round": round_, "answered_on": day.isoformat(), "role": role}
        yield FilledForm("readiness", version, code, round_, day, role, "html", head, answers)


def _levels(code: str, round_: str, conditions: Sequence[str]) -> dict[str, float]:
    """The municipality's own level of each condition, 0-3, in the round."""
    draw = random.Random(f"{SEED}:{code}")
    base = draw.uniform(0.6, 2.2)
    start = {condition: base + draw.uniform(-0.8, 0.8) for condition in conditions}
    moved = {condition: draw.uniform(-STEP, 2 * STEP) for condition in conditions}
    return {c: start[c] + (moved[c] if round_ != ROUNDS[0] else 0.0) for c in conditions}


def _answers(file: ReadinessFile, levels: dict[str, float], draw: random.Random) -> Iterator[FormAnswer]:
    mood = draw.gauss(0, 0.4)
    for condition, statements in file.statements.items():
        for statement in statements:
            seen = round(levels[condition] + mood + draw.gauss(0, 0.6))
            unknown = draw.random() < DONT_KNOW_SHARE
            value = DONT_KNOW if unknown else str(min(LEVELS - 1, max(0, seen)))
            yield FormAnswer(condition, statement, LEVEL, value, f"påståendet {statement}")
