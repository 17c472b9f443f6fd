"""Values of plain data as text that is the same for the same content, to be hashed. Pure.

Not `pickle`: its bytes depend on which objects are shared, and what can be read back as objects has no place among files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from pydantic import BaseModel


def plain_text(value: object) -> str:
    """JSON of a value made of numbers, texts, dates, sequences, mappings, sets, dataclasses and pydantic models.

    Raises:
        TypeError: something else is in it, whose content can't be told.
    """
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return [type(value).__name__, value.name]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, date):
        return [type(value).__name__, value.isoformat()]
    if isinstance(value, BaseModel):
        return _named(value, type(value).model_fields)
    if is_dataclass(value) and not isinstance(value, type):
        return _named(value, [field.name for field in fields(value)])
    return _many(value)


def _named(value: object, names: Iterable[str]) -> list[Any]:
    return [type(value).__name__, *([name, _plain(getattr(value, name))] for name in names)]


def _many(value: object) -> list[Any]:
    if isinstance(value, Mapping):
        return ["mapping", *sorted(([_plain(key), _plain(one)] for key, one in value.items()), key=json.dumps)]
    if isinstance(value, AbstractSet):
        return ["set", *sorted((_plain(one) for one in value), key=json.dumps)]
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return ["sequence", *(_plain(one) for one in value)]
    raise TypeError(f"{type(value).__name__} has no plain content")
