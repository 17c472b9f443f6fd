"""Pydantic model of a saved setting (`installningar/<namn>.yml`): the choices of a run, under a name.

A choice that is left out isn't decided by the setting: then the field of the launch, the command line or the default decides.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from assets.catalogue.models import Strict

Edition = Literal["bada", "intern", "publik"]
YesNo = Literal["nej", "ja"]
_Code = Annotated[str, StringConstraints(pattern=r"^\d{4}$")]
VERSION = 1
"""Version of the form of these files."""
USUAL = "vanliga"
"""The catalogue's own limits, as a choice."""
CHOICES = ("utgava", "wave", "allt", "kommuner", "publika_kommuner", "pilot", "granser", "arbetare")
"""The fields that are choices of a run, in the order they are shown."""


class SavedSetting(Strict):
    """One saved setting.

    `name_sv`, `about_sv`: what it is called and when to use it. `utgava`: the editions. `wave`: year of the survey. `allt`: run
    again what nothing has changed for. `kommuner`: codes that get bundles and kits. `publika_kommuner`: codes that get a public
    bundle. `granser`: id of a set of cut-offs. `arbetare`: processes that render.
    """

    version: Literal[1]
    name_sv: str = Field(min_length=1)
    about_sv: str = ""
    utgava: Edition | None = None
    wave: int | None = None
    allt: YesNo | None = None
    kommuner: tuple[_Code, ...] | None = None
    publika_kommuner: tuple[_Code, ...] | None = None
    pilot: str | None = None
    granser: str | None = None
    arbetare: int | None = Field(default=None, ge=1, le=16)

    @model_validator(mode="after")
    def _agrees(self) -> SavedSetting:
        fault = contradiction(self.utgava, self.kommuner, self.publika_kommuner, self.pilot)
        if fault:
            raise ValueError(fault)
        return self


def contradiction(
    edition: str | None, codes: tuple[str, ...] | None, public_codes: tuple[str, ...] | None, pilot: str | None
) -> str:
    """Which two choices say different things, in Swedish; empty when they agree."""
    if codes and pilot:
        return "kommuner och pilot väljer båda vilka kommuner som får paket; välj en av dem"
    if public_codes and edition == "intern":
        return "publika_kommuner väljer publika paket, men utgava är intern; ta bort en av dem"
    return ""
