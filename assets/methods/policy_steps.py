"""One step looser or tighter: other numbers of the disclosure policy, to count what they would show. Never published. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from assets.methods.disclosure_numbers import WAIVABLE, PolicyNumbers, is_looser, looser

if TYPE_CHECKING:
    from assets.methods.disclosure_policy import DisclosurePolicy

LOOSER, TIGHTER = "looser", "tighter"
STEPS = (LOOSER, TIGHTER)
Step = Mapping[str, Mapping[str, int]]
"""Edition -> the numbers that are others in the step."""


def stepped(policy: DisclosurePolicy, step: str) -> DisclosurePolicy:
    """The policy with the numbers of a step, for counting alone: what it would release may not be stored or shown.

    A waiver that already goes further than the step counts in its place, so that a looser step never hides more.
    """
    editions = {
        edition: {**policy.editions[edition], **vars(stepped_numbers(policy, step, edition))} for edition in policy.editions
    }
    return policy.without_waivers().model_copy(update={"editions": editions})


def stepped_numbers(policy: DisclosurePolicy, step: str, edition: str) -> PolicyNumbers:
    """The numbers of one edition in a step, none of them changed the other way unless they would contradict each other."""
    now, values = policy.numbers(edition), policy.steps[step][edition]
    further = {name: value for name, value in values.items() if is_looser(name, value, getattr(now, name)) == (step == LOOSER)}
    mixed = replace(now, **further)
    return replace(now, **values) if mixed.problems() else mixed


def step_problems(policy: DisclosurePolicy) -> list[str]:
    """What contradicts something else in the steps, in Swedish; empty when they hold together, and when there are none.

    A step has all editions, and of each all the numbers that a decision could change; they hold together by the same rules as the
    policy, never go beyond its absolute values, and the editions are nested in each other.
    """
    if not policy.steps:
        return []
    if sorted(policy.steps) != sorted(STEPS):
        return [f"steps ska ha {' och '.join(STEPS)}"]
    problems = []
    for step, editions in policy.steps.items():
        if sorted(editions) != sorted(policy.editions):
            problems.append(f"steps.{step} ska ha varje utgåva")
            continue
        found = [text for edition, values in editions.items() for text in _edition_problems(policy, edition, values)]
        problems += [f"steps.{step}: {text}" for text in found or _nesting(policy, step)]
    return problems


def _edition_problems(policy: DisclosurePolicy, edition: str, values: Mapping[str, int]) -> list[str]:
    if sorted(values) != sorted(WAIVABLE):
        return [f"utgåvan {edition} ska ha ett värde för var och en av {', '.join(WAIVABLE)}"]
    beyond = [
        f"{name} ({value}) i utgåvan {edition} går förbi den absoluta gränsen ({policy.absolute[name]})"
        for name, value in values.items()
        if is_looser(name, value, policy.absolute[name])
    ]
    return beyond or [f"i utgåvan {edition}: {text}" for text in replace(policy.numbers(edition), **values).problems()]


def _nesting(policy: DisclosurePolicy, step: str) -> list[str]:
    inner = replace(policy.numbers("intern"), **policy.steps[step]["intern"])
    return [
        f"utgåvan {edition} är lösare än intern i {name}"
        for edition, values in policy.steps[step].items()
        for name in looser(replace(policy.numbers(edition), **values), inner)
    ]
