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
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.methods.errors import PipelineError, count_sv

WEIGHT_UNITS = 1_000_000
CHUNK_ROWS = 1 << 18
_LOOK_UP_ROWS = 1 << 15
SEX_VALUES = (1, 2)
_HALF = 32  # bits for each sex
_COUNT_BITS = 8  # pupils, and pupils at risk; the score has what is left of the half
_MAX_PATTERNS = 1 << 15  # twice as many, one for each sex, are numbered in 16 bits
_SAME_SCORE = 9  # decimals of 0-100: a score that differs less from the cut-off is the cut-off

Ints = npt.NDArray[np.int64]
Packed = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class MeanScoreIndex:
    """Mean of the valid items on 0-100 (POMP; Cohen, Cohen, Aiken & West 1999, Multivariate Behav Res 34:315).

    Answers are 1..`categories`, null is missing; `reversed_items` are turned; fewer than `min_valid` answers give no score.
    A pupil is at risk when the score is at least `cut`. Scores are counted in whole units, `unit` of them are 100.

    Raises:
        ValueError: no such index exists (a mistake in the catalogue's model, not in data).
    """

    key: str
    items: tuple[str, ...]
    categories: int
    min_valid: int
    cut: float
    reversed_items: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not (1 <= self.min_valid <= len(self.items) and self.categories >= 2 and math.isfinite(self.cut)):
            raise ValueError(f"{self.key}: needs 1 <= min_valid <= items, two categories or more and a finite cut")
        if not self.reversed_items <= set(self.items):
            raise ValueError(f"{self.key}: only the index's own items can be reversed")

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
        return True, units, round(units * 100 / self.unit, _SAME_SCORE) >= round(self.cut, _SAME_SCORE)


