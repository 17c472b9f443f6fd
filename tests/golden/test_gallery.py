"""Is every chart legible for everybody? The gallery's charts measured in their SVG: text, overlap, contrast, colour and grey.

The page itself is drawn too, so that the visual reference can't be broken unseen (`make galleri` writes it to dist/galleri).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from itertools import combinations, pairwise

import altair as alt
import pytest

from assets.bundle.load import load_chart_texts
from assets.charts import theme
from assets.charts.places import CLASS_COLOURS, DARK_FROM
from assets.charts.svarsfordelning import COLOURS
from assets.charts.types import ChartCard
from tests.support.colours import contrast, deuteranopic_distance, lightness
from tests.support.gallery_cards import gallery_cards
from tests.support.gallery_page import VIEWS, drawn, page
from tests.support.svg_boxes import Line, mark_colours, overlaps, text_lines

IDS = tuple(card.chart_id for _, card in gallery_cards())
ENGLISH = {"axis", "titled", "scale", "chart", "mark", "null", "undefined", "nan", "true", "false", "value", "year", "the", "and",
           "of", "with", "higher", "lower", "unclear", "suppressed", "missing", "share", "none", "unknown"}  # fmt: skip
BACKGROUND = {theme.LINE_GREY, theme.BAND_GREY}
"""Grid lines and the band for small differences carry no value of their own."""
CLEAR = 15.0
"""CIE76 distance that two colours of different meaning keep under deuteranopia."""
GREY_STEP = 10.0
"""Difference in L* from which two colours are told apart in grey print."""


@lru_cache(maxsize=1)
def svgs() -> dict[str, str]:
    return drawn()


def card(chart_id: str) -> ChartCard:
    return next(item for _, item in gallery_cards() if item.chart_id == chart_id)


def test_the_gallery_has_every_chart_of_the_catalogue_or_says_that_it_waits():
    texts = load_chart_texts()["galleri"]
    shown = {number for number, _ in gallery_cards()}
    assert set(texts["questions"]) == set(range(1, 17))
    assert shown - {0} == set(texts["questions"]) - set(texts["waiting"])


def test_the_page_shows_every_chart_in_three_ways_and_needs_no_network():
    html = page(gallery_cards(), svgs(), load_chart_texts()["galleri"])
    for name in VIEWS:
        assert html.count(f'<figure class="{name}">') == len(IDS)
    assert "Byggs i en senare del" not in html
    assert not re.search(r'(?:src|href)="(?!#)|url\((?!#)|<script', html)
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("chart_id", IDS)
def test_altair_accepts_the_specification(chart_id):
    assert isinstance(card(chart_id).chart, alt.TopLevelMixin)


@pytest.mark.parametrize("chart_id", IDS)
def test_text_is_large_swedish_and_readable_on_white(chart_id):
    lines = text_lines(svgs()[chart_id])
    assert lines
    for line in lines:
        assert line.size >= theme.TEXT_SIZE, line.text
        assert not set(re.findall(r"[a-zåäö]+", line.text.lower())) & ENGLISH, line.text
        assert not re.search(r"\d\.\d|\d%| %|\{|\}", line.text), line.text
        if line.fill != "white":
            assert contrast(line.fill, "white") >= 4.5, line.text


@pytest.mark.parametrize("chart_id", IDS)
def test_no_text_lies_on_another(chart_id):
    assert overlaps(text_lines(svgs()[chart_id])) == []


def test_the_overlap_check_sees_texts_on_each_other():
    one = Line("Botkyrka", 14, "#222222", (0, 0, 60, 13))
    assert overlaps([one, replace(one, text="Salem", box=(40, 6, 90, 19))]) == [("Botkyrka", "Salem")]
    assert overlaps([one, replace(one, box=(0, 20, 60, 33))]) == []


@pytest.mark.parametrize("chart_id", IDS)
def test_no_text_leaves_the_picture(chart_id):
    width, height = (float(end) for end in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svgs()[chart_id])[0])
    for line in text_lines(svgs()[chart_id]):
        x, y, x2, y2 = line.box
        assert x >= -1, line.text
        assert y >= -1, line.text
        assert x2 <= width + 1, line.text
        assert y2 <= height + 1, line.text


@pytest.mark.parametrize("chart_id", IDS)
def test_marks_stand_out_from_the_paper_by_fill_or_edge(chart_id):
    for fill, stroke in mark_colours(svgs()[chart_id]):
        seen = {colour for colour in (fill, stroke) if colour.startswith("#")} - BACKGROUND
        if seen:
            assert max(contrast(colour, "white") for colour in seen) >= 3, (fill, stroke)


@pytest.mark.parametrize("chart_id", IDS)
def test_key_entries_differ_for_colour_blind_readers_and_in_grey_or_by_shape(chart_id):
    """Where two entries have the same shape, their colours must do the work alone."""
    for one, other in combinations(key_entries(card(chart_id)), 2):
        assert one != other
        if one[1:] == other[1:]:
            assert deuteranopic_distance(one[0], other[0]) >= CLEAR, (one, other)
            assert abs(lightness(one[0]) - lightness(other[0])) >= GREY_STEP, (one, other)


def key_entries(item: ChartCard) -> list[tuple[str, ...]]:
    """Colour and shape of every symbol in the key; the dashed, thick, hollow and hatched are shapes of their own."""
    found = []
    for layer in item.spec["vconcat"][0]["layer"]:
        mark, rows = layer["mark"], len(layer["data"]["values"])
        if mark["type"] == "text" or (mark.get("stroke") == theme.ORANGE and mark.get("fill") == "white" and "shape" not in mark):
            continue
        if mark["type"] == "rect" and mark.get("fill"):
            found.append((mark["fill"], "box", "", "", ""))
        elif mark["type"] == "point":
            hollow = mark["fill"] == "white"
            found.append((mark["stroke"], "point", mark["shape"], "hollow" if hollow else "filled", ""))
        elif mark["type"] == "rule" and rows == 1:
            row = layer["data"]["values"][0]
            lying = "lying" if "x2" in row else "standing"
            found.append((mark["stroke"], "rule", str(mark.get("strokeDash")), str(mark["strokeWidth"]), lying))
    return [entry for entry in found if entry[1] != "rule" or found.count(entry) == 1]


def test_classes_of_the_maps_are_told_apart_in_grey_and_by_the_colour_blind():
    for light, dark in pairwise(CLASS_COLOURS):
        assert lightness(light) - lightness(dark) >= GREY_STEP
        assert deuteranopic_distance(light, dark) >= CLEAR
    for place, colour in enumerate(CLASS_COLOURS):
        assert contrast(colour, "white" if place >= DARK_FROM else theme.INK) >= 4.5


def test_neighbours_in_a_stacked_bar_are_told_apart():
    for one, other in pairwise(COLOURS):
        assert abs(lightness(one) - lightness(other)) >= 2 * GREY_STEP
        assert deuteranopic_distance(one, other) >= CLEAR
    for colour, ink in zip(COLOURS, ("white", theme.INK, "white"), strict=True):
        assert contrast(colour, ink) >= 4.5


def test_blue_and_orange_stay_apart_under_deuteranopia_where_red_and_green_would_not():
    assert deuteranopic_distance(theme.BLUE, theme.ORANGE) >= 2 * CLEAR
    assert deuteranopic_distance("#2e7d32", "#b4283c") < CLEAR
