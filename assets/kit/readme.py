"""`LAS_MIG.html` of a kit: set up in ten minutes, what to print, what to open and when. Links only what the kit holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from assets.bundle.types import ReportMeta
from assets.bundle.words import date_text
from assets.charts import numbers
from assets.kit.board import environment, source_hash
from assets.kit.board_types import BoardContent
from assets.kit.texts import kit_texts

PATH = "LAS_MIG.html"


@dataclass(frozen=True)
class Link:
    """A file as the page names it."""

    path: str
    name: str
    kind: str
    note: str


def render_kit_readme(content: BoardContent, meta: ReportMeta, folder: str, files: Sequence[str]) -> bytes:
    """The page in UTF-8.

    Args:
        files: paths in the kit, linked by folder. A step or a check that names a file is left out where the kit lacks it.
    """
    texts = kit_texts()
    css = str(environment().get_template("kit.css").render())
    known = {path: _link(path, content.area_code) for path in files}
    where = {"area": content.area_name, "wave": content.wave, "version": content.version, "released": date_text(content.released)}
    page = (
        environment()
        .get_template("las_mig.html")
        .render(
            content=content,
            texts=texts,
            title=texts["title"].format(**where),
            lead=texts["lead"].format(**where),
            steps=_having(texts["steps"], known, content.area_code),
            groups=[(texts["folders"][name], list(held)) for name, held in groupby(known.values(), _folder)],
            checks=[(check["title"], _having(check["items"], known, content.area_code)) for check in texts["checks"]],
            missing=[(card.title, card.missing) for card in content.cards if card.missing],
            certificate=texts["certificate"].format(folder=folder),
            facts=texts["facts"].format(**where),
            limits=meta.other_limits,
            css=Markup(css),
            policy=Markup(f"default-src 'none'; style-src {source_hash(css)}"),
        )
    )
    return page.encode("utf-8")


def _folder(link: Link) -> str:
    return link.path.split("/")[0]


def _link(path: str, code: str) -> Link:
    """A file's words by its name without the municipality's code; one that the texts don't know by its own name.

    A sheet keeps its number: the agenda and the other sheets refer to it.
    """
    name = path.rsplit("/", 1)[-1]
    stem, _, kind = name.removeprefix(f"{code}_").rpartition(".")
    told = kit_texts()["files"].get(stem) or [numbers.upper_first(stem.replace("_", " ")), ""]
    number = stem[:2] if stem[:2].isdigit() and stem[:2] != "00" else ""
    return Link(path, f"{number} {told[0]}".strip(), kit_texts()["kinds"].get(kind, kind.upper()), told[1])


def _having(items: Sequence[Mapping[str, str]], known: Mapping[str, Link], code: str) -> list[tuple[str, Link | None]]:
    """The texts of the items whose file the kit holds, with a link to it; an item without a file is always there.

    `file` is the beginning of a path (`{code}`: the municipality): the first one that fits is linked.
    """
    found: list[tuple[str, Link | None]] = []
    for item in items:
        wanted = item.get("file", "").format(code=code)
        link = next((known[path] for path in sorted(known) if wanted and path.startswith(wanted)), None)
        if link or not wanted:
            found.append((item["text"], link))
    return found
