"""A form as one offline HTML page: nothing is fetched or sent; what is filled in is saved as a file by the reader's browser.

The page's script is named by its hash in the content security policy, so that nothing else can run in it. Pure but for reading
the package's own templates once per process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from assets.bundle.vega import source_hash
from assets.forms import layout
from assets.forms.types import FILE_FORMAT, FILE_FORMAT_VERSION, Field, FormDefinition, Section
from assets.forms.words import form_texts
from assets.methods.personal_data import NameWords
from assets.page_templates import page_templates


def _environment() -> Environment:
    """The templates of this room."""
    return page_templates("assets.forms")


@lru_cache(maxsize=2)
def _source(name: str) -> str:
    return _environment().get_template(name).render()


def form_page(
    definition: FormDefinition, words: NameWords, municipality: tuple[str, str] | None = None, round_: str = ""
) -> bytes:
    """The form as an HTML page in UTF-8.

    Args:
        words: by which names are looked for in what is written, before it is saved.
        municipality: code and name; fixed on the page when given. round_: the round, likewise.
    """
    texts, script = form_texts(), _source("form.js")
    fixed = {"round": round_} | ({"municipality_code": municipality[0]} if municipality else {})
    shown = {"round": round_} | ({"municipality_code": municipality[1]} if municipality else {})
    page = _environment().get_template("form.html")
    text = page.render(
        definition=definition,
        place=", ".join(part for part in (municipality[1] if municipality else "", round_) if part),
        texts=texts["page"],
        privacy=texts["privacy"],
        own=texts["kinds"][definition.kind],
        head=[(field, fixed.get(field.name, ""), shown.get(field.name, "")) for field in definition.head],
        sections=[(section, _rows(section)) for section in definition.sections],
        name_length=layout.NAME_LENGTH,
        style=Markup(_source("form.css")),
        script=Markup(script),
        script_hash=Markup(source_hash(script)),
        settings=_json(_settings(definition, words, municipality, round_)),
    )
    return text.encode()


def _rows(section: Section) -> list[tuple[layout.Row, bool, list[Field]]]:
    """Each row, whether a person names it, and the fields that it is asked."""
    named = layout.own_names(section)
    rows = layout.rows(section)
    return [(row, row.free and named, [f for f in section.fields if f.name in row.asked]) for row in rows]


def _settings(
    definition: FormDefinition, words: NameWords, municipality: tuple[str, str] | None, round_: str
) -> Mapping[str, Any]:
    """What the script needs to know."""
    return {
        "format": FILE_FORMAT,
        "format_version": FILE_FORMAT_VERSION,
        "kind": definition.kind,
        "version": definition.version,
        "file": layout.KIND_WORDS[definition.kind],
        "draft": ":".join((FILE_FORMAT, definition.kind, definition.version, municipality[0] if municipality else "", round_)),
        "texts": form_texts()["page"]["script"],
        "first_names": sorted(words.first_names),
        "place_words": list(words.place_words),
    }


def _json(value: Mapping[str, Any]) -> Markup:
    """JSON that can stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
