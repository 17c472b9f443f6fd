"""The loop: what was decided at workshops, what happened to the follow-up indicators, and how much the results are used. Pure.

Whether an indicator moved is never judged here: `release.trends` says it, with interval and verdict (docs/adr/0020). Only a
change that is published from the very wave the workshop discussed is used; changes over several waves are not added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from assets.catalogue.load import Catalogue

MEASURES = {"index": "share_focus", "indicator": "share", "scale": "mean"}
"""The measure of each kind of series that a decision is followed up by; girls and boys together."""
NO_INDICATOR = ("", "none")
MOVED = {"increase": True, "decrease": False}
"""Verdicts that say that a value has changed -> whether upwards."""
TOLD = ("done", "under_way", "not_started", "dropped")
"""Statuses that say how it went; `dont_know` says that nobody has followed it up."""
SEEN = ("moved_better", "moved_worse", "no_certain_change")
"""States of an indicator that has been looked at again."""

DECISION_COLUMNS = (
    "round", "wave", "workshop_on", "participants", "decision_id", "factor", "priority", "reason", "owner", "first_step",
    "follow_up_indicator", "follow_up_grade", "follow_up_on",
)  # fmt: skip
RELEASED = {
    "edition": pl.String, "area_code": pl.String, "area_name": pl.String, "round": pl.String, "wave": pl.Int32,
    "workshop_on": pl.Date, "participants": pl.Int32, "decision_id": pl.String, "factor": pl.String, "priority": pl.String,
    "reason": pl.String, "owner": pl.String, "first_step": pl.String, "follow_up_indicator": pl.String,
    "follow_up_grade": pl.String, "follow_up_on": pl.Date, "status": pl.String, "status_on": pl.Date,
    "follow_up_state": pl.String, "wave_now": pl.Int32, "value_then": pl.Float64, "value_now": pl.Float64,
    "change": pl.Float64, "low": pl.Float64, "high": pl.Float64, "unit": pl.String, "verdict": pl.String,
}  # fmt: skip
USE = {
    "edition": pl.String, "area_code": pl.String, "area_name": pl.String, "workshops": pl.Int32, "participants": pl.Int32,
    "forms_activities": pl.Int32, "forms_readiness": pl.Int32, "decisions": pl.Int32, "decisions_due": pl.Int32,
    "decisions_followed_up": pl.Int32, "newest_round": pl.String,
}  # fmt: skip

Row = Mapping[str, Any]


@dataclass(frozen=True)
class LoopRules:
    """What the loop is told besides the rows.

    Args:
        edition: whose published values are used. as_of: the day that decides what is due; an input of the run, never the clock.
        area_names: municipality -> name. high_is_good: series -> whether a higher value is wanted.
        grades: grade keys; the first with a value is used where a decision names none.
    """

    edition: str
    as_of: date
    area_names: Mapping[str, str]
    high_is_good: Mapping[str, bool]
    grades: tuple[str, ...]


@dataclass(frozen=True)
class Movement:
    """What happened to an indicator after the workshop's wave. Without `verdict` there is no published change from that wave."""

    wave: int | None = None
    then: float | None = None
    now: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    verdict: str | None = None


def released_decisions(decisions: pl.DataFrame, trends: pl.DataFrame, rules: LoopRules) -> pl.DataFrame:
    """`release.decisions`: a row per decision with what is told of it later and whether its indicator has moved.

    Args:
        decisions: `harmonised.decisions`. Rows with `earlier_decision_id` tell how an earlier decision went.
        trends: `release.trends`, all waves.

    Returns:
        Columns of `RELEASED`, sorted by area, workshop and decision. `follow_up_state`: see `follow_up_state`.
    """
    made = _newest(decisions.filter(pl.col("decision_id").is_not_null()), "decision_id").rows(named=True)
    told = _newest(decisions.filter(pl.col("earlier_status").is_not_null()), "earlier_decision_id").rows(named=True)
    statuses = {row["earlier_decision_id"]: row for row in told}
    published = _Published(trends, made, rules)
    rows = [_released(row, statuses.get(row["decision_id"]), published, rules) for row in made]
    return pl.DataFrame(rows, schema=RELEASED).sort("area_code", "workshop_on", "decision_id")


