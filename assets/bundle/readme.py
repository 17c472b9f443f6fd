"""`LAS_MIG`, the first that a receiver opens: what this is, for whom, how to read, how to check, whom to ask, what comes next.

As a page, and as text for a computer that opens no pages. Pure but for the package's own template.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from textwrap import fill

from assets.bundle.html import page_words, render_template
from assets.bundle.types import ReportContent, ReportMeta
from assets.bundle.words import date_text, say
from assets.methods.editions import PUBLIC

PAGE, TEXT = "LAS_MIG.html", "LAS_MIG.txt"
WORKING_FOLDER = "6_atgard/"
"""What a municipality works with; the public edition has none of it."""
LINE = 78


@dataclass(frozen=True)
class ReadMe:
    """`stamp`, `mark`: that the data are simulated, in two words and in sentences; both empty for real data."""

    title: str
    stamp: str
    mark: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Part:
    """`links`: path, name, what it is."""

    heading: str
    paragraphs: tuple[str, ...]
    links: tuple[tuple[str, str, str], ...] = ()
    command: str = ""


def readme_files(
    content: ReportContent,
    meta: ReportMeta,
    *,
    anatomy: bool = False,
    districts: bool = False,
    english: bool = False,
    held: Collection[str] | None = None,
    more: Sequence[Sequence[str]] = (),
) -> dict[str, bytes]:
    """`LAS_MIG.html` and `LAS_MIG.txt`, on one screen.

    Args:
        anatomy: whether the bundle has an anatomy of the indices to link to.
        districts: whether it has a page of city districts to link to.
        english: whether the bundle has the report in English.
        more: lines of other pages to link, as in `readme.links`.
        held: the bundle's files when it lacks some of the usual ones, which are not linked then; the certificate comes later.
    """
    links = _links(content, meta, anatomy, districts, english, more)
    if held is not None:
        *others, certificate = links
        links = [*(link for link in others if any(name.startswith(link[0]) for name in held)), certificate]
    readme = _readme(content, meta, links)
    page = render_template("readme.html", meta, readme=readme, words=page_words(meta))
    text = ("\ufeff" + as_text(readme)).replace("\n", "\r\n")  # every Notepad shows it right
    return {PAGE: page.encode("utf-8"), TEXT: text.encode("utf-8")}


def _links(
    content: ReportContent, meta: ReportMeta, anatomy: bool, districts: bool, english: bool, more: Sequence[Sequence[str]]
) -> list[Sequence[str]]:
    """The usual files in reading order; the certificate last."""
    texts = meta.texts["readme"]
    report, *others, certificate = texts["links"]
    links = [
        report,
        *(meta.texts[name]["readme"] for name in ("summary", "pdf")),
        meta.texts["html"]["easy_readme"],
        *([meta.texts["district_pages"]["readme"]] if districts else []),
        *others,
        *([texts["anatomy_link"]] if anatomy else []),
        *more,
    ]
    if english and meta.english:
        links.append(meta.english.texts["english"]["readme"])
    if content.scope.edition == PUBLIC:
        links = [link for link in links if not link[0].startswith(WORKING_FOLDER)]
    return [*links, certificate]


def _readme(content: ReportContent, meta: ReportMeta, links: Sequence[Sequence[str]]) -> ReadMe:
    scope, texts = content.scope, meta.texts["readme"]
    filled = {
        "area": scope.area_name,
        "wave": scope.wave,
        "edition": say(meta.texts, f"common.editions.{scope.edition}"),
        "version": meta.version,
        "released": date_text(meta.released),
    }
    what = say(meta.texts, "register_only.readme" if content.register_only else "readme.what", **filled)
    asked = [say(meta.texts, "readme.contact", **meta.open_data)] if meta.open_data else []
    if meta.next_wave and meta.next_wave > scope.wave:
        asked.append(say(meta.texts, "readme.next", next_wave=meta.next_wave))
    return ReadMe(
        say(meta.texts, "readme.title", **filled),
        meta.texts["common"]["synthetic_short"] if content.synthetic else "",
        texts["synthetic"] if content.synthetic else "",
        (
            Part(texts["what_title"], (f"{what} {meta.other_limits}".rstrip(),)),
            Part(texts["who_title"], (f"{texts['who']} {texts['spread'][scope.edition]}",)),
            Part(texts["how_title"], (texts["how"],), tuple((path, name, note) for path, name, note in links)),
            Part(texts["check_title"], (texts["check"],), command=texts["check_command"]),
            *([Part(texts["contact_title"], tuple(asked))] if asked else []),
        ),
    )


def as_text(readme: ReadMe) -> str:
    """The same words for a plain window: a heading in capitals, lines of at most 78 characters but for a command."""
    blocks = [readme.title.upper()]
    if readme.mark:
        blocks.append(fill(f"{readme.stamp}. {readme.mark}", LINE))
    for part in readme.parts:
        blocks.append(part.heading.upper())
        blocks += [fill(text, LINE) for text in part.paragraphs]
        if part.links:
            blocks.append(
                "\n".join(
                    fill(f"{path}  {name}: {note}", LINE, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
                    for path, name, note in part.links
                )
            )
        if part.command:
            blocks.append(f"  {part.command}")
    return "\n\n".join(blocks) + "\n"
