"""From answers to whole-number sums per class and sex, for indices whose score is a function of the answer pattern.

An index of a few items has few answer patterns (three items with four answers and blanks: 125), so a pupil's score needs no
arithmetic: a table holds it for every pattern. The table's entries are packed integers - pupils, score units and pupils at risk,
girls in the low half and boys in the high half - so that one pass of additions over consecutive pupils of a class gives all six
sums. Integer sums do not depend on the order of rows, chunks or threads: the same answers give the same bits.

Rows should come class by class, as a delivery does. Chunks where they don't are sorted first, which is slower and gives the
same sums.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.methods.errors import PipelineError

WEIGHT_UNITS = 1_000_000
CHUNK_ROWS = 1 << 19
_HALF = 32  # bits for each sex
_FLAG_BITS = 8
_MAX_PATTERNS = 1 << 15
SEX_VALUES = (1, 2)

Ints = npt.NDArray[np.int64]
Packed = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class MeanScoreIndex:
    """Mean of the valid items on 0-100 (POMP; Cohen, Cohen, Aiken & West 1999, Multivariate Behav Res 34:315).

    Answers are 1..`categories`, null is missing; `reversed_items` are turned; fewer than `min_valid` answers give no score.
    A pupil is at risk when the score is at least `cut`. Scores are counted in whole units, `unit` of them are 100.
    """

    key: str
    items: tuple[str, ...]
    categories: int
    min_valid: int
    cut: float
    reversed_items: frozenset[str] = frozenset()

    @property
    def unit(self) -> int:
        """Units in a score of 100: the least number that makes every possible mean whole."""
        return math.lcm(*range(self.min_valid, len(self.items) + 1)) * (self.categories - 1)

    @property
    def patterns(self) -> int:
        """Answer patterns, blanks included."""
        return (self.categories + 1) ** len(self.items)

    def outcome(self, answers: Sequence[int]) -> tuple[bool, int, bool]:
        """(scored, score in units, at risk) of a pattern; 0 is a blank."""
        turned = [
            self.categories + 1 - a if item in self.reversed_items else a
            for item, a in zip(self.items, answers, strict=True)
            if a
        ]
        if len(turned) < self.min_valid:
            return False, 0, False
        units = (sum(turned) - len(turned)) * self.unit // (len(turned) * (self.categories - 1))
        return True, units, units * 100 >= self.cut * self.unit


@dataclass(frozen=True)
class Design:
    """Columns of the design: strata, PSU (known within its stratum), sex (1, 2), weight and PSUs of the stratum in the register.

    `weight` and `population` may be None: weights 1, no finite population correction.
    """

    stratum: tuple[str, ...]
    psu: str
    sex: str
    weight: str | None = None
    population: str | None = None


@dataclass(frozen=True)
class ClassSums:
    """Sums per PSU, sorted by stratum and PSU.

    `strata`: the stratum columns, one row per stratum in order. `stratum`: stratum number per PSU. `population`: PSUs of each
    stratum in the register, or None. `weight`: millionths, per PSU. `packed`: [index, PSU], see the module; when a PSU has
    several weights its sums are spread over several rows with the same `psu` number.
    """

    strata: pl.DataFrame
    stratum: Ints
    psu: Ints
    population: Ints | None
    weight: Ints
    packed: Packed
    score_bits: int

    def unpack(self, index: int, sex: int) -> tuple[Ints, Ints, Ints]:
        """Pupils with a score, score units and pupils at risk per row; sex 0 or 1. Unweighted."""
        half = ((self.packed[index] >> np.uint64(_HALF * sex)) & np.uint64((1 << _HALF) - 1)).astype(np.int64)
        mask = (1 << _FLAG_BITS) - 1
        return half & mask, (half >> _FLAG_BITS) & ((1 << self.score_bits) - 1), half >> (_FLAG_BITS + self.score_bits)


def class_sums(rows: pl.LazyFrame, indices: Sequence[MeanScoreIndex], design: Design, workers: int = 2) -> ClassSums:
    """Sum the answers by PSU and sex.

    Args:
        rows: one row per pupil: the design's columns and the indices' items as whole numbers; sex 1 or 2 (others are left out).
        workers: threads.

    Raises:
        PipelineError: an index has too many patterns, or an answer lies outside 1..categories.
    """
    _check(indices)
    limit = _run_limit(indices)
    score_bits = max((index.unit * limit).bit_length() for index in indices)
    tables = [_table(index, score_bits) for index in indices]
    schema = rows.collect_schema()
    codes = [_code(index, number, schema) for number, index in enumerate(indices)]
    plan = rows.select(*_head_columns(design), pl.col(design.sex).alias("_sex"), _impossible(indices, schema), *codes)
    height = rows.select(pl.len()).collect().item()

    def one(start: int) -> tuple[pl.DataFrame, Packed]:
        return _chunk(plan.slice(start, CHUNK_ROWS).collect(), tables, limit)

    with ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(one, range(0, max(height, 1), CHUNK_ROWS)))
    heads = pl.concat([head for head, _ in parts])
    return _in_order(heads, np.concatenate([sums for _, sums in parts], axis=1), design, score_bits)


def _check(indices: Sequence[MeanScoreIndex]) -> None:
    for index in indices:
        if index.patterns > _MAX_PATTERNS or _run_limit([index]) < 1:
            raise PipelineError(
                code="too_many_patterns",
                where=f"Indexet {index.key}",
                expected=f"högst {_MAX_PATTERNS} svarsmönster",
                got=f"{index.patterns}",
                hint="Räkna poängen per elev i stället.",
            )


def _run_limit(indices: Sequence[MeanScoreIndex]) -> int:
    """Most pupils whose scores may be added in one packed number without a field running over."""
    room = (1 << (_HALF - 2 * _FLAG_BITS)) - 1
    return min((1 << _FLAG_BITS) - 1, *(room // index.unit for index in indices))


def _table(index: MeanScoreIndex, score_bits: int) -> Packed:
    """Packed outcome of every pattern; the second half of the table is for the second sex."""
    half = np.zeros(index.patterns, dtype=np.uint64)
    answers_of_digits = (*range(1, index.categories + 1), 0)
    for code, answers in enumerate(product(answers_of_digits, repeat=len(index.items))):
        scored, units, at_risk = index.outcome(answers)
        half[code] = int(scored) | units << _FLAG_BITS | int(at_risk) << (_FLAG_BITS + score_bits)
    return np.concatenate([half, half << np.uint64(_HALF)])


def _head_columns(design: Design) -> list[pl.Expr]:
    weight = pl.lit(1.0) if design.weight is None else pl.col(design.weight).cast(pl.Float64)
    population = pl.lit(None, pl.Int64) if design.population is None else pl.col(design.population).cast(pl.Int64)
    units = (weight * WEIGHT_UNITS).round().cast(pl.Int64)
    return [pl.col(name) for name in design.stratum] + [
        pl.col(design.psu).alias("_psu"),
        units.alias("_weight"),
        population.alias("_population"),
    ]


def _digit(item: str, schema: pl.Schema) -> pl.Expr:
    """The answer from 0 on, null for a blank. Numbers below 1 become large ones, so that one comparison finds them too."""
    kind = pl.UInt8 if schema[item] in (pl.Int8, pl.UInt8) else pl.UInt16
    return pl.col(item).cast(kind, wrap_numerical=True) - pl.lit(1, dtype=kind)


def _impossible(indices: Sequence[MeanScoreIndex], schema: pl.Schema) -> pl.Expr:
    """Whether any answer of the pupil lies outside its index's categories."""
    worst = [pl.max_horizontal(_digit(item, schema) for item in index.items) >= index.categories for index in indices]
    return pl.any_horizontal(worst).fill_null(False).alias("_impossible")


