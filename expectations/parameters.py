"""What the catalogue, and the keys of other tables, fill into the suites' `$names`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assets.catalogue.load import Catalogue
from assets.methods.harmonise import BACKGROUND
from assets.registers.agreements import load_agreements

ALWAYS = [0, 9999]
COUNTY = "01"


def common_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Areas, waves and years that suites of several tables use."""
    cycle = catalogue.survey.wave_cycle
    valid = {m.municipality_code: [m.valid_from, ALWAYS[1]] for m in catalogue.municipalities}
    return {
        "municipalities": sorted(catalogue.municipality_by_code),
        "areas": [COUNTY, *sorted(catalogue.municipality_by_code)],
        "districts": [d.district_code for d in catalogue.districts],
        "valid_municipalities": valid,
        "valid_areas": {COUNTY: ALWAYS} | valid,
        "waves": list(catalogue.calendar.survey_waves),
        "register_years": list(catalogue.calendar.register_years),
        "cycle": {"first": cycle.first, "every": cycle.every} if cycle else {},
        "reasons": sorted(catalogue.reason_by_code),
        "worth": list(load_agreements().worth),
    }


def survey_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Values for the tables of answers: items, the codes each may hold, routing, when they were asked."""
    survey = catalogue.survey
    missing = list(survey.missing_kinds)
    choice = [i for i in survey.items if i.type == "choice"]
    return common_parameters(catalogue) | {
        "all_columns": [*BACKGROUND, *(i.key for i in survey.items)],
        "codes": {i.key: " ".join(map(str, [*survey.answers(i.key), *missing])) for i in choice},
        "asked": {i.key: [i.first_wave or ALWAYS[0], i.last_wave or ALWAYS[1]] for i in survey.items},
        "routes": {i.key: list(i.routed_by.answered_when) for i in survey.items if i.routed_by},
        "sexes_since": dict(survey.sex_first_wave),
    }


def with_known(parameters: dict[str, Any], known: Sequence[Sequence[object]]) -> dict[str, Any]:
    """The parameters with the keys of another table (`$known`)."""
    return parameters | {"known": [list(row) for row in known]}
