"""What the catalogue fills into the suites' `$names`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assets.catalogue.load import Catalogue
from assets.methods.harmonise import BACKGROUND
from expectations.suite import Suite, load_suite


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


def suite_of(table: str, catalogue: Catalogue, parameters: Mapping[str, Any]) -> Suite:
    """The rules of a table that are about something the catalogue has.

    Left out: rules about another survey's questions, and rules about a group of columns (`$count_items`) that is empty as the
    survey has no such question. A group that `parameters` doesn't know at all stays, and fails when the suite is run.
    """
    suite = load_suite(table, catalogue.survey.id)
    empty = {f"${name}" for name, value in parameters.items() if isinstance(value, list) and not value}
    return suite.model_copy(update={"rules": tuple(r for r in suite.rules if r.columns not in empty)})
