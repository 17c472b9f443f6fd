"""`<file>.kodbok.yml` beside a delivery: what the steward declares about it, which overrules what the columns say.

kodbok: stockholmsenkaten-2024     # id of a codebook, shipped or in data/kodbocker
kommun: "0127"                     # when the file doesn't say whose it is
ar: 2024                           # of all rows, whatever the file says
orsak: Rättad leverans, F62 hade fel svar   # shown where the delivery is named
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import Field, ValidationError, model_validator

from assets.catalogue.models import Strict
from assets.intake.names import shown_name
from assets.methods.errors import PipelineError

SUFFIX = ".kodbok.yml"
_KEYS = "kodbok, kommun, ar eller orsak"


class Sidecar(Strict):
    """What a sidecar file may say; every value is text, so that a municipality code keeps its zero."""

    kodbok: str | None = Field(default=None, max_length=100)
    kommun: str | None = Field(default=None, pattern=r"^\d{4}$")
    ar: str | None = Field(default=None, pattern=r"^(19|20)\d{2}$")
    orsak: str | None = Field(default=None, max_length=300)

    @model_validator(mode="after")
    def _something(self) -> Sidecar:
        if not (self.kodbok or self.kommun or self.ar or self.orsak):
            raise ValueError("empty")
        return self


@dataclass(frozen=True)
class Declared:
    """A sidecar that was read, and the hash of its bytes."""

    sidecar: Sidecar
    sha256: str


def is_sidecar(path: Path) -> bool:
    """Whether a file in the inbox is a sidecar and no delivery."""
    return path.name.endswith(SUFFIX)


def sidecar_path(delivery: Path) -> Path:
    """Where the sidecar of a delivery lies, if it has one."""
    return delivery.with_name(delivery.name + SUFFIX)


def sidecar_hash(delivery: Path) -> str:
    """SHA-256 of the delivery's sidecar; `""` when it has none."""
    path = sidecar_path(delivery)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""


def read_sidecar(delivery: Path, codebooks: Collection[str], municipalities: Collection[str], max_bytes: int) -> Declared | None:
    """Read the sidecar of a delivery.

    Args:
        codebooks: ids that exist. municipalities: codes of the county's municipalities.

    Returns:
        None when there is no sidecar.

    Raises:
        PipelineError: `bad_sidecar` with what is wrong in it.
    """
    path = sidecar_path(delivery)
    if path.is_symlink() or not path.is_file():
        return None
    if path.stat().st_size > max_bytes:
        raise _bad(path, "en kort sidofil", f"en fil på mer än {max_bytes} byte", f"Skriv bara raderna {_KEYS}.")
    content = path.read_bytes()
    sidecar = _valid(path, content)
    if sidecar.kodbok is not None and sidecar.kodbok not in codebooks:
        raise _bad(
            path,
            f"en kodbok som finns ({', '.join(sorted(codebooks))})",
            f"kodbok: {shown_name(sidecar.kodbok)}",
            "Rätta raden kodbok i sidofilen och lägg båda filerna i inkorgen igen.",
        )
    if sidecar.kommun is not None and sidecar.kommun not in municipalities:
        raise _bad(
            path,
            "koden för en kommun i länet, till exempel 0127",
            f"kommun: {sidecar.kommun}",
            "Rätta raden kommun i sidofilen och lägg båda filerna i inkorgen igen.",
        )
    return Declared(sidecar, hashlib.sha256(content).hexdigest())


def _valid(path: Path, content: bytes) -> Sidecar:
    hint = "Rätta sidofilen och lägg båda filerna i inkorgen igen."
    try:
        said = yaml.load(content.decode("utf-8-sig"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise _bad(path, f"rader av formen nyckel: värde med {_KEYS}", "text som inte går att läsa så", hint) from None
    if not isinstance(said, dict):
        raise _bad(path, f"rader av formen nyckel: värde med {_KEYS}", "något annat", hint)
    try:
        return Sidecar.model_validate({key: value.strip() if isinstance(value, str) else value for key, value in said.items()})
    except ValidationError as error:
        first = error.errors()[0]
        place = shown_name(".".join(str(part) for part in first["loc"]))
        if first["type"] == "extra_forbidden":
            raise _bad(path, _KEYS, f"nyckeln {place}", hint) from None
        if not place:
            raise _bad(path, f"minst en av {_KEYS}", "ingen av dem", hint) from None
        raise _bad(
            path, f"ett kort värde på {place}{' med fyra siffror' if place in {'kommun', 'ar'} else ''}", "något annat", hint
        ) from None


def _bad(path: Path, expected: str, got: str, hint: str) -> PipelineError:
    return PipelineError("bad_sidecar", shown_name(path.name), expected, got, hint)
