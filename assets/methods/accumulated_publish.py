"""What may be told about how many factors pupils have. Pure.

The pupils are those of the index tables, so two publications meet. The numbers of factors are protected as an index is
(`disclosure.protect`: floors, the line rule over groups and sexes, sums over areas). Beyond that a row is barred

- when one of its indices hides the share that says who has that factor, for the same pupils: the groups would help to find it;
- when the groups and those shares together give a number of pupils below the cell floor (`least_linked`);
- as a whole, when one of its groups is hidden: the sum of the factors is known from the indices, so one group tells another;
- when girls and boys are hidden but their sum is not, and too few pupils could swap answers on an index (`swaps_out`, `swaps_in`:
  what the index tables tell stays the same) to leave the hidden numbers wide enough;
- as a whole, for all of an area's pupils, when the engine would protect something there by hiding a number of respondents that
  the index tables tell;
- and its number of pupils, when one of its indices hides its own number there, or it is hidden for girls, boys or all.

A swap between two pupils of the same area and sex is a world that gives the same publications, so swaps bound from below how well
a hidden number is hidden. These rules depend on what is hidden, so protecting is repeated until nothing is added.

Respondents and the share without a count are never told here: the index tables tell what may be told about them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from assets.methods.accumulated import CountRule
from assets.methods.accumulated_areas import KEYS, SWAPS
from assets.methods.disclosure import DisclosurePolicy, ProtectedRelease, load_policy, protect
from assets.methods.edition_patterns import Outer
from assets.methods.perturbed_release import protect_perturbed
from assets.methods.publish import RESULT_COLUMNS as INDEX_COLUMNS

MEASURES = {
    "n_scored": "n_counted",
    "share_band1": "share_none",
    "share_band2": "share_some",
    "share_band3": "share_most",
    "diff_share_focus": "diff_share_most",
    "sex_gap_share_focus": "sex_gap_share_most",
}
"""Measures of the engine -> measures of `release.accumulated_results`."""
RESULT_COLUMNS = tuple("count_key" if name == "index_key" else name for name in INDEX_COLUMNS)
_GROUPS = ["share_band1", "share_band2", "share_band3"]
_BARS = ["bars_bands", "bars_counts"]
_BLOCK = [key for key in KEYS if key != "sex"]
_PLACE = [key for key in _BLOCK if key != "index_key"]
RESULT_KEYS = ("area_level", "area_code", "wave", "grade", "sex", "count_key", "measure")


def policy_with_counts(disclosure: Mapping[str, Any], rules: Sequence[CountRule]) -> dict[str, Any]:
    """The disclosure policy in which a count is as sensitive as the most sensitive of its indices.

    Numbers of factors follow what the index tables hide of the same respondents: they take no step of their own for whole pupils.
    """
    sensitive = set(disclosure.get("sensitive_indices", ()))
    return {
        **disclosure,
        "whole_numbers": False,
        "sensitive_indices": [rule.key for rule in rules if sensitive & set(rule.indices)],
    }


def protect_accumulated(
    counts: pl.DataFrame,
    estimates: pl.DataFrame,
    index_results: pl.DataFrame,
    rules: Sequence[CountRule],
    disclosure: Mapping[str, Any],
    edition: str,
    within: Outer | None = None,
    kept: pl.DataFrame | None = None,
) -> ProtectedRelease:
    """Numbers of factors that reveal no small count, alone or beside the published indices.

    Args:
        counts, estimates: `indices.accumulated_counts`, `indices.accumulated_estimates` with `is_clear`.
        index_results: `release.index_results` of the same waves and edition. What isn't there counts as hidden.
        disclosure: `disclosure.yml` as a mapping. within: see `disclosure.protect`.
        kept: rows (`KEYS, bars_bands, bars_counts`) that were hidden in an earlier release of the same pupils and stay so.

    Returns:
        Rows with the columns of `disclosure.protect`, measures of `MEASURES`; and the log.

    Raises:
        PipelineError: the tables do not hold together.
    """
    policy = load_policy(policy_with_counts(disclosure, rules))
    numbers = policy.numbers(edition)
    strict = pl.col("index_key").is_in(list(policy.sensitive_indices))
    floor = pl.when(strict).then(numbers.cell_floor_sensitive).otherwise(numbers.cell_floor)
    barred = counts.join(_shown_beside(index_results, rules), on=KEYS, how="left", maintain_order="left")
    barred = barred.select(
        *KEYS,
        bars_bands=~pl.col("bands_shown").fill_null(False) | (pl.col("least_linked") < floor),
        bars_counts=~pl.col("counts_shown").fill_null(False),
    )
    if kept is not None:
        held = kept.select(*KEYS, *(pl.col(name).alias(f"_{name}") for name in _BARS))
        also = [pl.col(name) | pl.col(f"_{name}").fill_null(value=False) for name in _BARS]
        barred = barred.join(held, on=KEYS, how="left", maintain_order="left").select(*KEYS, *also)
    told = index_results.filter(pl.col("measure") == "n_respondents", pl.col("reason") == "ok").select(*_PLACE, "sex").unique()
    return _named(_repeated(counts, estimates, policy, edition, barred, within, told))


def perturb_accumulated(
    counts: pl.DataFrame,
    estimates: pl.DataFrame,
    rules: Sequence[CountRule],
    disclosure: Mapping[str, Any],
    edition: str,
) -> ProtectedRelease:
    """Numbers of factors with noise by cell key, as `protect_accumulated` gives them; nothing is hidden to protect another."""
    return _named(protect_perturbed(counts, estimates, load_policy(policy_with_counts(disclosure, rules)), edition))


def _named(safe: ProtectedRelease) -> ProtectedRelease:
    """The rows and the log with the measures of `release.accumulated_results`."""
    told = pl.col("measure").is_in(list(MEASURES))
    named = safe.results.filter(told).with_columns(pl.col("measure").replace_strict(MEASURES, return_dtype=pl.String))
    log = safe.log.filter(pl.col("cell").is_in(list(MEASURES)))
    renamed = log.with_columns(pl.col("cell").replace_strict(MEASURES, return_dtype=pl.String))
    return ProtectedRelease(named, renamed, safe.pattern)


def _repeated(
    counts: pl.DataFrame,
    estimates: pl.DataFrame,
    policy: DisclosurePolicy,
    edition: str,
    barred: pl.DataFrame,
    within: Outer | None,
    told: pl.DataFrame,
) -> ProtectedRelease:
    """Protect, bar the rows that what is hidden calls for, and again; rows only ever join, so it ends."""
    spans = _spans(counts, policy, edition)
    while True:
        safe = protect(counts, estimates, policy, edition, barred=barred, within=within)
        more = _more_barred(safe.results, barred, spans, told)
        if more.select(_BARS).sum().equals(barred.select(_BARS).sum()):
            return safe
        barred = more


def _more_barred(results: pl.DataFrame, barred: pl.DataFrame, spans: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The barred rows with those that the hidden cells of `results` call for.

    Args:
        told: places and sexes whose number of respondents the index tables show.
    """
    hidden = (pl.col("reason") != "ok").any()
    rows = barred
    for keys, measures, name in ((KEYS, _GROUPS, "_row"), (_BLOCK, ["n_scored"], "_number")):
        found = results.filter(pl.col("measure").is_in(measures)).group_by(keys).agg(hidden.alias(name))
        rows = rows.join(found, on=keys, how="left", maintain_order="left")
    split = results.filter(pl.col("measure").is_in(_GROUPS), pl.col("sex") != "all").group_by(_BLOCK).agg(hidden.alias("_split"))
    rows = rows.join(split, on=_BLOCK, how="left", maintain_order="left")
    rows = rows.join(spans, on=_BLOCK, how="left", maintain_order="left")
    respondents = pl.col("measure") == "n_respondents"
    unheld = results.filter(respondents, pl.col("reason") != "ok").join(told, on=[*_PLACE, "sex"], how="semi")
    unheld = unheld.select(*_PLACE, _unheld=pl.lit(True)).unique()
    rows = rows.join(unheld, on=_PLACE, how="left", maintain_order="left").with_columns(pl.col("_unheld").fill_null(False))
    tied = (pl.col("sex") == "all") & pl.col("_split").fill_null(True) & ~pl.col("spans_enough").fill_null(False)
    return rows.select(
        *KEYS,
        bars_bands=pl.col("bars_bands") | pl.col("_row").fill_null(True) | tied | pl.col("_unheld"),
        bars_counts=pl.col("bars_counts") | pl.col("_number").fill_null(True) | pl.col("_unheld"),
    )


