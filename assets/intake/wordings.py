"""Recognise a question by its text without keeping the text: hashes of normalised wordings.

The questionnaire's wordings belong to its owner. What ships is a `wording_hashes.csv` per survey with the SHA-256 of each
wording's normal form and the name of the question, enough to recognise a text that a file brings along.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from assets.catalogue.load import active_profile, profile_of, survey_file
from assets.catalogue.models import Survey

FILE = "wording_hashes.csv"
PREFIX = 60
"""Long texts are known by their beginning too: some programs cut a column's text (Stata after 80 bytes)."""
SHORTEST = 3
_NUMBER = re.compile(r"^\s*(?:f(?:råga)?\s*)?\d{1,3}\s*[a-zåäö]{0,2}(?:_\d)?\s*[.:)–-]+\s*", re.IGNORECASE)
_SEPARATORS = (" - ", " – ", ": ", "? ", "… ", "... ", ". ")
_NOT_LETTERS = re.compile(r"[\W_]+")


def normal_form(text: str) -> str:
    """Lower-case letters and digits with single spaces, without the question's number: "55e. Hög ljudnivå!" -> "hög ljudnivå"."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_LETTERS.sub(" ", _NUMBER.sub("", folded)).strip()


@lru_cache(maxsize=4096)
def wording_hash(text: str) -> str:
    """SHA-256 of the normal form. Kept for a while: all files of a wave have the same questions."""
    return hashlib.sha256(normal_form(text).encode()).hexdigest()


def forms(text: str) -> set[str]:
    """Hashes under which a wording is kept: of the whole, and of its beginning when it is long."""
    form = normal_form(text)
    if len(form) < SHORTEST:
        return set()
    return {hashlib.sha256(part.encode()).hexdigest() for part in {form, form[:PREFIX].strip()}}


def hash_rows(wordings: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(item, hash) of (item, wording) pairs, sorted; a hash that two items share tells nothing and is left out."""
    items: dict[str, set[str]] = {}
    for item, text in wordings:
        for digest in forms(text):
            items.setdefault(digest, set()).add(item)
    return sorted((next(iter(named)), digest) for digest, named in items.items() if len(named) == 1)


@lru_cache(maxsize=8)
def shipped_hashes(survey_id: str | None = None) -> Mapping[str, str]:
    """Hash -> item of the wordings in a survey's `wording_hashes.csv` (None: the active profile's); none without a file."""
    path = survey_file(survey_id or profile_of(active_profile()).survey, FILE)
    if path is None:
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["sha256"]: row["item"] for row in csv.DictReader(file)}


def known_hashes(survey: Survey) -> dict[str, str]:
    """Hash -> item: what ships, and the survey's own short labels (Swedish and English)."""
    own = [(item.key, text) for item in survey.items for text in (item.label_sv, item.label_en)]
    return {**shipped_hashes(survey.id), **{digest: item for item, digest in hash_rows(own)}}


def measures_of(text: str, survey: Survey) -> set[str]:
    """Measures of the survey whose wording or own label a column's text is."""
    keys = {measure.key for measure in survey.measures}
    own = hash_rows((measure.key, label) for measure in survey.measures for label in (measure.label_sv, measure.label_en))
    return items_of(text, {**shipped_hashes(survey.id), **{digest: key for key, digest in own}}) & keys


def items_of(text: str, hashes: Mapping[str, str]) -> set[str]:
    """Items whose wording a column's text is, as a whole or as the part before or after a separator."""
    parts = {text}
    for separator in _SEPARATORS:
        if separator in text:
            parts |= {text.split(separator, 1)[0], text.split(separator, 1)[1], text.rsplit(separator, 1)[1]}
    whole = {hashes[h] for h in forms(text) if h in hashes}
    return whole or {hashes[h] for part in parts for h in forms(part) if h in hashes}
