"""A whole workshop in Chromium: guess, reveal, vote, decide, a crash, export, import and print; without network, by keyboard."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from assets.forms.decisions_form import decisions_form
from assets.kit.board import render_board
from assets.kit.board_content import board_content
from assets.kit.board_types import EarlierDecision
from assets.kit.kit import render_kit
from tests.support.axe import judged, violations
from tests.support.prevention_sample import prevention_frames
from tests.support.sample_bundle import outline, sample_report_meta

pytestmark = pytest.mark.browser
EARLIER = EarlierDecision("0127-2024-1", "Fler vuxna på fritidsgården", "fritidschefen", "Rekrytera två ledare", "Utagerande")
TEXTS = {
    "priority": "Fler unga ska må bra i årskurs 9",
    "reason": "Andelen med låg skyddsnivå är högre än i länet.",
    "owner": "elevhälsochefen",
    "first_step": "Samtal med elevråden före sommaren",
}
LARGEST = 3_000_000
VIEWS = ("start", "charts", "agenda", "votes", "decisions", "finish")


@pytest.fixture(scope="module")
def board(tmp_path_factory) -> Path:
    """The board of a municipality with two grades, all six charts, synthetic data and one earlier decision."""
    frames, scope = prevention_frames()
    page = render_board(board_content(frames, scope, sample_report_meta(), earlier=[EARLIER]))
    assert len(page) < LARGEST
    path = tmp_path_factory.mktemp("tavla") / "tavla.html"
    path.write_bytes(page)
    return path


def press(page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def layers(page) -> list[str]:
    """Whether the intervals and the finding of the chart can be seen."""
    return page.eval_on_selector_all(
        "#chart .interval, #chart .finding", "found => found.map(g => getComputedStyle(g).visibility)"
    )


def tab_to(page, selector: str) -> None:
    """Go on with the tabulator until the element has the keyboard; what can't be reached so is a fault."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(selector)


def decide_by_keyboard(page) -> None:
    """The decision that the vote led to: the keyboard stands in its first empty field."""
    assert page.evaluate("document.activeElement.id") == "beslut-0-priority"
    for name, text in TEXTS.items():
        tab_to(page, f"#beslut-0-{name}")
        page.keyboard.insert_text(text)
    tab_to(page, "#beslut-0-follow_up_indicator")
    press(page, "ArrowDown " * 8)
    assert page.locator("#beslut-0-follow_up_indicator").input_value() == "wellbeing"
    tab_to(page, "#beslut-0-follow_up_grade")
    press(page, "ArrowDown")
    page.fill("#beslut-0-follow_up_on", "2028-06-01")


def fill_decision(page) -> None:
    """The first decision, filled from its first field by keyboard order."""
    for name, text in TEXTS.items():
        page.fill(f"#beslut-0-{name}", text)
    page.select_option("#beslut-0-follow_up_indicator", "wellbeing")
    page.select_option("#beslut-0-follow_up_grade", "ak9")
    page.fill("#beslut-0-follow_up_on", "2028-06-01")


def saved(page, selector: str) -> dict:
    with page.expect_download() as download:
        page.click(selector)
    return json.loads(Path(download.value.path()).read_text(encoding="utf-8"))


def guess_and_reveal(page) -> None:
    press(page, "2")
    title = page.locator("#chart-title")
    assert "Vilka två faktorer" in title.inner_text()
    assert layers(page) == ["hidden", "hidden"]
    press(page, "ArrowRight")
    assert "två av sju faktorer" in title.inner_text()
    assert layers(page) == ["hidden", "visible"]
    press(page, "ArrowRight")
    assert layers(page) == ["visible", "visible"]
    press(page, "ArrowRight")
    assert page.get_by_text("Vad känner ni igen, och vad förvånar?").is_visible()


def vote(page) -> None:
    press(page, "4 ArrowDown + + + ArrowDown + + + +")
    assert "6 av 6 prickar" in page.locator("#dots-used").inner_text()
    assert "Alla prickar är lagda" in page.locator("#message").inner_text()
    assert page.locator("#factors").get_by_text("3 prickar").count() == 0, "hidden until the vote is closed"
    tab_to(page, "#close-vote")
    press(page, "Enter")
    assert page.locator("#factors li").first.inner_text().startswith("Delad plats 1: Utagerande")
    assert page.locator("#factors").get_by_text("Delad plats 1").count() == 2


