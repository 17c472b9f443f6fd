"""Municipalities whose newer delivery is held back: the one that has been published counts, until the steward lets it go.

`hallna.jsonl` in the data folder, a line per decision: `{"kommun", "ar", "sha256", "utgiven", "namn", "skal", "datum"}`. The
latest about a municipality and a wave holds, and one without `sha256` lets it go. Nothing in it is about a pupil (docs/adr/0068).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from assets.hygiene.permissions import FILE_MODE
from assets.methods.errors import PipelineError
from assets.methods.person_names import is_name
from assets.release_register.types import Entry
from assets.whole_files import put

FILE = "hallna.jsonl"
HELD_SCHEMA = {"municipality_code": pl.String, "wave": pl.Int32, "source_sha256": pl.String, "published_on": pl.String}
_FIELDS = ("kommun", "ar", "sha256", "utgiven", "namn", "skal", "datum")
_SHORTEST_REASON = 3


@dataclass(frozen=True)
class Held:
    """A decision: the delivery with this hash, whose numbers were published on a day (ISO), counts for a municipality and wave.

    `name`, `reason`, `day`: who decided it, why and when. No hash: the newest delivery counts again.
    """

    municipality: str
    wave: int
    sha256: str
    published_on: str
    name: str
    reason: str
    day: str


def decisions(root: Path) -> tuple[Held, ...]:
    """Every decision, in order; none when nothing has been held back.

    Raises:
        PipelineError: `bad_held` when a line can't be read: then nobody knows which delivery counts.
    """
    path = root / FILE
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else (), 1):
        try:
            said = json.loads(line)
            found.append(Held(*(int(said[name]) if name == "ar" else str(said[name]) for name in _FIELDS)))
        except (ValueError, KeyError, TypeError):
            hint = "Rätta raden eller hämta filen från en säkerhetskopia; utan den vet ingen vilken leverans som gäller."
            raise PipelineError(
                "bad_held", f"{FILE}, rad {number}", "ett beslut om att hålla inne", "något annat", hint
            ) from None
    return tuple(found)


def held_now(root: Path) -> dict[tuple[str, int], Held]:
    """(municipality, wave) -> the decision that holds there. Raises as `decisions`."""
    latest = {(one.municipality, one.wave): one for one in decisions(root)}
    return {place: one for place, one in sorted(latest.items()) if one.sha256}


def held_table(root: Path, waves: Sequence[int]) -> pl.DataFrame:
    """The held municipalities of the waves, columns `HELD_SCHEMA`. Raises as `decisions`."""
    rows = [(one.municipality, one.wave, one.sha256, one.published_on) for one in held_now(root).values() if one.wave in waves]
    return pl.DataFrame(rows, schema=HELD_SCHEMA, orient="row")


def published_delivery(entries: Sequence[Entry], municipality: str, wave: int) -> tuple[str, str]:
    """Hash of the municipality's delivery in what was published last, and the day it was first published (ISO).

    Raises:
        PipelineError: `nothing_published`.
    """
    key = f"{municipality}|{wave}"
    told = [(entry.new.inputs.deliveries[key], entry.new.published_on) for entry in entries if key in entry.new.inputs.deliveries]
    if not told:
        hint = "Det som inte är utgivet kan inte hållas fast. did utgivningar visar vad som har getts ut."
        expected = f"tal från {municipality}, {wave}"
        raise PipelineError("nothing_published", "Utgivningsregistret", expected, "inga", hint)
    last = told[-1][0]
    return last, next(day for digest, day in told if digest == last)


def decide(
    root: Path, entries: Sequence[Entry], place: tuple[str, int], *, name: str, reason: str, day: date, let_go: bool
) -> Held:
    """Hold a municipality's published delivery of a wave, or let it go, and write it down.

    Raises:
        PipelineError: `bad_held_decision` without a name and a reason; `not_held`, nothing to let go; `nothing_published`.
    """
    municipality, wave = place
    if not is_name(name) or len(reason.strip()) < _SHORTEST_REASON:
        hint = 'Skriv --namn med för- och efternamn och --skal med varför, till exempel --skal "en sen elev".'
        raise PipelineError("bad_held_decision", "Kommandot", "ett namn och ett skäl", "inget eller något annat", hint)
    if let_go and place not in held_now(root):
        hint = "did hallinne utan något efter visar vad som hålls inne."
        raise PipelineError("not_held", FILE, f"att {municipality}, {wave} hålls inne", "att den inte gör det", hint)
    digest, published = ("", "") if let_go else published_delivery(entries, municipality, wave)
    made = Held(municipality, wave, digest, published, " ".join(name.split()), reason.strip(), day.isoformat())
    path = root / FILE
    before = path.read_bytes() if path.exists() else b""
    line = json.dumps(_line(made), ensure_ascii=False, sort_keys=True)
    put(path, before + f"{line}\n".encode(), FILE_MODE)  # anew and not added to: half a line would stop every run
    return made


def _line(one: Held) -> Mapping[str, object]:
    values = (one.municipality, one.wave, one.sha256, one.published_on, one.name, one.reason, one.day)
    return dict(zip(_FIELDS, values, strict=True))


def gone_error(municipality: str, wave: int) -> PipelineError:
    """The delivery that is held to isn't there any more, so nothing may be counted in its place."""
    return PipelineError(
        "held_delivery_gone",
        f"{municipality}, {wave}, som hålls inne",
        "leveransen som gavs ut",
        "att den inte finns i databasen eller inte går att läsa",
        f"Lägg filen ur arkiv i inbox/enkat, eller släpp: did hallinne --kommun {municipality} --ar {wave} --slapp.",
    )
