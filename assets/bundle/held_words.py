"""Whose numbers stand as they were published, because a newer delivery is held back, in words. Pure."""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.bundle.types import Block, Notice
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.numbers import date_text
from assets.methods.publish import HELD


def held_notice(context: Context) -> list[Block]:
    """A sentence per municipality and wave that the bundle shows and that is held to, in one notice; none where nothing is."""
    rows = context.frames.delivery_quality.filter(pl.col("item") == HELD, pl.col("value").is_not_null())
    rows = rows.filter(pl.col("wave") <= context.scope.wave)
    names = dict(context.frames.index_results.select("area_code", "area_name").unique().iter_rows())
    told = [
        (names.get(code, code), wave, date_text(date.fromisoformat(since)))
        for code, wave, since in rows.select("area_code", "wave", "value").iter_rows()
    ]
    said = [
        context.say("who.held", area=name, wave=wave, day=day)
        for name, wave, day in sorted(told, key=lambda one: (-one[1], numbers.swedish(one[0])))
    ]
    return [Notice(" ".join(said))] if said else []
