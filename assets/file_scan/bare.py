"""Numbers that stand alone in a PDF: in its tables, on its axes, on its pages.

A PDF has no cells, so what such a number is about can't be told. But every PDF of a bundle is the print of something that is also
there as a page, a table or a chart, whose numbers are traced one by one: a number that is neither released nor stands in any of
those has come from somewhere else.
"""

from __future__ import annotations

from collections.abc import Iterator

from assets.file_scan.contents import Cell, Contents, Piece
from assets.file_scan.pool import Pool
from assets.file_scan.tokens import ENGLISH, bare_numbers, swedish_numbers

Found = tuple[str, str, str]
PRINTED = ".pdf"


def strange_in_print(contents: Contents, pool: Pool, fixed: frozenset[float]) -> Iterator[Found]:
    """Findings for numbers of PDF files that are neither released nor stand in another file, of either sign.

    Args:
        fixed: numbers that such files may hold all the same (`scan.yml: fixed_numbers`).
    """
    released = pool.about({})
    strange = [
        (piece, number)
        for piece in contents.pieces
        if piece.file.endswith(PRINTED) and piece.kind == "text"
        for number in _numbers(piece.file, piece.text)
        if number not in fixed and not released.has(number) and not released.has(-number)
    ]
    if strange:
        elsewhere = _elsewhere(contents)
        yield from ((piece.file, piece.place, "untraced") for piece, number in strange if number not in elsewhere)


def _elsewhere(contents: Contents) -> set[float]:
    """Every number of the files that are no PDF."""
    texts: set[tuple[str, str]] = {_asked(piece) for piece in contents.pieces if not piece.file.endswith(PRINTED)}
    found: set[float] = set()
    for grid in contents.grids:
        cells: set[Cell] = {cell for row in (grid.header, *grid.rows) for cell in row}
        found |= {abs(float(cell)) for cell in cells if isinstance(cell, (int, float))}
        texts |= {(_language(grid.file), cell) for cell in cells if isinstance(cell, str)}
    for language, text in texts:
        found.update(_numbers(language, text))
    return found


def _asked(piece: Piece) -> tuple[str, str]:
    return _language(piece.file), piece.text


def _language(file: str) -> str:
    match = ENGLISH.search(file)
    return match[0] if match else ""


def _numbers(file: str, text: str) -> Iterator[float]:
    if any(map(str.isdigit, text)):
        yield from map(abs, bare_numbers(swedish_numbers(text) if ENGLISH.search(file) else text))
