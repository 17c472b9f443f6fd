"""What stands beside the matrix of activities in words: legal duties, groups that aren't reached, and what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from assets.charts import numbers
from assets.charts.findings import say
from assets.charts.types import ChartMeta
from assets.methods.activities import DUTIES

if TYPE_CHECKING:
    from assets.catalogue.prevention import ActivityCatalogue


def activity_notes(status: pl.DataFrame, catalogue: ActivityCatalogue, meta: ChartMeta) -> tuple[str, ...]:
    """The sentences that the municipality's newest round gives; none where there is nothing to say.

    Args:
        status: rows of `release.activity_status`, one municipality and round.
    """
    return tuple(
        text for text in (_duties(status, catalogue, meta), _groups(status, catalogue, meta), _change(status, meta)) if text
    )


def _duties(status: pl.DataFrame, catalogue: ActivityCatalogue, meta: ChartMeta) -> str:
    """Activities that the law asks for and the municipality says it doesn't have."""
    missing = set(status.filter(pl.col("exists") == "no")["activity_id"])
    names = [a.short_sv for a in catalogue.activities if a.id in missing and a.legal_basis in DUTIES]
    listed = numbers.words([numbers.lower_first(name) for name in names])
    return say(meta, "tackningsmatris.said.duties", names=listed) if names else ""


def _groups(status: pl.DataFrame, catalogue: ActivityCatalogue, meta: ChartMeta) -> str:
    """Groups that existing activities don't reach, the one named for most activities first."""
    named = [code for value in status.filter(pl.col("exists") == "yes")["groups_not_reached"] for code in value.split(";")]
    labels = {g.key: g.label_sv for g in catalogue.form_file.groups}
    order = sorted((key for key in labels if key in named), key=lambda key: -named.count(key))
    parts = [
        say(meta, "tackningsmatris.said.group", label=numbers.lower_first(labels[key]), count=numbers.thousands(named.count(key)))
        for key in order
    ]
    return say(meta, "tackningsmatris.said.groups", names=numbers.words(parts)) if parts else ""


def _change(status: pl.DataFrame, meta: ChartMeta) -> str:
    """What is new and what has ended since the round before, and of how many that can't be told."""
    changes = status["change"].to_list()
    if not changes or "first_time" in changes:
        return ""
    counts = {name: numbers.thousands(changes.count(name)) for name in ("new", "ended", "cannot_tell")}
    return say(meta, "tackningsmatris.said.change", **counts)