def test_a_whole_workshop_survives_a_crash_and_comes_back_as_a_decision_file(board, visitor):
    visit = visitor.open(board)
    page = visit.page
    page.fill("#head-participants", "2")
    page.fill("#head-answered_on", "2026-11-22")
    page.check("[value=school]")
    page.reload()
    assert page.locator("#head-participants").input_value() == "2"
    page.locator("#innehall").focus()

    guess_and_reveal(page)
    vote(page)
    tab_to(page, '[data-dot="!acting_out"]')
    press(page, "Enter")
    decide_by_keyboard(page)
    page.close()

    again = page.context.new_page()
    again.on("console", lambda message: visit.complaints.append(message.text))
    again.on("pageerror", lambda error: visit.complaints.append(str(error)))
    again.goto(board.as_uri())
    again.get_by_text("Allt från förra gången är kvar").wait_for(state="attached")
    again.locator("#innehall:not([inert])").wait_for()
    assert again.locator("#beslut-0-priority").input_value() == TEXTS["priority"]
    again.locator("#innehall").focus()
    press(again, "6")
    again.select_option("#tidigare-0127-2024-1-status", "under_way")
    again.fill("#svar-worked_well", "Att gissa först")
    file = saved(again, "#export")
    check_against_the_form(file)
    assert file["head"]["participants"] == 2
    assert file["head"]["sectors"] == ["school"]
    assert file["sections"]["earlier"] == [
        {"id": "earlier+1", "earlier_decision_id": "0127-2024-1", "earlier_status": "under_way"}
    ]
    (decision,) = file["sections"]["decisions"]
    assert decision == {
        "id": "decisions+1", "factor": "acting_out", **TEXTS,
        "follow_up_indicator": "wellbeing", "follow_up_grade": "ak9", "follow_up_on": "2028-06-01",
    }  # fmt: skip
    pdf = PdfReader(io.BytesIO(again.pdf(prefer_css_page_size=True)))
    assert len(pdf.pages) == 1
    words = pdf.pages[0].extract_text()
    assert "elevhälsochefen" in words
    assert "SYNTETISKA DATA" in words
    assert set(visit.requests) == {board.as_uri()}
    assert visit.complaints == []


def check_against_the_form(file: dict) -> None:
    """Every id and code of the file is one that the form knows, and what it requires is there."""
    form = decisions_form()
    assert (file["format"], file["kind"], file["version"], file["source"]) == (
        "did-formular",
        "decisions",
        form.version,
        "board",
    )
    head = {field.name: field for field in form.head}
    assert file["head"].keys() <= head.keys()
    assert {name for name, field in head.items() if field.required} <= file["head"].keys()
    for section in form.sections:
        fields, items = {field.name: field for field in section.fields}, {item.id for item in section.items}
        free = {f"{section.id}+{n}" for n in range(1, section.free_rows + 1)}
        for row in file["sections"][section.id]:
            assert row["id"] in items | free
            given = {name: text for name, text in row.items() if name != "id"}
            assert {name for name, field in fields.items() if field.required} <= given.keys()
            for name, text in given.items():
                field = fields[name]
                assert len(text) <= field.max_length
                assert field.kind != "choice" or text in {choice.code for choice in field.choices}
                assert field.kind != "date" or date.fromisoformat(text)


def test_nothing_leaves_half_filled_or_with_personal_data_and_undo_brings_back(board, visitor):
    page = visitor.open(board).page
    page.click("[data-go=decisions]")
    page.click("#add-decision")
    page.select_option("#beslut-0-factor", "other")
    fill_decision(page)
    page.fill("#beslut-0-owner", "Ring 070-123 45 67")
    page.fill("#beslut-0-reason", "Eleven 20090514-1234 mår dåligt")
    page.fill("#beslut-0-first_step", "")
    page.fill("#beslut-0-follow_up_on", "2020-01-01")
    page.click("[data-go=finish]")
    page.click("#export")
    told = page.locator("#problems").inner_text()
    for words in ("telefonnummer", "personnummer", "Första steg saknas", "ligger före workshopen"):
        assert words in told
    assert "inte exporterad" in page.locator("#message").inner_text()
    page.locator("#problems button").first.click()
    assert page.locator("#beslut-0-reason").evaluate("box => box === document.activeElement")
    page.click("text=Ta bort beslut 1")
    assert page.locator("#beslut-0-reason").count() == 0
    page.click("#undo")
    assert page.locator("#beslut-0-owner").input_value() == "Ring 070-123 45 67"


def test_a_board_file_is_read_back_and_a_strange_one_changes_nothing(board, visitor, tmp_path):
    page = visitor.open(board).page
    page.fill("#head-participants", "7")
    page.click("[data-go=agenda]")
    page.fill("#note", "Flera nämnde <b>bussen</b>")
    file = saved(page, "#save-file")
    page.click("[data-go=start]")
    page.click("#clear")
    assert page.locator("#head-participants").input_value() == ""

    def read(content: str) -> str:
        path = tmp_path / "fil.json"
        path.write_text(content, encoding="utf-8")
        page.set_input_files("#file", path)
        page.locator("#message:not(:empty)").wait_for()
        told = page.locator("#message").inner_text()
        page.evaluate("document.getElementById('message').textContent = ''")
        return told

    page.evaluate("document.getElementById('message').textContent = ''")
    assert "inte en fil som tavlan har sparat" in read("{]")
    assert "men tavlan är för Botkyrka" in read(json.dumps(file | {"municipality_code": "0180"}))
    assert page.locator("#head-participants").input_value() == ""
    strange = file["state"] | {"votes": {"counts": {"acting_out": 2, "nonsense": 4}}, "decisions": [{"factor": "gone", "x": "y"}]}
    assert "3 uppgifter kändes inte igen" in read(json.dumps(file | {"state": strange}))
    assert "är inläst" in read(json.dumps(file))
    assert page.locator("#head-participants").input_value() == "7"
    page.click("[data-go=agenda]")
    assert page.locator("#note").input_value() == "Flera nämnde <b>bussen</b>"


