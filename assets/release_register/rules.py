"""The policy's numbers as the conflict check reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from assets.methods.disclosure_policy import INNERMOST, DisclosurePolicy
from assets.release_register.windows import Rules

LOGIT_WIDTH, POINTS_WIDTH = 6.0, 100.0
"""How far a pupil's score can move: on the narrowest of the indices' logit scales, and from 0 to 100."""
_FLOORS = ("group_floor", "group_floor_sensitive", "cell_floor", "cell_floor_sensitive", "district_floor")
SERIES_STEP = 1.0
"""Means of 0-100 scales among the single questions are whole points."""


def conflict_rules(
    policy: DisclosurePolicy,
    sensitive: Iterable[str],
    score_width: float = LOGIT_WIDTH,
    earlier: Iterable[Mapping[str, Mapping[str, int]]] = (),
) -> tuple[Rules, ...]:
    """One set of rules per edition, judged by its own widths: an outer edition is read alone, the innermost with all.

    Args:
        sensitive: keys of indices and series with the wider limits. score_width: of the scale that index means are on.
        earlier: `Inputs.numbers` of earlier releases, whose floors may have been others.
    """
    keys = frozenset(sensitive)
    read = {edition: list(policy.editions) if edition == INNERMOST else [edition] for edition in policy.editions}
    before = tuple(earlier)
    return tuple(_of(policy, edition, names, keys, score_width, before) for edition, names in read.items())


def _of(
    policy: DisclosurePolicy,
    edition: str,
    read: Sequence[str],
    sensitive: frozenset[str],
    score_width: float,
    earlier: Sequence[Mapping[str, Mapping[str, int]]],
) -> Rules:
    own, numbers = policy.numbers(edition), {name: policy.numbers(name) for name in read}
    sets = [[asdict(one) for one in numbers.values()], *([of[name] for name in read if name in of] for of in earlier)]
    # of each release the lowest floor among its editions: nothing is believed that isn't so
    least = {name: [min(one[name] for one in every) for every in sets if every] for name in _FLOORS}
    return Rules(
        edition=edition,
        steps={name: (one.count_step, one.share_step) for name, one in numbers.items()},
        group_floor=(min(least["group_floor"]), min(least["group_floor_sensitive"])),
        cell_floor=(min(least["cell_floor"]), min(least["cell_floor_sensitive"])),
        few_below=(max(least["group_floor_sensitive"]), max(least["district_floor"])),
        shown_district=min(least["district_floor"]),
        width=(own.interval_width, own.interval_width_sensitive),
        district_floor=own.district_floor,
        min_schools=own.min_schools,
        sensitive=sensitive,
        means={
            "index_results": (10.0**-own.mean_decimals, score_width),
            "indicator_results": (SERIES_STEP, POINTS_WIDTH),
        },
    )
