"""How far each municipality of a pilot has come, from first delivery to follow-up. Pure: what lies on disk is told by the caller.

Only released tables are read. Municipalities stand in alphabetical order: how far somebody has come is no ranking.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from markupsafe import Markup

from assets.bundle.types import ReportMeta
from assets.bundle.words import date_text
from assets.catalogue.pilot_models import Pilot
from assets.charts import numbers
from assets.charts.types import ReleaseFrames, Scope
from assets.kit.board import environment, source_hash
from assets.kit.texts import kit_texts

STEPS = ("delivery", "activities", "readiness", "bundle", "kit", "decisions", "follow_up")
COMPARED = ("moved_better", "moved_worse", "no_certain_change")
"""States of a decision's follow-up where its indicator has been compared again."""


@dataclass(frozen=True)
class PilotRow:
    """One municipality: for each step whether it is done, and in words. `links`: name -> path for what is on disk."""

    area_code: str
    area_name: str
    compared_with: tuple[str, ...]
    steps: Mapping[str, tuple[bool, str]]
    links: Mapping[str, str]


def pilot_row(frames: ReleaseFrames, scope: Scope, names: Sequence[str], links: Mapping[str, str]) -> PilotRow:
    """How far one municipality has come.

    Args:
        frames: what `assets.bundle.frames.select_frames` gives for the scope.
        names: of the municipalities that it is compared with. links: `bundle`, `kit` -> path, for those that are on disk.
    """
    texts = kit_texts()["pilot"]
    made = {key: (key in links, texts["on_disk"] if key in links else texts["not_on_disk"]) for key in ("bundle", "kit")}
    found = {
        "delivery": _delivery(frames, scope),
        "activities": _round(frames.activity_status, pl.col("exists") != "not_inventoried"),
        "readiness": _readiness(frames.readiness),
        **made,
        **_decided(frames.decisions, scope),
    }
    return PilotRow(
        scope.area_code, scope.area_name, tuple(sorted(names, key=numbers.swedish)), {step: found[step] for step in STEPS}, links
    )


def _delivery(frames: ReleaseFrames, scope: Scope) -> tuple[bool, str]:
    """Whether any grade of the wave has answers that count."""
    rates = frames.response_rates
    mine = rates.filter(pl.col("area_code") == scope.area_code, pl.col("wave") == scope.wave)
    come = mine.filter(pl.col("respondents").is_not_null() | pl.col("reason").is_in(["suppressed", "too_few"])).height > 0
    texts = kit_texts()["pilot"]
    return come, texts["delivered"].format(wave=scope.wave) if come else texts["not_delivered"].format(wave=scope.wave)


def _round(table: pl.DataFrame, answered: pl.Expr) -> tuple[bool, str]:
    """The newest round that somebody has answered."""
    texts = kit_texts()["pilot"]
    rounds = table.filter(answered)["round"].to_list() if table.width else []
    return bool(rounds), texts["round"].format(round=max(rounds)) if rounds else texts["no_round"]


def _readiness(table: pl.DataFrame) -> tuple[bool, str]:
    shown = _round(table, pl.col("reason") == "ok")
    few = _round(table, pl.col("reason") == "too_few_raters")
    return shown if shown[0] or not few[0] else (False, kit_texts()["pilot"]["too_few"])


def _decided(decisions: pl.DataFrame, scope: Scope) -> dict[str, tuple[bool, str]]:
    """Decisions that have come back about any wave up to the scope's, and how many of them have been followed up."""
    texts = kit_texts()["pilot"]
    mine = decisions.filter(pl.col("area_code") == scope.area_code) if decisions.width else decisions
    count = mine.height
    if not count:
        return {"decisions": (False, texts["no_decisions"]), "follow_up": (False, texts["nothing_to_follow"])}
    followed = mine.filter(pl.col("follow_up_state").is_in(COMPARED) | pl.col("status").is_not_null()).height
    told = texts["followed"].format(done=numbers.thousands(followed), all=numbers.thousands(count))
    back = texts["decisions_one" if count == 1 else "decisions"].format(count=numbers.thousands(count))
    return {"decisions": (True, back), "follow_up": (followed == count, told)}


def pilot_page(pilot: Pilot, rows: Collection[PilotRow], meta: ReportMeta, wave: int) -> bytes:
    """`pilot_<id>.html`, beside the bundles."""
    texts, css = kit_texts()["pilot"], str(environment().get_template("kit.css").render())
    page = environment().get_template("pilot.html").render(
        pilot=pilot,
        rows=sorted(rows, key=lambda row: numbers.swedish(row.area_name)),
        texts=texts,
        kit=kit_texts(),
        title=texts["title"].format(pilot=pilot.title_sv, wave=wave),
        lead=texts["lead"].format(released=date_text(meta.released)),
        synthetic=meta.charts.synthetic,
        css=Markup(css),
        policy=Markup(f"default-src 'none'; style-src {source_hash(css)}"),
    )  # fmt: skip
    return page.encode("utf-8")
