"""The policy's numbers as the conflict check reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from assets.methods.disclosure_policy import INNERMOST, DisclosurePolicy
from assets.release_register.windows import Rules

LOGIT_WIDTH, POINTS_WIDTH = 6.0, 100.0
"""How far a pupil's score can move: on the narrowest of the indices' logit scales, and from 0 to 100."""
SERIES_STEP = 1.0
"""Means of 0-100 scales among the single questions are whole points."""


def conflict_rules(policy: DisclosurePolicy, sensitive: Iterable[str], score_width: float = LOGIT_WIDTH) -> tuple[Rules, ...]:
    """One set of rules per edition, judged by its own widths: an outer edition is read alone, the innermost with all.

    Args:
        sensitive: keys of indices and series with the wider limits. score_width: of the scale that index means are on.
    """
    keys = frozenset(sensitive)
    read = {edition: list(policy.editions) if edition == INNERMOST else [edition] for edition in policy.editions}
    return tuple(_of(policy, edition, names, keys, score_width) for edition, names in read.items())


def _of(policy: DisclosurePolicy, edition: str, read: Iterable[str], sensitive: frozenset[str], score_width: float) -> Rules:
    own, numbers = policy.numbers(edition), {name: policy.numbers(name) for name in read}
    every = numbers.values()
    return Rules(
        edition=edition,
        steps={name: (one.count_step, one.share_step) for name, one in numbers.items()},
        group_floor=(min(n.group_floor for n in every), min(n.group_floor_sensitive for n in every)),
        cell_floor=(min(n.cell_floor for n in every), min(n.cell_floor_sensitive for n in every)),
        width=(own.interval_width, own.interval_width_sensitive),
        district_floor=own.district_floor,
        min_schools=own.min_schools,
        sensitive=sensitive,
        means={
            "index_results": (10.0**-own.mean_decimals, score_width),
            "indicator_results": (SERIES_STEP, POINTS_WIDTH),
        },
    )
