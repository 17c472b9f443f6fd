"""Charts 12-14 of one municipality: the report's cards and the board's drawings of them.

A municipality where nobody has answered about activities has no matrix and no prioritisation field: the board says why instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.bundle.slide_charts import rows_of
from assets.bundle.words import Context
from assets.catalogue.prevention import load_activities
from assets.catalogue.readiness import load_readiness
from assets.charts import forutsattningstrappa, numbers, prioriteringsfalt, tackningsmatris
from assets.charts.findings import lookup, say
from assets.charts.types import GRADES, ChartCard
from assets.kit import projector_prevention as projector
from assets.kit.board_types import BoardPicture, picture_of
from assets.kit.texts import board_texts

MATRIX, FIELD, STAIRS = "tackningsmatris", "prioriteringsfalt", "forutsattningar"
"""The board's keys of charts 12, 13 and 14."""
ROWS: tuple[tackningsmatris.By, ...] = ("arena", "level")


def prevention_cards(context: Context) -> dict[str, tuple[ChartCard, ...]]:
    """The cards by the board's keys; () for a chart that has nothing to show."""
    frames, scope, meta = context.frames, context.scope, context.meta.charts
    status = frames.activity_status
    answered = (
        status.width
        and status.filter(
            pl.col("edition") == scope.edition, pl.col("area_code") == scope.area_code, pl.col("exists") != "not_inventoried"
        ).height
    )
    matrices = [
        tackningsmatris.build(frames.activity_coverage, status, scope, meta, load_activities(), by=by)
        for by in (ROWS if answered and frames.activity_coverage.width else ())
    ]
    fields = [
        prioriteringsfalt.build(frames.factor_overview, scope, meta, grade=grade, order=_order(context))
        for grade in (GRADES if answered and frames.factor_overview.width else ())
    ]
    stairs = [forutsattningstrappa.build(frames.readiness, scope, meta, load_readiness())] if frames.readiness.width else []
    return {
        MATRIX: tuple(card for card in matrices if card),
        FIELD: tuple(card for card in fields if card and _drawn(context, card)),
        STAIRS: tuple(card for card in stairs if card and _rated(context)),
    }


def _order(context: Context) -> list[str]:
    """Index keys by suggested place, which decides who is drawn when there are more than fit."""
    order = context.frames.priority_order
    if not order.width:
        return []
    scope = context.scope
    mine = order.filter(
        pl.col("edition") == scope.edition, pl.col("area_code") == scope.area_code, pl.col("wave") == scope.wave,
        pl.col("place").is_not_null(),
    )  # fmt: skip
    return mine.sort("place", "factor")["factor"].to_list()


def _rated(context: Context) -> bool:
    """Whether any condition has enough raters to be shown."""
    return any(row["reason"] == "ok" for _, row in _conditions(context))


def _conditions(context: Context) -> list[tuple[str, Mapping[str, object]]]:
    return forutsattningstrappa.conditions_of(context.frames.readiness, context.scope, load_readiness())[1]


def _drawn(context: Context, card: ChartCard) -> list[dict[str, str]]:
    """The rows of chart 13's table whose factor is drawn."""
    yes = say(context.meta.charts, f"{FIELD}.drawn")
    return [row for row in rows_of(context, card, FIELD) if row["drawn"] == yes]


def prevention_pictures(context: Context, cards: Mapping[str, Sequence[ChartCard]]) -> dict[str, tuple[BoardPicture, ...]]:
    """The cards drawn for a projector, in layers.

    Args:
        cards: what `prevention_cards` gives.
    """
    meta, texts = context.meta.charts, board_texts()
    matrices = [
        picture_of(card, texts["labels"][by], projector.matrix_chart(rows_of(context, card, MATRIX), texts["matrix"], by=by))
        for card in cards[MATRIX]
        for by in [card.chart_id.removeprefix(f"{MATRIX}_")]
    ]
    words = lookup(meta.texts, FIELD)
    fields = [
        picture_of(card, _grade(context, card), projector.field_chart(_drawn(context, card), words), _outside(context, card))
        for card in cards[FIELD]
    ]
    told = lookup(meta.texts, forutsattningstrappa.CHART_ID)
    stairs = [
        picture_of(
            card,
            card.title,
            projector.stairs_chart(_conditions(context), load_readiness().level_words_sv, told["reasons"], told["answers"]),
        )
        for card in cards[STAIRS]
    ]
    return {MATRIX: tuple(matrices), FIELD: tuple(fields), STAIRS: tuple(stairs)}


def _grade(context: Context, card: ChartCard) -> str:
    """`Årskurs 9`, from the card's id."""
    return numbers.upper_first(context.grade(card.chart_id.removeprefix(f"{FIELD}_")))


def _outside(context: Context, card: ChartCard) -> tuple[str, ...]:
    """The sentence on the factors that couldn't be placed; the first note of the card when there are any."""
    whole = rows_of(context, card, FIELD)
    return card.notes[:1] if len(_drawn(context, card)) < len(whole) else ()
