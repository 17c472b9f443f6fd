"""What the English edition is told: the Swedish edition's `ReportMeta` with every text exchanged for its English one.

Titles that the catalogue holds in both languages come from there; all other words stand in `texts/en/`, by the keys of the
Swedish files. Reads the catalogue's files, as `assets.bundle.load` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from assets.bundle.content import OPTIONAL
from assets.bundle.english_notation import Notation
from assets.bundle.types import FindingMeta, IndexText, RegisterGroup, ReportMeta
from assets.catalogue.linked_cutoffs import linked_id
from assets.catalogue.load import Catalogue, catalogue_yaml
from assets.catalogue.report_models import ComparisonGroups, SeriesSection
from assets.catalogue.scoring_models import LinkedWords, ScoringFile
from assets.catalogue.training_words import in_training
from assets.charts.numbers import lower_first
from assets.charts.series import SeriesMeta
from assets.charts.theme import SYNTHETIC_MARK
from assets.charts.types import CountMeta, IndexMeta, ReasonText, SeriesBreak

FOLDER = "texts/en"
TRANSLATED = frozenset({"samlade", "jamforelse", "stadsdelar"})
"""Those of the sections that an edition may leave out which have English texts: a new section is in Swedish until it is here."""
LEFT_OUT = frozenset(OPTIONAL) - TRANSLATED
STAMP = "SYNTHETIC DATA"


@lru_cache(maxsize=1)
def english_texts() -> Mapping[str, Any]:
    """The report's texts, by the keys of `load_report_texts`."""
    return {**_yaml("report"), **_yaml("more")}


@lru_cache(maxsize=1)
def english_chart_texts(limits: str = "kvalitetsremsa") -> Mapping[str, Any]:
    """The charts' texts; limits that are numbers come from the Swedish file, so that they can't differ."""
    own, swedish = _yaml("charts"), catalogue_yaml("texts/more_charts.yml")
    return {**own, limits: {**own[limits], "limits": swedish[limits]["limits"]}}


@lru_cache(maxsize=1)
def english_definitions() -> Mapping[str, Any]:
    """Definitions that the catalogue has in Swedish only."""
    return dict(_yaml("definitions"))


@lru_cache(maxsize=1)
def notation() -> Notation:
    """The words that the code itself writes."""
    return Notation(**_yaml("notation"), stamp=(SYNTHETIC_MARK, STAMP))


def _yaml(name: str) -> dict[str, Any]:
    found: dict[str, Any] = in_training(catalogue_yaml(f"{FOLDER}/{name}.yml"))
    return found


def has_english(catalogue: Catalogue) -> bool:
    """Whether there are English texts for the catalogue's indices; other profiles bring surveys of their own."""
    keys = {index.key for index in catalogue.indices}
    return catalogue.profile.language == "sv" and bool(keys) and keys <= english_definitions()["indices"].keys()


def with_english(meta: ReportMeta, catalogue: Catalogue) -> ReportMeta:
    """The Swedish meta with the English one beside it, where there are English texts.

    A definition that a steward has added (a limit, a codebook, a changed question) stands in Swedish until it has English words:
    a bundle must not fail for want of them. A test holds the catalogue that comes with the program to having them all.
    """
    return replace(meta, english=_english(meta, catalogue), notation=notation()) if has_english(catalogue) else meta


def _english(meta: ReportMeta, catalogue: Catalogue) -> ReportMeta:
    told, texts = english_definitions(), english_texts()
    source = texts["method"]["survey_source_synthetic" if meta.charts.synthetic else "survey_source"]
    scoring, estimator = _scoring(catalogue.scoring_file, told["scoring"]), catalogue.index_file.estimator
    own = told["cut_sets"]
    cut_sets = own | {linked_id(key, estimator): scoring.linked_words(*own[key], scoring.usual.key, estimator) for key in own}
    title, reference = cut_sets.get(meta.cutoff_id, (meta.cutoff_title, meta.cutoff_reference))
    other = ""
    if meta.other_limits:
        usual = catalogue.cutoff_file.get()
        shown = {"title": title, "usual": cut_sets.get(usual.id, (usual.title_sv,))[0]}
        other = texts["common"]["other_limits"].format(**shown)
        source = f"{source} {texts['common']['other_limits_source'].format(title=title)}"
    if meta.noise:
        source = f"{source} {texts['common']['noise_source']}"
    charts = replace(
        meta.charts,
        indices={key: _index(catalogue, index, texts) for key, index in meta.charts.indices.items()},
        reasons={r.code: ReasonText(r.mark, lower_first(r.text_en) if r.mark else "", r.shown) for r in catalogue.reasons},
        texts=english_chart_texts(),
        survey_source=source,
        comparison_label=texts["english"]["county"],
    )
    trend = catalogue.statistics.trend.model_copy(update={"text_sv": told["trend"]})
    series = _series(meta, catalogue)
    return replace(
        meta,
        charts=charts,
        indices={key: _index_text(catalogue, text, told) for key, text in meta.indices.items()},
        registers=tuple(_register(group, told["registers"]) for group in meta.registers),
        more_registers=(),
        register_charts=False,
        texts=texts,
        cutoff_title=title,
        cutoff_reference=reference,
        comparison_text=told["comparison"],
        codebooks={key: told["codebooks"].get(key, title) for key, title in meta.codebooks.items()},
        screening_text=told["screening"],
        series_titles={key: one.title_sv for key, one in series.items()},
        findings=_findings(meta, catalogue, told["findings"], series),
        trend_text=trend.described(),
        trend_words={key: told["trend_words"][key] for key in meta.trend_words},
        counts=tuple(_count(count, told["counts"].get(count.key)) for count in meta.counts),
        scoring=scoring.words(estimator, catalogue.index_file.theta_range),
        cut_sets={key: tuple(cut_sets.get(key, words)) for key, words in meta.cut_sets.items()},
        series=series,
        series_sections={key: _section(part, told) for key, part in meta.series_sections.items()},
        comparison_groups=_groups(meta.comparison_groups, told["comparison_groups"]),
        method=None,
        other_limits=other,
        language="en",
        left_out=LEFT_OUT,
    )


