"""The same content is the same text, another content another text, and what can't be told is refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import polars as pl
import pytest

from assets.methods.plain_content import plain_text


class Kind(Enum):
    ONE = 1
    TWO = 2


@dataclass(frozen=True)
class Page:
    title: str
    rows: tuple[object, ...]


def test_order_in_mappings_and_sets_and_shared_objects_play_no_part():
    shared = ("å", 1.5)
    assert plain_text({"a": shared, "b": shared}) == plain_text({"b": ("å", 1.5), "a": ["å", 1.5]})
    assert plain_text({"x", "y", "z"}) == plain_text({"z", "y", "x"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Page("a", (1,)), Page("a", ("1",))),
        (Page("a", ()), Page("b", ())),
        (Kind.ONE, Kind.TWO),
        (Kind.ONE, 1),
        (("ab", "c"), ("a", "bc")),
        ({"a": None}, {}),
        ({1: "a"}, {"1": "a"}),
        (True, "True"),
    ],
)
def test_another_content_is_another_text(one, other):
    assert plain_text(one) != plain_text(other)


def test_what_cannot_be_told_is_refused():
    with pytest.raises(TypeError, match="DataFrame has no plain content"):
        plain_text(Page("a", (pl.DataFrame({"x": [1]}),)))
