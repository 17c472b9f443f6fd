"""Where a new release and earlier ones together tell of few pupils: by interval arithmetic, without linear programs. Pure.

Two attacks. **Together**: the same pupils, so every window of both holds at once, and what one hides the other may tell.
**Difference**: other pupils (late answers, a corrected delivery, other districts, screened answers in or out), so one number less
the other is the number of those who differ. What it covers and leaves to the audit's linear programs: docs/adr/0045.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.release_register.inputs import STATE
from assets.release_register.moments import DIFFERING, MOVED, moved
from assets.release_register.newcomers import Joined, not_told_by_newcomers
from assets.release_register.windows import (
    FAMILIES,
    MANY,
    PLACE,
    SEXES,
    TRIED,
    Family,
    Flags,
    IntArray,
    Rules,
    Told,
    Windows,
    bounds,
    parts_between,
    tighten,
    windows,
)

KINDS = ("now_shown", "shown_before", "together", "other_pupils", "screened", "limits", "districts", "definitions", MOVED)
CONFLICT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(
    ("kind", "table_name", "area_level", "area_code", "grade", "sex", "key", "measure", "release_id", "published_on"), pl.String
) | {"wave": pl.Int32}
_AREA = ["area_code", "wave", "grade"]


@dataclass(frozen=True)
class _Pairs:
    """Blocks of the new release beside those of an earlier one: positions in each, and how they are related."""

    now: IntArray
    before: IntArray
    kind: NDArray[np.object_]


def find_conflicts(
    earlier: pl.DataFrame, current: pl.DataFrame, rules: Sequence[Rules], grown: Joined | None = None
) -> pl.DataFrame:
    """Cells that the new release and an earlier one reveal together, columns `CONFLICT_SCHEMA`, sorted; none when it is safe.

    Args:
        earlier: from `history`. current: the new release's cells in the same form (`release_id` its own).
        rules: one per edition: its readers, and the widths that hold in it.
        grown: from `joined`; what newcomers show themselves is no conflict in their county's sums.

    Of several earlier releases that tell the same cell the first is named. Bounds of hidden numbers are not given.
    """
    shared = current.join(earlier.select("area_code", "wave").unique(), on=["area_code", "wave"], how="semi")
    city = pl.col("area_code").str.split("-").list.first()
    redrawn = earlier.filter(pl.col("area_level") == "district").select(city=city, wave="wave").unique()
    moved = current.filter(pl.col("area_level") == "district").join(
        redrawn, left_on=[city, "wave"], right_on=["city", "wave"], how="semi"
    )
    current = pl.concat([shared, moved]).unique(maintain_order=True)
    schools = _schools_added(earlier, current)
    parts = []
    for readers in rules:
        own: list[pl.DataFrame] = []
        for family in FAMILIES:
            before, now = windows(earlier, family, readers), windows(current, family, readers)
            if not before.blocks.height or not now.blocks.height:
                continue
            pairs = _pairs(before.blocks, now.blocks)
            if family.counted:
                own.append(_together(before, now, pairs, family, readers))
                own.append(_difference(before, now, pairs, family, readers, schools))
            if family.moments and family.table in readers.means:
                own.append(_moved((current, earlier), (now, before), pairs, family, readers, schools))
        parts += [not_told_by_newcomers(one, current, grown or {}, list(readers.steps)) for one in own]
    if not parts:
        return pl.DataFrame(schema=CONFLICT_SCHEMA)
    found = pl.concat(parts).select(list(CONFLICT_SCHEMA))
    cell = [name for name in CONFLICT_SCHEMA if name not in ("release_id", "published_on")]
    return found.unique(subset=cell, keep="first", maintain_order=True).sort(pl.all())


def _pairs(before: pl.DataFrame, now: pl.DataFrame) -> _Pairs:
    """Every block with those before it of the same place, and new districts with those of the same city that are no more."""
    old, new = before.with_row_index("b"), now.with_row_index("a")
    same = new.join(old, on=list(PLACE), how="inner", maintain_order="left", suffix="_before")
    places = ["area_level", "_city", "wave", "grade", "key"]
    city = pl.col("area_code").str.split("-").list.first().alias("_city")
    district = pl.col("area_level") == "district"
    gone = old.filter(district).join(new, on=list(PLACE), how="anti").with_columns(city)
    added = new.filter(district).join(old, on=list(PLACE), how="anti").with_columns(city)
    redrawn = added.join(gone, on=places, how="inner", maintain_order="left", suffix="_before")
    equal = {name: pl.col(name) == pl.col(f"{name}_before") for name in STATE}
    kind = (
        pl.when(~equal["deliveries"]).then(pl.lit("other_pupils"))
        .when(~equal["screen"]).then(pl.lit("screened"))
        .when(~equal["definitions"] & district).then(pl.lit("districts"))
        .when(~equal["cutoff_set"]).then(pl.lit("limits"))
        .when(~equal["definitions"]).then(pl.lit("definitions"))
        .otherwise(pl.lit("same"))
    )  # fmt: skip
    told = pl.concat(
        [same.select("a", "b", kind=kind), redrawn.select("a", "b", kind=pl.lit("districts", pl.String))], how="vertical"
    )
    return _Pairs(
        told["a"].cast(pl.Int64).to_numpy(), told["b"].cast(pl.Int64).to_numpy(), np.array(told["kind"].to_list(), dtype=object)
    )


def _together(before: Windows, now: Windows, pairs: _Pairs, family: Family, rules: Rules) -> pl.DataFrame:
    """Hidden cells that both releases together leave with too narrow a window.

    One shows what the same edition of the other hides, or both hide it and neither alone tells it.

    Asked where the state is the same, and where the files differ but no number of pupils does: then the pupils may be the same,
    and nobody outside can tell that they aren't.
    """
    chosen = (pairs.kind == "same") | (
        np.isin(pairs.kind, ["other_pupils", "screened", "definitions"]) & ~_tell_apart(before, now, pairs)
    )
    a, b = pairs.now[chosen], pairs.before[chosen]
    low, high, possible = bounds(now.told.at(a).and_also(before.told.at(b)))
    width = _required(now.strict[a], rules)
    known = (high - low <= width) & possible[:, None, None]
    alone_now, alone_before = now.high[a] - now.low[a] <= width, before.high[b] - before.low[b] <= width
    hidden_now, hidden_before = now.hidden[a], before.hidden[b]
    opened = hidden_before & (before.hidden_in[:, b] & now.shown_in[:, a]).any(axis=0)
    closed = hidden_now & (now.hidden_in[:, a] & before.shown_in[:, b]).any(axis=0)
    found = known & (opened | closed | (hidden_now & ~alone_now) | (hidden_before & ~now.shown[a] & ~alone_before))
    kind = np.where(opened, "now_shown", np.where(closed, "shown_before", "together"))
    return _rows(found, kind, now.blocks, before.blocks, a, b, family.table, family.measures)


def _difference(
    before: Windows, now: Windows, pairs: _Pairs, family: Family, rules: Rules, schools: pl.DataFrame
) -> pl.DataFrame:
    """Cells whose numbers certainly differ and bound those who differ too closely, unless they may be published as a group."""
    chosen = pairs.kind != "same"
    a, b, kind = pairs.now[chosen], pairs.before[chosen], pairs.kind[chosen]
    low, high = tighten(now.low[a] - before.high[b], now.high[a] - before.low[b])
    certain = ((low > 0) | (high < 0)) & (low <= high)
    width = _required(now.strict[a], rules)
    least, most = np.minimum(abs(low), abs(high)), np.maximum(abs(low), abs(high))
    cell = np.where(now.strict[a], rules.cell_floor[1], rules.cell_floor[0])[:, None, None]
    group = np.where(now.strict[a], rules.group_floor[1], rules.group_floor[0])[:, None]
    found = certain & (high - low <= width)
    found[..., 0] &= most[..., 0] < group  # the number of pupils by itself: only a group too small to be mentioned
    even = _even_numbers(before.told.at(b), now.told.at(a))
    found[..., 1:] |= (even[0] > 0) & (even[1] - even[0] <= width)
    least[..., 1:] = np.where(even[0] > 0, np.minimum(least[..., 1:], even[0]), least[..., 1:])
    enough = _group_of_its_own(least[..., 0], now.blocks[a], before.blocks[b], schools, rules)
    published = enough[..., None] & (least >= cell) & (most[..., :1] - most >= cell)
    moved = (kind == "limits")[:, None, None] & (least >= cell)  # pupils between two limits, of a group that is published
    found[..., 1:] &= ~(published | moved)[..., 1:]
    found &= _comparable(now, before, a, b, low[:, 2, 0], high[:, 2, 0], rules)[:, None, None]
    kind = np.broadcast_to(kind[:, None, None], found.shape)
    return _rows(found, kind, now.blocks, before.blocks, a, b, family.table, family.measures)


def _moved(
    cells: tuple[pl.DataFrame, pl.DataFrame],
    sides: tuple[Windows, Windows],
    pairs: _Pairs,
    family: Family,
    rules: Rules,
    schools: pl.DataFrame,
) -> pl.DataFrame:
    """Means and spreads that moved with those who differ, unless they may be published as a group. New release first."""
    chosen = np.isin(pairs.kind, DIFFERING)
    (now, before), (a, b) = sides, (pairs.now[chosen], pairs.before[chosen])
    new, old = now.told.number[a], before.told.number[b]
    low, high = new[..., 0] - old[..., 1], new[..., 1] - old[..., 0]
    least = np.maximum(np.maximum(low, -high), 0)
    found = moved(cells, sides, (a, b), family, rules)
    found &= ~_group_of_its_own(least, now.blocks[a], before.blocks[b], schools, rules)[..., None]
    found &= _comparable(now, before, a, b, low[:, 2], high[:, 2], rules)[:, None, None]
    kind = np.full(found.shape, MOVED, dtype=object)
    return _rows(found, kind, now.blocks, before.blocks, a, b, family.table, family.moments)


def _group_of_its_own(least: IntArray, now: pl.DataFrame, before: pl.DataFrame, schools: pl.DataFrame, rules: Rules) -> Flags:
    """[pair, sex] whether those who differ, at least so many, could be published as a group: pupils and schools enough."""
    return (least >= rules.district_floor) & _many_schools(now, before, schools, rules)[:, None]


def _comparable(now: Windows, before: Windows, a: IntArray, b: IntArray, low: IntArray, high: IntArray, rules: Rules) -> Flags:
    """[pair] districts with other names are compared only when they may differ by few: `low` and `high` bound by how many."""
    redrawn = now.blocks["area_code"].to_numpy()[a] != before.blocks["area_code"].to_numpy()[b]
    return ~redrawn | ((abs(low) < rules.district_floor) & (abs(high) < rules.district_floor))


def _even_numbers(before: Told, now: Told) -> tuple[IntArray, IntArray]:
    """Least and greatest difference [pair, sex, part], without its sign, if the number of pupils is the same in both; 0 when none
    is certain. Nobody outside can rule that out where the rounded numbers agree, and often it is so: a corrected answer."""
    first = np.maximum(before.number[..., 0], now.number[..., 0])
    last = np.minimum(before.number[..., 1], now.number[..., 1])
    low, high = np.full(before.shown[..., 1:].shape, MANY), np.full(before.shown[..., 1:].shape, -MANY)
    for step in range(TRIED + 1):
        n = first + step
        old_low, old_high = parts_between(before, n, n)
        new_low, new_high = parts_between(now, n, n)
        tried = ((n <= last) & (last - first <= TRIED))[..., None] & (old_low <= old_high) & (new_low <= new_high)
        low = np.where(tried, np.minimum(low, new_low - old_high), low)
        high = np.where(tried, np.maximum(high, new_high - old_low), high)
    certain = ((low > 0) | (high < 0)) & (low <= high)
    least, most = np.minimum(abs(low), abs(high)), np.maximum(abs(low), abs(high))
    return np.where(certain, least, 0), np.where(certain, most, 0)


def _required(strict: Flags, rules: Rules) -> IntArray:
    return np.where(strict, rules.width[1], rules.width[0])[:, None, None]


def _tell_apart(before: Windows, now: Windows, pairs: _Pairs) -> Flags:
    """Whether some number of pupils of the same area, wave and grade certainly differs between the releases."""
    apart = (now.low[pairs.now, :, 0] > before.high[pairs.before, :, 0]) | (
        now.high[pairs.now, :, 0] < before.low[pairs.before, :, 0]
    )
    frame = now.blocks[pairs.now].select(_AREA).with_columns(
        before.blocks[pairs.before].select(pl.concat_str(STATE, separator="|", ignore_nulls=True).alias("state")).to_series(),
        apart=pl.Series(apart.any(axis=1)),
    )  # fmt: skip
    return frame.select(pl.col("apart").any().over([*_AREA, "state"])).to_series().to_numpy()


def _schools_added(earlier: pl.DataFrame, current: pl.DataFrame) -> pl.DataFrame:
    """`area_code, wave, grade, <STATE>, schools` that took part, as published, of both; nothing where it isn't told."""
    told = [
        frame.filter(pl.col("table_name") == "response_rates", pl.col("measure") == "schools_participating")
        .drop_nulls("value")
        .select(*_AREA, *STATE, schools="value")
        for frame in (earlier, current)
    ]
    return pl.concat(told).unique(subset=[*_AREA, *STATE], keep="any", maintain_order=True)


