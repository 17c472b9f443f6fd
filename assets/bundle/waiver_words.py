"""The waivers of a bundle's edition, in words: nothing when there is none. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assets.bundle.types import Block, Bullets, SubHeading, Text
from assets.bundle.words import Context


def waiver_blocks(context: Context, place: str) -> tuple[Block, ...]:
    """Heading (with the id `place`), what a waiver is, and a sentence per waiver."""
    waivers = context.meta.waivers.get(context.scope.edition, ())
    if not waivers:
        return ()
    told = tuple(_told(context, waiver) for waiver in waivers)
    heading = SubHeading(place, context.say("method.waivers_title"))
    return (heading, Text(context.say("method.waivers_intro")), Bullets(told, tone="attention"))


def _told(context: Context, waiver: Mapping[str, Any]) -> str:
    """One waiver; the rule's text and the reason are Swedish and stand in the Swedish edition only."""
    signers = "; ".join(f"{person['name']}, {person['role']}" for person in waiver["decided_by"])
    plain = {key: str(waiver[key]) for key in ("id", "rule", "value", "decided_on", "valid_until")}
    told = context.say("method.waiver", people=signers, usual=str(waiver["usual_value"]), **plain)
    if context.meta.language != "sv":
        return told
    reason = str(waiver["reason"]).strip().rstrip(".") + "."
    return f"{told} {context.say('method_folder.disclosure.waiver_reason', text=waiver['text'], reason=reason)}"
