"""What is known of each activity in each municipality and round (`indices.activity_status`), and legal duties without one.

Four different things are kept apart all the way: yes, no, don't know and not inventoried; where respondents differ that is a
state of its own (`disagreed`). Nothing is guessed: an activity that nobody answered stays not inventoried, whatever else is
said of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from assets.methods.activity_merge import (
    DISAGREED,
    DONT_KNOW,
    NO,
    NOT_INVENTORIED,
    PROJECT,
    YES,
    blind,
    changed,
    follow_up,
    fragile,
    joined,
    merged,
)

if TYPE_CHECKING:
    from assets.catalogue.prevention import ActivityCatalogue

OWN_PREFIX = "own:"
DUTIES = ("duty", "partly")
"""Legal bases that oblige a municipality to have the activity itself; a general duty (`general`) can be met in other ways."""
ANSWER_SCHEMA: dict[str, type[pl.DataType]] = {
    "form_id": pl.String, "municipality_code": pl.String, "round": pl.String, "answered_on": pl.Date, "role": pl.String,
    "activity_id": pl.String, "field": pl.String, "value": pl.String,
}  # fmt: skip
"""Columns of `harmonised.activity_answers`."""
STATUS_SCHEMA: dict[str, type[pl.DataType]] = {
    "municipality_code": pl.String, "round": pl.String, "activity_id": pl.String, "own_name": pl.String, "exists": pl.String,
    "n_respondents": pl.Int16, "roles_yes": pl.String, "roles_no": pl.String, "funding": pl.String, "funding_end": pl.Date,
    "fragile": pl.Boolean, "follow_up": pl.String, "blind": pl.Boolean, "reach": pl.String, "groups_not_reached": pl.String,
    "programmes": pl.String, "statements_yes": pl.Int16, "statements_no": pl.Int16, "statements_dont_know": pl.Int16,
    "statements_disagreed": pl.Int16, "statements_unanswered": pl.Int16, "change": pl.String, "answered_on": pl.Date,
}  # fmt: skip
KEYS = ["municipality_code", "round", "activity_id"]


@dataclass
class _Said:
    """What the respondents of one municipality and round say of one activity: field -> its answers, with who gave them."""

    answers: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    forms: set[str] = field(default_factory=set)
    newest: date | None = None

    def values(self, name: str) -> list[str]:
        """The answers to a field."""
        return [value for _, value in self.answers[name]] if name in self.answers else []

    def roles(self, state: str) -> str:
        """The roles that gave this answer to whether it exists."""
        return ";".join(sorted({role for role, value in self.answers.get("exists", []) if value == state}))


_Group = Mapping[str, _Said]


def activity_status(answers: pl.DataFrame, catalogue: ActivityCatalogue, municipalities: Sequence[str]) -> pl.DataFrame:
    """One row per municipality, round and activity of the catalogue, and per activity of the municipality's own.

    Args:
        answers: `harmonised.activity_answers`.
        municipalities: codes of all that there are. One without any answer gets the newest round's rows as not inventoried.
    """
    groups = _gathered(answers, {a.id for a in catalogue.activities})
    if not groups:
        return pl.DataFrame(schema=STATUS_SCHEMA)
    newest = max(round_ for _, round_ in groups)
    there = {code for code, _ in groups}
    rows: list[dict[str, object]] = []
    for code in sorted({*there, *municipalities}):
        before: dict[str, str] | None = None
        for round_ in sorted(r for c, r in groups if c == code) or [newest]:
            made = _rows(code, round_, groups.get((code, round_), {}), catalogue, before)
            before = {str(row["activity_id"]): str(row["exists"]) for row in made}
            rows += made
    return pl.DataFrame(rows, schema=STATUS_SCHEMA).sort(KEYS)


def _gathered(answers: pl.DataFrame, known: set[str]) -> dict[tuple[str, str], dict[str, _Said]]:
    """(municipality, round) -> activity -> what is said of it. Activities that the catalogue doesn't know are left out."""
    found: dict[tuple[str, str], dict[str, _Said]] = defaultdict(lambda: defaultdict(_Said))
    columns = ["municipality_code", "round", "activity_id", "form_id", "role", "answered_on", "field", "value"]
    for code, round_, activity, form, role, day, name, value in answers.select(columns).sort(columns).iter_rows():
        group = found[code, round_]
        if activity not in known and not activity.startswith(OWN_PREFIX):
            continue
        said = group[activity]
        said.answers[name].append((role, value))
        said.newest = day if said.newest is None else max(said.newest, day)
        if activity.startswith(OWN_PREFIX) and name == "name":
            said.answers["exists"].append((role, YES))  # a municipality names only what goes on
        if name == "exists" or (activity.startswith(OWN_PREFIX) and name == "name"):
            said.forms.add(form)
    return found


