"""The forms in a kit: blank workbooks and offline pages with the municipality filled in, and the round left open."""

from __future__ import annotations

from functools import lru_cache

from assets.catalogue.personal_data import load_name_words
from assets.forms.definitions import form_definitions
from assets.forms.layout import form_file_stem
from assets.forms.page import form_page
from assets.forms.workbook import form_workbook

FOLDER = "4_formular"


@lru_cache(maxsize=32)
def form_files(area_code: str, area_name: str) -> dict[str, bytes]:
    """All forms of one municipality; the same for every wave, so a worker process makes them once."""
    place, made = (area_code, area_name), {}
    for definition in form_definitions().values():
        stem = f"{FOLDER}/{form_file_stem(definition, place, '')}"
        made[f"{stem}.xlsx"] = form_workbook(definition, place)
        made[f"{stem}.html"] = form_page(definition, load_name_words(), place)
    return made
