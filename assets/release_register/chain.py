"""The lines of the register and their chain of hashes. Pure: takes and gives bytes.

Each line is one JSON object in one canonical form; its hash is over everything else in it, the hash of the line before included.
A small head beside the file says how many lines there are and the hash of the last: so a line that was cut off at the end, which
no chain can tell by itself, is told too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from assets.methods.errors import PipelineError
from assets.release_register.types import FORMAT, START, Entry, Inputs, NewEntry

WHERE = "Utgivningsregistret (register/utgivningar.jsonl)"
HINT = "Ge inte ut något. Hämta tillbaka mappen register från en säkerhetskopia och kör did utgivningar --kontrollera."
_NEW = (
    *("release_id", "bundle", "wave", "edition", "area_code", "published_on", "manifest_sha256", "policy_version"),
    "inputs",
)
_SINCE_2 = ("numbers", "noise")
"""Inputs that lines of version 1 lack."""
_FIELDS = {*_NEW, "format", "number", "cells_sha256", "previous", "hash"}


@dataclass(frozen=True)
class Head:
    """How many whole lines the register has and the hash of the last."""

    number: int = 0
    hash: str = START


@dataclass(frozen=True)
class Chain:
    """A register that holds together.

    Attributes:
        entries: all lines in order.
        whole: bytes of the file that are whole lines; what is behind them is a line that a power cut left unfinished.
        recovered: a Swedish sentence when the last writing was interrupted, else empty.
    """

    entries: tuple[Entry, ...] = ()
    whole: int = 0
    recovered: str = ""


def canonical(content: Mapping[str, object]) -> str:
    """JSON in one form only: sorted keys, no spaces, text as it is."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def link(new: NewEntry, cells_sha256: str, before: Head) -> Entry:
    """The entry that follows the last one."""
    content = _content(new, before.number + 1, cells_sha256, before.hash)
    return Entry(before.number + 1, new, cells_sha256, before.hash, _digest(content))


def line_of(entry: Entry) -> bytes:
    """The entry's line."""
    content = _content(entry.new, entry.number, entry.cells_sha256, entry.previous) | {"hash": entry.hash}
    return (canonical(content) + "\n").encode()


def head_of(entries: tuple[Entry, ...]) -> Head:
    """The head that belongs to the entries."""
    return Head(entries[-1].number, entries[-1].hash) if entries else Head()


def head_text(head: Head) -> bytes:
    """The head as the bytes of its file."""
    return (canonical(asdict(head)) + "\n").encode()


def verify(lines: bytes, head: bytes | None) -> Chain:
    """The register's entries, when every line stands where it was written and unchanged.

    Args:
        lines: the whole file. head: the file beside it, None when there is none.

    Raises:
        PipelineError: `register_head`, `register_line` (a line is changed, no JSON, or without a field), `register_version`,
            `register_number` (missing or doubled), `register_chain` (the hash of the line before is another), `register_cut`
            (lines are missing at the end).
    """
    if head is None and lines:
        raise _broken("register_head", "filen utgivningar.huvud bredvid registret", "ingen sådan fil")
    known = _parse_head(head) if head is not None else Head()
    whole = lines.rfind(b"\n") + 1
    entries: list[Entry] = []
    last = Head()
    for place, line in enumerate(lines[:whole].split(b"\n")[:-1], start=1):
        entries.append(_parse(line, place, last))
        last = Head(entries[-1].number, entries[-1].hash)
    at_head = entries[known.number - 1].hash if 0 < known.number <= len(entries) else START
    if known.number > len(entries) or at_head != known.hash:
        got = f"{len(entries)} hela rader som inte slutar så"
        raise _broken("register_cut", f"{known.number} rader, som filen utgivningar.huvud säger", got)
    if len(entries) > known.number + 1:
        raise _broken("register_cut", f"{known.number} rader, som filen utgivningar.huvud säger", f"{len(entries)} rader")
    return Chain(tuple(entries), whole, _recovered(len(lines) - whole, len(entries) - known.number))


def _recovered(half: int, ahead: int) -> str:
    if half:
        return (
            "Den sista raden i utgivningsregistret skrevs aldrig klart (till exempel strömavbrott) och räknas inte. "
            "Paketet är inte utgivet: försegla det igen."
        )
    if ahead:
        return "Den sista raden i utgivningsregistret är hel, men datorn hann inte anteckna det. Den räknas; inget behöver göras."
    return ""


def _content(new: NewEntry, number: int, cells_sha256: str, previous: str) -> dict[str, Any]:
    own = asdict(new)
    own["inputs"] = {name: dict(value) if isinstance(value, Mapping) else value for name, value in asdict(new.inputs).items()}
    if not new.inputs.numbers:
        own["inputs"] = {name: value for name, value in own["inputs"].items() if name not in _SINCE_2}
    version = FORMAT if new.inputs.numbers else 1
    return own | {"format": version, "number": number, "cells_sha256": cells_sha256, "previous": previous}


def _digest(content: Mapping[str, object]) -> str:
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _parse_head(head: bytes) -> Head:
    try:
        found = json.loads(head.decode())
        parsed = Head(found["number"], found["hash"])
    except (ValueError, KeyError, TypeError):
        raise _broken("register_head", "antal rader och kontrollsumma i filen utgivningar.huvud", "något annat") from None
    if type(parsed.number) is not int or parsed.number < 0 or not isinstance(parsed.hash, str) or head != head_text(parsed):
        raise _broken("register_head", "antal rader och kontrollsumma i filen utgivningar.huvud", "något annat")
    return parsed


def _parse(line: bytes, place: int, before: Head) -> Entry:
    """The entry of a line, which must be the canonical one and follow the one before."""
    try:
        content = json.loads(line.decode())
    except ValueError:
        raise _broken("register_line", f"rad {place} som den skrevs", "en rad som inte går att läsa") from None
    if not isinstance(content, dict):
        raise _broken("register_line", f"rad {place} som den skrevs", "en rad som inte går att läsa")
    if content.get("format") not in range(1, FORMAT + 1):
        got = f"ett annat format på rad {place}"
        hint = "Uppdatera programmet till den version som skrev registret, eller hämta registret från en säkerhetskopia."
        raise PipelineError("register_version", WHERE, f"format {FORMAT}", got, hint)
    if content.keys() != _FIELDS:
        raise _broken("register_line", f"alla fält på rad {place}", "en rad med andra fält")
    if content["number"] != before.number + 1 or type(content["number"]) is not int:
        raise _broken("register_number", f"nummer {before.number + 1} på rad {place}", "ett annat nummer")
    if content["previous"] != before.hash:
        raise _broken("register_chain", f"att rad {place} bygger på raden före", "en annan kontrollsumma")
    entry = _entry(content, place)
    if content["hash"] != _digest({k: v for k, v in content.items() if k != "hash"}) or line_of(entry) != line + b"\n":
        raise _broken("register_line", f"rad {place} som den skrevs", "en ändrad rad")
    return entry


def _entry(content: Mapping[str, Any], place: int) -> Entry:
    try:
        inputs = Inputs(**content["inputs"])
    except TypeError:
        raise _broken("register_line", f"alla fält på rad {place}", "en rad med andra fält") from None
    new = NewEntry(**({name: content[name] for name in _NEW} | {"inputs": inputs}))
    return Entry(content["number"], new, content["cells_sha256"], content["previous"], content["hash"])


def _broken(code: str, expected: str, got: str) -> PipelineError:
    return PipelineError(code, WHERE, expected, got, HINT)
