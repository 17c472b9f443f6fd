"""Linked tables from frames: dimensions with hierarchies, one or several tables about the same people.

A dimension maps each of its codes to the leaf codes it stands for: a total to all, a county's part to its municipalities, a leaf
to itself. Codes may overlap in any way, so several hierarchies over one dimension are nothing special.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import polars as pl
import scipy.sparse as sp

from assets.suppression.tables import BoolArray, FloatArray, LinkedTables, linked_tables, stop

Dimension = Mapping[str, Sequence[str]]


def leaf_codes(dimension: Dimension) -> list[str]:
    """The codes that no code splits further, sorted."""
    return sorted({leaf for leaves in dimension.values() for leaf in leaves})


def parts_matrix(cells: pl.DataFrame, dimensions: Mapping[str, Dimension]) -> sp.csr_array:
    """[cell, leaf] 1 where the leaf belongs to the cell; leaves are all combinations of leaf codes, the last dimension fastest.

    Args:
        cells: one row per cell, a column of codes per dimension.
        dimensions: 1-4 dimensions by column name.

    Raises:
        PipelineError: a code of a cell is not in its dimension.
    """
    places = {name: {leaf: at for at, leaf in enumerate(leaf_codes(codes))} for name, codes in dimensions.items()}
    for name, codes in dimensions.items():
        if unknown := cells.filter(~pl.col(name).is_in(list(codes))).height:
            raise stop(f"koder som finns i dimensionen {name}", f"{unknown} celler med andra koder")
    shape = tuple(len(place) for place in places.values())
    rows, columns = [], []
    for row, codes in enumerate(cells.select(list(dimensions)).iter_rows()):
        inside = [[places[name][leaf] for leaf in dimensions[name][code]] for name, code in zip(dimensions, codes, strict=True)]
        found = np.ravel_multi_index(np.array(list(product(*inside))).T, shape)
        rows.append(np.full(len(found), row))
        columns.append(found)
    row, column = np.concatenate(rows), np.concatenate(columns)
    return sp.csr_array((np.ones(len(row)), (row, column)), shape=(cells.height, int(np.prod(shape))))


def all_cells(dimensions: Mapping[str, Dimension]) -> pl.DataFrame:
    """Every combination of codes, sorted."""
    rows = sorted(product(*(sorted(codes) for codes in dimensions.values())))
    return pl.DataFrame(rows, schema=dict.fromkeys(dimensions, pl.String), orient="row")


def cells_of_tables(
    dimensions: Mapping[str, Dimension], totals: Mapping[str, str], tables: Sequence[Sequence[str]]
) -> pl.DataFrame:
    """The cells of several linked tables of the same people, each once, sorted.

    Args:
        dimensions: all dimensions that any table has.
        totals: the code of a dimension that stands for everybody, used where a table does not have that dimension.
        tables: the dimensions of each table.
    """
    found = [
        all_cells({name: dimensions[name] if name in table else {totals[name]: ()} for name in dimensions}) for table in tables
    ]
    return pl.concat(found).unique().sort(list(dimensions))


def cube(
    cells: pl.DataFrame,
    dimensions: Mapping[str, Dimension],
    leaves: FloatArray,
    primary: BoolArray,
    **given: FloatArray | BoolArray,
) -> LinkedTables:
    """Tables of the given cells over the given leaves; see `parts_matrix` and `linked_tables`."""
    return linked_tables(leaves, parts_matrix(cells, dimensions), primary, **given)


def small_cells(counts: FloatArray, below: int, zeros: bool = False) -> BoolArray:
    """Primary cells of frequency tables: 1..below-1, and 0 when told that nobody is also something to hide."""
    return (counts < below) & ((counts > 0) | zeros)


def all_or_none(counts: FloatArray, parts: sp.csr_array, members: Sequence[int], total: int) -> BoolArray:
    """[cell] members of a total whose group is known by it: the member holds everybody or nobody of the total.

    Args:
        members, total: positions of cells; each member is a part of the total.
    """
    flags = np.zeros(len(counts), dtype=bool)
    chosen = np.asarray(members, dtype=np.int64)
    outside = parts[chosen] > parts[[total] * len(chosen)]
    if outside.nnz:
        raise stop("delar som ligger i sin summa", f"{outside.nnz} lövgrupper utanför")
    flags[chosen] = (counts[chosen] == 0) | (counts[chosen] == counts[total])
    return flags & (counts[total] > 0)


def levels(counts: FloatArray, primary: BoolArray, below: int) -> tuple[FloatArray, FloatArray]:
    """Protection levels (lower, upper) under which a small cell can be nothing and can be `below`."""
    return np.where(primary, np.minimum(counts, below), 0.0), np.where(primary, np.maximum(below - counts, 0.0), 0.0)


def losses(tables: LinkedTables, kind: str) -> FloatArray:
    """What hiding each cell costs.

    Args:
        kind: `cells` (1 each), `counts` (people in it and 1, so that hiding nobody isn't free) or `breadth` (the root of how
            many leaves it sums: fine breakdowns go before totals, and rather two fine cells than one of nine leaves).
    """
    if kind == "cells":
        return np.ones(tables.size)
    if kind == "counts":
        return tables.counts + 1
    if kind == "breadth":
        return np.sqrt(np.maximum(np.asarray(tables.parts.sum(axis=1), dtype=np.float64).ravel(), 1))
    raise stop("kostnaden cells, counts eller breadth", kind)
