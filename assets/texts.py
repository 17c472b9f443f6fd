"""Texts that stewards read in the Dagster UI, from the catalogue."""

from functools import lru_cache
from typing import Any

import yaml

from assets.catalogue.load import catalogue_file

FILE = "texts/dagster.yml"
GUIDE = "texts/dagster_guide.yml"
GUIDED = ("jobs", "ops", "sensors", "checks")
"""Kinds whose texts get their Swedish name and next step from the guide; assets get theirs when the definitions are built."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # all definitions wait for these files, and libyaml is ten times faster


@lru_cache(maxsize=1)
def ui_texts() -> dict[str, dict[str, str]]:
    """All UI texts by kind (`assets`, `jobs`, `ops`, `sensors`, `fields`, `checks`) and name.

    A job, op, sensor or check that the guide names has the name first and the next step last, as markdown.
    """
    return {kind: {name: _guided(kind, name, text) for name, text in names.items()} for kind, names in _plain().items()}


def plain_text(kind: str, name: str) -> str:
    """What something is, without its name and the next step. Raises KeyError when the catalogue has no text for it."""
    return _plain()[kind][name]


@lru_cache(maxsize=1)
def ui_guide() -> dict[str, Any]:
    """What a steward needs to know besides what a thing is: names, trust and next steps (`dagster_guide.yml`)."""
    return _read(GUIDE)


@lru_cache(maxsize=1)
def register_texts() -> dict[str, Any]:
    """The texts of the release register and of conflicts with it."""
    return yaml.safe_load(catalogue_file("texts/release_register.yml").read_text(encoding="utf-8"))


def asset_text(layer: str, table: str) -> str:
    """What an asset is, in Swedish. Raises KeyError when the catalogue has no text for it."""
    return ui_texts()["assets"][f"{layer}/{table}"]


def op_text(name: str) -> str:
    """What an op does, in Swedish. Raises KeyError when the catalogue has no text for it."""
    return ui_texts()["ops"][name]


def _guided(kind: str, name: str, text: str) -> str:
    more = ui_guide()[kind].get(name) if kind in GUIDED else None
    return f"**{more['name']}.** {text}\n\n**{ui_guide()['words']['next']}:** {more['next']}" if more else text


@lru_cache(maxsize=1)
def _plain() -> dict[str, dict[str, str]]:
    return _read(FILE)


def _read(name: str) -> dict[str, Any]:
    return yaml.load(catalogue_file(name).read_text(encoding="utf-8"), Loader=LOADER)
