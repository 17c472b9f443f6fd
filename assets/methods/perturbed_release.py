"""Perturbed tables of indices: what may be published of noisy counts, with a reason on every cell. Pure.

Nothing is hidden to protect something else: the noise does that. Hidden is what the group floor and the rules of schools hide.
The floor is asked of the noisy count less the greatest noise, so that no group below it is shown and what is hidden tells no more
than the noisy count does. Means, spreads and their differences are not shown: a mean is exact, and times its number of pupils it
would tell a single pupil's score when one pupil has come since an earlier release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from assets.methods.cell_key_policy import noise
from assets.methods.disclosure import DisclosurePolicy, ProtectedRelease
from assets.methods.disclosure_blocks import Blocks, build_blocks
from assets.methods.disclosure_policy import PolicyNumbers
from assets.methods.disclosure_rounding import IntArray
from assets.methods.disclosure_rows import (
    DERIVED,
    RESULT_COLUMNS,
    SHARES,
    base_rows,
    evidence,
    keys_frame,
    published,
    suppression_log,
)
from assets.methods.disclosure_state import RULES, Floors, Hidden, floors_of, mark, school_rules
from assets.methods.noisy_counts import COUNT_METHOD, noisy_counts, noisy_estimates

EXACT = tuple(name for name in DERIVED if "share" not in name)
"""Measures that have no noise, and are not shown beside those that have."""


def protect_perturbed(
    counts: pl.DataFrame,
    estimates: pl.DataFrame,
    policy: DisclosurePolicy,
    edition: str,
    focus: Mapping[str, int] | None = None,
) -> ProtectedRelease:
    """Results with noise by cell key; arguments and columns as of `disclosure.protect`.

    Args:
        counts: `area_counts` with cell keys. estimates: of `noisy_counts.noisy_estimates`, with `is_clear`.

    Raises:
        PipelineError: the tables do not hold together, or the counts have no cell keys.
    """
    numbers, exact = policy.numbers(edition), build_blocks(counts)
    blocks = _with_noise(exact, noisy_counts(counts, noise(policy.cell_key)))
    floors = _raised(floors_of(blocks, policy, numbers), policy.cell_key.max_noise)
    sensitive = np.array([key in policy.sensitive_indices for key in blocks.index_keys], dtype=bool)[None, :, None]
    hidden = _hidden(blocks, sensitive, floors)
    _hide_schools(hidden, exact, numbers)
    bands = {key: (focus or {}).get(key, 3) for key in blocks.index_keys}
    positions = np.array([band - 1 for band in bands.values()], dtype=np.int64)
    compared = {key: SHARES[band - 1] for key, band in bands.items()}
    rows = base_rows(blocks, hidden, floors, numbers, positions, np.zeros(blocks.present.shape, dtype=bool))
    rows = rows.with_columns(
        rule=pl.when(pl.col("measure").is_in(EXACT) & (pl.col("rule") == 0)).then(RULES.index("derived")).otherwise("rule")
    )
    told = published(rows, evidence(estimates, keys_frame(blocks)), edition, numbers.mean_decimals, compared)
    told = told.with_columns(pl.col("method").replace({"count": COUNT_METHOD}))
    return ProtectedRelease(results=told.select(RESULT_COLUMNS), log=suppression_log(told, policy))


def with_noise(counts: pl.DataFrame, estimates: pl.DataFrame, policy: DisclosurePolicy, focus: Mapping[str, int]) -> pl.DataFrame:
    """`noisy_estimates` of the counts under the policy."""
    table = noise(policy.cell_key)
    return noisy_estimates(estimates, noisy_counts(counts, table), table, focus)


def _with_noise(exact: Blocks, noisy: pl.DataFrame) -> Blocks:
    """The blocks of the noisy counts; a part is at most its whole, so that no share is above 100."""
    at = noisy.join(keys_frame(exact), on=["area_level", "area_code", "wave", "grade", "sex", "index_key"], how="inner")
    slot = at["slot"].to_numpy()

    def spread(name: str) -> IntArray:
        flat = np.zeros(exact.scored.size, dtype=np.int64)
        flat[slot] = at[name].to_numpy()
        return flat.reshape(exact.scored.shape)

    respondents, scored = spread("n_respondents").max(axis=1, initial=0), spread("n_scored")
    bands = np.stack([spread(name) for name in ("band1", "band2", "band3")], axis=-1)
    return replace(
        exact,
        respondents=respondents,
        scored=scored,
        unscored=np.minimum(spread("n_unscored"), respondents[:, None, :]),
        bands=np.minimum(bands, scored[..., None]),
    )


def _raised(floors: Floors, by: int) -> Floors:
    """Floors for noisy counts: a count that reaches them is at least the policy's floor whatever its noise was."""
    return replace(floors, count=floors.count + by, respondents=floors.respondents + by, share=floors.share + by)


def _hidden(blocks: Blocks, sensitive: np.ndarray, floors: Floors) -> Hidden:
    """Groups below the floor. `sensitive`: [1, index, 1]."""
    hidden = Hidden.nothing(blocks)
    few, few_share = blocks.scored < floors.count[None, :, None], blocks.scored < floors.share[:, :, None]
    few_respondents = (blocks.respondents < floors.respondents)[:, None, :]
    district_few = blocks.respondents[:, None, :] < floors.share[:, :, None]
    mark(hidden.respondents, blocks.respondents < floors.respondents, "group_floor")
    for array, low in ((hidden.scored, few), (hidden.unscored, few | few_respondents), (hidden.bands, few[..., None])):
        flags = sensitive if low.ndim == 3 else sensitive[..., None]
        mark(array, low & flags, "group_floor_sensitive")
        mark(array, low, "group_floor")
    mark(hidden.unscored, district_few, "district_floor")
    mark(hidden.bands, few_share[..., None], "district_floor")
    return hidden


def _hide_schools(hidden: Hidden, exact: Blocks, numbers: PolicyNumbers) -> None:
    """Districts that are in practice one or two schools' numbers."""
    by_schools = school_rules(exact.districts, exact.schools, exact.scored, exact.largest, exact.second, numbers)
    for rule, flags in by_schools.items():
        mark(hidden.unscored, flags, rule)
        mark(hidden.bands, flags[..., None], rule)
