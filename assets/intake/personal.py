"""Stops a delivery that holds personal data, before anything of it is written anywhere but where it lies."""

from __future__ import annotations

from assets.catalogue.hygiene import load_hygiene
from assets.catalogue.models import Codebook
from assets.catalogue.personal_data import load_name_words
from assets.intake.delivery import RawDelivery
from assets.methods.errors import PipelineError
from assets.methods.personal_columns import PLACES, Known, personal_columns, texts_with_addresses

HINT = (
    "Filen lästes inte in. Be den som skickade den ta bort kolumnen och skicka igen, och ta bort den här filen "
    "(did gallra FILNAMN --utfor)."
)


def check_personal_data(delivery: RawDelivery, told: RawDelivery, book: Codebook) -> None:
    """Refuse a delivery with personal data.

    Args:
        delivery: as read, with the file's own names of columns; they are what the sentence names. told: the same, columns named
            as in the codebook where their text tells.

    Raises:
        PipelineError: `personal_data`; it names the file, the column and the kind, never a value.
    """
    rules, words = load_hygiene().personal_columns, load_name_words()
    found = personal_columns(told.coded, known_columns(told, book), told.column_labels, rules.rules(), words)
    if found:
        own = dict(zip(told.coded.columns, delivery.coded.columns, strict=True))
        more = f" och {len(found) - 1} kolumner till" if len(found) > 1 else ""
        (name, kind) = found[0]
        where = f"{delivery.file_name}, kolumnen {own[name]}{more}"
        raise PipelineError("personal_data", where, "svar utan personuppgifter", rules.kinds_sv[kind], HINT)
    for name, labels in delivery.value_labels.items():
        if texts_with_addresses([*labels.values()], words):
            where = f"{delivery.file_name}, etiketterna i kolumnen {name}"
            raise PipelineError("personal_data", where, "svar utan personuppgifter", "sådant som ser ut som det", HINT)


def known_columns(told: RawDelivery, book: Codebook) -> Known:
    """The file's columns that the codebook has: places, and everything else that holds codes or numbers."""
    roles = {role: set(getattr(book.columns, role)) for role in type(book.columns).model_fields}
    places = set().union(*(roles[role] for role in PLACES))
    numbers = set().union(*(names for role, names in roles.items() if role not in PLACES and role != "respondent"))
    here = set(told.coded.columns)
    return Known(places & here, (numbers | set(book.items) | set(book.measures)) & here)
