"""Texts that stewards read in the Dagster UI, from the catalogue."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from assets.catalogue.active import PROFILE
from assets.catalogue.load import catalogue_yaml

FILE = "texts/dagster.yml"
GUIDE = "texts/dagster_guide.yml"
GUIDED = ("jobs", "ops", "sensors", "schedules", "checks")
"""Kinds whose texts get their Swedish name and next step from the guide; assets get theirs when the definitions are built."""
PLAIN = ("ops", "sensors", "schedules")
"""Kinds whose texts Dagster shows as they are, so they can't have Markdown in them."""
AREA = "kommun"
"""What the texts call an area: they are the same for all profiles."""
Settings = TypeVar("Settings", bound=type)
_SAYS_AREA = re.compile(rf"{AREA}(?!-)", re.IGNORECASE)


@lru_cache(maxsize=1)
def ui_texts() -> dict[str, dict[str, str]]:
    """All UI texts by kind (`assets`, `jobs`, `ops`, `sensors`, `fields`, `checks`) and name.

    A job, op, sensor or check that the guide names has the name first and the next step last: as Markdown where Dagster draws it.
    """
    return _all_guided(_plain())


def plain_text(kind: str, name: str) -> str:
    """What something is, without its name and the next step. Raises KeyError when the catalogue has no text for it."""
    return _plain()[kind][name]


@lru_cache(maxsize=1)
def ui_guide() -> dict[str, Any]:
    """What a steward needs to know besides what a thing is: names, trust and next steps (`dagster_guide.yml`)."""
    return catalogue_yaml(GUIDE)


@lru_cache(maxsize=1)
def register_texts() -> dict[str, Any]:
    """The texts of the release register and of conflicts with it."""
    return catalogue_yaml("texts/release_register.yml")


def asset_text(layer: str, table: str) -> str:
    """What an asset is, in Swedish. Raises KeyError when the catalogue has no text for it."""
    return ui_texts()["assets"][f"{layer}/{table}"]


@lru_cache(maxsize=1)
def automation_texts() -> dict[str, dict[str, str]]:
    """Texts of what runs by itself and of the steward's own jobs (`jobs`, `ops`, `fields`, `sensors`, `schedules`, `checks`).

    Names and next steps as in `ui_texts`.
    """
    return _all_guided(catalogue_yaml("texts/automation.yml"))


def shown_as(name: str) -> Callable[[Settings], Settings]:
    """Class decorator: the Launchpad shows the docstring of a group of settings, so it gets the catalogue's text.

    Raises:
        KeyError: the catalogue has no text of that name under `configs`.
    """
    text = ui_texts()["configs"][name]

    def described(settings: Settings) -> Settings:
        settings.__doc__ = text
        return settings

    return described


def op_text(name: str) -> str:
    """What an op does, in Swedish. Raises KeyError when the catalogue has no text for it."""
    return ui_texts()["ops"][name]


def _all_guided(texts: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {kind: {name: _guided(kind, name, text) for name, text in names.items()} for kind, names in texts.items()}


def _guided(kind: str, name: str, text: str) -> str:
    more = ui_guide().get(kind, {}).get(name) if kind in GUIDED else None
    told = _with_name(text, more["name"], more["next"], plain=kind in PLAIN) if more else text
    return told if kind == "assets" else in_profile(told)  # an asset's text is the beginning of its description


def _with_name(text: str, name: str, then: str, *, plain: bool) -> str:
    word = ui_guide()["words"]["next"]
    return f"{name}. {text} {word}: {then}" if plain else f"**{name}.** {text}\n\n**{word}:** {then}"


def in_profile(text: str, word: str = PROFILE.area_word_sv) -> str:
    """The text, ending with what a municipality is where the profile's areas are something else.

    Args:
        word: what one area is called.
    """
    if word == AREA or not _SAYS_AREA.search(text):
        return text
    return f"{text} {ui_guide()['words']['area'].format(word=word)}"


@lru_cache(maxsize=1)
def _plain() -> dict[str, dict[str, str]]:
    return catalogue_yaml(FILE)
