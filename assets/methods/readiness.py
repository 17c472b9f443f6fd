"""The preconditions (pillar 3): anonymous ratings in, medians and spread per condition and statement out.

The levels 0-3 are ordinal, so nothing is averaged: quantiles are those of definition 2 of Hyndman and Fan (1996), the observed
level or the step midway between two neighbours. There is no sum over the conditions and no ranking of municipalities.

A rater's level in a condition is the highest level that more than half of the rater's answered statements reach (the lower
median), and counts only when enough of its statements have a level.

What is shown is safe by its making: raters are parted into groups of at least the minimum, so each published group, and each
difference between published groups, holds either nobody or that many. Everything else in a row is null, with a reason.

Source: Hyndman, R. J. and Fan, Y. (1996), Sample quantiles in statistical packages, The American Statistician 50.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.catalogue.readiness_models import ReadinessFile

OTHERS = "ovriga"
KEYS = ("municipality_code", "round", "condition")
SPREAD = {name: pl.Float64 for name in ("median", "q1", "q3", "lowest", "highest")}
READINESS_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(KEYS, pl.String),
    "n_raters": pl.Int32, "n_roles": pl.Int32, **SPREAD, "dont_know_pct": pl.Int32, "levels": pl.String,
    "role_medians": pl.String, "reason": pl.String, "change": pl.String, "median_before": pl.Float64,
}  # fmt: skip
STATEMENTS_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys((*KEYS, "statement"), pl.String),
    "n_raters": pl.Int32, **SPREAD, "dont_know_pct": pl.Int32, "reason": pl.String,
}  # fmt: skip
OK, TOO_FEW, NOT_INVENTORIED = "ok", "too_few_raters", "not_inventoried"


@dataclass(frozen=True)
class Rating:
    """One rater's answers to one condition: statement -> level, None for "vet inte"."""

    role: str
    levels: Mapping[str, int | None]


def quantile(ordered: Sequence[int | float], quarter: int) -> float:
    """The quartile `quarter` (1, 2 or 3) of sorted levels: definition 2 of Hyndman and Fan (1996)."""
    place, rest = divmod(len(ordered) * quarter, 4)
    if rest:
        return float(ordered[place])
    return (ordered[place - 1] + ordered[place]) / 2