def _scoring(file: ScoringFile, told: Mapping[str, Any]) -> ScoringFile:
    """The scoring methods in English words."""
    words = {key: {"title_sv": title, "text_sv": text} for key, (title, text) in told["methods"].items()}
    methods = tuple(one.model_copy(update=words[one.key]) for one in file.methods)
    linked = LinkedWords(title_sv=told["linked"]["title"], reference_sv=told["linked"]["reference"])
    more = {"bounded_sv": told["bounded"], "judged_sv": told["judged"], "linked": linked}
    return file.model_copy(update={"methods": methods, **more})


def _breaks(breaks: tuple[SeriesBreak, ...], catalogue: Catalogue) -> tuple[SeriesBreak, ...]:
    words = {
        lower_first(one.text_sv): english_definitions()["sentences"].get(one.text_sv, one.text_sv) for one in catalogue.breaks
    }
    return tuple(replace(one, text_sv=words[one.text_sv]) for one in breaks)


def _count(count: CountMeta, words: Mapping[str, Any] | None) -> CountMeta:
    return replace(count, short_sv=words["short"], top_sv=words["top"], groups=tuple(words["groups"])) if words else count


def _index(catalogue: Catalogue, index: IndexMeta, texts: Mapping[str, Any]) -> IndexMeta:
    defined = catalogue.index(index.index_key)
    return replace(
        index,
        label_sv=defined.label_en,
        arena=texts["registers"]["arena_words"][defined.arena],
        focus_band_label_sv=texts["registers"]["bands"][defined.kind],
        breaks=_breaks(index.breaks, catalogue),
    )


def _index_text(catalogue: Catalogue, text: IndexText, told: Mapping[str, Any]) -> IndexText:
    items = catalogue.survey.by_key
    questions = tuple(items[part.item].label_en for part in catalogue.index(text.index_key).items)
    return replace(text, description_sv=told["indices"][text.index_key], questions=questions)


def _series(meta: ReportMeta, catalogue: Catalogue) -> dict[str, SeriesMeta]:
    file, told = catalogue.indicator_file, english_definitions()["sentences"]
    titles = {one.id: one.title_en for one in (*file.indicators, *file.indices)}
    return {
        key: replace(
            one,
            title_sv=titles[key],
            base_sv=told.get(one.base_sv, one.base_sv),
            breaks=_breaks(one.breaks, catalogue),
        )
        for key, one in meta.series.items()
    }


def _section(part: SeriesSection, told: Mapping[str, Any]) -> SeriesSection:
    """The section's questions as tables; their charts are in the Swedish edition, since each has to be drawn anew."""
    groups = tuple(
        group.model_copy(update={"title_sv": title, "question_sv": question, "chart": ()})
        for group in part.groups
        for title, question in [told["groups"].get(group.id, (group.title_sv, group.question_sv))]
    )
    return part.model_copy(
        update={"title_sv": told["sections"].get(part.section, part.title_sv), "groups": groups, "over_waves": ()}
    )


def _register(group: RegisterGroup, told: Mapping[str, Any]) -> RegisterGroup:
    """The group with English words for its measures, units and source; its own title heads charts only, which are in Swedish."""
    titles, units = told["titles"], told["units"]
    return replace(
        group,
        source_line=told["sources"].get(group.source, group.source_line),
        indicators=tuple(
            replace(one, title_sv=titles.get(one.indicator_key, one.title_sv), unit_sv=units.get(one.unit_sv, one.unit_sv))
            for one in group.indicators
        ),
    )


def _groups(groups: ComparisonGroups, told: Mapping[str, Any]) -> ComparisonGroups:
    """Who is compared with whom, with English reasons and measures. What a steward has written stays as it is."""
    words, measures = told["words"], told["measures"]
    rule = groups.similarity
    if rule:
        named = (one.model_copy(update={"text_sv": measures.get(one.indicator_key, one.text_sv)}) for one in rule.measures)
        rule = rule.model_copy(update={"measures": tuple(named)})
    chosen = (one.model_copy(update={"reason_sv": words.get(one.reason_sv, one.reason_sv)}) for one in groups.chosen)
    return ComparisonGroups(source_sv=words.get(groups.source_sv, groups.source_sv), similarity=rule, chosen=tuple(chosen))


def _findings(
    meta: ReportMeta, catalogue: Catalogue, told: Mapping[str, Any], series: Mapping[str, SeriesMeta]
) -> FindingMeta | None:
    if meta.findings is None:
        return None
    templates = told["sentences"] | {f"certainty.{grade}": text for grade, text in told["certainty_sentences"].items()}
    factors = {key: one.title_sv for key, one in series.items()} | {i.key: i.label_en for i in catalogue.indices}
    return replace(meta.findings, templates=templates, words=told["words"] | {"factor": factors})
