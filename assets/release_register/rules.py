"""The policy's numbers as the conflict check reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from assets.methods.disclosure_policy import DisclosurePolicy
from assets.release_register.windows import Rules


def conflict_rules(policy: DisclosurePolicy, sensitive: Iterable[str]) -> Rules:
    """Steps of every edition; floors as low and widths as great as any edition has, so that nothing is believed that isn't so."""
    editions = {edition: policy.numbers(edition) for edition in policy.editions}
    numbers = list(editions.values())
    return Rules(
        steps={edition: (one.count_step, one.share_step) for edition, one in editions.items()},
        group_floor=(min(n.group_floor for n in numbers), min(n.group_floor_sensitive for n in numbers)),
        cell_floor=(min(n.cell_floor for n in numbers), min(n.cell_floor_sensitive for n in numbers)),
        width=(max(n.interval_width for n in numbers), max(n.interval_width_sensitive for n in numbers)),
        district_floor=max(n.district_floor for n in numbers),
        min_schools=max(n.min_schools for n in numbers),
        sensitive=frozenset(sensitive),
    )
