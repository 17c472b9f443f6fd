"""The pages in a frame with a menu and a search that works from disk.

Nothing is fetched: the style stands in a file beside, the search's words in a script beside, and the letters are the
computer's own.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from docs.build.pages import BrokenLink, Page, address, index_sections, missing_anchors, read_pages

HERE = Path(__file__).parent
FIRST = "docs/index.md"
BESIDE = ("page.css", "search.js")


def site_files(root: Path) -> dict[str, bytes]:
    """The whole site: address -> bytes, the same bytes for the same documents.

    Raises:
        BrokenLink: a link leads to a file or a heading that does not exist.
    """
    pages = read_pages(root)
    if broken := missing_anchors(pages):
        raise BrokenLink("Rubriken finns inte: " + "; ".join(broken))
    template = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html")
    menu = index_sections(root)
    found = {address(path): (root / path).read_bytes() for page in pages.values() for path in page.files}
    found |= {name: (HERE / name).read_bytes() for name in BESIDE}
    ordered = [path for _, entries in menu for _, path in entries]
    found["search_words.js"] = search_words({path: pages[path] for path in dict.fromkeys([*ordered, *pages])}).encode()
    for page in pages.values():
        found[address(page.source)] = template.render(**_frame(page, menu)).encode()
    return dict(sorted(found.items()))


def search_words(pages: Mapping[str, Page]) -> str:
    """What the search looks in, as a script: a page opened from disk may not read a data file, but may run a script.

    One row per heading, in the menu's order: address, page's title, heading, text. Of equal hits the first is shown first.
    """
    rows = [
        [f"{address(page.source)}#{part.anchor}", page.title, part.title, part.text]
        for page in pages.values()
        for part in page.parts
    ]
    return f"window.SEARCH_WORDS = {json.dumps(rows, ensure_ascii=False)};\n"


def write_site(root: Path, folder: Path) -> Path:
    """Write the site and return its first page; files of an earlier writing that are no longer made are removed."""
    files = site_files(root)
    if (folder / "search_words.js").is_file():
        for old in folder.rglob("*"):
            if old.is_file() and old.relative_to(folder).as_posix() not in files:
                old.unlink()
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder / address(FIRST)


def _entry(page: Page, title: str, path: str, to: Callable[[str], str]) -> tuple[str, str, bool]:
    """A line of the menu: title, link, and whether it is the page that is open."""
    return title, to(address(path)), path == page.source


def _frame(page: Page, menu: list[tuple[str, list[tuple[str, str]]]]) -> dict[str, object]:
    """What the template is filled with."""
    here = posixpath.dirname(address(page.source)) or "."

    def to(name: str) -> str:
        return posixpath.relpath(name, here)

    return {
        "page": page,
        "top": "" if here == "." else to(".") + "/",
        "first": to(address(FIRST)),
        "menu": [
            (heading, page.source in {path for _, path in entries}, [_entry(page, title, path, to) for title, path in entries])
            for heading, entries in menu
        ],
    }
