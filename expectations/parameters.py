"""What the catalogue fills into the suites' `$names`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assets.catalogue.load import Catalogue
from assets.methods.harmonise import BACKGROUND
from assets.registers.agreements import load_agreements
from expectations.suite import Rule, Suite, load_suite

ALWAYS = [0, 9999]
OPTIONAL = ("districts", "cycle", "routes", "sexes_since", "register_years", "worth", "sensitive", "counted")
"""What a survey may do without: rules about these are left out where the catalogue has none. Any other empty list is a fault."""


def common_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Areas, waves, years and grades that suites of several tables use."""
    cycle, county = catalogue.survey.wave_cycle, catalogue.profile.county
    valid = {m.municipality_code: [m.valid_from, ALWAYS[1]] for m in catalogue.municipalities}
    whole = [county.code] if county else []
    return {
        "municipalities": sorted(catalogue.municipality_by_code),
        "areas": [*whole, *sorted(catalogue.municipality_by_code)],
        "districts": [d.district_code for d in catalogue.districts],
        "valid_municipalities": valid,
        "valid_areas": dict.fromkeys(whole, ALWAYS) | valid,
        "waves": list(catalogue.calendar.survey_waves),
        "grades": list(catalogue.survey.grades),
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
    asked = [*(i.key for i in survey.items), *(one.key for one in survey.measures)]
    return common_parameters(catalogue) | {
        "all_columns": [*BACKGROUND, *catalogue.profile.design_columns, *asked],
        "counted": [i.key for i in survey.items if i.type == "count"],
        "codes": {i.key: " ".join(map(str, [*survey.answers(i.key), *missing])) for i in choice},
        "asked": {i.key: [i.first_wave or ALWAYS[0], i.last_wave or ALWAYS[1]] for i in survey.items},
        "routes": {i.key: list(i.routed_by.answered_when) for i in survey.items if i.routed_by},
        "sexes_since": dict(survey.sex_first_wave),
    }


def suite_of(table: str, catalogue: Catalogue) -> Suite:
    """The rules of a table that are about something the catalogue has; see `OPTIONAL`."""
    suite, filled = load_suite(table), survey_parameters(catalogue) | series_parameters(catalogue)
    lacking = {f"${name}" for name in OPTIONAL if not filled[name]}
    return suite.model_copy(update={"rules": tuple(r for r in suite.rules if not lacking & _named(r))})


def _named(rule: Rule) -> set[str]:
    return {value for value in (rule.columns, rule.needs, *rule.kwargs.values()) if isinstance(value, str)}


def series_parameters(catalogue: Catalogue) -> dict[str, Any]:
    """Values for `release/indicator_results`."""
    file = catalogue.indicator_file
    sensitive = sorted(one.id for one in (*file.indicators, *file.indices) if one.sensitive)
    return common_parameters(catalogue) | {"sensitive": sensitive}


def with_known(parameters: dict[str, Any], known: Sequence[Sequence[object]]) -> dict[str, Any]:
    """The parameters with the keys of another table (`$known`)."""
    return parameters | {"known": [list(row) for row in known]}
