"""Every limit of an index side by side: the published sets, and limits made from the pupils in hand; who falls beyond each. Pure.

A score is compared as each set says: published and recomputed limits strictly with the score at three decimals, the median with a
score at it counted as beyond. Limits are bound by index key and direction throughout. A protective index is beyond its limit on
the low side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.methods.bands import FOCUS_BAND, CutSet, Kind, band_expr
from assets.methods.cutoff_rules import SingleCut, as_cut_set, ctc_cut, frozen_median, recomputed_cuts
from assets.methods.errors import PipelineError

PUBLISHED, RECOMPUTED, MEDIAN, CTC = "published", "recomputed", "frozen_median", "ctc"
KEYS = ["municipality_code", "wave", "grade", "sex"]
CUT_SCHEMA = {
    "cut_set": pl.String,
    "rule": pl.String,
    "in_use": pl.Boolean,
    "index_key": pl.String,
    "kind": pl.String,
    "focus_cut": pl.Float64,
    "shift": pl.Float64,
    "tie_beyond": pl.Boolean,
    "n_reference": pl.Int64,
    "first_wave": pl.Int64,
    "last_wave": pl.Int64,
}
COUNT_KEYS = ["area_code", "wave", "grade", "cut_set", "index_key"]


def published_pupils(persons: pl.DataFrame) -> pl.DataFrame:
    """The pupils that stand in the published tables: girls and boys whose wave, grade and municipality are known."""
    return persons.filter(
        pl.col("sex").is_in(["girl", "boy"]), *(pl.col(k).is_not_null() for k in ("municipality_code", "wave", "grade"))
    )


def cut_alternatives(
    persons: pl.DataFrame,
    kinds: Mapping[str, Kind],
    sets: Sequence[CutSet],
    in_use: str,
    rules: Sequence[str],
    reference: pl.Expr | None = None,
) -> tuple[pl.DataFrame, dict[str, dict[str, pl.Expr]]]:
    """All limits, and per limit and index an expression that is true for a score beyond it (null without a score).

    Args:
        persons: `KEYS` and a column of scores per index (protective scores already times -1), all waves.
        kinds: index key -> direction. sets: the published sets, with the one called `in_use`.
        rules: of `recomputed`, `frozen_median`, `ctc`. The median and the mean deviation are those of an index's first wave.
        reference: true for the pupils that `recomputed` is made from; None: all.

    Returns:
        `CUT_SCHEMA`, in the order of sets, rules and indices: `focus_cut` is the limit of the focus group (the upper one of a
        risk index, the lower one of a protective), `shift` its distance from the one in use, `tie_beyond` whether a score at it
        is beyond it, `n_reference` and the waves of the pupils it is made from (null for published sets).

        An index without a scored pupil, or in which too many share a score for two limits, has no row for the rule.
    """
    rows, beyond = [], {}
    for cut_set in sets:
        rows += [_row(cut_set.id, PUBLISHED, key, kind, _focus(cut_set, key, kind), False) for key, kind in kinds.items()]
        beyond[cut_set.id] = {key: _in_focus(key, kind, cut_set) for key, kind in kinds.items()}
    if RECOMPUTED in rules:
        chosen = persons if reference is None else persons.filter(reference)
        table = pl.concat([_recomputed(chosen, key, kind) for key, kind in kinds.items()])
        own = as_cut_set(table, RECOMPUTED)
        for made in table.iter_rows(named=True):
            key, kind = made["index_key"], kinds[made["index_key"]]
            behind = (made["n"], made["waves"][0], made["waves"][-1])
            rows.append(_row(RECOMPUTED, RECOMPUTED, key, kind, _focus(own, key, kind), False, behind))
        beyond[RECOMPUTED] = {key: _in_focus(key, kinds[key], own) for key in own.cuts}
    for rule in (name for name in (MEDIAN, CTC) if name in rules):
        single = {key: made for key, kind in kinds.items() if (made := _single(persons, key, kind, rule))}
        for key, (cut, wave) in single.items():
            rows.append(_row(rule, rule, key, cut.kind, cut.value, not cut.strict, (cut.n, wave, wave)))
        beyond[rule] = {key: cut.beyond() == 1 for key, (cut, _) in single.items()}
    frame = pl.DataFrame(rows, schema={name: CUT_SCHEMA[name] for name in rows[0]}) if rows else pl.DataFrame(schema=CUT_SCHEMA)
    used = {key: cut for key, cut in frame.filter(pl.col("cut_set") == in_use).select("index_key", "focus_cut").iter_rows()}
    shift = pl.col("focus_cut") - pl.col("index_key").replace_strict(used, return_dtype=pl.Float64)
    return frame.with_columns(in_use=pl.col("cut_set") == in_use, shift=shift).select(list(CUT_SCHEMA)), beyond


def county_counts(persons: pl.DataFrame, beyond: Mapping[str, Mapping[str, pl.Expr]]) -> pl.DataFrame:
    """Pupils of the county beyond each limit, girls and boys together.

    Returns:
        `COUNT_KEYS` (the county's code is a municipality's first two signs), `n_scored`, `n_focus` (Int64), sorted.
    """
    chosen = persons.with_columns(area_code=pl.col("municipality_code").str.slice(0, 2))
    groups = ["area_code", "wave", "grade"]
    parts = []
    for cut_set, by_index in beyond.items():
        for key, flag in by_index.items():
            scored = pl.col(key).fill_nan(None).is_not_null()
            counts = chosen.group_by(groups).agg(
                n_scored=scored.sum().cast(pl.Int64), n_focus=(flag.fill_null(False) & scored).sum().cast(pl.Int64)
            )
            parts.append(counts.with_columns(cut_set=pl.lit(cut_set), index_key=pl.lit(key)))
    return pl.concat(parts).select(*COUNT_KEYS, "n_scored", "n_focus").sort(COUNT_KEYS)


def _row(
    cut_set: str, rule: str, key: str, kind: str, cut: float, tie: bool, reference: tuple[int, int, int] | None = None
) -> dict[str, object]:
    n, first, last = reference or (None, None, None)
    return {
        "cut_set": cut_set, "rule": rule, "index_key": key, "kind": kind, "focus_cut": cut, "tie_beyond": tie,
        "n_reference": n, "first_wave": first, "last_wave": last,
    }  # fmt: skip


def _focus(cut_set: CutSet, key: str, kind: Kind) -> float:
    lower, upper = cut_set.of(key)
    return upper if kind == "risk" else lower


def _in_focus(key: str, kind: Kind, cut_set: CutSet) -> pl.Expr:
    return band_expr(key, kind, cut_set) == FOCUS_BAND[kind]


def _recomputed(persons: pl.DataFrame, key: str, kind: Kind) -> pl.DataFrame:
    """The recomputed limits of one index; no row when they can't be drawn from these pupils."""
    try:
        return recomputed_cuts(persons, {key: kind})
    except PipelineError as error:
        if error.code not in ("no_reference", "cuts_coincide"):
            raise
        return recomputed_cuts(persons, {})


def _single(persons: pl.DataFrame, key: str, kind: Kind, rule: str) -> tuple[SingleCut, int] | None:
    """The median's limit, or that with a mean deviation, of the first wave with a score; None without any score."""
    scored = persons.select("wave", key).with_columns(pl.col(key).fill_nan(None)).drop_nulls()
    if scored.is_empty():
        return None
    wave = int(scored["wave"].cast(pl.Int64).to_numpy().min())
    score = scored.filter(pl.col("wave") == wave)[key]
    weight = pl.Series([1.0] * len(score))
    made = frozen_median if rule == MEDIAN else ctc_cut
    return made(key, kind, score, weight, wave), wave
