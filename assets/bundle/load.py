"""Gather what a report needs from the catalogue's files. The one place in `assets/bundle` besides the writer that reads files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from assets.bundle.action_types import PreventionDefinitions
from assets.bundle.disclosure_words import waiver_lines
from assets.bundle.load_english import with_english
from assets.bundle.method_definitions import method_definitions
from assets.bundle.types import FindingMeta, IndexText, RegisterGroup, ReportMeta
from assets.catalogue.indicator_models import Indicator
from assets.catalogue.knowledge import load_knowledge
from assets.catalogue.load import Catalogue, catalogue_yaml
from assets.catalogue.prevention import load_activities
from assets.catalogue.priority import load_priority
from assets.catalogue.readiness import load_readiness
from assets.catalogue.statistics_models import Accumulation
from assets.catalogue.training_words import in_training
from assets.charts.numbers import lower_first
from assets.charts.series import SeriesMeta
from assets.charts.types import ChartMeta, CountMeta, IndexMeta, IndicatorMeta, ReasonText, SeriesBreak
from assets.methods.disclosure_policy import load_policy
from assets.registers.models import Indicator as RegisterIndicator
from assets.registers.models import RegisterSource, Unit

ARENA_OF_SECTION = {"brott": "narsamhalle"}
NO_SOURCES: Mapping[str, RegisterSource] = MappingProxyType({})
ASCII = str.maketrans({"å": "a", "ä": "a", "ö": "o", "é": "e", " ": "_", "-": "_"})
SHOWN_ROLES = ("value", "index", "response_rate")


@lru_cache(maxsize=1)
def load_report_texts() -> Mapping[str, Any]:
    """The parsed `texts/report.yml` with the texts of single formats and kinds of report beside it, each under its own key."""
    return {
        **_yaml("texts/report.yml"),
        **_yaml("texts/register_only.yml"),
        **_yaml("texts/county_edition.yml"),
        **_yaml("texts/small_mode.yml"),
        **_yaml("texts/district_pages.yml"),
        **_yaml("texts/edition_list.yml"),
        **_yaml("texts/disclosure_report.yml"),
        **_yaml("texts/method_folder.yml"),
        **_yaml("texts/workbook.yml"),
        **_yaml("texts/pdf.yml"),
        "decisions": _yaml("texts/decisions_report.yml"),
        **_yaml("texts/action.yml"),
        "questions": _yaml("texts/sections.yml"),
        **{name: _yaml(f"texts/{name}.yml") for name in ("html", "glossary", "lattlast")},
        "slides": _yaml("texts/slides.yml"),
        "action_plan": _yaml("texts/action_plan.yml"),
    }


@lru_cache(maxsize=1)
def load_chart_texts() -> Mapping[str, Any]:
    """The parsed `charts.yml` and, beside it, the files of later charts (each chart has a key of its own)."""
    return {
        **_yaml("charts.yml"),
        **_yaml("texts/more_charts.yml"),
        **_yaml("texts/activities.yml"),
        **_yaml("texts/readiness.yml"),
    }


def _yaml(name: str) -> Any:
    return in_training(catalogue_yaml(name))


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
    survey, other = texts["method"]["survey_source_synthetic" if synthetic else "survey_source"], ""
    if catalogue.chosen_cutoffs:  # said under every chart and table, and at the top of every section
        usual = catalogue.cutoff_file.get().title_sv
        other = texts["common"]["other_limits"].format(title=catalogue.cutoffs.title_sv, usual=usual)
        survey = f"{survey} {texts['common']['other_limits_source'].format(title=catalogue.cutoffs.title_sv)}"
    noise = load_policy(catalogue.disclosure).cell_key
    if noise.active:
        survey = f"{survey} {texts['common']['noise_source']}"
    charts = ChartMeta(
        indices={index.key: _index_meta(catalogue, index.key, texts) for index in catalogue.indices},
        reasons={r.code: ReasonText(r.mark, lower_first(r.text_sv) if r.mark else "", r.shown) for r in catalogue.reasons},
        texts=load_chart_texts(),
        synthetic=synthetic,
        survey_source=survey,
    )
    cutoffs = catalogue.cutoffs
    meta = ReportMeta(
        charts=charts,
        indices={
            i.key: IndexText(i.key, i.arena, i.description_sv, len(i.items), _questions(catalogue, i.key))
            for i in catalogue.indices
        },
        registers=register_groups(sources, units, texts["registers"]["kolada_groups"]),
        texts=texts,
        ascii_names=_ascii_names(catalogue),
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
        method=method_definitions(catalogue, [*sources.values(), *more.values()], units, texts["method_folder"]),
        cut_sets={s.id: (s.title_sv, s.reference_sv) for s in catalogue.cutoff_file.sets}
        | {a.id: (a.title_sv, a.text_sv) for a in catalogue.cutoff_file.alternatives},
        more_registers=tuple(_indicator(source, i, units) for source in more.values() for i in source.indicators),
        series=series_meta(catalogue),
        series_sections=catalogue.report_series.by_section,
        district_series=catalogue.report_series.districts,
        comparison_groups=catalogue.comparison_groups,
        open_data=catalogue.publication.open_data.model_dump() if catalogue.publication.open_data else None,
        next_wave=catalogue.publication.next_wave,
        other_limits=other,
        waivers=waiver_lines(load_policy(catalogue.disclosure)),
        noise=noise.max_noise if noise.active else 0,
        scoring=catalogue.scoring_file.words(catalogue.index_file.estimator, catalogue.index_file.theta_range),
        prevention=PreventionDefinitions(load_activities(), load_readiness(), load_knowledge(), load_priority()),
    )
    return with_english(meta, catalogue)


def series_meta(catalogue: Catalogue) -> dict[str, SeriesMeta]:
    """Single questions and 0-100 scales by id, with their breaks and, where it isn't everybody, who is in the denominator."""
    file = catalogue.indicator_file
    everybody = Indicator.model_fields["base_sv"].default
    breaks = {
        (one.kind, one.key): tuple(SeriesBreak(b.year, lower_first(b.text_sv), b.level) for b in one.breaks)
        for one in catalogue.series()
    }
    found = {}
    for one in file.indicators:
        base = "" if one.base_text == everybody else one.base_text
        found[one.id] = SeriesMeta(one.id, "indicator", one.title_sv, base, one.sensitive, breaks["indicator", one.id])
    return found | {x.id: SeriesMeta(x.id, "scale", x.title_sv, breaks=breaks["scale", x.id]) for x in file.indices}


def _questions(catalogue: Catalogue, key: str) -> tuple[str, ...]:
    items = catalogue.survey.by_key
    return tuple(items[part.item].label_sv for part in catalogue.index(key).items)


def _ascii_names(catalogue: Catalogue) -> dict[str, str]:
    """Area code -> name of its folder, the county's too (`stockholms_lan`)."""
    names = {x.municipality_code: x.ascii_name for x in catalogue.municipalities}
    county = catalogue.profile.county
    return names | ({county.code: county.name.lower().translate(ASCII)} if county else {})


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


def _indicator(source: RegisterSource, indicator: RegisterIndicator, units: Mapping[str, Unit]) -> IndicatorMeta:
    unit = lower_first(units[indicator.unit].axis_sv)
    return IndicatorMeta(source.source, indicator.key, indicator.title_sv, unit, indicator.decimals)
