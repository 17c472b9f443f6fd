"""How the installation runs by itself: in whose name, and where notices are e-mailed. A versioned YAML file, never a password.

The file is `drift/drift.yml` in the installation's data folder; each e-mail field can be set by an environment variable
instead (`DID_EPOST_SERVER` for `epost.server`), which wins. Without a file nothing is e-mailed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from assets.methods.errors import PipelineError
from assets.sealing.store import put

FILE = Path("drift") / "drift.yml"
PREFIX = "DID_EPOST_"
LONGEST = 64_000
LOOPBACK = ("127.0.0.1", "::1", "localhost")
TEMPLATE = """\
# Hur Data i dialog arbetar av sig självt. Ändra, spara; det gäller från nästa körning. Skriv aldrig ett lösenord här.
version: 1
# För- och efternamn på den som svarar för körningar som vakten startar. Tomt: namnet i den senaste körningen som någon startade.
av: ''
# E-post när något har stannat. Meddelandet ligger alltid också som fil i mappen meddelanden.
epost:
  pa: false
  server: ''          # till exempel smtp.kommunen.se
  port: 587
  starttls: true      # false bara för en server på den egna datorn
  anvandare: ''       # tomt: utan inloggning. Lösenordet: miljövariabeln DID_EPOST_LOSEN eller keyring set data-i-dialog epost
  fran: ''
  till: []            # till exempel [forvaltare@kommunen.se]
  tidsgrans: 10       # sekunder
"""


def _listed(given: object) -> object:
    """Addresses from a variable are separated by commas."""
    return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given


class Email(BaseModel):
    """Where and how notices are e-mailed; off until `pa` is true."""

    model_config = ConfigDict(extra="forbid")

    pa: bool = False
    server: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    starttls: bool = True
    anvandare: str = ""
    fran: str = ""
    till: Annotated[list[str], BeforeValidator(_listed)] = []
    tidsgrans: float = Field(default=10, gt=0, le=60)

    @model_validator(mode="after")
    def complete(self) -> Email:
        """What is on has to say from whom, to whom and through which server; an address is one line."""
        if self.pa and not (self.server and self.fran and self.till):
            raise ValueError("server, fran och till behövs när pa är true")
        if self.anvandare and not self.starttls and self.server not in LOOPBACK:
            raise ValueError("ett lösenord skickas aldrig okrypterat till en annan dator")
        if any("@" not in one or "\n" in one or "\r" in one for one in [*self.till, *([self.fran] if self.fran else [])]):
            raise ValueError("fran och till ska vara e-postadresser")
        return self


class Operation(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    av: str = ""
    epost: Email = Email()


def read_settings(home: Path, environment: Mapping[str, str] = os.environ) -> Operation:
    """The settings of the installation whose data folder is `home`.

    Raises:
        PipelineError: `bad_settings`, naming the fields that can't be used, never what they hold.
    """
    found = _loaded(home / FILE)
    fields = {name[len(PREFIX) :].lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
    given = {name: value for name, value in fields.items() if name in Email.model_fields}
    if given:
        found = found | {"epost": {**(found.get("epost") or {}), **given}}
    try:
        return Operation.model_validate(found)
    except ValidationError as error:
        wrong = sorted({".".join(str(part) for part in one["loc"]) or "epost" for one in error.errors()})
        raise _bad(f"fel i {', '.join(wrong)}") from None


def write_template(home: Path) -> None:
    """Put the file in place with everything off, when there is none."""
    if not (home / FILE).exists():
        (home / FILE).parent.mkdir(parents=True, exist_ok=True)
        put(home / FILE, TEMPLATE.encode("utf-8"))


def _loaded(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8") as file:
            found = yaml.safe_load(file.read(LONGEST))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise _bad("en fil som inte går att läsa") from None
    if found is not None and not isinstance(found, dict):
        raise _bad("något annat än fält och värden")
    return found or {}


def _bad(got: str) -> PipelineError:
    hint = "Rätta filen, eller ta bort den så görs en ny med allt avstängt när Dagster startas."
    return PipelineError("bad_settings", str(FILE), "inställningar som i mallen", got, hint)
