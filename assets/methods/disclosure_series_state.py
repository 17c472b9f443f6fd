"""The counts behind single-question series and 0-100 scales as arrays, and the bounds that anybody can put on a hidden one.

A *group* is one area x wave x grade. Arrays are indexed [group, series, sex]; `yes` and `size` by table first: the pupils
themselves and, in a weighted survey, sums of weights over the mean weight of the group, so that they too count pupils and add up
over the sexes (over areas after `scale`). A scale counts as a share: its mean over 100 is the share of all points that the pupils
could have had, and `yes` is that share of the pupils.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods.disclosure_blocks import ALL, BOY, GIRL, GROUP_KEYS, SEXES
from assets.methods.disclosure_policy import PolicyNumbers
from assets.methods.disclosure_rounding import FloatArray, IntArray
from assets.methods.disclosure_state import RULES
from assets.methods.errors import PipelineError
from assets.methods.indicator_links import Links
from assets.methods.primary_rules import CONTRIBUTORS

KEYS = (*GROUP_KEYS, "sex", "indicator")
_WHOLE = ("n_respondents", "n_valid", "n_not_asked", "n_schools", *CONTRIBUTORS)
_NUMBERS = (*_WHOLE, "n_yes", "sum_w", "sum_w_yes")
_ROUNDS = 6
_TINY = 1e-6


@dataclass(frozen=True)
class Series:
    """Counts of pupils.

    Attributes:
        groups: the group keys, sorted. keys: the series, in the order given.
        respondents, valid, not_asked, schools, largest, second: [group, series, sex] whole numbers; the last two are valid
            answers of the two largest schools.
        yes, size: [table, group, series, sex] pupils who say yes, and in the denominator.
        scale: [table, group] the mean weight: table 0 counts pupils and has 1.
    """

    groups: pl.DataFrame
    keys: list[str]
    respondents: IntArray
    valid: IntArray
    not_asked: IntArray
    schools: IntArray
    largest: IntArray
    second: IntArray
    yes: FloatArray
    size: FloatArray
    scale: FloatArray

    @property
    def no(self) -> FloatArray:
        """The pupils in the denominator who are no yes, as `yes`."""
        return self.size - self.yes

    @property
    def level(self) -> np.ndarray:
        """[group] area level."""
        return self.groups["area_level"].to_numpy()

    def position(self, names: Sequence[str]) -> list[int]:
        """Positions of series by name."""
        return [self.keys.index(name) for name in names]


def build_series(counts: pl.DataFrame, keys: Sequence[str]) -> Series:
    """Counts as arrays.

    Args:
        counts: `area_level, area_code, wave, grade, sex, indicator`, `n_respondents, n_valid, n_not_asked, n_schools,
            largest_school, second_school` (whole numbers), `n_yes` (pupils; of a scale it may be broken), `sum_w, sum_w_yes`
            (sums of weights; without weights n_valid and n_yes). A row for girl, boy and all of every series in every group.

    Raises:
        PipelineError: rows are absent, doubled or empty, or the counts do not add up.
    """
    frame = counts.select(*KEYS, *_NUMBERS)
    groups = frame.select(GROUP_KEYS).unique().sort(GROUP_KEYS)
    places = groups.with_row_index("group").join(pl.DataFrame({"sex": SEXES, "at": range(3)}), how="cross")
    at = frame.join(places, on=[*GROUP_KEYS, "sex"], how="left", maintain_order="left").with_columns(
        series=pl.col("indicator").replace_strict(list(keys), range(len(keys)), default=None, return_dtype=pl.Int64)
    )
    shape = (groups.height, len(keys), 3)
    expected, empty = int(np.prod(shape)), at.null_count().sum_horizontal().sum()
    doubled = frame.height - frame.select(KEYS).unique().height
    if empty or doubled or frame.height != expected:
        raise _stop(
            "en rad för flickor, pojkar och alla i varje grupp och fråga", f"{frame.height} rader i stället för {expected}"
        )
    where = tuple(at[name].to_numpy() for name in ("group", "series", "at"))
    arrays = {}
    for name in _NUMBERS:
        arrays[name] = np.zeros(shape)
        arrays[name][where] = at[name].cast(pl.Float64).to_numpy()
    whole = {name: arrays[name].astype(np.int64) for name in _WHOLE}
    tables = [(arrays["n_yes"], arrays["n_valid"], np.ones(groups.height))]
    if not (np.array_equal(arrays["sum_w"], arrays["n_valid"]) and np.allclose(arrays["sum_w_yes"], arrays["n_yes"], atol=_TINY)):
        mean = _mean_weight(arrays["sum_w"][..., ALL], arrays["n_valid"][..., ALL])
        tables.append((arrays["sum_w_yes"] / mean[:, None, None], arrays["sum_w"] / mean[:, None, None], mean))
    yes, size, scale = (np.stack(part) for part in zip(*tables, strict=True))
    _check(whole, yes, size)
    return Series(groups, list(keys), *(whole[name] for name in _WHOLE), yes, size, scale)


def _mean_weight(weights: FloatArray, valid: FloatArray) -> FloatArray:
    """[group] mean weight in the series with most answers; 1 where nobody answered anything."""
    most = valid.argmax(axis=1)[:, None]
    total, pupils = (np.take_along_axis(part, most, axis=1)[:, 0] for part in (weights, valid))
    return np.where(pupils > 0, total / np.maximum(pupils, 1), 1.0)


def _check(whole: dict[str, IntArray], yes: FloatArray, size: FloatArray) -> None:
    sums = [whole[name] for name in ("n_respondents", "n_valid", "n_not_asked")] + [*yes, *size]
    slack = _TINY * np.maximum(1.0, size[:, :, :, ALL].max(initial=1.0))
    top, second = whole["largest_school"], whole["second_school"]
    schools = int(((top < second) | (top + second > whole["n_valid"])).sum())
    off = schools + sum(int((np.abs(part[..., GIRL] + part[..., BOY] - part[..., ALL]) > slack).sum()) for part in sums)
    outside = int(((yes < -slack) | (yes > size + slack)).sum() + (whole["n_valid"] > whole["n_respondents"]).sum())
    if off or outside or min(part.min(initial=0) for part in whole.values()) < 0:
        raise _stop(
            "att flickor och pojkar summerar till alla, och att andelar ligger mellan 0 och 1", f"{off + outside} avvikelser"
        )


def _stop(expected: str, got: str) -> PipelineError:
    return PipelineError(
        code="inconsistent_counts",
        where="Tabellerna indices.indicator_counts och indices.scale_means",
        expected=expected,
        got=got,
        hint="Räkna om indexen innan något publiceras.",
    )


@dataclass(frozen=True)
class Limits:
    """Floors and required widths in pupils, per series; `share` also per group (districts)."""

    sensitive: np.ndarray  # [series]
    count: IntArray
    share: IntArray  # [group, series]
    cell: IntArray
    spread: IntArray

    @classmethod
    def of(cls, series: Series, sensitive: np.ndarray, numbers: PolicyNumbers) -> Limits:
        count = np.where(sensitive, numbers.group_floor_sensitive, numbers.group_floor)
        districts = (series.level == "district")[:, None]
        return cls(
            sensitive=sensitive,
            count=count,
            share=np.where(districts, np.maximum(count, numbers.district_floor), count[None, :]),
            cell=np.where(sensitive, numbers.cell_floor_sensitive, numbers.cell_floor),
            spread=1 + np.where(sensitive, numbers.interval_width_sensitive, numbers.interval_width),
        )


@dataclass
class Pattern:
    """What is hidden: code of the rule (see `RULES`), 0 where the share is shown.

    `not_asked`: no number for another reason than disclosure. `quiet`: the reason must not tell that the pupils are few.
    `no_count`: the share is shown without its number of pupils.
    """

    hidden: np.ndarray
    not_asked: np.ndarray
    quiet: np.ndarray
    no_count: np.ndarray

    @property
    def shown(self) -> np.ndarray:
        """Whether the share of a row is shown."""
        return (self.hidden == 0) & ~self.not_asked

    def hide(self, mask: np.ndarray, rule: str) -> bool:
        """Hide the cells of the mask that are still shown; returns whether there were any."""
        new = np.broadcast_to(mask, self.hidden.shape) & (self.hidden == 0)
        self.hidden[new] = RULES.index(rule)
        return bool((new & ~self.not_asked).any())


@dataclass(frozen=True)
class Bounds:
    """Least and greatest count [table, group, series, sex] that the numbers shown in the area itself leave open."""

    low: FloatArray
    high: FloatArray

    @property
    def width(self) -> FloatArray:
        """[group, series, sex] the narrower table's width."""
        return (self.high - self.low).min(axis=0)


