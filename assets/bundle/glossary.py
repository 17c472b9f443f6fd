"""Running text on pages: difficult words lead to the glossary the first time in a section, intervals stay on one line. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

_INTERVAL = re.compile(r"\([−+]?\d+(?:[.,]\d+)?(?:–|[\u00a0 ](?:till|to)[\u00a0 ])[−+]?\d+(?:[.,]\d+)?(?:[\u00a0 ]?%)?\)")


class Marker:
    """Marks words of the glossary in texts, each once per section.

    The link works without any script; with one, the explanation shows beside the word.
    """

    def __init__(self, glossary: Mapping[str, Any]) -> None:
        self._entry = {form.lower(): item["id"] for item in glossary["items"] for form in item["forms"]}
        longest_first = sorted(self._entry, key=lambda form: (-len(form), form))
        self._words = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])", re.IGNORECASE)
        self._seen: set[str] = set()

    def start(self) -> str:
        """Begin a section: every word may be marked again. Says nothing."""
        self._seen.clear()
        return ""

    def __call__(self, text: str) -> Markup:
        """The text, escaped, with the words that this section hasn't marked yet as links."""
        parts, at = [], 0
        for found in self._words.finditer(text):
            entry = self._entry[found[0].lower()]
            if entry in self._seen:
                continue
            self._seen.add(entry)
            parts += [unmarked(text[at : found.start()]), Markup('<a class="term" href="#ord-{}">{}</a>').format(entry, found[0])]
            at = found.end()
        return Markup("").join([*parts, unmarked(text[at:])])


def unmarked(text: str) -> Markup:
    """The text, escaped, as on pages without a glossary: an interval in brackets is never broken over two lines."""
    return Markup(_INTERVAL.sub(r'<span class="whole">\g<0></span>', str(escape(text))))