@dataclass(frozen=True)
class Design:
    """Columns of the design: strata, PSU (known within its stratum), sex (1, 2), weight and PSUs of the stratum in the register.

    `weight` and `population` may be None: weights 1, no finite population correction. Weights are used with six decimals.
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

    def unpack(self, index: int, sex: int, out: Ints | None = None) -> tuple[Ints, Ints, Ints]:
        """Pupils with a score, score units and pupils at risk per row; sex 0 or 1. Unweighted. `out`: [3, row], used again."""
        count, score, risk = np.empty((3, self.packed.shape[1]), dtype=np.int64) if out is None else out
        np.right_shift(self.packed[index], np.uint64(_HALF * sex), out=risk.view(np.uint64))
        np.bitwise_and(risk, (1 << _HALF) - 1, out=risk)
        np.bitwise_and(risk, (1 << _COUNT_BITS) - 1, out=count)
        np.right_shift(risk, _COUNT_BITS, out=score)
        np.bitwise_and(score, (1 << self.score_bits) - 1, out=score)
        np.right_shift(risk, _COUNT_BITS + self.score_bits, out=risk)
        return count, score, risk


def class_sums(rows: pl.LazyFrame, indices: Sequence[MeanScoreIndex], design: Design, workers: int = 2) -> ClassSums:
    """Sum the answers by PSU and sex.

    Args:
        rows: one row per pupil: the design's columns and the indices' items as whole numbers. It is read a slice at a time, so
            its rows must come in the same order every time: a scanned file or a frame. Pupils of another or unknown sex are
            in no sum, but their PSU counts as drawn.
        workers: threads.

    Raises:
        PipelineError: a column is absent or doesn't hold whole numbers, an index has too many patterns, an answer lies outside
            1..categories, a pupil lacks stratum, PSU or weight, or the PSUs in the register can't be right.
    """
    _check_indices(indices)
    highest = _highest_answers(indices)
    _check_columns(rows.collect_schema(), [*highest], design)
    limit = _run_limit(indices)
    score_bits = max((index.unit * limit).bit_length() for index in indices)
    tables = [_table(_unnamed(index), score_bits) for index in indices]
    plan = rows.select(*_head_columns(design), pl.col(design.sex).alias("_sex"), *highest)
    height = rows.select(pl.len()).collect().item()

    def one(start: int) -> tuple[pl.DataFrame, Packed]:
        return _chunk(plan.slice(start, CHUNK_ROWS).collect(), indices, tables, limit)

    with ThreadPoolExecutor(workers) as pool:
        parts = _joined(list(pool.map(one, range(0, max(height, 1), CHUNK_ROWS))), limit)
    heads = pl.concat([head for head, _ in parts])
    _check_room(heads, height, indices)
    return _in_order(heads, np.concatenate([sums for _, sums in parts], axis=1), design, score_bits)


def _joined(parts: list[tuple[pl.DataFrame, Packed]], limit: int) -> list[tuple[pl.DataFrame, Packed]]:
    """The chunks, with a class that the end of one has cut in two put together in the next, when its sums have room for it.

    Else every later step would have to add up rows by class again.
    """
    for number in range(len(parts) - 1):
        (head, sums), (after, more) = parts[number : number + 2]
        if not (head.height and after.height) or head.row(-1) != after.row(0):
            continue
        mask = np.uint64((1 << _COUNT_BITS) - 1)
        pupils = [sum(column >> np.uint64(half) & mask for column in (sums[:, -1], more[:, 0])) for half in (0, _HALF)]
        if max(int(count.max()) for count in pupils) <= limit:
            more[:, 0] += sums[:, -1]
            parts[number] = head[:-1], sums[:, :-1]
    return parts


def _highest_answers(indices: Sequence[MeanScoreIndex]) -> dict[str, int]:
    """The highest answer that every index with the item can place, per item."""
    highest: dict[str, int] = {}
    for index in indices:
        highest |= {item: min(index.categories, highest.get(item, index.categories)) for item in index.items}
    return highest


def _check_indices(indices: Sequence[MeanScoreIndex]) -> None:
    for index in indices:
        if index.patterns > _MAX_PATTERNS or _run_limit([index]) < 1:
            raise PipelineError(
                code="too_many_patterns",
                where=f"Indexet {index.key}",
                expected=f"högst {_MAX_PATTERNS} svarsmönster och {_score_room()} poängsteg",
                got=f"{index.patterns} svarsmönster och {index.unit} poängsteg",
                hint="Räkna poängen per elev i stället.",
            )


def _check_columns(schema: pl.Schema, items: Sequence[str], design: Design) -> None:
    needed = [*design.stratum, design.psu, design.sex, design.weight, design.population, *items]
    absent = sorted({name for name in needed if name is not None and name not in schema})
    if absent:
        raise PipelineError(
            code="column_missing",
            where="Tabellen med svar",
            expected=f"kolumnerna {', '.join(absent)}",
            got="en tabell utan dem",
            hint="Kör om stegen före beräkningen av områdenas resultat.",
        )
    other = sorted(name for name in {*items, design.sex} if not schema[name].is_integer())
    if other:
        raise PipelineError(
            code="answers_not_whole",
            where="Tabellen med svar",
            expected=f"heltal i {', '.join(other)}",
            got="en annan sorts kolumn",
            hint="Gör om svaren till koder med stegen före.",
        )


def _check_room(heads: pl.DataFrame, height: int, indices: Sequence[MeanScoreIndex]) -> None:
    """Weighted scores are summed in 64 bits over all pupils."""
    heaviest = heads["_weight"].max() or 0
    if heaviest * height * max(index.unit for index in indices) >= 2**63:
        raise PipelineError(
            code="weight_out_of_range",
            where="Vikterna",
            expected="vikter vars summa över alla elever ryms i räkningen",
            got=f"vikter för stora för {height} elever",
            hint="Rätta vikterna i leveransen, eller lämna den utan vikter.",
        )


def _score_room() -> int:
    """Score units that fit beside the two counts of a sex."""
    return (1 << (_HALF - 2 * _COUNT_BITS)) - 1


def _run_limit(indices: Sequence[MeanScoreIndex]) -> int:
    """Most pupils whose scores may be added in one packed number without a field running over."""
    return min((1 << _COUNT_BITS) - 1, *(_score_room() // index.unit for index in indices))


def _unnamed(index: MeanScoreIndex) -> MeanScoreIndex:
    """The index with its items by number: indices that score alike are one."""
    names = {item: str(place) for place, item in enumerate(index.items)}
    return replace(index, key="", items=tuple(names.values()), reversed_items=frozenset(names[i] for i in index.reversed_items))


@lru_cache(maxsize=64)
def _table(index: MeanScoreIndex, score_bits: int) -> Packed:
    """Packed outcome of every pattern; the second half of the table is for the second sex."""
    half = np.zeros(index.patterns, dtype=np.uint64)
    for code, answers in enumerate(product(range(index.categories + 1), repeat=len(index.items))):
        scored, units, at_risk = index.outcome(answers)
        half[code] = int(scored) | units << _COUNT_BITS | int(at_risk) << (_COUNT_BITS + score_bits)
    return np.concatenate([half, half << np.uint64(_HALF)])


def _head_columns(design: Design) -> list[pl.Expr]:
    """The design; what isn't a number becomes null, which `_require_design` finds."""
    weight = pl.lit(1.0) if design.weight is None else pl.col(design.weight).cast(pl.Float64, strict=False)
    units = (weight * WEIGHT_UNITS).round().cast(pl.Int64, strict=False)
    columns = [*map(pl.col, design.stratum), pl.col(design.psu).alias("_psu"), units.alias("_weight")]
    if design.population is not None:
        columns.append(pl.col(design.population).cast(pl.Int64, strict=False).alias("_population"))
    return columns


