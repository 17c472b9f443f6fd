"""Content to offline HTML: one file per page, styles inside, nothing fetched from anywhere.

Every page is whole without scripts. The report has one of its own (explanations on hover, own choice of chart), named by its hash
in the page's content security policy so that no other can run.

Pure but for reading the package's own templates once per process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from assets.bundle.action_types import FactorPage
from assets.bundle.glossary import Marker, unmarked
from assets.bundle.lattlast import EasyPage
from assets.bundle.types import ReportContent, ReportMeta, Section, Table
from assets.bundle.vega import library, source_hash
from assets.bundle.words import say
from assets.charts import numbers
from assets.charts.types import ChartCard
from assets.page_templates import page_templates

PRINT_MARK = '@top-center{{content:"{mark}";font:bold 10pt Arial,sans-serif;color:#b35806}}'
_SHIFT = re.compile(r'<g\b[^>]*? transform="translate\(([\d.]+),([\d.]+)\)"')
_VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_MARKED = re.compile(r"\[\S{1,2}\]$")
_TITLE_TEXTS = re.compile(r'<text\b[^>]*font-size="19px"[^>]*>.*?</text>(</g><g>)<text\b.*?</text>', re.DOTALL)
CROP_MARGIN = 8
LEAST_SCALE = 0.78


@dataclass(frozen=True)
class OtherEdition:
    """The same report in another language: file beside this one, the link's words, and their language."""

    href: str
    label: str
    language: str


def environment() -> Environment:
    """The templates of this room."""
    return page_templates("assets.bundle")


def without_title(svg: str) -> str:
    """The chart without the title that is drawn in the picture: on a page it stands above as a heading.

    The view box starts below the title, and the picture never shrinks below a readable size (it scrolls instead).
    An SVG without such a title comes back as it was.
    """
    shift, box, texts = _SHIFT.search(svg), _VIEW_BOX.search(svg), _TITLE_TEXTS.search(svg)
    if not (shift and box and texts):
        return svg
    top = max(0.0, float(shift[2]) - CROP_MARGIN)
    width, height = float(box[1]), float(box[2])
    cropped = svg[: texts.start()] + texts[1] + svg[texts.end() :]
    cropped = cropped.replace(box[0], f'viewBox="0 {top:g} {width:g} {height - top:g}"', 1)
    return cropped.replace('style="', f'style="min-width:{LEAST_SCALE * width:.0f}px;', 1)


def card_table(card: ChartCard, texts: Mapping[str, Any]) -> Table:
    """The table behind a chart. Columns of numbers, and of reasons why a number isn't shown, are set to the right."""
    rows = tuple(tuple("" if value is None else str(value) for value in row) for row in card.table.rows())
    numeric = {place for place in range(1, len(card.table.columns)) if _all_numbers([row[place] for row in rows])}
    caption = say(texts, "common.table_caption", title=card.title)
    return Table(f"{card.chart_id}-tabell", caption, tuple(card.table.columns), rows, frozenset(numeric))


def _all_numbers(texts: Sequence[str]) -> bool:
    """Whether a column holds numbers and, beside them, nothing but reasons, which end with their mark."""
    said = [text for text in texts if text and not _MARKED.search(text)]
    return bool(said) and all(text.lstrip(f"+{numbers.MINUS}≈ ")[:1].isdigit() for text in said)


@lru_cache(maxsize=1)
def page_script() -> str:
    """The report's own script."""
    return str(environment().get_template("page.js").render())


