"""That values have a little noise, in words: nothing when none has. Pure."""

from __future__ import annotations

from assets.bundle.types import Block, SubHeading, Text
from assets.bundle.words import Context


def noise_blocks(context: Context, place: str) -> tuple[Block, ...]:
    """Heading (with the id `place`) and what the noise means for who reads the numbers."""
    if not context.meta.noise:
        return ()
    told = context.say("method.noise", most=context.meta.noise)
    return (SubHeading(place, context.say("method.noise_title")), Text(told))
