"""The board's content and page: what is missing is said, every word the script asks for exists, the bytes are the same."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from assets.catalogue.active import GRADES
from assets.forms.decisions_form import decisions_form
from assets.kit.board import SCRIPTS, board_script, render_board
from assets.kit.board_content import board_content, board_texts, chart_cards
from assets.kit.earlier import earlier_decisions
from assets.methods.decisions import RELEASED
from assets.methods.errors import PipelineError
from tests.support.prevention_sample import prevention_frames
from tests.support.sample_bundle import hide, sample_bundle_frames, sample_report_meta

META = sample_report_meta()


def content(**options):
    frames, scope = sample_bundle_frames()
    return board_content(frames, scope, META, **options)


def test_the_three_survey_charts_have_pictures_and_the_others_say_why_they_lack_one():
    cards = content().cards
    assert [bool(card.pictures) for card in cards] == [True, True, True, False, False, False]
    assert [bool(card.missing) for card in cards] == [False, False, False, True, True, True]
    assert all("Botkyrka" in card.missing for card in cards[3:])
    assert all((len(card.reading), len(card.questions)) == (3, 3) and card.not_said and card.guess for card in cards)
    assert "{" not in str([(card.reading, card.missing) for card in cards])


def test_charts_of_activities_and_preconditions_are_drawn_in_layers_from_the_reports_own_tables():
    frames, scope = prevention_frames()
    made, cards = board_content(frames, scope, META), chart_cards(frames, scope, META)
    assert [len(card.pictures) for card in made.cards[3:]] == [2, 2, 1]
    assert [card.missing for card in made.cards] == [""] * 6
    for card in made.cards:
        assert [picture.finding for picture in card.pictures] == [one.title for one in cards[card.id]]
    for picture in (picture for card in made.cards[3:] for picture in card.pictures):
        axis = re.search(r"<g>(.*?)</g>", picture.svg)[1]
        assert 'class="finding"' in picture.svg
        assert not re.search(r"\d av \d+ finns<", axis), "guessed before it is seen"
        assert "<circle" not in axis
        assert min(map(int, re.findall(r'font-size="(\d+)"', picture.svg))) >= 24


def test_the_matrix_says_what_is_known_as_answer_and_what_is_not_as_uncertainty():
    frames, scope = prevention_frames()
    picture = board_content(frames, scope, META).cards[3].pictures[0]
    finding, over = re.search(r'class="finding">(.*?)</g><g class="interval">(.*?)</g>', picture.svg).groups()
    told = {row[0] + row[1]: row for row in picture.rows}
    columns = dict(zip(picture.columns, told["SkolaMåluppfyllelse i förskola och skola"], strict=True))
    known, total = columns["Finns"], columns["Verksamheter i paletten"]
    assert f">{known} av {total} finns<" in finding
    unknown = sum(int(columns[name]) for name in ("Vet inte", "Ej inventerat", "Uppgifterna skiljer sig"))
    assert re.search(rf">{unknown} inte känd", over)


def test_a_municipality_that_has_not_answered_has_no_matrix_but_a_sentence():
    frames, scope = prevention_frames()
    silent = frames.activity_status.with_columns(exists=pl.lit("not_inventoried"))
    made = board_content(replace(frames, activity_status=silent), scope, META)
    assert [bool(card.pictures) for card in made.cards[3:]] == [False, False, True]
    assert "ingen ifylld aktivitetskartläggning för Botkyrka" in made.cards[3].missing


@pytest.mark.parametrize("reason", ["suppressed", "missing"])
def test_a_municipality_without_values_has_a_board_that_says_so(reason):
    frames, scope = sample_bundle_frames()
    made = board_content(hide(frames, "0127", reason), scope, META)
    assert [card.pictures for card in made.cards] == [()] * 6
    words = str(META.charts.reasons[reason])
    assert all(card.missing.count(words) == len(GRADES) for card in made.cards[:3])
    assert b"SYNTETISKA DATA" in render_board(made)


def test_a_hidden_value_is_a_mark_with_its_meaning_and_never_a_number():
    frames, scope = sample_bundle_frames()
    chosen = (pl.col("index_key") == "wellbeing") & (pl.col("area_code") == "0127") & (pl.col("wave") == scope.wave)
    emptied = [
        pl.when(chosen).then(None).otherwise(pl.col(name)).alias(name) for name in ("value", "low", "high", "n", "verdict")
    ]
    reason = pl.when(chosen).then(pl.lit("suppressed")).otherwise(pl.col("reason")).alias("reason")
    masked = replace(frames, index_results=frames.index_results.with_columns(*emptied, reason))
    picture = board_content(masked, scope, META).cards[0].pictures[0]
    assert ">[c]</text>" in picture.svg
    assert picture.notes == ("[c] skyddat av sekretesskäl",)


def test_rows_of_another_municipality_are_refused():
    frames, scope = sample_bundle_frames("0180")
    with pytest.raises(PipelineError) as refused:
        board_content(frames, replace(scope, area_code="0127", area_name="Botkyrka"), META)
    assert refused.value.code == "foreign_rows"


def test_risk_and_protection_never_share_a_panel_and_each_layer_holds_its_own():
    svg = content().cards[0].pictures[0].svg
    protective, risk = (svg.index(heading) for heading in board_texts()["groups"].values())
    assert protective < svg.index("Välbefinnande") < risk < svg.index("Utagerande")
    axis, interval, finding = re.findall(r"<g[^>]*>(.*?)</g>", svg)
    assert "<circle" in finding
    assert "<line" in interval
    assert "<circle" not in interval
    assert not re.search(r'weight="bold"[^>]*>\d+\u00a0%', axis), "no value before the room has guessed"


def test_the_board_is_not_real_and_not_synthetic_at_once():
    real = replace(content(), synthetic=False)
    assert b'<strong class="badge">' in render_board(content())
    assert b'<strong class="badge">' not in render_board(real)


def test_the_same_input_gives_the_same_bytes_and_the_policy_forbids_everything_else():
    page = render_board(content())
    assert page == render_board(content())
    policy = re.search(rb'Content-Security-Policy" content="([^"]+)"', page)[1].decode()
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "connect-src" not in policy
    outside = {url for url in re.findall(rb"https?://[^\s\"'<>\\]+", page) if not url.startswith(b"http://www.w3.org/")}
    assert outside == set()
    assert b"style=" not in page, "the policy would refuse it"


def test_every_word_that_the_script_asks_for_is_written_and_none_is_left_over():
    script, ui = board_script(), board_texts()["ui"]
    literal = set(re.findall(r'say\(\s*"(\w+)"', script))
    chosen = {name for names in re.findall(r'say\([^"()]*\? "(\w+)" : "(\w+)"', script) for name in names}
    built = {f"next_{stage}" for stage in ("finding", "interval", "talk")} | {
        f"stage_{s}" for s in ("guess", "finding", "interval", "talk")
    }
    others = {"what_email", "what_personnummer", "what_phone", "two_minutes", "time_over"}
    assert literal | chosen | built | others == set(ui)


def test_the_board_holds_the_municipalitys_own_earlier_decisions():
    frames, scope = sample_bundle_frames()
    row = {
        **dict.fromkeys(RELEASED), "edition": "intern", "wave": 2022, "workshop_on": date(2022, 11, 1), "priority": "Fler vuxna",
        "follow_up_state": "no_indicator",
    }  # fmt: skip
    rows = [row | {"area_code": area, "decision_id": f"{area}-2022-1"} for area in ("0127", "0180")]
    earlier = earlier_decisions(pl.DataFrame(rows, schema=RELEASED), scope)
    page = render_board(board_content(frames, scope, META, earlier=earlier))
    assert b"0127-2022-1" in page
    assert b"0180-2022-1" not in page


def test_the_agenda_is_three_hours_and_every_view_exists():
    items = content().agenda
    assert sum(item.minutes for item in items) == 180
    assert {item.view for item in items} <= board_texts()["views"].keys()
    assert len(board_texts()["views"]) == 6
    assert len(SCRIPTS) == len(set(SCRIPTS))


def test_the_form_begins_as_every_form_of_decisions_does():
    form = decisions_form()
    assert [field.name for field in form.head[:3]] == ["municipality_code", "round", "answered_on"]
    assert [section.id for section in form.sections] == ["decisions", "earlier", "evaluation"]
    names = [field.name for section in form.sections for field in section.fields]
    assert len(names) == len(set(names))
    owner = next(field for field in form.sections[0].fields if field.name == "owner")
    assert "aldrig en persons namn" in owner.guidance
    assert content().released == date(2026, 3, 12)