def _code(index: MeanScoreIndex, schema: pl.Schema) -> pl.Expr:
    """The pattern's number in the first half of the table; a blank is the digit 0."""
    small = 2 * index.patterns <= 256
    if small and all(schema[item] == pl.Int8 for item in index.items):
        answers = [pl.col(item) for item in index.items]  # as delivered: half of the numbers of an unsigned byte are enough
    else:
        # the answers have been checked: a cast that checks again costs four times as much
        kind = pl.UInt8 if small else pl.UInt16
        answers = [pl.col(item).cast(kind, wrap_numerical=True) for item in index.items]
    first, *rest = (answer.fill_null(0) for answer in answers)
    for digit in rest:
        first = first * (index.categories + 1) + digit
    return first.alias(index.key)


def _chunk(
    chunk: pl.DataFrame, indices: Sequence[MeanScoreIndex], tables: Sequence[Packed], limit: int
) -> tuple[pl.DataFrame, Packed]:
    """(first row of every run of pupils with the same PSU and weight, [index, run] packed sums)."""
    _require_answers(chunk, _highest_answers(indices))
    head = chunk.columns[: chunk.columns.index("_sex")]
    _require_design(chunk.select(head))
    starts = _runs(chunk.select(head), limit)
    if len(starts) > chunk.height // 2:  # not class by class: sorting costs less than carrying so many runs
        chunk = chunk.sort(head)
        starts = _runs(chunk.select(head), limit)
    sex = chunk["_sex"].fill_null(0)
    second, counted = (sex == SEX_VALUES[1]).to_numpy(), sex.is_in(SEX_VALUES)
    left_out = None if counted.all() else ~counted.to_numpy()
    codes = chunk.select(_code(index, chunk.schema) for index in indices)
    sums = np.zeros((len(tables), len(starts)), dtype=np.uint64)
    packed = np.empty(chunk.height, dtype=np.uint64)
    shifts: dict[int, npt.NDArray[np.unsignedinteger]] = {}
    for number, table in enumerate(tables if chunk.height else ()):
        code = codes.to_series(number).to_numpy()
        code = code.view(f"u{code.itemsize}")
        if len(table) not in shifts:
            shifts[len(table)] = second * code.dtype.type(len(table) // 2)
        _look_up(table, code, shifts[len(table)], packed)
        if left_out is not None:
            packed[left_out] = 0
        np.add.reduceat(packed, starts, out=sums[number])
    return chunk.select(head)[starts], sums


def _look_up(table: Packed, code: npt.NDArray[np.unsignedinteger], shift: npt.NDArray[np.unsignedinteger], out: Packed) -> None:
    """The table's entry of every pupil, some rows at a time: the widened codes should stay in the cache. `shift`: to the sex."""
    shifted = code + shift  # narrow: widening in the same step costs twice as much
    wide = np.empty(min(_LOOK_UP_ROWS, len(code)), dtype=np.intp)  # one for all: new memory costs more than the looking up
    for start in range(0, len(code), _LOOK_UP_ROWS):
        rows = slice(start, start + _LOOK_UP_ROWS)
        entry = wide[: len(code) - start]
        entry[:] = shifted[rows]
        # every code is inside the table; "clip" only spares numpy a copy of its own
        np.take(table, entry, out=out[rows], mode="clip")


def _require_answers(chunk: pl.DataFrame, highest: dict[str, int]) -> None:
    """Every answer is one that its indices know. Extremes first: they cost next to nothing, counting pupils does not."""
    lowest, top = (chunk.select(how(pl.col(item)) for item in highest).row(0) for how in (pl.Expr.min, pl.Expr.max))
    ends = zip(highest.values(), lowest, top, strict=True)
    if all(low is None or (low >= 1 and high <= most) for most, low, high in ends):
        return
    outside = [~pl.col(item).is_between(1, most) for item, most in highest.items()]
    pupils = chunk.select(pl.any_horizontal(outside).fill_null(False).sum()).item()
    raise PipelineError(
        code="impossible_answer",
        where="Svaren",
        expected="svar inom frågans svarsalternativ",
        got=f"något annat från {count_sv(pupils, 'elev', 'elever')}",
        hint="Kontrollera att leveransen är godkänd.",
    )


def _require_design(head: pl.DataFrame) -> None:
    """Every pupil has a stratum, a PSU, a weight above 0 and, when asked for, the PSUs in the register."""
    gaps = [*head.null_count().row(0), int((head["_weight"] <= 0).sum())]
    if any(gaps):
        raise PipelineError(
            code="design_incomplete",
            where="Urvalsuppgifterna (stratum, klass, vikt, klasser i registret)",
            expected="uppgift om varje elev, och vikter över noll",
            got=f"{count_sv(max(gaps), 'elev', 'elever')} utan",
            hint="Rätta urvalsuppgifterna i leveransen, eller räkna utan vikter.",
        )


def _runs(head: pl.DataFrame, limit: int) -> Ints:
    """First rows of runs of equal rows, none longer than `limit`."""
    new = np.zeros(head.height, dtype=bool)
    new[:1] = True
    for column in head.get_columns():
        values = column.to_numpy() if column.dtype.is_numeric() else column.rle_id().to_numpy()
        np.logical_or(new[1:], values[1:] != values[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    lengths = np.diff(np.append(starts, head.height))
    if not len(starts) or lengths.max() <= limit:
        return starts
    pieces = [np.arange(start, start + length, limit) for start, length in zip(starts, lengths, strict=True)]
    return np.concatenate(pieces)


def _in_order(heads: pl.DataFrame, packed: Packed, design: Design, score_bits: int) -> ClassSums:
    """Sort the runs by stratum, PSU and weight and number strata and PSUs."""
    stratum = list(design.stratum)
    keys = [*stratum, "_psu", "_weight"]
    if not heads.select(_sorted(keys).all()).item():
        heads = heads.with_row_index("_row").sort(keys, maintain_order=True)
        packed = packed[:, heads["_row"].to_numpy()]
    numbers = heads.select(h=pl.struct(stratum).rle_id(), c=pl.struct(*stratum, "_psu").rle_id()).cast(pl.Int64)
    first = np.flatnonzero(np.diff(numbers["h"].to_numpy(), prepend=-1))
    return ClassSums(
        strata=heads.select(stratum)[first],
        stratum=numbers["h"].to_numpy(),
        psu=numbers["c"].to_numpy(),
        population=None if design.population is None else _population(heads["_population"], numbers, first),
        weight=heads["_weight"].to_numpy(),
        packed=packed,
        score_bits=score_bits,
    )


def _sorted(keys: Sequence[str]) -> pl.Expr:
    """Whether each row is not before the one above it; a frame's `is_sorted` knows single columns only."""
    in_order = pl.lit(True)
    for key in reversed(keys):
        above = pl.col(key).shift(1)
        in_order = (above < pl.col(key)) | ((above == pl.col(key)) & in_order)
    return in_order.fill_null(True)


def _population(population: pl.Series, numbers: pl.DataFrame, first: Ints) -> Ints:
    """PSUs in the register per stratum: one number, and not fewer than answered (the correction would turn negative)."""
    registered = population.to_numpy()
    uneven = np.unique(numbers["h"].to_numpy()[registered != registered[first][numbers["h"].to_numpy()]])
    if len(uneven):
        raise PipelineError(
            code="population_varies",
            where="Urvalsuppgifterna",
            expected="samma antal klasser i registret för hela stratumet",
            got=f"flera i {count_sv(len(uneven), 'stratum', 'strata')}",
            hint="Rätta kolumnen med antal klasser.",
        )
    drawn = np.bincount(numbers.unique("c")["h"].to_numpy(), minlength=len(first))
    short = int((registered[first] < drawn).sum())
    if short:
        raise PipelineError(
            code="population_too_small",
            where="Urvalsuppgifterna",
            expected="minst lika många klasser i registret som har svarat",
            got=f"färre i {count_sv(short, 'stratum', 'strata')}",
            hint="Rätta kolumnen med antal klasser, eller räkna utan ändlighetskorrektion.",
        )
    return registered[first]
