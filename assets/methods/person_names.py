"""Names of persons, compared so that writing the same name in another way doesn't make a second person. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import combinations

from assets.methods.errors import PipelineError

LETTERS_WITHOUT_PARTS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})
"""Letters that Unicode doesn't take apart into a base letter and a mark."""
MOST = 100


def name_key(name: str) -> str:
    """The words of a name without case, marks, punctuation and order: `Ek,  ÅSA` and `Åsa Ek` are the same name."""
    parts = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS_WITHOUT_PARTS))
    plain = "".join(c if c.isalnum() else " " for c in parts if not unicodedata.combining(c))
    return " ".join(sorted(plain.split()))


def same_person(one: str, other: str) -> bool:
    """Whether two names may be the same person's: all words of one, but for initials, are among the other's.

    `Anna Berg`, `Anna M. Berg` and `Anna Berg-Ek` may be Anna Maria Berg's. Too alike is the safe mistake: two persons with such
    names have to write a name that the other doesn't have. Not transitive: `Anna Berg` may be either of `Anna Maria Berg` and
    `Anna Karin Berg`, who are two persons.
    """
    mine, others = _words(one), _words(other)
    return mine <= others or others <= mine


def two_persons(names: Iterable[str]) -> bool:
    """Whether at least two of the names are certainly different persons'."""
    return any(not same_person(one, other) for one, other in combinations(names, 2))


def _words(name: str) -> set[str]:
    return {word for word in name_key(name).split() if len(word) > 1}


def is_name(text: str) -> bool:
    """Whether a text can be a person's first and last name: no letter of another script that looks like a Latin one.

    A first name alone (`Åsa`) or an initial (`Å Ek`) would be another person than `Åsa Ek`, and one person could approve twice.
    """
    latin = all(unicodedata.name(c, "").startswith("LATIN ") for c in text if c.isalpha())
    whole = [word for word in text.split() if sum(c.isalpha() for c in word) > 1]
    return latin and len(whole) > 1 and len(text) <= MOST and text.isprintable()


def require_name(name: str, where: str) -> str:
    """A person's name with single spaces. Raises PipelineError `bad_name`; `where`: where it was given."""
    if not is_name(name.strip()):
        hint = "Skriv till exempel Anna Andersson."
        raise PipelineError("bad_name", where, "ett för- och efternamn med latinska bokstäver", "något annat", hint)
    return " ".join(name.split())
