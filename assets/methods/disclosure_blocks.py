"""The counts of a release as arrays, checked for the sums that disclosure control relies on.

A *group* is one area x wave x grade; it holds one *block* per index, and a block has three rows (girls, boys, all). Arrays
are indexed [group], [group, index], [group, index, sex] or [group, index, sex, band], with sexes in the order of `SEXES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from assets.methods.disclosure_rounding import IntArray
from assets.methods.errors import PipelineError
from assets.methods.primary_rules import CONTRIBUTORS

SEXES = ("girl", "boy", "all")
BANDS = ("band1", "band2", "band3")
GIRL, BOY, ALL = range(3)
GROUP_KEYS = ("area_level", "area_code", "wave", "grade")
ROW_KEYS = (*GROUP_KEYS, "sex", "index_key")
_COUNTS = ("n_respondents", "n_scored", "n_unscored", *BANDS, "n_schools", *CONTRIBUTORS)


@dataclass(frozen=True)
class Blocks:
    """Counts of pupils, one entry per group, index, sex and band.

    Attributes:
        groups: the group keys, sorted, one row per group.
        index_keys: the indices, sorted.
        present: [group, index] whether the group has that index.
        respondents: [group, sex]; the same for every index.
        scored, unscored, schools: [group, index, sex]; largest, second: scored pupils of the two largest schools, likewise.
        bands: [group, index, sex, band].
        districts: [group] whether the area is a city district.
    """

    groups: pl.DataFrame
    index_keys: list[str]
    present: np.ndarray
    respondents: IntArray
    scored: IntArray
    unscored: IntArray
    bands: IntArray
    schools: IntArray
    largest: IntArray
    second: IntArray

    @property
    def districts(self) -> np.ndarray:
        return (self.groups["area_level"] == "district").to_numpy()

    @cached_property
    def county(self) -> IntArray:
        """[group] the county's group of the same wave and grade, -1 where there is none."""
        frame = self.groups.with_row_index("group")
        county = frame.filter(pl.col("area_level") == "county").select("wave", "grade", parent=pl.col("group").cast(pl.Int64))
        joined = frame.join(county, on=["wave", "grade"], how="left", maintain_order="left")
        return joined["parent"].fill_null(-1).to_numpy()


def _stop(expected: str, got: str) -> PipelineError:
    return PipelineError(
        code="inconsistent_counts",
        where="Tabellen indices.area_counts",
        expected=expected,
        got=got,
        hint="Räkna om indexen innan något publiceras.",
    )


def build_blocks(counts: pl.DataFrame) -> Blocks:
    """Counts (see `indices.area_counts` in the contracts) as arrays.

    Raises:
        PipelineError: a column or a row is missing, doubled, null or negative, or the counts do not add up.
    """
    missing = [name for name in (*ROW_KEYS, *_COUNTS) if name not in counts.columns]
    if missing:
        raise _stop("kolumnerna i kontraktet", f"en tabell utan {', '.join(missing)}")
    frame = counts.select(pl.col(*ROW_KEYS), pl.col(*_COUNTS).cast(pl.Int64)).sort(ROW_KEYS)
    _check_rows(frame)
    groups = frame.select(GROUP_KEYS).unique().sort(GROUP_KEYS)
    index_keys = frame["index_key"].unique().sort().to_list()
    at = (
        frame.select(
            group=pl.struct(GROUP_KEYS).rank("dense").cast(pl.Int64) - 1,
            index=pl.col("index_key").replace_strict(index_keys, range(len(index_keys)), return_dtype=pl.Int64),
            sex=pl.col("sex").replace_strict(SEXES, range(3), return_dtype=pl.Int64),
        )
        .to_numpy()
        .astype(np.int64)
    )
    values = np.zeros((groups.height, len(index_keys), 3, len(_COUNTS)), dtype=np.int64)
    values[at[:, 0], at[:, 1], at[:, 2]] = frame.select(_COUNTS).to_numpy()
    present = np.zeros(values.shape[:2], dtype=bool)
    present[at[:, 0], at[:, 1]] = True
    _check_sums(values, present)
    _check_counties(groups)
    return Blocks(
        groups=groups,
        index_keys=index_keys,
        present=present,
        respondents=values[..., 0].max(axis=1, initial=0),
        scored=values[..., 1],
        unscored=values[..., 2],
        bands=values[..., 3:6],
        schools=values[..., 6],
        largest=values[..., 7],
        second=values[..., 8],
    )


def _check_rows(frame: pl.DataFrame) -> None:
    empty = frame.null_count().sum_horizontal().sum()
    if empty:
        raise _stop("inga tomma värden", f"{empty} tomma värden")
    negative = frame.select(pl.any_horizontal(pl.col(_COUNTS) < 0).sum()).item()
    if negative:
        raise _stop("inga negativa antal", f"{negative} rader med negativa antal")
    per_block = frame.group_by(*GROUP_KEYS, "index_key").agg(pl.col("sex").sort().str.join("+").alias("sexes"))
    wrong = per_block.filter(pl.col("sexes") != "+".join(sorted(SEXES))).height
    if wrong:
        raise _stop("en rad vardera för flickor, pojkar och alla i varje grupp", f"{wrong} grupper med andra rader")


def _check_counties(groups: pl.DataFrame) -> None:
    doubled = groups.filter(pl.col("area_level") == "county").select(pl.struct("wave", "grade").is_duplicated().sum()).item()
    if doubled:
        raise _stop("ett län", f"flera län i {doubled} grupper")


def _check_sums(values: IntArray, present: np.ndarray) -> None:
    respondents, scored, unscored, bands = values[..., 0], values[..., 1], values[..., 2], values[..., 3:6]
    largest, second = values[..., 7], values[..., 8]
    off = {
        "att banden summerar till antalet med poäng": (bands.sum(axis=-1) != scored).sum(),
        "att elever med och utan poäng summerar till alla svarande": (scored + unscored != respondents).sum(),
        "att flickor och pojkar summerar till alla": (values[..., GIRL, :6] + values[..., BOY, :6] != values[..., ALL, :6]).sum(),
        "en största och en näst största skola som ryms i gruppen": ((largest < second) | (largest + second > scored)).sum(),
        "samma antal svarande för alla index": (
            (respondents != respondents.max(axis=1, keepdims=True, initial=0)) & present[..., None]
        ).sum(),
    }
    for expected, count in off.items():
        if count:
            raise _stop(expected, f"{count} avvikelser")
