"""What several respondents of a municipality say of one activity, merged without a majority.

An answer that knows (yes, no, a class) outweighs `dont_know`; answers that know and differ give `disagreed`; no answer at all is
the caller's word for it (`not_inventoried`, or null). Every function is independent of the respondents' order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

YES, NO, DONT_KNOW, DISAGREED, NOT_INVENTORIED = "yes", "no", "dont_know", "disagreed", "not_inventoried"
PERMANENT, PROJECT = "permanent", "project"
FOLLOW_UPS = ("follow_up_reach", "follow_up_results")
FRAGILE_MONTHS = 18
"""Project money that ends within so many months of the newest answer is counted as fragile (contract)."""


def merged(values: Iterable[str]) -> str | None:
    """One state of several answers; None when there is none."""
    given = set(values)
    known = given - {DONT_KNOW}
    if len(known) > 1:
        return DISAGREED
    return known.pop() if known else (DONT_KNOW if given else None)


def joined(values: Iterable[str], order: Sequence[str]) -> str:
    """Codes that anyone named, in the catalogue's order with `;` between; codes that the catalogue doesn't know come last."""
    named = {code for value in values for code in value.split(";") if code}
    return ";".join([code for code in order if code in named] + sorted(named - set(order)))


def follow_up(criteria: Mapping[str, str | None], asked: Sequence[str]) -> str | None:
    """Whether who is reached or what comes of it is followed up, of the criteria that are asked; null when nothing is said.

    `yes` when either is, `no` only when all that are asked aren't.
    """
    states = [criteria.get(name) for name in FOLLOW_UPS if name in asked]
    for state in (YES, DISAGREED, DONT_KNOW):
        if state in states:
            return state
    return NO if states and all(state == NO for state in states) else None


def blind(exists: str, followed: str | None) -> bool | None:
    """Whether an activity that exists goes on without any follow-up; null where it isn't known or doesn't exist."""
    if exists != YES or followed in (None, DONT_KNOW, DISAGREED):
        return None
    return followed == NO


def fragile(exists: str, funding: str | None, ends: date | None, answered_on: date | None) -> bool | None:
    """Whether an activity lives on project money that ends soon or at an unknown time; null where it isn't known.

    Where respondents differ on whether it exists, those who know its money still count: an activity must not look safe because
    somebody else hasn't heard of it.
    """
    if exists not in (YES, DISAGREED) or answered_on is None or funding not in (PERMANENT, PROJECT):
        return None
    return funding == PROJECT and (ends is None or ends <= months_after(answered_on, FRAGILE_MONTHS))


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last day of a shorter month."""
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    last = (following - date.resolution).day
    return date(year, month, min(day.day, last))


def changed(before: str | None, now: str, *, first: bool) -> str:
    """What has happened since the municipality's round before: only two known states can tell."""
    if first:
        return "first_time"
    if before in (YES, NO) and now in (YES, NO):
        return "same" if before == now else "new" if now == YES else "ended"
    return "cannot_tell"
