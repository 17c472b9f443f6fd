"""The waivers of a bundle's edition, in words: nothing when there is none. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assets.bundle.types import Block, Bullets, SubHeading, Text
from assets.bundle.words import Context


def waiver_blocks(context: Context, place: str) -> tuple[Block, ...]:
    """Heading (with the id `place`), what a waiver is, and a sentence per waiver."""
    method = context.meta.method
    waivers = method.disclosure.waivers.get(context.scope.edition, ()) if method else ()
    if not waivers:
        return ()
    told = tuple(context.say("method.waiver", **_words(waiver)) for waiver in waivers)
    heading = SubHeading(place, context.say("method.waivers_title"))
    return (heading, Text(context.say("method.waivers_intro")), Bullets(told, tone="attention"))


def _words(waiver: Mapping[str, Any]) -> dict[str, str]:
    reason = str(waiver["reason"]).strip()
    signers = "; ".join(f"{person['name']}, {person['role']}" for person in waiver["decided_by"])
    plain = {key: str(waiver[key]) for key in ("id", "rule", "value", "decided_on", "valid_until")}
    return plain | {"reason": reason.rstrip(".") + ".", "people": signers, "usual": str(waiver["usual_value"])}
