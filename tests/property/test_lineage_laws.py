"""The blast radius against a walk through the definitions as plain text: exactly what names a question, and nothing else."""

from __future__ import annotations

from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue.load import load_catalogue
from assets.lineage.radius import radius

CATALOGUE = load_catalogue()
KEYS = [item.key for item in CATALOGUE.survey.items]
WAVES = CATALOGUE.calendar.survey_waves


def mentions(told: object, wanted: set[str]) -> bool:
    """Whether a definition, as plain data, holds one of the words as a key or a value anywhere."""
    if isinstance(told, dict):
        return any(key in wanted or mentions(value, wanted) for key, value in told.items())
    if isinstance(told, (list, tuple)):
        return any(mentions(one, wanted) for one in told)
    return told in wanted if isinstance(told, str) else False


@lru_cache(maxsize=1)
def dumps() -> dict[str, list[tuple[str, dict]]]:
    """Every definition as plain data, without its own id and without what it merely refers to."""
    file, apart = CATALOGUE.indicator_file, {"nested_in", "excludes", "alternatives", "id", "key"}

    def plain(one) -> dict:
        return {name: value for name, value in one.model_dump(mode="json").items() if name not in apart}

    return {
        "index": [(one.key, plain(one)) for one in CATALOGUE.indices],
        "indicator": [(one.id, plain(one)) for one in file.indicators],
        "scale": [(one.id, plain(one)) for one in file.indices],
        "count": [(one.key, plain(one)) for one in CATALOGUE.factors.accumulated],
        "association": [(f"{one.factor}/{one.outcome}", plain(one)) for one in CATALOGUE.factors.pairs],
    }


def alive(told: dict, wave: int) -> bool:
    return (told.get("first_wave") or wave) <= wave <= (told.get("last_wave") or wave)


def named(kind: str, words: set[str], wave: int) -> set[str]:
    return {key for key, told in dumps()[kind] if alive(told, wave) and mentions(told, words)}


@given(items=st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True), wave=st.sampled_from(WAVES))
@settings(max_examples=50, deadline=None)
def test_a_question_touches_exactly_what_the_definitions_say(items, wave):
    found = radius(CATALOGUE, items, [("0127", wave)])
    asked = {key for key in items if CATALOGUE.survey.by_key[key].asked_in(wave)}
    assert set(found.of("question")) == asked
    indices, indicators, scales = (named(kind, asked, wave) for kind in ("index", "indicator", "scale"))
    assert set(found.of("index")) == indices
    assert set(found.of("indicator")) == indicators
    assert set(found.of("scale")) == scales
    series = indices | indicators | scales
    assert set(found.of("count")) == named("count", indices, wave)
    assert set(found.of("association")) == named("association", indices | indicators, wave)
    assert set(found.of("sentence")) == indices | (series & set(CATALOGUE.findings.questions))
    groups = [group for part in CATALOGUE.report_series.sections for group in part.groups]
    drawn = {f"fragor_{g.id.replace('-', '_')}" for g in groups if mentions(list(g.chart), series)}
    drawn |= {f"serier_{part.section}" for part in CATALOGUE.report_series.sections if mentions(list(part.over_waves), series)}
    assert {chart for chart in found.of("chart") if chart.startswith(("fragor_", "serier_"))} == drawn
    of_indices = {chart for chart in found.of("chart") if not chart.startswith(("fragor_", "serier_"))}
    others = set(CATALOGUE.index_file.keys) - indices
    assert not any(chart.endswith(f"_{key}") for chart in of_indices for key in others)
    assert bool(of_indices) == bool(indices)
    assert bool(found.of("page")) == bool(indices)


@given(
    items=st.lists(st.sampled_from(KEYS), min_size=2, max_size=6, unique=True),
    wave=st.sampled_from(WAVES),
    cut=st.integers(1, 5),
)
@settings(max_examples=25, deadline=None)
def test_two_faults_touch_what_each_of_them_touches(items, wave, cut):
    place = [("0115", wave)]
    whole, first, second = (radius(CATALOGUE, part, place) for part in (items, items[:cut], items[cut:] or items[:1]))
    for kind, keys in whole.nodes.items():
        assert set(keys) == set(first.of(kind)) | set(second.of(kind)), kind
    everything = radius(CATALOGUE, None, place)
    assert all(set(keys) <= set(everything.of(kind)) for kind, keys in whole.nodes.items())
