"""Tables about the same people as one system: every published cell is a sum of leaves.

A leaf is a group of people that no table splits further. Cells of all tables stand beside each other, so that one table, a cube,
a hierarchy and linked tables are the same problem. A cell that is shown tells an attacker that its sum of leaves lies in the
cell's window (exactly the count, or what a rounded number may stand for); of a hidden cell the window is wider, from 0 upwards
when nothing else is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from assets.methods.errors import PipelineError

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_NEAR = 1e-6
_CELL_COLUMNS = (
    "cost", "primary", "lower", "upper", "width", "shown_low", "shown_high", "hidden_low", "hidden_high",
    "must_hide", "must_show", "unit",
)  # fmt: skip


def stop(expected: str, got: str, hint: str = "Räkna om tabellerna innan något publiceras.") -> PipelineError:
    """An error about the tables to be protected, with counts of cells only."""
    return PipelineError(code="bad_linked_tables", where="Tabellerna som ska skyddas", expected=expected, got=got, hint=hint)


@dataclass(frozen=True)
class LinkedTables:
    """Cells as sums of leaves, with what each cell costs to hide and which may not be known too well.

    Attributes:
        leaves: [leaf] people, not negative.
        parts: sparse matrix [cell, leaf]; `parts @ leaves` are the counts.
        cost: [cell] loss when the cell is hidden, positive.
        primary: [cell] may not be shown.
        lower, upper: [cell] protection levels of a primary cell: its least possible value must be at most count - lower and its
            greatest at least count + upper (Fischetti & Salazar 2001). 0 on other cells.
        width: [cell] required difference between greatest and least possible value, on any hidden primary cell; 0 where only
            the levels count.
        shown_low, shown_high: [cell] what is known of the count when the cell is shown.
        hidden_low, hidden_high: [cell] what is known when it is hidden.
        must_hide, must_show: [cell] an earlier pattern: stays hidden, stays shown.
        unit: [cell] what is published together is hidden together, as the two sides of a rounded share are; else each cell alone.
    """

    leaves: FloatArray
    parts: sp.csr_array
    cost: FloatArray
    primary: BoolArray
    lower: FloatArray
    upper: FloatArray
    width: FloatArray
    shown_low: FloatArray
    shown_high: FloatArray
    hidden_low: FloatArray
    hidden_high: FloatArray
    must_hide: BoolArray
    must_show: BoolArray
    unit: IntArray

    @property
    def counts(self) -> FloatArray:
        """[cell] people."""
        return np.asarray(self.parts @ self.leaves, dtype=np.float64)

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.cost)

    @property
    def required(self) -> BoolArray:
        """[cell] hidden from the start: primary, or hidden by an earlier pattern, or published with such a cell."""
        return self.whole_units(self.primary | self.must_hide)

    def whole_units(self, cells: BoolArray) -> BoolArray:
        """[cell] in a unit that holds one of the cells."""
        return np.isin(self.unit, self.unit[cells])

    def mates(self, cell: int) -> IntArray:
        """The cells that are hidden and shown with the cell, itself among them."""
        return np.flatnonzero(self.unit == self.unit[cell])

    def canonical_order(self) -> IntArray:
        """Cells in an order that depends on what they are and not on where they stand; equal cells are interchangeable."""
        parts = self.parts.tocsr(copy=True)
        parts.sort_indices()
        columns = [getattr(self, name).tolist() for name in _CELL_COLUMNS[:-1]]
        at = parts.indptr.tolist()
        keys = [
            (parts.indices[a:b].tolist(), parts.data[a:b].tolist(), values)
            for a, b, values in zip(at[:-1], at[1:], zip(*columns, strict=True), strict=True)
        ]
        return np.array(sorted(range(self.size), key=keys.__getitem__), dtype=np.int64)

    def ordered(self, order: IntArray) -> LinkedTables:
        """The same cells in another order."""
        cells = {name: getattr(self, name)[order] for name in _CELL_COLUMNS}
        return replace(self, parts=self.parts.tocsr()[order], **cells)

    def with_cost(self, cost: FloatArray) -> LinkedTables:
        """The same tables with another loss per cell."""
        return replace(self, cost=np.asarray(cost, dtype=np.float64))

    def frozen(self, hidden: BoolArray, shown: BoolArray | None = None) -> LinkedTables:
        """The same tables, keeping an earlier pattern: what was hidden stays so, and what was shown where that is demanded."""
        keep = np.zeros(self.size, dtype=bool) if shown is None else shown
        return replace(self, must_hide=self.must_hide | hidden, must_show=self.must_show | keep)


def linked_tables(leaves: FloatArray, parts: sp.csr_array, primary: BoolArray, **given: FloatArray | BoolArray) -> LinkedTables:
    """Tables with the usual values where nothing is given: cost 1, counts shown exactly, hidden counts from 0, levels 0.

    Raises:
        PipelineError: sizes differ, a count is negative, a cost is not positive, a true count lies outside what is known of it,
            or a cell must be both hidden and shown.
    """
    size = parts.shape[0]
    values = {name: np.asarray(array) for name, array in given.items()}
    leaves = np.asarray(leaves, dtype=np.float64)
    if parts.shape[1] != len(leaves) or len(primary) != size or any(len(array) != size for array in values.values()):
        raise stop("ett värde per cell och lövgrupp", "olika många värden")
    counts = np.asarray(parts @ leaves, dtype=np.float64)
    zero, no = np.zeros(size), np.zeros(size, dtype=bool)
    usual = {
        "cost": np.ones(size), "lower": zero, "upper": zero, "width": zero, "shown_low": counts, "shown_high": counts,
        "hidden_low": zero, "hidden_high": np.full(size, np.inf), "must_hide": no, "must_show": no,
        "unit": np.arange(size, dtype=np.int64),
    }  # fmt: skip
    if unknown := sorted(set(values) - set(usual)):
        raise stop(f"någon av kolumnerna {', '.join(sorted(usual))}", ", ".join(unknown))
    whole = {name: np.asarray(values.get(name, default), dtype=default.dtype) for name, default in usual.items()}
    tables = LinkedTables(leaves=leaves, parts=sp.csr_array(parts), primary=np.asarray(primary, dtype=bool), **whole)
    _check(tables)
    return tables


def _check(tables: LinkedTables) -> None:
    counts = tables.counts
    wrong = {
        "inga negativa antal": int((tables.leaves < 0).sum()),
        "kostnader större än 0": int((~(tables.cost > 0)).sum()),
        "skyddsnivåer från 0": int(((tables.lower < 0) | (tables.upper < 0) | (tables.width < 0)).sum()),
        "antal inom det som är känt om dem": int(
            ((counts < tables.shown_low - _NEAR) | (counts > tables.shown_high + _NEAR)).sum()
            + ((counts < tables.hidden_low - _NEAR) | (counts > tables.hidden_high + _NEAR)).sum()
        ),
        "celler som antingen döljs eller visas": int((tables.required & tables.whole_units(tables.must_show)).sum()),
    }
    for expected, cells in wrong.items():
        if cells:
            raise stop(expected, f"{cells} celler där det inte stämmer")
