"""Municipalities as a person types them in the Launchpad: by name, or by code."""

from collections.abc import Iterable

from assets.catalogue.load import load_catalogue
from assets.charts.types import COUNTY_CODE
from assets.intake.names import shown_name
from assets.methods.errors import PipelineError
from assets.slices import MUNICIPALITIES


def area_codes(typed: Iterable[str], *, county: bool = False) -> tuple[str, ...]:
    """Codes of the municipalities, each once, in the order they were typed.

    A name needs no quotation marks, and a code does: without them a Launchpad reads 0127 as a number.

    Args:
        typed: codes or names; case and blanks around don't matter, empty ones are passed over.
        county: whether the county can be chosen too.

    Raises:
        PipelineError: `unknown_municipality`.
    """
    catalogue = load_catalogue()
    names = catalogue.area_names  # the city is written out as a municipality there, and people type its plain name too
    plain = {one.municipality_code: one.name for one in catalogue.municipalities}
    known = (*MUNICIPALITIES, *([COUNTY_CODE] if county and COUNTY_CODE in names else []))
    by_word = {word: code for code in known for word in (code, names[code].casefold(), plain.get(code, code).casefold())}
    said = [one.strip() for one in typed if one.strip()]
    unknown = [shown_name(one) for one in said if one.casefold() not in by_word]
    if unknown:
        first = MUNICIPALITIES[0]
        hint = f"Skriv namnet, till exempel {names[first]}, eller koden, i Launchpad inom citattecken, till exempel ['{first}']."
        raise PipelineError("unknown_municipality", "Fältet kommuner", "kommuner i länet", ", ".join(unknown)[:80], hint)
    return tuple(dict.fromkeys(by_word[one.casefold()] for one in said))