def _many_schools(now: pl.DataFrame, before: pl.DataFrame, schools: pl.DataFrame, rules: Rules) -> Flags:
    """Whether the published numbers of schools differ by enough; unknown numbers don't."""
    keys = [*_AREA, *STATE]
    counts = [
        frame.select(keys).join(schools, on=keys, how="left", nulls_equal=True, maintain_order="left")["schools"]
        for frame in (now, before)
    ]
    return ((counts[0] - counts[1]).abs() >= rules.min_schools).fill_null(False).to_numpy()


def _rows(
    found: Flags,
    kind: NDArray,
    now: pl.DataFrame,
    before: pl.DataFrame,
    a: IntArray,
    b: IntArray,
    table: str,
    measures: Sequence[str],
) -> pl.DataFrame:
    """One row per found cell with its place in the new release, the earlier release that tells it, and that one's deliveries."""
    pair, sex, slot = np.nonzero(found)
    schema = CONFLICT_SCHEMA | {"before": pl.String}
    if not len(pair):
        return pl.DataFrame(schema=schema)
    place, told = now[a[pair]], before[b[pair]]
    return place.select(list(PLACE)).with_columns(
        pl.Series("kind", kind[pair, sex, slot].tolist(), pl.String),
        pl.lit(table).alias("table_name"),
        pl.Series("sex", [SEXES[one] for one in sex], pl.String),
        pl.Series("measure", [measures[one] for one in slot], pl.String),
        told["release_id"],
        told["published_on"],
        told["deliveries"].alias("before"),
    ).select(pl.col(name).cast(dtype) for name, dtype in schema.items())  # fmt: skip