def bounds_inside(series: Series, pattern: Pattern, limits: Limits, links: Links) -> Bounds:
    """Bounds by the sums of the sexes and the links between indicators, for someone who knows every shown count exactly.

    Interval propagation. The greatest values satisfy all constraints together, so they are exact; the least values are at most
    what linear programming gives. `disclosure_series.py` adds the margins that make up for that.
    """
    shown = pattern.shown[None]
    few = series.valid < limits.count[None, :, None]
    most = np.where(few[None], limits.count[None, None, :, None] - 1.0, series.size)  # a small group's size is not known
    low = np.where(shown, series.yes, 0.0)
    high = np.where(shown, series.yes, np.maximum(most, series.yes))
    valid = series.size
    at = {name: n for n, name in enumerate(series.keys)}
    for _ in range(_ROUNDS):
        before = (high - low).sum()
        _by_sex(low, high)
        for link in (one for one in links.nested if one.certain):
            inner, outer = at[link.inner], at[link.outer]
            if link.outer_is_no:
                _lower(high[:, :, inner], valid[:, :, outer] - low[:, :, outer])
                _lower(high[:, :, outer], valid[:, :, outer] - low[:, :, inner])
            else:
                _lower(high[:, :, inner], high[:, :, outer])
                _raise(low[:, :, outer], low[:, :, inner])
        for cover in links.covers:
            whole, parts = at[cover.whole], series.position(cover.parts)
            more = sum((times * low[:, :, at[name]] for name, times in cover.extra), np.zeros(low[:, :, 0].shape))
            total = high[:, :, parts].sum(axis=2)
            _lower(high[:, :, whole], total - more)
            for part in parts:
                _raise(low[:, :, part], low[:, :, whole] + more - (total - high[:, :, part]))
        if (high - low).sum() >= before - _TINY:
            break
    return Bounds(np.minimum(low, series.yes), np.maximum(high, series.yes))


def _by_sex(low: FloatArray, high: FloatArray) -> None:
    for one, other in ((GIRL, BOY), (BOY, GIRL)):
        _lower(high[..., one], high[..., ALL] - low[..., other])
        _raise(low[..., one], low[..., ALL] - high[..., other])
    _lower(high[..., ALL], high[..., GIRL] + high[..., BOY])
    _raise(low[..., ALL], low[..., GIRL] + low[..., BOY])


def _lower(target: FloatArray, limit: FloatArray) -> None:
    np.minimum(target, limit, out=target)


def _raise(target: FloatArray, limit: FloatArray) -> None:
    np.maximum(target, limit, out=target)
