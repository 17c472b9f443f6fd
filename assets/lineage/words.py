"""A blast radius in Swedish: a line per kind of thing that is touched, and none for what isn't. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from assets.lineage.radius import Radius

if TYPE_CHECKING:
    from assets.catalogue.load import Catalogue

LISTED = ("question", "index", "indicator", "scale", "count", "association", "chart", "sentence", "section", "page")
COUNTED = {"index": "indices", "indicator": "indicators", "scale": "scales"}
"""Kinds that are counted and not listed when a whole delivery is touched."""


def lines(found: Radius, catalogue: Catalogue, texts: Mapping[str, Any]) -> tuple[str, ...]:
    """What is touched, as lines that begin with what they list.

    Args:
        texts: `texts/overview.yml`.
    """
    words = texts["radius"]
    return tuple(f"{words['labels'].get(kind, words['whole_label'])}: {text}" for kind, text in _parts(found, catalogue, texts))


def _parts(found: Radius, catalogue: Catalogue, texts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    words = texts["radius"]
    if not found.places:
        yield "places", words["unknown_place"]
        return
    areas = [words["place"].format(area=catalogue.area_names.get(code, code), wave=wave) for code, wave in found.places]
    yield "places", ", ".join(areas)
    if found.districts:
        yield "numbers", words["districts_only"]
    elif found.whole:
        yield "numbers", words["whole"].format(**{name: len(found.of(kind)) for kind, name in COUNTED.items()})
    else:
        names = labels(catalogue, texts)
        for kind in LISTED:
            told = dict.fromkeys(names(kind, key) for key in found.of(kind))
            if told:
                yield kind, ", ".join(told)
    if found.county:
        yield "county", words["county"]
    if found.later:
        yield "later", words["later"].format(waves=", ".join(map(str, found.later)))
    if found.screened:
        yield "screened", words["screened"].format(rules=", ".join(found.screened))
    yield "releases", ", ".join(_release(words, one) for one in found.releases) or words["no_releases"]


def broken_by(columns: Iterable[str], catalogue: Catalogue, texts: Mapping[str, Any]) -> tuple[str, ...]:
    """A line with the questions that broke a stopping rule; none when the rule was about something else."""
    items = catalogue.survey.by_key
    told = ", ".join(f"{key} {items[key].label_sv}" for key in dict.fromkeys(columns) if key in items)
    return (texts["radius"]["broken_by"].format(questions=told),) if told else ()


def _release(words: Mapping[str, Any], one: object) -> str:
    text = words["release_same" if one.same_file else "release"]
    return text.format(bundle=one.bundle, day=one.published_on)


def labels(catalogue: Catalogue, texts: Mapping[str, Any]) -> Any:
    """A function from kind and key to the words that a reader knows it by."""
    file = catalogue.indicator_file
    series = {one.key: one.label_sv for one in catalogue.indices}
    series |= {one.id: one.title_sv for one in (*file.indicators, *file.indices)}
    counts = {one.key: one.short_sv for one in catalogue.factors.accumulated}
    sections = dict(texts["report_sections"])
    groups = {group.id.replace("-", "_"): group.title_sv for part in catalogue.report_series.sections for group in part.groups}
    told = series | groups | sections
    words = texts["radius"]

    def chart(key: str) -> str:
        name, _, about = key.partition("_")
        return words["charts"][name].format(series=told.get(about, about))

    def name(kind: str, key: str) -> str:
        if kind == "question":
            item = catalogue.survey.by_key.get(key)
            return f"{key} {item.label_sv}" if item else key
        if kind == "association":
            return " och ".join(series.get(part, part) for part in key.split("/"))
        known: Mapping[str, Mapping[str, str]] = {"count": counts, "section": sections, "page": words["pages"]}
        return chart(key) if kind == "chart" else known.get(kind, series).get(key, key)

    return name
