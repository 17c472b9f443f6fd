"""CSV, JSON, YAML, Markdown and plain text."""

from __future__ import annotations

import csv
import io
import json

from assets.file_scan.contents import Cell, Contents, Leaf


def decoded(name: str, raw: bytes, found: Contents) -> str | None:
    """The text of the bytes; a finding when they are no UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        found.fault(name, "hela filen", "corrupt")
        return None


def read_plain(name: str, raw: bytes, found: Contents) -> None:
    """Text, Markdown or YAML, paragraph by paragraph."""
    text = decoded(name, raw, found)
    for number, line in enumerate((text or "").splitlines(), 1):
        found.text(name, f"rad {number}", line)


def read_csv(name: str, raw: bytes, found: Contents) -> None:
    """Comma or semicolon between the cells; the first row is the header."""
    text = decoded(name, raw, found)
    if text is None:
        return
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        found.fault(name, "hela filen", "corrupt")
        return
    found.grid(name, "tabellen", stem(name), rows)


def read_json(name: str, raw: bytes, found: Contents) -> None:
    """JSON or JSON-LD."""
    text = decoded(name, raw, found)
    if text is not None:
        json_text(name, "", text, found)


def json_text(name: str, place: str, text: str, found: Contents) -> None:
    """Take in every name, text and number of a JSON text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        found.fault(name, place or "hela filen", "corrupt")
        return
    _walk(name, place, (), value, found)


def _walk(name: str, place: str, path: tuple[str, ...], value: object, found: Contents) -> None:
    where = f"{place} {'/'.join(path)}".strip() or "hela filen"
    if isinstance(value, dict):
        for key, inner in value.items():
            if not str(key).replace("_", "").isalnum():
                found.text(name, f"{where}, nyckel", str(key), "name")
            _walk(name, place, (*path, str(key)), inner, found)
    elif isinstance(value, list):
        if not _records(name, where, path, value, found):
            for number, inner in enumerate(value, 1):
                _walk(name, place, (*path, f"[{number}]"), inner, found)
    elif isinstance(value, str):
        found.text(name, where, value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        found.leaves.append(Leaf(name, where, path, value))


def _records(name: str, where: str, path: tuple[str, ...], rows: list[object], found: Contents) -> bool:
    """A list of flat objects with the same names is a table."""
    if len(rows) < 2 or not all(isinstance(row, dict) for row in rows):
        return False
    header = list(rows[0])  # type: ignore[call-overload]
    flat = all(list(row) == header and not any(isinstance(v, (dict, list)) for v in row.values()) for row in rows)  # type: ignore[attr-defined, call-overload]
    if flat:
        cells: list[list[Cell]] = [[_cell(v) for v in row.values()] for row in rows]  # type: ignore[attr-defined]
        found.grid(name, where, path[-1] if path else stem(name), [header, *cells])
    return flat


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, bool):
        return None
    return value if isinstance(value, (int, float)) else str(value)


def stem(name: str) -> str:
    """File name without folders and ending."""
    return name.rpartition("/")[2].rpartition(".")[0]
