"""Gather what a report needs from the catalogue's files. The one place in `assets/bundle` besides the writer that reads files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import yaml

from assets.bundle.types import FindingMeta, IndexText, RegisterGroup, ReportMeta
from assets.catalogue.load import Catalogue, catalogue_file
from assets.catalogue.statistics_models import Accumulation
from assets.charts.numbers import lower_first
from assets.charts.types import ChartMeta, CountMeta, IndexMeta, IndicatorMeta, ReasonText, SeriesBreak
from assets.registers.models import Indicator, RegisterSource, Unit

ARENA_OF_SECTION = {"brott": "narsamhalle"}
NO_SOURCES: Mapping[str, RegisterSource] = MappingProxyType({})
SHOWN_ROLES = ("value", "index", "response_rate")


@lru_cache(maxsize=1)
def load_report_texts() -> Mapping[str, Any]:
    """The parsed `texts/report.yml`, with the texts of single formats under a name of their own."""
    own = {name: _yaml(f"texts/{name}.yml") for name in ("html", "glossary", "lattlast")}
    return {**_yaml("texts/report.yml"), **own}


@lru_cache(maxsize=1)
def load_chart_texts() -> Mapping[str, Any]:
    """The parsed `charts.yml`."""
    return _yaml("charts.yml")


def _yaml(name: str) -> Any:
    return yaml.safe_load(catalogue_file(name).read_text(encoding="utf-8"))


def build_report_meta(
    catalogue: Catalogue,
    sources: Mapping[str, RegisterSource],
    units: Mapping[str, Unit],
    *,
    version: str,
    released: date,
    synthetic: bool,
    more: Mapping[str, RegisterSource] = NO_SOURCES,
) -> ReportMeta:
    """Everything the reports are told besides the numbers.

    Args:
        catalogue: the loaded catalogue.
        sources, units, more: register sources and units (`RegisterCatalogue.sources`, `.units`, `.more`).
        version: the release's version without `v`, e.g. `1.0`.
        released: the date printed in the report: an input of the run, never the clock.
        synthetic: True when the survey answers come from the simulator.
    """
    texts = load_report_texts()
    survey = texts["method"]["survey_source_synthetic" if synthetic else "survey_source"]
    charts = ChartMeta(
        indices={index.key: _index_meta(catalogue, index.key, texts) for index in catalogue.indices},
        reasons={r.code: ReasonText(r.mark, lower_first(r.text_sv) if r.mark else "") for r in catalogue.reasons},
        texts=load_chart_texts(),
        synthetic=synthetic,
        survey_source=survey,
    )
    cutoffs = catalogue.cutoffs
    return ReportMeta(
        charts=charts,
        indices={i.key: IndexText(i.key, i.arena, i.description_sv, len(i.items)) for i in catalogue.indices},
        registers=register_groups(sources, units, texts["registers"]["kolada_groups"]),
        texts=texts,
        ascii_names={x.municipality_code: x.ascii_name for x in catalogue.municipalities},
        area_names=catalogue.area_names,
        version=version,
        released=released,
        minimum_answered=catalogue.index_file.minimum_answered,
        parameters_version=catalogue.index_file.parameters_version,
        cutoff_id=cutoffs.id,
        cutoff_title=cutoffs.title_sv,
        cutoff_reference=cutoffs.reference_sv,
        comparison_text=_yaml("comparison.yml")["text_sv"],
        codebooks={book.id: book.title_sv for book in catalogue.codebooks},
        screening_text=catalogue.screening.removal.text_sv,
        series_titles={s.id: s.title_sv for s in (*catalogue.indicator_file.indicators, *catalogue.indicator_file.indices)},
        findings=finding_meta(catalogue),
        trend_text=catalogue.statistics.trend.described(),
        trend_words={verdict: word.text_sv for verdict, word in catalogue.statistics.trend.verdicts.items()},
        trend_reasons={code: "" if code == "ok" else text for code, text in catalogue.statistics.reasons.items()},
        counts=tuple(
            CountMeta(c.key, c.kind, c.short_sv, c.top_sv, _labels(c), c.indices) for c in catalogue.factors.accumulated
        ),
        outcomes=catalogue.factors.phrases,
        cut_sets={s.id: (s.title_sv, s.reference_sv) for s in catalogue.cutoff_file.sets}
        | {a.id: (a.title_sv, a.text_sv) for a in catalogue.cutoff_file.alternatives},
        more_registers=tuple(_indicator(source, i, units) for source in more.values() for i in source.indicators),
    )


def finding_meta(catalogue: Catalogue) -> FindingMeta:
    """How the overview's sentences are chosen and worded; single questions by their titles."""
    file, series = catalogue.findings, catalogue.indicator_file
    factors = {i.id: i.title_sv for i in series.indicators} | {i.key: i.label_sv for i in catalogue.indices}
    words = file.words.model_dump() | {"factor": factors}
    questions = {key: series.by_id[key].good for key in file.questions if key in series.by_id}
    return FindingMeta(file.rules(), file.templates(), words, questions)


def _labels(count: Accumulation) -> tuple[str, str, str]:
    first, second, third = count.groups
    return first.label_sv, second.label_sv, third.label_sv


def _index_meta(catalogue: Catalogue, key: str, texts: Mapping[str, Any]) -> IndexMeta:
    index, cut = catalogue.index(key), catalogue.cutoffs.cuts[key]
    risk = index.kind == "risk"
    return IndexMeta(
        index_key=key,
        label_sv=index.label_sv,
        kind=index.kind,
        arena=texts["registers"]["arena_words"][index.arena],
        focus_band_label_sv=texts["registers"]["bands"][index.kind],
        reference_pct=100 - cut.upper_percentile if risk else cut.lower_percentile,
        breaks=tuple(SeriesBreak(b.year, lower_first(b.text_sv), b.level) for b in catalogue.breaks_of(key)),
    )


def register_groups(
    sources: Mapping[str, RegisterSource], units: Mapping[str, Unit], kolada_groups: Iterable[Mapping[str, Any]]
) -> tuple[RegisterGroup, ...]:
    """Indicators by source and arena; Kolada's school indicators by kind of school (the groups' key prefixes)."""
    found = []
    for rule in kolada_groups:
        source = sources["kolada"]
        chosen = [
            i for i in source.indicators
            if i.shown and ARENA_OF_SECTION.get(i.section, i.section) == rule["arena"] and i.key.startswith(tuple(rule["keys"]))
        ]  # fmt: skip
        found.append((rule["arena"], rule["group"], rule["title"], source, chosen))
    for name in ("skolenkaten", "skolverket"):
        source = sources[name]
        chosen = [i for i in source.indicators if i.shown and i.role in SHOWN_ROLES]
        found.append(("skola", name, source.title_sv, source, chosen))
    return tuple(
        RegisterGroup(
            arena=arena,
            group=group,
            title_sv=title,
            source=source.source,
            source_line=source.source_line_sv,
            indicators=tuple(_indicator(source, i, units) for i in chosen),
        )
        for arena, group, title, source, chosen in found
        if chosen
    )


def _indicator(source: RegisterSource, indicator: Indicator, units: Mapping[str, Unit]) -> IndicatorMeta:
    unit = lower_first(units[indicator.unit].axis_sv)
    return IndicatorMeta(source.source, indicator.key, indicator.title_sv, unit, indicator.decimals)
