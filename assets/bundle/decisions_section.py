"""Beslut och uppföljning: the section of the report that shows what workshops decided and whether anything has moved. Pure.

Whether an indicator has moved is what `release.decisions` says, which has it from the published changes; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from assets.bundle.decision_words import follow_up_sentences, label
from assets.bundle.types import Block, Bullets, Section, SubHeading, Table, Text
from assets.bundle.words import Context, date_text
from assets.charts import numbers

ID = "beslut"
Row = Mapping[str, Any]


def section(context: Context) -> Section | None:
    """Decisions by workshop, the newest first, then what has happened since, by state.

    Returns:
        None when the release knows nothing of decisions. A municipality without decisions has a sentence on how they get here.
    """
    rows = context.frames.decisions
    if not rows.width:
        return None
    if rows.is_empty():
        text = context.say("decisions.none", area=context.scope.area_name)
        return Section(ID, context.title(ID), (Text(text),))
    held: dict[tuple[date, int | None], list[Row]] = {}
    for row in rows.sort("workshop_on", "wave", "decision_id", descending=[True, True, False]).iter_rows(named=True):
        held.setdefault((row["workshop_on"], row["wave"]), []).append(row)
    ordered = [row for workshop in held.values() for row in workshop]
    notices = context.synthetic_notice()
    invented = (Text(context.say("decisions.synthetic")),) if context.meta.charts.synthetic else ()
    blocks: list[Block] = [*notices, *invented, Text(context.say("decisions.intro")), Text(_counted(context, ordered))]
    for place, (key, made) in enumerate(held.items(), start=1):
        blocks += _workshop(context, place, *key, made)
    return Section(ID, context.title(ID), (*blocks, *_since(context, ordered)))


def _counted(context: Context, rows: Sequence[Row]) -> str:
    """`4 beslut har kommit tillbaka: 1 där måttet har blivit bättre och …`."""
    found = [row["follow_up_state"] for row in rows]
    groups = context.entry("decisions.groups")
    parts = [groups[state]["counted"].format(n=found.count(state)) for state in groups if state in found]
    form = "one" if len(rows) == 1 else "other"
    return context.say(f"decisions.count.{form}", n=len(rows), parts=numbers.words(parts))


def _workshop(context: Context, place: int, day: date, wave: int | None, rows: Sequence[Row]) -> list[Block]:
    about = context.say("decisions.about", wave=wave) if wave is not None else context.say("decisions.about_unknown")
    came = rows[0]["participants"]
    if came is not None:
        about = f"{about} {context.say('decisions.participants', n=came)}"
    return [
        SubHeading(f"{ID}-{place}-rubrik", context.say("decisions.workshop", day=date_text(day))),
        Text(about),
        Table(
            id=f"{ID}-{place}",
            caption=context.say("decisions.caption", day=date_text(day)),
            columns=tuple(context.entry("decisions.columns")),
            rows=tuple(_row(context, row) for row in rows),
            source=context.say("decisions.source"),
        ),
    ]


def _row(context: Context, row: Row) -> tuple[str, ...]:
    empty = context.say("decisions.empty")
    priority = row["priority"] or empty
    if row["reason"]:
        priority = context.say("decisions.reason", priority=_ended(priority), reason=row["reason"])
    return (
        row["decision_id"],
        label("factor", row["factor"]) or empty,
        priority,
        row["owner"] or empty,
        row["first_step"] or empty,
    )


def _since(context: Context, rows: Sequence[Row]) -> list[Block]:
    """What has happened since, a heading and a list per state."""
    blocks: list[Block] = []
    for state, words in context.entry("decisions.groups").items():
        said = tuple(_sentence(context, row) for row in rows if row["follow_up_state"] == state)
        if said:
            blocks += [SubHeading(f"{ID}-{state.replace('_', '-')}", words["title"]), Bullets(said, words["tone"])]
    return [*blocks, Text(context.meta.charts.survey_source, "source")]


def _sentence(context: Context, row: Row) -> str:
    sentence, name = follow_up_sentences(row), "follow_up" if row["priority"] else "follow_up_unnamed"
    return context.say(f"decisions.{name}", id=row["decision_id"], priority=_unended(row["priority"] or ""), sentence=sentence)


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _unended(text: str) -> str:
    return text.rstrip(" .")
