"""What the register holds and hands on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

FORMAT = 2
"""Version of the lines of the register. A register with a newer one is not read by an older program.

Lines of version 1 lack what cells are rounded to (`Inputs.numbers`, `Inputs.noise`)."""
START = "0" * 64
"""What stands as the hash before the first line."""


@dataclass(frozen=True)
class Inputs:
    """What decides which pupils are behind a published number, and how they are counted.

    Attributes:
        deliveries: `<area code>|<wave>` -> SHA-256 of the area's deliveries (several: of their sorted hashes together). Equal
            hashes mean the same pupils.
        screen: wave -> `removed` or `kept`: whether the answers that the screen flags are left out.
        cutoff_set: the limits behind the bands.
        definitions: hash of the definitions of indices, questions, factors and districts.
        numbers: edition -> name -> the policy's number (`PolicyNumbers`), by which cells are rounded and hidden; empty when not
            known.
        noise: table with noise -> the greatest noise.
    """

    deliveries: Mapping[str, str]
    screen: Mapping[str, str]
    cutoff_set: str
    definitions: str
    numbers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    noise: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class NewEntry:
    """A sealed bundle that is to be put in the register. `published_on`: ISO date, given by the caller and never by a clock."""

    release_id: str
    bundle: str
    wave: int
    edition: str
    area_code: str
    published_on: str
    manifest_sha256: str
    inputs: Inputs
    policy_version: str


@dataclass(frozen=True)
class Entry:
    """A line of the register: a sealed bundle with its place in the chain."""

    number: int
    new: NewEntry
    cells_sha256: str
    previous: str
    hash: str


@dataclass(frozen=True)
class EarlierRelease:
    """An earlier release, from which the audit's `EarlierRelease` is made.

    Attributes:
        release_id, published_on: of the register's entry.
        tables: name of the release table -> its published rows.
        same_pupils: (area code, wave) whose deliveries and choices are those of the release that is audited now.
        inputs: what it was made from, and by which numbers.
    """

    release_id: str
    published_on: str
    tables: Mapping[str, pl.DataFrame]
    same_pupils: frozenset[tuple[str, int]]
    inputs: Inputs
