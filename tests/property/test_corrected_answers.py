"""A correction within a band is found exactly when a published mean or spread tells of it, whoever's answer it was."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.disclosure_rounding import half_away
from tests.support.release_pairs import CORRECTED, Value, conflicts, index_cells

CUTS = (-0.2, 0.8)


def published(scores: np.ndarray) -> list[Value]:
    """What a release shows of one group's scores: bands, number, mean and spread, rounded."""
    n = len(scores)
    shown = 5 * round(n / 5)
    counts = np.bincount(np.searchsorted(CUTS, scores), minlength=3)
    bands: list[Value] = [("all", f"share_band{k}", float(round(100 * count / n)), shown) for k, count in enumerate(counts, 1)]
    mean, spread = (float(half_away(np.array([value]), 2)[0]) for value in (scores.mean(), scores.std(ddof=1)))
    return [*bands, ("all", "n_scored", float(shown), shown), ("all", "mean", mean, shown), ("all", "sd", spread, shown)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000), st.integers(40, 290), st.floats(0.0, 1.0))
def test_a_corrected_answer_is_found_when_a_number_moves(seed: int, size: int, size_of_change: float) -> None:
    chance = np.random.default_rng(seed)
    scores = chance.choice([-1.2, -0.9, -0.7, -0.4, 0.1, 0.5, 1.1, 1.6], size, p=[0.2, 0.15, 0.15, 0.1, 0.1, 0.1, 0.1, 0.1])
    low = np.flatnonzero(scores < CUTS[0])
    after = scores.copy()
    after[chance.choice(low)] -= 3 * size_of_change  # it stays in the lowest band
    first, second = published(scores), published(after)
    found = conflicts(index_cells(first), index_cells(second), CORRECTED)
    told = {measure for (_, measure, value, _), (*_, again, _) in zip(first, second, strict=True) if value != again}
    assert set(found["measure"]) == told
    assert set(found["kind"]) <= {"moved"}
    assert conflicts(index_cells(first), index_cells(published(chance.permutation(scores))), CORRECTED).is_empty()