def rater_level(levels: Iterable[int | None], asked: int, answered_share: float) -> int | None:
    """A rater's level in a condition of `asked` statements; None when fewer than `answered_share` of them have a level."""
    known = sorted(level for level in levels if level is not None)
    if not known or len(known) < answered_share * asked:
        return None
    return known[(len(known) - 1) // 2]


def role_groups(counts: Mapping[str, int], minimum: int) -> dict[str, tuple[str, ...]]:
    """Roles parted into groups of at least `minimum` raters: a role of its own, or the roles merged as `ovriga`.

    Small roles are merged; while they are too few together, the smallest role that could stand alone is merged with them.
    Without this the whole minus the shown roles would be the hidden ones. Empty when nobody can be shown apart from the whole.

    Args:
        counts: raters per role, in the form's order (which breaks ties: the later role is merged first).
    """
    alone = {role: n for role, n in counts.items() if n >= minimum}
    merged = [role for role, n in counts.items() if 0 < n < minimum]
    places = {role: place for place, role in enumerate(counts)}
    while merged and sum(counts[role] for role in merged) < minimum and alone:
        smallest = min(alone, key=lambda role: (alone[role], -places[role]))
        merged.append(smallest)
        del alone[smallest]
    groups = {role: (role,) for role in alone}
    if merged and sum(counts[role] for role in merged) >= minimum:
        groups[OTHERS] = tuple(sorted(merged, key=places.__getitem__))
    return groups if len(groups) > 1 or not merged else {}


def change_of(now: Mapping[str, float | None], before: Mapping[str, float | None] | None) -> str:
    """What a condition's spread lets us say against the round before.

    `up` and `down` only when the middle halves (q1 to q3) of the two rounds don't touch; `same` when median and quartiles are
    the same; else `cannot_tell`.
    """
    if before is None:
        return "first_time"
    if all(now[name] == before[name] for name in ("q1", "median", "q3")):
        return "same"
    if float(now["q1"] or 0) > float(before["q3"] or 0):
        return "up"
    return "down" if float(now["q3"] or 0) < float(before["q1"] or 0) else "cannot_tell"


def readiness(ratings: pl.DataFrame, file: ReadinessFile, municipalities: Sequence[str]) -> pl.DataFrame:
    """`indices.readiness`: a row per municipality x round x condition, in that order.

    Args:
        ratings: `harmonised.readiness_ratings`. municipalities: codes; one without a form in a round is `not_inventoried`.
    """
    forms = _forms(ratings)
    rows = []
    for code in sorted({*municipalities, *(key[0] for key in forms)}):
        before: dict[str, Mapping[str, float | None]] = {}
        for round_ in sorted({key[1] for key in forms}):
            for condition in file.condition_ids:
                row = _condition_row(forms.get((code, round_), {}), condition, file)
                if row["reason"] == OK:
                    earlier = before.get(condition)
                    row |= {"change": change_of(row, earlier), "median_before": earlier["median"] if earlier else None}
                    before[condition] = row
                rows.append({"municipality_code": code, "round": round_, "condition": condition, **row})
    return pl.DataFrame(rows, schema=READINESS_SCHEMA)


def readiness_statements(ratings: pl.DataFrame, file: ReadinessFile, municipalities: Sequence[str]) -> pl.DataFrame:
    """`indices.readiness_statements`: a row per municipality x round x statement, without the single levels."""
    forms = _forms(ratings)
    rows = []
    for code in sorted({*municipalities, *(key[0] for key in forms)}):
        for round_ in sorted({key[1] for key in forms}):
            held = forms.get((code, round_), {})
            for condition, statements in file.statements.items():
                for statement in statements:
                    keys = {"municipality_code": code, "round": round_, "condition": condition, "statement": statement}
                    rows.append(keys | _statement_row(held, condition, statement, file.minimum_raters_per_role))
    return pl.DataFrame(rows, schema=STATEMENTS_SCHEMA)


def released_readiness(table: pl.DataFrame, edition: str, names: Mapping[str, str]) -> pl.DataFrame:
    """Rows of either table as `release.readiness` has them: the edition first, then area code and name.

    Args:
        names: area code -> name.
    """
    area = pl.col("municipality_code")
    rows = table.with_columns(edition=pl.lit(edition), area_code=area, area_name=area.replace_strict(dict(names), default=None))
    return rows.select("edition", "area_code", "area_name", *(name for name in table.columns if name != "municipality_code"))


_Forms = dict[tuple[str, str], dict[str, dict[str, Rating]]]
"""(municipality, round) -> form -> condition -> the rating."""


def _forms(ratings: pl.DataFrame) -> _Forms:
    found: _Forms = {}
    if ratings.is_empty():  # nobody has handed in a form; the table may not even have columns
        return found
    columns = ["municipality_code", "round", "form_id", "role", "condition", "statement", "level"]
    for code, round_, form, role, condition, statement, level in ratings.select(columns).sort(columns[:-1]).iter_rows():
        rating = found.setdefault((code, round_), {}).setdefault(form, {}).setdefault(condition, Rating(role, {}))
        rating.levels[statement] = level
    return found


def _condition_row(forms: Mapping[str, Mapping[str, Rating]], condition: str, file: ReadinessFile) -> dict[str, object]:
    asked, minimum = file.statements[condition], file.minimum_raters_per_role
    if not forms:
        return {"reason": NOT_INVENTORIED}
    given = [held[condition] for held in forms.values() if condition in held]
    by_role: dict[str, list[int]] = {role: [] for role in file.role_ids}
    for rating in given:
        level = rater_level((rating.levels.get(s) for s in asked), len(asked), file.answered_share)
        if level is not None:
            by_role.setdefault(rating.role, []).append(level)
    levels = sorted(level for held in by_role.values() for level in held)
    if len(levels) < minimum:
        return {"reason": TOO_FEW}
    groups = role_groups({role: len(held) for role, held in by_role.items()}, minimum)
    medians = {name: quantile(sorted(x for role in roles for x in by_role[role]), 2) for name, roles in groups.items()}
    return {
        "n_raters": len(levels),
        "n_roles": sum(bool(held) for held in by_role.values()),
        **_spread(levels),
        "dont_know_pct": _dont_know(level for rating in given for level in rating.levels.values()),
        "levels": ";".join(map(str, levels)),
        "role_medians": json.dumps(medians),
        "reason": OK,
    }


def _statement_row(forms: Mapping[str, Mapping[str, Rating]], condition: str, statement: str, minimum: int) -> dict[str, object]:
    if not forms:
        return {"reason": NOT_INVENTORIED}
    given = [held[condition].levels[statement] for held in forms.values()
             if condition in held and statement in held[condition].levels]  # fmt: skip
    levels = sorted(level for level in given if level is not None)
    if len(levels) < minimum:
        return {"reason": TOO_FEW}
    return {"n_raters": len(levels), **_spread(levels), "dont_know_pct": _dont_know(given), "reason": OK}


def _spread(levels: Sequence[int]) -> dict[str, float]:
    q1, median, q3 = (quantile(levels, quarter) for quarter in (1, 2, 3))
    return {"median": median, "q1": q1, "q3": q3, "lowest": float(levels[0]), "highest": float(levels[-1])}


def _dont_know(given: Iterable[int | None]) -> int:
    """Whole per cent of the given answers that are "vet inte"; halves upwards."""
    answers = list(given)
    unknown = sum(level is None for level in answers)
    return (200 * unknown + len(answers)) // (2 * len(answers))
