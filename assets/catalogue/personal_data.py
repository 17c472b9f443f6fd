"""The words by which names of persons are found: `prevention/personal_data.yml` as a model."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, Field

from assets.catalogue.load import catalogue_yaml
from assets.catalogue.models import Strict
from assets.methods.personal_data import NameWords

FILE = "prevention/personal_data.yml"


def _words(value: object) -> object:
    return value.split() if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_words), Field(min_length=1)]


class PersonalDataFile(Strict):
    """Lists of words in lower case: a text with blanks between, or a list. See `NameWords`."""

    first_names: Words
    ambiguous: Words
    last_names: Words
    last_name_endings: Words
    not_first: Words
    place_words: Words
    weak_place_words: Words
    saints: Words
    roles: Words


@lru_cache(maxsize=1)
def load_name_words() -> NameWords:
    """The lists that ship with the package."""
    file = PersonalDataFile.model_validate(catalogue_yaml(FILE))
    return NameWords(
        first_names=frozenset(file.first_names),
        ambiguous=frozenset(file.ambiguous),
        last_names=frozenset(file.last_names),
        last_name_endings=file.last_name_endings,
        not_first=frozenset(file.not_first),
        place_words=file.place_words,
        weak_place_words=file.weak_place_words,
        saints=frozenset(file.saints),
        roles=frozenset(file.roles),
    )
