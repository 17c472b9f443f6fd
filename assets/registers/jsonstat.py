"""JSON-stat (versions 2 and 1) to a long frame. Pure.

Values lie row by row in the order of `id`: the last dimension runs fastest. They come dense (a list with nulls) or sparse (an
object from position to value), and so do statuses, which may also be one text for all. Format: json-stat.org (Badosa, 2013).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from assets.methods.errors import PipelineError

_TOTAL = re.compile(r"^tot", re.IGNORECASE)
#: SCB's words for a category of everybody.
_TOTAL_LABEL = re.compile(r"^total", re.IGNORECASE)


def parse(answer: Mapping[str, Any], where: str) -> pl.DataFrame:
    """One row per cell.

    Args:
        answer: the parsed JSON; version 1 has the data set under `dataset`.
        where: table id, for messages.

    Returns:
        One text column per dimension (its codes), `value` (Float64, null where there is none) and `status` (text or null), in the
        order of the source. A sparse answer has a row for every cell all the same.

    Raises:
        PipelineError: `bad_answer` when sizes, codes and values don't fit each other.
    """
    data = answer.get("dataset", answer)
    try:
        dimensions = data["dimension"]
        names = list(data["id"] if "id" in data else dimensions["id"])
        sizes = [int(n) for n in (data["size"] if "size" in data else dimensions["size"])]
        codes = [_codes(dimensions[name]["category"]) for name in names]
        given, status = data["value"], data.get("status")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad(where, "ett svar i formatet json-stat2", f"ett utan fältet {error}") from error
    if len(sizes) != len(names) or [len(c) for c in codes] != sizes:
        raise _bad(where, "lika många koder som storleken säger", "olika antal")
    cells = math.prod(sizes)
    columns = {}
    for position, name in enumerate(names):
        inner = math.prod(sizes[position + 1 :])
        columns[name] = [code for code in codes[position] for _ in range(inner)] * (
            cells // (sizes[position] * inner) if cells else 0
        )
    columns["value"] = [None if v is None else float(v) for v in _dense(given, cells, where)]
    columns["status"] = _dense([status] * cells if isinstance(status, str) else status or {}, cells, where)
    schema = dict.fromkeys(names, pl.String()) | {"value": pl.Float64(), "status": pl.String()}
    return pl.DataFrame(columns, schema=schema)


def _codes(category: Mapping[str, Any]) -> list[str]:
    """Codes in the order of the values: `index` as list or as code -> position; a single category needs none."""
    index = category.get("index")
    if index is None:
        return list(category["label"])
    return list(index) if isinstance(index, list) else sorted(index, key=lambda code: index[code])


def _dense(given: Sequence[Any] | Mapping[str, Any], cells: int, where: str) -> list[Any]:
    if isinstance(given, Mapping):
        places = {int(place): value for place, value in given.items()}
        if any(not 0 <= place < cells for place in places):
            raise _bad(where, f"platser under {cells}", "en plats utanför")
        return [places.get(place) for place in range(cells)]
    if len(given) != cells:
        raise _bad(where, f"{cells} värden", f"{len(given)}")
    return list(given)


def total_codes(answer: Mapping[str, Any]) -> dict[str, set[str]]:
    """Per dimension, the codes that stand for all the others together (`TotSa`, an elimination value, "totalt ...")."""
    data = answer.get("dataset", answer)
    found = {}
    for name, dimension in data["dimension"].items():
        if name in {"id", "size", "role"}:
            continue
        category = dimension["category"]
        labels = category.get("label", {})
        totals = {code for code in _codes(category) if _TOTAL.match(code) or _TOTAL_LABEL.match(str(labels.get(code, "")))}
        eliminated = dimension.get("extension", {}).get("eliminationValueCode")
        if eliminated in _codes(category):
            totals.add(eliminated)
        if totals:
            found[name] = totals
    return found


def without_totals(frame: pl.DataFrame, totals: Mapping[str, set[str]]) -> pl.DataFrame:
    """Only cells of parts: no category that is a sum of the others."""
    keep = [~pl.col(name).is_in(sorted(codes)) for name, codes in sorted(totals.items()) if name in frame.columns]
    return frame.filter(*keep) if keep else frame


def _bad(where: str, expected: str, got: str) -> PipelineError:
    return PipelineError("bad_answer", f"SCB, tabellen {where}", expected, got, "Försök igen senare; se docs/registers.md.")