def test_a_second_tab_warns_and_writes_nothing(board, visitor):
    first = visitor.open(board).page
    first.fill("#head-participants", "5")
    second = first.context.new_page()
    second.goto(board.as_uri())
    second.locator("#conflict").wait_for(state="visible")
    assert "öppen i en annan flik" in second.locator("#conflict").inner_text()
    assert second.locator("#innehall").evaluate("main => main.inert")
    second.click("#take-over")
    second.fill("#head-participants", "6")
    first.locator("#conflict").wait_for(state="visible")


def test_the_printed_page_is_one_page_however_much_is_written(board, visitor):
    page = visitor.open(board).page
    page.click("[data-go=decisions]")
    lengths = {field.name: field.max_length for field in decisions_form().sections[0].fields if field.kind == "text"}
    for n in range(6):
        page.click("#add-decision")
        page.select_option(f"#beslut-{n}-factor", "psychosomatic")
    page.click("#add-decision")
    assert "rymmer 6 beslut" in page.locator("#message").inner_text()
    for part in (0.02, 0.3, 1):
        for n in range(6):
            for name, length in lengths.items():
                page.fill(f"#beslut-{n}-{name}", ("många ord om det vi vill " * 20)[: int(length * part)])
        assert len(PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages) == 1, part


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_the_presenter_view_fits_the_projector_with_large_text(board, visitor, width, height):
    page = visitor.open(board, width=width).page
    page.set_viewport_size({"width": width, "height": height})
    press(page, "2")
    smallest = """() => Math.min(...[...document.querySelectorAll('header *, [data-view=charts] *')]
        .filter(node => node.checkVisibility() && [...node.childNodes].some(c => c.nodeType === 3 && c.textContent.trim()))
        .map(node => parseFloat(getComputedStyle(node).fontSize) * (node.closest('svg') ? node.getScreenCTM().a : 1)))"""
    for _ in range(6 * 4):
        sizes = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
        assert sizes[0] <= height
        assert sizes[1] <= width
        assert page.evaluate(smallest) >= 23.5
        press(page, "ArrowRight")
    assert page.evaluate("document.body.dataset.view") == "agenda"


def test_axe_finds_nothing_in_any_view_and_help_opens_and_closes_by_keyboard(board, visitor):
    visit = visitor.open(board)
    page = visit.page
    page.fill("#head-participants", "3")
    press(page, "Escape")
    for place, view in enumerate(VIEWS, 1):
        press(page, str(place))
        assert page.evaluate("document.body.dataset.view") == view
        assert page.locator("#head-participants").input_value() == "3", "the keys don't type into the field that was left"
        if view == "charts":
            press(page, "ArrowRight t")
        if view == "decisions":
            page.click("#add-decision")
            page.locator("#innehall").focus()
        broken, held = judged(page)
        assert broken == [], view
    assert held >= 12
    press(page, "?")
    assert page.locator("#help").is_visible()
    assert violations(page) == []
    press(page, "Escape")
    assert not page.locator("#help").is_visible()
    press(page, "3 s")
    assert page.locator("#clock-toggle").inner_text() == "Pausa klockan"
    assert visit.complaints == []


def test_the_kits_first_page_passes_axe_and_opens_the_board_and_the_forms(visitor, tmp_path):
    kit = render_kit(*prevention_frames(), sample_report_meta(), outline)
    for name, content in kit.files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    visit = visitor.open(tmp_path / "LAS_MIG.html", scripts=False)
    page = visit.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.evaluate("document.documentElement.scrollHeight") <= 2 * 900, "two screens at most"
    visit = visitor.open(tmp_path / "LAS_MIG.html")
    assert violations(visit.page) == []
    visit.page.click("text=Workshoptavlan (webbsida) >> nth=0")
    assert visit.page.locator("h1").first.is_visible()
    assert "workshoptavla" in visit.page.url
    assert visit.complaints == []


def test_the_clock_warns_at_two_minutes_and_goes_on_after_a_crash(board, visitor):
    page = visitor.open(board).page
    page.clock.install()
    page.reload()
    press(page, "3 s")
    page.clock.run_for(13 * 60_000 + 1500)
    assert "Två minuter kvar av Välkommen och ramar" in page.locator("#message").inner_text()
    page.reload()
    assert page.locator("#clock-toggle").inner_text() == "Pausa klockan"
    page.clock.run_for(2 * 60_000)
    assert "Tiden är slut" in page.locator("#message").inner_text()
    press(page, "n")
    assert page.locator(".clock.big").inner_text() == "15:00"


def test_without_storage_the_board_says_how_to_save(board, visitor):
    page = visitor.open(board).page
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full') }")
    page.reload()
    page.fill("#head-participants", "4")
    assert "Tryck på Spara fil ofta" in page.locator("#storage").inner_text()
    assert saved(page, "#save-file")["state"]["head"]["participants"] == 4