def render_report(
    content: ReportContent,
    svgs: Mapping[str, str],
    meta: ReportMeta,
    choices: Mapping[str, Any] | None = None,
    *,
    easy: bool = True,
    script: Callable[[], str] = library,
    other: OtherEdition | None = None,
) -> str:
    """The whole report as one HTML page.

    Args:
        svgs: chart id -> SVG text of every card in the content.
        choices: what the reader may choose among (`assets.bundle.explore.choices`). With none the page has no chart library.
        easy: whether the bundle has the easy page, which is linked then.
        script: gives the chart library's text; asked only when there are choices.
        other: the edition in the other language, linked in the header.
    """
    words = page_words(meta)
    words.svgs = {key: Markup(without_title(svg)) for key, svg in svgs.items()}
    words.notes, words.repeated = split_notes(content)
    words.tables = {card.chart_id: card_table(card, meta.texts) for card in content.cards}
    words.gloss = Marker(meta.texts["glossary"])
    stops = _stops(content, meta, chooser=bool(choices))
    scripts = [page_script(), *([script()] if choices else [])]
    return render_template(
        "report.html",
        meta,
        content=content,
        easy=easy,
        other=other,
        words=words,
        stops=stops,
        places={stop: place for place, (stop, _) in enumerate(stops)},
        glossary=meta.texts["glossary"],
        entries=sorted(meta.texts["glossary"]["items"], key=lambda entry: numbers.swedish(entry["term"])),
        chooser=script_json(choices) if choices else "",
        library=Markup(scripts[-1]) if choices else "",
        script=Markup(scripts[0]),
        script_sources=Markup(f"script-src {' '.join(source_hash(script) for script in scripts)}; "),
    )


def script_json(value: Mapping[str, Any]) -> Markup:
    """JSON that can stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _stops(content: ReportContent, meta: ReportMeta, *, chooser: bool) -> list[tuple[str, str]]:
    """The sections a reader can go to, in page order: id and title."""
    first, *rest = [(section.id, section.title) for section in content.sections]
    own = [("valj-sjalv", meta.texts["html"]["choose"]["title"])] if chooser else []
    return [("las", meta.texts["reading"]["title"]), first, *own, *rest, ("ordlista", meta.texts["glossary"]["title"])]


def render_easy(page: EasyPage, content: ReportContent, meta: ReportMeta) -> str:
    """`1_rapport/lattlast.html`: the easy-to-read page for young people (`assets.bundle.lattlast`)."""
    return render_template(
        "lattlast.html", meta, page=page, content=content, texts=meta.texts["lattlast"], words=page_words(meta)
    )


def split_notes(content: ReportContent) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Notes to show under each chart, and notes already shown earlier in the same section (those go under a fold)."""
    shown: dict[str, list[str]] = {}
    repeated: dict[str, list[str]] = {}
    for section in content.sections:
        seen: set[str] = set()
        for figure in section.figures:
            card = figure.card
            shown[card.chart_id] = [note for note in card.notes if note not in seen]
            repeated[card.chart_id] = [note for note in card.notes if note in seen]
            seen.update(card.notes)
    return shown, repeated


def render_method(content: ReportContent, meta: ReportMeta) -> str:
    """The method section as a page of its own."""
    section = _section(content, "metod")
    title = say(meta.texts, "methodpage.title", area=content.scope.area_name, wave=content.scope.wave)
    texts, who = meta.texts["method_folder"], any(found.id == "vilka" for found in content.sections)
    pages = [(f"{key}.html", page["title"]) for key, page in texts["pages"].items() if who or key != "bortfall"]
    return render_template(
        "method.html", meta, content=content, section=section, title=title, words=page_words(meta),
        more=texts["folder_title"], pages=pages if meta.method else [],
    )  # fmt: skip


def render_method_page(name: str, sections: Sequence[Section], content: ReportContent, meta: ReportMeta) -> str:
    """A page of the method folder (`assets.bundle.method_folder`)."""
    texts = meta.texts["method_folder"]
    return _sections_page("method_page.html", meta, content, sections, {**texts["pages"][name], "back": texts["back"]})


def render_anatomy(sections: Sequence[Section], svgs: Mapping[str, str], content: ReportContent, meta: ReportMeta) -> str:
    """`5_metod/indexanatomi.html`: how to read, then a section per index (`assets.bundle.anatomy`). `svgs`: chart id -> SVG."""
    return _sections_page("anatomy.html", meta, content, sections, meta.texts["anatomy"], svgs)


def render_districts(sections: Sequence[Section], content: ReportContent, meta: ReportMeta) -> str:
    """`1_rapport/stadsdelsomraden.html`: how to read, then a section per district (`assets.bundle.district_pages`)."""
    texts = meta.texts["district_pages"]
    named = {**texts, "title": say(texts, "title", area=content.scope.area_name)}
    return _sections_page("districts.html", meta, content, sections, named)


