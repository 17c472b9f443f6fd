"""Invented answers about activities for the gallery: every state of a cell is in them."""

from __future__ import annotations

from functools import lru_cache

import polars as pl

from assets.catalogue.prevention import load_activities
from assets.charts.types import Scope
from assets.methods.activities import activity_status
from assets.methods.activity_coverage import activity_coverage
from tests.support.activity_answers import answers

YES = (
    *("library", "youth_centres", "after_school_care", "attendance", "open_preschool", "school_programmes"),
    *("universal_parenting", "culture_school", "area_work"),
)
STATES = {
    **dict.fromkeys(("family_counselling", "housing", "cooperation_talks"), "no"),
    **dict.fromkeys(("outreach", "social_planning", "home_visits"), "dont_know"),
}


@lru_cache(maxsize=1)
def activity_tables() -> tuple[pl.DataFrame, pl.DataFrame]:
    """`release.activity_coverage` and `release.activity_status` of the sample's municipality."""
    said = answers(
        *(("skola", a, "exists", "yes") for a in YES),
        *(("skola", a, "exists", state) for a, state in STATES.items()),
        ("skola", "outdoor_environments", "exists", "yes"),
        ("polis", "outdoor_environments", "exists", "no"),
        ("skola", "school_programmes", "programmes", "paths;winst"),
        ("skola", "universal_parenting", "programmes", "cope"),
        ("skola", "youth_centres", "funding", "project"),
        ("skola", "youth_centres", "reach", "some"),
        ("skola", "library", "reach", "some"),
        ("skola", "attendance", "reach", "most"),
        ("skola", "school_programmes", "reach", "most"),
        ("skola", "library", "follow_up_reach", "no"),
        *(("fritid_kultur", "own:musik", *x) for x in (("name", "Musik"), ("factor", "leisure"), ("arena", "leisure"))),
    )  # fmt: skip
    catalogue = load_activities()
    status = activity_status(said, catalogue, ["0127"])
    return _released(activity_coverage(status, said, catalogue)), _released(status)


def _released(table: pl.DataFrame) -> pl.DataFrame:
    return table.rename({"municipality_code": "area_code"}).with_columns(edition=pl.lit("2024"), area_name=pl.lit("Botkyrka"))


def activity_scope(scope: Scope) -> Scope:
    """The scope with the edition of the tables."""
    return Scope(scope.area_code, scope.area_name, scope.wave, "2024")
