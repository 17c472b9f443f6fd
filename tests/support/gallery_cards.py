"""Every chart of the catalogue drawn once from small fixed frames, by its number there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from assets.bundle.areas import boundaries, tile_grid
from assets.catalogue.prevention import load_activities
from assets.catalogue.readiness import load_readiness
from assets.charts import (
    bortfall,
    faktorprofil,
    forutsattningstrappa,
    indexanatomi,
    kolada,
    konsskillnad,
    kvalitetsremsa,
    parvis,
    prioriteringsfalt,
    samlade,
    skillnadsdiagram,
    svarsfordelning,
    tackningsmatris,
    tratt,
    trend,
)
from assets.charts.county import county_cards
from assets.charts.types import ChartCard
from tests.support.gallery_activities import activity_scope, activity_tables
from tests.support.gallery_frames import (
    COUNTY_SCOPE,
    PAIRS,
    WAVE,
    county_funnel,
    county_ranks,
    county_results,
    gallery_release,
    pair_values,
)
from tests.support.readiness_sample import factor_overview_rows, readiness_rows
from tests.support.sample_bundle import sample_report_meta
from tests.support.sample_release import sample_indicators, sample_meta, sample_scope

INVENTED = "Källa: påhittade värden"


@lru_cache(maxsize=1)
def gallery_cards() -> tuple[tuple[int, ChartCard], ...]:
    """Number in the catalogue and card, in order; 0 is the register chart, which has no number there."""
    return tuple((number, card) for number, card in _cards() if card is not None)


def _cards() -> Iterator[tuple[int, ChartCard | None]]:
    frames, scope, meta = gallery_release(), sample_scope(), sample_meta()
    yield 1, faktorprofil.build(frames, scope, meta, grade="ak9")
    yield 2, skillnadsdiagram.build(frames, scope, meta, grade="ak9")
    yield 3, trend.build(frames, scope, meta, grade="ak9", index_key="school_bonding")
    yield 4, konsskillnad.build(frames, scope, meta, grade="ak9")
    yield 5, svarsfordelning.build(frames, scope, meta, index_key="wellbeing")
    yield 6, samlade.build(frames, scope, meta, sample_report_meta().counts, grade="ak9")
    yield 8, tratt.build(county_funnel(), meta, wave=WAVE, grade="ak9", index_key="acting_out")
    numbered = zip((7, 7, 9), county_cards(
        county_results(), county_ranks(), COUNTY_SCOPE, meta,
        tiles=tile_grid(), shapes=boundaries(), grade="ak9", index_key="acting_out",
    ), strict=True)  # fmt: skip
    yield from numbered
    yield 10, kvalitetsremsa.build(frames, scope, meta)
    yield 11, indexanatomi.build(frames, scope, meta, index_key="acting_out")
    for by in ("arena", "level"):
        yield 12, tackningsmatris.build(*activity_tables(), activity_scope(scope), meta, load_activities(), by=by)
    yield 13, prioriteringsfalt.build(factor_overview_rows(), scope, meta, grade="ak9")
    yield 13, prioriteringsfalt.build(factor_overview_rows(), scope, meta, grade="ak9", against="readiness")
    yield 14, forutsattningstrappa.build(readiness_rows(), scope, meta, load_readiness())
    yield 15, parvis.build(pair_values(), scope, meta, PAIRS, source=INVENTED, synthetic=True)
    yield 16, bortfall.build(frames, scope, meta)
    section = {"section": "Närsamhälle", "section_key": "narsamhalle"}
    yield 0, kolada.build(frames, scope, meta, **section, indicators=sample_indicators("narsamhalle"))
