"""Names of files as people and programs send them: what may be shown, and what is refused."""

from __future__ import annotations

import unicodedata

from assets.methods.errors import PipelineError

_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories of control characters, direction marks, surrogates of undecodable bytes and line separators."""
_MARKDOWN = str.maketrans({c: f"\\{c}" for c in r"\`*_{}[]()#+!|~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})
LONGEST_SHOWN = 120
LONGEST_STORED = 180


def shown_name(name: str) -> str:
    """The name without what cannot be shown: invisible and control characters become `_`, long names are cut in the middle."""
    clean = "".join("_" if unicodedata.category(c) in _INVISIBLE else c for c in name)
    if len(clean) <= LONGEST_SHOWN:
        return clean
    return f"{clean[:80]}…{clean[-30:]}"


def stored_name(name: str) -> str:
    """The shown name, cut in the middle until a file system takes it with an ending or two more."""
    shown = shown_name(name)
    content = shown.encode()
    if len(content) <= LONGEST_STORED:
        return shown
    return content[:120].decode("utf-8", "ignore") + "…" + content[-40:].decode("utf-8", "ignore")


def check_name(name: str, longest: int) -> None:
    """Refuse a name that hides what it is.

    Raises:
        PipelineError: `bad_name` for control characters, direction marks, undecodable bytes, or more than `longest` characters.
    """
    if len(name) > longest:
        got = f"{len(name)} tecken"
    elif any(unicodedata.category(c) in _INVISIBLE for c in name):
        got = "ett namn med styrtecken eller osynliga tecken"
    else:
        return
    raise PipelineError(
        "bad_name",
        shown_name(name),
        f"ett filnamn med högst {longest} synliga tecken",
        got,
        "Döp om filen och lägg den i inkorgen igen.",
    )


def linked_file(name: str) -> PipelineError:
    """The error for a symbolic link: what it points at may lie anywhere on the computer."""
    return PipelineError(
        "bad_name",
        shown_name(name),
        "en fil",
        "en länk till en annan plats",
        "Lägg själva filen i inkorgen i stället för länken.",
    )


def in_markdown(text: str) -> str:
    """Text that a Markdown page shows letter by letter: no links, tables, headings or HTML."""
    return text.translate(_MARKDOWN)