def _spans(counts: pl.DataFrame, policy: DisclosurePolicy, edition: str) -> pl.DataFrame:
    """Per area and count whether swaps among the girls, and opposite ones among the boys, leave a wide interval of each sex."""
    numbers = policy.numbers(edition)
    strict = pl.col("index_key").is_in(list(policy.sensitive_indices))
    width = pl.when(strict).then(numbers.interval_width_sensitive).otherwise(numbers.interval_width)
    girls, boys = (counts.filter(pl.col("sex") == sex).select(*_BLOCK, *SWAPS) for sex in ("girl", "boy"))
    both = girls.join(boys, on=_BLOCK, suffix="_boy")
    one_way = pl.min_horizontal("swaps_out", "swaps_in_boy")
    return both.select(*_BLOCK, spans_enough=one_way + pl.min_horizontal("swaps_in", "swaps_out_boy") > width)


def _shown_beside(index_results: pl.DataFrame, rules: Sequence[CountRule]) -> pl.DataFrame:
    """Per row of the counts: whether all its indices show the share that says who has the factor, and all their numbers.

    Of a risk factor that is the lowest band (everybody else has it), of a protective one too (those in it lack it).
    """
    keys = [key for key in KEYS if key != "index_key"]
    shown = (pl.col("reason") == "ok").alias("shown")
    parts = []
    for rule in rules:
        own = index_results.filter(pl.col("index_key").is_in(list(rule.indices)))
        cells = own.filter(pl.col("measure").is_in(["share_band1", "n_scored", "n_respondents"])).select(*keys, "measure", shown)
        all_there = pl.len() == len(rule.indices)
        share = cells.filter(pl.col("measure") == "share_band1").group_by(keys).agg(bands_shown=pl.col("shown").all() & all_there)
        number = cells.filter(pl.col("measure") != "share_band1").group_by(keys).agg(
            counts_shown=pl.col("shown").all() & (pl.len() == 2 * len(rule.indices))
        )  # fmt: skip
        parts.append(share.join(number, on=keys, how="full", coalesce=True).with_columns(index_key=pl.lit(rule.key)))
    return pl.concat(parts)


def finish_accumulated(
    protected: pl.DataFrame, absent: pl.DataFrame, area_names: Mapping[str, str], edition: str, cutoff_set: str
) -> pl.DataFrame:
    """`release.accumulated_results`: protected and absent rows with names, edition and cut-off set, sorted by key."""
    frame = pl.concat([protected, absent]).with_columns(
        edition=pl.lit(edition),
        cutoff_set=pl.lit(cutoff_set),
        area_name=pl.col("area_code").replace_strict(dict(area_names), return_dtype=pl.String),
    )
    return frame.rename({"index_key": "count_key"}).select(RESULT_COLUMNS).sort(RESULT_KEYS)