def _rows(
    code: str, round_: str, group: _Group, catalogue: ActivityCatalogue, before: Mapping[str, str] | None
) -> list[dict[str, object]]:
    own = sorted(activity for activity, said in group.items() if activity.startswith(OWN_PREFIX) and said.values("name"))
    rows = []
    for activity in [*(a.id for a in catalogue.activities), *own]:
        row = _row(activity, group.get(activity, _Said()), catalogue)
        row["change"] = changed((before or {}).get(activity), str(row["exists"]), first=before is None)
        rows.append({"municipality_code": code, "round": round_, **row})
    return rows


def _row(activity: str, said: _Said, catalogue: ActivityCatalogue) -> dict[str, object]:
    asked = catalogue.criteria_of.get(activity, ())
    exists = merged(said.values("exists")) or NOT_INVENTORIED
    criteria = {name: merged(said.values(name)) for name in asked}
    funding = merged(said.values("funding"))
    ends = _earliest(said.values("funding_end")) if funding == PROJECT else None
    followed = follow_up(criteria, asked)
    return {
        "activity_id": activity,
        "own_name": min(said.values("name"), default=None),
        "exists": exists,
        "n_respondents": len(said.forms),
        "roles_yes": said.roles(YES),
        "roles_no": said.roles(NO),
        "funding": funding,
        "funding_end": ends,
        "fragile": fragile(exists, funding, ends, said.newest),
        "follow_up": followed,
        "blind": blind(exists, followed),
        "reach": merged(said.values("reach")),
        "groups_not_reached": joined(said.values("groups_not_reached"), [g.key for g in catalogue.form_file.groups]),
        "programmes": joined(said.values("programmes"), [x.id for x in catalogue.programmes]),
        **_counts(criteria.values()),
        "answered_on": said.newest,
    }


def _counts(states: Iterable[str | None]) -> dict[str, int]:
    """How many of the criteria that are asked have each state; they add up to how many are asked."""
    names: dict[str, str | None] = {"yes": YES, "no": NO, "dont_know": DONT_KNOW, "disagreed": DISAGREED, "unanswered": None}
    given = list(states)
    return {f"statements_{name}": sum(state == code for state in given) for name, code in names.items()}


def _earliest(values: Iterable[str]) -> date | None:
    return min((date.fromisoformat(value) for value in values), default=None)


def newest_rounds(status: pl.DataFrame) -> pl.DataFrame:
    """The rows of each municipality's newest round."""
    newest = status.group_by("municipality_code").agg(pl.col("round").max())
    return status.join(newest, on=["municipality_code", "round"], how="semi", maintain_order="left")


def released_activities(table: pl.DataFrame, edition: str, names: Mapping[str, str]) -> pl.DataFrame:
    """The table under its edition, with `area_code` and `area_name` for the municipality; the rows are the same."""
    name = pl.col("municipality_code").replace_strict(names, default=pl.col("municipality_code"), return_dtype=pl.String)
    head = [pl.lit(edition).alias("edition"), pl.col("municipality_code").alias("area_code"), name.alias("area_name")]
    return table.select(*head, pl.all().exclude("municipality_code"))


def legal_duties(status: pl.DataFrame, catalogue: ActivityCatalogue) -> pl.DataFrame:
    """The activities a municipality must have by law, newest round, with `gap`.

    Returns:
        `municipality_code, round, activity_id, legal_basis` (`duty`, `partly`), `exists, gap`: true where the municipality says
        that it doesn't exist, false where it does, null where that isn't known (which is no finding against anybody).
    """
    basis = {a.id: a.legal_basis for a in catalogue.activities if a.legal_basis in DUTIES}
    gap = pl.when(pl.col("exists") == NO).then(pl.lit(value=True)).when(pl.col("exists") == YES).then(pl.lit(value=False))
    return (
        newest_rounds(status)
        .filter(pl.col("activity_id").is_in(list(basis)))
        .select(*KEYS, pl.col("activity_id").replace_strict(basis, return_dtype=pl.String).alias("legal_basis"), "exists")
        .with_columns(gap=gap)
        .sort(KEYS)
    )
