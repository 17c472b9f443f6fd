"""Pydantic models of what a publication is: its waves and years, when a difference counts, its name and date, its description."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from assets.catalogue.models import Strict


class Calendar(Strict):
    """The survey waves and register years the pipeline works with."""

    survey_waves: tuple[int, ...]
    register_years: tuple[int, ...]


class Comparison(Strict):
    """When a difference is called a difference: false discovery rate within a family, and the least that matters (points)."""

    false_discovery_rate: float
    minimum_points: float
    family: tuple[str, ...]
    text_sv: str


class OpenData(Strict):
    """What a data portal is told of the public edition (DCAT-AP-SE). Texts may name `{area}` and `{wave}`.

    `download_base`: where the folders of the bundles lie. `places`: municipality code -> URI of the place, where one is known.
    """

    title_sv: str
    title_en: str
    description_sv: str
    description_en: str
    keywords_sv: tuple[str, ...]
    publisher_name: str
    publisher_uri: str = Field(pattern=r"^https?://")
    contact_name: str
    contact_email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    licence_uri: str = Field(pattern=r"^https?://")
    download_base: str = Field(pattern=r"^https?://.*/$")
    themes: tuple[str, ...]
    county_uri: str = Field(pattern=r"^https?://")
    places: dict[str, str] = Field(default_factory=dict)


class Publication(Strict):
    """What a publication is called and dated; `synthetic` marks everything drawn from the simulator.

    `open_data`: description of the public edition; without it none is written. `next_wave`: when the survey comes next, told to
    the receiver of a bundle; None when nobody knows.
    """

    version: str
    released: date
    synthetic: bool
    next_wave: int | None = Field(default=None, ge=1900, le=2200)
    open_data: OpenData | None = None