def _code(index: MeanScoreIndex, number: int, schema: pl.Schema) -> pl.Expr:
    """The pattern's number in the first half of the table; a blank is the digit after the last answer."""
    kind = pl.UInt8 if 2 * index.patterns <= 256 else pl.UInt16
    code = pl.lit(0, dtype=kind)
    for item in index.items:
        code = code * (index.categories + 1) + _digit(item, schema).fill_null(index.categories).cast(kind, wrap_numerical=True)
    return code.alias(f"code{number}")


def _chunk(chunk: pl.DataFrame, tables: Sequence[Packed], limit: int) -> tuple[pl.DataFrame, Packed]:
    """(first row of every run of pupils with the same PSU and weight, [index, run] packed sums)."""
    if chunk["_impossible"].any():
        raise PipelineError(
            code="impossible_answer",
            where="Svaren",
            expected="svar inom frågans svarsalternativ",
            got=f"{chunk['_impossible'].sum()} elever med något annat",
            hint="Kontrollera att leveransen är godkänd.",
        )
    head = [name for name in chunk.columns if not name.startswith("code") and name not in ("_sex", "_impossible")]
    _require_design(chunk.select(head))
    chunk = chunk.filter(pl.col("_sex").is_in(SEX_VALUES)) if not chunk["_sex"].is_in(SEX_VALUES).all() else chunk
    starts = _runs(chunk.select(head), limit)
    if len(starts) > chunk.height // 2:
        chunk = chunk.sort(head)
        starts = _runs(chunk.select(head), limit)
    second = chunk["_sex"].to_numpy() == SEX_VALUES[1]
    sums = np.zeros((len(tables), len(starts)), dtype=np.uint64)
    for number, table in enumerate(tables):
        code = chunk[f"code{number}"].to_numpy()
        shifted = code + second * code.dtype.type(len(table) // 2)
        if len(starts):
            sums[number] = np.add.reduceat(table[shifted], starts)
    return chunk.select(head)[starts], sums


def _require_design(head: pl.DataFrame) -> None:
    """Every pupil has a stratum, a PSU and a weight; the register's PSUs are known for all or for none."""
    gaps = {name: count for name, count in head.null_count().row(0, named=True).items() if count}
    if gaps.get("_population") == head.height:
        gaps.pop("_population")
    light = int((head["_weight"] <= 0).sum())
    if gaps or light:
        raise PipelineError(
            code="design_incomplete",
            where="Urvalsuppgifterna (stratum, klass, vikt)",
            expected="uppgift om varje elev, och vikter över noll",
            got=f"{max([light, *gaps.values()])} elever utan",
            hint="Ge eleverna klass och vikt, eller räkna utan vikter.",
        )


def _runs(head: pl.DataFrame, limit: int) -> Ints:
    """First rows of runs of equal rows, none longer than `limit`."""
    new = np.zeros(head.height, dtype=bool)
    new[:1] = True
    for column in head.get_columns():
        if column.null_count() == 0:
            values = column.rle_id().to_numpy() if column.dtype == pl.String else column.to_numpy()
            new[1:] |= values[1:] != values[:-1]
    starts = np.flatnonzero(new)
    lengths = np.diff(np.append(starts, head.height))
    if not len(starts) or lengths.max() <= limit:
        return starts
    pieces = [np.arange(start, start + length, limit) for start, length in zip(starts, lengths, strict=True)]
    return np.concatenate(pieces)


def _in_order(heads: pl.DataFrame, packed: Packed, design: Design, score_bits: int) -> ClassSums:
    """Sort the runs by stratum, PSU and weight and number strata and PSUs."""
    stratum = list(design.stratum)
    order = heads.select(pl.struct(*stratum, "_psu", "_weight").rank("ordinal") - 1).to_series()
    if not order.is_sorted():
        heads = heads.with_row_index("_row").sort(*stratum, "_psu", "_weight", maintain_order=True)
        packed = packed[:, heads["_row"].to_numpy()]
    numbers = heads.select(h=pl.struct(stratum).rle_id(), c=pl.struct(*stratum, "_psu").rle_id())
    strata = heads.unique(stratum, keep="first", maintain_order=True)
    return ClassSums(
        strata=strata.select(stratum),
        stratum=numbers["h"].cast(pl.Int64).to_numpy(),
        psu=numbers["c"].cast(pl.Int64).to_numpy(),
        population=None if design.population is None else strata["_population"].to_numpy(),
        weight=heads["_weight"].to_numpy(),
        packed=packed,
        score_bits=score_bits,
    )
