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
        "waves": list(catalogue.calendar.survey_waves),
        "all_columns": [*BACKGROUND, *(i.key for i in survey.items)],
        "choice_items": choice,
        "count_items": [i.key for i in survey.items if i.type == "count"],
        "codes": {key: [*survey.answers(key), *missing] for key in choice},
    }


def register_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Values for `harmonised/register_values`."""
    return {"areas": ["01", *sorted(catalogue.municipality_by_code)], "reasons": sorted(catalogue.reason_by_code)}


def release_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Values for `release/index_results`."""
    return {"reasons": sorted(catalogue.reason_by_code)}


def series_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Values for `release/indicator_results`."""
    file = catalogue.indicator_file
    sensitive = sorted(one.id for one in (*file.indicators, *file.indices) if one.sensitive)
    return {"reasons": sorted(catalogue.reason_by_code), "sensitive": sensitive}


def gap_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Values for `harmonised/delivery_gaps` and `release/series_breaks`: none."""
    return {}
