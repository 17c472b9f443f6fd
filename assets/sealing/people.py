"""Names of persons, compared so that spelling the same name in another way doesn't make a second person."""

from __future__ import annotations

import unicodedata

from assets.methods.errors import PipelineError

LETTERS_WITHOUT_PARTS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})
"""Letters that Unicode doesn't take apart into a base letter and a mark."""
MOST = 100


def name_key(name: str) -> str:
    """The words of a name without case, marks, punctuation and order: `Ek,  ÅSA` and `Åsa Ek` are the same person.

    Too alike is the safe mistake: two persons who share all the words of their names have to add something that tells them apart.
    """
    parts = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS_WITHOUT_PARTS))
    plain = "".join(c if c.isalnum() else " " for c in parts if not unicodedata.combining(c))
    return " ".join(sorted(plain.split()))


def same_person(one: str, other: str) -> bool:
    """Whether two names are the same person's, as far as names can tell."""
    return name_key(one) == name_key(other)


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
