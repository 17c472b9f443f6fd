"""Read an approval file: small, flat, and every value as the text that stands there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from assets.methods.errors import PipelineError
from assets.sealing.approvals import Approval, make_approval

if TYPE_CHECKING:
    from yaml.events import Event

LARGEST = 16_384
SUFFIXES = (".yml", ".yaml", ".json")


def read_approval(content: bytes, name: str, today: date) -> Approval:
    """An approval file's content, YAML or JSON.

    Args:
        name: the file's name, for messages.

    Raises:
        PipelineError: `bad_approval_file` (too large, not text, not flat, a field twice) or `bad_approval`.
    """
    if len(content) > LARGEST:
        raise _bad(name, "en fil på högst 16 kB", "en större")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad(name, "text i UTF-8", "något annat") from None
    pairs = _json_pairs(text, name) if text.lstrip().startswith("{") else _yaml_pairs(text, name)
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _bad(name, "varje fält en gång", "ett fält som står två gånger")
    return make_approval(fields, name, today)


def _json_pairs(text: str, name: str) -> list[tuple[str, str]]:
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        raise _bad(name, "JSON som går att läsa", "något annat") from None
    if any(not isinstance(pair, tuple) or not isinstance(pair[1], str) for pair in pairs):
        raise _bad(name, "text i varje fält", "något annat")
    return pairs


def _yaml_pairs(text: str, name: str) -> list[tuple[str, str]]:
    """Keys and values of one flat mapping.

    The parser's events are read rather than what a loader would build of them: nothing is turned into numbers, dates or null,
    and aliases, tags, nested values and a second document can't be written.
    """
    import yaml

    try:
        scalars = _flat_scalars(yaml.parse(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        raise _bad(name, "YAML som går att läsa", "något annat") from None
    if scalars is None:
        raise _bad(name, "en rad per fält, som namn: Åsa Ek", "något annat")
    return list(zip(scalars[::2], scalars[1::2], strict=True))


def _flat_scalars(events: Iterator[Event]) -> list[str] | None:
    """Keys and values in turn of a document that is one flat mapping; None at the first event that isn't part of one."""
    from yaml.events import (
        DocumentEndEvent,
        DocumentStartEvent,
        MappingEndEvent,
        MappingStartEvent,
        ScalarEvent,
        StreamEndEvent,
        StreamStartEvent,
    )

    for kind in (StreamStartEvent, DocumentStartEvent, MappingStartEvent):
        if not isinstance(next(events, None), kind):
            return None
    scalars = []
    for event in events:
        if isinstance(event, MappingEndEvent):
            break
        if not isinstance(event, ScalarEvent) or event.anchor is not None or event.tag is not None:
            return None
        scalars.append(event.value)
    whole = all(isinstance(next(events, None), kind) for kind in (DocumentEndEvent, StreamEndEvent))
    return scalars if whole else None


def _bad(name: str, expected: str, got: str) -> PipelineError:
    hint = "Utgå från mallen som ligger bredvid paketet i utgivning/, fyll i den och lägg den i inbox/godkannanden."
    return PipelineError("bad_approval_file", name, expected, got, hint)
