"""Pages beside the bundles: the county's overview and the pages that share its frame. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from assets.bundle.html import card_table, page_words, render_template, without_title
from assets.bundle.overview_marks import mark_only, marks_told
from assets.bundle.types import BundleSummary, ReportMeta, Section, Table
from assets.bundle.words import date_text, say
from assets.catalogue.active import ENROLLED_GRADE
from assets.charts import numbers
from assets.charts.types import GRADES


def render_comparison(
    sections: Sequence[Section], svgs: Mapping[str, str], meta: ReportMeta, *, wave: int, back_to: str, key: str = "comparison"
) -> str:
    """A page beside the overview: `lansjamforelse.html` (`assets.bundle.county`), or the one whose texts and template are `key`.

    `svgs`: chart id -> SVG text. `back_to`: the name of the overview of the same edition.
    """
    words, texts = page_words(meta), meta.texts[key]
    cards = [figure.card for section in sections for figure in section.figures]
    words.svgs = {key: Markup(without_title(svg)) for key, svg in svgs.items()}
    words.notes = {card.chart_id: list(card.notes[:1]) for card in cards}
    words.repeated = {card.chart_id: list(card.notes[1:]) for card in cards}
    words.tables = {card.chart_id: card_table(card, meta.texts) for card in cards}
    title, synthetic = say(texts, "title", wave=wave), meta.charts.synthetic
    shown = {"texts": texts, "title": title, "back": texts["back"], "back_to": back_to, "synthetic": synthetic}
    return render_template(f"{key}.html", meta, sections=sections, words=words, **shown)


def render_overview(
    summaries: Sequence[BundleSummary],
    missing: Sequence[str],
    *,
    wave: int,
    edition: str,
    meta: ReportMeta,
    comparison: str = "",
    county: str = "",
    disclosure: str = "",
    use: Table | None = None,
) -> str:
    """The county page: all bundles in the order given (alphabetical), with relative links.

    Args:
        summaries: one per bundle.
        missing: names of municipalities without a bundle.
        wave, edition: what the bundles are about.
        comparison: the page that sets the municipalities beside each other, if there is one.
        county: the county edition's report, if there is one. disclosure: the steward's disclosure report, likewise.
        use: how much the results are used, if anything is known of it.
    """
    texts = meta.texts["county"]
    delivered = sum(summary.status in ("complete", "only") for summary in summaries)
    filled = {"wave": wave, "edition": numbers.upper_first(say(meta.texts, f"common.editions.{edition}"))}
    return render_template(
        "overview.html",
        meta,
        texts=texts,
        words=page_words(meta),
        title=say(meta.texts, "county.title", **filled),
        caption=say(meta.texts, "county.caption", **filled),
        released=say(meta.texts, "county.released", released=date_text(meta.released), **filled),
        summary=say(meta.texts, "county.summary", bundles=len(summaries), delivered=delivered),
        missing=say(meta.texts, "county.missing", names=numbers.words(list(missing))) if missing else "",
        synthetic=meta.charts.synthetic,
        other_limits=meta.other_limits,
        comparison=comparison,
        county=county,
        county_link=say(meta.texts, "county_edition.overview_link"),
        disclosure=disclosure,
        disclosure_link=say(meta.texts, "disclosure_report.overview_link"),
        use=use,
        use_title=say(meta.texts, "county_edition.use.overview_title"),
        rows=[_overview_row(summary, meta) for summary in summaries],
        marks=marks_told(summaries, texts["marks"]),
    )


def _overview_row(summary: BundleSummary, meta: ReportMeta) -> dict[str, str]:
    def count(grade: str) -> str:
        value, least = summary.respondents[grade], summary.least.get(grade)
        if value is None and least is not None:
            return say(meta.texts, "common.at_least", value=numbers.thousands(least))
        return mark_only(summary.words[grade]) if value is None else numbers.thousands(value)

    rate, least_rate = summary.response_pct[ENROLLED_GRADE], summary.least_pct.get(ENROLLED_GRADE)
    told = "" if rate is None else numbers.percent(rate)
    if rate is None and least_rate is not None:
        told = say(meta.texts, "common.at_least", value=numbers.percent(least_rate))
    grade = say(meta.texts, f"common.grades.{summary.status_grade}") if summary.status_grade else ""
    return {
        "area": summary.area_name,
        **{grade: count(grade) for grade in GRADES},
        f"{ENROLLED_GRADE}_rate": told,
        "status": say(meta.texts, f"county.status.{summary.status}", grade=grade),
        "report": f"{summary.folder}/1_rapport/rapport.html",
        "zip": f"{summary.folder}.zip",
        "report_label": say(meta.texts, "county.report_label", area=summary.area_name),
        "zip_label": say(meta.texts, "county.zip_label", area=summary.area_name),
        "kit": f"{summary.kit}/LAS_MIG.html" if summary.kit else "",
        "kit_label": say(meta.texts, "county.kit_label", area=summary.area_name),
    }
