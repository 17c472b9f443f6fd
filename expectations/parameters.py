"""What the catalogue fills into the suites' `$names`. Pure."""

from __future__ import annotations

from typing import Any

from assets.catalogue.load import Catalogue
from assets.methods.harmonise import BACKGROUND


def survey_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Values for `harmonised/survey_responses`: areas, waves, items and the codes each item may hold."""
    survey = catalogue.survey
    choice = [i.key for i in survey.items if i.type == "choice"]
    missing = list(survey.missing_kinds)
    return {
        "municipalities": sorted(catalogue.municipality_by_code),
        "grades": list(survey.grades),
        "waves": list(catalogue.calendar.survey_waves),
        "all_columns": [*BACKGROUND, *catalogue.profile.design_columns, *(i.key for i in survey.items)],
        "choice_items": choice,
        "count_items": [i.key for i in survey.items if i.type == "count"],
        "codes": {key: [*survey.answers(key), *missing] for key in choice},
    }


def register_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Values for `harmonised/register_values`."""
    county = catalogue.profile.county
    return {
        "areas": [*([county.code] if county else []), *sorted(catalogue.municipality_by_code)],
        "reasons": sorted(catalogue.reason_by_code),
    }


def release_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Values for `release/index_results`."""
    return {"reasons": sorted(catalogue.reason_by_code)}


def gap_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Values for `harmonised/delivery_gaps`: none."""
    return {}