def _newest(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Of several rows with the same key the one from the latest workshop."""
    order = ["workshop_on", "round", "form_id"]
    return rows.sort(key, *order, nulls_last=False).unique(key, keep="last", maintain_order=True)


def _released(row: Row, told: Row | None, published: _Published, rules: LoopRules) -> dict[str, Any]:
    movement = published.movement(row)
    area = row["municipality_code"]
    return {
        "edition": rules.edition,
        "area_code": area,
        "area_name": rules.area_names[area],
        **{name: row.get(name) for name in DECISION_COLUMNS},
        "status": told["earlier_status"] if told else None,
        "status_on": told["workshop_on"] if told else None,
        "follow_up_state": follow_up_state(row, movement, rules),
        "wave_now": movement.wave,
        "value_then": movement.then,
        "value_now": movement.now,
        "change": movement.change,
        "low": movement.low,
        "high": movement.high,
        "unit": movement.unit,
        "verdict": movement.verdict,
    }


def follow_up_state(decision: Row, movement: Movement, rules: LoopRules) -> str:
    """What can be said of the indicator that was to show whether anything had changed.

    Returns:
        `no_indicator`: none was chosen.
        `not_due`: the day hasn't come, or there is neither a day nor a newer measurement.
        `not_followed_up`: the day has passed without a newer measurement.
        `cannot_tell`: measured again, but no change is published from the workshop's wave (hidden, a break, a wave between).
        `no_certain_change`: the change may be chance.
        `moved_better`, `moved_worse`: a certain change, judged by the indicator's direction.
    """
    series, day = decision["follow_up_indicator"] or "", decision["follow_up_on"]
    if series in NO_INDICATOR:
        return "no_indicator"
    if day is not None and day > rules.as_of:
        return "not_due"
    if movement.wave is None:
        return "not_due" if day is None else "not_followed_up"
    if movement.verdict is None or series not in rules.high_is_good:
        return "cannot_tell"
    if movement.verdict not in MOVED:
        return "no_certain_change"
    return "moved_better" if MOVED[movement.verdict] is rules.high_is_good[series] else "moved_worse"


class _Published:
    """The published values of the indicators that were chosen, found by area, series and grade."""

    def __init__(self, trends: pl.DataFrame, decisions: Sequence[Row], rules: LoopRules) -> None:
        self._rules = rules
        self._newest: dict[str, int] = {}
        self._values: dict[tuple[str, str, str], list[Row]] = {}
        if not trends.width:
            return
        areas = {row["municipality_code"] for row in decisions}
        mine = trends.filter(
            pl.col("edition") == rules.edition, pl.col("area_level") == "municipality", pl.col("area_code").is_in(list(areas))
        )
        self._newest = dict(mine.group_by("area_code").agg(pl.col("wave").max()).iter_rows())
        wanted = pl.col("series").is_in(list({row["follow_up_indicator"] for row in decisions if row["follow_up_indicator"]}))
        measure = pl.col("series_kind").replace_strict(MEASURES, default=None, return_dtype=pl.String) == pl.col("measure")
        for row in mine.filter(wanted & measure, pl.col("sex") == "all").sort("wave").iter_rows(named=True):
            self._values.setdefault((row["area_code"], row["series"], row["grade"]), []).append(row)

    def movement(self, decision: Row) -> Movement:
        """The newest published change from the decision's wave; without one what is known of the newest wave."""
        area, wave = decision["municipality_code"], decision["wave"]
        if (decision["follow_up_indicator"] or "") in NO_INDICATOR or wave is None:
            return Movement()
        newest = self._newest.get(area)
        if newest is None or newest <= wave:
            return Movement()
        rows = self._rows(decision)
        then = next((row["value"] for row in rows if row["wave"] == wave), None)
        later = [row for row in rows if row["wave"] > wave]
        from_it = [row for row in later if row["from_wave"] == wave and row["change"] is not None]
        if from_it:
            row = from_it[-1]
            return Movement(
                row["wave"], row["value_from"], row["value"], row["change"], row["low"], row["high"], row["unit"], row["verdict"]
            )
        return Movement(newest, then, later[-1]["value"] if later else None, unit=rows[-1]["unit"] if rows else None)

    def _rows(self, decision: Row) -> list[Row]:
        area, series = decision["municipality_code"], decision["follow_up_indicator"]
        chosen = decision.get("follow_up_grade")
        found = [self._values.get((area, series, grade), []) for grade in ([chosen] if chosen else self._rules.grades)]
        shown = [rows for rows in found if any(row["value"] is not None for row in rows)]
        return (shown or found or [[]])[0]


def use_of_results(forms: pl.DataFrame, decisions: pl.DataFrame, rules: LoopRules) -> pl.DataFrame:
    """`release.use_of_results`: workshops held, forms returned and decisions followed up, a row per municipality.

    Args:
        forms: `raw.form_files`. Files of activities with the same round and role are one form, files of
            decisions with the same round and day one workshop.
        decisions: `release.decisions`.

    Returns:
        Columns of `USE`, sorted by area. A decision is due when its day has come, and followed up when it is due and somebody has
        told how it went or its indicator has been compared again. `participants`: over all workshops that told how many.
    """
    rows = [
        _use(
            area,
            name,
            forms.filter(pl.col("municipality_code") == area),
            decisions.filter(pl.col("area_code") == area),
            rules,
        )
        for area, name in sorted(rules.area_names.items())
    ]
    return pl.DataFrame(rows, schema=USE)


def _use(area: str, name: str, forms: pl.DataFrame, decisions: pl.DataFrame, rules: LoopRules) -> dict[str, Any]:
    kinds = {kind: forms.filter(pl.col("kind") == kind) for kind in ("activities", "readiness", "decisions")}
    workshops = {
        *kinds["decisions"].select("round", "answered_on").iter_rows(),
        *decisions.select("round", "workshop_on").iter_rows(),
    }
    held = decisions.unique(["round", "workshop_on"], keep="first", maintain_order=True)
    came = held["participants"].cast(pl.Int64).sum()
    due = decisions.filter(pl.col("follow_up_on") <= rules.as_of)
    followed = due.filter(pl.col("status").is_in(TOLD) | pl.col("follow_up_state").is_in(SEEN))
    rounds = sorted({*forms["round"], *decisions["round"]})
    return {
        "edition": rules.edition,
        "area_code": area,
        "area_name": name,
        "workshops": len(workshops),
        "participants": came,
        "forms_activities": kinds["activities"].select("round", "role").unique().height,
        "forms_readiness": kinds["readiness"].unique("form_id").height,
        "decisions": decisions.height,
        "decisions_due": due.height,
        "decisions_followed_up": followed.height,
        "newest_round": rounds[-1] if rounds else None,
    }


def loop_rules(catalogue: Catalogue, *, edition: str, as_of: date) -> LoopRules:
    """The rules of the catalogue. An index is followed by its share in the focus band, where high is never wanted."""
    file = catalogue.indicator_file
    wanted = dict.fromkeys((index.key for index in catalogue.indices), False)
    wanted |= {one.id: one.good for one in file.indicators} | {one.id: one.high_is == "good" for one in file.indices}
    names = {code: catalogue.area_names[code] for code in catalogue.municipality_by_code}
    return LoopRules(edition, as_of, names, wanted, catalogue.profile.grade_keys)
