"""How many girls and boys are in the numbers, wave by wave: released counts of pupils with an index value."""

from __future__ import annotations

import polars as pl

from assets.bundle.types import Block, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.types import GRADES

SEXES = ("girl", "boy", "all")


def sex_blocks(context: Context) -> list[Block]:
    """A row per wave and grade, newest first; nothing when not one count of the municipality is released.

    The counts of a row are of one index, so that they add up: the one with most pupils of those shown for both sexes. Where no
    index is, each count is the largest released `n` of its own.
    """
    measures = sorted({index.focus_measure for index in context.indices.values()})
    released = context.frames.index_results.filter(
        (pl.col("area_code") == context.scope.area_code)
        & (pl.col("edition") == context.scope.edition)
        & pl.col("measure").is_in(measures)
    )
    counts = (
        _of_one_index(released).group_by("wave", "grade", "sex").agg(n=pl.col("n").max(), reason=pl.col("reason").sort().last())
    )
    found = {(wave, grade, sex): (n, reason) for wave, grade, sex, n, reason in counts.iter_rows()}
    if not any(n for n, _ in found.values()):
        return []
    waves = sorted({key[0] for key in found}, reverse=True)
    rows = []
    for wave, grade in ((wave, grade) for wave in waves for grade in GRADES):
        cells = [found.get((wave, grade, sex), (None, "missing")) for sex in SEXES]
        if all(reason == "no_pupils" for _, reason in cells):
            continue
        rows.append((str(wave), context.grade(grade, short=True), *(_count(context, n, reason) for n, reason in cells)))
    table = Table(
        id="svar-kon",
        caption=context.say("questions.sexes.caption", area=context.scope.area_name),
        columns=tuple(context.entry("questions.sexes.columns").values()),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4}),
        source=context.meta.charts.survey_source,
    )
    heading = SubHeading("vilka-kon", context.say("questions.sexes.title"))
    return [heading, Text(context.say("questions.sexes.text")), table]


def _of_one_index(released: pl.DataFrame) -> pl.DataFrame:
    """The rows of one index per wave and grade; of a wave and grade where no index is shown for both sexes, all rows."""
    place, total = ["wave", "grade"], pl.col("n").filter(pl.col("sex") == "all").first()
    whole = released.filter(pl.col("n").is_not_null()).group_by(*place, "index_key").agg(pl.col("sex").n_unique(), total=total)
    chosen = (
        whole.filter(pl.col("sex") == len(SEXES))
        .sort("total", "index_key", descending=[True, False])
        .group_by(place, maintain_order=True)
        .first()
        .select(*place, chosen="index_key")
    )
    marked = released.join(chosen, on=place, how="left", maintain_order="left")
    return marked.filter(pl.col("chosen").is_null() | (pl.col("index_key") == pl.col("chosen")))


def _count(context: Context, n: int | None, reason: str) -> str:
    if n is not None:
        return numbers.thousands(n)
    return context.reason("suppressed" if reason == "ok" else reason)
