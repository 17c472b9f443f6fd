"""From the project's Markdown files to pages: HTML, headings, text to search in, and links that lead within the site.

Pure but for reading the files: what is written where is `docs.build.site`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

PICTURES = {".png", ".svg", ".jpg"}
SWEDISH_SHARE = 0.01
"""Of a text's letters, how many å, ä and ö Swedish has at the least (it has about five in a hundred, English next to none)."""
OUTSIDE = ("http:", "https:", "mailto:")
"""Links that leave the site: shown as links, never fetched by a page."""


class BrokenLink(Exception):
    """A document names a file or a heading that does not exist."""


@dataclass(frozen=True)
class Part:
    """A heading and the plain text below it, to search in."""

    title: str
    anchor: str
    text: str


@dataclass(frozen=True)
class Page:
    """One document.

    source: path in the project. html: its content. parts: in order, the first is the title's. links: (project path, anchor)
    of every link that stays in the project. files: linked files that are no pages. language: `sv` or `en`.
    """

    source: str
    title: str
    html: str
    parts: tuple[Part, ...]
    links: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    language: str

    @property
    def anchors(self) -> frozenset[str]:
        return frozenset(part.anchor for part in self.parts)


def address(source: str) -> str:
    """Where in the site a file of the project lies: `docs/` is the site's top, text files are shown as text."""
    inside = source.removeprefix("docs/")
    path = PurePosixPath(inside)
    if path.suffix == ".md":
        return str(path.with_suffix(".html"))
    return inside if path.suffix in PICTURES else f"filer/{source}.txt"


def slug(heading: str, taken: Iterable[str] = ()) -> str:
    """The anchor of a heading as code forges make it (small letters, punctuation away, hyphens), `-1`, `-2` when it is taken."""
    base = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
    used = set(taken)
    return next(name for name in (base, *(f"{base}-{number}" for number in range(1, len(used) + 2))) if name not in used)


def read_page(root: Path, source: str) -> Page:
    """One Markdown file as a page.

    Raises:
        BrokenLink: a link leads to nothing in the project.
    """
    text = (root / source).read_text(encoding="utf-8")
    markdown = _markdown()
    tokens = markdown.parse(text)
    anchors = _name_headings(tokens)
    links = _turn_links(root, source, tokens)
    parts = _parts(tokens, anchors)
    return Page(
        source,
        parts[0].title if parts else source,
        markdown.renderer.render(tokens, markdown.options, {}),
        tuple(parts),
        tuple(links),
        tuple(sorted({path for path, _ in links if not path.endswith(".md")})),
        _language(text),
    )


def read_pages(root: Path) -> dict[str, Page]:
    """Project path -> page, of all documents at the top and below `docs/`, and those that they link to."""
    waiting = [path.relative_to(root).as_posix() for path in sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])]
    pages: dict[str, Page] = {}
    while waiting:
        source = waiting.pop(0)
        if source not in pages:
            pages[source] = read_page(root, source)
            waiting += [path for path, _ in pages[source].links if path.endswith(".md")]
    return pages


def missing_anchors(pages: dict[str, Page]) -> list[str]:
    """One line for every link to a heading that is not there."""
    return [
        f"{page.source}: {path}#{anchor}"
        for page in pages.values()
        for path, anchor in page.links
        if anchor and path in pages and anchor not in pages[path].anchors
    ]


def index_sections(root: Path) -> list[tuple[str, list[tuple[str, str]]]]:
    """The site's menu: per heading of `docs/index.md` the (title, project path) that its list begins each line with."""
    sections: list[tuple[str, list[tuple[str, str]]]] = []
    for line in (root / "docs" / "index.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            sections.append((line.removeprefix("## "), []))
        elif (entry := re.match(r"- \[([^\]]+)\]\(([^)#]+\.md)\)", line)) and sections:
            sections[-1][1].append((entry[1], posixpath.normpath(f"docs/{entry[2]}")))
    return [section for section in sections if section[1]]


def _markdown() -> MarkdownIt:
    """Tables, no HTML of the documents' own; wide tables scroll in a frame that the keyboard reaches."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.add_render_rule("table_open", lambda *_: '<div class="wide" tabindex="0"><table>\n')
    markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return markdown


def _plain(token: Token) -> str:
    """The text of an inline token as it is read."""
    words = {"softbreak": " ", "hardbreak": " "}
    return "".join(words.get(child.type, child.content) for child in token.children or ())


def _name_headings(tokens: Sequence[Token]) -> list[str]:
    """Give every heading its anchor; the anchors in order."""
    anchors: list[str] = []
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            anchors.append(slug(_plain(inline), anchors))
            token.attrSet("id", anchors[-1])
    return anchors


def _turn_links(root: Path, source: str, tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """Point every link and picture into the site; (project path, anchor) of each that stays in the project."""
    links = []
    for child in (child for token in tokens for child in token.children or ()):
        key = {"link_open": "href", "image": "src"}.get(child.type)
        target = str(child.attrGet(key) or "") if key else ""
        if not key or target.startswith(OUTSIDE):
            continue
        parts = urlsplit(unquote(target))
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), parts.path)) if parts.path else source
        if path.startswith("..") or not (root / path).is_file():
            raise BrokenLink(f"{source}: {target} leder inte till någon fil")
        links.append((path, parts.fragment))
        here = posixpath.dirname(address(source)) or "."
        child.attrSet(key, posixpath.relpath(address(path), here) + (f"#{parts.fragment}" if parts.fragment else ""))
    return links


def _parts(tokens: Sequence[Token], anchors: Sequence[str]) -> list[Part]:
    """The document cut at its headings."""
    parts: list[tuple[str, str, list[str]]] = []
    names = iter(anchors)
    heading = False
    for token in tokens:
        if token.type == "heading_open":
            heading = True
        elif heading and token.type == "inline":
            parts.append((_plain(token), next(names), []))
            heading = False
        elif parts and token.type == "inline":
            parts[-1][2].append(_plain(token))
        elif parts and token.type in {"fence", "code_block"}:
            parts[-1][2].append(token.content)
    return [Part(title, anchor, " ".join(" ".join(texts).split())) for title, anchor, texts in parts]


def _language(text: str) -> str:
    """The language that a document is written in, for screen readers and hyphenation."""
    letters = [letter for letter in text.lower() if letter.isalpha()]
    return "sv" if sum(letter in "åäö" for letter in letters) >= SWEDISH_SHARE * max(len(letters), 1) else "en"