def render_action(
    name: str, sections: Sequence[Section], svgs: Mapping[str, str], content: ReportContent, meta: ReportMeta
) -> str:
    """A page of sections in `6_atgard/` (`assets.bundle.action_pages`). `name`: its entry in `action.pages`."""
    return _sections_page("action.html", meta, content, sections, _action_texts(name, content, meta), svgs)


def render_factors(pages: Sequence[FactorPage], content: ReportContent, meta: ReportMeta) -> str:
    """`6_atgard/faktorer.html`: one factor after the other, each on one sheet (`assets.bundle.factor_page`)."""
    texts = _action_texts("faktorer", content, meta)
    shown = {"title": texts["title"], "back": texts["back"], "synthetic": bool(content.synthetic), "texts": texts}
    own = meta.texts["action"]["factor"]
    return render_template("factors.html", meta, content=content, pages=pages, own=own, words=page_words(meta), **shown)


def _action_texts(name: str, content: ReportContent, meta: ReportMeta) -> dict[str, str]:
    texts, scope = meta.texts["action"], content.scope
    title = say(meta.texts, f"action.pages.{name}.title", area=scope.area_name, wave=scope.wave)
    return {**texts["pages"][name], "title": title, "back": texts["back"]}


def _sections_page(
    template: str,
    meta: ReportMeta,
    content: ReportContent,
    sections: Sequence[Section],
    texts: Mapping[str, str],
    svgs: Mapping[str, str] | None = None,
) -> str:
    """A page of sections: title, lead, contents and the sections. `texts`: `title`, `lead`, `back`."""
    shown = {"texts": texts, "title": texts["title"], "back": texts["back"], "synthetic": bool(content.synthetic)}
    return render_template(
        template, meta, content=content, sections=sections, words=_words_with_charts(sections, svgs, meta), **shown
    )


def _words_with_charts(sections: Sequence[Section], svgs: Mapping[str, str] | None, meta: ReportMeta) -> SimpleNamespace:
    """The words of a page with the pictures, tables and notes of its charts; a note that all share stands under the first."""
    words = page_words(meta)
    if svgs is None:
        return words
    cards = [figure.card for section in sections for figure in section.figures]
    words.svgs = {key: Markup(without_title(svg)) for key, svg in svgs.items()}
    words.tables = {card.chart_id: card_table(card, meta.texts) for card in cards}
    words.notes, words.repeated = {}, {}
    seen: set[str] = set()
    for card in cards:
        words.notes[card.chart_id] = [note for note in card.notes if note not in seen]
        words.repeated[card.chart_id] = [note for note in card.notes if note in seen]
        seen.update(card.notes)
    return words


def _section(content: ReportContent, section_id: str) -> Section:
    return next(section for section in content.sections if section.id == section_id)


def page_words(meta: ReportMeta) -> SimpleNamespace:
    """Words that every page's template needs."""
    texts = meta.texts
    names = ("synthetic_short", "figure_words", "figure_notes", "figure_table", "skip", "contents", "to_top", "scroll_hint")
    return SimpleNamespace(
        **{name: texts["common"][name] for name in names},
        product=texts["header"]["product"],
        reading=texts["reading"]["title"],
        marks=texts["reading"]["marks"],
        marks_title=texts["reading"]["marks_title"],
        footer=texts["method"]["attribution"],
        html=texts["html"],
        gloss=unmarked,
        more_title=texts["action"]["section"]["more_title"] if "action" in texts else "",
    )


def render_template(template: str, meta: ReportMeta, **values: object) -> str:
    """A page of a template with the style sheet, and the mark of synthetic data on paper."""
    mark = PRINT_MARK.format(mark=meta.texts["common"]["synthetic_short"]) if meta.charts.synthetic else ""
    css = environment().get_template("page.css").render(page_mark=Markup(mark))
    return (
        environment()
        .get_template(template)
        .render(**{"css": Markup(css), "script_sources": "", "language": meta.language, **values})
    )
