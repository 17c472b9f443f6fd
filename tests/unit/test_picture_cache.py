"""Pictures are drawn once: held by the text of their specification, shared by processes, bounded, and made anew when broken."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from assets.bundle import picture_cache
from assets.bundle.picture_cache import PictureCache, draw_missing
from assets.charts.svg import to_svg
from assets.charts.types import ChartCard

BARE = '<svg viewBox="0 0 10 5"><g id="a" aria-label="x"/></svg>'


def card_of(spec: dict[str, Any]) -> ChartCard:
    return ChartCard("first", "En rubrik", "", "Ord i stället för bilden", spec, pl.DataFrame(), "", True)


@pytest.fixture
def drawn(monkeypatch) -> list[str]:
    """Specifications that were drawn, in order."""
    asked: list[str] = []

    def draw(spec: str) -> str:
        asked.append(spec)
        return BARE

    monkeypatch.setattr(picture_cache, "raw_svg", draw)
    return asked


@pytest.fixture
def cache(tmp_path) -> PictureCache:
    return PictureCache(tmp_path / "held")


def test_the_picture_is_the_one_that_would_be_drawn(cache):
    card = card_of({"mark": "bar", "data": {"values": [{"x": 1}]}, "encoding": {"x": {"field": "x", "type": "quantitative"}}})
    assert cache.svg(card) == cache.svg(card) == to_svg(card)


def test_equal_specifications_are_drawn_once_whatever_they_are_called(cache, drawn):
    card = card_of({"mark": "bar"})
    other = replace(card, chart_id="second", title="En annan rubrik", alt="Andra ord")
    first, second = cache.svg(card), cache.svg(other)
    assert len(drawn) == 1
    assert "En annan rubrik" in second
    assert "second-a" in second
    assert "second-a" not in first


@pytest.mark.parametrize("spec", [{"mark": "line"}, {"mark": "bar", "data": {"values": [1]}}])
def test_another_specification_is_another_picture(cache, drawn, spec):
    cache.svg(card_of({"mark": "bar"}))
    cache.svg(card_of(spec))
    assert len(drawn) == 2


def test_another_engine_draws_anew(cache, drawn, monkeypatch):
    cache.svg(card_of({"mark": "bar"}))
    monkeypatch.setattr(picture_cache, "_drawn_by", lambda: "0.0")
    cache.svg(card_of({"mark": "bar"}))
    assert len(drawn) == 2


@pytest.mark.parametrize("broken", [b"", b"x", "cut", "turned", "other"])
def test_a_broken_entry_is_drawn_anew_and_mended(cache, drawn, broken):
    card = card_of({"mark": "bar"})
    right = cache.svg(card)
    (entry,) = cache.folder.iterdir()
    content = entry.read_bytes()
    cache.svg(card_of({"mark": "line"}))
    (other,) = set(cache.folder.iterdir()) - {entry}
    changed = {"cut": content[:-3], "turned": bytes([content[0] ^ 1]) + content[1:], "other": other.read_bytes()}
    entry.write_bytes(changed.get(broken, broken) if isinstance(broken, str) else broken)
    assert cache.held(card) is None
    assert cache.svg(card) == right
    assert len(drawn) == 3
    assert cache.held(card) == right
    assert entry.read_bytes() == content


def test_a_place_that_cannot_be_written_only_costs_time(tmp_path, drawn):
    (tmp_path / "file").write_text("")
    cache = PictureCache(tmp_path / "file" / "held")
    assert cache.svg(card_of({"mark": "bar"})) == cache.svg(card_of({"mark": "bar"}))
    cache.trim()
    assert len(drawn) == 2


def test_many_at_once_leave_whole_entries_and_nothing_else(cache, drawn):
    cards = [card_of({"mark": "bar", "width": n % 3}) for n in range(60)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(pickle.loads(pickle.dumps(cache)).svg, cards))
    assert len(set(found)) == 1
    assert len(list(cache.folder.iterdir())) == 3
    asked = len(drawn)
    assert [cache.held(card) for card in cards] == found
    assert len(drawn) == asked


def test_what_was_used_longest_ago_is_removed_first(cache, drawn):
    cards = [card_of({"mark": "bar", "width": n}) for n in range(4)]
    for age, card in enumerate(cards):
        before = set(cache.folder.glob("*"))
        cache.svg(card)
        (entry,) = set(cache.folder.iterdir()) - before
        os.utime(entry, (1000 + age, 1000 + age))
    size = entry.stat().st_size
    assert cache.held(cards[0])  # used now, so the second is the oldest
    replace(cache, limit=3 * size).trim()
    assert [cache.held(card) is not None for card in cards] == [True, False, True, True]
    replace(cache, limit=0).trim()
    assert list(cache.folder.iterdir()) == []


def test_only_what_is_missing_is_drawn(cache, drawn):
    cards = [card_of({"mark": "bar", "width": n}) for n in range(3)]
    cache.svg(cards[1])
    asked: list[list[ChartCard]] = []

    def draw(missing: list[ChartCard]) -> list[str]:
        asked.append(missing)
        return [f"drawn {card.spec['width']}" for card in missing]

    found = draw_missing(cards, cache, draw)
    assert asked == [[cards[0], cards[2]]]
    assert found == ["drawn 0", cache.held(cards[1]), "drawn 2"]
    assert draw_missing([cards[1]], cache, draw)
    assert len(asked) == 1


def test_the_chart_library_is_made_once(cache, monkeypatch):
    made: list[str] = []
    monkeypatch.setattr(picture_cache, "make_library", lambda: (made.append(""), "vegaEmbed")[1])
    assert cache.library() == cache.library() == "vegaEmbed"
    assert len(made) == 1
