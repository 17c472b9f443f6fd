"""The workshop board: one offline HTML file for the facilitator's laptop. Pure but for reading the package's own templates.

What may run is named by its hash in the page's content security policy, and nothing may be fetched or sent: `default-src 'none'`.
The form of decisions is inside, so that what the board exports can't differ from what the intake reads.
See docs/adr/0035-workshop-board.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from assets.forms.decisions_form import NO_INDICATOR, decisions_form
from assets.forms.types import FILE_FORMAT, FILE_FORMAT_VERSION, Field, FormDefinition
from assets.kit.board_content import board_texts
from assets.kit.board_types import BoardContent, BoardPicture
from assets.page_templates import page_templates

SCRIPTS = ("base", "store", "tabs", "fields", "charts", "agenda", "votes", "decisions", "checks", "files", "printout", "main")
"""The page's script in parts, in the order they are put together."""
BOARD_FORMAT = "did-tavla"
BOARD_FORMAT_VERSION = "1.0"
DOTS_EACH = 3
PATH = "1_tavla/workshoptavla.html"
"""Where the board lies in the facilitator's kit."""


def environment() -> Environment:
    """The templates of this room."""
    return page_templates("assets.kit")


@lru_cache(maxsize=1)
def board_script() -> str:
    """All parts as one script in a scope of its own."""
    parts = [str(environment().get_template(f"board_{name}.js").render()) for name in SCRIPTS]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "})();\n"


def render_board(content: BoardContent) -> bytes:
    """The board as one HTML file."""
    script, css = board_script(), str(environment().get_template("board.css").render())
    page = (
        environment()
        .get_template("board.html")
        .render(
            content=content,
            texts=board_texts(),
            title=board_texts()["title"].format(area=content.area_name, wave=content.wave),
            css=Markup(css),
            script=Markup(script),
            data=_script_json(board_data(content)),
            policy=Markup(f"default-src 'none'; script-src {source_hash(script)}; style-src {source_hash(css)}; img-src data:"),
        )
    )
    return page.encode("utf-8")


def board_data(content: BoardContent) -> dict[str, Any]:
    """What the page's script is given: the content, the form and the words."""
    texts = board_texts()
    cards = [asdict(card) | {"pictures": [_picture(picture) for picture in card.pictures]} for card in content.cards]
    return {
        "format": BOARD_FORMAT,
        "format_version": BOARD_FORMAT_VERSION,
        "area": {"code": content.area_code, "name": content.area_name},
        "wave": content.wave,
        "kit_version": content.version,
        "synthetic": content.synthetic,
        "cards": cards,
        "factors": [{"id": key, "name": name} for key, name in content.factors],
        "agenda": [asdict(item) for item in content.agenda],
        "earlier": [asdict(decision) for decision in content.earlier],
        "form": _form(decisions_form()),
        "dots_each": DOTS_EACH,
        "no_indicator": NO_INDICATOR,
        "ui": texts["ui"],
        "views": texts["views"],
    }


def _picture(picture: BoardPicture) -> Mapping[str, Any]:
    """A picture as the script draws it: our layers go into the page, another drawing becomes an image."""
    held = asdict(picture)
    if not picture.layered:
        held["svg"] = f"data:image/svg+xml;base64,{base64.b64encode(picture.svg.encode()).decode()}"
    return held


def _form(form: FormDefinition) -> dict[str, Any]:
    return {
        "format": FILE_FORMAT,
        "format_version": FILE_FORMAT_VERSION,
        "kind": form.kind,
        "version": form.version,
        "head": [_field(one) for one in form.head],
        "sections": {
            section.id: {
                "title": section.title,
                "intro": section.intro,
                "fields": [_field(one) for one in section.fields],
                "items": [{"id": item.id, "label": item.label} for item in section.items],
                "free_rows": section.free_rows,
            }
            for section in form.sections
        },
    }


def _field(field: Field) -> dict[str, Any]:
    """A field with what the page needs to ask and check it. The board knows its municipality: the list of them stays out."""
    choices = () if field.name == "municipality_code" else field.choices
    return asdict(field) | {"choices": [[choice.code, choice.label] for choice in choices]}


def _script_json(value: Mapping[str, Any]) -> Markup:
    """JSON that can stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def source_hash(text: str) -> str:
    """A text as a source expression of the policy: only this very text may run or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
