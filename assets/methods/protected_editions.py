"""All editions of one wave, each within the first: work for a process of its own. Pure; arguments and results can be pickled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from assets.methods.contained_areas import as_parts
from assets.methods.disclosure import protect
from assets.methods.disclosure_blocks import SEXES
from assets.methods.disclosure_counts import COUNT_RULE
from assets.methods.editions import HIDDEN, allowed_areas
from assets.methods.kept_series import on_rows
from assets.methods.protect_series import SeriesRelease, protect_series

if TYPE_CHECKING:
    from assets.catalogue.indicator_models import IndicatorFile
    from assets.catalogue.models import Survey
    from assets.methods.disclosure_policy import DisclosurePolicy
    from assets.methods.edition_patterns import Outer

PLACE = ["area_level", "area_code", "wave", "grade"]
GROUP = [*PLACE, "sex"]
Counted = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


def protected_series(
    inputs: Counted,
    hidden: Mapping[str, pl.DataFrame],
    kept: Mapping[str, pl.DataFrame | None],
    contains: Mapping[str, Sequence[str]],
    file: IndicatorFile,
    survey: Survey,
    policy: DisclosurePolicy,
) -> list[SeriesRelease]:
    """The single-question series of each edition, in the order of `hidden`.

    Args:
        inputs: counts, means and estimates of the wave.
        hidden: edition -> areas, grades and sexes whose number of respondents it hides. kept: edition -> what an earlier release
            hid. contains: municipality -> areas counted within it.
    """
    made: list[SeriesRelease] = []
    within = None
    for edition, concealed in hidden.items():
        tables = (as_parts(allowed_areas(table, policy, edition), contains) for table in (*inputs, concealed))
        counts, means, estimates, respondents = tables
        held = on_rows(kept[edition], *inputs[:2])
        if held is not None:
            held = as_parts(allowed_areas(held, policy, edition), contains)
        safe = protect_series(counts, means, estimates, file, survey, policy, edition, respondents, within, held)
        within = within or safe.pattern
        made.append(safe)
    return made


def hidden_respondents(
    results: pl.DataFrame, log: pl.DataFrame, policy: DisclosurePolicy, close: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Areas, grades and sexes (`GROUP`) whose hidden number of respondents the single questions may not tell.

    With the policy's `whole_numbers` areas are left out where girls, boys and all are hidden for the numbers of scored pupils
    alone (`count_interval`): those who answered a question are no more than the respondents, so with nothing above them the
    respondents stay unknown.

    Args:
        results: an edition's `release.index_results`. log: its rows of `release.suppression_log`.
        close: from `nearly_all`, where something is above them.
    """
    told = (pl.col("measure") == "n_respondents") & pl.col("reason").is_in(HIDDEN)
    hidden = results.filter(told).select(GROUP).unique()
    if not policy.whole_numbers:
        return hidden
    unbounded = log.filter(pl.col("cell") == "n_respondents", pl.col("rule") == COUNT_RULE).group_by(PLACE)
    free = unbounded.agg(pl.col("sex").n_unique()).filter(pl.col("sex") == len(SEXES))
    return hidden.join(free if close is None else free.join(close, on=PLACE, how="anti"), on=PLACE, how="anti")


def nearly_all(counts: pl.DataFrame, enrolled: pl.DataFrame, policy: DisclosurePolicy) -> pl.DataFrame:
    """`PLACE` of areas where so many have answered that the register's pupils would bound the respondents from above.

    Args:
        counts: `indices.indicator_counts`. enrolled: `release.response_rates`, where pupils are shown to the nearest step.
    """
    every = [policy.numbers(edition) for edition in policy.editions]
    need = max(max(one.interval_width, one.interval_width_sensitive) + one.count_step for one in every)
    answered = counts.group_by(PLACE).agg(pl.col("n_respondents").max())
    near = answered.join(enrolled, on=PLACE).filter(pl.col("enrolled") - pl.col("n_respondents") < need)
    return near.select(PLACE).unique()


def released_anew(
    indices: tuple[pl.DataFrame, pl.DataFrame],
    questions: Counted,
    focus: Mapping[str, int],
    file: IndicatorFile,
    survey: Survey,
    policy: DisclosurePolicy,
    editions: Sequence[str],
) -> dict[str, pl.DataFrame]:
    """The results of both families and all editions under other numbers, each edition within the first.

    Args:
        indices: counts and estimates of the indices. questions: counts, means and estimates of the single questions.
        focus: index key -> focus band.
    """
    found, asked_for = [], []
    within: tuple[Outer | None, Outer | None] = (None, None)
    for edition in editions:
        counts, estimates = (allowed_areas(table, policy, edition) for table in indices)
        safe = protect(counts, estimates, policy, edition, focus, None, within[0])
        hidden = hidden_respondents(safe.results, safe.log, policy)
        series = (allowed_areas(table, policy, edition) for table in questions)
        asked = protect_series(*series, file, survey, policy, edition, hidden, within[1])
        found.append(safe.results)
        asked_for.append(asked.results)
        within = (within[0] or safe.pattern, within[1] or asked.pattern)
    return {"index_results": pl.concat(found), "indicator_results": pl.concat(asked_for)}
