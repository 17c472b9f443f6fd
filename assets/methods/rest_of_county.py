"""An area's difference to the rest of its county: the county without the area itself. Pure.

The area and the rest share classes where an area is a domain of its municipality (city districts), elsewhere nothing. Both are
linearised on the same classes (Binder 1983; Woodruff 1971), so that the covariance is part of the variance. The test says what
that of the difference to the county says, but the difference isn't made small by the area's own pupils: with the share s of the
county's weight in the area, the difference to the county is (1 - s) times the difference to the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.methods.linearise import Floats, Ints, Layout, add


@dataclass(frozen=True)
class Totals:
    """Sums per row (PSU x domain) of values and weights, same columns, with the rows' layout."""

    value: Floats  # [rows, columns]
    weight: Floats  # [rows, columns]
    rows: Layout


def differences_to_rest(area: Totals, county: Totals, place: Ints, at: Ints) -> tuple[Floats, Floats, Floats]:
    """(area's ratio minus the rest's, its variance, the rest's ratio) per domain of the area level and column.

    Args:
        area: of the area level. county: of the county level. place: per row of `area`, the county's row of the same PSU. at: per
            domain of `area`, its county's domain.

    Returns:
        NaN where the area or the rest has no weight.
    """
    columns, domains = area.value.shape[1], len(area.rows.domain_start)
    difference, spread, rest = (np.full((domains, columns), np.nan) for _ in range(3))
    own_end, county_end = (np.append(part.rows.domain_start[1:], len(part.value)) for part in (area, county))
    pair_end = np.append(county.rows.pair_domain_start[1:], len(county.rows.pair_start))
    for d, c in enumerate(at):
        own = slice(area.rows.domain_start[d], own_end[d])
        whole = slice(county.rows.domain_start[c], county_end[c])
        pairs = slice(county.rows.pair_domain_start[c], pair_end[c])
        here = place[own] - whole.start
        found = _one(area, county, own, whole, pairs, here)
        difference[d], spread[d], rest[d] = found
    return difference, spread, rest


def _one(area: Totals, county: Totals, own: slice, whole: slice, pairs: slice, here: Ints) -> Sequence[Floats]:
    value, weight = county.value[whole].copy(), county.weight[whole].copy()
    value[here] -= area.value[own]
    weight[here] -= area.weight[own]
    total, total_own = weight.sum(axis=0), area.weight[own].sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = value.sum(axis=0) / total
        ratio = area.value[own].sum(axis=0) / total_own
        influence = -(value - rest * weight) / total
        influence[here] += (area.value[own] - ratio * area.weight[own]) / total_own
    starts = county.rows.pair_start[pairs] - whole.start
    sums, rows = add(influence, starts), county.rows
    within = add(influence**2, starts) - (rows.centred[pairs] / rows.psus[pairs])[:, None] * sums**2
    variance = np.maximum((rows.factor[pairs][:, None] * within).sum(axis=0), 0.0)
    known = (total > 0) & (total_own > 0)
    return [np.where(known, found, np.nan) for found in (ratio - rest, variance, rest)]
