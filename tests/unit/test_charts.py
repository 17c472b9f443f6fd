"""What every chart card must hold: Swedish texts, reasons instead of holes, marks equal to the table, clean SVG."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from xml.etree import ElementTree

import altair as alt
import polars as pl
import pytest

from assets.charts import bortfall, faktorprofil, kolada, konsskillnad, skillnadsdiagram, svg, theme, trend
from assets.charts.types import ChartCard, IndicatorMeta, ReleaseFrames, SeriesBreak
from tests.support.chart_gallery import sample_cards
from tests.support.sample_release import sample_indicators, sample_meta, sample_release, sample_scope

CODES = ("0127", "0115", "0140")
ENGLISH = ("axis", "titled", "scale", "chart", "mark", "null", "undefined", "nan", "true", "false", "value", "year")
CAUSAL = ("beror på", "orsakar", "leder till", "bäst", "sämst", "värst")


@lru_cache(maxsize=4)
def cards(code: str) -> tuple[ChartCard, ...]:
    return tuple(sample_cards(code))


def card(code: str, chart_id: str) -> ChartCard:
    return next(item for item in cards(code) if item.chart_id == chart_id)


def views(item: ChartCard) -> list[dict]:
    return list(item.spec["vconcat"])


def drawn_rows(item: ChartCard, mark: str) -> list[dict]:
    """Rows of every layer with a mark type below the key."""
    return [row for view in views(item)[1:] for row in _rows(view, mark)]


def _rows(view: dict, mark: str) -> list[dict]:
    inner = view.get("concat", [])
    own = [row for layer in view.get("layer", []) if layer["mark"]["type"] == mark for row in layer["data"]["values"]]
    return own + [row for panel in inner for row in _rows(panel, mark)]


def texts_of(item: ChartCard) -> list[str]:
    found = []
    for row in drawn_rows(item, "text"):
        found += row["text"] if isinstance(row["text"], list) else [row["text"]]
    return found


@pytest.mark.parametrize("code", CODES)
def test_ids_are_unique_ascii_and_one_card_per_question(code):
    ids = [item.chart_id for item in cards(code)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in ids)
    grades = 1 if code == "0140" else 2
    assert len(ids) == grades * 10 + 5


def test_a_grade_that_does_not_exist_gives_no_chart():
    frames, scope, meta = sample_release("0140"), sample_scope("0140"), sample_meta()
    assert faktorprofil.build(frames, scope, meta, grade="gy2") is None
    assert skillnadsdiagram.build(frames, scope, meta, grade="gy2") is None
    assert konsskillnad.build(frames, scope, meta, grade="gy2") is None
    assert trend.build(frames, scope, meta, grade="gy2", index_key="parenting") is None


@pytest.mark.parametrize(
    "chart_id", ["faktorprofil_gy2", "skillnadsdiagram_gy2", "konsskillnad_gy2", "trend_school_bonding_gy2", "bortfall"]
)
def test_altair_accepts_the_specification(chart_id):
    assert isinstance(card("0115", chart_id).chart, alt.TopLevelMixin)


def test_altair_accepts_the_register_specification():
    assert isinstance(card("0127", "kolada_narsamhalle").chart, alt.TopLevelMixin)


@pytest.mark.parametrize("code", CODES)
def test_every_card_speaks_swedish_and_claims_no_cause_or_rank(code):
    for item in cards(code):
        for text in (item.title, item.subtitle, item.alt, *item.notes):
            assert text == text.strip()
            assert "  " not in text
            assert "{" not in text
            assert not re.search(r"\d\.\d|\d%| %", text), (item.chart_id, text)
            words = set(re.findall(r"[a-zåäö]+", text.lower()))
            assert not words & set(ENGLISH), (item.chart_id, text)
            if text not in item.notes:
                assert not any(word in text.lower() for word in CAUSAL), (item.chart_id, text)
        assert item.title[0].isupper()
        assert not item.title.endswith(".")
        assert item.alt.endswith(".")
        assert 2 <= len(re.findall(r"[.] |[.]$", item.alt)) <= 4, item.alt


@pytest.mark.parametrize("code", CODES)
def test_synthetic_charts_carry_the_mark_and_real_ones_do_not(code):
    for item in cards(code):
        inside = theme.SYNTHETIC_MARK in "".join(str(row.get("text")) for row in _rows(views(item)[0], "text"))
        assert inside == item.synthetic == (not item.chart_id.startswith("kolada"))
        assert ("syntetiska data" in item.alt) == item.synthetic
        assert item.source.startswith("Källa: ")
    assert card(code, "kolada_grundskola").source == "Källa: Kolada, årgång 30\u00a0januari\u00a02024."


def test_nothing_is_drawn_with_more_decimals_than_published():
    for item in cards("0127"):
        for mark in ("point", "line"):
            for row in drawn_rows(item, mark):
                places = 1 if item.chart_id.startswith("kolada") else 0
                assert row["y" if "segment" in row else "x"] == round(row["y" if "segment" in row else "x"], places)


def test_factor_profile_draws_exactly_the_table():
    item = card("0127", "faktorprofil_ak9")
    points = [f"{row['x']:.0f}\u00a0%" for row in drawn_rows(item, "point")]
    assert points == item.table["Botkyrka, andel"].to_list()
    assert item.table["Arena"].to_list() == ["Skola", "Individ", "Familj", "Skola", "Närsamhälle", "Individ", "Individ"]


def test_factor_profile_puts_protection_first_and_the_reason_where_a_dot_is_missing():
    item = card("0115", "faktorprofil_gy2")
    heads = [text for text in texts_of(item) if text in ("Skyddsfaktorer", "Riskfaktorer")]
    assert heads == ["Skyddsfaktorer", "Riskfaktorer"]
    assert len(drawn_rows(item, "point")) == 6
    assert texts_of(item).count("skyddat av sekretesskäl [c]") == 1
    row = item.table.filter(pl.col("Faktor") == "Brister i närsamhället")
    assert set(row.row(0)[3:6]) == {"skyddat av sekretesskäl [c]"}
    assert "brister i närsamhället" in item.alt


def test_a_profile_with_one_factor_left_says_so():
    frames, scope, meta = sample_release("0127"), sample_scope("0127"), sample_meta()
    gone = (pl.col("area_code") == "0127") & (pl.col("index_key") != "wellbeing")
    held = frames.index_results.with_columns(
        *(pl.when(~gone).then(pl.col(name)).alias(name) for name in ("value", "low", "high")),
        reason=pl.when(gone).then(pl.lit("suppressed")).otherwise("reason"),
    )
    item = faktorprofil.build(replace(frames, index_results=held), scope, meta, grade="ak9")
    assert item.title == "Botkyrka, årskurs\u00a09: den enda faktor som kan visas skiljer sig tydligt från länet"


def test_other_municipalities_are_never_the_own_one_nor_another_wave():
    frames, scope, meta = sample_release("0127"), sample_scope("0127"), sample_meta()
    rows = frames.index_results
    own = rows.filter((pl.col("area_code") == "0127") & (pl.col("wave") == 2024))
    lonely = ReleaseFrames(own, frames.response_rates, frames.register_values, frames.delivery_quality)
    item = faktorprofil.build(lonely, scope, meta, grade="ak9")
    assert set(item.table["Övriga kommuner med värde"]) == {"0"}
    assert set(item.table["Stockholms län, andel"]) == {"uppgift saknas i källan [m]"}


def test_another_edition_is_not_drawn():
    frames, scope, meta = sample_release("0127"), sample_scope("0127"), sample_meta()
    public = frames.index_results.with_columns(edition=pl.lit("publik"))
    other = ReleaseFrames(public, frames.response_rates, frames.register_values, frames.delivery_quality)
    assert faktorprofil.build(other, scope, meta, grade="ak9") is None


def without_delivery(code: str) -> ReleaseFrames:
    """The sample as it looks when the municipality never delivered: every own value is a reason."""
    frames = sample_release(code)
    own = pl.col("area_code") == code
    blank = [pl.when(own).then(None).otherwise(pl.col(name)).alias(name) for name in ("value", "low", "high", "n", "verdict")]
    reason = pl.when(own).then(pl.lit("no_delivery")).otherwise(pl.col("reason")).alias("reason")
    results = frames.index_results.with_columns(*blank, reason)
    rates = frames.response_rates.with_columns(
        *[pl.when(own).then(None).otherwise(pl.col(name)).alias(name) for name in ("respondents", "scored_any", "response_pct")],
        reason,
    )
    register = frames.register_values.with_columns(
        value=pl.when(own).then(None).otherwise(pl.col("value")),
        reason=pl.when(own).then(pl.lit("masked_at_source")).otherwise(pl.col("reason")),
    )
    return ReleaseFrames(results, rates, register, frames.delivery_quality)


def test_an_area_without_values_gets_reasons_in_words_and_no_finding():
    frames, scope, meta = without_delivery("0127"), sample_scope("0127"), sample_meta()
    words = "ingen leverans för mättillfället [l]"
    built = [module.build(frames, scope, meta, grade="ak9") for module in (faktorprofil, skillnadsdiagram, konsskillnad)]
    built.append(trend.build(frames, scope, meta, grade="ak9", index_key="wellbeing"))
    built.append(bortfall.build(frames, scope, meta))
    for item in built:
        assert words in item.title, item.chart_id
        assert words in " ".join(texts_of(item)), item.chart_id
        assert "0\u00a0%" not in [text for text in item.table.rows()[0] if text]
        assert svg.to_svg(item)
    register = kolada.build(
        frames, scope, meta, section="Grundskola", section_key="grundskola", indicators=sample_indicators("grundskola")
    )
    assert "inget av måtten har ett värde för Botkyrka" in register.title
    assert "inget värde för Botkyrka: dolt av källan (för få elever) [x]" in texts_of(register)


def test_difference_chart_words_shapes_and_numbers_agree():
    item = card("0127", "skillnadsdiagram_ak9")
    shape_of = {"triangle-right": "högre", "triangle-left": "lägre", "square": "liten", "circle": "kan inte avgöras"}
    found = [
        (f"{row['x']:+.0f}".replace("-", "\u2212").replace("+0", "0"), shape_of[row["shape"]])
        for row in drawn_rows(item, "point")
    ]
    for (number, word), (shown, verdict) in zip(found, item.table.select(pl.nth(3), pl.nth(5)).rows(), strict=True):
        assert number == shown
        assert word in verdict
        assert f"{shown}, {verdict}" in texts_of(item)
    hollow = {row["shape"] for row in drawn_rows(item, "point") if row["fill"] == "white"}
    assert hollow == {"circle"}


def test_difference_axis_holds_every_interval():
    for code in CODES:
        item = card(code, "skillnadsdiagram_ak9")
        rules = [row for view in views(item)[1:] for layer in view["layer"] if layer["encoding"]["x"].get("axis")
                 for row in layer["data"]["values"] if "x2" in row]  # fmt: skip
        top = views(item)[1]["layer"][0]["encoding"]["x"]["scale"]["domain"][1]
        assert all(-top <= row["x"] <= row["x2"] <= top for row in rules)


def test_trend_line_never_crosses_a_missing_wave():
    item = card("0127", "trend_parenting_ak9")
    own = drawn_rows(item, "line")[5:]
    assert [row["x"] for row in own] == [2016, 2018, 2022, 2024]
    assert own[1]["segment"] != own[2]["segment"]
    assert own[2]["segment"] == own[3]["segment"]
    assert " ".join(texts_of(item)).count("ingen leverans för mättillfället [l]") == 1
    assert item.table.filter(pl.col("År") == "2020")["Botkyrka, andel"].item() == "ingen leverans för mättillfället [l]"


def test_trend_breaks_at_major_breaks_only():
    bonding = card("0127", "trend_school_bonding_ak9")
    county = drawn_rows(bonding, "line")[:5]
    assert [row["segment"] for row in county] == [0, 0, 0, 0, 1]
    assert "tidigare år är inte jämförbara" in bonding.title
    assert "Brott 2024: två frågor omformulerade" in texts_of(bonding)
    assert "2022: en fråga omformulerad" in texts_of(bonding)
    county = drawn_rows(card("0127", "trend_parenting_ak9"), "line")[:5]
    assert {row["segment"] for row in county} == {0}


@pytest.mark.parametrize("year", [2018, 2020, 2022, 2024])
def test_long_break_texts_do_not_widen_the_picture(year):
    frames, scope, meta = sample_release("0127"), sample_scope("0127"), sample_meta()
    texts = ("Ordet vårdnadshavare lades till i flera frågor", "Kamrater blev kompisar", "Tre frågor om hemmet formulerades om")
    index = replace(meta.indices["parenting"], breaks=tuple(SeriesBreak(year, text, "minor") for text in texts))
    meta = replace(meta, indices={**meta.indices, "parenting": index})
    item = trend.build(frames, scope, meta, grade="ak9", index_key="parenting")
    drawn = " ".join(texts_of(item))
    assert "kamrater blev kompisar och tre frågor om hemmet" in drawn
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg.to_svg(item))[1])
    assert width <= 740


def test_trend_axis_starts_at_zero_and_cuts_nothing():
    for code in CODES:
        for item in cards(code):
            if item.chart_id.startswith("trend"):
                layers = [layer for layer in views(item)[1]["layer"] if layer["mark"]["type"] == "point"]
                low, top = layers[0]["encoding"]["y"]["scale"]["domain"]
                assert low == 0
                drawn = drawn_rows(item, "point") + [row for row in drawn_rows(item, "rule") if row.get("y2", 101) <= 100]
                assert all(row["y"] <= top for row in drawn)


def test_sex_chart_shows_both_groups_by_shape_and_the_difference_in_words():
    item = card("0115", "konsskillnad_gy2")
    shown = texts_of(item)
    assert "flickor: för få svar för att visas [u]" in shown
    assert "pojkar: skyddat av sekretesskäl [c]" in shown
    shapes = [layer["mark"]["shape"] for layer in views(item)[1]["layer"] if layer["mark"]["type"] == "point"]
    assert shapes == ["circle", "diamond"]
    table = item.table.filter(pl.col("Faktor") == "Välbefinnande").row(0, named=True)
    assert table["Flickor minus pojkar, procentenheter"] in " ".join(shown)


def test_loss_chart_says_why_a_denominator_is_missing():
    item = card("0127", "bortfall")
    assert "Registret har ingen uppgift om gymnasieelever" in texts_of(item)
    rows = item.table.rows(named=True)
    assert [row["Steg"] for row in rows[:3]] == ["Elever i årskursen", "Har svarat", "Har indexvärde (indexet med flest svar)"]
    bars = [row["x2"] for row in drawn_rows(item, "rect")]
    assert max(bars) <= theme.WIDTH
    counts = [int(row["Antal elever (avrundat till 5)"].replace("\u00a0", "")) for row in rows[:3]]
    assert all(count % 5 == 0 for count in counts)
    assert counts[0] - counts[1] == int(rows[1]["Bortfall i steget"])


def test_register_chart_has_own_scales_and_says_what_is_absent():
    item = card("0127", "kolada_narsamhalle")
    panels = views(item)[1]["concat"]
    assert len(panels) == 6
    domains = [
        layer["encoding"]["y"]["scale"]["domain"]
        for panel in panels
        for layer in panel["layer"]
        if layer["mark"]["type"] == "point"
    ]
    assert len({tuple(domain) for domain in domains}) > 1
    assert "saknas i årgången 30\u00a0januari\u00a02024 [å]" in texts_of(item)
    absent = item.table.filter(pl.col("Mått").str.contains("ekonomiskt utsatta")).row(0, named=True)
    assert absent["Botkyrka"] == "saknas i årgången [å]"
    lines = {row["area"] for row in drawn_rows(item, "line") if "area" in row}
    assert len(lines) == 25
    assert "0127" not in lines


def test_more_than_six_register_measures_are_refused_not_dropped():
    frames, scope, meta = sample_release("0127"), sample_scope("0127"), sample_meta()
    many: list[IndicatorMeta] = [*sample_indicators("narsamhalle"), *sample_indicators("grundskola")]
    with pytest.raises(ValueError, match="at most 6"):
        kolada.build(frames, scope, meta, section="Allt", section_key="allt", indicators=many)


@pytest.mark.parametrize("chart_id", ["faktorprofil_ak9", "trend_school_bonding_ak9", "kolada_narsamhalle", "bortfall"])
def test_svg_is_clean_labelled_and_the_same_twice(chart_id):
    item = card("0127", chart_id)
    text = svg.to_svg(item)
    assert text == svg.to_svg(item)
    assert "aria-" not in text
    assert not re.search(r"(?:href|src)=\"(?!#)|@import|<script|url\((?!#)", text)
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.find(f"{space}title").text == item.title
    assert root.find(f"{space}desc").text == item.alt
    assert 640 <= float(root.get("viewBox").split()[2]) <= 740
    nodes = [node.text for node in root.iter(f"{space}text") if node.text]
    assert len(nodes) > 10
    for node in nodes:
        assert not re.search(r"\d[.,]\d{4,}", node), node
        assert not set(re.findall(r"[a-zåäö]+", node.lower())) & set(ENGLISH), node
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert all(name.startswith(chart_id) for name in ids)
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', text)]
    assert sizes
    assert min(sizes) >= theme.TEXT_SIZE


def test_texts_stay_inside_the_picture():
    """No drawn text ends beyond the right edge, measured with the widths of Liberation Sans."""
    for code in CODES:
        for item in cards(code):
            for view in views(item)[1:]:
                for row in _rows(view, "text"):
                    lines = row["text"] if isinstance(row["text"], list) else [row["text"]]
                    assert max(theme.text_width(line) for line in lines) <= theme.WIDTH, item.chart_id
